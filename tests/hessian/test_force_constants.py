"""Force constants against dense Hessians of supercells, and what they say about themselves."""

import json
from collections.abc import Callable
from dataclasses import fields
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk, graphene, molecule
from ase.constraints import FixAtoms

from nearsight.errors import CheckpointError, MethodError, StructureError
from nearsight.hessian.force_constants import DEFAULT_LENGTH_A, ForceConstants, force_constants
from nearsight.hessian.matrix import hessian
from nearsight.hessian.supercell_hessian import from_hessian

ROUNDING = 1e-10


SKEWED = np.array([[1, 1, 0], [-1, 1, 1], [0, -1, 2]])


def cubic(a_A: float = 4.25) -> Atoms:
    return bulk("MgO", "rocksalt", a=a_A, cubic=True)


def left_handed(atoms: Atoms) -> Atoms:
    return Atoms(atoms, cell=atoms.cell.array[[1, 0, 2]])


def with_isotopes(atoms: Atoms) -> Atoms:
    atoms.set_masses(atoms.get_masses() + np.where(atoms.numbers == 8, 2.0, 1.0))
    return atoms


CASES: dict[str, tuple[Callable[[], Atoms], Any]] = {
    "repeated": (lambda: bulk("MgO", "rocksalt", a=4.25), (3, 2, 2)),
    "skewed": (lambda: bulk("MgO", "rocksalt", a=4.25), SKEWED),
    "conventional": (cubic, (2, 1, 1)),
    "conventional and skewed": (cubic, SKEWED),
    "left-handed": (lambda: left_handed(bulk("MgO", "wurtzite", a=3.28, c=5.1)), (2, 2, 1)),
    "left-handed and conventional": (lambda: left_handed(cubic()), (1, 2, 1)),
    "isotopes": (lambda: with_isotopes(bulk("MgO", "wurtzite", a=3.28, c=5.1)), SKEWED),
    "not repeated": (cubic, (1, 1, 1)),
}


@pytest.fixture(params=CASES)
def case(request: pytest.FixtureRequest, pair_model: Callable[..., Any]) -> ForceConstants:
    """Force constants in supercells of every kind."""
    build, supercell = CASES[request.param]
    return force_constants(build(), pair_model(), supercell, method="rows")


@pytest.fixture
def dense(case: ForceConstants, pair_model: Callable[..., Any]) -> np.ndarray:
    """Every row of the same supercell."""
    result = hessian(case.supercell, pair_model(), "rows", row_symmetry_A=None)
    return result.matrix_eV_per_A2


def commensurate_points(found: ForceConstants) -> np.ndarray:
    """The q-points that fit into the supercell, in units of the reciprocal primitive vectors."""
    in_primitive = found.supercell_matrix @ np.linalg.inv(found.primitive_vectors)
    n_cells = round(abs(np.linalg.det(in_primitive)))
    numbers = np.array(list(product(range(n_cells), repeat=3)))
    points = np.round(numbers @ np.linalg.inv(in_primitive).T % 1.0, 12) % 1.0
    points = np.unique(points, axis=0)
    assert len(points) == n_cells
    return points


def eigenvalues(matrix: np.ndarray, masses: np.ndarray) -> np.ndarray:
    weights = np.repeat(masses**-0.5, 3)
    square = matrix.reshape(len(weights), len(weights)) * np.outer(weights, weights)
    return np.linalg.eigvalsh((square + square.conj().T) / 2)


def at_q(found: ForceConstants, q: np.ndarray) -> np.ndarray:
    """Eigenvalues at a commensurate q-point by the sum that defines the dynamical matrix."""
    primitive, supercell = found.primitive_cell, found.supercell
    classes = found.class_of_atom()
    n_atoms = len(primitive)
    matrix = np.zeros((n_atoms, 3, n_atoms, 3), dtype=complex)
    scaled = primitive.cell.scaled_positions(supercell.positions)
    for own, atom in enumerate(found.primitive_atoms):
        phases = np.exp(2j * np.pi * (scaled - scaled[atom]) @ q)
        for other in range(n_atoms):
            copies = classes == other
            values = found.values_eV_per_A2[own][:, copies]
            matrix[own, :, other] = np.tensordot(values, phases[copies], axes=(1, 0))
    return eigenvalues(matrix, primitive.get_masses())


def test_rows_are_those_of_the_supercell(case: ForceConstants, dense: np.ndarray) -> None:
    assert np.abs(dense).max() > 1
    np.testing.assert_allclose(
        case.values_eV_per_A2, dense[case.primitive_atoms], rtol=0, atol=ROUNDING
    )
    assert case.sum_rule_eV_per_A2 < ROUNDING
    assert case.symmetry_deviation_eV_per_A2 < ROUNDING
    assert case.rows_computed == case.rows_needed <= 3 * len(case.primitive_atoms)


def test_waves_that_fit_into_the_supercell_are_its_modes(
    case: ForceConstants, dense: np.ndarray
) -> None:
    points = commensurate_points(case)
    expected = eigenvalues(dense, case.supercell.get_masses())
    assert expected.max() > 0.1
    written_out = np.sort(np.concatenate([at_q(case, q) for q in points]))
    np.testing.assert_allclose(written_out, expected, rtol=0, atol=ROUNDING)
    phonon = case.to_phonopy()
    frequencies = phonon.run_qpoints(points).frequencies / phonon.unit_conversion_factor
    by_phonopy = np.sort((np.sign(frequencies) * frequencies**2).ravel())
    np.testing.assert_allclose(by_phonopy, expected, rtol=0, atol=ROUNDING)


def test_at_gamma_they_are_the_hessian_of_the_primitive_cell(
    case: ForceConstants, pair_model: Callable[..., Any]
) -> None:
    at_gamma = case.at_gamma()
    primitive = hessian(case.primitive_cell, pair_model(), "rows", row_symmetry_A=None)
    assert at_gamma.atoms == case.primitive_cell
    np.testing.assert_array_equal(at_gamma.atoms.get_masses(), case.primitive_cell.get_masses())
    np.testing.assert_allclose(
        at_gamma.matrix_eV_per_A2, primitive.matrix_eV_per_A2, rtol=0, atol=ROUNDING
    )


def test_primitive_cell_is_the_smallest_that_repeats(case: ForceConstants) -> None:
    ratio = abs(np.linalg.det(case.primitive_vectors))
    assert len(case.primitive_atoms) == round(ratio * len(case.unit_cell))
    handedness = np.linalg.det(case.unit_cell.cell.array) * np.linalg.det(
        case.primitive_cell.cell.array
    )
    assert handedness > 0
    if len(case.primitive_atoms) == len(case.unit_cell):
        assert case.primitive_cell == case.unit_cell
    counts = np.bincount(case.class_of_atom())
    np.testing.assert_array_equal(counts, len(case.supercell) // len(case.primitive_atoms))


def test_rotations_leave_the_frequencies_as_they_are(case: ForceConstants) -> None:
    q = np.random.default_rng(9).uniform(-0.5, 0.5, size=(4, 3))
    phonon = case.to_phonopy()
    expected = phonon.run_qpoints(q).frequencies
    assert len(case.rotations) > 1
    for rotation in case.rotations:
        turned = phonon.run_qpoints(q @ np.linalg.inv(rotation)).frequencies
        np.testing.assert_allclose(turned, expected, rtol=0, atol=1e-6)


def test_hessian_of_the_supercell_holds_the_same(
    case: ForceConstants, pair_model: Callable[..., Any]
) -> None:
    for tolerance_A in (1e-5, None):
        whole = hessian(case.supercell, pair_model(), "rows", row_symmetry_A=tolerance_A)
        found = from_hessian(whole)
        assert len(found.primitive_atoms) == len(case.primitive_atoms)
        assert found.space_group == whole.space_group
        q = np.random.default_rng(7).uniform(-0.5, 0.5, size=(10, 3))
        cartesian = q @ np.linalg.inv(case.primitive_cell.cell.array).T
        other_q = cartesian @ found.primitive_cell.cell.array.T
        frequencies = case.to_phonopy().run_qpoints(q).frequencies
        others = found.to_phonopy().run_qpoints(other_q).frequencies
        np.testing.assert_allclose(others, frequencies, rtol=0, atol=1e-7)


def test_what_is_saved_is_loaded(case: ForceConstants, tmp_path: Path) -> None:
    path = tmp_path / "force_constants.npz"
    case.save(path)
    loaded = ForceConstants.load(path)
    for field in fields(ForceConstants):
        ours, theirs = getattr(case, field.name), getattr(loaded, field.name)
        if isinstance(ours, np.ndarray):
            np.testing.assert_array_equal(theirs, ours)
        else:
            assert theirs == ours, field.name
    np.testing.assert_array_equal(loaded.supercell.get_masses(), case.supercell.get_masses())
    assert json.loads(json.dumps(loaded.summary())) == case.summary()
    with pytest.raises(CheckpointError, match="does not exist; give the path of a saved force"):
        ForceConstants.load(tmp_path / "nothing")


# Which supercell


def test_supercell_is_as_wide_as_it_must_be(pair_model: Callable[..., Any], mgo: Atoms) -> None:
    width_A = 4.25 / np.sqrt(3)  # between opposite faces
    by_default = int(np.ceil(DEFAULT_LENGTH_A / width_A))
    requests = [({}, by_default), ({"length_A": 7.0}, 3), ({"supercell": (2, 2, 2)}, 2)]
    for request, repeats in requests:
        found = force_constants(mgo, pair_model(), **request)
        np.testing.assert_array_equal(found.supercell_matrix, repeats * np.eye(3))
        assert (found.rows_needed, found.summary()["rows_total"]) == (2, 6 * repeats**3)
        assert found.supercell == found.unit_cell * (repeats, repeats, repeats)


def test_force_constants_that_reach_the_boundary_are_noticed(
    pair_model: Callable[..., Any], mgo: Atoms
) -> None:
    # The potential ends at 4 Å; the radius of the supercell is half its shortest vector.
    left = [force_constants(mgo, pair_model(), 3 * [n]).boundary_eV_per_A2 for n in (1, 2, 3)]
    assert left[0] > left[1] > left[2] == 0.0
    # By hand: in a cube the pairs that are half an edge apart or more count.
    found = force_constants(cubic(), pair_model(), (1, 1, 1))
    norms = np.linalg.norm(found.values_eV_per_A2, axis=(1, 3))
    apart = found.supercell.positions - found.supercell.positions[found.primitive_atoms][:, None]
    scaled = apart / 4.25
    far = np.linalg.norm(4.25 * (scaled - np.round(scaled)), axis=2) > 4.25 / 2 - 1e-3
    assert found.boundary_eV_per_A2 == norms[far].max()


def test_nothing_is_known_of_the_boundary_of_one_atom(pair_model: Callable[..., Any]) -> None:
    metal = bulk("Mg", "fcc", a=3.77)
    assert force_constants(metal, pair_model(), (1, 1, 1)).boundary_eV_per_A2 is None
    assert force_constants(metal, pair_model(), (4, 4, 4)).boundary_eV_per_A2 == 0.0


@pytest.mark.parametrize(
    "supercell", [(1.5, 1, 1), (2.0, 2, 2), (0, 1, 1), (-1, 1, 1), np.ones((3, 3), dtype=int)]
)
def test_impossible_supercells_are_refused(
    pair_model: Callable[..., Any], mgo: Atoms, supercell: Any
) -> None:
    with pytest.raises(StructureError, match="supercell"):
        force_constants(mgo, pair_model(), supercell)


def test_supercell_and_length_exclude_each_other(
    pair_model: Callable[..., Any], mgo: Atoms
) -> None:
    with pytest.raises(MethodError, match="either `supercell` or `length_A`"):
        force_constants(mgo, pair_model(), (2, 2, 2), length_A=10.0)


# Which structures


def test_layers_and_chains_have_force_constants_by_translation(
    pair_model: Callable[..., Any], dense_rows: Callable[..., np.ndarray]
) -> None:
    layer = graphene(a=2.46)
    double = graphene(a=2.46, vacuum=0.5)  # the second layer lies one cell vector above the first
    double += Atoms("C2", positions=double.positions + double.cell.array[2])
    chain = Atoms("CO", positions=[(0, 0, 0), (0, 1, 1.3)], cell=[0, 0, 2.6], pbc=(0, 0, 1))
    for atoms, supercell in (
        (layer, [[2, 1, 0], [-1, 2, 0], [0, 0, 1]]),
        (double, (2, 2, 1)),
        (chain, (1, 1, 4)),
    ):
        found = force_constants(atoms, pair_model(), supercell)
        assert found.rows_needed == 3 * len(atoms)
        assert found.symmetry.startswith("translations only: a space group needs a structure")
        dense = dense_rows(found.supercell, pair_model())[: len(atoms)]
        np.testing.assert_allclose(found.values_eV_per_A2, dense, rtol=0, atol=ROUNDING)
        whole = hessian(atoms, pair_model()).matrix_eV_per_A2
        folded = found.at_gamma().matrix_eV_per_A2
        np.testing.assert_allclose(folded, whole, rtol=0, atol=ROUNDING)
        assert found.boundary_eV_per_A2 >= 0
        with pytest.raises(StructureError, match="not periodic in three directions, as phonopy"):
            found.to_phonopy()
        with pytest.raises(StructureError, match="holds no force constants of a crystal"):
            from_hessian(hessian(atoms, pair_model()))


def test_molecules_have_none(pair_model: Callable[..., Any]) -> None:
    with pytest.raises(StructureError, match=r"H2O is a molecule.*compute its Hessian"):
        force_constants(molecule("H2O"), pair_model())
    with pytest.raises(StructureError, match="holds no force constants of a crystal"):
        from_hessian(hessian(molecule("H2O"), pair_model()))


def test_constraints_are_refused(pair_model: Callable[..., Any], mgo: Atoms) -> None:
    mgo.set_constraint(FixAtoms([0]))
    with pytest.raises(MethodError, match="FixAtoms"):
        force_constants(mgo, pair_model(), (2, 2, 2))


def test_model_that_is_not_equivariant_gets_translations_only(
    tilted_model: Callable[..., Any], dense_rows: Callable[..., np.ndarray]
) -> None:
    honest = tilted_model(equivariant=False)
    for tolerance_A, needed in ((1e-5, 6), (None, 24)):
        found = force_constants(cubic(), honest, (2, 1, 1), row_symmetry_A=tolerance_A)
        assert (found.rows_needed, found.space_group) == (needed, None)
        dense = dense_rows(found.supercell, honest)[found.primitive_atoms]
        np.testing.assert_allclose(found.values_eV_per_A2, dense, rtol=0, atol=ROUNDING)
    with pytest.raises(MethodError, match="does not keep this symmetry"):
        force_constants(cubic(), tilted_model(), (2, 1, 1))


def test_interrupted_rows_go_on(
    pair_model: Callable[..., Any], interrupted: type[Any], alpha_quartz: Atoms, tmp_path: Path
) -> None:
    path = tmp_path / "rows"
    settings: dict[str, Any] = {"method": "rows", "checkpoint": path}
    with pytest.raises(KeyboardInterrupt):
        force_constants(alpha_quartz, interrupted(pair_model(), 2), (1, 1, 2), **settings)
    resumed = force_constants(alpha_quartz, pair_model(), (1, 1, 2), **settings)
    assert (resumed.rows_computed, resumed.rows_needed) == (3, 5)
    whole = force_constants(alpha_quartz, pair_model(), (1, 1, 2), method="rows")
    np.testing.assert_array_equal(resumed.values_eV_per_A2, whole.values_eV_per_A2)
    with pytest.raises(CheckpointError, match="another structure"):
        force_constants(alpha_quartz, pair_model(), (1, 1, 1), **settings)
