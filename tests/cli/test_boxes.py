"""Molecules in periodic boxes, and very skewed cells, on the command line."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import ase.io
import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk

from json_warnings import messages

Run = Callable[..., int]

SPECTRA = [
    ("--mesh", "1", "1", "1"),
    ("--mesh", "2", "2", "2"),
    ("--mesh", "5", "5", "5"),
    (),
    ("--spectrum", "dense"),
    ("--molecule",),
]


@pytest.fixture
def boxes(folder: Path) -> Path:
    n2 = Atoms("N2", positions=[(6, 6.25, 6.99901469), (6, 6.25, 6.00098531)])
    n2.cell, n2.pbc = (12.0, 12.5, 13.0), True
    ase.io.write(folder / "n2.extxyz", n2)
    n2.positions += (5.9, -6.2, 6.5)
    n2.wrap()
    ase.io.write(folder / "across.extxyz", n2)
    pair = n2 * (1, 1, 2)
    ase.io.write(folder / "two.extxyz", pair)
    ase.io.write(folder / "wire.cif", Atoms("Cu", cell=[12, 12, 2.4], pbc=True))
    return folder


def record(nearsight: Run, command: str, *arguments: str) -> dict[str, Any]:
    assert nearsight(command, *arguments, "--json", "r.json") == 0
    found: dict[str, Any] = json.loads(Path("r.json").read_text(encoding="utf-8"))
    return found


@pytest.mark.parametrize("name", ["n2.extxyz", "across.extxyz"])
def test_molecule_in_a_box_has_one_heat_capacity(
    nearsight: Run, boxes: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    found = []
    for spectrum in SPECTRA:
        made = record(nearsight, "heat-capacity", name, *spectrum)
        found.append(made["heat_capacity"][0]["J_per_molatom_K"])
        assert made["acoustic"] == "exclude"
        assert made["settings"]["molecule"] == ("--molecule" in spectrum)
        said = [each for each in messages(made) if "a molecule in a periodic box" in each]
        assert len(said) == ("--molecule" not in spectrum)
        assert all("`molecule`" in each for each in said)
        assert capsys.readouterr().out.count("molecule in a periodic box") == len(said)
    # one vibration at 1231.4 cm⁻¹
    x = 1231.35 / (0.695034800 * 300.0)
    expected = 8.31446 / 2 * x**2 * np.exp(x) / np.expm1(x) ** 2
    np.testing.assert_allclose(found, found[-1], rtol=1e-6)
    assert found[-1] == pytest.approx(expected, rel=1e-3)
    probed = record(nearsight, "heat-capacity", name, "--spectrum", "probing")
    [row] = probed["heat_capacity"]
    assert row["J_per_molatom_K"] == pytest.approx(expected, rel=1e-2)
    assert any("a molecule in a periodic box" in each for each in messages(probed))


@pytest.mark.parametrize("spectrum", ["dense", "mesh", "probing"])
@pytest.mark.parametrize(
    ("acoustic", "finding"),
    [
        ("exclude", "vibrations only"),
        ("classical", "translations and rotations counted"),
        ("as-computed", "rigid-body modes as computed"),
    ],
)
def test_verdict_names_what_a_molecule_has_beside_its_vibrations(
    nearsight: Run, boxes: Path, spectrum: str, acoustic: str, finding: str
) -> None:
    asked = ("--spectrum", spectrum, "--acoustic", acoustic)
    made = record(nearsight, "heat-capacity", "across.extxyz", *asked)
    found = {check["finding"]: check["level"] for check in made["verdict"]["checks"]}
    assert found[finding] == "caution"
    assert not [each for each in found if "acoustic modes" in each]


def test_a_phonopy_file_of_two_molecules_has_their_heat_capacity(
    nearsight: Run, boxes: Path
) -> None:
    # In a narrow box, whose images a distance alone would connect.
    both = Atoms("N2CO", positions=[(4, 4, 1), (4, 4, 2), (4, 4, 8.2), (4, 4, 9.3)])
    both.cell, both.pbc = (9, 10, 15), True
    ase.io.write(boxes / "two.extxyz", both)
    own = record(nearsight, "phonons", "two.extxyz", "--output", "two.yaml")
    again = record(nearsight, "heat-capacity", "two.yaml")
    [before], [after] = own["heat_capacity"], again["heat_capacity"]
    assert after["J_per_molatom_K"] == pytest.approx(before["J_per_molatom_K"], rel=1e-6)
    assert sum("in a periodic box" in each for each in messages(again)) == 1


@pytest.mark.parametrize("spectrum", ["dense", "mesh", "probing"])
def test_a_page_calls_the_molecule_by_its_name(nearsight: Run, boxes: Path, spectrum: str) -> None:
    asked = ("--spectrum", spectrum, "--report", "page.html")
    assert nearsight("heat-capacity", "across.extxyz", *asked) == 0
    page = Path("page.html").read_text(encoding="utf-8")
    assert "Harmonic heat capacity of a molecule in a periodic box, 2 atoms per cell" in page
    assert "crystal of 2 atoms" not in page


@pytest.mark.parametrize("command", ["phonons", "elastic"])
def test_commands_for_crystals_say_why_they_take_no_molecule(
    nearsight: Run, boxes: Path, command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="2"):
        nearsight(command, "across.extxyz", "--molecule")
    assert "--molecule: a molecule without its box has no" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["phonons", "vibrations", "hessian", "elastic"])
def test_every_command_says_what_is_in_the_box(
    nearsight: Run, boxes: Path, command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    made = record(nearsight, command, "across.extxyz")
    assert "a molecule in a periodic box" in messages(made)[0]
    assert "a molecule in a periodic box" in " ".join(capsys.readouterr().out.split())


def test_molecule_that_is_asked_for_has_no_box(nearsight: Run, boxes: Path) -> None:
    made = record(nearsight, "vibrations", "across.extxyz", "--molecule")
    assert made["modes"]["n_rigid_body"] == 5
    assert messages(made) == []
    made = record(nearsight, "hessian", "across.extxyz", "--molecule", "--output", "h.npz")
    again = record(nearsight, "heat-capacity", "h.npz")
    assert again["modes"]["n_rigid_body"] == 5


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("two.extxyz", "--molecule"), "holds 2 molecules"),
        (("wire.cif", "--molecule"), "its images are 2.40 Å away"),
        (("copper.cif", "--molecule"), "is no molecule in a box"),
        (("n2.extxyz", "--molecule", "--mesh", "2", "2", "2"), "can be had of a crystal only"),
    ],
)
def test_what_is_no_molecule_is_refused(
    nearsight: Run,
    boxes: Path,
    arguments: tuple[str, ...],
    message: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert nearsight("heat-capacity", *arguments) == 1
    assert message in capsys.readouterr().err


def test_a_finished_hessian_has_its_box(
    nearsight: Run, boxes: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert nearsight("hessian", "n2.extxyz") == 0
    assert nearsight("heat-capacity", "n2.hessian.npz", "--molecule") == 1
    assert "--molecule comes too late" in capsys.readouterr().err


def test_a_very_skewed_cell_costs_and_gives_what_the_reduced_one_does(
    nearsight: Run, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    usual = bulk("Cu", "fcc", a=3.85, cubic=True)
    usual.symbols[0] = "Au"
    usual.set_cell([3.75, 3.85, 3.95], scale_atoms=True)
    skewed = usual.copy()
    skewed.cell = [[1, 0, 0], [7, 1, 0], [35, 5, 1]] @ usual.cell.array
    ase.io.write(folder / "usual.extxyz", usual)
    ase.io.write(folder / "skewed.extxyz", skewed)
    one, other = (
        record(nearsight, "heat-capacity", name, "--mesh", "15")
        for name in ("usual.extxyz", "skewed.extxyz")
    )
    assert "3×3×3 reduced-cell supercell" in capsys.readouterr().out
    for name in ("rows_needed", "rows_computed", "n_atoms_supercell"):
        assert other["force_constants"][name] == one["force_constants"][name]
    assert sorted(other["mesh"]) == sorted(one["mesh"])
    assert other["heat_capacity"][0]["J_per_g_K"] == pytest.approx(
        one["heat_capacity"][0]["J_per_g_K"], rel=1e-8
    )
    assert one["supercell"] == [3, 3, 3]
    assert np.linalg.det(other["supercell"]) == pytest.approx(27)
    assert any("shrank by" in said for said in messages(one))  # it is no Cu3Au at rest
    grown = record(
        nearsight, "heat-capacity", "skewed.extxyz", "--mesh", "15", "--converge-supercell", "0.5"
    )
    assert grown["convergence"]["converged"]


def test_what_other_programs_made_of_a_box_is_recognised_by_its_vacuum(
    nearsight: Run, boxes: Path
) -> None:
    assert nearsight("phonons", "across.extxyz", "--output", "n2.yaml") == 0
    for mesh in (("--mesh", "1", "1", "1"), ("--mesh", "4", "3", "2")):
        made = record(nearsight, "heat-capacity", "n2.yaml", *mesh)
        assert sum("a molecule in a periodic box" in each for each in messages(made)) == 1
        assert made["heat_capacity"][0]["J_per_molatom_K"] == pytest.approx(0.3972, rel=1e-3)
    assert nearsight("hessian", "across.extxyz") == 0
    made = record(nearsight, "heat-capacity", "across.hessian.npz")
    assert sum("a molecule in a periodic box" in each for each in messages(made)) == 1
