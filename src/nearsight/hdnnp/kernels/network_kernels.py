"""Networks of atoms: energies, their derivatives by inputs and weights, and the mixed ones.

All derivatives are closed forms. For an input x and a direction t, along which the energy E changes
by the tangent ∂E/∂x·t, the derivative of the tangent by the weights follows from one pass backward
for E, which all directions share, and one for the tangent.
"""

from math import cos, exp, log1p, sin, tanh
from typing import NamedTuple

import numpy as np

from nearsight.arrays import FloatArray, IntArray
from nearsight.hdnnp.kernels.compiling import compiled


class NetworkTables(NamedTuple):
    """Networks of all elements without their weights, and how what goes in and out is scaled."""

    layer_ranges: IntArray
    """By element, shape ``(n_elements + 1,)``."""
    layer_inputs: IntArray
    """Number of inputs of each layer."""
    layer_nodes: IntArray
    layer_activations: IntArray
    """By index in `ACTIVATIONS`."""
    layer_offsets: IntArray
    """Where the weights of each layer begin among all, behind which are its biases."""
    input_factors: FloatArray
    """Inputs are factor times symmetry function plus offset, shape ``(n_elements, n_inputs)``."""
    input_offsets: FloatArray
    energy_factor: float
    """Atomic energies in eV are factor times output plus offset."""
    energy_offsets: FloatArray
    """Shape ``(n_elements,)``."""


@compiled
def _activation(kind: int, x: float) -> tuple[float, float, float]:
    """Return an activation with its first two derivatives."""
    if kind == 0:
        return x, 1.0, 0.0
    if kind == 1:
        f = tanh(x)
        return f, 1.0 - f * f, -2.0 * f * (1.0 - f * f)
    if kind in (2, 3, 4):
        small = exp(-abs(x))
        logistic = 1.0 / (1.0 + small) if x >= 0.0 else small / (1.0 + small)
        slope = small / ((1.0 + small) * (1.0 + small))
        curvature = slope * (1.0 - 2.0 * logistic)
        if kind == 2:
            return logistic, slope, curvature
        if kind == 3:
            return 1.0 - logistic, -slope, -curvature
        return max(x, 0.0) + log1p(small), logistic, slope
    if kind == 5:
        return (0.0, 0.0, 0.0) if x <= 0.0 else (x, 1.0, 0.0)
    if kind == 6:
        f = exp(-0.5 * x * x)
        return f, -x * f, (x * x - 1.0) * f
    if kind == 7:
        return cos(x), -sin(x), -cos(x)
    if kind == 8:
        f = exp(-x)
        return f, -f, f
    return x * x, 2.0 * x, 2.0


@compiled
def _most_nodes(networks: NetworkTables) -> int:
    most = 0
    for layer in range(len(networks.layer_nodes)):
        most = max(most, networks.layer_nodes[layer])
    return most


@compiled
def _deepest(networks: NetworkTables) -> int:
    most = 0
    for element in range(len(networks.layer_ranges) - 1):
        most = max(most, networks.layer_ranges[element + 1] - networks.layer_ranges[element])
    return most


@compiled
def _forward(
    networks: NetworkTables,
    weights: FloatArray,
    element: int,
    inputs: FloatArray,
    nodes: FloatArray,
    slopes: FloatArray,
    curvatures: FloatArray,
) -> float:
    """Write activations with two derivatives, shape ``(n_layers, n_nodes)``; return the output."""
    begin = networks.layer_ranges[element]
    before = inputs
    for layer in range(begin, networks.layer_ranges[element + 1]):
        at = networks.layer_offsets[layer]
        n_inputs, n_nodes = networks.layer_inputs[layer], networks.layer_nodes[layer]
        level = layer - begin
        for node in range(n_nodes):
            x = weights[at + n_nodes * n_inputs + node]
            row = weights[at + node * n_inputs : at + (node + 1) * n_inputs]
            for k in range(n_inputs):
                x += row[k] * before[k]
            nodes[level, node], slopes[level, node], curvatures[level, node] = _activation(
                networks.layer_activations[layer], x
            )
        before = nodes[level]
    return before[0]


@compiled
def _backward(
    networks: NetworkTables,
    weights: FloatArray,
    element: int,
    slopes: FloatArray,
    by_sums: FloatArray,
    by_inputs: FloatArray,
) -> None:
    """Write derivatives of the output by the sums that enter nodes, and by the inputs."""
    begin, end = networks.layer_ranges[element], networks.layer_ranges[element + 1]
    by_sums[end - 1 - begin, 0] = slopes[end - 1 - begin, 0]
    for layer in range(end - 1, begin - 1, -1):
        at = networks.layer_offsets[layer]
        n_inputs = networks.layer_inputs[layer]
        level = layer - begin
        below = by_sums[level - 1] if layer > begin else by_inputs
        below[:n_inputs] = 0.0
        for node in range(networks.layer_nodes[layer]):
            row = weights[at + node * n_inputs : at + (node + 1) * n_inputs]
            for k in range(n_inputs):
                below[k] += row[k] * by_sums[level, node]
        if layer > begin:
            for k in range(n_inputs):
                below[k] *= slopes[level - 1, k]


@compiled
def energies(
    networks: NetworkTables,
    weights: FloatArray,
    elements: IntArray,
    values: FloatArray,
    out: FloatArray,
) -> None:
    """Write energies in eV of atoms with these symmetry functions, ``(n_atoms, n_inputs)``."""
    shape = (_deepest(networks), _most_nodes(networks))
    nodes, slopes, curvatures = np.empty(shape), np.empty(shape), np.empty(shape)
    inputs = np.empty(values.shape[1])
    for i in range(len(elements)):
        element = elements[i]
        for k in range(len(inputs)):
            inputs[k] = (
                networks.input_factors[element, k] * values[i, k]
                + networks.input_offsets[element, k]
            )
        output = _forward(networks, weights, element, inputs, nodes, slopes, curvatures)
        out[i] = networks.energy_factor * output + networks.energy_offsets[element]


@compiled
def energies_and_gradients(
    networks: NetworkTables,
    weights: FloatArray,
    elements: IntArray,
    values: FloatArray,
    out: FloatArray,
    by_values: FloatArray,
) -> None:
    """Write energies in eV, and their derivatives by the symmetry functions."""
    shape = (_deepest(networks), _most_nodes(networks))
    nodes, slopes, curvatures = np.empty(shape), np.empty(shape), np.empty(shape)
    by_sums = np.empty(shape)
    inputs = np.empty(values.shape[1])
    for i in range(len(elements)):
        element = elements[i]
        for k in range(len(inputs)):
            inputs[k] = (
                networks.input_factors[element, k] * values[i, k]
                + networks.input_offsets[element, k]
            )
        output = _forward(networks, weights, element, inputs, nodes, slopes, curvatures)
        out[i] = networks.energy_factor * output + networks.energy_offsets[element]
        by_values[i] = 0.0
        _backward(networks, weights, element, slopes, by_sums, by_values[i])
        for k in range(len(inputs)):
            by_values[i, k] *= networks.energy_factor * networks.input_factors[element, k]
