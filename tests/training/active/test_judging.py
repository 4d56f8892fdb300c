"""How far atoms are from what was learnt, beside what models say."""

from dataclasses import replace

import numpy as np

from hdnnp_potentials import random_crystal, random_potential
from nearsight.hdnnp.kernels.compiled_potential import compile_potential
from nearsight.hdnnp.kernels.evaluation import evaluate
from nearsight.hdnnp.potential import Potential
from nearsight.structures.pairs import pairs_of
from nearsight.training.active.judging import Judges


def of_range(potential: Potential, smallest: float, largest: float) -> Potential:
    def ranged(element):
        n = len(element.functions)
        statistics = replace(
            element.statistics, smallest=np.full(n, smallest), largest=np.full(n, largest)
        )
        return replace(element, statistics=statistics)

    return replace(potential, elements=tuple(map(ranged, potential.elements)))


def test_disagreement_is_the_largest_difference_of_forces() -> None:
    potentials = [of_range(random_potential(seed), -1e3, 1e3) for seed in (1, 2, 3)]
    atoms = random_crystal(4)
    pairs = pairs_of(atoms, potentials[0].cutoff_A)
    forces = [
        evaluate(compile_potential(each), atoms.numbers, pairs).forces_eV_per_A
        for each in potentials
    ]
    expected = np.max(
        [np.linalg.norm(forces[i] - forces[j], axis=1) for i, j in ((0, 1), (0, 2), (1, 2))], axis=0
    )
    judged = Judges(potentials).judge(atoms)
    np.testing.assert_allclose(judged.disagreement_eV_per_A, expected, rtol=1e-12)
    assert (judged.overshoot == 0).all()


def test_one_potential_twice_agrees() -> None:
    potential = random_potential(1)
    assert (Judges([potential] * 2).judge(random_crystal(4)).disagreement_eV_per_A == 0).all()


def test_overshoot_is_what_functions_are_beyond_their_ranges() -> None:
    potential = random_potential(1)
    narrow = of_range(potential, 0.1, 0.3)
    atoms = random_crystal(4)
    pairs = pairs_of(atoms, potential.cutoff_A)
    everything = evaluate(compile_potential(of_range(potential, -2e6, -1e6)), atoms.numbers, pairs)
    beyond = everything.extrapolations  # of all functions, so that it has all values
    expected = np.zeros(len(atoms))
    outside = np.maximum(0.1 - beyond.values, 0) + np.maximum(beyond.values - 0.3, 0)
    np.add.at(expected, beyond.atoms, outside / 0.2)
    assert expected.min() > 0
    judged = Judges([narrow, of_range(potential, -1e3, 1e3)]).judge(atoms)
    np.testing.assert_allclose(judged.overshoot, expected, rtol=1e-9)
