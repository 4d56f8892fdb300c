"""Structures that no calculation should start from."""

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk, fcc111, molecule
from ase.constraints import FixAtoms

from nearsight.errors import MemoryBudgetError, MethodError, StructureError
from nearsight.structures.checking import (
    check_structure,
    require_no_constraints,
    require_room_to_check,
)


@pytest.fixture
def copper() -> Atoms:
    return bulk("Cu", cubic=True)


def refuse(atoms: Atoms, words: str) -> None:
    with pytest.raises(StructureError, match=words):
        check_structure(atoms)


def test_good_structures_pass(copper: Atoms) -> None:
    left_handed = copper.copy()
    left_handed.set_cell(left_handed.cell.array[[1, 0, 2]])
    in_a_box = molecule("H2O", vacuum=5.0)
    chain = Atoms("C", cell=[0, 0, 1.3], pbc=[False, False, True])
    for atoms in (copper, left_handed, in_a_box, molecule("H2"), fcc111("Cu", (1, 1, 3)), chain):
        before = atoms.copy()
        check_structure(atoms)
        assert atoms == before


def test_no_atoms() -> None:
    refuse(Atoms(), "no atoms")


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_position_that_is_no_number(copper: Atoms, value: float) -> None:
    copper.positions[2, 1] = value
    refuse(copper, r"Atom 2 \(Cu\) has the position .* not finite")


def test_cell_that_is_no_number(copper: Atoms) -> None:
    copper.cell[0, 0] = np.nan
    refuse(copper, "cell .* not finite")


def test_placeholder_instead_of_an_element() -> None:
    refuse(Atoms("HXX", positions=np.diag([1, 2, 3])), "2 atoms have no element .* atom 1")


def test_periodic_without_a_cell() -> None:
    refuse(Atoms("Cu", pbc=True), "periodic along a, b, c but has no cell vector")
    refuse(Atoms("Cu", cell=[3, 0, 3], pbc=[True, True, False]), "periodic along b but")


@pytest.mark.parametrize("pbc", [True, [True, True, False]])
def test_cell_without_volume(pbc: object) -> None:
    cell = [[3, 0, 0], [6, 0, 0], [0, 0, 3]]
    refuse(Atoms("Cu", cell=cell, pbc=pbc), "linearly dependent")


def test_coplanar_cell() -> None:
    cell = [[3, 0, 0], [0, 3, 0], [3, 3, 0]]
    refuse(Atoms("Cu", cell=cell, pbc=True), "no volume")


def test_atoms_on_top_of_each_other(copper: Atoms) -> None:
    copper.append("O")
    copper.positions[4] = copper.positions[1] + [0.0, 0.3, 0.0]
    refuse(copper, r"Atom 1 \(Cu\) and atom 4 \(O\) are 0\.300 Å apart; one pair of atoms is")


def test_atoms_close_through_the_boundary_only_if_periodic() -> None:
    atoms = Atoms("He2", positions=[[0.1, 0, 0], [4.9, 0, 0]], cell=[5, 5, 5], pbc=True)
    refuse(atoms, r"Atom 0 \(He\) and atom 1 \(He\) are 0\.200 Å apart")
    atoms.pbc = False
    check_structure(atoms)


def test_atom_close_to_its_own_image() -> None:
    refuse(Atoms("He", cell=[0.4, 5, 5], pbc=True), r"its own periodic image are 0\.400 Å")


def test_all_close_pairs_are_counted_once(copper: Atoms) -> None:
    refuse(copper + copper, "4 pairs of atoms are closer than 0.5")


def test_distances_agree_with_a_search_over_all_images() -> None:
    rng = np.random.default_rng(7)
    cell = np.array([[3.0, 0.0, 0.0], [1.4, 2.2, 0.0], [-1.0, 0.7, 2.5]])
    shifts = np.array(np.meshgrid(*[[-1, 0, 1]] * 3)).reshape(3, -1).T @ cell
    outcomes = set()
    for _ in range(40):
        atoms = Atoms("He3", scaled_positions=rng.random((3, 3)), cell=cell, pbc=True)
        vectors = atoms.positions[:, None] - atoms.positions[None] + shifts[:, None, None]
        distances = np.linalg.norm(vectors, axis=-1)
        too_close = bool((distances[distances > 1e-9] < 0.5).any())
        outcomes.add(too_close)
        if too_close:
            refuse(atoms, "closer than 0.5")
        else:
            check_structure(atoms)
    assert outcomes == {True, False}


def test_constraints_are_named() -> None:
    atoms = bulk("Cu")
    require_no_constraints(atoms)
    atoms.set_constraint(FixAtoms([0]))
    with pytest.raises(MethodError, match="FixAtoms"):
        require_no_constraints(atoms)


@pytest.mark.parametrize("number", [-5, -1, 119, 1000])
def test_atomic_number_of_no_element(copper: Atoms, number: int) -> None:
    copper.numbers[2] = number
    refuse(copper, f"Atom 2 has the atomic number {number}")


@pytest.mark.parametrize("mass", [0.0, -1.0, np.nan, np.inf])
def test_mass_that_no_atom_has(copper: Atoms, mass: float) -> None:
    masses = copper.get_masses()
    masses[1] = mass
    copper.arrays["masses"] = masses
    refuse(copper, r"Atom 1 \(Cu\) has the mass")


@pytest.mark.parametrize(("name", "what"), [("charges", "charge"), ("magmoms", "magnetic moment")])
def test_charges_and_moments_that_are_no_number(copper: Atoms, name: str, what: str) -> None:
    copper.set_array(f"initial_{name}", np.array([0.0, 0.0, np.nan, 0.0]))
    refuse(copper, rf"Atom 2 \(Cu\) has an initial {what} that is not finite")


def test_so_many_atoms_that_they_cannot_be_checked() -> None:
    with pytest.raises(MemoryBudgetError, match="distances of 1000000000000 atoms would take"):
        require_room_to_check(10**12)
