"""Sites by the names that a user gives them."""

import re
from collections.abc import Sequence

from ase import Atoms

from nearsight.errors import StructureError


def sites_named(names: Sequence[str] | None, atoms: Atoms) -> list[int] | None:
    """Return the atoms that are meant by indices, or by elements with indices; None for none.

    An atom that is named twice is there once.

    Raises
    ------
    StructureError
        A name is none of an atom.
    """
    return None if names is None else list(dict.fromkeys(_site(name, atoms) for name in names))


def _site(name: str, atoms: Atoms) -> int:
    given = re.fullmatch(r"([A-Z][a-z]?)?(\d+)", name)
    if given is None:
        raise StructureError(
            f"{name} is no site; give an index counted from 0, or an element with it such as Zn0."
        )
    symbol, index = given[1], int(given[2])
    if index >= len(atoms):
        raise StructureError(
            f"There is no atom {index}: the structure has atoms 0 to {len(atoms) - 1}."
        )
    if symbol is not None and atoms[index].symbol != symbol:
        raise StructureError(
            f"{name} is no site: atom {index}, counted from 0, is {atoms[index].symbol}."
        )
    return index
