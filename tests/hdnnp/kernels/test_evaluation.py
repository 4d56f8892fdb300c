"""Energies and their derivatives of random potentials of every kind."""

from dataclasses import replace

import numpy as np
import pytest
from ase import Atoms
from ase import units as ase_units

from hdnnp_potentials import (
    CUTOFFS,
    SYMBOLS,
    element_potential,
    random_crystal,
    random_molecule,
    random_potential,
)
from nearsight.errors import MethodError, ModelError, StructureError
from nearsight.hdnnp.cutoff_functions import CutoffFunction
from nearsight.hdnnp.kernels.compiled_potential import compile_potential
from nearsight.hdnnp.kernels.evaluation import KernelEvaluation, evaluate
from nearsight.hdnnp.networks import ACTIVATIONS
from nearsight.hdnnp.potential import (
    FunctionStatistics,
    Normalization,
    Potential,
    PotentialUnits,
    Scaling,
)
from nearsight.hdnnp.symmetry_functions import AngularFunction, RadialFunction
from nearsight.structures.pairs import pairs_of
from nearsight.structures.strain import strain_matrix, strained


def of(potential: Potential, atoms: Atoms, **asked: bool) -> KernelEvaluation:
    compiled = compile_potential(potential)
    return evaluate(compiled, atoms.numbers, pairs_of(atoms, compiled.cutoff_A), **asked)


def differences(potential: Potential, atoms: Atoms, step_A: float = 1e-4) -> np.ndarray:
    forces = np.zeros((len(atoms), 3))
    for atom, axis in np.ndindex(*forces.shape):
        energies = []
        for step in (step_A, -step_A):
            moved = atoms.copy()
            moved.positions[atom, axis] += step
            energies.append(of(potential, moved, forces=False).energy_eV)
        forces[atom, axis] = (energies[1] - energies[0]) / (2 * step_A)
    return forces


@pytest.mark.parametrize("make", [random_molecule, random_crystal])
@pytest.mark.parametrize("seed", range(3))
def test_forces_are_those_of_differences(make, seed):
    potential, atoms = random_potential(seed), make(seed)
    forces = of(potential, atoms).forces_eV_per_A
    assert forces == pytest.approx(differences(potential, atoms), abs=2e-7)
    assert np.abs(forces).max() > 0.05


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_forces_are_those_of_differences_for_every_activation(activation):
    potential, atoms = random_potential(5, activations=f"{activation}tl"), random_molecule(2, 4)
    forces = of(potential, atoms).forces_eV_per_A
    assert forces == pytest.approx(differences(potential, atoms), abs=2e-7)


@pytest.mark.parametrize("kind", range(1, 9))
def test_forces_are_those_of_differences_for_every_cutoff_function(kind):
    potential = random_potential(1, cutoffs=(CutoffFunction(kind, 0.1, 3.5),))
    atoms = random_crystal(1, 4)
    forces = of(potential, atoms).forces_eV_per_A
    assert forces == pytest.approx(differences(potential, atoms), abs=1e-6)


def test_stress_is_that_of_differences():
    potential, atoms = random_potential(2), random_crystal(2)
    stress = of(potential, atoms, forces=False, stress=True).stress_eV_per_A3
    for component in range(6):
        voigt = np.zeros(6)
        energies = []
        for step in (1e-4, -1e-4):
            voigt[component] = step
            moved = strained(atoms, strain_matrix(voigt))
            energies.append(of(potential, moved, forces=False).energy_eV)
        slope = (energies[0] - energies[1]) / 2e-4
        assert stress[component] == pytest.approx(slope / atoms.get_volume(), abs=1e-7)


def test_atoms_apart_have_the_energies_of_their_networks_alone():
    potential = random_potential(3)
    evaluation = of(potential, Atoms("CO", [[0, 0, 0], [50.0, 0, 0]]), forces=True)
    assert evaluation.forces_eV_per_A == pytest.approx(np.zeros((2, 3)), abs=0)
    for energy, each in zip(evaluation.atomic_energies_eV, potential.elements[1:], strict=True):
        statistics = each.statistics
        x = -statistics.mean / (statistics.largest - statistics.smallest)
        for layer, activation in zip(
            each.network.layers, (np.tanh, lambda z: np.log1p(np.exp(z)), lambda z: z), strict=True
        ):
            x = activation(layer.weights @ x + layer.biases)
        assert energy == pytest.approx(each.atomic_energy + 0.1 + x[0] / 2.0, abs=1e-13)


def test_moved_turned_and_mirrored_structures_have_the_same_energy():
    potential, atoms = random_potential(4), random_molecule(4)
    evaluation = of(potential, atoms)
    turn = np.linalg.qr(np.random.default_rng(4).normal(size=(3, 3)))[0]
    for matrix in (turn, -turn):  # one of them is a mirror
        turned = atoms.copy()
        turned.positions = atoms.positions @ matrix.T + [3.0, -40.0, 8.0]
        other = of(potential, turned)
        assert other.atomic_energies_eV == pytest.approx(evaluation.atomic_energies_eV, abs=1e-11)
        assert other.forces_eV_per_A == pytest.approx(
            evaluation.forces_eV_per_A @ matrix.T, abs=1e-10
        )
    assert evaluation.forces_eV_per_A.sum(axis=0) == pytest.approx(np.zeros(3), abs=1e-11)


def test_the_order_of_atoms_is_that_of_their_energies():
    potential, atoms = random_potential(5), random_crystal(5)
    order = np.random.default_rng(5).permutation(len(atoms))
    one, other = of(potential, atoms), of(potential, atoms[order])
    assert other.atomic_energies_eV == pytest.approx(one.atomic_energies_eV[order], abs=1e-12)
    assert other.forces_eV_per_A == pytest.approx(one.forces_eV_per_A[order], abs=1e-11)


def test_a_supercell_has_the_multiple_of_the_energy():
    potential, atoms = random_potential(6), random_crystal(6)  # narrower than the cutoff
    one, many = (of(potential, each, stress=True) for each in (atoms, atoms.repeat((3, 2, 2))))
    assert many.energy_eV == pytest.approx(12 * one.energy_eV, rel=1e-12)
    assert many.forces_eV_per_A == pytest.approx(np.tile(one.forces_eV_per_A, (12, 1)), abs=1e-10)
    assert many.stress_eV_per_A3 == pytest.approx(one.stress_eV_per_A3, abs=1e-12)
    assert len(many.extrapolations) == 12 * len(one.extrapolations) > 0


def test_one_atom_in_a_small_cell_is_its_own_neighbour():
    potential = random_potential(7)
    atoms = Atoms("C", cell=[1.9, 2.1, 2.4], pbc=True)
    one, many = of(potential, atoms, stress=True), of(potential, atoms.repeat(4), stress=True)
    assert one.energy_eV == pytest.approx(many.energy_eV / 64, rel=1e-12)
    assert one.forces_eV_per_A == pytest.approx(np.zeros((1, 3)), abs=1e-11)
    assert one.stress_eV_per_A3 == pytest.approx(many.stress_eV_per_A3, abs=1e-12)


def test_pairs_farther_than_the_cutoff_change_nothing():
    compiled, atoms = compile_potential(random_potential(8)), random_crystal(8)
    near, far = (
        evaluate(compiled, atoms.numbers, pairs_of(atoms, compiled.cutoff_A + more))
        for more in (0.0, 2.0)
    )
    assert far.energy_eV == pytest.approx(near.energy_eV, abs=1e-12)
    assert far.forces_eV_per_A == pytest.approx(near.forces_eV_per_A, abs=1e-11)


def test_the_same_is_the_same_to_the_bit():
    potential, atoms = random_potential(9), random_crystal(9)
    one, other = of(potential, atoms), of(potential, atoms)
    assert np.array_equal(one.atomic_energies_eV, other.atomic_energies_eV)
    assert np.array_equal(one.forces_eV_per_A, other.forces_eV_per_A)


def in_bohr(potential: Potential) -> Potential:
    """Return a potential in Å and eV with all that it says in bohr and hartree."""
    bohr, hartree = ase_units.Bohr, ase_units.Hartree

    def function(one):
        cutoff = replace(one.cutoff, radius=one.cutoff.radius / bohr)
        return replace(one, cutoff=cutoff, eta=one.eta * bohr**2, shift=one.shift / bohr)

    normalization = Normalization(
        potential.normalization.mean_energy / hartree,
        potential.normalization.conv_energy * hartree,
        potential.normalization.conv_length * bohr,
    )
    elements = tuple(
        replace(
            each,
            functions=tuple(map(function, each.functions)),
            atomic_energy=each.atomic_energy / hartree,
        )
        for each in potential.elements
    )
    return replace(
        potential,
        elements=elements,
        normalization=normalization,
        units=PotentialUnits("bohr", "hartree"),
    )


def test_units_of_a_potential_change_no_result():
    potential, atoms = random_potential(10), random_crystal(10)
    one, other = of(potential, atoms, stress=True), of(in_bohr(potential), atoms, stress=True)
    assert other.energy_eV == pytest.approx(one.energy_eV, abs=1e-10)
    assert other.forces_eV_per_A == pytest.approx(one.forces_eV_per_A, abs=1e-10)
    assert other.stress_eV_per_A3 == pytest.approx(one.stress_eV_per_A3, abs=1e-11)


@pytest.mark.parametrize("kind", ["none", "range", "center", "range and center", "sigma"])
def test_inputs_are_scaled_as_said(kind):
    """A linear network of one input that is 1 gives the input."""
    cutoff = CutoffFunction(0, 0.0, 2.0)
    statistics = FunctionStatistics(*np.array([[0.5], [2.5], [1.2], [0.4]]))
    element = element_potential(
        np.random.default_rng(0), "H", [RadialFunction("H", "H", 0.0, 0.0, cutoff)], "l"
    )
    (layer,) = element.network.layers
    one = replace(layer, weights=np.ones((1, 1)), biases=np.zeros(1))
    network = replace(element.network, layers=(one,))
    potential = Potential(
        (replace(element, statistics=statistics, network=network, atomic_energy=0.0),),
        Scaling(kind, -1.0, 3.0),
    )
    evaluation = of(potential, Atoms("H2", [[0, 0, 0], [1, 0, 0]]))  # G = 1
    expected = {
        "none": 1.0,
        "range": -1 + 4 * 0.5 / 2,
        "center": 1 - 1.2,
        "range and center": -1 + 4 * -0.2 / 2,
        "sigma": -1 + 4 * -0.2 / 0.4,
    }
    assert evaluation.atomic_energies_eV == pytest.approx([expected[kind]] * 2)


def test_extrapolations_are_counted_for_each_atom_and_function():
    """Three atoms in a row: those at the ends have one neighbour, the one between has two."""
    cutoff = CutoffFunction(0, 0.0, 1.5)
    functions = [RadialFunction("H", "H", 0.0, 0.0, cutoff)]
    functions.append(AngularFunction(9, "H", ("H", "H"), 0.0, -1, 1.0, 0.0, cutoff))
    element = element_potential(np.random.default_rng(0), "H", functions, "tl")
    atoms = Atoms("H3", [[0, 0, 0], [1, 0, 0], [2, 0, 0]])

    def extrapolations(smallest, largest):
        mean = np.array(smallest)
        statistics = FunctionStatistics(mean, np.array(largest), mean, np.ones(2))
        return of(Potential((replace(element, statistics=statistics),)), atoms).extrapolations

    within = extrapolations([1.0, 0.0], [2.0, 2.0])
    assert len(within) == 0
    rounding = 1e-13  # less than 1000 times the precision
    assert len(extrapolations([1.0 + rounding, 0.0], [2.0 - rounding, 2.0])) == 0
    beyond = extrapolations([1.0 + 1e-12, 0.0], [1.9, 1.9])
    assert beyond.atoms.tolist() == [0, 1, 1, 2]
    assert beyond.functions.tolist() == [0, 0, 1, 0]
    assert beyond.values == pytest.approx([1.0, 2.0, 2.0, 1.0])


def test_what_cannot_be_evaluated_is_refused():
    compiled = compile_potential(random_potential())
    atoms = random_molecule()
    with pytest.raises(MethodError, match="search farther"):
        evaluate(compiled, atoms.numbers, pairs_of(atoms, 3.0))
    pairs = pairs_of(atoms, compiled.cutoff_A)
    with pytest.raises(ModelError, match="no network for Zn; it has those of H, C, O"):
        evaluate(compiled, np.array([30] * len(atoms)), pairs)
    with pytest.raises(MethodError, match="2 atoms were given with pairs of 9 atoms"):
        evaluate(compiled, np.array([6, 6]), pairs)
    with pytest.raises(StructureError, match="ask for forces alone"):
        evaluate(compiled, atoms.numbers, pairs, stress=True)
    pairs.positions_A[1, 1] = np.nan
    with pytest.raises(StructureError, match="position 1"):
        evaluate(compiled, atoms.numbers, pairs)


def test_a_function_that_is_constant_cannot_be_scaled():
    potential = random_potential()
    first = potential.elements[0]
    statistics = replace(first.statistics, largest=first.statistics.smallest)
    constant = (replace(first, statistics=statistics), *potential.elements[1:])
    with pytest.raises(MethodError, match="function 1 of H"):
        compile_potential(replace(potential, elements=constant))


def test_atoms_that_coincide_give_no_number():
    potential = random_potential()
    atoms = Atoms("CCO", [[0, 0, 0], [0, 0, 0], [1.2, 0, 0]])
    assert np.isnan(of(potential, atoms).forces_eV_per_A).any()


def test_all_elements_and_cutoffs_have_a_part():
    """What is tested here is tested with functions that are not zero."""
    compiled = compile_potential(random_potential())
    assert len(compiled.numbers) == len(SYMBOLS)
    assert len(compiled.functions.cutoff_kinds) == len(CUTOFFS)
    assert compiled.functions.group_narrow.any()
    assert not compiled.functions.group_narrow.all()
