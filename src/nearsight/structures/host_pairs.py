"""Pairs of a fixed framework with molecules that move in it."""

from itertools import chain

import numpy as np
from ase import Atoms
from numpy.typing import ArrayLike
from scipy.spatial import cKDTree

from nearsight.arrays import BoolArray, FloatArray, IntArray
from nearsight.errors import StructureError
from nearsight.structures.neighbours import lattice_vectors_A
from nearsight.structures.pairs import WITH_ROUNDING, Pairs, closer_than, pairs_of, require_finite
from nearsight.structures.reduced_cell import cell_widths_A, periodic_cell, reduced_basis

_AT_A_FACE = 1e-9
"""Fractional coordinates of what lies on a face of the cell may be off by so much."""


class HostPairs:
    """The pairs of a framework, to which those of guests are added.

    The framework's own pairs are found once. For guests only their neighbours in the framework are
    looked for, in a k-d tree of the framework and those of its images that are within the cutoff
    of the cell, and their pairs with each other and their own images.

    Parameters
    ----------
    host
        The framework with its cell; a later change of it changes no pairs.
    cutoff_A
        Distance in Å below which all pairs are found.

    Raises
    ------
    MethodError
        The cutoff is not above 0.
    StructureError
        A position or cell vector of the host is not finite, or they span no lattice.
    """

    def __init__(self, host: Atoms, cutoff_A: float) -> None:
        self.pairs = pairs_of(host, cutoff_A)
        """The pairs of the host alone."""
        self._cell = _Cell(host, cutoff_A * WITH_ROUNDING)
        self._host = _Surroundings(self._cell, _Places(self._cell, host.positions))

    def with_guests(self, positions_A: ArrayLike) -> Pairs:
        """Return the pairs of the host with guest atoms behind its own.

        They are those of a fresh search, with the same shifts, in another order: the pairs of the
        host come first, as they are in `pairs`. The centre is the host's.

        Parameters
        ----------
        positions_A
            Positions of the guests' atoms in Å, shape ``(n_guest_atoms, 3)``, inside the cell or
            not; there may be none.

        Raises
        ------
        StructureError
            The positions have another shape or are not finite.
        """
        guests = _guest_positions(positions_A)
        host = self.pairs
        n_host = len(host.positions_A)
        positions = np.concatenate([host.positions_A, guests])
        places = _Places(self._cell, guests)
        guest, atom, images = self._host.around(places)
        other, another, between = _Surroundings(self._cell, places).around(places)
        proper = (other != another) | between.any(axis=1)
        # With the host in both directions; those among guests are come upon in both.
        first = np.concatenate([guest + n_host, other[proper] + n_host])
        second = np.concatenate([atom, another[proper] + n_host])
        shifts = lattice_vectors_A(np.concatenate([images, between[proper]]), self._cell.vectors_A)
        near = closer_than(host.cutoff_A, positions[second] - positions[first] + shifts)
        first, second, shifts = first[near], second[near], shifts[near]
        back = second < n_host
        return Pairs(
            first=np.concatenate([host.first, first, second[back]]),
            second=np.concatenate([host.second, second, first[back]]),
            shifts_A=np.concatenate([host.shifts_A, shifts, -shifts[back]]),
            cutoff_A=host.cutoff_A,
            positions_A=positions,
            cell_A=host.cell_A,
            periodic=host.periodic,
            centre_A=host.centre_A,
        )

    def neighbours(self, positions_A: ArrayLike) -> tuple[IntArray, IntArray, FloatArray]:
        """Return which places have which atoms of the host near, and how far in Å.

        Places do not see each other. A place has an entry for each image of an atom.

        Parameters
        ----------
        positions_A
            Places in Å, shape ``(n_places, 3)``.

        Returns
        -------
        tuple of arrays
            Places, atoms of the host, and distances below the cutoff, each ``(n_entries,)``.

        Raises
        ------
        StructureError
            The positions have another shape or are not finite.
        """
        guests = _guest_positions(positions_A)
        place, atom, images = self._host.around(_Places(self._cell, guests))
        shifts_A = lattice_vectors_A(images, self._cell.vectors_A)
        vectors_A = self.pairs.positions_A[atom] - guests[place] + shifts_A
        near = closer_than(self.pairs.cutoff_A, vectors_A)
        return place[near], atom[near], np.linalg.norm(vectors_A[near], axis=1)


def _guest_positions(positions_A: ArrayLike) -> FloatArray:
    guests = _numbers(positions_A)
    if guests.ndim != 2 or guests.shape[1] != 3:
        raise StructureError(
            f"positions of guests have the shape {guests.shape}, not (n_guest_atoms, 3); give one "
            f"row of x, y and z in Å for each atom."
        )
    require_finite(guests, "position of guest atom")
    return guests


def _numbers(positions_A: ArrayLike) -> FloatArray:
    try:
        return np.array(positions_A, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise StructureError(
            f"positions of guests are no numbers ({error}); give one row of x, y and z in Å for "
            f"each atom."
        ) from error


class _Cell:
    """The lattice of a host, by its own cell vectors and by the reduced ones.

    Places are told by the reduced ones, in which few images are near; images are whole numbers of
    its own, of which every search makes the same shifts.
    """

    def __init__(self, host: Atoms, reach_A: float) -> None:
        self.vectors_A: FloatArray = periodic_cell(host)
        self.basis: IntArray = reduced_basis(host)
        self.periodic: BoolArray = host.pbc.copy()
        self.reduced_A: FloatArray = self.basis @ self.vectors_A
        self.to_fractions: FloatArray = np.linalg.inv(self.reduced_A).astype(np.float64)
        self.reach_A = reach_A
        # How far atoms of images within reach lie outside the cell along each vector.
        self.margins: FloatArray = np.full(3, np.inf)
        widths_A = cell_widths_A(self.reduced_A, self.periodic)
        self.margins[self.periodic] = reach_A / widths_A + _AT_A_FACE
        counts = np.where(self.periodic, np.ceil(self.margins), 0).astype(int)
        self.nearby: IntArray = (
            np.array(list(np.ndindex(*(2 * counts + 1))), dtype=np.int64) - counts
        )
        """Images, some of whose atoms may be within reach of the cell, by the reduced vectors."""


class _Places:
    """Atoms carried into the reduced cell, and by which lattice vectors."""

    def __init__(self, cell: _Cell, positions_A: FloatArray) -> None:
        fractions = positions_A @ cell.to_fractions
        taken_off: FloatArray = np.where(cell.periodic, np.floor(fractions), 0.0)
        self.fractions: FloatArray = fractions - taken_off
        self.inside_A: FloatArray = positions_A - taken_off @ cell.reduced_A
        self.images: IntArray = taken_off.astype(np.int64) @ cell.basis


class _Surroundings:
    """Atoms with those of their images that are within reach of the cell, in a k-d tree."""

    def __init__(self, cell: _Cell, places: _Places) -> None:
        there = places.fractions[:, np.newaxis] + cell.nearby
        within = ((there > -cell.margins) & (there < 1 + cell.margins)).all(axis=2)
        self._atoms, image = np.nonzero(within)
        carried = cell.nearby[image]
        self._images: IntArray = carried @ cell.basis - places.images[self._atoms]
        points = places.inside_A[self._atoms] + carried @ cell.reduced_A
        self._tree = cKDTree(points)
        self._reach_A = cell.reach_A

    def around(self, places: _Places) -> tuple[IntArray, IntArray, IntArray]:
        """Return which of the places, which of these atoms, and the images to add to the latter."""
        lists = self._tree.query_ball_point(places.inside_A, self._reach_A)
        counts = np.fromiter(map(len, lists), np.int64, len(lists))
        points = np.fromiter(chain.from_iterable(lists), np.int64, int(counts.sum()))
        place = np.repeat(np.arange(len(lists)), counts)
        return place, self._atoms[points], self._images[points] + places.images[place]
