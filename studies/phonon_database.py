"""Crystals of the phonon database of Kyoto university, and what phonopy gave for them."""

import csv
from pathlib import Path
from typing import Any

from ase import Atoms
from phonopy import Phonopy

_PREFIX, _SUFFIX = "materials-id-", ".tar.lzma"


def entries(folder: Path) -> dict[str, Path]:
    """Return the tar files by the names of their crystals."""
    paths = sorted(folder.glob(f"{_PREFIX}*{_SUFFIX}"))
    return {path.name.removeprefix(_PREFIX).removesuffix(_SUFFIX): path for path in paths}


def unit_cell(dft: Phonopy) -> Atoms:
    """Return the unit cell of DFT with the masses used there."""
    cell = dft.unitcell
    return Atoms(
        numbers=cell.numbers, masses=cell.masses, cell=cell.cell, pbc=True, positions=cell.positions
    )


def read_reference(path: Path) -> dict[str, dict[str, Any]]:
    """Return what phonopy gave elsewhere, per mole of atoms, by names; nothing without a file."""
    if not path.is_file():
        return {}
    with open(path, newline="", encoding="utf-8") as file:
        return {
            row["name"]: {
                "max_frequency_THz": float(row["fmax_THz_NAC"]),
                "heat_capacity_J_per_K_mol": float(row["Cv300_NAC"]) / int(row["natoms_prim"]),
                "entropy_J_per_K_mol": float(row["S300_NAC"]) / int(row["natoms_prim"]),
            }
            for row in csv.DictReader(file)
        }
