"""Structures with energies and forces: `input.data` and extended XYZ, both ways."""

import random
import re
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import ase.io
import numpy as np
import pytest
from ase import Atoms, units
from ase.build import bulk, molecule
from ase.calculators.singlepoint import SinglePointCalculator

from nearsight.errors import MethodError, NearsightError, StructureError
from nearsight.hdnnp.files import (
    convert_data,
    read_data,
    read_extended_xyz,
    read_input_data,
    write_extended_xyz,
    write_input_data,
)
from nearsight.hdnnp.frames import Frame
from nearsight.hdnnp.potential import PotentialUnits

EV, HARTREE = PotentialUnits(), PotentialUnits("bohr", "hartree")


def frames() -> list[Frame]:
    """Return a molecule with all there is, a crystal, and what has no energy or no forces."""
    rng = np.random.default_rng(1)
    water, quartz = molecule("H2O"), bulk("ZnO", "wurtzite", a=3.25, c=5.2)
    quartz.positions += 7.3  # far outside of the cell, where it stays
    labels = [rng.normal(size=(len(atoms), 3)) for atoms in (water, quartz)]
    charges = np.array([-0.7, 0.3, 0.4])
    return [
        Frame(water, -17.3, labels[0], 1.0, charges, 'a "first" one\\', "train", "0123"),
        Frame(quartz, -1 / 3, labels[1], comment="two\nlines", split="test", group="a b"),
        Frame(water, -17.0, None, group="T"),
        Frame(water, None, labels[0]),
        Frame(quartz),
    ]


def assert_same(first: Frame, second: Frame, rtol: float = 0.0) -> None:
    assert first.atoms.symbols.get_chemical_formula() == second.atoms.symbols.get_chemical_formula()
    assert (first.atoms.pbc == second.atoms.pbc).all()
    for name in ("comment", "split", "group", "charge_e"):
        assert getattr(first, name) == getattr(second, name)
    for ours, theirs in (
        (first.atoms.positions, second.atoms.positions),
        (first.atoms.cell.array, second.atoms.cell.array),
        (first.energy_eV, second.energy_eV),
        (first.forces_eV_per_A, second.forces_eV_per_A),
        (first.atomic_charges_e, second.atomic_charges_e),
    ):
        assert (ours is None) == (theirs is None)
        if ours is not None:
            np.testing.assert_allclose(ours, theirs, rtol=rtol, atol=0)


def test_input_data_both_ways(tmp_path: Path) -> None:
    for said, rtol in ((EV, 0.0), (HARTREE, 4e-16)):
        write_input_data(frames(), tmp_path / "input.data", said)
        again = list(read_input_data(tmp_path / "input.data"))
        assert len(again) == 5
        for ours, theirs in zip(frames(), again, strict=True):
            assert_same(ours, theirs, rtol)


def test_extended_xyz_both_ways(tmp_path: Path) -> None:
    write_extended_xyz(frames(), tmp_path / "frames.extxyz")
    for ours, theirs in zip(frames(), read_extended_xyz(tmp_path / "frames.extxyz"), strict=True):
        assert_same(ours, theirs)


def test_extended_xyz_is_that_of_ase(tmp_path: Path) -> None:
    write_extended_xyz(frames(), tmp_path / "frames.extxyz")
    read = ase.io.read(tmp_path / "frames.extxyz", index=":")
    assert read[0].get_potential_energy() == frames()[0].energy_eV
    assert (read[1].get_forces() == frames()[1].forces_eV_per_A).all()
    assert read[2].info["group"] == "T"
    atoms = frames()[1].atoms.copy()
    atoms.calc = SinglePointCalculator(atoms, energy=-3.5, forces=np.ones((4, 3)))
    atoms.info = {"config_type": "rattled", "total_charge": 2}
    ase.io.write(tmp_path / "ase.xyz", atoms, format="extxyz")
    (frame,) = read_extended_xyz(tmp_path / "ase.xyz")
    assert (frame.energy_eV, frame.group, frame.charge_e) == (-3.5, "rattled", 2.0)
    assert (frame.forces_eV_per_A == 1).all()


PLAIN = """\
begin set=test
comment source 3
lattice 10.0 0.0 0.0
lattice 0.0 11.0 0.0
lattice 0.0 0.0 12.0
atom -1.0 2.0 3.0 O -0.8 0.0 0.1 0.2 0.3
atom 0.0 2.0 25.0 H 0.4 0.0 -0.1 -0.2 -0.3
energy -2.0
charge 0.0
end
"""


def test_numbers_have_the_units_that_are_named(tmp_path: Path) -> None:
    file = tmp_path / "input.data"
    file.write_text(PLAIN)
    (frame,) = read_input_data(file, HARTREE)
    np.testing.assert_allclose(frame.atoms.cell.lengths(), np.array([10, 11, 12]) * units.Bohr)
    # A row is a vector, and atoms stay where they are.
    np.testing.assert_allclose(frame.atoms.positions[1], np.array([0, 2, 25]) * units.Bohr)
    assert frame.energy_eV == pytest.approx(-2 * units.Hartree, rel=1e-15)
    np.testing.assert_allclose(
        frame.forces_eV_per_A[0], np.array([0.1, 0.2, 0.3]) * units.Hartree / units.Bohr
    )
    assert (frame.comment, frame.split, frame.group) == ("source 3", "test", None)
    assert frame.atomic_charges_e.tolist() == [-0.8, 0.4]
    with pytest.raises(StructureError, match="line 1: the file does not say its units"):
        list(read_input_data(file))


def test_a_mark_of_the_encoding_is_passed_over(tmp_path: Path) -> None:
    for text in (PLAIN, XYZ):
        (tmp_path / "file").write_text(text, encoding="utf-8-sig")
        units_of = EV if text is PLAIN else None
        assert len(list(read_data(tmp_path / "file", units_of))) == 1


def test_units_that_contradict_the_file(tmp_path: Path) -> None:
    write_input_data(frames(), tmp_path / "input.data", HARTREE)
    with pytest.raises(StructureError, match="units are bohr,hartree as the comment says"):
        list(read_input_data(tmp_path / "input.data", EV))


def test_exact_zeros_count_as_none(tmp_path: Path) -> None:
    file = tmp_path / "input.data"
    file.write_text(re.sub(r"-?0\.[123]\b", "0.0", PLAIN))
    (frame,) = read_input_data(file, EV)
    assert frame.energy_eV == -2.0
    assert frame.forces_eV_per_A is None
    file.write_text(PLAIN.replace("energy -2.0", "energy 0.0"))
    (frame,) = read_input_data(file, EV)
    assert frame.energy_eV is None
    assert frame.forces_eV_per_A is not None


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("begin set=test", "begin set=valid", "line 1: behind “begin” is set=train"),
        ("begin", "start", "line 1: “start” stands where a structure starts"),
        ("lattice 0.0 0.0 12.0\n", "", "line 4: a structure has three lines of “lattice”"),
        ("lattice 0.0 0.0 12.0", "lattice 10.0 11.0 0.0", "line 5: the three cell vectors are in"),
        ("atom 0.0 2.0 25.0 H", "atom 0.0 2.0 25.0 Hx", "line 7: “Hx” is no element"),
        ("-0.2 -0.3", "-0.2", "line 7: an atom has three coordinates.*not 8 words"),
        ("-0.2 -0.3", "-0.2 nan", "line 7: a number is a finite number, not “nan”"),
        ("-0.2 -0.3", "-0.2 ٣", "line 7: a number is a finite number, not “٣”"),
        ("-0.2 -0.3", "-0.2 1_0", "line 7: a number is a finite number, not “1_0”"),
        ("energy -2.0", "energy", "line 8: “energy” has one number"),
        ("energy -2.0", "energy -2.0\nenergy -3.0", "line 9: “energy” is there a second time"),
        ("energy -2.0", "stress -2.0", "line 8: “stress” is nothing"),
        ("charge 0.0\nend\n", "charge 0.0\n", "line 1: the structure that starts here has no"),
        ("charge 0.0\nend\n", "begin\n", "line 9: the structure of line 1 has no “end”"),
        ("atom", "comment", "line 1: the structure has no atoms"),
    ],
)
def test_what_is_wrong_in_input_data(old: str, new: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "input.data").write_text(PLAIN.replace(old, new))
    with pytest.raises(StructureError, match=message):
        list(read_input_data(tmp_path / "input.data", EV))


XYZ = """\
2
Properties=species:S:1:pos:R:3:forces:R:3 energy=-2.5 pbc="F F F"
O 0.0 0.0 0.1 0.25 0.5 0.75
H 0.0 0.0 1.1 0.25 0.5 0.75
"""


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("2\nP", "3\nP", "line 1: the structure of 3 atoms that starts here is cut off"),
        ("2\nP", "two\nP", "line 1: the number of atoms is a whole number, not “two”"),
        ("2\nP", "2000000\nP", "“2000000” stands in the place of a number of atoms"),
        ("2\nP", "0\nP", "in the place of a number of atoms"),
        ("H 0.0", "Q 0.0", "starts here: .*Q"),
        ("1.1", "1,1", "starts here: it cannot be read"),
        ("1.1", "nan", "is no finite number"),
        ("0.75\nH", "inf\nH", "is no finite number"),
        ("energy=-2.5", "energy=nan", "is no finite number"),
        ("energy", "units=bohr energy", "positions are read in Å"),
        ("energy", "set=valid energy", "to train or test with, not 'valid'"),
        ("energy", "charge=many energy", "the charge is no number"),
        ("0.75\n", "0.75", "line break|cut off"),
    ],
)
def test_what_is_wrong_in_extended_xyz(old: str, new: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "f.xyz").write_text(XYZ + "\n" + XYZ.replace(old, new))
    read = read_extended_xyz(tmp_path / "f.xyz")
    assert next(read).energy_eV == -2.5
    with pytest.raises(StructureError, match=message.replace("line 1", "line 6")):
        next(read)


@pytest.mark.parametrize("text", [PLAIN, XYZ])
def test_cut_and_mixed_up_files_are_errors(text: str, tmp_path: Path) -> None:
    file = tmp_path / "file"
    whole = list(_read(file, text))
    for place in range(1, len(text) - 1):
        with pytest.raises(NearsightError):
            list(_read(file, text[:place]))
    choice = random.Random(1)
    strange = ["nan", "1e400", "\x00", "é", "9" * 30, "begin", "H", "=", '"', "-1"]
    n_errors = 0
    for _ in range(200):
        parts = re.split(r"(\s+)", text)
        parts[choice.randrange(0, len(parts), 2)] = choice.choice(strange)
        try:
            list(_read(file, "".join(parts)))
        except NearsightError:
            n_errors += 1
    assert n_errors > 100
    assert len(whole) == 1


def _read(file: Path, text: str) -> Iterator[Frame]:
    file.write_text(text)
    return read_data(file, EV if text.startswith("begin") else None)


def test_one_structure_at_a_time_is_in_memory(tmp_path: Path) -> None:
    atoms = Atoms("H100", np.random.default_rng(0).normal(size=(100, 3)) * 10)
    many = (Frame(atoms, -1.0, atoms.positions / 7) for _ in range(80))
    write_input_data(many, tmp_path / "input.data", EV)
    size = (tmp_path / "input.data").stat().st_size
    tracemalloc.start()
    count = convert_data(tmp_path / "input.data", tmp_path / "all.extxyz", progress=False).n_frames
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert count == 80
    assert size > 4 * peak


def test_conversions(tmp_path: Path) -> None:
    xyz, data, back = tmp_path / "a.extxyz", tmp_path / "input.data", tmp_path / "b.xyz"
    write_extended_xyz(frames(), xyz)
    counts = convert_data(xyz, data, to_units=HARTREE, progress=False)
    assert (counts.n_frames, counts.n_with_energy, counts.n_with_forces) == (5, 3, 3)
    assert (counts.n_atoms, counts.n_periodic) == (17, 2)
    assert "comment nearsight: units bohr,hartree; group a b\n" in data.read_text()
    convert_data(data, back, progress=False)
    for ours, theirs in zip(frames(), read_data(back), strict=True):
        assert_same(ours, theirs, 4e-16)


@pytest.mark.parametrize(
    ("target", "given", "message"),
    [
        ("input.data", {}, "name them, angstrom,eV or bohr,hartree"),
        ("out.cif", {}, r"written as \.data"),
        ("out.xyz", {"to_units": HARTREE}, "extended XYZ is in angstrom,eV, not bohr,hartree"),
        ("out.xyz", {"from_units": HARTREE}, "extended XYZ is in angstrom,eV, not bohr,hartree"),
        ("a.extxyz", {}, "is what is read, too"),
    ],
)
def test_conversions_that_are_refused(
    target: str, given: dict[str, PotentialUnits], message: str, tmp_path: Path
) -> None:
    write_extended_xyz(frames(), tmp_path / "a.extxyz")
    with pytest.raises(MethodError, match=message):
        convert_data(tmp_path / "a.extxyz", tmp_path / target, **given, progress=False)
    assert [path.name for path in tmp_path.iterdir()] == ["a.extxyz"]


def test_a_layer_is_not_held(tmp_path: Path) -> None:
    atoms = molecule("H2O")
    atoms.cell, atoms.pbc = np.eye(3) * 9, (True, True, False)
    with pytest.raises(StructureError, match="structure 1 is periodic in 2 of three directions"):
        write_input_data([Frame(atoms)], tmp_path / "input.data", EV)
    assert not list(tmp_path.iterdir())


def test_files_that_are_not_there_or_empty(tmp_path: Path) -> None:
    with pytest.raises(StructureError, match=r"nowhere.* cannot be read"):
        list(read_data(tmp_path / "nowhere"))
    (tmp_path / "empty").write_text("\n")
    with pytest.raises(StructureError, match="is empty"):
        list(read_data(tmp_path / "empty"))


def test_a_frame_has_forces_of_its_atoms() -> None:
    with pytest.raises(StructureError, match=r"3 atoms .* shape \(2, 3\), not \(3, 3\)"):
        Frame(molecule("H2O"), forces_eV_per_A=np.zeros((2, 3)))


def test_a_frame_has_finite_numbers() -> None:
    with pytest.raises(StructureError, match="no finite number"):
        Frame(molecule("H2O"), energy_eV=float("nan"))
