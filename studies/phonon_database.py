"""Crystals of the phonon database of Kyoto university: forces and Born charges of DFT."""

import csv
import tarfile
import tempfile
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import phonopy
from ase import Atoms
from numpy.typing import NDArray
from phonopy import Phonopy

from nearsight.errors import StructureError

_NEEDED = ("POSCAR-unitcell", "phonopy.conf", "FORCE_SETS")
_BORN = "BORN"
_PREFIX, _SUFFIX = "materials-id-", ".tar.lzma"


def entries(folder: Path) -> dict[str, Path]:
    """Return the tar files by the names of their crystals."""
    paths = sorted(folder.glob(f"{_PREFIX}*{_SUFFIX}"))
    return {path.name.removeprefix(_PREFIX).removesuffix(_SUFFIX): path for path in paths}


def read_dft(path: Path, *, force_constants: bool = True) -> Phonopy:
    """Return phonopy's object with symmetrised force constants and any Born charges."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with tarfile.open(path, "r:xz") as archive:
            for member in archive.getmembers():
                file = archive.extractfile(member)
                if file is not None and Path(member.name).name in {*_NEEDED, _BORN}:
                    (folder / Path(member.name).name).write_bytes(file.read())
        missing = [each for each in _NEEDED if not (folder / each).is_file()]
        if missing:
            raise StructureError(f"{path} lacks {', '.join(missing)}.")
        settings = read_settings(folder / "phonopy.conf")
        found: Phonopy = phonopy.load(
            unitcell_filename=folder / "POSCAR-unitcell",
            supercell_matrix=settings["DIM"].astype(int),
            primitive_matrix=settings["PRIMITIVE_AXIS"],
            force_sets_filename=folder / "FORCE_SETS",
            born_filename=folder / _BORN if (folder / _BORN).is_file() else None,
            is_nac=(folder / _BORN).is_file(),
            produce_fc=force_constants,
        )
        return found


def read_settings(path: Path) -> dict[str, NDArray[np.float64]]:
    """Return the matrices of the supercell and of the primitive cell, whose vectors are columns."""
    found = {"PRIMITIVE_AXIS": np.eye(3)}
    for line in path.read_text(encoding="utf-8").splitlines():
        key, _, value = line.partition("=")
        numbers = [float(Fraction(part)) for part in value.split()] if key.strip() else []
        if len(numbers) == 9:
            found[key.strip()] = np.reshape(numbers, (3, 3))
        elif len(numbers) == 3:
            found[key.strip()] = np.diag(numbers)
    if "DIM" not in found:
        raise StructureError(f"{path} has no line DIM with the supercell.")
    return found


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
