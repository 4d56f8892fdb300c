"""Neighbour graphs of one or many structures, as tensors on the model's device."""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, Self

import numpy as np
import torch
from ase import Atoms

from nearsight.structures.pairs import Pairs


@dataclass(frozen=True)
class NeighborGraph:
    """Every pair within the cutoff, in both directions, of a batch of structures.

    The structures of a batch are disjoint parts of one graph, so that a model sees one large
    structure and needs no code for batches.
    """

    numbers: torch.Tensor
    """Atomic numbers, int64, shape ``(n_atoms,)``."""
    positions: torch.Tensor
    """Positions in Å around a point of each structure, shape ``(n_atoms, 3)``."""
    senders: torch.Tensor
    """First atom i of each pair, int64, shape ``(n_edges,)``."""
    receivers: torch.Tensor
    """Second atom j of each pair, int64, shape ``(n_edges,)``."""
    shifts: torch.Tensor
    """Lattice vector in Å that is added to r_j, shape ``(n_edges, 3)``."""
    structure_of_atom: torch.Tensor
    """Index of the structure of each atom, int64, shape ``(n_atoms,)``."""
    cells: torch.Tensor
    """Cell vectors (rows) in Å, zero where there are none, shape ``(n_structures, 3, 3)``."""
    periodic: torch.Tensor
    """Along which cell vectors a structure is periodic, bool, shape ``(n_structures, 3)``."""
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

    def with_edges(self, chosen: torch.Tensor) -> Self:
        """Return the graph with some of its pairs only, by their indices or by truth values."""
        return replace(
            self,
            senders=self.senders[chosen],
            receivers=self.receivers[chosen],
            shifts=self.shifts[chosen],
        )

    def to(self, dtype: torch.dtype, device: str) -> Self:
        """Return the graph on a device, its real numbers in a precision."""
        moved: dict[str, Any] = {}
        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(value, torch.Tensor):
                moved[field.name] = value.to(
                    device, dtype if value.is_floating_point() else value.dtype
                )
        return replace(self, **moved)


def neighbor_graph(structures: Sequence[Atoms], pairs: Sequence[Pairs]) -> NeighborGraph:
    """Return the graph of a batch of structures in double precision on the CPU.

    Parameters
    ----------
    structures
        The batch, at least one.
    pairs
        The pairs of each. Positions are taken around the point that they name.
    """
    atoms_of = [len(atoms) for atoms in structures]
    first_atoms = np.cumsum([0, *atoms_of[:-1]])
    numbered = list(zip(pairs, first_atoms, strict=True))
    return NeighborGraph(
        numbers=_integers([atoms.numbers for atoms in structures]),
        positions=_reals([one.positions_A - one.centre_A for one in pairs]),
        senders=_integers([one.first + first for one, first in numbered]),
        receivers=_integers([one.second + first for one, first in numbered]),
        shifts=_reals([one.shifts_A for one in pairs]),
        structure_of_atom=_integers([np.repeat(np.arange(len(structures)), atoms_of)]),
        cells=_reals([atoms.cell.array[None] for atoms in structures]),
        periodic=torch.tensor(np.array([atoms.pbc for atoms in structures])),
        atoms_per_structure=tuple(atoms_of),
    )


def neighbor_fields(graph: NeighborGraph) -> dict[str, Any]:
    """Return what a graph has of pairs alone, by name, for one that has more."""
    return {field.name: getattr(graph, field.name) for field in fields(NeighborGraph)}


def _integers(parts: Sequence[np.ndarray]) -> torch.Tensor:
    return torch.as_tensor(np.concatenate(parts).astype(np.int64))


def _reals(parts: Sequence[np.ndarray]) -> torch.Tensor:
    return torch.as_tensor(np.concatenate(parts), dtype=torch.float64)
