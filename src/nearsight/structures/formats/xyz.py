"""XYZ and extended XYZ: deuterium, atomic numbers, and columns that change the physics."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from ase import Atoms
from ase.data import chemical_symbols

from nearsight.errors import StructureError
from nearsight.structures.isotopes import HYDROGEN_ISOTOPES_u

FORMATS = frozenset({"xyz", "extxyz"})

_PROPERTIES = re.compile(r"\bproperties\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|(\S+))", re.IGNORECASE)
_MASS_COLUMNS = ("masses", "mass", "atomic_masses", "atomic_mass")
_OCCUPANCY_COLUMNS = ("occupancy", "occupancies", "occ")
# Names that datasets give to what a calculation may depend on; none of it is read here.
_UNUSED_COLUMNS = frozenset(
    {
        "charge",
        "charges",
        "q",
        "partial_charges",
        "spin",
        "spins",
        "magmom",
        "magmoms",
        "magnetic_moments",
        "fix",
        "fixed",
        "frozen",
        "constraint",
        "constraints",
        "selective_dynamics",
        "movable",
        "isotope",
        "isotopes",
    }
)
_HEAVIEST_u = 400.0


@dataclass(frozen=True)
class Spelled:
    """The text of an XYZ file with elements spelled as ASE knows them."""

    text: str
    isotopes_u: tuple[dict[int, float], ...]
    """Of each structure, the masses of atoms that are called D or T."""


def with_known_elements(text: str) -> Spelled:
    """Write hydrogen for D and T, and symbols for atomic numbers, in the column of species.

    Whatever else is wrong with the text is left to the reader.

    Raises
    ------
    StructureError
        An atomic number is of no element, or stands among symbols.
    """
    lines = re.split(r"\r\n|\r|\n", text.rstrip())
    isotopes: list[dict[int, float]] = []
    for start, count in _frames(lines):
        column = _species_column(lines[start + 1])
        masses: dict[int, float] = {}
        n_numbers = 0
        for atom in range(count):
            number = start + 2 + atom
            fields = lines[number].split() if column is not None else []
            if column is None or len(fields) <= column:
                continue
            species = fields[column]
            if species.upper() in HYDROGEN_ISOTOPES_u:
                masses[atom] = HYDROGEN_ISOTOPES_u[species.upper()]
                fields[column] = "H"
            elif re.fullmatch(r"[+-]?\d+", species):
                fields[column] = _symbol(int(species), number + 1)
                n_numbers += 1
            else:
                continue
            lines[number] = " ".join(fields)
        if 0 < n_numbers < count:
            raise StructureError(
                f"The structure from line {start + 1} on has both atomic numbers and symbols of "
                f"elements; correct it."
            )
        isotopes.append(masses)
    return Spelled("\n".join(lines) + "\n", tuple(isotopes))


def _frames(lines: list[str]) -> Iterator[tuple[int, int]]:
    """Yield the line of each number of atoms, and that number, as far as the file goes."""
    start = 0
    while start < len(lines):
        count = lines[start].strip()
        if not count.isdecimal() or start + 1 + int(count) >= len(lines):
            return
        yield start, int(count)
        start += 2 + int(count)
        # Cell vectors of an older dialect of ASE follow the atoms.
        while start < len(lines) and lines[start].lstrip().startswith("VEC"):
            start += 1


def _species_column(comment: str) -> int | None:
    """Return the column of species; the first one if the comment does not say."""
    found = _PROPERTIES.search(comment)
    if found is None:
        return 0
    parts = next(group for group in found.groups() if group is not None).split(":")
    column = 0
    for name, width in zip(parts[::3], parts[2::3], strict=False):
        if name.lower() in {"species", "symbols"}:
            return column
        if not width.isdecimal():
            return None
        column += int(width)
    return None


def _symbol(number: int, line: int) -> str:
    if not 0 < number < len(chemical_symbols):
        raise StructureError(
            f"Line {line} has the atomic number {number}, which no element has; correct it."
        )
    return str(chemical_symbols[number])


def masses_of(found: Atoms, isotopes_u: dict[int, float]) -> np.ndarray | None:
    """Return the masses that a structure gives in a column, or by the names D and T; else None.

    Raises
    ------
    StructureError
        Two columns disagree, or a mass is none.
    """
    columns = {name: found.arrays[name] for name in _MASS_COLUMNS if name in found.arrays}
    if not columns:
        if not isotopes_u:
            return None
        masses = found.get_masses()
        for atom, mass_u in isotopes_u.items():
            masses[atom] = mass_u
        return np.asarray(masses)
    (name, masses), *others = columns.items()
    for other, values in others:
        if not np.array_equal(values, masses):
            raise StructureError(f"Its columns {name} and {other} disagree; delete one of them.")
    if masses.dtype.kind not in "if" or masses.shape != (len(found),):
        raise StructureError(f"Its column {name} does not hold one mass per atom; correct it.")
    wrong = np.flatnonzero(~((masses > 0) & (masses < _HEAVIEST_u)))
    if len(wrong):
        raise StructureError(
            f"Its column {name} gives atom {wrong[0]} the mass {masses[wrong[0]]:g} u; correct it."
        )
    return np.asarray(masses, dtype=float)


def column_notes(found: Atoms) -> list[str]:
    """Return notes on columns that a calculation might depend on and that are not used.

    Raises
    ------
    StructureError
        A column says that atoms are there only in part.
    """
    for name in _OCCUPANCY_COLUMNS:
        shares = found.arrays.get(name)
        if shares is not None and shares.dtype.kind in "if" and not np.allclose(shares, 1.0):
            raise StructureError(
                f"Its column {name} says that atoms are there only in part; choose one ordered "
                f"arrangement of the atoms."
            )
    results = found.calc.results if found.calc is not None else {}
    unused = [name for name in (*found.arrays, *results) if name.lower() in _UNUSED_COLUMNS]
    if not unused:
        return []
    listed = " and ".join(dict.fromkeys(unused))
    return [f"The file gives atoms {listed}, which were left out: they are not used."]
