"""XYZ and extended XYZ: species and keys in any spelling, and columns that change the physics."""

import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from ase import Atoms
from ase.data import atomic_numbers, chemical_symbols

from nearsight.errors import StructureError
from nearsight.remarks import Remark
from nearsight.structures.isotopes import HYDROGEN_ISOTOPES_u

FORMATS = frozenset({"xyz", "extxyz"})

_PROPERTIES = re.compile(r"\bproperties\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|(\S+))", re.IGNORECASE)
# ASE knows these keys in one case only, and takes a crystal for a molecule where it does not.
_KEYS = {"lattice": "Lattice", "properties": "Properties", "pbc": "pbc"}
_KEY = re.compile(
    r"\b(?:(lattice)\s*=\s*(?=[\"'{\[(]|[-+.\d]+\s+[-+.\d]+\s)|(properties|pbc)\s*=\s*)",
    re.IGNORECASE,
)
_OTHER_CELL = re.compile(
    r"\b(?:cell|unit_?cell|cell_?vectors|box)[\"']?\s*(?:=\s*[\"'{\[(]|:\s*\[)"
    r"|\bCELL\((?:abcABC|GENH|H)\)",
    re.IGNORECASE,
)
_OTHER_COORDINATES = re.compile(
    r"\bunits?\s*[=:]\s*[\"']?(?:bohr|a\.?u\b|atomic|nm\b|nanomet|pm\b|picomet|lj\b)"
    r"|\bcoord(?:inate)?s?\s*[=:]\s*[\"']?(?:frac|direct|scaled|reduced)",
    re.IGNORECASE,
)
_LAMMPS = "Atoms. Timestep"
_SPECIES = ("species", "symbols")
_NUMBERS = ("Z", "numbers")
_POSITIONS = ("pos", "positions")
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
    by_number: tuple[bool, ...]
    """Of each structure, whether numbers stand in place of symbols."""


def with_known_elements(text: str) -> Spelled:
    """Return the text with symbols and keys as ASE knows them, and without blanks between frames.

    D and T are written as hydrogen, atomic numbers as symbols. Whatever else is wrong with the text
    is left to the reader.

    Raises
    ------
    StructureError
        A species is no element, two columns disagree about it or none gives it, or the cell is
        given in a way that ASE passes over.
    """
    lines = re.split(r"\r\n|\r|\n", text.rstrip())
    kept: list[str] = []
    isotopes = []
    by_number = []
    end = 0
    for start, count, stop in _frames(lines):
        comment = _with_known_keys(lines[start + 1], start + 2)
        first = start + 2
        rows, masses_u, numbered = _spelled(lines[first : first + count], comment, first + 1)
        kept += [lines[start], comment, *rows, *lines[first + count : stop]]
        isotopes.append(masses_u)
        by_number.append(numbered)
        end = stop
    # ASE takes a blank line for the end of the file.
    rest = itertools.dropwhile(lambda line: not line.strip(), lines[end:])
    return Spelled("\n".join([*kept, *rest]) + "\n", tuple(isotopes), tuple(by_number))


def _frames(lines: Sequence[str]) -> Iterator[tuple[int, int, int]]:
    """Yield where each structure begins, its number of atoms, and where it ends."""
    start = 0
    while start < len(lines):
        count = lines[start].strip()
        if not count:
            start += 1
            continue
        if not count.isdecimal() or start + 1 + int(count) >= len(lines):
            return
        stop = start + 2 + int(count)
        # Cell vectors of an older dialect of ASE follow the atoms.
        while stop < len(lines) and lines[stop].lstrip().startswith("VEC"):
            stop += 1
        yield start, int(count), stop
        start = stop


def _with_known_keys(comment: str, line: int) -> str:
    known = _KEY.sub(lambda found: f"{_KEYS[(found[1] or found[2]).lower()]}=", comment)
    units = _OTHER_COORDINATES.search(known)
    if units:
        raise StructureError(
            f"Line {line} says {units[0]!r}, but positions are read in Å; write them in Å."
        )
    other = _OTHER_CELL.search(known)
    if other and "Lattice=" not in known:
        raise StructureError(
            f"Line {line} gives a cell in a way that is not read, {known[other.start() :][:40]!r}; "
            f'write Lattice="..." with the nine components of the cell vectors in Å, or delete it.'
        )
    return known


def _spelled(
    rows: Sequence[str], comment: str, first_line: int
) -> tuple[list[str], dict[int, float], bool]:
    """Return the lines of atoms with symbols, masses of D and T, and whether there were numbers."""
    columns = _columns(comment)
    _require_columns(columns, first_line - 1)
    species = next((columns[name] for name in _SPECIES if name in columns), None)
    numbers = next((columns[name] for name in _NUMBERS if name in columns), None)
    if species is None:
        return list(rows), {}, False
    spelled: list[str] = []
    masses_u: dict[int, float] = {}
    n_numbers = 0
    for atom, row in enumerate(rows):
        fields = row.split()
        if len(fields) > species:
            line, given = first_line + atom, fields[species]
            fields[species] = _symbol(given, line)
            n_numbers += _is_integer(given)
            if given.upper() in HYDROGEN_ISOTOPES_u:
                masses_u[atom] = HYDROGEN_ISOTOPES_u[given.upper()]
            if numbers is not None and len(fields) > numbers:
                _require_number(fields[numbers], fields[species], line)
        spelled.append(" ".join(fields))
    if 0 < n_numbers < len(rows):
        raise StructureError(
            f"The structure from line {first_line - 2} on has both atomic numbers and symbols of "
            f"elements; correct it."
        )
    if n_numbers and comment.startswith(_LAMMPS):
        raise StructureError(
            f"The structure from line {first_line - 2} on has LAMMPS's numbers of types, which "
            f"name no elements; write it with `dump_modify element`."
        )
    return spelled, masses_u, n_numbers > 0


def _columns(comment: str) -> dict[str, int]:
    """Return the first column of each property, as far as they are given well."""
    found = _PROPERTIES.search(comment)
    if found is None:
        return {"species": 0, "pos": 1}
    parts = next(group for group in found.groups() if group is not None).split(":")
    columns: dict[str, int] = {}
    column = 0
    for name, width in zip(parts[::3], parts[2::3], strict=False):
        columns[name] = column
        column += int(width) if width.isdecimal() else 0
    return columns


def _require_columns(columns: Mapping[str, int], line: int) -> None:
    for what, names in (("species", (*_SPECIES, *_NUMBERS)), ("pos", _POSITIONS)):
        if not any(name in columns for name in names):
            raise StructureError(
                f"Line {line} names the columns {', '.join(columns)}, and none of them {what}; "
                f"name it so, in lower case."
            )


def _is_integer(species: str) -> bool:
    return re.fullmatch(r"[+-]?\d+", species) is not None


def _symbol(species: str, line: int) -> str:
    """Return the symbol of what stands in the column of species."""
    if species.upper() in HYDROGEN_ISOTOPES_u:
        return "H"
    if _is_integer(species):
        if not 0 < int(species) < len(chemical_symbols):
            raise StructureError(
                f"Line {line} has the atomic number {int(species)}, which no element has; correct "
                f"it."
            )
        return str(chemical_symbols[int(species)])
    if species.capitalize() not in atomic_numbers:
        raise StructureError(
            f"Line {line} has the species {species!r}, which is no element; write a symbol or an "
            f"atomic number."
        )
    return species


def _require_number(number: str, symbol: str, line: int) -> None:
    if _is_integer(number) and int(number) != atomic_numbers[symbol.capitalize()]:
        raise StructureError(
            f"Line {line} has the species {symbol} and the atomic number {number}; correct one."
        )


def complete(found: Atoms, spelled: Spelled, position: int) -> list[Remark]:
    """Give a structure its masses, and return notes on what else its file says.

    Parameters
    ----------
    found
        As ASE read it from `spelled`.
    position
        Which structure of the file it is, counted from 0.

    Raises
    ------
    StructureError
        Masses are none, or columns disagree, or say that atoms are there only in part.
    """
    known = position < len(spelled.isotopes_u)
    masses_u = _masses_of(found, spelled.isotopes_u[position] if known else {})
    if masses_u is not None:
        found.set_masses(masses_u)
    notes = _column_notes(found)
    if known and spelled.by_number[position]:
        elements = ", ".join(dict.fromkeys(found.symbols))
        said = f"The file has numbers in place of symbols; as atomic numbers they are {elements}."
        notes.insert(0, Remark("elements-guessed", said))
    return notes


def _masses_of(found: Atoms, isotopes_u: dict[int, float]) -> np.ndarray | None:
    """Return the masses that a structure gives in a column, or by the names D and T; else None.

    Raises
    ------
    StructureError
        Two columns disagree, or a mass is none.
    """
    columns = {
        name: values
        for known in _MASS_COLUMNS
        for name, values in found.arrays.items()
        if name.lower() == known
    }
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


def _column_notes(found: Atoms) -> list[Remark]:
    """Return notes on columns that a calculation might depend on and that are not used.

    Raises
    ------
    StructureError
        A column says that atoms are there only in part.
    """
    for name, shares in found.arrays.items():
        of_shares = name.lower() in _OCCUPANCY_COLUMNS and shares.dtype.kind in "if"
        if of_shares and not np.allclose(shares, 1.0):
            raise StructureError(
                f"Its column {name} says that atoms are there only in part; choose one ordered "
                f"arrangement of the atoms."
            )
    results = found.calc.results if found.calc is not None else {}
    unused = [name for name in (*found.arrays, *results) if name.lower() in _UNUSED_COLUMNS]
    if not unused:
        return []
    listed = " and ".join(dict.fromkeys(unused))
    said = f"The file gives atoms {listed}, which were left out: they are not used."
    return [Remark("left-out-of-file", said)]
