"""Derivatives by weights against differences, and against each other."""

import numpy as np
import pytest

from hdnnp_potentials import random_crystal, random_molecule, random_potential
from nearsight.errors import MethodError
from nearsight.hdnnp.kernels.compiled_potential import CompiledPotential, compile_potential
from nearsight.hdnnp.kernels.descriptors import Descriptors, descriptors
from nearsight.hdnnp.kernels.evaluation import evaluate
from nearsight.hdnnp.kernels.jacobians import jacobian, loss_gradient, predict
from nearsight.hdnnp.networks import ACTIVATIONS, parameters, with_parameters
from nearsight.hdnnp.potential import Potential
from nearsight.structures.pairs import Pairs, pairs_of


def described(potential: CompiledPotential, atoms) -> Descriptors:
    return descriptors(potential, atoms.numbers, pairs_of(atoms, potential.cutoff_A))


def all_components(n_atoms: int) -> np.ndarray:
    return np.array(list(np.ndindex(n_atoms, 3)))


@pytest.mark.parametrize("make", [random_molecule, random_crystal])
def test_predictions_are_those_of_an_evaluation(make):
    potential, atoms = compile_potential(random_potential(1)), make(1)
    evaluation = evaluate(potential, atoms.numbers, pairs_of(atoms, potential.cutoff_A))
    energies, forces = predict(potential, described(potential, atoms))
    assert energies == pytest.approx(evaluation.atomic_energies_eV, abs=1e-12)
    assert forces == pytest.approx(evaluation.forces_eV_per_A, abs=1e-12)


def assert_derivatives(potential: CompiledPotential, of_structure: Descriptors, seed: int) -> None:
    """Compare all rows with differences along some weights of each element."""
    components = all_components(len(of_structure.elements))
    at = jacobian(potential, of_structure, components)
    energies, forces = predict(potential, of_structure)
    assert at.values == pytest.approx(np.append(energies.sum(), forces), abs=1e-10)
    random, step = np.random.default_rng(seed), 1e-5
    for block, rows in zip(potential.blocks, at.blocks, strict=True):
        assert rows.flags.c_contiguous
        for weight in random.integers(block.start, block.stop, 12):
            ends = []
            for change in (step, -step):
                weights = potential.weights.copy()
                weights[weight] += change
                energies, forces = predict(potential.with_weights(weights), of_structure)
                ends.append(np.append(energies.sum(), forces))
            assert rows[:, weight - block.start] == pytest.approx(
                (ends[0] - ends[1]) / (2 * step), abs=3e-8
            )
        assert np.abs(rows).max() > 1e-3


@pytest.mark.parametrize("make", [random_molecule, random_crystal])
@pytest.mark.parametrize("seed", range(2))
def test_jacobians_are_those_of_differences(make, seed):
    potential = compile_potential(random_potential(seed))
    assert_derivatives(potential, described(potential, make(seed, 8)), seed)


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_jacobians_are_those_of_differences_for_every_activation(activation):
    potential = compile_potential(random_potential(2, activations=f"{activation}tl"))
    assert_derivatives(potential, described(potential, random_molecule(3, 7)), 3)


@pytest.mark.parametrize("activations", ["l", "t", "tl", "ttttl"])
def test_networks_may_have_any_number_of_layers(activations):
    potential = compile_potential(random_potential(4, activations=activations))
    assert_derivatives(potential, described(potential, random_molecule(3, 7)), 4)


def test_columns_come_in_the_order_of_the_parameters():
    """The weights of a potential are changed by the names of the values, not of the kernels."""
    potential, atoms = random_potential(5), random_molecule(3, 7)
    compiled = compile_potential(potential)
    at = jacobian(compiled, described(compiled, atoms), all_components(len(atoms)))
    for index, rows in enumerate(at.blocks):
        direction = np.random.default_rng(index).normal(size=rows.shape[1])
        ends = []
        for step in (1e-5, -1e-5):
            changed = compile_potential(moved(potential, index, step * direction))
            energies, forces = predict(changed, described(changed, atoms))
            ends.append(np.append(energies.sum(), forces))
        assert rows @ direction == pytest.approx((ends[0] - ends[1]) / 2e-5, abs=1e-6)


def moved(potential: Potential, index: int, change: np.ndarray) -> Potential:
    elements = list(potential.elements)
    network = elements[index].network
    network = with_parameters(network, parameters(network) + change)
    elements[index] = type(elements[index])(
        elements[index].symbol,
        elements[index].functions,
        elements[index].statistics,
        network,
        elements[index].atomic_energy,
    )
    return Potential(tuple(elements), potential.scaling, potential.normalization, potential.units)


def test_chosen_components_are_rows_of_all():
    potential, atoms = compile_potential(random_potential(6)), random_crystal(6)
    of_structure = described(potential, atoms)
    every = all_components(len(atoms))
    rows = jacobian(potential, of_structure, every)
    chosen = np.array([7, 2, 2, 11])
    some = jacobian(potential, of_structure, every[chosen])
    for one, other in zip(some.blocks, rows.blocks, strict=True):
        assert np.array_equal(one, other[np.append(0, 1 + chosen)])
    energy = jacobian(potential, of_structure, np.empty((0, 2), dtype=int))
    assert energy.values == rows.values[:1]
    for one, other in zip(energy.blocks, rows.blocks, strict=True):
        assert np.array_equal(one, other[:1])


def test_forces_of_a_crystal_have_rows_without_sum():
    """No weight moves the crystal as a whole."""
    potential, atoms = compile_potential(random_potential(7)), random_crystal(7)
    at = jacobian(potential, described(potential, atoms), all_components(len(atoms)))
    for rows in at.blocks:
        total = rows[1:].reshape(len(atoms), 3, -1).sum(axis=0)
        assert total == pytest.approx(np.zeros_like(total), abs=1e-11)


@pytest.mark.parametrize("make", [random_molecule, random_crystal])
def test_the_gradient_of_a_loss_is_the_sum_of_rows(make):
    potential, atoms = compile_potential(random_potential(8)), make(8)
    of_structure = described(potential, atoms)
    by_forces = np.random.default_rng(8).normal(size=(len(atoms), 3))
    at = jacobian(potential, of_structure, all_components(len(atoms)))
    rows = np.concatenate(at.blocks, axis=1)
    assert loss_gradient(potential, of_structure, -0.7, by_forces) == pytest.approx(
        -0.7 * rows[0] + by_forces.ravel() @ rows[1:], abs=1e-11
    )


def test_descriptors_hold_what_neighbours_touch_and_depend_on_no_weight():
    potential, atoms = compile_potential(random_potential(9)), random_molecule(9)
    one = described(potential, atoms)
    other = described(potential.with_weights(-potential.weights), atoms)
    assert np.array_equal(one.inputs, other.inputs)
    assert np.array_equal(one.slots.derivatives, other.slots.derivatives)
    dense = 3 * len(one.slots.neighbours) * potential.n_inputs
    assert one.slots.starts[-1] == len(one.slots.derivatives) < 0.7 * dense
    assert one.n_bytes > one.slots.derivatives.nbytes


def test_what_is_no_component_is_refused():
    potential, atoms = compile_potential(random_potential()), random_molecule()
    of_structure = described(potential, atoms)
    for component in ((9, 0), (0, 3), (-1, 0)):
        with pytest.raises(MethodError, match="an atom below 9 and an axis below 3"):
            jacobian(potential, of_structure, np.array([component]))
    with pytest.raises(MethodError, match="derivatives by forces"):
        loss_gradient(potential, of_structure, 1.0, np.zeros((8, 3)))
    with pytest.raises(MethodError, match="weights"):
        potential.with_weights(np.zeros(3))


def test_pairs_of_another_order_give_the_same_numbers():
    potential, atoms = compile_potential(random_potential(10)), random_crystal(10)
    pairs = pairs_of(atoms, potential.cutoff_A)
    order = np.random.default_rng(0).permutation(len(pairs.first))
    shuffled = Pairs(
        pairs.first[order],
        pairs.second[order],
        pairs.shifts_A[order],
        pairs.cutoff_A,
        pairs.positions_A,
        pairs.cell_A,
        pairs.periodic,
        pairs.centre_A,
    )
    at = [
        jacobian(potential, descriptors(potential, atoms.numbers, each), all_components(len(atoms)))
        for each in (pairs, shuffled)
    ]
    assert at[1].values == pytest.approx(at[0].values, abs=1e-11)
    for one, other in zip(at[0].blocks, at[1].blocks, strict=True):
        assert other == pytest.approx(one, abs=1e-11)
