"""ORCA's ``.hess`` file."""

import re
from pathlib import Path

import numpy as np
from ase import Atoms
from ase.data import atomic_numbers
from numpy.typing import NDArray

from nearsight.hessian.files.content import (
    Content,
    damaged,
    ghosts_left_out,
    last_digit,
    molecule,
    numbers,
    of_atoms,
    whole_number,
)
from nearsight.units import BOHR_IN_A, HARTREE_PER_BOHR2_IN_EV_PER_A2

# Numbers behind a symbol tell fragments apart.
_SYMBOL = re.compile(r"([A-Za-z]{1,2})(:?)\d*")


def is_orca(text: str) -> bool:
    """Tell whether a file begins as ORCA's do."""
    return text.lstrip().startswith("$orca_hessian_file")


def read_orca(file: Path, text: str) -> Content:
    """Read ``$hessian`` (hartree/bohr²) and ``$atoms`` (masses in amu, positions in bohr).

    Of differences of gradients ORCA prints the symmetric part, too.

    Raises
    ------
    CheckpointError
        The file is cut off.
    """
    tokens = _matrix(file, _section(file, text, "hessian"))
    matrix = numbers(tokens.ravel(), file, "$hessian").reshape(tokens.shape)
    rounding = last_digit(tokens.ravel(), file, "$hessian")
    atoms, is_atom = _atoms(file, _section(file, text, "atoms"))
    return Content(
        program="ORCA",
        matrix_eV_per_A2=of_atoms(matrix, is_atom, file) * HARTREE_PER_BOHR2_IN_EV_PER_A2,
        asymmetry_allowed_eV_per_A2=rounding * HARTREE_PER_BOHR2_IN_EV_PER_A2,
        atoms=atoms,
        notes=ghosts_left_out(int(np.count_nonzero(~is_atom))),
    )


def _section(file: Path, text: str, name: str) -> list[list[str]]:
    """Return the lines of a section in words, without its title and without empty ones."""
    found, *more = [*re.finditer(rf"^\${name} *\n", text, re.MULTILINE), None]
    if found is None:
        raise damaged(file, f"it has no section ${name}")
    if len(more) > 1:
        raise damaged(file, f"it has the section ${name} twice")
    lines = text[found.end() :].partition("\n$")[0].splitlines()
    return [line.split() for line in lines if line.strip() and not line.startswith("#")]


def _matrix(file: Path, lines: list[list[str]]) -> np.ndarray:
    """Return the words of a matrix that is printed some columns at a time."""
    if not lines or len(lines[0]) != 1:
        raise damaged(file, "$hessian does not begin with its size")
    size = whole_number(lines[0][0], file, "$hessian")
    n_words = sum(map(len, lines))
    if size * size > n_words:  # also before a size that is damaged takes all memory
        raise damaged(file, f"$hessian lacks some of its {size}² numbers")
    found = np.full((size, size), "", dtype=object)
    columns: list[int] = []
    for words in lines[1:]:
        if all(word.isdecimal() for word in words):
            columns = [whole_number(word, file, "$hessian") for word in words]
            if max(columns) >= size:
                raise damaged(file, f"$hessian has a column {max(columns)} of {size}")
            continue
        row = whole_number(words[0], file, "$hessian")
        if len(words) != len(columns) + 1 or row >= size:
            raise damaged(file, f"$hessian has the line “{' '.join(words)[:40]}”")
        found[row, columns] = words[1:]
    missing = np.count_nonzero(found == "")
    if missing:
        raise damaged(file, f"$hessian lacks {missing} of its {size}² numbers")
    return found


def _atoms(file: Path, lines: list[list[str]]) -> tuple[Atoms, NDArray[np.bool_]]:
    """Return the molecule, and which of the centres are atoms.

    Each line is a symbol, a mass and three coordinates. A colon behind the symbol marks a ghost.
    """
    if not lines or len(lines[0]) != 1 or any(len(line) != 5 for line in lines[1:]):
        raise damaged(file, "$atoms lacks some of its lines")
    if len(lines) - 1 != whole_number(lines[0][0], file, "$atoms"):
        raise damaged(file, "$atoms lacks some of its lines, or has more of them")
    table = numbers((word for line in lines[1:] for word in line[1:]), file, "$atoms")
    masses, *positions = table.reshape(-1, 4).T
    centres = [_centre(file, line[0]) for line in lines[1:]]
    species = np.array([number for number, _ in centres], dtype=np.int64)
    is_atom = np.array([not ghost for _, ghost in centres], dtype=bool) & (masses != 0)
    atoms = molecule(
        species[is_atom],
        np.transpose(positions)[is_atom] * BOHR_IN_A,
        file,
        masses[is_atom],
    )
    return atoms, is_atom


def _centre(file: Path, label: str) -> tuple[int, bool]:
    """Return an atomic number, and whether the centre is a ghost."""
    matched = _SYMBOL.fullmatch(label)
    if matched is None or matched[1].capitalize() not in atomic_numbers:
        raise damaged(file, f"$atoms has “{label[:20]}”, which is no element")
    return atomic_numbers[matched[1].capitalize()], bool(matched[2])
