"""What users have of porous solids, and the frameworks that are here."""

import csv
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
        The table is missing or lacks a column, or the structure of a solid is missing.
    """
    table = Path(folder) / "reference.csv"
    if not table.is_file():
        raise SettingError(
            f"{folder} has no reference.csv; give a folder with one, of the columns "
            f"{', '.join(_COLUMNS)}, and structures/NAME.cif.",
            "heat_capacity_data",
        )
    with table.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    try:
        solids = [Solid(row["name"], int(row["n_atoms"]), float(row["dft_300K"])) for row in rows]
    except (KeyError, TypeError, ValueError) as error:
        raise SettingError(
            f"{table} has no column, or no number, {error}; it has {', '.join(_COLUMNS)}.",
            "heat_capacity_data",
        ) from None
    missing = [solid.name for solid in solids if not structure_of(folder, solid.name).is_file()]
    if missing:
        raise SettingError(
            f"{folder} has no structures/{missing[0]}.cif, which is in its table.",
            "heat_capacity_data",
        )
    return sorted(solids, key=lambda solid: (solid.n_atoms, solid.name))


def structure_of(folder: str, name: str) -> Path:
    """Return the file of a solid."""
    return Path(folder) / "structures" / f"{name}.cif"


def mg_mof_74() -> Atoms:
    """Return the primitive cell of Mg-MOF-74, 54 atoms, with charges for force fields."""
    file = resources.files(__package__) / "mg_mof_74.cif"
    with resources.as_file(file) as path, quietly():  # its charges are wanted
        return read_structure(path)


FRAMEWORKS: Mapping[str, Callable[[], Atoms]] = {"MOF-5": mof5, "Mg-MOF-74": mg_mof_74}
