"""What the file of another program holds, and how numbers are taken out of its text."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

import numpy as np
from ase import Atoms
from numpy.typing import NDArray

from nearsight.arrays import FloatArray
from nearsight.errors import CheckpointError
from nearsight.remarks import Remark

DIFFERENCES = 0.05
"""Asymmetry that differences of forces may have, in parts of the largest element.

They are never symmetric to their printed digits: 10⁻⁴ eV/Å of noise in the forces is 0.04 eV/Å²
after a displacement of 0.0025 Å. A larger part belongs to a matrix of something else."""

_STIFFEST_GHOST = 0.02
"""In hartree/bohr²: basis functions that are moved change the energy far less than atoms do."""

_HEAVIEST = 118
_MOST_DIGITS = 9


@dataclass(frozen=True, kw_only=True)
class Content:
    """A Hessian as a file has it."""

    program: str
    """What wrote the file, as people call it."""
    matrix_eV_per_A2: FloatArray
    """∂²E/∂r_i∂r_j with x, y and z of the first atom first, shape ``(3 n_atoms, 3 n_atoms)``."""
    asymmetry_allowed_eV_per_A2: float
    """How far it may be from symmetric: what printing rounds off, or what differences leave."""
    atoms: Atoms | None
    """Its structure, with the masses of the program; None if no file has it."""
    notes: tuple[Remark, ...] = ()
    """What must be known about it."""
    files_beside: Mapping[str, Path] = field(default_factory=dict)
    """Other files that were read, by what they had."""


def damaged(file: Path, what: str) -> CheckpointError:
    """Return the error for a file that is cut off, or has something where a number should be."""
    return CheckpointError(
        f"{file} is cut off or damaged: {what}. Copy it again from where the program wrote it."
    )


# The letter of the exponent is left out where it has three digits, and may be a D.
_NUMBER = re.compile(r"([-+]?(?:\d+\.?\d*|\.\d+))(?:[EeDd]?([-+]\d+)|[EeDd](\d+))?")


def numbers(tokens: Iterable[str], file: Path, where: str) -> FloatArray:
    """Return numbers as Fortran writes them (``1.0D-05``, ``1.0-105``) as an array.

    Raises
    ------
    CheckpointError
        One of them is no finite number.
    """
    values = np.array([float(_decimal(token, file, where)) for token in tokens], dtype=np.float64)
    if not np.isfinite(values).all():
        raise damaged(file, f"{where} holds a number that is not finite")
    return values


def whole_number(token: str, file: Path, where: str) -> int:
    """Return a number that counts something.

    Raises
    ------
    CheckpointError
        It is none.
    """
    if not token.isdecimal() or len(token) > _MOST_DIGITS:
        raise damaged(file, f"{where} has “{token[:20]}” in place of a whole number")
    return int(token)


def _decimal(token: str, file: Path, where: str) -> str:
    """Return a number of Fortran as Python writes it."""
    matched = _NUMBER.fullmatch(token)
    if token.lower().lstrip("+-") in {"nan", "inf", "infinity"}:
        raise damaged(file, f"{where} holds a number that is not finite")
    if matched is None:
        overflow = " (too large for its column)" if token and set(token) == {"*"} else ""
        raise damaged(file, f"{where} holds something that is no number, “{token[:20]}”{overflow}")
    return f"{matched[1]}e{matched[2] or matched[3] or 0}"


def last_digit(tokens: Iterable[str], file: Path, where: str) -> float:
    """Return one unit in the last printed digit of the number that is the largest."""
    largest = max((Decimal(_decimal(token, file, where)) for token in tokens), key=abs)
    exponent = largest.as_tuple().exponent
    assert isinstance(exponent, int)  # it is finite
    return float(10.0**exponent)


def molecule(
    species: NDArray[np.int64],
    positions_A: FloatArray,
    file: Path,
    masses: FloatArray | None = None,
) -> Atoms:
    """Return a molecule, once its parts are known to be one.

    Raises
    ------
    CheckpointError
        Atomic numbers, masses or positions are none, or not as many of one as of the other.
    """
    if positions_A.shape != (len(species), 3):
        raise damaged(file, f"it has {len(species)} atoms, but {positions_A.size} coordinates")
    unknown = [number for number in species.tolist() if not 1 <= number <= _HEAVIEST]
    if unknown:
        raise damaged(file, f"{unknown[0]} is the atomic number of no element")
    if masses is not None and (masses.shape != species.shape or not (masses > 0).all()):
        raise damaged(file, f"its {len(species)} atoms do not all have a mass")
    return Atoms(species, positions=positions_A, masses=masses)


def ghosts_left_out(count: int) -> tuple[Remark, ...]:
    """Return the note about ghost centres."""
    if not count:
        return ()
    centres = "1 ghost centre is" if count == 1 else f"{count} ghost centres are"
    said = f"{centres} no atom and left out: it has basis functions, and no mass."
    return (Remark("ghost-centres", said),)


def of_atoms(matrix: FloatArray, is_atom: NDArray[np.bool_], file: Path) -> FloatArray:
    """Return the rows and columns of atoms, in hartree/bohr², where ghosts have some too.

    Raises
    ------
    CheckpointError
        A ghost has the force constants of an atom: it is one, and its charge or mass was lost.
    """
    size = int(np.count_nonzero(is_atom)) * 3
    # Of another size it is refused later, with its size.
    if len(matrix) == size or len(matrix) != 3 * len(is_atom):
        return matrix
    kept = np.repeat(is_atom, 3)
    own = np.abs(np.diag(matrix)).reshape(-1, 3).max(axis=1)
    bound = np.flatnonzero(~is_atom & (own > _STIFFEST_GHOST))
    if len(bound):
        raise damaged(
            file,
            f"centre {bound[0] + 1} has no nuclear charge or mass, but the force constants of an "
            f"atom ({own[bound[0]]:.2g} hartree/bohr²)",
        )
    return matrix[np.ix_(kept, kept)]


def from_lower_triangle(values: FloatArray, file: Path) -> FloatArray:
    """Return the symmetric matrix whose rows up to the diagonal are given, one after the other.

    Raises
    ------
    CheckpointError
        They are not n (n + 1)/2 numbers for any n.
    """
    size = round((np.sqrt(8 * len(values) + 1) - 1) / 2)
    if not size or len(values) != size * (size + 1) // 2:
        raise damaged(file, f"its {len(values)} force constants fill no triangle")
    matrix = np.zeros((size, size))
    matrix[np.tril_indices(size)] = values
    return matrix + np.tril(matrix, -1).T
