"""Neighbours of the few atoms that a change of a structure concerns.

Those of all atoms are kept; what moves is searched for in cell lists.

Atoms lie in bins as wide as the cutoff. Along periodic directions bins go on without end: bin t has
the atoms of bin t modulo their number, carried by t divided by their number lattice vectors. Along
others atoms beyond the outermost bins are in those.
"""

from math import floor, sqrt
from typing import NamedTuple

import numpy as np

from nearsight.arrays import BoolArray, FloatArray, IntArray
from nearsight.compiling import compiled, inlined


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


class Lists(NamedTuple):
    """Neighbours of all atoms, which changes elsewhere leave as they are."""

    counts: IntArray
    """Number of neighbours of each, shape ``(n,)``."""
    neighbours: IntArray
    """Shape ``(n, width)``."""
    vectors: FloatArray
    """Shape ``(n, width, 3)``."""


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
    grid: Grid, places: Places, atom: int, neighbours: IntArray, vectors: FloatArray
) -> tuple[int, IntArray, FloatArray]:
    """Write the neighbours of an atom and the vectors to them; return how many there are."""
    n_own = 0
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
                        if n_own == len(neighbours):
                            neighbours = np.append(neighbours, np.empty_like(neighbours))
                            vectors = np.append(vectors, np.empty_like(vectors)).reshape(-1, 3)
                        neighbours[n_own] = other
                        vectors[n_own, 0], vectors[n_own, 1], vectors[n_own, 2] = u, v, w
                        n_own += 1
                    other = nexts[other]
    return n_own, neighbours, vectors


@inlined
def _insert(
    elements: IntArray,
    neighbours: IntArray,
    vectors: FloatArray,
    begin: int,
    end: int,
    atom: int,
    vector: FloatArray,
    factor: float,
) -> None:
    """Insert a neighbour in the order of elements and indices, behind those that are equal.

    Sums then depend on no bins, and on no changes before. Images of an atom come in their order.
    """
    place = end
    while place > begin:
        before = neighbours[place - 1]
        if elements[before] < elements[atom]:
            break
        if elements[before] == elements[atom] and before <= atom:
            break
        neighbours[place] = before
        for x in range(3):
            vectors[place, x] = vectors[place - 1, x]
        place -= 1
    neighbours[place] = atom
    for x in range(3):
        vectors[place, x] = factor * vector[x]


@compiled
def _completed(
    places: Places,
    centres: IntArray,
    ranges: IntArray,
    neighbours: IntArray,
    vectors: FloatArray,
) -> Surroundings:
    """Return surroundings with what follows from the neighbours and vectors."""
    total = ranges[-1]
    neighbours, vectors = neighbours[:total].copy(), vectors[:total].copy()
    elements = places.elements
    of_neighbours = np.empty(total, dtype=np.int64)
    distances = np.empty(total)
    for p in range(total):
        of_neighbours[p] = elements[neighbours[p]]
        u, v, w = vectors[p, 0], vectors[p, 1], vectors[p, 2]
        distances[p] = sqrt(u * u + v * v + w * w)
    return Surroundings(
        centres, elements[centres], ranges, neighbours, of_neighbours, vectors, distances
    )


@compiled
def surroundings(grid: Grid, places: Places, centres: IntArray, length_A: float) -> Surroundings:
    """Return the neighbours of atoms as a search comes upon them.

    Vectors are in units of `length_A`.
    """
    own, to_own = np.empty(64, dtype=np.int64), np.empty((64, 3))
    room = 32 * len(centres) + 64
    neighbours, vectors = np.empty(room, dtype=np.int64), np.empty((room, 3))
    ranges = np.zeros(len(centres) + 1, dtype=np.int64)
    for i in range(len(centres)):
        n_own, own, to_own = _neighbours_of(grid, places, centres[i], own, to_own)
        begin = ranges[i]
        if begin + n_own > len(neighbours):
            more = len(neighbours) + n_own
            neighbours = np.append(neighbours, np.empty(more, dtype=np.int64))
            vectors = np.append(vectors, np.empty((more, 3))).reshape(-1, 3)
        for k in range(n_own):
            _insert(
                places.elements,
                neighbours,
                vectors,
                begin,
                begin + k,
                own[k],
                to_own[k],
                1.0 / length_A,
            )
        ranges[i + 1] = begin + n_own
    return _completed(places, centres, ranges, neighbours, vectors)


@compiled
def keep(lists: Lists, around: Surroundings) -> None:
    """Write surroundings into the lists of their centres, which are wide enough."""
    for i in range(len(around.centres)):
        atom, begin = around.centres[i], around.ranges[i]
        lists.counts[atom] = around.ranges[i + 1] - begin
        for k in range(lists.counts[atom]):
            lists.neighbours[atom, k] = around.neighbours[begin + k]
            for x in range(3):
                lists.vectors[atom, k, x] = around.vectors[begin + k, x]


@compiled
def take_out(lists: Lists, stay: IntArray, n_atoms: int) -> None:
    """Leave the lists of atoms that stay, which no others are neighbours of, by new indices."""
    indices = np.full(n_atoms, -1)
    for new in range(len(stay)):
        indices[stay[new]] = new
    for new in range(len(stay)):
        old = stay[new]
        lists.counts[new] = lists.counts[old]
        for k in range(lists.counts[old]):
            lists.neighbours[new, k] = indices[lists.neighbours[old, k]]
            for x in range(3):
                lists.vectors[new, k, x] = lists.vectors[old, k, x]


@compiled
def surroundings_after(
    grid: Grid,
    places: Places,
    lists: Lists,
    known: int,
    moved: IntArray,
    positions_A: FloatArray,
    gone: IntArray,
    length_A: float,
) -> Surroundings:
    """Return the neighbours that those atoms have whose energies a change concerns.

    Atoms are searched for around what is moved only. The places are what they were afterwards.

    Parameters
    ----------
    known
        Number of atoms before. What is moved and has no index below it is new.
    moved, positions_A
        Atoms and where they are after it.
    gone
        Atoms that are no more.
    """
    before = np.append(moved[moved < known], gone)
    earlier_A = places.positions_A[before]
    put(grid, places, moved, positions_A, known)
    for n in range(len(gone)):
        _unlink(grid, places, gone[n])
    anew = surroundings(grid, places, moved, length_A)
    for n in range(len(moved)):
        _unlink(grid, places, moved[n])
    for n in range(len(before)):
        places.positions_A[before[n]] = earlier_A[n]
        _link(grid, places, before[n])

    n_atoms = known + len(moved)
    concerned, dropped = np.zeros(n_atoms, dtype=np.bool_), np.zeros(n_atoms, dtype=np.bool_)
    row_of = np.full(n_atoms, -1)
    for n in range(len(before)):
        dropped[before[n]] = True
        for k in range(lists.counts[before[n]]):
            concerned[lists.neighbours[before[n], k]] = True
    for n in range(len(moved)):
        concerned[moved[n]] = True
        row_of[moved[n]] = n
        for p in range(anew.ranges[n], anew.ranges[n + 1]):
            concerned[anew.neighbours[p]] = True
    for n in range(len(gone)):
        concerned[gone[n]] = False
    return _merged(places, lists, np.flatnonzero(concerned), dropped, row_of, anew)


@compiled
def _merged(
    places: Places,
    lists: Lists,
    centres: IntArray,
    dropped: BoolArray,
    row_of: IntArray,
    anew: Surroundings,
) -> Surroundings:
    """Return the lists of centres, in which what is dropped gives way to what was searched anew.

    Parameters
    ----------
    dropped
        For each atom, whether it is no more where lists have it.
    row_of
        For each atom its row in `anew`, or -1.
    """
    room = len(anew.neighbours)
    for i in range(len(centres)):
        if row_of[centres[i]] < 0:
            room += lists.counts[centres[i]] + len(anew.neighbours)
    neighbours, vectors = np.empty(room, dtype=np.int64), np.empty((room, 3))
    ranges = np.zeros(len(centres) + 1, dtype=np.int64)
    for i in range(len(centres)):
        centre, begin = centres[i], ranges[i]
        end = begin
        row = row_of[centre]
        if row >= 0:
            for p in range(anew.ranges[row], anew.ranges[row + 1]):
                neighbours[end] = anew.neighbours[p]
                vectors[end] = anew.vectors[p]
                end += 1
            ranges[i + 1] = end
            continue
        for k in range(lists.counts[centre]):
            if not dropped[lists.neighbours[centre, k]]:
                neighbours[end] = lists.neighbours[centre, k]
                vectors[end] = lists.vectors[centre, k]
                end += 1
        for n in range(len(anew.centres)):
            # Images that an atom sees in one order see it in the other.
            for p in range(anew.ranges[n + 1] - 1, anew.ranges[n] - 1, -1):
                if anew.neighbours[p] == centre:
                    _insert(
                        places.elements,
                        neighbours,
                        vectors,
                        begin,
                        end,
                        anew.centres[n],
                        anew.vectors[p],
                        -1.0,
                    )
                    end += 1
        ranges[i + 1] = end
    return _completed(places, centres, ranges, neighbours, vectors)
