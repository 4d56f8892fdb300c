"""Gaussian's output (``.log``, ``.out``) of a calculation of frequencies."""

import re
from pathlib import Path

import numpy as np
from ase import Atoms
from ase.data import atomic_masses_common

from nearsight.errors import CheckpointError
from nearsight.hessian.other_programs.content import (
    Content,
    FloatArray,
    damaged,
    from_lower_triangle,
    last_digit,
    numbers,
)
from nearsight.hessian.other_programs.gaussian_checkpoint import MASSES_OF_ASE
from nearsight.units import HARTREE_PER_BOHR2_IN_EV_PER_A2

_BLOCK = "Force constants in Cartesian coordinates:"
# One line per atom: its number, atomic number, type and coordinates.
_ORIENTATION = re.compile(
    r"(?:Input|Z-Matrix) orientation: *\n(?:.*\n){4}((?: +\d+ +\d+ +\d+(?: +-?\d+\.\d+){3} *\n)+)"
)
_MASS = re.compile(r"^ Atom +(\d+) has atomic number +\d+ and mass +(\d+\.\d+)", re.MULTILINE)


def is_gaussian_log(text: str) -> bool:
    """Tell whether a file is an output of Gaussian."""
    return "Entering Gaussian System" in text or "Gaussian, Inc." in text or f"\n {_BLOCK}" in text


def read_gaussian_log(file: Path, text: str) -> Content:
    """Read the last force constants (hartree/bohr²) and what is printed of the molecule.

    They stand in the archive entry at the end, with eight decimals, and in the block “Force
    constants in Cartesian coordinates” of a detailed output, with six digits. The archive is taken
    where there is one. Both are in the orientation of the input, not in the standard one.

    Raises
    ------
    CheckpointError
        There are none, or the file is cut off.
    """
    found = _in_archive(file, text) or _in_block(file, text)
    if found is None:
        raise CheckpointError(
            f"{file} is an output of Gaussian without force constants: it is of no calculation "
            f"of frequencies, or was cut off before its end."
        )
    values, end = found
    atoms = _atoms(file, text[:end])
    masses = None if atoms is None else _masses(text, atoms.numbers)
    if atoms is not None and masses is not None:
        atoms.set_masses(masses)
    return Content(
        program="Gaussian",
        matrix_eV_per_A2=from_lower_triangle(values, file) * HARTREE_PER_BOHR2_IN_EV_PER_A2,
        asymmetry_allowed_eV_per_A2=0.0,
        atoms=atoms,
        notes=() if masses is not None else (MASSES_OF_ASE,),
    )


def _in_archive(file: Path, text: str) -> tuple[FloatArray, int] | None:
    """Return the lower triangle in the last archive entry that has one, and where that begins.

    Entries are wrapped after 70 characters, their fields separated by two backslashes (on
    Windows by two bars).
    """
    for begin in reversed([found.start() for found in re.finditer(r"\n 1[\\|]1[\\|]", text)]):
        entry, whole, _ = text[begin:].partition("@")
        fields = "".join(line[1:] for line in entry.splitlines()).replace("|", "\\").split("\\\\")
        at = [index for index, field in enumerate(fields) if "NImag=" in field]
        if not at:
            continue
        if not whole or at[-1] + 1 >= len(fields):
            raise damaged(file, "its archive entry has no end")
        return numbers(fields[at[-1] + 1].split(","), file, "the archive entry"), begin
    return None


def _in_block(file: Path, text: str) -> tuple[FloatArray, int] | None:
    """Return the lower triangle that is printed five columns at a time, and where that begins."""
    begin = text.rfind(_BLOCK)
    if begin < 0:
        return None
    rows: dict[int, list[str]] = {}
    columns: list[str] = []
    for line in text[begin:].splitlines()[1:]:
        words = line.split()
        if not words or not words[0].isdigit():
            break
        if all(word.isdigit() for word in words):
            columns = words
        elif len(words) == 1 + min(len(columns), int(words[0]) - int(columns[0]) + 1):
            rows.setdefault(int(words[0]), []).extend(words[1:])
    if not rows or any(len(rows.get(row, [])) != row for row in range(1, max(rows) + 1)):
        raise damaged(file, f"“{_BLOCK}” lacks some of its numbers")
    tokens = [word for row in sorted(rows) for word in rows[row]]
    return numbers(tokens, file, f"“{_BLOCK}”"), begin


def _atoms(file: Path, text: str) -> Atoms | None:
    """Return the molecule in the orientation of the input, if that was printed."""
    tables = _ORIENTATION.findall(text)
    if not tables:
        return None
    table = numbers(tables[-1].split(), file, "the input orientation").reshape(-1, 6)
    return Atoms(table[:, 1].astype(int), positions=table[:, 3:])


def _masses(text: str, species: np.ndarray) -> FloatArray | None:
    """Return the masses in amu that were used, if they were printed.

    Printed are five or seven decimals. Where the most common isotope has that mass, its own is
    taken, which has more.
    """
    words = re.findall(r"\d+\.\d+", " ".join(re.findall(r"^ AtmWgt=(.*)$", text, re.MULTILINE)))
    words = words or [mass for _, mass in _MASS.findall(text)]
    if len(words) < len(species):
        return None
    words = words[-len(species) :]  # of the last of several calculations
    printed = np.array(words, dtype=np.float64)
    common = atomic_masses_common[species]
    rounding = np.array([last_digit([word]) for word in words])
    masses: FloatArray = np.where(np.abs(printed - common) <= rounding, common, printed)
    return masses
