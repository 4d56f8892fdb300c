"""Networks as they are before they have learnt anything."""

import math

import numpy as np

from nearsight.arrays import FloatArray
from nearsight.hdnnp.networks import Layer, Network
from nearsight.training.settings import ACTIVATIONS, NetworkSettings

_LEAST_WIDTH = 1e-12


def initial_network(
    lowest: FloatArray,
    highest: FloatArray,
    settings: NetworkSettings,
    random: np.random.Generator,
) -> Network:
    """Return a network with random weights.

    ``nguyen-widrow`` (D. Nguyen, B. Widrow, Int. Joint Conf. Neural Networks 1990, 3, 21): weights
    of a hidden node point in a random direction, with norm 0.7 H^(1/n) for H nodes of n inputs
    that go from -1 to 1; biases spread the nodes over these inputs, and those of the first layer
    count from what its inputs really are. ``glorot`` (X. Glorot, Y. Bengio, AISTATS 2010, 249):
    normal, of variance 2 / (n + H), without biases. ``uniform``: from -1 to 1. Weights of the last
    layer are those of ``glorot`` but with ``uniform``, and its bias is 0.

    Parameters
    ----------
    lowest, highest
        What the inputs are at least and at most, shape ``(n_inputs,)``.
    settings
        Layers, activation, and how weights are drawn.
    random
        Decides.
    """
    method, activation = settings.initial_weights, ACTIVATIONS[settings.activation]
    layers, n_inputs = [], len(lowest)
    for place, n_nodes in enumerate(settings.hidden_layers):
        if method == "uniform":
            weights = random.uniform(-1.0, 1.0, size=(n_nodes, n_inputs))
            biases = random.uniform(-1.0, 1.0, size=n_nodes)
        elif method == "glorot":
            weights, biases = _glorot(n_nodes, n_inputs, random), np.zeros(n_nodes)
        else:
            weights, biases = _nguyen_widrow(n_nodes, n_inputs, random)
            if place == 0:
                weights, biases = _from_ranges(weights, biases, lowest, highest)
        layers.append(Layer(weights, biases, activation))
        n_inputs = n_nodes
    last = (
        random.uniform(-1.0, 1.0, size=(1, n_inputs))
        if method == "uniform"
        else _glorot(1, n_inputs, random)
    )
    return Network((*layers, Layer(last, np.zeros(1), "l")))


def _glorot(n_nodes: int, n_inputs: int, random: np.random.Generator) -> FloatArray:
    return random.normal(scale=math.sqrt(2.0 / (n_nodes + n_inputs)), size=(n_nodes, n_inputs))


def _nguyen_widrow(
    n_nodes: int, n_inputs: int, random: np.random.Generator
) -> tuple[FloatArray, FloatArray]:
    norm = 0.7 * n_nodes ** (1.0 / n_inputs)
    weights = random.normal(size=(n_nodes, n_inputs))
    weights *= norm / np.linalg.norm(weights, axis=1)[:, None]
    return weights, random.uniform(-norm, norm, size=n_nodes)


def _from_ranges(
    weights: FloatArray, biases: FloatArray, lowest: FloatArray, highest: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Let a layer that expects inputs from -1 to 1 take those from lowest to highest."""
    factors = 2.0 / np.maximum(highest - lowest, _LEAST_WIDTH)
    return weights * factors, biases - weights @ (factors * (lowest + highest) / 2.0)
