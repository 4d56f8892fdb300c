"""First weights: by seed, and of the size that their authors give."""

import numpy as np
import pytest

from nearsight.arrays import FloatArray
from nearsight.hdnnp.networks import Network, parameters
from nearsight.training.initial_weights import initial_network
from nearsight.training.settings import INITIAL_WEIGHTS, NetworkSettings


def drawn(
    method: str, seed: int = 0, n: int = 40, hidden: tuple[int, ...] = (30, 20), low: float = -1.0
) -> Network:
    lowest, highest = np.full(n, low), np.full(n, 1.0)
    settings = NetworkSettings(hidden_layers=hidden, initial_weights=method)
    return initial_network(lowest, highest, settings, np.random.default_rng(seed))


@pytest.mark.parametrize("method", INITIAL_WEIGHTS)
def test_a_seed_decides(method: str) -> None:
    one, again, other = (parameters(drawn(method, seed)) for seed in (1, 1, 2))
    assert (one == again).all()
    assert (one[:100] != other[:100]).all()
    assert drawn(method).sizes == (40, 30, 20, 1)
    assert drawn(method).layers[-1].activation == "l"


def test_norms_of_nguyen_and_widrow() -> None:
    hidden = drawn("nguyen-widrow").layers[:2]
    for layer in hidden:
        n_nodes, n_inputs = layer.weights.shape
        norm = 0.7 * n_nodes ** (1 / n_inputs)
        np.testing.assert_allclose(np.linalg.norm(layer.weights, axis=1), norm, rtol=1e-12)
        assert np.abs(layer.biases).max() <= norm


def test_ranges_of_inputs_change_nothing_but_coordinates() -> None:
    """A node sees the same of inputs from 3 to 9 as of those from -1 to 1."""
    lowest, highest = np.full(8, 3.0), np.full(8, 9.0)
    moved = initial_network(
        lowest, highest, NetworkSettings(hidden_layers=(5,)), np.random.default_rng(3)
    )
    plain = drawn("nguyen-widrow", 3, 8, (5,))
    inputs = np.random.default_rng(0).uniform(-1, 1, size=8)

    def first(network: Network, x: FloatArray) -> FloatArray:
        return network.layers[0].weights @ x + network.layers[0].biases

    np.testing.assert_allclose(first(moved, 6 + 3 * inputs), first(plain, inputs), atol=1e-12)


def test_variance_of_glorot() -> None:
    network = drawn("glorot", n=400, hidden=(300,))
    assert network.layers[0].weights.var() == pytest.approx(2 / 700, rel=0.02)
    assert not network.layers[0].biases.any()
