"""Neighbour graphs of one or many structures, as tensors on the model's device."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from ase import Atoms

from nearsight.structures.neighbours import neighbour_pairs


@dataclass(frozen=True)
class NeighborGraph:
    """Every pair within the cutoff, in both directions, of a batch of structures.

    The structures of a batch are disjoint parts of one graph, so that a model sees one large
    structure and needs no code for batches.
    """

    numbers: torch.Tensor
    """Atomic numbers, int64, shape ``(n_atoms,)``."""
    positions: torch.Tensor
    """Positions in Å around the mean of each structure, shape ``(n_atoms, 3)``."""
    senders: torch.Tensor
    """First atom i of each pair, int64, shape ``(n_edges,)``."""
    receivers: torch.Tensor
    """Second atom j of each pair, int64, shape ``(n_edges,)``."""
    shifts: torch.Tensor
    """Lattice vector in Å that is added to r_j, shape ``(n_edges, 3)``."""
    structure_of_atom: torch.Tensor
    """Index of the structure of each atom, int64, shape ``(n_atoms,)``."""
    atoms_per_structure: tuple[int, ...]
    """Number of atoms of each structure."""

    @property
    def n_structures(self) -> int:
        """Number of structures in the batch."""
        return len(self.atoms_per_structure)

    def unstrained(self) -> torch.Tensor:
        """Return the strain of no deformation: zeros of shape ``(n_structures, 3, 3)``."""
        return self.positions.new_zeros((self.n_structures, 3, 3))

    def edge_vectors(self, positions: torch.Tensor, strain: torch.Tensor) -> torch.Tensor:
        """Return (1 + ε)(r_j + shift - r_i) in Å, shape ``(n_edges, 3)``.

        Parameters
        ----------
        positions
            Shape ``(n_atoms, 3)`` in Å, before the strain.
        strain
            Symmetric, shape ``(n_structures, 3, 3)``.
        """
        vectors = positions[self.receivers] - positions[self.senders] + self.shifts
        if self.n_structures == 1:
            return vectors + vectors @ strain[0]
        of_edge = strain[self.structure_of_atom[self.senders]]
        return vectors + torch.einsum("ni,nij->nj", vectors, of_edge)


def neighbor_graph(
    structures: Sequence[Atoms], cutoff_A: float, dtype: torch.dtype, device: str
) -> NeighborGraph:
    """Return the graph of all pairs closer than `cutoff_A` Å, periodic images included."""
    first_atom = 0
    parts = []
    for index, atoms in enumerate(structures):
        i, j, shifts = neighbour_pairs(atoms, cutoff_A)
        # Around their mean, so that single precision is not spent on where the origin is.
        centred = atoms.positions - atoms.positions.mean(axis=0)
        owner = np.full(len(atoms), index)
        parts.append((atoms.numbers, centred, i + first_atom, j + first_atom, shifts, owner))
        first_atom += len(atoms)
    numbers, positions, i, j, shifts, owner = (
        np.concatenate(arrays) for arrays in zip(*parts, strict=True)
    )

    def integers(array: np.ndarray) -> torch.Tensor:
        return torch.as_tensor(array.astype(np.int64), device=device)

    def reals(array: np.ndarray) -> torch.Tensor:
        return torch.as_tensor(array, dtype=dtype, device=device)

    return NeighborGraph(
        numbers=integers(numbers),
        positions=reals(positions),
        senders=integers(i),
        receivers=integers(j),
        shifts=reals(shifts),
        structure_of_atom=integers(owner),
        atoms_per_structure=tuple(len(atoms) for atoms in structures),
    )
