"""Neighbours of the few atoms that a change of a structure concerns, by cell lists.

Atoms lie in bins as wide as the cutoff. Along periodic directions bins go on without end: bin t has
the atoms of bin t modulo their number, carried by t divided by their number lattice vectors. Along
others atoms beyond the outermost bins are in those.
"""

from math import floor
from typing import NamedTuple

import numpy as np

from nearsight.arrays import BoolArray, FloatArray, IntArray
from nearsight.hdnnp.kernels.compiling import compiled, inlined


class Grid(NamedTuple):
    """Bins of a structure."""

    vectors_A: FloatArray
    """Reduced cell vectors, shape ``(3, 3)``."""
    to_fractions: FloatArray
    """Inverse of `vectors_A`."""
    periodic: BoolArray
    """Along which of them, shape ``(3,)`` as all below."""
    origins: FloatArray
    """Fraction at which the first bin begins."""
    widths: FloatArray
    """Of bins in fractions."""
    counts: IntArray
    ranges: IntArray
    """How many bins away neighbours may be."""
    cutoff_A: float


class Places(NamedTuple):
    """Where atoms are; arrays may have room for more atoms than there are."""

    positions_A: FloatArray
    """Shape ``(n, 3)``."""
    elements: IntArray
    """By index in the potential."""
    bins: IntArray
    """Shape ``(n, 3)``, counted on across periodic images."""
    images: IntArray
    """The lattice vectors that bins have been carried by, shape ``(n, 3)``."""
    heads: IntArray
    """First atom of each bin, or -1."""
    nexts: IntArray
    """The next atom in the same bin, or -1."""


class Surroundings(NamedTuple):
    """Neighbours of some atoms, sorted by element and index; see `Neighbourhoods`."""

    centres: IntArray
    elements: IntArray
    ranges: IntArray
    neighbours: IntArray
    neighbour_elements: IntArray
    vectors: FloatArray
    distances: FloatArray


@inlined
def _bin(grid: Grid, places: Places, atom: int) -> int:
    """Return the index of the bin that an atom is in."""
    index = 0
    for axis in range(3):
        t, n = places.bins[atom, axis], grid.counts[axis]
        index = index * n + (t % n if grid.periodic[axis] else min(max(t, 0), n - 1))
    return index


@compiled
def _link(grid: Grid, places: Places, atom: int) -> None:
    """Put an atom into its bin."""
    for axis in range(3):
        fraction = 0.0
        for x in range(3):
            fraction += places.positions_A[atom, x] * grid.to_fractions[x, axis]
        t = floor((fraction - grid.origins[axis]) / grid.widths[axis])
        places.bins[atom, axis] = t
        places.images[atom, axis] = t // grid.counts[axis] if grid.periodic[axis] else 0
    index = _bin(grid, places, atom)
    places.nexts[atom] = places.heads[index]
    places.heads[index] = atom


@compiled
def _unlink(grid: Grid, places: Places, atom: int) -> None:
    """Take an atom out of its bin."""
    index = _bin(grid, places, atom)
    if places.heads[index] == atom:
        places.heads[index] = places.nexts[atom]
        return
    before = places.heads[index]
    while places.nexts[before] != atom:
        before = places.nexts[before]
    places.nexts[before] = places.nexts[atom]


@compiled
def fill(grid: Grid, places: Places, n_atoms: int) -> None:
    """Put the first atoms into empty bins."""
    places.heads[:] = -1
    for atom in range(n_atoms):
        _link(grid, places, atom)


@compiled
def put(grid: Grid, places: Places, moved: IntArray, positions_A: FloatArray, known: int) -> None:
    """Put atoms at other positions; the first `known` atoms are in bins before."""
    for k in range(len(moved)):
        atom = moved[k]
        if atom < known:
            _unlink(grid, places, atom)
        places.positions_A[atom] = positions_A[k]
        _link(grid, places, atom)


@compiled
def _neighbours_of(
    grid: Grid, places: Places, atom: int, found: IntArray, vectors: FloatArray
) -> tuple[int, IntArray, FloatArray]:
    """Write the neighbours of an atom and the vectors to them; return how many there are."""
    n_found = 0
    lowest, highest = np.empty(3, dtype=np.int64), np.empty(3, dtype=np.int64)
    for axis in range(3):
        t, n = places.bins[atom, axis], grid.counts[axis]
        lowest[axis], highest[axis] = t - grid.ranges[axis], t + grid.ranges[axis]
        if not grid.periodic[axis]:
            lowest[axis] = min(max(lowest[axis], 0), n - 1)
            highest[axis] = min(max(highest[axis], 0), n - 1)
    positions, images, nexts = places.positions_A, places.images, places.nexts
    counts, cell, periodic = grid.counts, grid.vectors_A, grid.periodic
    squared_cutoff = grid.cutoff_A * grid.cutoff_A
    x, y, z = positions[atom, 0], positions[atom, 1], positions[atom, 2]
    for a in range(lowest[0], highest[0] + 1):
        image_a = a // counts[0] if periodic[0] else 0
        index_a = a - image_a * counts[0]
        for b in range(lowest[1], highest[1] + 1):
            image_b = b // counts[1] if periodic[1] else 0
            index_b = index_a * counts[1] + b - image_b * counts[1]
            for c in range(lowest[2], highest[2] + 1):
                image_c = c // counts[2] if periodic[2] else 0
                other = places.heads[index_b * counts[2] + c - image_c * counts[2]]
                while other >= 0:
                    i = image_a - images[other, 0]
                    j = image_b - images[other, 1]
                    k = image_c - images[other, 2]
                    u = positions[other, 0] - x
                    v = positions[other, 1] - y
                    w = positions[other, 2] - z
                    if i != 0 or j != 0 or k != 0:
                        u += i * cell[0, 0] + j * cell[1, 0] + k * cell[2, 0]
                        v += i * cell[0, 1] + j * cell[1, 1] + k * cell[2, 1]
                        w += i * cell[0, 2] + j * cell[1, 2] + k * cell[2, 2]
                    elif other == atom:
                        other = nexts[other]
                        continue
                    if u * u + v * v + w * w < squared_cutoff:
                        if n_found == len(found):
                            found = np.append(found, np.empty_like(found))
                            vectors = np.append(vectors, np.empty_like(vectors)).reshape(-1, 3)
                        found[n_found] = other
                        vectors[n_found, 0], vectors[n_found, 1], vectors[n_found, 2] = u, v, w
                        n_found += 1
                    other = nexts[other]
    return n_found, found, vectors


@compiled
def surroundings(
    grid: Grid, places: Places, centres: IntArray, reaches_A: FloatArray, length_A: float
) -> Surroundings:
    """Return the neighbours of atoms within the reaches of their elements.

    Vectors are in units of `length_A`.
    """
    found, vectors = np.empty(64, dtype=np.int64), np.empty((64, 3))
    room = 32 * len(centres) + 64
    neighbours, out = np.empty(room, dtype=np.int64), np.empty((room, 3))
    ranges = np.zeros(len(centres) + 1, dtype=np.int64)
    total = 0
    for i in range(len(centres)):
        n_found, found, vectors = _neighbours_of(grid, places, centres[i], found, vectors)
        if total + n_found > len(neighbours):
            more = len(neighbours) + n_found
            neighbours = np.append(neighbours, np.empty(more, dtype=np.int64))
            out = np.append(out, np.empty((more, 3))).reshape(-1, 3)
        squared_reach = reaches_A[places.elements[centres[i]]] ** 2
        begin = total
        for k in range(n_found):
            u, v, w = vectors[k, 0], vectors[k, 1], vectors[k, 2]
            if u * u + v * v + w * w >= squared_reach:
                continue
            # inserted in order, so that sums depend on no bins; images come in theirs
            place = total
            key = (places.elements[found[k]], found[k])
            while place > begin:
                before = neighbours[place - 1]
                if (places.elements[before], before) <= key:
                    break
                neighbours[place] = before
                out[place] = out[place - 1]
                place -= 1
            neighbours[place] = found[k]
            out[place, 0], out[place, 1], out[place, 2] = u, v, w
            total += 1
        ranges[i + 1] = total
    neighbours, out = neighbours[:total].copy(), out[:total] / length_A
    distances = np.sqrt(out[:, 0] ** 2 + out[:, 1] ** 2 + out[:, 2] ** 2)
    elements = places.elements
    return Surroundings(
        centres, elements[centres], ranges, neighbours, elements[neighbours], out, distances
    )


@compiled
def surroundings_after(
    grid: Grid,
    places: Places,
    known: int,
    moved: IntArray,
    positions_A: FloatArray,
    gone: IntArray,
    marks: BoolArray,
    reaches_A: FloatArray,
    length_A: float,
) -> Surroundings:
    """Return the neighbours that those atoms have whose energies a change concerns.

    Parameters
    ----------
    known
        Number of atoms before. What is moved and has no index below it is new.
    moved, positions_A
        Atoms and where they are after it.
    gone
        Atoms that are no more.
    marks
        All False, also afterwards, as the places are what they were; one for each atom.
    """
    found, vectors = np.empty(64, dtype=np.int64), np.empty((64, 3))
    before = np.append(moved[moved < known], gone)
    earlier_A = places.positions_A[before]
    for n in range(len(before)):
        n_found, found, vectors = _neighbours_of(grid, places, before[n], found, vectors)
        for k in range(n_found):
            marks[found[k]] = True
    put(grid, places, moved, positions_A, known)
    for atom in gone:
        _unlink(grid, places, atom)
    for atom in moved:
        marks[atom] = True
        n_found, found, vectors = _neighbours_of(grid, places, atom, found, vectors)
        for k in range(n_found):
            marks[found[k]] = True
    marks[gone] = False
    centres = np.flatnonzero(marks)
    marks[centres] = False
    result = surroundings(grid, places, centres, reaches_A, length_A)
    # and back
    for atom in moved:
        _unlink(grid, places, atom)
    for k in range(len(before)):
        places.positions_A[before[k]] = earlier_A[k]
        _link(grid, places, before[k])
    return result
