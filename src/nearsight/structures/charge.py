"""Charge and multiplicity of a structure: ``atoms.info["charge"]`` and ``atoms.info["spin"]``.

The charge is that of all atoms together, in elementary charges; of a crystal, that of its cell. The
spin is the multiplicity 2 S + 1, as in quantum chemistry. Partial charges and moments of atoms are
something else: ASE's initial charges and initial magnetic moments, which calculators make use of.
"""

import math
from contextlib import suppress
from numbers import Real
from typing import Any

from ase import Atoms

from nearsight.errors import StructureError

CHARGE, SPIN = "charge", "spin"
"""Keys of ``atoms.info``."""


def stated_charge(atoms: Atoms) -> int | None:
    """Return the charge in e that a structure says to have; None if it says none.

    Raises
    ------
    StructureError
        It is no whole number.
    """
    return _stated(atoms, CHARGE, "a whole number of elementary charges, such as -1")


def stated_multiplicity(atoms: Atoms) -> int | None:
    """Return the multiplicity 2 S + 1 that a structure says to have; None if it says none.

    Raises
    ------
    StructureError
        It is no positive whole number.
    """
    expected = "a multiplicity 2S + 1: 1 for a singlet, 2 for a doublet, 3 for a triplet"
    multiplicity = _stated(atoms, SPIN, expected)
    if multiplicity is not None and multiplicity < 1:
        raise _fault(atoms, SPIN, multiplicity, expected)
    return multiplicity


def charge_of(atoms: Atoms) -> int:
    """Return the charge of a structure in e; 0 unless it says another; see `stated_charge`."""
    return stated_charge(atoms) or 0


def multiplicity_of(atoms: Atoms) -> int:
    """Return 2 S + 1 of a structure; 1 unless it says another; see `stated_multiplicity`."""
    return stated_multiplicity(atoms) or 1


def electrons_said(charge: int, multiplicity: int) -> dict[str, int]:
    """Return the entries of ``atoms.info`` for a charge in e and a multiplicity.

    There are none for a neutral singlet, which is what every model takes a structure for.
    """
    return {} if (charge, multiplicity) == (0, 1) else {CHARGE: charge, SPIN: multiplicity}


def repeat_electrons(atoms: Atoms, n_cells: int) -> dict[str, int]:
    """Return what a supercell says: the charges of its cells together, and all spins parallel."""
    said = {}
    if (charge := stated_charge(atoms)) is not None:
        said[CHARGE] = n_cells * charge
    if (multiplicity := stated_multiplicity(atoms)) is not None:
        said[SPIN] = 1 + n_cells * (multiplicity - 1)
    return said


def electrons_of_file(found: Atoms) -> dict[str, int]:
    """Return the entries of ``atoms.info`` that a file has, where they mean a charge or a spin."""
    said = {}
    for key, stated in ((CHARGE, stated_charge), (SPIN, stated_multiplicity)):
        with suppress(StructureError):
            if (value := stated(found)) is not None:
                said[key] = value
    return said


def _stated(atoms: Atoms, key: str, expected: str) -> int | None:
    value = atoms.info.get(key)
    if value is None:
        return None
    if isinstance(value, bool) or not _is_whole(value):
        raise _fault(atoms, key, value, expected)
    return int(value)


def _is_whole(value: Any) -> bool:
    # NumPy's numbers are of these kinds, too, but not its truth values.
    return isinstance(value, Real) and math.isfinite(value) and float(value).is_integer()


def _fault(atoms: Atoms, key: str, value: object, expected: str) -> StructureError:
    return StructureError(
        f"{atoms.get_chemical_formula()} has atoms.info[{key!r}] = {value!r}, which is not "
        f"{expected}."
    )
