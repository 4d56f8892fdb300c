"""What networks of a structure take, with derivatives: it depends on no weight."""

from dataclasses import dataclass

import numpy as np

from nearsight.arrays import FloatArray, IntArray
from nearsight.compiling import compiled
from nearsight.hdnnp.kernels.compiled_potential import CompiledPotential
from nearsight.hdnnp.kernels.neighbourhoods import neighbourhoods
from nearsight.hdnnp.kernels.network_kernels import Slots
from nearsight.hdnnp.kernels.symmetry_kernels import descriptors_with_derivatives
from nearsight.structures.pairs import Pairs


@dataclass(frozen=True, eq=False)
class Descriptors:
    """Scaled symmetry functions of a structure and those of their derivatives that are not zero."""

    elements: IntArray
    """Elements of the atoms by index in the potential, shape ``(n_atoms,)``."""
    inputs: FloatArray
    """What the networks take, shape ``(n_atoms, n_inputs)``."""
    slots: Slots
    """Derivatives of `inputs` by the vectors to neighbours."""

    @property
    def n_bytes(self) -> int:
        """Memory that is held."""
        own = (self.elements, self.inputs, *self.slots[:-2])  # the last are the potential's
        return sum(array.nbytes for array in own)


def descriptors(potential: CompiledPotential, numbers: IntArray, pairs: Pairs) -> Descriptors:
    """Return what the networks of a structure take, with its derivatives by positions.

    Parameters
    ----------
    potential
        Its weights are not used.
    numbers
        Atomic numbers, shape ``(n_atoms,)``.
    pairs
        The pairs of the structure up to the cutoff of the potential or farther.

    Raises
    ------
    ModelError
        The potential has no network for an element.
    MethodError
        The pairs do not reach the cutoff, or are those of another number of atoms.
    StructureError
        A position is not finite.
    """
    elements = potential.elements_of(numbers)
    hoods = neighbourhoods(potential, elements, pairs)
    tables, networks = potential.functions, potential.networks
    of_centres = np.repeat(elements, np.diff(hoods.ranges))
    kinds = of_centres * len(potential.numbers) + hoods.neighbour_elements
    n_touched = np.diff(tables.touched_ranges)
    starts = np.zeros(len(kinds) + 1, dtype=np.int64)
    np.cumsum(3 * n_touched[kinds], out=starts[1:])
    values = np.zeros((len(elements), potential.n_inputs))
    derivatives = np.zeros(starts[-1])
    descriptors_with_derivatives(tables, hoods, starts, values, derivatives)
    factors = networks.input_factors / potential.length_A
    _scale(
        kinds,
        of_centres,
        starts,
        tables.touched_ranges,
        tables.touched_inputs,
        factors,
        derivatives,
    )
    return Descriptors(
        elements,
        networks.input_factors[elements] * values + networks.input_offsets[elements],
        Slots(
            hoods.ranges,
            hoods.neighbours,
            kinds,
            starts,
            derivatives,
            tables.touched_ranges,
            tables.touched_inputs,
        ),
    )


@compiled
def _scale(
    kinds: IntArray,
    of_centres: IntArray,
    starts: IntArray,
    touched_ranges: IntArray,
    touched_inputs: IntArray,
    factors: FloatArray,
    derivatives: FloatArray,
) -> None:
    """Multiply derivatives by the factors of the functions, shape ``(n_elements, n_inputs)``."""
    for p in range(len(kinds)):
        begin = touched_ranges[kinds[p]]
        n_touched = touched_ranges[kinds[p] + 1] - begin
        for axis in range(3):
            at = starts[p] + axis * n_touched
            for m in range(n_touched):
                derivatives[at + m] *= factors[of_centres[p], touched_inputs[begin + m]]
