"""Pairs of a structure that moves in small steps, as in molecular dynamics."""

from dataclasses import dataclass

import numpy as np
from ase import Atoms

from nearsight.arrays import BoolArray, FloatArray, IntArray
from nearsight.structures.neighbours import lattice_vectors_A, neighbour_images
from nearsight.structures.pairs import (
    WITH_ROUNDING,
    Pairs,
    closer_than,
    middle_of,
    require_length,
    require_searchable,
)
from nearsight.structures.reduced_cell import periodic_cell, reduced_basis


class SkinPairs:
    """Pairs within a cutoff, searched anew only when one may have come from beyond a skin.

    L. Verlet, Phys. Rev. 159, 98 (1967): a search goes a skin farther than the cutoff, and its
    candidates contain all pairs until they have come closer by the skin. Of the candidates those
    within the cutoff are chosen at each step.

    Parameters
    ----------
    cutoff_A
        Distance in Å below which all pairs are found.
    skin_A
        How much farther in Å a search goes, above 0; about 1 Å is usual. A thicker one means fewer
        searches and more candidates at each step.

    Raises
    ------
    MethodError
        The cutoff or the skin is not above 0.
    """

    def __init__(self, cutoff_A: float, skin_A: float) -> None:
        require_length("cutoff_A", cutoff_A)
        require_length("skin_A", skin_A)
        self._cutoff_A = cutoff_A
        self._skin_A = skin_A
        self.n_searches = 0
        """How many searches there have been."""
        self._candidates: _Candidates | None = None

    @property
    def cutoff_A(self) -> float:
        """Distance in Å below which all pairs are found."""
        return self._cutoff_A

    @property
    def skin_A(self) -> float:
        """How much farther a search goes, in Å."""
        return self._skin_A

    @property
    def searched(self) -> Atoms | None:
        """The structure of the last search; a fresh one of it brings back what is kept."""
        kept = self._candidates
        if kept is None:
            return None
        return Atoms(
            numbers=np.zeros(len(kept.positions_A), dtype=int),
            positions=kept.positions_A,
            cell=kept.cell_A,
            pbc=kept.periodic,
        )

    def of(self, atoms: Atoms) -> Pairs:
        """Return the pairs of `atoms`: those of a fresh search, with the same shifts.

        It may be the next step of the same trajectory, also with another cell or with atoms carried
        back into it, or any other structure.

        Raises
        ------
        StructureError
            A position or cell vector is not finite, or the cell vectors span no lattice.
        """
        require_searchable(atoms)
        images = None if self._candidates is None else self._candidates.images_in(atoms)
        if self._candidates is None or images is None:
            self._candidates = _search(atoms, self.cutoff_A, self.skin_A)
            self.n_searches += 1
            images = self._candidates.images
        first, second = self._candidates.first, self._candidates.second
        positions = atoms.positions
        shifts = lattice_vectors_A(images, periodic_cell(atoms))
        near = closer_than(self.cutoff_A, positions[second] - positions[first] + shifts)
        return Pairs(
            first=first[near],
            second=second[near],
            shifts_A=shifts[near],
            cutoff_A=self.cutoff_A,
            positions_A=positions.copy(),
            cell_A=atoms.cell.array.copy(),
            periodic=atoms.pbc.copy(),
            centre_A=middle_of(positions),
        )


@dataclass(frozen=True, eq=False)
class _Candidates:
    """What a search came upon, and the structure that it was made for."""

    first: IntArray
    second: IntArray
    images: IntArray
    """Whole numbers of the vectors of `periodic_cell`, shape ``(n_candidates, 3)``."""
    cutoff_A: float
    skin_A: float
    positions_A: FloatArray
    cell_A: FloatArray
    periodic: BoolArray
    basis: IntArray

    def images_in(self, atoms: Atoms) -> IntArray | None:
        """Return the images in a later structure; None if pairs of it may not be candidates.

        Be r = r⁰F + u + t: F carries the former cell to the present one, and t is a lattice vector
        by which an atom was carried into the cell. A pair that is no candidate was at least
        cutoff + skin apart, and is now at least σ (cutoff + skin) - 2 max|u| apart, with the
        smallest singular value σ of F. That must not be less than the cutoff.
        """
        if len(atoms) == 0 or len(atoms) != len(self.positions_A):
            return None
        if not np.array_equal(atoms.pbc, self.periodic):
            return None
        cell = periodic_cell(atoms)
        if np.array_equal(cell, self.cell_A):
            smallest, moved = 1.0, atoms.positions - self.positions_A
        else:
            change = np.linalg.solve(self.cell_A, cell)
            smallest = float(np.linalg.svd(change, compute_uv=False)[-1])
            moved = atoms.positions - self.positions_A @ change
        reduced = self.basis @ cell
        carried = np.where(self.periodic, np.round(moved @ np.linalg.inv(reduced)), 0.0)
        moved = moved - carried @ reduced
        # A common motion changes no distance.
        by_itself = np.linalg.norm(moved - np.median(moved, axis=0), axis=1).max(initial=0.0)
        least_A = smallest * (self.cutoff_A + self.skin_A) - 2 * by_itself
        if least_A < self.cutoff_A * WITH_ROUNDING:
            return None
        if not carried.any():
            return self.images
        lattice: IntArray = carried.astype(np.int64) @ self.basis
        images: IntArray = self.images + lattice[self.first] - lattice[self.second]
        return images


def _search(atoms: Atoms, cutoff_A: float, skin_A: float) -> _Candidates:
    first, second, images = neighbour_images(atoms, (cutoff_A + skin_A) * WITH_ROUNDING)
    return _Candidates(
        first=first,
        second=second,
        images=images,
        cutoff_A=cutoff_A,
        skin_A=skin_A,
        positions_A=atoms.positions.copy(),
        cell_A=periodic_cell(atoms),
        periodic=atoms.pbc.copy(),
        basis=reduced_basis(atoms),
    )
