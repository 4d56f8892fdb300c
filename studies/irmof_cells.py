"""IRMOF-1, -10 and -16 as idealised crystals: one, two or three rings in a row in each linker."""

from collections.abc import Sequence

import numpy as np
from ase import Atoms
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

# MOF-5 as GFN1-xTB has it (Fm-3m, a = 25.84 Å), in Å from the oxygen atom in the middle of a node:
# one atom of each kind, the linker along -z with its ring in the plane of z and (1, -1, 0).
_ZN = (1.1008, -1.1008, -1.1008)
_O = (0.7881, -0.7881, -2.9898)
_C1_A = 3.5583
_C1_C2_A = 1.5116
# Atoms of a ring: along the linker's axis from the middle, and away from the axis.
_RING_C = (
    (-1.3902, 0.0),
    (1.3902, 0.0),
    *((x, y) for x in (-0.6925, 0.6925) for y in (1.206, -1.206)),
)
_RING_H = tuple((x, y) for x in (-1.2403, 1.2403) for y in (2.1414, -2.1414))
BETWEEN_RINGS_A = 1.49


def irmof(twists_degrees: Sequence[float]) -> Atoms:
    """Return the primitive cell of an IRMOF, two nodes and six linkers.

    Parameters
    ----------
    twists_degrees
        For each ring of a linker, from one node to the other, its angle with the carboxylates: one
        ring for MOF-5, two for IRMOF-10, three for IRMOF-16.
    """
    n_rings = len(twists_degrees)
    step = 2 * _RING_C[1][0] + BETWEEN_RINGS_A
    to_ring = _C1_A + _C1_C2_A + _RING_C[1][0]
    half = 2 * to_ring + (n_rings - 1) * step  # from node to node: half of the cubic cell
    symbols, node = [], []
    for turn in _rotations():
        for symbol, vector in (("Zn", _ZN), ("O", _O), ("C", (0.0, 0.0, -_C1_A))):
            symbols.append(symbol)
            node.append(turn @ np.array(vector))
    positions = [*node, *(-np.array(node) + (half, 0.0, 0.0)), np.zeros(3), (half, 0.0, 0.0)]
    symbols = [*symbols, *symbols, "O", "O"]
    for turn in _rotations():
        along, across = turn @ (0.0, 0.0, -1.0), turn @ (np.array([1.0, -1.0, 0.0]) / np.sqrt(2))
        for index, twist in enumerate(np.radians(twists_degrees)):
            plane = np.cos(twist) * across + np.sin(twist) * np.cross(along, across)
            middle = (to_ring + index * step) * along
            for symbol, atoms in (("C", _RING_C), ("H", _RING_H)):
                positions += [middle + x * along + y * plane for x, y in atoms]
                symbols += [symbol] * len(atoms)
    cell = half * (np.ones((3, 3)) - np.eye(3))
    found = Atoms(symbols, positions=positions, cell=cell, pbc=True)
    return found[_first_of_each(found)]


def _rotations() -> list[FloatArray]:
    """Return the twelve rotations of a tetrahedron."""
    signs = ((1, 1, 1), (1, -1, -1), (-1, 1, -1), (-1, -1, 1))
    return [np.diag(one) @ np.roll(np.eye(3), shift, axis=0) for shift in range(3) for one in signs]


def _first_of_each(atoms: Atoms) -> list[int]:
    """Return atoms without those that another one is already at."""
    thousandths = np.round(1000 * atoms.cell.scaled_positions(atoms.positions)) % 1000
    _, first = np.unique(thousandths, axis=0, return_index=True)
    found: list[int] = np.sort(first).tolist()
    return found
