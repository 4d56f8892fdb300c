"""Errors and derivatives of predictions, and what is kept of structures."""

import numpy as np
import pytest

from nearsight.hdnnp.kernels.compiled_potential import compile_potential
from nearsight.training.labelled import LabelledData
from nearsight.training.prediction import KernelPredictor
from nearsight.training.preparing import prepare
from nearsight.training.settings import FunctionSettings, NetworkSettings, TrainingSettings

SETTINGS = TrainingSettings(
    functions=FunctionSettings(cutoff_A=3.0, n_radial=2, zetas=(1.0,)),
    network=NetworkSettings(hidden_layers=(3,)),
)


@pytest.fixture(scope="module")
def potential(clusters: LabelledData) -> object:
    return compile_potential(prepare(clusters, SETTINGS).potential)


def test_derivatives_are_those_of_errors(clusters: LabelledData, potential) -> None:
    """By central differences in every weight."""
    predictor = KernelPredictor(potential, clusters.structures, 1 << 20)
    weights, components = potential.weights, np.array([13, 2, 7])
    errors, [block] = predictor.jacobian(4, weights, components)
    energy, forces = predictor.errors(4, weights)
    np.testing.assert_allclose(errors, [energy, *forces.ravel()[components]], rtol=1e-12)
    assert block.flags.f_contiguous
    by_forces = np.random.default_rng(0).normal(size=forces.shape)
    gradient = predictor.gradient(4, weights, 0.7, by_forces)
    step = 1e-5
    for place in range(len(weights)):
        moved = [weights.copy(), weights.copy()]
        moved[0][place] -= step
        moved[1][place] += step
        (low_e, low_f), (high_e, high_f) = (predictor.errors(4, each) for each in moved)
        # Errors are labels less predictions.
        by_weight = -(high_e - low_e) / (2 * step), -(high_f - low_f) / (2 * step)
        expected = [by_weight[0], *by_weight[1].ravel()[components]]
        np.testing.assert_allclose(block[place], expected, atol=1e-7)
        total = 0.7 * by_weight[0] + np.sum(by_forces * by_weight[1])
        assert gradient[place] == pytest.approx(total, abs=1e-6)


def test_memory_decides_what_is_kept_and_no_number(clusters: LabelledData, potential) -> None:
    whole = KernelPredictor(potential, clusters.structures, 1 << 30)
    none = KernelPredictor(potential, clusters.structures, 0)
    some = KernelPredictor(potential, clusters.structures, 20_000)
    for place in range(40):
        energies, forces = zip(
            *(each.errors(place, potential.weights) for each in (whole, none, some)), strict=True
        )
        assert len(set(energies)) == 1
        assert (forces[0] == forces[1]).all()
        assert (forces[0] == forces[2]).all()
    assert whole.n_with_descriptors == 40
    assert none.n_with_descriptors == 0
    assert 0 < some.n_with_descriptors < 40
    assert whole.n_components(3) == 15
