"""Neighbours of atoms in the form that kernels take."""

import numpy as np

from nearsight.arrays import FloatArray, IntArray
from nearsight.compiling import compiled
from nearsight.errors import MethodError
from nearsight.hdnnp.kernels.compiled_potential import CompiledPotential
from nearsight.hdnnp.kernels.symmetry_kernels import Neighbourhoods
from nearsight.structures.pairs import Pairs, require_finite


def neighbourhoods(
    compiled_potential: CompiledPotential, elements: IntArray, pairs: Pairs
) -> Neighbourhoods:
    """Return the neighbours of all atoms within the cutoffs of the functions of their elements.

    Parameters
    ----------
    compiled_potential
        The potential.
    elements
        Elements of the atoms by index in the potential, shape ``(n_atoms,)``.
    pairs
        All pairs up to the cutoff of the potential or farther, in any order.

    Raises
    ------
    MethodError
        The pairs do not reach the cutoff, or are those of another number of atoms.
    StructureError
        A position is not finite.
    """
    # The cutoff in Å may be that of the pairs but for the last digit, if the unit is bohr.
    if pairs.cutoff_A < compiled_potential.cutoff_A * (1 - 1e-12):
        raise MethodError(
            f"pairs are known up to {pairs.cutoff_A:g} Å, and the potential has a cutoff of "
            f"{compiled_potential.cutoff_A:g} Å; search farther."
        )
    if len(pairs.positions_A) != len(elements):
        raise MethodError(
            f"{len(elements)} atoms were given with pairs of {len(pairs.positions_A)} atoms."
        )
    require_finite(pairs.positions_A, "position")
    ranges, neighbours, of_neighbours, vectors, distances = _sorted_by_element(
        elements,
        pairs.first,
        pairs.second,
        pairs.vectors_A() / compiled_potential.length_A,
        compiled_potential.functions.reaches,
    )
    return Neighbourhoods(
        centres=np.arange(len(elements)),
        elements=elements,
        ranges=ranges,
        neighbours=neighbours,
        neighbour_elements=of_neighbours,
        vectors=vectors,
        distances=distances,
    )


@compiled
def _sorted_by_element(
    elements: IntArray,
    first: IntArray,
    second: IntArray,
    vectors: FloatArray,
    reaches: FloatArray,
) -> tuple[IntArray, IntArray, IntArray, FloatArray, FloatArray]:
    """Return ranges of the atoms' pairs, and those pairs sorted by atom and element."""
    n_elements = len(reaches)
    starts = np.zeros(len(elements) * n_elements + 1, dtype=np.int64)
    distances = np.empty(len(first))
    for p in range(len(first)):
        distances[p] = np.sqrt(vectors[p, 0] ** 2 + vectors[p, 1] ** 2 + vectors[p, 2] ** 2)
        if not distances[p] >= reaches[elements[first[p]]]:
            starts[first[p] * n_elements + elements[second[p]] + 1] += 1
    for k in range(1, len(starts)):
        starts[k] += starts[k - 1]
    ranges = starts[::n_elements].copy()
    total = starts[-1]
    neighbours = np.empty(total, dtype=np.int64)
    of_neighbours = np.empty(total, dtype=np.int64)
    sorted_vectors, sorted_distances = np.empty((total, 3)), np.empty(total)
    for p in range(len(first)):
        if distances[p] >= reaches[elements[first[p]]]:
            continue
        kind = first[p] * n_elements + elements[second[p]]
        place = starts[kind]
        starts[kind] += 1
        neighbours[place] = second[p]
        of_neighbours[place] = elements[second[p]]
        sorted_distances[place] = distances[p]
        for x in range(3):
            sorted_vectors[place, x] = vectors[p, x]
    return ranges, neighbours, of_neighbours, sorted_vectors, sorted_distances
