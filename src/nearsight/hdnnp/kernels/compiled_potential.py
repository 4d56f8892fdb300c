"""A potential as flat arrays, in the order in which kernels go through them."""

from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from ase.data import atomic_numbers, chemical_symbols

from nearsight.arrays import FloatArray, IntArray
from nearsight.errors import MethodError, ModelError
from nearsight.hdnnp.kernels.function_tables import function_tables
from nearsight.hdnnp.kernels.network_kernels import NetworkTables
from nearsight.hdnnp.kernels.repulsion_kernels import RepulsionTables, repulsion_tables
from nearsight.hdnnp.kernels.symmetry_kernels import FunctionTables
from nearsight.hdnnp.networks import ACTIVATIONS, parameters
from nearsight.hdnnp.potential import ElementPotential, Potential, Scaling

_BEYOND_RANGE = 1000 * np.finfo(np.float64).eps
"""n2p2 counts an extrapolation where a symmetry function leaves its range by more than this."""


@dataclass(frozen=True, eq=False)
class CompiledPotential:
    """A potential in the form that kernels take.

    Lengths are in the unit of length of the potential inside of the kernels, so that symmetry
    functions are the numbers that its files speak of; energies are in eV, forces in eV/Å.
    """

    numbers: IntArray
    """Atomic numbers of its elements, rising."""
    length_A: float
    """Its unit of length in Å."""
    cutoff_A: float
    """The largest cutoff radius."""
    functions: FunctionTables
    networks: NetworkTables
    weights: FloatArray
    """Parameters of the networks (`nearsight.hdnnp.networks.parameters`), element by element."""
    blocks: tuple[slice, ...]
    """Where those of each element are."""
    n_functions: IntArray
    """Number of symmetry functions of each element."""
    smallest: FloatArray
    """Range of each symmetry function, shape ``(n_elements, n_inputs)``: below this, and above
    `largest`, it extrapolates."""
    largest: FloatArray
    repulsion: RepulsionTables | None
    """What is added to the networks; descriptors, and what follows from them, have none of it."""

    @property
    def n_inputs(self) -> int:
        """The largest number of symmetry functions of an element."""
        return int(self.smallest.shape[1])

    def with_weights(self, weights: FloatArray) -> "CompiledPotential":
        """Return the same potential with other weights of the networks, shape ``(n_weights,)``."""
        if weights.shape != self.weights.shape:
            raise MethodError(
                f"the networks have {len(self.weights)} weights, not an array of {weights.shape}."
            )
        return replace(self, weights=np.ascontiguousarray(weights, dtype=np.float64))

    def elements_of(self, numbers: IntArray) -> IntArray:
        """Return the elements of atoms by their indices here.

        Raises
        ------
        ModelError
            There is no network of one of them.
        """
        known = np.full(len(chemical_symbols), -1)
        known[self.numbers] = np.arange(len(self.numbers))
        elements: IntArray = known[numbers]
        if (elements < 0).any():
            others = {chemical_symbols[number] for number in np.asarray(numbers)[elements < 0]}
            here = ", ".join(chemical_symbols[number] for number in self.numbers)
            raise ModelError(
                f"the potential has no network for {', '.join(sorted(others))}; it has those of "
                f"{here}."
            )
        return elements


def compile_potential(potential: Potential) -> CompiledPotential:
    """Return the flat arrays of a potential.

    Parameters
    ----------
    potential
        The potential.

    Raises
    ------
    MethodError
        A function had one value over all training data, and is scaled by the width of its values.
    """
    elements = potential.elements
    n_functions = np.array([len(each.functions) for each in elements])
    n_inputs = int(n_functions.max())
    factors, offsets, smallest, largest = np.zeros((4, len(elements), n_inputs))
    for index, each in enumerate(elements):
        inputs = slice(len(each.functions))
        factors[index, inputs], offsets[index, inputs] = _scaling(potential.scaling, each)
        smallest[index, inputs] = each.statistics.smallest - _BEYOND_RANGE
        largest[index, inputs] = each.statistics.largest + _BEYOND_RANGE
    weights = [parameters(each.network) for each in elements]
    starts = np.concatenate([[0], np.cumsum([len(each) for each in weights])])
    energy_eV = potential.units.energy_eV
    mean_energy = potential.normalization.mean_energy
    return CompiledPotential(
        numbers=np.array([atomic_numbers[symbol] for symbol in potential.symbols]),
        length_A=potential.units.length_A,
        cutoff_A=potential.cutoff_A,
        functions=function_tables(potential),
        networks=NetworkTables(
            **_layers(potential, starts),
            input_factors=factors,
            input_offsets=offsets,
            energy_factor=energy_eV / potential.normalization.conv_energy,
            energy_offsets=np.array(
                [(each.atomic_energy + mean_energy) * energy_eV for each in elements]
            ),
        ),
        weights=np.concatenate(weights),
        blocks=tuple(slice(int(a), int(b)) for a, b in pairwise(starts)),
        n_functions=n_functions,
        smallest=smallest,
        largest=largest,
        repulsion=repulsion_tables(potential),
    )


def _scaling(scaling: Scaling, element: ElementPotential) -> tuple[FloatArray, FloatArray]:
    """Return factors and offsets that bring symmetry functions to what networks take."""
    statistics = element.statistics
    one = np.ones_like(statistics.mean)
    if scaling.kind == "none":
        return one, 0.0 * one
    if scaling.kind == "center":
        return one, -statistics.mean
    width = statistics.largest - statistics.smallest
    if scaling.kind == "sigma":
        width = statistics.sigma
    if not (width > 0).all():
        raise MethodError(
            f"symmetry function {int(np.argmin(width > 0)) + 1} of {element.symbol} was the same "
            f"for all atoms of the training data, and cannot be scaled by its width; leave it out "
            f"of the potential."
        )
    factors = (scaling.high - scaling.low) / width
    from_A = statistics.smallest if scaling.kind == "range" else statistics.mean
    return factors, scaling.low - factors * from_A


def _layers(potential: Potential, starts: IntArray) -> dict[str, IntArray]:
    """Return what `NetworkTables` says of layers."""
    letters = list(ACTIVATIONS)
    ranges, inputs, nodes, activations, offsets = [0], [], [], [], []
    for each, start in zip(potential.elements, starts, strict=False):
        at = start
        for layer in each.network.layers:
            inputs.append(layer.weights.shape[1])
            nodes.append(layer.weights.shape[0])
            activations.append(letters.index(layer.activation))
            offsets.append(at)
            at += layer.weights.size + layer.biases.size
        ranges.append(len(inputs))
    return {
        "layer_ranges": np.array(ranges),
        "layer_inputs": np.array(inputs),
        "layer_nodes": np.array(nodes),
        "layer_activations": np.array(activations),
        "layer_offsets": np.array(offsets),
    }
