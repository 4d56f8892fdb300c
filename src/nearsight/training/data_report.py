"""What structures that are learnt have: distances of elements, forces, and values of functions."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from ase.data import atomic_numbers

from nearsight.arrays import FloatArray, IntArray
from nearsight.hdnnp.kernels.compiled_potential import compile_potential
from nearsight.hdnnp.potential import Potential
from nearsight.notebooks import ShownInNotebooks
from nearsight.structures.naming import paragraph
from nearsight.structures.neighbours import neighbour_pairs
from nearsight.training.labelled import LabelledStructure
from nearsight.training.pair_charts import BIN_A, PairDistances
from nearsight.training.preparing import function_values
from nearsight.training.proposing import Pair, pair_of

N_BINS = 24
"""Intervals of the range of a symmetry function."""


@dataclass(frozen=True, eq=False, repr=False)
class ElementHistograms(ShownInNotebooks):
    """How often values of symmetry functions are where in their range."""

    element: str
    counts: IntArray
    """Shape ``(n_functions, N_BINS)``, from the smallest to the largest value."""

    def __repr__(self) -> str:
        return paragraph(self, f"{len(self.counts)} symmetry functions of {self.element}")


def pair_distances(
    structures: Iterable[LabelledStructure], cutoff_A: float
) -> tuple[PairDistances, ...]:
    """Return distances of all pairs of elements up to a cutoff, as in M. Herbold's thesis.

    Where they are short and forces are large, a potential knows what it does; no distance at all is
    where it knows nothing.

    Parameters
    ----------
    structures
        What is learnt.
    cutoff_A
        That of the symmetry functions.
    """
    n_bins = int(np.ceil(cutoff_A / BIN_A))
    counts: dict[Pair, IntArray] = {}
    forces: dict[Pair, FloatArray] = {}
    shortest: dict[Pair, float] = {}
    for each in structures:
        i, j, shifts = neighbour_pairs(each.atoms, cutoff_A)
        positions = each.atoms.positions
        distances = np.linalg.norm(positions[j] + shifts - positions[i], axis=1)
        sizes = np.linalg.norm(each.forces_eV_per_A, axis=1)
        places = np.minimum((distances / BIN_A).astype(np.int64), n_bins - 1)
        symbols = np.array(each.atoms.get_chemical_symbols())
        for first, second in {pair_of(a, b) for a, b in zip(symbols[i], symbols[j], strict=True)}:
            own = (symbols[i] == first) & (symbols[j] == second)
            pair = (first, second)
            of_pair = np.bincount(places[own], minlength=n_bins)
            # Pairs of one element are there twice, once from each end.
            of_pair //= 2 if first == second else 1
            counts[pair] = counts.get(pair, np.zeros(n_bins, dtype=np.int64)) + of_pair
            largest = forces.setdefault(pair, np.zeros(n_bins))
            np.maximum.at(largest, places[own], np.maximum(sizes[i[own]], sizes[j[own]]))
            least = float(distances[own].min())
            shortest[pair] = min(shortest.get(pair, least), least)
    return tuple(
        _filled(pair, shortest[pair], counts[pair], forces[pair])
        for pair in sorted(counts, key=lambda pair: tuple(atomic_numbers[each] for each in pair))
    )


def _filled(pair: Pair, shortest_A: float, counts: IntArray, forces: FloatArray) -> PairDistances:
    first = int(np.flatnonzero(counts)[0])
    return PairDistances(pair, shortest_A, first, counts[first:], forces[first:])


def histograms(
    potential: Potential, structures: Iterable[LabelledStructure]
) -> tuple[ElementHistograms, ...]:
    """Return how the values of symmetry functions are spread over their ranges."""
    compiled = compile_potential(potential)
    counts = [np.zeros((len(each.functions), N_BINS), np.int64) for each in potential.elements]
    for structure in structures:
        elements, values = function_values(compiled, structure)
        for index, each in enumerate(potential.elements):
            own = values[elements == index, : len(each.functions)]
            width = each.statistics.largest - each.statistics.smallest
            shares = (own - each.statistics.smallest) / np.where(width > 0, width, 1.0)
            places = np.clip((N_BINS * shares).astype(np.int64), 0, N_BINS - 1)
            functions = np.broadcast_to(np.arange(own.shape[1]), places.shape)
            np.add.at(counts[index], (functions, places), 1)
    return tuple(
        ElementHistograms(each.symbol, count)
        for each, count in zip(potential.elements, counts, strict=True)
    )
