"""Gaussian's output (``.log``, ``.out``) of a calculation of frequencies."""

import re
from pathlib import Path

import numpy as np
from ase.data import atomic_masses_common
from numpy.typing import NDArray

from nearsight.arrays import FloatArray
from nearsight.errors import CheckpointError
from nearsight.hessian.files.content import (
    Content,
    damaged,
    from_lower_triangle,
    ghosts_left_out,
    last_digit,
    numbers,
    of_atoms,
    whole_number,
)
from nearsight.hessian.files.gaussian_checkpoint import MASSES_OF_ASE
from nearsight.hessian.files.gaussian_molecule import read_molecule
from nearsight.units import HARTREE_PER_BOHR2_IN_EV_PER_A2

_BLOCK = "Force constants in Cartesian coordinates:"
_ENTRY = re.compile(r"\n(?= 1[\\|]1[\\|])")
_PRINTED, _ARCHIVED = 1e-5, 1e-6
"""Relative and absolute differences, in hartree/bohr², of what is printed twice."""

_JOB = re.compile(
    r"^ (?:Entering Gaussian System|Entering Link 1 |Link1: +Proceeding to)", re.MULTILINE
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
    archived = _in_archive(file, text)
    found = archived or _in_block(file, text)
    if found is None:
        raise CheckpointError(
            f"{file} is an output of Gaussian without force constants: it is of no calculation "
            f"of frequencies, or was cut off before its end."
        )
    values, end = found
    matrix = from_lower_triangle(values, file)
    if archived is not None:
        _require_same_block(file, text[:end], values)
    entry = _unwrapped(text[end + 1 :]).replace("|", "\\") if archived else ""
    atoms, is_atom = read_molecule(file, text[:end], entry)
    masses = None
    if atoms is not None:
        matrix = of_atoms(matrix, is_atom, file)
        masses = _masses(file, _last_job(text, end), atoms.numbers, is_atom)
        if masses is not None:
            atoms.set_masses(masses)
    return Content(
        program="Gaussian",
        matrix_eV_per_A2=matrix * HARTREE_PER_BOHR2_IN_EV_PER_A2,
        asymmetry_allowed_eV_per_A2=0.0,
        atoms=atoms,
        notes=(
            *(() if masses is not None else (MASSES_OF_ASE,)),
            *ghosts_left_out(int(np.count_nonzero(~is_atom))),
        ),
    )


def has_gaussian_hessian(text: str) -> bool:
    """Tell whether an output of Gaussian seems to hold force constants, without reading them."""
    if f"\n {_BLOCK}" in text:
        return True
    return any("NImag" in _unwrapped(entry) for entry in _ENTRY.split(text)[1:])


def _unwrapped(entry: str) -> str:
    """Return the text of an archive entry, which is wrapped after 70 characters."""
    return "".join(line[1:].rstrip("\r\n") for line in entry.partition("@")[0].splitlines())


def _in_archive(file: Path, text: str) -> tuple[FloatArray, int] | None:
    """Return the lower triangle in the last archive entry that has one, and where that begins.

    Entries are wrapped after 70 characters, their fields separated by two backslashes (on
    Windows by two bars).
    """
    for begin in reversed([found.start() for found in _ENTRY.finditer(text)]):
        entry, whole, _ = text[begin + 1 :].partition("@")
        fields = _unwrapped(entry).replace("|", "\\").split("\\\\")
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
    first, n_columns = 1, 0
    for line in text[begin:].splitlines()[1:]:
        words = line.split()
        if not words or not words[0].isdecimal():
            break
        row = whole_number(words[0], file, f"“{_BLOCK}”")
        if all(word.isdecimal() for word in words):
            first, n_columns = row, len(words)
        elif len(words) == 1 + min(n_columns, row - first + 1):
            rows.setdefault(row, []).extend(words[1:])
    if not rows or any(len(rows.get(row, [])) != row for row in range(1, max(rows) + 1)):
        raise damaged(file, f"“{_BLOCK}” lacks some of its numbers")
    tokens = [word for row in sorted(rows) for word in rows[row]]
    return numbers(tokens, file, f"“{_BLOCK}”"), begin


def _require_same_block(file: Path, text: str, archived: FloatArray) -> None:
    """Check the archive entry against the block of the same calculation, if that was printed."""
    block = _in_block(file, _ENTRY.split(text)[-1])
    if block is None:
        return
    printed, _ = block
    if len(printed) != len(archived):
        raise damaged(
            file,
            f"its archive entry has {len(archived)} force constants, “{_BLOCK}” {len(printed)}",
        )
    off = np.abs(printed - archived) - _PRINTED * np.abs(printed) - _ARCHIVED
    if off.max() > 0:
        at = int(off.argmax())
        raise damaged(
            file,
            f"its archive entry has the force constant {archived[at]:.8f}, “{_BLOCK}” "
            f"{printed[at]:.6g} hartree/bohr² in the same place",
        )


def _masses(
    file: Path, text: str, species: NDArray[np.int64], is_atom: NDArray[np.bool_]
) -> FloatArray | None:
    """Return the masses in amu that were used, if they were printed.

    The list with the thermochemistry has those of the frequencies, with five decimals. Isotopes may
    have been chosen after the other list, that of the input, was printed with seven decimals; it
    counts where the two agree, or where it is alone. The most common isotope has more digits still.
    Ghost centres may have a mass there, too.

    Parameters
    ----------
    text
        Of the calculation that had the force constants, without those before it.
    """
    tables = [
        re.findall(r"\d+\.\d+", " ".join(re.findall(r"^ AtmWgt=(.*)$", text, re.MULTILINE))),
        [mass for _, mass in _MASS.findall(text)],
    ]
    masses: FloatArray | None = None
    for table in tables:
        words = table
        if len(table) >= len(is_atom):
            last = table[-len(is_atom) :]
            words = [word for word, kept in zip(last, is_atom, strict=True) if kept]
        if len(words) != len(species):
            continue
        printed = numbers(words, file, "its masses")
        if not (printed > 0).all():
            raise damaged(file, "it has a mass that is not positive")
        rounding = np.array([last_digit([word], file, "its masses") for word in words])
        better = atomic_masses_common[species] if masses is None else masses
        masses = np.where(np.abs(printed - better) <= rounding, better, printed)
    return masses


def _last_job(text: str, end: int) -> str:
    """Return the output of the calculation in which a place lies, of several in one file."""
    begins = [match.start() for match in _JOB.finditer(text, 0, end)]
    ends = _JOB.search(text, end)
    return text[begins[-1] if begins else 0 : ends.start() if ends else len(text)]
