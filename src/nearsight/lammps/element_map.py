"""Which element each type of atom in LAMMPS is."""

from collections.abc import Sequence

import numpy as np
from ase.data import atomic_masses, atomic_numbers

from nearsight.arrays import FloatArray, IntArray
from nearsight.errors import MethodError
from nearsight.lammps.library import LammpsError

_SAME_AMU = 0.1
"""Masses that are closer are those of one element as files round them."""


def numbers_of_types(elements: Sequence[str]) -> IntArray:
    """Return the atomic number of each type, shape ``(n_types + 1,)``: LAMMPS counts from 1.

    Raises
    ------
    MethodError
        A symbol is that of no element.
    """
    if isinstance(elements, str):
        raise MethodError(
            f"`elements` is a list with the symbol of each type, such as ['Mg', 'O'], not the text "
            f"{elements!r}."
        )
    for symbol in elements:
        if atomic_numbers.get(symbol, 0) == 0:
            raise MethodError(
                f"`elements` names {symbol!r}, which is no element; it has the symbol of each type "
                f"in LAMMPS, in their order, such as Mg O C H."
            )
    return np.array([0, *(atomic_numbers[symbol] for symbol in elements)])


def require_types(elements: Sequence[str], n_types: int) -> None:
    """Check that there is an element for each type.

    Raises
    ------
    LammpsError
        There are more or fewer.
    """
    if len(elements) != n_types:
        raise LammpsError(
            f"LAMMPS has {_counted(n_types, 'type')} of atoms, and `elements` names "
            f"{len(elements)} ({', '.join(elements) or 'none'}); name one for each type, in their "
            f"order, also where two types are one element."
        )


def require_masses(elements: Sequence[str], masses_amu: FloatArray) -> None:
    """Check that no two elements have changed places.

    Masses may be those of isotopes, or shifted from one atom to the next to allow longer steps.
    One that is just the mass of another element of the list is neither.

    Parameters
    ----------
    elements
        The symbol of each type.
    masses_amu
        The mass of each type, shape ``(n_types,)``; 0 or less where it is not known.

    Raises
    ------
    LammpsError
        A type has the mass of another element.
    """
    standard = {symbol: float(atomic_masses[atomic_numbers[symbol]]) for symbol in elements}
    for number, (symbol, mass) in enumerate(zip(elements, masses_amu, strict=True), start=1):
        if mass <= 0 or abs(mass - standard[symbol]) <= _SAME_AMU:
            continue
        for other, known in standard.items():
            if abs(mass - known) <= _SAME_AMU:
                raise LammpsError(
                    f"`elements` says that type {number} is {symbol}, and its mass in LAMMPS, "
                    f"{mass:g}, is that of {other}; give the elements in the order of the types."
                )


def _counted(count: int, what: str) -> str:
    return f"1 {what}" if count == 1 else f"{count} {what}s"
