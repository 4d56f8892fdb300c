"""What the file of another program holds, and how numbers are taken out of its text."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import numpy as np
from ase import Atoms
from numpy.typing import NDArray

from nearsight.errors import CheckpointError

FloatArray = NDArray[np.float64]

DIFFERENCES = 0.05
"""Asymmetry that differences of forces may have, in parts of the largest element.

They are never symmetric to their printed digits: 10⁻⁴ eV/Å of noise in the forces is 0.04 eV/Å²
after a displacement of 0.0025 Å. A larger part belongs to a matrix of something else."""


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
    notes: tuple[str, ...] = ()
    """What must be known about it."""


def damaged(file: Path, what: str) -> CheckpointError:
    """Return the error for a file that is cut off, or has something where a number should be."""
    return CheckpointError(
        f"{file} is cut off or damaged: {what}. Copy it again from where the program wrote it."
    )


def numbers(tokens: Iterable[str], file: Path, where: str) -> FloatArray:
    """Return numbers, Fortran's ``D`` exponents among them, as an array.

    Raises
    ------
    CheckpointError
        One of them is no finite number.
    """
    found = list(tokens)
    try:
        values = np.array([float(token.replace("D", "E")) for token in found], dtype=np.float64)
    except ValueError as error:
        raise damaged(file, f"{where} holds something that is no number ({error})") from error
    if not np.isfinite(values).all():
        raise damaged(file, f"{where} holds a number that is not finite")
    return values


def last_digit(tokens: Iterable[str]) -> float:
    """Return one unit in the last printed digit of the number that is the largest."""
    largest = max((Decimal(token.replace("D", "E")) for token in tokens), key=abs)
    exponent = largest.as_tuple().exponent
    assert isinstance(exponent, int)  # it is finite
    return float(10.0**exponent)


def from_lower_triangle(values: FloatArray, file: Path) -> FloatArray:
    """Return the symmetric matrix whose rows up to the diagonal are given, one after the other.

    Raises
    ------
    CheckpointError
        They are not n (n + 1)/2 numbers for any n.
    """
    size = round((np.sqrt(8 * len(values) + 1) - 1) / 2)
    if len(values) != size * (size + 1) // 2:
        raise damaged(file, f"its {len(values)} force constants fill no triangle")
    matrix = np.zeros((size, size))
    matrix[np.tril_indices(size)] = values
    return matrix + np.tril(matrix, -1).T
