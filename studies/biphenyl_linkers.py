"""IRMOF-10 out of MOF-5: each phenylene ring becomes two, twisted against each other."""

from itertools import product

import numpy as np
from ase import Atoms
from mof5_cells import phenylene_rings
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

_CC_BETWEEN_RINGS_A = 1.49
TWIST_DEGREES = 20.0
"""Of each ring about its linker; the two rings of a linker are twisted by twice this."""


def with_biphenyl_linkers(atoms: Atoms, twist_degrees: float = TWIST_DEGREES) -> Atoms:
    """Return IRMOF-10, Zn4O(C14H8O4)3, from the primitive cell of MOF-5.

    The nodes with their carboxylates stay as they are and move apart, and each takes a ring with it
    on all six sides. Each of these rings is twisted in the same sense, seen from its node, so that
    MOF-5's rotations are kept and its mirror planes are not.

    Parameters
    ----------
    atoms
        MOF-5 with its space group, 106 atoms.
    twist_degrees
        Half the angle between the two rings of a linker.
    """
    rings = phenylene_rings(atoms)
    centres = _centres(atoms)
    of_nodes = np.setdiff1d(np.arange(len(atoms)), np.concatenate(rings))
    linkers = [_linker(atoms, ring, centres) for ring in rings]
    axis, along = linkers[0][1][0], linkers[0][0][atoms.numbers[rings[0]] == 6]
    longer = np.ptp(along @ axis) + _CC_BETWEEN_RINGS_A
    between = 2 * min(np.linalg.norm(ring.mean(axis=0)) for ring, _, _ in _from_nodes(linkers))
    scale = (between + longer) / between
    grown = Atoms(cell=atoms.cell.array * scale, pbc=True)
    for atom in of_nodes:
        node, vector = _from_nearest(atoms, atoms.positions[atom], centres)
        grown += Atoms(atoms.symbols[atom : atom + 1], positions=[scale * node + vector])
    for index, (ring, outwards, node) in zip(
        np.repeat(np.arange(len(rings)), 2), _from_nodes(linkers), strict=True
    ):
        turned = _turned(ring, outwards, np.radians(twist_degrees))
        grown += Atoms(atoms.numbers[rings[index]], positions=scale * node + turned)
    grown.wrap()
    return grown


def _centres(atoms: Atoms) -> FloatArray:
    """Return the oxygen atoms in the middle of the nodes, periodic images around included."""
    distances = atoms.get_all_distances(mic=True)
    zinc = atoms.numbers == 30
    middle = [
        atom
        for atom in np.flatnonzero(atoms.numbers == 8)
        if (distances[atom, zinc] < 2.3).sum() == 4
    ]
    shifts = np.array(list(product((-1, 0, 1), repeat=3))) @ atoms.cell.array
    return (atoms.positions[middle][:, np.newaxis] + shifts).reshape(-1, 3)


def _from_nearest(
    atoms: Atoms, position: FloatArray, centres: FloatArray
) -> tuple[FloatArray, FloatArray]:
    inside = atoms.cell.array.T @ (np.linalg.solve(atoms.cell.array.T, position) % 1)
    nearest = centres[np.argmin(np.linalg.norm(centres - inside, axis=1))]
    return nearest, inside - nearest


def _linker(
    atoms: Atoms, ring: NDArray[np.int64], centres: FloatArray
) -> tuple[FloatArray, list[FloatArray], list[FloatArray]]:
    """Return the positions of a ring in one piece, axes from both nodes, and the nodes."""
    first = int(ring[0])
    around = atoms.get_distances(first, ring, mic=True, vector=True)
    start = atoms.cell.array.T @ (np.linalg.solve(atoms.cell.array.T, atoms.positions[first]) % 1)
    positions = start + around
    middle = positions.mean(axis=0)
    nodes = centres[np.argsort(np.linalg.norm(centres - middle, axis=1))[:2]]
    axes = [(middle - node) / np.linalg.norm(middle - node) for node in nodes]
    return positions, axes, list(nodes)


def _from_nodes(
    linkers: list[tuple[FloatArray, list[FloatArray], list[FloatArray]]],
) -> list[tuple[FloatArray, FloatArray, FloatArray]]:
    """Return each ring twice: seen from a node, with the axis outwards, and that node."""
    return [
        (positions - node, axis, node)
        for positions, axes, nodes in linkers
        for axis, node in zip(axes, nodes, strict=True)
    ]


def _turned(vectors: FloatArray, axis: FloatArray, angle: float) -> FloatArray:
    """Return vectors turned about an axis, by Rodrigues' formula."""
    along = np.outer(vectors @ axis, axis)
    turned: FloatArray = (
        along + np.cos(angle) * (vectors - along) + np.sin(angle) * np.cross(axis, vectors)
    )
    return turned
