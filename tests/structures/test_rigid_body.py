import numpy as np
import pytest
from ase import Atoms
from ase.build import molecule
from numpy.testing import assert_allclose

from nearsight.errors import StructureError
from nearsight.hessian.reach import pieces_of
from nearsight.structures.rigid_body import rigid_body_basis


def basis_of(atoms):
    return rigid_body_basis(atoms, pieces_of(atoms, None))


@pytest.mark.parametrize(
    ("name", "expected"), [("H", 3), ("N2", 5), ("CO2", 5), ("C2H2", 5), ("H2O", 6), ("CH4", 6)]
)
def test_a_molecule_has_six_rigid_body_modes_a_linear_one_five_an_atom_three(name, expected):
    atoms = Atoms("H", positions=[[1.0, 2.0, 3.0]]) if name == "H" else molecule(name)
    random = np.random.default_rng(1)
    atoms.rotate(random.uniform(0, 180), random.normal(size=3))
    atoms.translate(random.normal(scale=30.0, size=3))

    basis = basis_of(atoms)

    assert basis.shape == (3 * len(atoms), expected)
    assert_allclose(basis.T @ basis, np.eye(expected), atol=1e-12)


@pytest.mark.parametrize("pbc", [(True, True, True), (True, True, False), (False, True, True)])
def test_two_periodic_directions_leave_only_translations(pbc):
    atoms = molecule("H2O", cell=[8.0, 8.0, 8.0], pbc=pbc)
    assert basis_of(atoms).shape == (9, 3)


def test_the_directions_are_displacements_that_change_no_distance():
    atoms = molecule("CH3OH")
    displacements = basis_of(atoms).T.reshape(6, -1, 3)
    displacements = displacements / np.sqrt(atoms.get_masses())[:, np.newaxis]
    separations = atoms.positions[:, np.newaxis] - atoms.positions
    for displacement in displacements:
        change = displacement[:, np.newaxis] - displacement
        assert np.abs(np.sum(separations * change, axis=2)).max() < 1e-12


def test_a_molecule_bent_by_a_ten_thousandth_of_its_length_is_linear():
    atoms = Atoms("OCO", positions=[[-1.16, 0, 0], [0, 2e-4, 0], [1.16, 0, 0]])
    assert basis_of(atoms).shape[1] == 5


def test_a_molecule_bent_visibly_is_not_linear():
    atoms = Atoms("OCO", positions=[[-1.16, 0, 0], [0, 2e-2, 0], [1.16, 0, 0]])
    assert basis_of(atoms).shape[1] == 6


def test_an_empty_structure_is_refused():
    with pytest.raises(StructureError, match="no atoms"):
        basis_of(Atoms())


def test_a_mass_of_zero_is_refused_with_its_atom():
    atoms = Atoms("HX", positions=[[0, 0, 0], [1, 0, 0]], masses=[1.0, 0.0])
    with pytest.raises(StructureError, match=r"atom 1 \(X\) has the mass 0.0 amu"):
        basis_of(atoms)


def test_the_axis_of_a_chain_passes_through_its_centre_of_mass():
    # Water along z: the rotation about z moves each atom across z and its distance from the centre.
    atoms = molecule("H2O", cell=[0.0, 0.0, 4.0], pbc=(False, False, True))
    rotation = basis_of(atoms)[:, 3].reshape(-1, 3) / np.sqrt(atoms.get_masses())[:, None]
    arms = (atoms.positions - atoms.get_center_of_mass())[:, :2]
    rate = np.linalg.norm(rotation[1]) / np.linalg.norm(arms[1])
    assert_allclose(np.abs(rotation[:, 0]), rate * np.abs(arms[:, 1]), atol=1e-12)
    assert_allclose(np.abs(rotation[:, 1]), rate * np.abs(arms[:, 0]), atol=1e-12)
    assert_allclose(rotation[:, 2], 0.0, atol=1e-12)


@pytest.mark.parametrize(("offset_A", "expected"), [(0.0, 3), (0.005, 3), (0.05, 4)])
def test_a_straight_chain_has_no_rotation(offset_A, expected):
    axis = np.array([1.0, 2.0, -2.0]) / 3
    across = np.array([2.0, 1.0, 2.0]) / 3
    positions = [3.0 + 0 * axis, 3.0 + 1.3 * axis + offset_A * across]
    cell = [[0.0, 0.0, 0.0], 2.6 * axis, [0.0, 0.0, 0.0]]
    atoms = Atoms("C2", positions=positions, cell=cell, pbc=(False, True, False))
    assert basis_of(atoms).shape == (6, expected)
    # A longer cell of the same chain is judged alike.
    assert basis_of(atoms * (1, 9, 1)).shape == (54, expected)


def test_a_chain_without_a_cell_vector_is_refused():
    atoms = Atoms("C2", positions=[[0, 0, 0], [1, 1, 1]], pbc=(False, False, True))
    with pytest.raises(StructureError, match="periodic direction has no cell vector"):
        basis_of(atoms)
