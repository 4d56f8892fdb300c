"""Networks of atoms: energies, their derivatives by inputs and weights, and the mixed ones.

All derivatives are closed forms. For an input x and a direction t, along which the energy E changes
by the tangent ∂E/∂x·t, the derivative of the tangent by the weights follows from one pass backward
for E, which all directions share, and one for the tangent.
"""

from math import cos, exp, log1p, sin, tanh
from typing import NamedTuple

import numpy as np

from nearsight.arrays import FloatArray, IntArray
from nearsight.compiling import compiled, inlined


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


@inlined
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


@inlined
def _shape(networks: NetworkTables) -> tuple[int, int]:
    """Return the largest numbers of layers and of nodes."""
    layers, nodes = 0, 0
    for element in range(len(networks.layer_ranges) - 1):
        layers = max(layers, networks.layer_ranges[element + 1] - networks.layer_ranges[element])
    for layer in range(len(networks.layer_nodes)):
        nodes = max(nodes, networks.layer_nodes[layer])
    return layers, nodes


@compiled
def _transposed(networks: NetworkTables, weights: FloatArray) -> FloatArray:
    """Return the weights input by input: sums over inputs then run over nodes that lie together."""
    transposed = weights.copy()
    for layer in range(len(networks.layer_nodes)):
        at = networks.layer_offsets[layer]
        n_inputs, n_nodes = networks.layer_inputs[layer], networks.layer_nodes[layer]
        for node in range(n_nodes):
            for k in range(n_inputs):
                transposed[at + k * n_nodes + node] = weights[at + node * n_inputs + k]
    return transposed


@compiled
def _forward(
    networks: NetworkTables,
    transposed: FloatArray,
    element: int,
    inputs: FloatArray,
    nodes: FloatArray,
    slopes: FloatArray,
    curvatures: FloatArray,
) -> float:
    """Write activations with two derivatives, shape ``(n_layers, n_nodes)``; return the output."""
    begin = networks.layer_ranges[element]
    before = inputs
    sums = np.empty(nodes.shape[1])
    for layer in range(begin, networks.layer_ranges[element + 1]):
        at, kind = networks.layer_offsets[layer], networks.layer_activations[layer]
        n_inputs, n_nodes = networks.layer_inputs[layer], networks.layer_nodes[layer]
        level = layer - begin
        biases = at + n_nodes * n_inputs
        for node in range(n_nodes):
            sums[node] = transposed[biases + node]
        for k in range(n_inputs):
            for node in range(n_nodes):
                sums[node] += transposed[at + k * n_nodes + node] * before[k]
        for node in range(n_nodes):
            nodes[level, node], slopes[level, node], curvatures[level, node] = _activation(
                kind, sums[node]
            )
        before = nodes[level]
    output: float = before[0]
    return output


@compiled
def _backward(
    networks: NetworkTables,
    weights: FloatArray,
    element: int,
    slopes: FloatArray,
    by_nodes: FloatArray,
    by_sums: FloatArray,
    by_inputs: FloatArray,
) -> None:
    """Write derivatives of the energy by activations, by the sums in them, and by the inputs."""
    begin, end = networks.layer_ranges[element], networks.layer_ranges[element + 1]
    by_nodes[end - 1 - begin, 0] = networks.energy_factor
    by_inputs[:] = 0.0
    for layer in range(end - 1, begin - 1, -1):
        at, level = networks.layer_offsets[layer], layer - begin
        n_inputs = networks.layer_inputs[layer]
        below = by_nodes[level - 1] if layer > begin else by_inputs
        below[:n_inputs] = 0.0
        for node in range(networks.layer_nodes[layer]):
            by_sum = by_nodes[level, node] * slopes[level, node]
            by_sums[level, node] = by_sum
            for k in range(n_inputs):
                below[k] += weights[at + node * n_inputs + k] * by_sum


@inlined
def _scaled(networks: NetworkTables, element: int, values: FloatArray, inputs: FloatArray) -> None:
    factors, offsets = networks.input_factors, networks.input_offsets
    for k in range(len(inputs)):
        inputs[k] = factors[element, k] * values[k] + offsets[element, k]


@compiled
def energies(
    networks: NetworkTables,
    weights: FloatArray,
    elements: IntArray,
    values: FloatArray,
    out: FloatArray,
) -> None:
    """Write energies in eV of atoms with these symmetry functions, ``(n_atoms, n_inputs)``."""
    shape = _shape(networks)
    transposed = _transposed(networks, weights)
    nodes, slopes, curvatures = np.empty(shape), np.empty(shape), np.empty(shape)
    inputs = np.empty(values.shape[1])
    for i in range(len(elements)):
        element = elements[i]
        _scaled(networks, element, values[i], inputs)
        output = _forward(networks, transposed, element, inputs, nodes, slopes, curvatures)
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
    shape = _shape(networks)
    transposed = _transposed(networks, weights)
    nodes, slopes, curvatures = np.empty(shape), np.empty(shape), np.empty(shape)
    by_nodes, by_sums = np.empty(shape), np.empty(shape)
    inputs = np.empty(values.shape[1])
    for i in range(len(elements)):
        element = elements[i]
        _scaled(networks, element, values[i], inputs)
        output = _forward(networks, transposed, element, inputs, nodes, slopes, curvatures)
        out[i] = networks.energy_factor * output + networks.energy_offsets[element]
        _backward(networks, weights, element, slopes, by_nodes, by_sums, by_values[i])
        for k in range(len(inputs)):
            by_values[i, k] *= networks.input_factors[element, k]


class States(NamedTuple):
    """What the networks of all atoms hold: activations, and derivatives of energies by them.

    Each but `inputs` and `by_inputs` has the shape ``(n_atoms, n_layers, n_nodes)``.
    """

    inputs: FloatArray
    """Scaled symmetry functions, shape ``(n_atoms, n_inputs)``."""
    nodes: FloatArray
    slopes: FloatArray
    curvatures: FloatArray
    by_nodes: FloatArray
    by_sums: FloatArray
    by_inputs: FloatArray


@compiled
def states_of(
    networks: NetworkTables,
    weights: FloatArray,
    transposed: FloatArray,
    elements: IntArray,
    inputs: FloatArray,
    out: FloatArray,
) -> States:
    """Return the states of atoms with these inputs, and write their energies in eV."""
    n_atoms = len(elements)
    shape = (n_atoms, *_shape(networks))
    states = States(
        inputs,
        np.empty(shape),
        np.empty(shape),
        np.empty(shape),
        np.empty(shape),
        np.empty(shape),
        np.empty_like(inputs),
    )
    for i in range(n_atoms):
        output = _forward(
            networks,
            transposed,
            elements[i],
            inputs[i],
            states.nodes[i],
            states.slopes[i],
            states.curvatures[i],
        )
        out[i] = networks.energy_factor * output + networks.energy_offsets[elements[i]]
        _backward(
            networks,
            weights,
            elements[i],
            states.slopes[i],
            states.by_nodes[i],
            states.by_sums[i],
            states.by_inputs[i],
        )
    return states


@compiled
def add_energy_row(
    networks: NetworkTables, element: int, states: States, i: int, factor: float, row: FloatArray
) -> None:
    """Add the derivative of an atomic energy by the weights of its element, times a factor."""
    begin, end = networks.layer_ranges[element], networks.layer_ranges[element + 1]
    first = networks.layer_offsets[begin]
    for layer in range(begin, end):
        at, level = networks.layer_offsets[layer] - first, layer - begin
        n_inputs, n_nodes = networks.layer_inputs[layer], networks.layer_nodes[layer]
        before = states.inputs[i] if level == 0 else states.nodes[i, level - 1]
        for node in range(n_nodes):
            by_sum = factor * states.by_sums[i, level, node]
            row[at + n_nodes * n_inputs + node] += by_sum
            for k in range(n_inputs):
                row[at + node * n_inputs + k] += by_sum * before[k]


@compiled
def add_tangent_row(
    networks: NetworkTables,
    weights: FloatArray,
    transposed: FloatArray,
    element: int,
    states: States,
    i: int,
    direction: FloatArray,
    factor: float,
    workspace: FloatArray,
    row: FloatArray,
) -> float:
    """Add the derivative by weights of an atom's tangent along a direction of its inputs.

    Parameters
    ----------
    direction
        Change of the inputs, shape ``(n_inputs,)``.
    factor
        By which the derivative is multiplied.
    workspace
        Shape ``(3, n_layers, n_nodes)``.
    row
        What is added to: the weights of the element of the atom.

    Returns
    -------
    float
        The tangent ∂E/∂x·t.
    """
    begin, end = networks.layer_ranges[element], networks.layer_ranges[element + 1]
    first = networks.layer_offsets[begin]
    sums, nodes, back = workspace[0], workspace[1], workspace[2]
    along = direction
    for layer in range(begin, end):
        at, level = networks.layer_offsets[layer], layer - begin
        n_inputs, n_nodes = networks.layer_inputs[layer], networks.layer_nodes[layer]
        for node in range(n_nodes):
            sums[level, node] = 0.0
        for k in range(n_inputs):
            if along[k] != 0.0:
                for node in range(n_nodes):
                    sums[level, node] += transposed[at + k * n_nodes + node] * along[k]
        for node in range(n_nodes):
            nodes[level, node] = states.slopes[i, level, node] * sums[level, node]
            # what the tangent changes by with a sum directly, through its slope
            back[level, node] = (
                states.by_nodes[i, level, node]
                * states.curvatures[i, level, node]
                * sums[level, node]
            )
        along = nodes[level]
    for layer in range(end - 1, begin - 1, -1):
        at, level = networks.layer_offsets[layer], layer - begin
        n_inputs, n_nodes = networks.layer_inputs[layer], networks.layer_nodes[layer]
        before = states.inputs[i] if level == 0 else states.nodes[i, level - 1]
        along = direction if level == 0 else nodes[level - 1]
        if level > 0:
            _add_below(weights, at, n_inputs, n_nodes, states.slopes[i, level - 1], back, level)
        for node in range(n_nodes):
            direct = factor * states.by_sums[i, level, node]
            through = factor * back[level, node]
            row[at - first + n_nodes * n_inputs + node] += through
            place = at - first + node * n_inputs
            for k in range(n_inputs):
                row[place + k] += direct * along[k] + through * before[k]
    tangent: float = networks.energy_factor * nodes[end - 1 - begin, 0]
    return tangent


@inlined
def _add_below(
    weights: FloatArray,
    at: int,
    n_inputs: int,
    n_nodes: int,
    slopes: FloatArray,
    back: FloatArray,
    level: int,
) -> None:
    """Carry derivatives of a tangent by the sums of one layer to those of the layer before."""
    for node in range(n_nodes):
        for k in range(n_inputs):
            back[level - 1, k] += slopes[k] * weights[at + node * n_inputs + k] * back[level, node]


class Slots(NamedTuple):
    """Derivatives of the inputs of centres by the vectors to their neighbours."""

    ranges: IntArray
    """Where the neighbours of each atom begin and end, shape ``(n_atoms + 1,)``."""
    neighbours: IntArray
    """Shape ``(n_pairs,)``."""
    kinds: IntArray
    """Kind of each pair in `touched_ranges`."""
    starts: IntArray
    """Where the derivatives of each pair begin, shape ``(n_pairs + 1,)``."""
    derivatives: FloatArray
    """Three rows for each pair, in 1/Å."""
    touched_ranges: IntArray
    touched_inputs: IntArray


@inlined
def _add_direction(slots: Slots, p: int, axis: int, factor: float, direction: FloatArray) -> None:
    """Add what a neighbour's displacement along an axis does to the inputs of the centre."""
    begin = slots.touched_ranges[slots.kinds[p]]
    n_touched = (slots.starts[p + 1] - slots.starts[p]) // 3
    at = slots.starts[p] + axis * n_touched
    inputs, derivatives = slots.touched_inputs, slots.derivatives
    for m in range(n_touched):
        direction[inputs[begin + m]] += factor * derivatives[at + m]


@compiled
def _by_neighbour(slots: Slots, n_atoms: int) -> tuple[IntArray, IntArray, IntArray]:
    """Return ranges of atoms, and in them the pairs whose neighbour they are with the centres."""
    ranges = np.zeros(n_atoms + 1, dtype=np.int64)
    for p in range(len(slots.neighbours)):
        ranges[slots.neighbours[p] + 1] += 1
    for i in range(n_atoms):
        ranges[i + 1] += ranges[i]
    places = ranges.copy()
    pairs = np.empty(len(slots.neighbours), dtype=np.int64)
    centres = np.empty(len(slots.neighbours), dtype=np.int64)
    for i in range(n_atoms):
        for p in range(slots.ranges[i], slots.ranges[i + 1]):
            place = places[slots.neighbours[p]]
            pairs[place], centres[place] = p, i
            places[slots.neighbours[p]] += 1
    return ranges, pairs, centres


@compiled
def jacobian_rows(
    networks: NetworkTables,
    weights: FloatArray,
    elements: IntArray,
    inputs: FloatArray,
    slots: Slots,
    components: IntArray,
    values: FloatArray,
    rows: FloatArray,
) -> None:
    """Write the energy and some force components, and add their derivatives by all weights.

    Parameters
    ----------
    components
        Atom and axis of each, shape ``(n_components, 2)``.
    values
        Energy in eV, then the components in eV/Å, shape ``(1 + n_components,)``.
    rows
        Their derivatives, element by element: ``(1 + n_components, n_weights)`` of each, flat.
    """
    n_atoms, n_rows = len(elements), len(values)
    atomic_energies = np.empty(n_atoms)
    transposed = _transposed(networks, weights)
    states = states_of(networks, weights, transposed, elements, inputs, atomic_energies)
    values[0] = 0.0
    starts = networks.layer_offsets[networks.layer_ranges[:-1]]
    ends = np.append(starts[1:], len(weights))
    for i in range(n_atoms):
        e = elements[i]
        values[0] += atomic_energies[i]
        row = rows[n_rows * starts[e] : n_rows * starts[e] + ends[e] - starts[e]]
        add_energy_row(networks, e, states, i, 1.0, row)
    by_neighbour, pairs, centres = _by_neighbour(slots, n_atoms)
    direction = np.empty(inputs.shape[1])
    workspace = np.empty((3, *_shape(networks)))
    for n in range(len(components)):
        atom, axis = components[n]
        values[1 + n] = 0.0
        # the atom's own energy changes as if all of its neighbours moved the other way
        direction[:] = 0.0
        for p in range(slots.ranges[atom], slots.ranges[atom + 1]):
            _add_direction(slots, p, axis, -1.0, direction)
        centre = atom
        index, end = by_neighbour[atom], by_neighbour[atom + 1]
        while True:
            e = elements[centre]
            width = ends[e] - starts[e]
            begin = n_rows * starts[e] + (1 + n) * width
            values[1 + n] -= add_tangent_row(
                networks,
                weights,
                transposed,
                e,
                states,
                centre,
                direction,
                -1.0,
                workspace,
                rows[begin : begin + width],
            )
            if index == end:
                break
            # Images of an atom are neighbours of one centre, one after the other.
            centre = centres[index]
            direction[:] = 0.0
            while index < end and centres[index] == centre:
                _add_direction(slots, pairs[index], axis, 1.0, direction)
                index += 1


@compiled
def energies_and_forces(
    networks: NetworkTables,
    weights: FloatArray,
    elements: IntArray,
    inputs: FloatArray,
    slots: Slots,
    atomic_energies: FloatArray,
    forces: FloatArray,
) -> None:
    """Write energies in eV, shape ``(n_atoms,)``, and add forces in eV/Å, ``(n_atoms, 3)``."""
    transposed = _transposed(networks, weights)
    states = states_of(networks, weights, transposed, elements, inputs, atomic_energies)
    derivatives, touched = slots.derivatives, slots.touched_inputs
    by_inputs, starts, neighbours = states.by_inputs, slots.starts, slots.neighbours
    for i in range(len(elements)):
        for p in range(slots.ranges[i], slots.ranges[i + 1]):
            begin = slots.touched_ranges[slots.kinds[p]]
            n_touched = (starts[p + 1] - starts[p]) // 3
            x, y, z = 0.0, 0.0, 0.0
            at = starts[p]
            for m in range(n_touched):
                by = by_inputs[i, touched[begin + m]]
                x += by * derivatives[at + m]
                y += by * derivatives[at + n_touched + m]
                z += by * derivatives[at + 2 * n_touched + m]
            j = neighbours[p]
            for axis, gradient in enumerate((x, y, z)):
                forces[i, axis] += gradient
                forces[j, axis] -= gradient


@compiled
def weighted_row(
    networks: NetworkTables,
    weights: FloatArray,
    elements: IntArray,
    inputs: FloatArray,
    slots: Slots,
    by_energy: float,
    by_forces: FloatArray,
    row: FloatArray,
) -> None:
    """Add the derivative by all weights of by_energy · E + Σ by_forces · F to a row.

    The forces need one tangent for each atom: along how its inputs change if every atom of the
    structure is displaced by its factors.
    """
    n_atoms = len(elements)
    transposed = _transposed(networks, weights)
    atomic_energies = np.empty(n_atoms)
    states = states_of(networks, weights, transposed, elements, inputs, atomic_energies)
    starts = networks.layer_offsets[networks.layer_ranges[:-1]]
    ends = np.append(starts[1:], len(weights))
    direction = np.empty(inputs.shape[1])
    workspace = np.empty((3, *_shape(networks)))
    for i in range(n_atoms):
        e = elements[i]
        own = row[starts[e] : ends[e]]
        add_energy_row(networks, e, states, i, by_energy, own)
        direction[:] = 0.0
        for p in range(slots.ranges[i], slots.ranges[i + 1]):
            for axis in range(3):
                moved = by_forces[slots.neighbours[p], axis] - by_forces[i, axis]
                _add_direction(slots, p, axis, moved, direction)
        add_tangent_row(
            networks, weights, transposed, e, states, i, direction, -1.0, workspace, own
        )
