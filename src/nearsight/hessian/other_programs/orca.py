"""ORCA's ``.hess`` file."""

import re
from pathlib import Path

import numpy as np
from ase import Atoms

from nearsight.hessian.other_programs.content import Content, damaged, last_digit, numbers
from nearsight.units import BOHR_IN_A, HARTREE_PER_BOHR2_IN_EV_PER_A2


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
    return Content(
        program="ORCA",
        matrix_eV_per_A2=matrix * HARTREE_PER_BOHR2_IN_EV_PER_A2,
        asymmetry_allowed_eV_per_A2=last_digit(tokens.ravel()) * HARTREE_PER_BOHR2_IN_EV_PER_A2,
        atoms=_atoms(file, _section(file, text, "atoms")),
    )


def _section(file: Path, text: str, name: str) -> list[list[str]]:
    """Return the lines of a section in words, without its title and without empty ones."""
    found = re.search(rf"^\${name} *\n", text, re.MULTILINE)
    if found is None:
        raise damaged(file, f"it has no section ${name}")
    lines = text[found.end() :].partition("\n$")[0].splitlines()
    return [line.split() for line in lines if line.strip() and not line.startswith("#")]


def _matrix(file: Path, lines: list[list[str]]) -> np.ndarray:
    """Return the words of a matrix that is printed some columns at a time."""
    if not lines or len(lines[0]) != 1 or not lines[0][0].isdigit():
        raise damaged(file, "$hessian does not begin with its size")
    size = int(lines[0][0])
    found = np.full((size, size), "", dtype=object)
    columns: list[int] = []
    for words in lines[1:]:
        if all(word.isdigit() for word in words):
            columns = [int(word) for word in words]
        elif len(words) == len(columns) + 1 and words[0].isdigit() and int(words[0]) < size:
            found[int(words[0]), columns] = words[1:]
    missing = np.count_nonzero(found == "")
    if missing:
        raise damaged(file, f"$hessian lacks {missing} of its {size}² numbers")
    return found


def _atoms(file: Path, lines: list[list[str]]) -> Atoms:
    """Return the molecule; each line is a symbol, a mass and three coordinates."""
    if not lines or len(lines) - 1 != int(lines[0][0]) or any(len(line) != 5 for line in lines[1:]):
        raise damaged(file, "$atoms lacks some of its lines")
    table = numbers((word for line in lines[1:] for word in line[1:]), file, "$atoms")
    masses, *positions = table.reshape(-1, 4).T
    # Numbers behind a symbol tell fragments apart.
    symbols = [line[0].rstrip("0123456789") for line in lines[1:]]
    return Atoms(symbols, positions=np.transpose(positions) * BOHR_IN_A, masses=masses)
