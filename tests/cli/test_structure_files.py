"""Relaxed structures of a run: none takes the place of another, none comes back as another."""

from collections.abc import Callable
from pathlib import Path

import ase.io
import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk

Run = Callable[..., int]


@pytest.fixture
def two_folders(folder: Path) -> Path:
    for name, symbol in (("a", "Cu"), ("b", "Al")):
        (folder / name).mkdir()
        ase.io.write(folder / name / "x.cif", bulk(symbol, cubic=True))
    return folder


@pytest.mark.usefixtures("two_folders")
def test_structures_of_one_name_are_refused_before_anything_is_computed(
    nearsight: Run, structures_evaluated: list[int], capsys: pytest.CaptureFixture[str]
) -> None:
    files = ("a/x.cif", "b/x.cif")
    assert nearsight("relax", *files, "--output-structures", "out") == 1
    assert "two structures have the same file name (x)" in capsys.readouterr().err
    assert not structures_evaluated


@pytest.mark.usefixtures("two_folders")
@pytest.mark.parametrize("target", ["all.xsf", "all.pdb", "POSCAR"])
def test_a_format_that_mixes_structures_up_is_refused_before_anything_is_computed(
    nearsight: Run,
    target: str,
    structures_evaluated: list[int],
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert nearsight("relax", "a/x.cif", "b/x.cif", "--output-structures", target) == 1
    assert target in capsys.readouterr().err
    assert not Path(target).exists()
    assert not structures_evaluated


@pytest.mark.usefixtures("two_folders")
@pytest.mark.parametrize("target", ["all.extxyz", "all.traj", "all.cif"])
def test_structures_in_one_file_come_back_as_they_were(nearsight: Run, target: str) -> None:
    assert nearsight("relax", "a/x.cif", "b/x.cif", "--output-structures", target) == 0
    frames = ase.io.read(target, ":")
    assert [str(frame.symbols) for frame in frames] == ["Cu4", "Al4"]


def test_what_a_format_does_not_hold_is_said(
    nearsight: Run, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    atoms = bulk("Cu", cubic=True)
    atoms.set_masses([63.0, 63.0, 65.0, 65.0])
    ase.io.write(folder / "isotopes.extxyz", atoms, columns=["symbols", "positions", "masses"])
    assert nearsight("relax", "isotopes.extxyz", "--output-structures", "copper-63.cif") == 0
    assert "does not hold" in capsys.readouterr().err
    assert nearsight("relax", "isotopes.extxyz", "--output-structures", "out") == 0
    kept = ase.io.read("out/isotopes.relaxed.extxyz")
    np.testing.assert_array_equal(kept.get_masses(), [63.0, 63.0, 65.0, 65.0])


@pytest.mark.parametrize(
    "command",
    [
        ("relax", "--molecule", "--output-structures"),
        ("thermochemistry", "--ignore-imaginary", "--save-structure"),
    ],
)
def test_a_molecule_in_a_box_is_tried_as_it_is_calculated(
    nearsight: Run, folder: Path, command: tuple[str, ...], structures_evaluated: list[int]
) -> None:
    pair = Atoms("Cu2", [[0, 0, 0], [0, 0, 2.3]], cell=[12, 12, 12], pbc=True)
    ase.io.write(folder / "box.cif", pair)
    assert nearsight(*command, "pair.cif", "box.cif") == 1
    assert not structures_evaluated
    assert nearsight(*command, "pair.sdf", "box.cif") == 0
    assert not ase.io.read("pair.sdf").pbc.any()
