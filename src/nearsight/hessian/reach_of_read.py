"""How far apart pairs of atoms hold each other, as far as a Hessian that was read shows."""

from dataclasses import replace
from typing import TypeVar

import numpy as np

from nearsight.hessian.force_constants import ForceConstants
from nearsight.hessian.matrix import Hessian
from nearsight.hessian.reach import ASSUMED_REACH_A, remarks_about_pieces
from nearsight.structures.pieces import CONTACT_A, find_pieces

Read = TypeVar("Read", Hessian, ForceConstants)

_TRIED_A = (CONTACT_A, 5.0, 6.0)

_HELD_eV_PER_A2 = 1e-3
"""Blocks between pieces up to this move the lightest molecules at some 10 cm⁻¹."""


def with_pieces(found: Read) -> Read:
    """Return what was read with the distance beyond which no pair holds, and remarks about it.

    No model can be asked. What pairs closer than 8 Å do not connect is taken for free; what those
    closer than 4 to 6 Å do not, unless second derivatives between the pieces show what holds them.
    """
    known: Read = replace(found, reach_A=_reach_seen_in(found))
    remarks = dict.fromkeys((*found.warnings, *remarks_about_pieces(known.pieces)))
    return replace(known, warnings=tuple(remarks))


def _reach_seen_in(found: Hessian | ForceConstants) -> float:
    cell = found.at_gamma() if isinstance(found, ForceConstants) else found
    if not cell.atoms.pbc.any():
        return ASSUMED_REACH_A
    for reach in _TRIED_A:
        pieces = find_pieces(cell.atoms, reach)
        if pieces.connected:
            break
        coupling = _coupling_eV_per_A2(found, reach)
        # Derivatives into which all images are folded show no hold; those of an atom show nothing.
        free = len(cell.atoms) > 1 if coupling is None else coupling < _HELD_eV_PER_A2
        if free:
            return reach
    return ASSUMED_REACH_A


def _coupling_eV_per_A2(found: Hessian | ForceConstants, reach_A: float) -> float | None:
    """Return the largest norm of a block between pieces; None if there are no two of them."""
    if isinstance(found, ForceConstants):
        of_column = find_pieces(found.supercell, reach_A).of_atom
        of_row, values = of_column[found.primitive_atoms], found.values_eV_per_A2
    else:
        of_column = of_row = find_pieces(found.atoms, reach_A).of_atom
        values = found.matrix_eV_per_A2
    between = of_row[:, np.newaxis] != of_column
    if not between.any():
        return None
    return float(np.linalg.norm(values, axis=(1, 3))[between].max())
