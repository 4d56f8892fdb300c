"""What users have of porous solids, and the frameworks that are here."""

import csv
import io
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from ase import Atoms

from nearsight.announcing import quietly
from nearsight.errors import SettingError
from nearsight.structures import read_structure
from nearsight.testing.structures import mof5

HALF_A_CELL = frozenset({"RSM0210", "RSM0216", "RSM0218", "SAS", "RWY"})
"""Solids of Moosavi et al., Nat. Mater. 2022, 21, 1419, whose published heat capacity was divided
by the mass of half the cell."""
_COLUMNS = ("name", "n_atoms", "dft_300K")


@dataclass(frozen=True)
class Solid:
    """One line of a table of heat capacities."""

    name: str
    n_atoms: int
    reference_J_per_g_K: float


def read_solids(folder: str) -> list[Solid]:
    """Return the solids of a folder, the smallest first.

    Raises
    ------
    SettingError
        The table is missing, empty, no UTF-8, lacks a column, or has what is no number above zero
        in one; or the structure of a solid is missing.
    """
    table = Path(folder) / "reference.csv"
    if not table.is_file():
        raise SettingError(
            f"{folder} has no reference.csv; give a folder with one, of the columns "
            f"{', '.join(_COLUMNS)}, and structures/NAME.cif.",
            "heat_capacity_data",
        )
    solids = _lines(table)
    missing = [solid.name for solid in solids if not structure_of(folder, solid.name).is_file()]
    if missing:
        raise SettingError(
            f"{folder} has no structures/{missing[0]}.cif, which is in its table.",
            "heat_capacity_data",
        )
    return sorted(solids, key=lambda solid: (solid.n_atoms, solid.name))


def _lines(table: Path) -> list[Solid]:
    """Return the solids of a table in its order."""
    try:
        text = table.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = table.read_bytes()[: error.start].count(b"\n") + 1
        raise _wrong(f"{table}, line {line}, is no UTF-8; save it as such.") from None
    rows = csv.DictReader(io.StringIO(text, newline=""))
    missing = [name for name in _COLUMNS if name not in (rows.fieldnames or ())]
    if missing:
        raise _wrong(f"{table} has no column {missing[0]}; it has {', '.join(_COLUMNS)}.")
    solids = [_solid(row, f"{table}, line {rows.line_num},") for row in rows]
    if not solids:
        raise _wrong(f"{table} has no solid; give one on each line below the names of its columns.")
    return solids


def _solid(row: Mapping[str, str | None], where: str) -> Solid:
    """Return a line of the table; numbers of atoms and heat capacities are above zero."""
    numbers = []
    for name, kind in (("n_atoms", int), ("dft_300K", float)):
        try:
            number = kind(row[name] or "")
            is_good = math.isfinite(number) and number > 0
        except (ValueError, OverflowError):
            is_good = False
        if not is_good:
            raise _wrong(f"{where} has {row[name] or 'nothing'!r} as {name}: no number above zero.")
        numbers.append(number)
    n_atoms, heat = numbers
    return Solid(row["name"] or "", int(n_atoms), heat)


def _wrong(message: str) -> SettingError:
    return SettingError(message, "heat_capacity_data")


def structure_of(folder: str, name: str) -> Path:
    """Return the file of a solid."""
    return Path(folder) / "structures" / f"{name}.cif"


def mg_mof_74() -> Atoms:
    """Return the primitive cell of Mg-MOF-74, 54 atoms, with charges for force fields."""
    file = resources.files(__package__) / "mg_mof_74.cif"
    with resources.as_file(file) as path, quietly():  # its charges are wanted
        return read_structure(path)


FRAMEWORKS: Mapping[str, Callable[[], Atoms]] = {"MOF-5": mof5, "Mg-MOF-74": mg_mof_74}
