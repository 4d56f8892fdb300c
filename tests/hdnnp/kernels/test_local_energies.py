"""Changes of a structure: the difference of full energies, whatever changes and wherever."""

import numpy as np
import pytest
from ase import Atoms

from hdnnp_potentials import random_crystal, random_molecule, random_potential
from nearsight.errors import MethodError, ModelError, StructureError
from nearsight.hdnnp.kernels.compiled_potential import compile_potential
from nearsight.hdnnp.kernels.evaluation import evaluate
from nearsight.hdnnp.kernels.local_energies import Change, LocalEnergies
from nearsight.structures.pairs import pairs_of

POTENTIAL = compile_potential(random_potential(1))


def full(atoms: Atoms):
    pairs = pairs_of(atoms, POTENTIAL.cutoff_A)
    return evaluate(POTENTIAL, atoms.numbers, pairs, forces=False)


def wide_crystal(seed: int) -> Atoms:
    return random_crystal(seed, 6).repeat((3, 2, 4))


def slab(seed: int) -> Atoms:
    atoms = random_crystal(seed, 6).repeat((3, 4, 1))
    atoms.pbc = (True, True, False)
    return atoms


def far_molecule(seed: int) -> Atoms:
    return random_molecule(seed, 30, 16.0)


def a_change(energies: LocalEnergies, atoms: Atoms, random) -> tuple[Change, Atoms]:
    """Return a random change, and the structure after it."""
    changed = atoms.copy()
    some = random.choice(len(atoms), 3, replace=False)
    kind = random.choice(["move", "insert", "delete" if len(atoms) > 5 else "insert"])
    if kind == "move":
        # also to elsewhere in the crystal, and across its faces
        changed.positions[some] += random.normal(size=(3, 3)) * random.choice([0.2, 1.0, 30.0])
        return energies.move(some, changed.positions[some]), changed
    if kind == "insert":
        places = atoms.positions[some[0]] + random.normal(size=(3, 3)) * 2.0
        return energies.insert([8, 1, 1], places), changed + Atoms("OHH", places)
    del changed[some.tolist()]
    return energies.delete(some), changed


@pytest.mark.parametrize("make", [random_crystal, wide_crystal, slab, far_molecule])
@pytest.mark.parametrize("seed", range(2))
def test_changes_are_differences_of_full_energies(make, seed):
    atoms = make(seed)
    energies = LocalEnergies(POTENTIAL, atoms)
    assert energies.energy_eV == pytest.approx(full(atoms).energy_eV, abs=1e-11)
    random = np.random.default_rng(seed)
    accepted = 0
    for _ in range(40):
        before = energies.energy_eV
        change, changed = a_change(energies, atoms, random)
        expected = full(changed)
        assert change.energy_eV == pytest.approx(expected.energy_eV, abs=1e-10)
        assert change.difference_eV == pytest.approx(expected.energy_eV - before, abs=1e-10)
        assert energies.energy_eV == before  # until it is accepted
        if random.random() < 0.6:
            accepted += 1
            energies.accept(change)
            atoms = changed
            assert np.array_equal(energies.positions_A, atoms.positions)
            assert np.array_equal(energies.numbers, atoms.numbers)
            assert energies.atomic_energies_eV == pytest.approx(
                expected.atomic_energies_eV, abs=1e-11
            )
    assert accepted > 5


@pytest.mark.parametrize("make", [wide_crystal, slab, far_molecule])
def test_energies_depend_on_the_structure_and_not_on_what_led_to_it(make):
    atoms = make(3)
    energies = LocalEnergies(POTENTIAL, atoms)
    random = np.random.default_rng(3)
    for _ in range(30):
        change, changed = a_change(energies, atoms, random)
        if random.random() < 0.5:
            energies.accept(change)
            atoms = changed
    anew = LocalEnergies(POTENTIAL, atoms)
    assert np.array_equal(energies.atomic_energies_eV, anew.atomic_energies_eV)


def test_only_atoms_within_the_cutoff_of_a_change_are_computed():
    atoms = wide_crystal(4)
    energies = LocalEnergies(POTENTIAL, atoms)
    place = atoms.positions[5] + [0.3, 0.1, 0.0]
    change = energies.move([5], [place])
    near = set()
    for position in (atoms.positions[5], place):
        guest = atoms + Atoms("H", [position])
        pairs = pairs_of(guest, POTENTIAL.cutoff_A)
        near |= set(pairs.second[pairs.first == len(atoms)].tolist()) - {len(atoms)}
    assert set(change.around.centres.tolist()) == near | {5}
    assert len(near) < len(atoms) / 2


def test_a_move_and_back_leaves_what_was():
    atoms = wide_crystal(5)
    energies = LocalEnergies(POTENTIAL, atoms)
    before = energies.atomic_energies_eV
    there = energies.move([3, 4], atoms.positions[[3, 4]] + 0.5)
    energies.accept(there)
    back = energies.move([3, 4], atoms.positions[[3, 4]])
    assert back.difference_eV == pytest.approx(-there.difference_eV, abs=1e-12)
    energies.accept(back)
    assert np.array_equal(energies.atomic_energies_eV, before)


def test_a_lattice_vector_away_is_where_it_was():
    atoms = wide_crystal(6)
    energies = LocalEnergies(POTENTIAL, atoms)
    carried = atoms.positions[[2, 7]] + 2 * atoms.cell.array[0] - 3 * atoms.cell.array[2]
    assert energies.move([2, 7], carried).difference_eV == pytest.approx(0.0, abs=1e-10)


def test_extrapolations_are_those_of_the_atoms_that_change():
    atoms = far_molecule(7)
    energies = LocalEnergies(POTENTIAL, atoms)
    moved = atoms.copy()
    moved.positions[:2] += 0.4
    change = energies.move([0, 1], moved.positions[:2])
    everywhere = full(moved).extrapolations
    here = np.isin(everywhere.atoms, change.around.centres)
    assert np.array_equal(change.extrapolations.atoms, everywhere.atoms[here])
    assert np.array_equal(change.extrapolations.functions, everywhere.functions[here])
    assert 0 < len(change.extrapolations) < len(everywhere)


def test_a_framework_may_be_empty_and_filled():
    cell = 9.0 * np.eye(3)
    energies = LocalEnergies(POTENTIAL, Atoms(cell=cell, pbc=True))
    assert energies.energy_eV == 0.0
    guest = random_molecule(8, 4)
    for number in range(5):
        places = guest.positions + np.array([0.0, 0.3, 2.0]) * number
        energies.accept(energies.insert(guest.numbers, places))
    atoms = Atoms(energies.numbers, energies.positions_A, cell=cell, pbc=True)
    assert energies.energy_eV == pytest.approx(full(atoms).energy_eV, abs=1e-10)
    energies.accept(energies.delete(range(20)))
    assert energies.energy_eV == 0.0


def test_a_change_of_what_is_no_more_is_refused():
    atoms = far_molecule(9)
    energies = LocalEnergies(POTENTIAL, atoms)
    one, other = (energies.move([index], [[1.0, 2.0, index]]) for index in (0, 1))
    energies.accept(one)
    with pytest.raises(MethodError, match="compute it again"):
        energies.accept(other)


def test_what_cannot_change_is_refused():
    atoms = far_molecule(10)
    energies = LocalEnergies(POTENTIAL, atoms)
    with pytest.raises(MethodError, match="indices go from 0 to 29"):
        energies.delete([30])
    with pytest.raises(MethodError, match="twice"):
        energies.move([1, 1], np.zeros((2, 3)))
    with pytest.raises(StructureError, match="shape"):
        energies.move([1], np.zeros((2, 3)))
    with pytest.raises(StructureError, match="position 0 is"):
        energies.insert([1], [[0.0, np.nan, 0.0]])
    with pytest.raises(StructureError, match="carry it back"):
        energies.move([1], [[1e12, 0.0, 0.0]])
    with pytest.raises(ModelError, match="no network for Zn"):
        energies.insert([30], np.zeros((1, 3)))
    # and nothing has happened
    assert energies.energy_eV == pytest.approx(full(atoms).energy_eV, abs=1e-11)
