"""ASE's own file, written by ASE."""

from pathlib import Path

import numpy as np
import pytest
from ase.build import molecule
from ase.calculators.emt import EMT
from ase.vibrations import Vibrations, VibrationsData
from numpy.testing import assert_allclose

from nearsight.errors import CheckpointError, StructureError
from nearsight.hessian.files import read_hessian
from nearsight.units import HBAR_OMEGA_IN_EV
from nearsight.vibrations import vibrations


@pytest.fixture
def water(tmp_path: Path) -> VibrationsData:
    """Water with a deuterium, by ASE's differences of EMT."""
    atoms = molecule("H2O")
    atoms.set_masses([15.999, 1.008, 2.014])
    atoms.calc = EMT()
    found = Vibrations(atoms, name=str(tmp_path / "cache"))
    found.run()
    return found.get_vibrations()


def test_wavenumbers_are_those_of_ase(water: VibrationsData, tmp_path: Path) -> None:
    water.write(tmp_path / "water.json")
    found = read_hessian(tmp_path / "water.json")
    assert_allclose(found.atoms.get_masses(), [15.999, 1.008, 2.014])
    assert_allclose(found.matrix_eV_per_A2, water.get_hessian(), rtol=0, atol=0)
    unprojected = vibrations(found).unprojected_eigenvalues_eV_per_A2_amu
    squares = np.sort((water.get_energies() ** 2).real)
    assert squares[-1] > 0.2
    # ASE's constants are those of 2014, and differ by 3e-7.
    assert_allclose(HBAR_OMEGA_IN_EV**2 * unprojected, squares, rtol=1e-6, atol=1e-10)


def test_what_was_saved_for_ase_comes_back(water: VibrationsData, tmp_path: Path) -> None:
    water.write(tmp_path / "water.json")
    found = read_hessian(tmp_path / "water.json")
    found.to_ase().write(tmp_path / "again.json")
    again = read_hessian(tmp_path / "again.json")
    assert_allclose(again.symmetric(), found.symmetric(), rtol=0, atol=1e-14)


def test_rows_of_some_atoms_are_not_enough(water: VibrationsData, tmp_path: Path) -> None:
    part = VibrationsData(water.get_atoms(), water.get_hessian()[1:, :, 1:], indices=[1, 2])
    part.write(tmp_path / "part.json")
    with pytest.raises(StructureError, match="rows of 2 of its 3 atoms"):
        read_hessian(tmp_path / "part.json")


def test_what_is_cut_off_is_refused(water: VibrationsData, tmp_path: Path) -> None:
    water.write(tmp_path / "water.json")
    whole = (tmp_path / "water.json").read_text()
    (tmp_path / "water.json").write_text(whole[: whole.index('"hessian"') + 100])
    with pytest.raises(CheckpointError, match="cut off or damaged"):
        read_hessian(tmp_path / "water.json")


@pytest.mark.parametrize(
    ("of", "to", "message"),
    [
        (
            '"__ndarray__": [[3], "int64"',
            '"__ndarray__": [[99999999999], "int64"',
            "numbers for the",
        ),
        ('"__ndarray__": [[3], "int64"', '"__ndarray__": [[-3], "int64"', "has no shape"),
        ('"__ndarray__": [[3], "int64", [8', '"__ndarray__": [[3], "O", [{"a": 1}', "no real num"),
        ('"__ndarray__": [[3], "int64", [8', '"__complex__": [[3], "int64", [8', "is no array"),
        ('"int64", [8', '"int64", [800', "800 is the atomic number of no element"),
        ('"int64", [8', '"int64", [NaN', "“numbers” holds a number that is not finite"),
        ('"atoms": {', '"atoms": 3, "at": {', "“atoms” is no structure"),
        ('"atoms": {', '"atoms": {', "it is no JSON"),
    ],
)
def test_what_is_something_else_is_named(
    water: VibrationsData, tmp_path: Path, of: str, to: str, message: str
) -> None:
    path = tmp_path / "water.json"
    water.write(path)
    text = path.read_text()
    assert of in text
    path.write_text(text.replace(of, to, 1)[: -9 if of == to else None])
    with pytest.raises(CheckpointError, match=message):
        read_hessian(path)


def test_no_object_that_a_file_asks_for_is_made(
    water: VibrationsData, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """ASE's decoder makes objects and arrays of any size and kind; it is not asked."""

    def made(*arguments: object) -> None:
        raise AssertionError(f"the file had {arguments} made")

    monkeypatch.setattr("ase.io.jsonio.object_hook", made)
    monkeypatch.setattr("ase.io.jsonio.create_ase_object", made)
    path = tmp_path / "water.json"
    water.write(path)
    text = path.read_text().replace("__ase_objtype__", "__other__", 1)
    path.write_text(text[:-1] + ', "more": {"__ase_objtype__": "bandpath", "labelseq": "G"}}')
    assert_allclose(read_hessian(path).matrix_eV_per_A2, water.get_hessian(), rtol=0, atol=0)
