"""Force constants in phonopy: its own displacements, its file, Born charges."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import phonopy
import pytest
from ase import Atoms
from ase.build import bulk
from phonopy import Phonopy
from scipy import constants

from nearsight.errors import CheckpointError, StorageError, StructureError
from nearsight.hessian.files.phonopy_objects import phonopy_atoms
from nearsight.hessian.files.phonopy_results import write_phonopy
from nearsight.hessian.force_constants import ForceConstants, force_constants
from nearsight.hessian.matrix import hessian
from nearsight.hessian.supercell_hessian import from_hessian

# what phonopy itself says of supercells that have not all the symmetry of their crystal
lower_symmetry = pytest.mark.filterwarnings("ignore:Warning. Point group symmetries:UserWarning")

SKEWED = [[1, 1, 0], [-1, 1, 1], [0, -1, 2]]
Q_POINTS = np.random.default_rng(4).uniform(-0.5, 0.5, size=(12, 3))

CASES: dict[str, tuple[Callable[[], Atoms], Any]] = {
    "repeated": (lambda: bulk("MgO", "rocksalt", a=4.25), (2, 2, 2)),
    "skewed": (lambda: bulk("MgO", "wurtzite", a=3.28, c=5.1), SKEWED),
    "conventional": (lambda: bulk("MgO", "rocksalt", a=4.25, cubic=True), (2, 2, 2)),
    "left-handed": (
        lambda: bulk("MgO", "rocksalt", a=4.25, cubic=True)[[1, 6, 3, 0, 5, 2, 7, 4]],
        [[0, 2, 0], [2, 0, 0], [0, 0, -2]],
    ),
}


@pytest.fixture(params=CASES)
def case(request: pytest.FixtureRequest, pair_model: Callable[..., Any]) -> ForceConstants:
    """Force constants in supercells of several kinds."""
    build, supercell = CASES[request.param]
    atoms = build()
    if request.param == "left-handed":
        atoms.cell = atoms.cell.array[[1, 0, 2]]
    return force_constants(atoms, pair_model(), supercell, method="rows")


@pytest.fixture
def of_mgo(pair_model: Callable[..., Any], mgo: Atoms) -> ForceConstants:
    """Force constants of magnesium oxide."""
    return force_constants(mgo, pair_model(), (2, 2, 2), method="rows")


def frequencies(phonon: Phonopy, q: np.ndarray = Q_POINTS) -> np.ndarray:
    return phonon.run_qpoints(q).frequencies


@lower_symmetry
def test_phonopys_own_displacements_give_the_same(
    case: ForceConstants, pair_model: Callable[..., Any]
) -> None:
    phonon = Phonopy(
        phonopy_atoms(case.unit_cell),
        supercell_matrix=case.supercell_matrix.T,
        primitive_matrix=case.primitive_vectors.T,
    )
    phonon.generate_displacements(distance=1e-4, is_plusminus=True)
    displaced = [
        Atoms(cell.symbols, cell=cell.cell, positions=cell.positions, pbc=True)
        for cell in phonon.supercells_with_displacements
    ]
    phonon.forces = [found.forces_eV_per_A for found in pair_model().evaluate(displaced)]
    phonon.produce_force_constants()
    theirs = phonon.force_constants[phonon.primitive.p2s_map]
    ours = case.to_phonopy().force_constants
    assert np.abs(ours).max() > 1
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-4)
    np.testing.assert_allclose(frequencies(case.to_phonopy()), frequencies(phonon), atol=1e-3)


@lower_symmetry
@pytest.mark.parametrize("tolerance_A", [1e-5, None])
def test_phonopy_loads_what_is_written(
    pair_model: Callable[..., Any], case: ForceConstants, tmp_path: Path, tolerance_A: float | None
) -> None:
    found = force_constants(
        case.unit_cell,
        pair_model(),
        case.supercell_matrix,
        method="rows",
        row_symmetry_A=tolerance_A,
    )
    path = tmp_path / "phonopy.yaml"
    write_phonopy(path, found)
    loaded = phonopy.load(path, log_level=0)
    own = found.to_phonopy()
    np.testing.assert_allclose(loaded.force_constants, own.force_constants, rtol=0, atol=1e-13)
    np.testing.assert_array_equal(loaded.supercell_matrix, found.supercell_matrix.T)
    np.testing.assert_allclose(loaded.primitive.positions, own.primitive.positions, atol=1e-10)
    np.testing.assert_allclose(frequencies(loaded), frequencies(own), rtol=0, atol=1e-6)


def test_isotopes_are_carried(
    pair_model: Callable[..., Any], mgo: Atoms, of_mgo: ForceConstants, tmp_path: Path
) -> None:
    mgo.set_masses([26.0, 18.0])
    heavy = force_constants(mgo, pair_model(), (2, 2, 2), method="rows")
    phonon = heavy.to_phonopy()
    np.testing.assert_array_equal(phonon.primitive.masses, [26.0, 18.0])
    write_phonopy(tmp_path / "phonopy.yaml", heavy)
    loaded = phonopy.load(tmp_path / "phonopy.yaml", log_level=0)
    np.testing.assert_array_equal(loaded.primitive.masses, [26.0, 18.0])
    # The product of all squared frequencies goes with the product of the inverse masses.
    light = frequencies(of_mgo.to_phonopy())
    ratio = np.prod(frequencies(phonon) / light, axis=1)
    masses = np.prod(of_mgo.primitive_cell.get_masses()) / (26.0 * 18.0)
    np.testing.assert_allclose(ratio, masses ** (3 / 2), rtol=1e-9)


def test_structure_need_not_lie_within_its_cell(
    pair_model: Callable[..., Any], alpha_quartz: Atoms
) -> None:
    before = force_constants(alpha_quartz, pair_model(), (1, 1, 2)).to_phonopy()
    moved = alpha_quartz.copy()
    moved.positions += (np.arange(27).reshape(9, 3) % 4 - 1) @ moved.cell.array
    after = force_constants(moved, pair_model(), (1, 1, 2)).to_phonopy()
    np.testing.assert_allclose(frequencies(after), frequencies(before), rtol=0, atol=1e-6)


def test_hessian_of_a_supercell_goes_to_phonopy(
    pair_model: Callable[..., Any], of_mgo: ForceConstants
) -> None:
    whole = hessian(of_mgo.supercell, pair_model(), "rows", row_symmetry_A=None)
    phonon = from_hessian(whole).to_phonopy()
    assert len(phonon.primitive) == 2
    q = Q_POINTS @ np.linalg.inv(of_mgo.primitive_cell.cell.array).T @ phonon.primitive.cell.T
    expected = frequencies(of_mgo.to_phonopy())
    np.testing.assert_allclose(frequencies(phonon, q), expected, rtol=0, atol=1e-7)


def test_older_file_stays_if_the_new_one_cannot_be_written(
    of_mgo: ForceConstants, tmp_path: Path
) -> None:
    with pytest.raises(StorageError, match="cannot write"):
        write_phonopy(tmp_path / "nowhere" / "phonopy.yaml", of_mgo)


# Born charges


EPSILON = "3.0 0 0 0 3.0 0 0 0 3.0"


def charge(value: float) -> str:
    return f"{value} 0 0 0 {value} 0 0 0 {value}"


@pytest.fixture
def born(tmp_path: Path) -> Callable[..., Path]:
    """Return a function: a BORN file of these lines."""

    def write(*lines: str) -> Path:
        path = tmp_path / "BORN"
        path.write_text("\n".join(lines) + "\n")
        return path

    return write


def test_born_charges_raise_the_longitudinal_mode_by_its_known_amount(
    of_mgo: ForceConstants, born: Callable[..., Path]
) -> None:
    """ω_LO² - ω_TO² = Z² e²/(ε₀ ε V μ) for two ions of charge ±Z in a cubic cell."""
    path = born("14.4", EPSILON, charge(2.0), charge(-2.0))
    with_charges, without = of_mgo.to_phonopy(path), of_mgo.to_phonopy()
    along_x = 1e-4 * of_mgo.primitive_cell.cell.array[:, 0]
    split, together = (
        (frequencies(phonon, [along_x])[0] / phonon.unit_conversion_factor) ** 2
        for phonon in (with_charges, without)
    )
    # Two transverse modes stay, the longitudinal one rises.
    np.testing.assert_allclose(split[:5], together[:5], rtol=1e-6, atol=1e-7)
    masses = of_mgo.primitive_cell.get_masses()
    reduced_mass = masses.prod() / masses.sum()
    volume = of_mgo.primitive_cell.cell.volume
    rise = 4 * np.pi * 14.4 * 2.0**2 / (3.0 * volume * reduced_mass)
    assert split[5] - together[5] == pytest.approx(rise, rel=1e-5)
    # What fits into the supercell is known from the force constants: charges change nothing there.
    fitting = np.array([[0.5, 0, 0], [0.5, 0.5, 0], [0.5, 0.5, 0.5]])
    np.testing.assert_allclose(
        frequencies(with_charges, fitting), frequencies(without, fitting), rtol=1e-8
    )


def test_comment_in_place_of_the_unit_conversion_means_the_natural_constant(
    of_mgo: ForceConstants, born: Callable[..., Path]
) -> None:
    rest = (EPSILON, charge(2.0), charge(-2.0))
    constant = f"{constants.e / (4 * np.pi * constants.epsilon_0 * constants.angstrom):.9f}"
    stated = of_mgo.to_phonopy(born(constant, *rest))
    implied = of_mgo.to_phonopy(born("# epsilon and Z* of atoms 1 2", *rest))
    np.testing.assert_allclose(frequencies(implied), frequencies(stated), rtol=1e-6)


def test_file_follows_the_space_group_however_the_force_constants_were_made(
    pair_model: Callable[..., Any], alpha_quartz: Atoms, born: Callable[..., Path]
) -> None:
    path = born("14.4", EPSILON, charge(3.0), charge(-1.5))
    expected = np.repeat([3.0, -1.5], [3, 6])
    for tolerance_A in (1e-5, None):
        found = force_constants(alpha_quartz, pair_model(), (1, 1, 1), row_symmetry_A=tolerance_A)
        charges = found.to_phonopy(path).nac_params["born"]
        expanded = expected[:, np.newaxis, np.newaxis] * np.eye(3)
        np.testing.assert_allclose(charges, expanded, rtol=0, atol=1e-12)


def test_born_charges_are_in_the_file_that_is_written(
    of_mgo: ForceConstants, born: Callable[..., Path], tmp_path: Path
) -> None:
    path = born("14.4", EPSILON, charge(2.0), charge(-2.0))
    write_phonopy(tmp_path / "phonopy.yaml", of_mgo, path)
    loaded = phonopy.load(tmp_path / "phonopy.yaml", log_level=0)
    expected = frequencies(of_mgo.to_phonopy(path))
    np.testing.assert_allclose(frequencies(loaded), expected, rtol=0, atol=1e-6)


@pytest.mark.parametrize("charges", [[2.0], [2.0, -1.0, -1.0]])
def test_born_charges_of_another_cell_are_refused(
    of_mgo: ForceConstants, born: Callable[..., Path], charges: list[float]
) -> None:
    path = born("14.4", EPSILON, *map(charge, charges))
    message = rf"BORN has Born charges of {len(charges)} atoms, but the primitive cell has 2 sym"
    with pytest.raises(StructureError, match=message):
        of_mgo.to_phonopy(path)


@pytest.mark.parametrize(
    "lines",
    [["My thesis"], ["14.4", "3 0 0", "garbage"], [""], ["14.4", EPSILON, *(2 * [9 * "a "])]],
)
def test_garbage_is_no_born_file(
    of_mgo: ForceConstants, born: Callable[..., Path], lines: list[str]
) -> None:
    with pytest.raises(CheckpointError, match="BORN is not a readable BORN file of phonopy"):
        of_mgo.to_phonopy(born(*lines))


def test_missing_born_file_is_named(of_mgo: ForceConstants, tmp_path: Path) -> None:
    for path in (tmp_path / "BORN", tmp_path):
        with pytest.raises(CheckpointError, match=r"does not exist; give the path of a BORN file"):
            of_mgo.to_phonopy(path)
