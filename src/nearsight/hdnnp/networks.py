"""Networks of one element, as plain arrays."""

from dataclasses import dataclass, replace

import numpy as np

from nearsight.arrays import FloatArray
from nearsight.errors import MethodError

ACTIVATIONS = {
    "l": "linear",
    "t": "tanh",
    "s": "logistic",
    "S": "reversed logistic",
    "p": "softplus",
    "r": "ramp",
    "g": "Gaussian",
    "c": "cosine",
    "e": "exponential",
    "h": "harmonic",
}
"""Letters of `input.nn`: x, tanh x, 1/(1+e^-x), 1-1/(1+e^-x), ln(1+e^x), max(0, x), e^(-x²/2),
cos x, e^-x and x²."""


@dataclass(frozen=True, eq=False)
class Layer:
    """One layer: activation(weights @ inputs + biases)."""

    weights: FloatArray
    """Shape ``(n_nodes, n_inputs)``."""
    biases: FloatArray
    """Shape ``(n_nodes,)``."""
    activation: str
    """A letter of `ACTIVATIONS`."""

    def __post_init__(self) -> None:
        if self.activation not in ACTIVATIONS:
            raise MethodError(
                f"there is no activation {self.activation!r}; known are {', '.join(ACTIVATIONS)}."
            )
        if self.weights.ndim != 2 or self.biases.shape != self.weights.shape[:1]:
            raise MethodError(
                f"weights of shape {self.weights.shape} do not go with biases of shape "
                f"{self.biases.shape}."
            )


@dataclass(frozen=True, eq=False)
class Network:
    """Layers, one after the other; the last has one node, the atomic energy."""

    layers: tuple[Layer, ...]

    def __post_init__(self) -> None:
        sizes = self.sizes
        for layer, n_inputs in zip(self.layers, sizes, strict=False):
            if layer.weights.shape[1] != n_inputs:
                raise MethodError(
                    f"a layer of {n_inputs} nodes is followed by weights of shape "
                    f"{layer.weights.shape}."
                )
        if sizes[-1] != 1:
            raise MethodError(f"the last layer has one node, the energy, not {sizes[-1]}.")

    @property
    def sizes(self) -> tuple[int, ...]:
        """Number of inputs, then of nodes of each layer."""
        return (self.layers[0].weights.shape[1], *(len(layer.biases) for layer in self.layers))

    @property
    def n_parameters(self) -> int:
        """Number of weights and biases."""
        return sum(layer.weights.size + layer.biases.size for layer in self.layers)


def parameters(network: Network) -> FloatArray:
    """Return all weights and biases, shape ``(n_parameters,)``.

    Layer by layer: the weights of the first node to all its inputs, those of the next, then the
    biases.
    """
    return np.concatenate(
        [part for layer in network.layers for part in (layer.weights.ravel(), layer.biases)]
    )


def with_parameters(network: Network, values: FloatArray) -> Network:
    """Return a network of the same shape that has these `parameters`, shape ``(n_parameters,)``.

    Raises
    ------
    MethodError
        There are more or fewer of them.
    """
    if values.shape != (network.n_parameters,):
        raise MethodError(
            f"the network has {network.n_parameters} parameters, not an array of {values.shape}."
        )
    layers, rest = [], values
    for layer in network.layers:
        weights, biases, rest = np.split(
            rest, [layer.weights.size, layer.weights.size + layer.biases.size]
        )
        layers.append(replace(layer, weights=weights.reshape(layer.weights.shape), biases=biases))
    return Network(tuple(layers))
