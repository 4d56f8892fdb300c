import numpy as np
import pytest
from ase import Atoms
from ase.build import molecule
from numpy.testing import assert_allclose

from nearsight.errors import StructureError
from nearsight.vibrations.rigid_body import rigid_body_basis


@pytest.mark.parametrize(
    ("name", "expected"), [("H", 3), ("N2", 5), ("CO2", 5), ("C2H2", 5), ("H2O", 6), ("CH4", 6)]
)
def test_a_molecule_has_six_rigid_body_modes_a_linear_one_five_an_atom_three(name, expected):
    atoms = Atoms("H", positions=[[1.0, 2.0, 3.0]]) if name == "H" else molecule(name)
    random = np.random.default_rng(1)
    atoms.rotate(random.uniform(0, 180), random.normal(size=3))
    atoms.translate(random.normal(scale=30.0, size=3))

    basis = rigid_body_basis(atoms)

    assert basis.shape == (3 * len(atoms), expected)
    assert_allclose(basis.T @ basis, np.eye(expected), atol=1e-12)


@pytest.mark.parametrize("pbc", [(True, True, True), (True, True, False), (False, True, True)])
def test_two_periodic_directions_leave_only_translations(pbc):
    atoms = molecule("H2O", cell=[8.0, 8.0, 8.0], pbc=pbc)
    assert rigid_body_basis(atoms).shape == (9, 3)


def test_the_directions_are_displacements_that_change_no_distance():
    atoms = molecule("CH3OH")
    displacements = rigid_body_basis(atoms).T.reshape(6, -1, 3)
    displacements = displacements / np.sqrt(atoms.get_masses())[:, np.newaxis]
    separations = atoms.positions[:, np.newaxis] - atoms.positions
    for displacement in displacements:
        change = displacement[:, np.newaxis] - displacement
        assert np.abs(np.sum(separations * change, axis=2)).max() < 1e-12


def test_a_molecule_bent_by_a_ten_thousandth_of_its_length_is_linear():
    atoms = Atoms("OCO", positions=[[-1.16, 0, 0], [0, 2e-4, 0], [1.16, 0, 0]])
    assert rigid_body_basis(atoms).shape[1] == 5


def test_a_molecule_bent_visibly_is_not_linear():
    atoms = Atoms("OCO", positions=[[-1.16, 0, 0], [0, 2e-2, 0], [1.16, 0, 0]])
    assert rigid_body_basis(atoms).shape[1] == 6


def test_an_empty_structure_is_refused():
    with pytest.raises(StructureError, match="no atoms"):
        rigid_body_basis(Atoms())


def test_a_mass_of_zero_is_refused_with_its_atom():
    atoms = Atoms("HX", positions=[[0, 0, 0], [1, 0, 0]], masses=[1.0, 0.0])
    with pytest.raises(StructureError, match=r"atom 1 \(X\) has the mass 0.0 amu"):
        rigid_body_basis(atoms)


@pytest.mark.parametrize("periodic", [0, 1, 2])
def test_a_chain_turns_about_its_own_axis_too(spring_chain, periodic):
    hessian = spring_chain(periodic)
    atoms = hessian.atoms
    basis = rigid_body_basis(atoms)
    assert basis.shape == (3 * len(atoms), 4)
    assert_allclose(basis.T @ basis, np.eye(4), atol=1e-12)

    # The springs of the chain resist every motion but these four.
    weights = np.repeat(atoms.get_masses() ** -0.5, 3)
    dynamical = weights[:, np.newaxis] * hessian.symmetric() * weights
    assert np.abs(dynamical @ basis).max() < 1e-12 * np.abs(dynamical).max()
    eigenvalues = np.linalg.eigvalsh(dynamical)
    assert np.count_nonzero(eigenvalues < 1e-10 * eigenvalues[-1]) == 4


def test_the_axis_of_a_chain_passes_through_its_centre_of_mass():
    # Water along z: the rotation about z moves each atom across z and its distance from the centre.
    atoms = molecule("H2O", cell=[0.0, 0.0, 4.0], pbc=(False, False, True))
    rotation = rigid_body_basis(atoms)[:, 3].reshape(-1, 3) / np.sqrt(atoms.get_masses())[:, None]
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
    assert rigid_body_basis(atoms).shape == (6, expected)
    # A longer cell of the same chain is judged alike.
    assert rigid_body_basis(atoms * (1, 9, 1)).shape == (54, expected)


def test_a_chain_without_a_cell_vector_is_refused():
    atoms = Atoms("C2", positions=[[0, 0, 0], [1, 1, 1]], pbc=(False, False, True))
    with pytest.raises(StructureError, match="periodic direction has no cell vector"):
        rigid_body_basis(atoms)
