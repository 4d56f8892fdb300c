"""Damaged copies of every file that is read: an error that is meant, or the same composition."""

import json
import warnings
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import phonopy
import pytest
from ase import Atoms
from ase.build import bulk
from ase.calculators.emt import EMT
from ase.units import Bohr, Rydberg
from phonopy import file_IO
from phonopy.physical_units import get_calculator_physical_units

from mutations import mutations
from nearsight.errors import NearsightError, NearsightWarning
from nearsight.hessian.files import read_hessian
from nearsight.hessian.files.phonopy_objects import any_cell_is_fine, phonopy_atoms
from nearsight.hessian.files.phonopy_results import read_phonopy, with_born
from nearsight.hessian.force_constants import ForceConstants
from nearsight.hessian.matrix import Hessian
from nearsight.vibrations.modes import vibrations

DATA = Path(__file__).parents[1] / "data"
MOLECULES = DATA / "molecular_hessians"
CHARGED = DATA / "phonopy" / "born_charges_inside.yaml"
COUNT = 200
SHEAR = np.array([[1.0, 0.05, 0.02], [0.0, 1.04, 0.03], [0.0, 0.0, 0.97]])

Reader = Callable[[Path], Atoms]


def modes_of(hessian: Hessian) -> Atoms:
    """Return the structure of a Hessian, once its modes are computed."""
    assert np.isfinite(vibrations(hessian).wavenumbers_per_cm).all()
    return hessian.atoms


def as_hessian(path: Path) -> Atoms:
    return modes_of(read_hessian(path))


def as_phonopy(path: Path) -> Atoms:
    return modes_of(read_phonopy(path).at_gamma())


def as_forces(path: Path) -> Atoms:
    return modes_of(read_phonopy(path.with_name("copper.yaml"), path).at_gamma())


@cache
def charged() -> ForceConstants:
    return read_phonopy(CHARGED)


def as_born(path: Path) -> Atoms:
    found = with_born(charged(), path)
    assert found.born is not None
    assert np.isfinite(found.born.charges_e).all()
    return found.unit_cell


def ase_json(folder: Path) -> Path:
    path = folder / "water.json"
    read_hessian(MOLECULES / "water_with_ghost.fchk").to_ase().write(path)
    return path


def numbers_of_fhi_aims(folder: Path) -> Path:
    found = read_hessian(MOLECULES / "water_with_ghost.fchk")
    np.savetxt(folder / "hessian.run.dat", found.symmetric())
    geometry, masses = [], []
    for mass, symbol, place in zip(
        found.atoms.get_masses(),
        found.atoms.get_chemical_symbols(),
        found.atoms.positions,
        strict=True,
    ):
        x, y, z = place
        geometry.append(f"atom {x:.10f} {y:.10f} {z:.10f} {symbol}")
        masses.append(f"{mass:10.5f}{x:11.4f}{y:11.4f}{z:11.4f}{symbol}")
    (folder / "geometry.in").write_text("\n".join(geometry) + "\n")
    (folder / "masses.run.dat").write_text("\n".join(masses) + "\n")
    return folder / "hessian.run.dat"


def geometry_of_fhi_aims(folder: Path) -> Path:
    return numbers_of_fhi_aims(folder).with_name("geometry.in")


def masses_of_fhi_aims(folder: Path) -> Path:
    return numbers_of_fhi_aims(folder).with_name("masses.run.dat")


def beside_fhi_aims(path: Path) -> Atoms:
    return as_hessian(path.with_name("hessian.run.dat"))


def constants_in_yaml(folder: Path) -> Path:
    path = folder / "constants.yaml"
    read_phonopy(CHARGED).to_phonopy().save(path, settings={"force_constants": True})
    return path


def copper(folder: Path, calculator: str = "vasp") -> phonopy.Phonopy:
    """Return two atoms of copper with their forces, and write them as ``copper.yaml``.

    A small supercell of the lowest symmetry, for which phonopy looks at each damaged copy.
    """
    units = get_calculator_physical_units(calculator)
    bohr, rydberg = (1.0, 1.0) if calculator == "vasp" else (Bohr, Rydberg)
    assert (units.length_unit == "au") == (bohr == Bohr)
    cell = bulk("Cu", a=3.61 / bohr)
    cell.set_cell(cell.cell.array @ SHEAR, scale_atoms=True)
    matrix = np.diag([2, 1, 1])
    with any_cell_is_fine():
        phonon = phonopy.Phonopy(phonopy_atoms(cell), matrix, "P", calculator=calculator)
    phonon.generate_displacements(distance=0.01 / bohr)
    forces = []
    for moved in phonon.supercells_with_displacements:
        atoms = Atoms(moved.numbers, moved.positions * bohr, cell=moved.cell * bohr, pbc=True)
        atoms.calc = EMT()
        forces.append(atoms.get_forces() * bohr / rydberg)
    phonon.forces = forces
    phonon.save(folder / "copper.yaml")
    phonon.produce_force_constants(calculate_full_force_constants=False, show_drift=False)
    return phonon


def forces_in_rydberg(folder: Path) -> Path:
    copper(folder, "qe")
    return folder / "copper.yaml"


def force_constants_in_text(folder: Path) -> Path:
    path = folder / "FORCE_CONSTANTS"
    file_IO.write_FORCE_CONSTANTS(copper(folder).force_constants, path, np.array([0]))
    return path


def force_constants_in_hdf5(folder: Path) -> Path:
    path = folder / "force_constants.hdf5"
    constants = copper(folder).force_constants
    file_IO.write_force_constants_to_hdf5(constants, path, np.array([0]), "eV/angstrom^2")
    return path


def force_sets(folder: Path) -> Path:
    path = folder / "FORCE_SETS"
    file_IO.write_FORCE_SETS(copper(folder).dataset, path)
    return path


def born(folder: Path) -> Path:
    tensor = "{0} 0.0 0.0 0.0 {0} 0.0 0.0 0.0 {0}"
    path = folder / "BORN"
    path.write_text("\n".join(["14.399652", *(tensor.format(v) for v in (3.0, 1.5, -1.5))]) + "\n")
    return path


def saved(folder: Path) -> Path:
    path = folder / "saved.npz"
    read_hessian(MOLECULES / "ch3clf_transition_state.hess").save(path)
    return path


def saved_force_constants(folder: Path) -> Path:
    path = folder / "constants.npz"
    read_phonopy(CHARGED).save(path)
    return path


def as_force_constants(path: Path) -> Atoms:
    return modes_of(ForceConstants.load(path).at_gamma())


def copied(name: str) -> Callable[[Path], Path]:
    def copy(folder: Path) -> Path:
        source = DATA / name
        (folder / source.name).write_bytes(source.read_bytes())
        return folder / source.name

    return copy


FORMATS: dict[str, tuple[Callable[[Path], Path], Reader]] = {
    "orca": (copied("molecular_hessians/ch3clf_transition_state.hess"), as_hessian),
    "gaussian-fchk": (copied("molecular_hessians/water_with_ghost.fchk"), as_hessian),
    "gaussian-log": (copied("molecular_hessians/hydrogen_peroxide.log"), as_hessian),
    "ase": (ase_json, as_hessian),
    "fhi-aims": (numbers_of_fhi_aims, as_hessian),
    "geometry of fhi-aims": (geometry_of_fhi_aims, beside_fhi_aims),
    "masses of fhi-aims": (masses_of_fhi_aims, beside_fhi_aims),
    "phonopy, forces": (forces_in_rydberg, as_phonopy),
    "phonopy, charges": (copied("phonopy/born_charges_inside.yaml"), as_phonopy),
    "phonopy, constants": (constants_in_yaml, as_phonopy),
    "FORCE_CONSTANTS": (force_constants_in_text, as_forces),
    "force_constants.hdf5": (force_constants_in_hdf5, as_forces),
    "FORCE_SETS": (force_sets, as_forces),
    "BORN": (born, as_born),
    "nearsight, Hessian": (saved, as_hessian),
    "nearsight, force constants": (saved_force_constants, as_force_constants),
}


@pytest.mark.parametrize("name", list(FORMATS))
def test_damage_is_an_error_that_is_meant_or_changes_no_composition(
    name: str, tmp_path: Path, record_property: Callable[[str, Any], None]
) -> None:
    make, read = FORMATS[name]
    path = make(tmp_path)
    content = path.read_bytes()
    whole = read(path)
    refused = 0
    for damaged in mutations(content, seed=19, count=COUNT):
        path.write_bytes(damaged)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            warnings.simplefilter("ignore", NearsightWarning)  # what is said of odd results
            try:
                found = read(path)
            except NearsightError:
                refused += 1
                continue
        assert found.get_chemical_formula() == declared(name, damaged, whole)
    record_property("refused", refused)
    assert refused >= COUNT // 10


def declared(name: str, damaged: bytes, whole: Atoms) -> str:
    """Return the composition that a damaged file declares.

    That of the whole file, unless the damage made another element or structure of a line that says
    so in words.
    """
    if name == "ase":
        numbers = json.loads(damaged.decode("utf-8", "replace"))["atoms"]["numbers"]["__ndarray__"][
            2
        ]
        return str(Atoms(numbers).get_chemical_formula())
    return str(whole.get_chemical_formula())
