"""One crystal in the units of every calculator of phonopy has one set of frequencies."""

import re
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import phonopy
import pytest
from ase import Atoms
from phonopy import Phonopy, file_IO
from phonopy.interface.calculator import calculator_info
from phonopy.physical_units import get_calculator_physical_units
from phonopy.structure.atoms import PhonopyAtoms
from scipy import constants

from nearsight.errors import CheckpointError
from nearsight.hessian.files.phonopy_results import read_phonopy
from nearsight.hessian.files.phonopy_units import COULOMB_eV_A, all_calculators, calculator_units
from nearsight.units import BOHR_IN_A, HARTREE_IN_EV
from nearsight.vibrations.phonon_mesh import phonon_mesh

DATA = Path(__file__).parents[2] / "data" / "phonopy"
CALCULATORS = list(calculator_info)
ONE_OF_EACH = ["vasp", "abinit", "elk", "qe", "wien2k", "cp2k"]
"""Calculators of all units that there are; a test says so."""
CHARGE = np.diag([1.2, 1.2, 1.2])

Write = Callable[..., Path]


@pytest.fixture(scope="module")
def crystal(pair_model: Callable[..., Any]) -> Callable[..., Phonopy]:
    """Return a function: MgO with forces or force constants, in the units of a calculator."""
    atoms = Atoms("MgO", positions=[[0, 0, 0], [2.125] * 3], cell=2.125 * (1 - np.eye(3)), pbc=True)
    model = pair_model()

    def make(calculator: str | None, *, random: bool = False) -> Phonopy:
        units = get_calculator_physical_units(calculator)
        cell = PhonopyAtoms(
            numbers=atoms.numbers,
            cell=atoms.cell.array / units.distance_to_A,
            scaled_positions=atoms.get_scaled_positions(),
        )
        phonon = Phonopy(
            cell, 2 * np.eye(3, dtype=int), primitive_matrix="P", calculator=calculator
        )
        settings = {"number_of_snapshots": 12, "random_seed": 3} if random else {}
        phonon.generate_displacements(distance=1e-3 / units.distance_to_A, **settings)
        forces = []
        for moved in phonon.supercells_with_displacements:
            in_A = Atoms(
                moved.numbers,
                scaled_positions=moved.scaled_positions,
                cell=moved.cell * units.distance_to_A,
                pbc=True,
            )
            forces.append(model.evaluate([in_A])[0].forces_eV_per_A / units.force_to_eVperA)
        phonon.forces = forces
        return phonon

    return make


def wavenumbers(path: Path, **settings: Any) -> np.ndarray:
    return phonon_mesh(read_phonopy(path, **settings), (3, 3, 3)).wavenumbers_per_cm


def by_phonopy(path: Path) -> np.ndarray:
    """Second route: phonopy's own reader, units and factor."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        loaded = phonopy.load(path, log_level=0)
    frequencies = loaded.run_mesh([3, 3, 3], is_gamma_center=True).frequencies
    return frequencies * 1e12 / constants.c / 100


def spans(values: np.ndarray) -> np.ndarray:
    """Return what does not depend on which points of the mesh are kept."""
    return np.unique(values.round(2))


@pytest.fixture(scope="module")
def expected(crystal: Callable[..., Phonopy], tmp_path_factory: pytest.TempPathFactory) -> Any:
    path = tmp_path_factory.mktemp("expected") / "phonopy.yaml"
    crystal(None).save(path)
    return wavenumbers(path)


@pytest.mark.parametrize(
    ("calculator", "kind"),
    [(calculator, "forces") for calculator in CALCULATORS]
    + [(one, kind) for one in ONE_OF_EACH for kind in ("random forces", "constants")],
)
def test_units_of_every_calculator(
    calculator: str,
    kind: str,
    crystal: Callable[..., Phonopy],
    expected: np.ndarray,
    tmp_path: Path,
) -> None:
    phonon = crystal(calculator, random=kind == "random forces")
    if kind == "constants":
        phonon.produce_force_constants(calculate_full_force_constants=False)
        phonon.symmetrize_force_constants(show_drift=False)
    path = tmp_path / "phonopy.yaml"
    phonon.save(path, settings={"force_constants": kind == "constants"})
    found = wavenumbers(path)
    # Printing, constants of 2018 and displacements of a thousandth of an Å leave that.
    np.testing.assert_allclose(found, expected, rtol=0, atol=0.1)
    highest, lowest = by_phonopy(path).max(), by_phonopy(path).min()
    assert found.max() == pytest.approx(highest, rel=2e-6)
    assert found.min() == pytest.approx(lowest, rel=2e-6, abs=0.01)


@pytest.mark.parametrize("calculator", ONE_OF_EACH)
def test_charges_split_alike_in_the_units_of_every_calculator(
    calculator: str, crystal: Callable[..., Phonopy], tmp_path: Path
) -> None:
    phonon = crystal(calculator)
    phonon.nac_params = {
        "born": np.array([CHARGE, -CHARGE]),
        "dielectric": 3.0 * np.eye(3),
        "factor": get_calculator_physical_units(calculator).nac_factor,
    }
    phonon.save(tmp_path / "charged.yaml")
    found = read_phonopy(tmp_path / "charged.yaml")
    assert found.born is not None
    assert found.born.coulomb_eV_A == pytest.approx(COULOMB_eV_A, rel=1e-5)
    theirs = by_phonopy(tmp_path / "charged.yaml")
    ours = phonon_mesh(found, (3, 3, 3)).wavenumbers_per_cm
    assert ours.max() == pytest.approx(theirs.max(), rel=2e-6)
    without = tmp_path / "without.yaml"
    phonon.nac_params = None
    phonon.save(without)
    assert ours.max() > wavenumbers(without).max() + 1


@pytest.mark.parametrize("calculator", ONE_OF_EACH)
@pytest.mark.parametrize("name", ["FORCE_SETS", "FORCE_CONSTANTS", "force_constants.hdf5"])
def test_named_files_are_in_the_units_of_the_calculator(
    name: str,
    calculator: str,
    crystal: Callable[..., Phonopy],
    expected: np.ndarray,
    tmp_path: Path,
) -> None:
    phonon = crystal(calculator)
    bare, named = tmp_path / "phonopy_disp.yaml", tmp_path / name
    phonon.save(bare, settings={"force_sets": False})
    phonon.produce_force_constants(calculate_full_force_constants=False)
    phonon.symmetrize_force_constants(show_drift=False)
    own = get_calculator_physical_units(calculator).force_constants_unit
    {
        "FORCE_SETS": lambda: file_IO.write_FORCE_SETS(phonon.dataset, named),
        "FORCE_CONSTANTS": lambda: file_IO.write_FORCE_CONSTANTS(
            phonon.force_constants, named, p2s_map=phonon.primitive.p2s_map
        ),
        "force_constants.hdf5": lambda: file_IO.write_force_constants_to_hdf5(
            phonon.force_constants, named, phonon.primitive.p2s_map, own
        ),
    }[name]()
    found = wavenumbers(bare, force_constants=named)
    np.testing.assert_allclose(found, expected, rtol=0, atol=0.1)


def test_constants_of_nature() -> None:
    exact = constants.e / (4 * np.pi * constants.epsilon_0 * constants.angstrom)
    assert pytest.approx(exact, rel=1e-9) == COULOMB_eV_A
    kinds = {(units.length, units.force) for units in all_calculators()}
    assert {(each.length, each.force) for each in map(calculator_units, ONE_OF_EACH)} == kinds
    for units in all_calculators():
        per_force = units.force_eV_per_A / units.length_A
        assert units.force_constants_eV_per_A2 == pytest.approx(per_force, rel=1e-12)
    assert calculator_units("qe").coulomb == pytest.approx(2.0)
    assert calculator_units("wien2k").coulomb == pytest.approx(2000.0)
    assert calculator_units("cp2k").force_constants_eV_per_A2 == HARTREE_IN_EV / BOHR_IN_A


def test_copper_is_the_same_in_rydberg_and_in_electronvolt() -> None:
    rydberg = wavenumbers(DATA / "copper_qe_units.yaml")
    electronvolt = wavenumbers(DATA / "copper_vasp_units.yaml")
    np.testing.assert_allclose(rydberg, electronvolt, rtol=0, atol=0.01)
    highest = by_phonopy(DATA / "copper_qe_units.yaml").max()
    assert rydberg.max() == pytest.approx(highest, rel=2e-6)
    assert 200 < highest < 260


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("calculator: qe", "calculator: vasp", r"length \(line 9\) is “au”, but calculator vasp"),
        ("calculator: qe", "calculator: abinit", r"force \(line 10\) is “Ry/au”, but calculator a"),
        ('"Ry/au"', '"eV/angstrom"', r"is “eV/angstrom”, but calculator qe has “Ry/au”"),
        ('"au"', '"furlong"', r"length \(line 9\) is “furlong”; known are angstrom, au"),
        ('"Ry/au"', '"dyn"', r"force \(line 10\) is “dyn”; known are"),
        ("calculator: qe", "calculator: pigeon", r"calculator \(line 3\) is “pigeon”"),
        ('"AMU"', '"kg"', r"atomic_mass \(line 8\) is “kg”"),
        ("108.970772", "15.633302", "is 15.6333, that of force constants in eV/angstrom"),
        ("\n  calculator: qe", "", None),
        ('physical_unit:\n  atomic_mass: "AMU"\n  length: "au"\n  force: "Ry/au"\n', "", None),
        ('"Ry/au"', '"Ry/au"\n  force_constants: "hartree/au^2"', "hartree/au.2”, but calc"),
    ],
)
def test_contradictions_are_refused_and_half_a_statement_is_enough(
    old: str, new: str, message: str | None, tmp_path: Path
) -> None:
    text = (DATA / "copper_qe_units.yaml").read_text()
    assert old in text
    path = tmp_path / "changed.yaml"
    path.write_text(text.replace(old, new, 1))
    if message is None:
        expected = wavenumbers(DATA / "copper_qe_units.yaml")
        np.testing.assert_allclose(wavenumbers(path), expected, rtol=1e-12)
        return
    with pytest.raises(CheckpointError, match=message):
        read_phonopy(path)


def test_units_that_only_the_factor_tells_are_not_taken_for_others(tmp_path: Path) -> None:
    """Without calculator and units the file would be one of phonopy's default, VASP."""
    text = (DATA / "copper_qe_units.yaml").read_text()
    text = text.replace("  calculator: qe\n", "")
    text = re.sub(r"physical_unit:\n(  .*\n)+", "", text)
    path = tmp_path / "nameless.yaml"
    path.write_text(text)
    with pytest.raises(CheckpointError, match=r"is 108.971, that of force constants in Ry/au\^2"):
        read_phonopy(path)


def test_factor_to_wavenumbers_is_no_contradiction(tmp_path: Path) -> None:
    text = (DATA / "copper_vasp_units.yaml").read_text()
    path = tmp_path / "factor.yaml"
    path.write_text(text.replace("15.633302", "521.470831"))
    expected = wavenumbers(DATA / "copper_vasp_units.yaml")
    np.testing.assert_allclose(wavenumbers(path), expected, rtol=1e-12)
