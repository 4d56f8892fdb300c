"""Lines of a trajectory, of which the last may be cut, and one frame of it."""

import gzip
import os
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from nearsight.arrays import BoolArray, FloatArray, IntArray
from nearsight.errors import StructureError


@dataclass(frozen=True, eq=False)
class Frame:
    """What a file says of one moment; None of what it does not say."""

    numbers: IntArray
    positions_A: FloatArray
    cell_A: FloatArray
    pbc: BoolArray
    masses_amu: FloatArray | None = None
    time_fs: float | None = None
    step: int | None = None
    velocities_A_per_fs: FloatArray | None = None
    energy_eV: float | None = None
    unwrapped: bool = False
    """Whether the file says that positions are unwrapped."""
    left_out: tuple[str, ...] = ()
    """What may matter and is not used, such as velocities without a unit."""


class CutError(Exception):
    """The file ends within a frame."""


class FrameLines:
    """The lines of a text file, which is compressed if its name ends in ``.gz``.

    Parameters
    ----------
    path
        The file.

    Raises
    ------
    StructureError
        It cannot be opened or decompressed, or is no text.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._path = Path(path)
        self._lines = self._read()
        self._packed_is_cut = False
        self.number = 0
        """How many lines have been read."""

    def first(self) -> str | None:
        """Return the first line of the next frame, empty ones left out; None at the end.

        Raises
        ------
        CutError
            Something of another frame is there.
        """
        try:
            while not (line := self.next()).strip():
                pass
        except UnendedError:
            raise
        except CutError:
            if self._packed_is_cut:
                raise
            return None
        return line

    def next(self) -> str:
        """Return the next line.

        Raises
        ------
        CutError
            There is none, or its end is missing.
        """
        self.number += 1
        line = next(self._lines, "")
        if not line.endswith("\n"):
            if line.strip():
                raise UnendedError
            raise CutError
        return line

    def block(self, n_lines: int) -> list[str]:
        """Return so many lines."""
        return [self.next() for _ in range(n_lines)]

    def _read(self) -> Iterator[str]:
        opened = gzip.open if self._path.name.lower().endswith(".gz") else open
        try:
            with opened(self._path, "rt", encoding="utf-8", newline="\n") as stream:
                yield from stream
        except EOFError:
            self._packed_is_cut = True
        except gzip.BadGzipFile as error:
            # One byte is too little to be the beginning of the next compressed frame.
            if not (self.number and "Not a gzipped file" in str(error)):
                raise StructureError(f"It cannot be decompressed: {error}.") from error
            self._packed_is_cut = True
        except (OSError, zlib.error) as error:
            reason = getattr(error, "strerror", None) or error
            raise StructureError(f"It cannot be read: {reason}.") from error
        except UnicodeDecodeError as error:
            raise StructureError(
                "It is no text; give a trajectory as extended XYZ, LAMMPS dump or ASE's .traj."
            ) from error


class UnendedError(CutError):
    """The last line has no end, so that a number in it may be short of digits."""


def table(lines: list[str], n_columns: int) -> np.ndarray:
    """Return the words of lines, shape ``(n_lines, n_columns)``.

    Raises
    ------
    ValueError
        A line has more or fewer.
    """
    rows = [line.split() for line in lines]
    for row in rows:
        if len(row) != n_columns:
            raise ValueError(f"a line has {len(row)} columns where {n_columns} are expected")
    return np.array(rows, dtype=object).reshape(len(lines), n_columns)


def numbers_of(words: np.ndarray) -> FloatArray:
    """Return words as finite numbers.

    Raises
    ------
    ValueError
        One is none.
    """
    values: FloatArray = words.astype(np.float64)
    if not np.isfinite(values).all():
        raise ValueError("a value is not finite")
    return values


def number_or_none(value: object) -> float | None:
    """Return a finite number of a file's header; None of anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float | np.number):
        return None
    number = float(value)
    return number if np.isfinite(number) else None
