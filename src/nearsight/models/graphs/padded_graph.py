"""Neighbour graphs whose sizes are rounded up, for frameworks that compile once per size.

What is added contributes exactly nothing, to derivatives either: pairs whose vector is longer than
the cutoff, and atoms whose energies are left out of every sum.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from ase import Atoms
from numpy.typing import NDArray

from nearsight.structures.pairs import Pairs

_LEAST_ATOMS = 8
_LEAST_PAIRS = 64
_STEPS_PER_DOUBLING = 8


class PaddedGraph(NamedTuple):
    """Every pair within the cutoff, in both directions, of a batch of structures.

    The structures are disjoint parts of one graph. Arrays are NumPy's, or those of the framework
    that they are handed to.
    """

    numbers: Any
    """Atomic numbers, int32, shape ``(n_atoms,)``."""
    positions: Any
    """Positions in Å around a point of each structure, shape ``(n_atoms, 3)``."""
    senders: Any
    """First atom i of each pair, int32, shape ``(n_edges,)``."""
    receivers: Any
    """Second atom j of each pair, int32, shape ``(n_edges,)``."""
    shifts: Any
    """Lattice vector in Å that is added to r_j, shape ``(n_edges, 3)``."""
    structure_of_atom: Any
    """Index of the structure of each atom, int32, shape ``(n_atoms,)``."""
    unstrained: Any
    """The strain of no deformation: zeros of shape ``(n_structures, 3, 3)``."""

    def edge_vectors(self, positions: Any, strain: Any) -> Any:
        """Return (1 + ε)(r_j + shift - r_i) in Å, shape ``(n_edges, 3)``.

        Parameters
        ----------
        positions
            Shape ``(n_atoms, 3)`` in Å, before the strain.
        strain
            Symmetric, shape ``(n_structures, 3, 3)``.
        """
        vectors = positions[self.receivers] - positions[self.senders] + self.shifts
        of_edge = strain[self.structure_of_atom[self.senders]]
        return vectors + (vectors[:, None, :] @ of_edge)[:, 0, :]


def padded_graph(structures: Sequence[Atoms], pairs: Sequence[Pairs], dtype: str) -> PaddedGraph:
    """Return the graph of a batch of structures, whose atoms come first and in order.

    Parameters
    ----------
    structures
        The batch, at least one. Atoms that are added are of the element of its first one.
    pairs
        The pairs of each, all up to the same distance. Positions are taken around the point that
        they name.
    dtype
        Precision of all real numbers.
    """
    atoms_of = [len(atoms) for atoms in structures]
    numbered = list(zip(pairs, np.cumsum([0, *atoms_of[:-1]]), strict=True))
    n_atoms = rounded_atoms(sum(atoms_of))
    n_edges = _rounded_up(sum(len(one.first) for one in pairs), _LEAST_PAIRS)
    n_structures = 1 << (len(structures) - 1).bit_length()
    # An added pair joins the first atom to an image of it that is out of reach: it has a direction,
    # unlike a vector of zero length, whose derivatives are not numbers.
    out_of_reach = np.array([2 * pairs[0].cutoff_A, 0, 0])
    return PaddedGraph(
        numbers=_padded([atoms.numbers for atoms in structures], n_atoms, structures[0].numbers[0]),
        positions=_padded(
            [one.positions_A - one.centre_A for one in pairs], n_atoms, np.zeros(3)
        ).astype(dtype),
        senders=_padded([one.first + at for one, at in numbered], n_edges),
        receivers=_padded([one.second + at for one, at in numbered], n_edges),
        shifts=_padded([one.shifts_A for one in pairs], n_edges, out_of_reach).astype(dtype),
        structure_of_atom=_padded([np.repeat(np.arange(len(structures)), atoms_of)], n_atoms),
        unstrained=np.zeros((n_structures, 3, 3), dtype),
    )


def rounded_atoms(n_atoms: int) -> int:
    """Return how many atoms the graph of `n_atoms` atoms has."""
    return _rounded_up(n_atoms, _LEAST_ATOMS)


def _rounded_up(count: int, least: int) -> int:
    """Return the next of a few sizes: multiples of `least`, then eight to each doubling.

    At most an eighth is added beyond ``8 * least``, and a count that changes a little, as that of
    pairs during a relaxation, meets two or three sizes.
    """
    step = max(least, (1 << (count.bit_length() - 1)) // _STEPS_PER_DOUBLING if count else 0)
    return max(-(-count // step) * step, least)


def _padded(
    parts: Sequence[NDArray[Any]], length: int, value: NDArray[Any] | int = 0
) -> NDArray[Any]:
    joined = np.concatenate(parts)
    padding = np.broadcast_to(value, (length - len(joined), *joined.shape[1:]))
    whole = np.concatenate([joined, padding])
    return whole.astype(np.int32) if np.issubdtype(whole.dtype, np.integer) else whole
