"""`input.data`: structures with energies and forces, as n2p2 and RuNNer have them.

The format has a number for every energy and force, also where there is none: files for prediction
have zeros. So an energy of exactly 0, and forces that are all exactly 0, count as not known here.
By symmetry forces may be exactly zero, but then every potential has them so, and nothing is lost.
Rows of ``lattice`` are cell vectors; positions are never carried back into the cell.
"""

import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import IO

import numpy as np
from ase import Atoms
from ase.data import atomic_numbers

from nearsight.arrays import FloatArray
from nearsight.errors import MethodError, StructureError
from nearsight.hdnnp.files.lines import Line, shown, unreadable
from nearsight.hdnnp.frames import Frame
from nearsight.hdnnp.potential import PotentialUnits
from nearsight.hdnnp.units import name_of, units_named
from nearsight.storage import write_atomically

_LONGEST_LINE = 100_000
_MOST_LINES = 1_000_000
"""More in one structure are a damaged file, which would be brought into memory as a whole."""
_N_WORDS = 10
_ONCE = ("energy", "charge")
_SPLIT = {"set=train": "train", "set=test": "test"}
_OURS = re.compile(r"nearsight: units (\S+?)(?:; group (.*))?")


def read_input_data(
    path: str | os.PathLike[str], units: PotentialUnits | None = None
) -> Iterator[Frame]:
    """Yield the structures of a file one after the other; no more than one is in memory.

    Parameters
    ----------
    path
        The file.
    units
        Those of its numbers; needed unless Nearsight has written it, and then says them.

    Raises
    ------
    StructureError
        The file cannot be read, is cut off or damaged, or does not say its units; the message has
        the line.
    """
    file = Path(path)
    block: list[Line] = []
    for line, text in _lines(file):
        if not block and line.keyword != "begin":
            raise line.error(
                f"{shown(line.keyword)} stands where a structure starts with “begin”; the file is "
                f"damaged, or no “input.data”."
            )
        if block and line.keyword == "begin":
            raise line.error(f"the structure of line {block[0].number} has no “end”; add it.")
        comment = ("comment", text.split("comment", 1)[-1].strip())
        block.append(replace(line, words=comment) if line.keyword == "comment" else line)
        if len(block) > _MOST_LINES:
            raise block[0].error(f"the structure has more than {_MOST_LINES:,} lines.")
        if line.keyword == "end":
            yield _Block(block).frame(units)
            block = []
    if block:
        raise block[0].error("the structure that starts here has no “end”: the file is cut off.")


def write_input_data(
    frames: Iterable[Frame], path: str | os.PathLike[str], units: PotentialUnits
) -> None:
    """Write structures with all digits, one after the other.

    A comment in front of each says units and group, which n2p2 passes over. Energies and forces
    that are not known become zeros.

    Parameters
    ----------
    frames
        The structures, which may come one at a time.
    path
        The file, which is replaced.
    units
        Units of length and energy in the file.

    Raises
    ------
    StructureError
        A cell is periodic in one or two directions, which the format does not have.
    StorageError
        The file cannot be written; what was there is intact.
    """

    def write(file: IO[bytes]) -> None:
        for number, frame in enumerate(frames, 1):
            file.write("".join(_text(frame, number, units)).encode())

    write_atomically(path, write)


def _lines(file: Path) -> Iterator[tuple[Line, str]]:
    try:
        with file.open(encoding="utf-8-sig", errors="replace") as opened:
            number = 0
            while text := opened.readline(_LONGEST_LINE):
                number += 1
                line = Line(file, number, tuple(text.split()), StructureError)
                if len(text) == _LONGEST_LINE:
                    raise line.error("it is too long for a line of a structure.")
                if line.words:
                    yield line, text
    except OSError as error:
        raise StructureError(unreadable(file, error)) from error


class _Block:
    """The lines of one structure."""

    def __init__(self, lines: list[Line]) -> None:
        self.first = lines[0]
        self.by_keyword: dict[str, list[Line]] = {}
        for line in lines[1:-1]:
            self.by_keyword.setdefault(line.keyword, []).append(line)
        for keyword, same in self.by_keyword.items():
            if keyword not in {"atom", "lattice", "comment", *_ONCE}:
                raise same[0].error(
                    f"{shown(keyword)} is nothing that a structure has; correct it."
                )
            if keyword in _ONCE and len(same) > 1:
                raise same[1].error(f"“{keyword}” is there a second time; take one out.")

    def frame(self, given: PotentialUnits | None) -> Frame:
        """Return what the lines say."""
        units, group, comment = self._comments(given)
        rows = self.by_keyword.get("atom", [])
        if not rows:
            raise self.first.error("the structure has no atoms; take it out.")
        numbers = [self._element(line) for line in rows]
        values = _columns(rows, [1, 2, 3, 5, 7, 8, 9])
        cell = self._cell()
        atoms = Atoms(
            numbers,
            values[:, :3] * units.length_A,
            cell=None if cell is None else cell * units.length_A,
            pbc=cell is not None,
        )
        forces, charges = values[:, 4:], values[:, 3]
        energy = self._number("energy")
        return Frame(
            atoms=atoms,
            energy_eV=energy * units.energy_eV if energy else None,
            forces_eV_per_A=(forces * (units.energy_eV / units.length_A) if forces.any() else None),
            charge_e=self._number("charge"),
            atomic_charges_e=charges.copy() if charges.any() else None,
            comment=comment,
            split=self._split(),
            group=group,
        )

    def _comments(self, given: PotentialUnits | None) -> tuple[PotentialUnits, str | None, str]:
        """Return units, group and the rest of the comments."""
        units, group, rest = given, None, []
        for line in self.by_keyword.get("comment", []):
            ours = _OURS.fullmatch(line.words[1])
            if ours is None:
                rest.append(line.words[1])
                continue
            group = ours[2]
            try:
                said = units_named(ours[1])
            except MethodError as error:
                raise self.first.error(str(error)) from error
            if given not in {None, said}:
                raise self.first.error(
                    f"its units are {name_of(said)} as the comment says, not those that are given."
                )
            units = said
        if units is None:
            raise self.first.error(
                "the file does not say its units; name them by `units`, of a conversion by "
                "`from_units`: angstrom,eV or bohr,hartree (RuNNer's), for example."
            )
        return units, group, "\n".join(rest)

    def _element(self, line: Line) -> int:
        if len(line.words) != _N_WORDS:
            raise line.error(
                f"an atom has three coordinates, its element, charge, a number without use and "
                f"three components of its force behind “atom”, not {len(line.words) - 1} words."
            )
        number = atomic_numbers.get(line.words[4], 0)
        if number == 0:
            raise line.error(f"{shown(line.words[4])} is no element; correct it.")
        return number

    def _cell(self) -> FloatArray | None:
        rows = self.by_keyword.get("lattice", [])
        if not rows:
            return None
        if len(rows) != 3 or any(len(line.words) != 4 for line in rows):
            raise rows[-1].error(
                "a structure has three lines of “lattice” with the three components of a cell "
                "vector each, or none; correct them."
            )
        cell = _columns(rows, [1, 2, 3])
        lengths = np.linalg.norm(cell, axis=1)
        if abs(np.linalg.det(cell)) <= 1e-9 * lengths.prod():
            raise rows[-1].error("the three cell vectors are in one plane; correct them.")
        return cell

    def _number(self, keyword: str) -> float:
        for line in self.by_keyword.get(keyword, []):
            if len(line.words) != 2:
                raise line.error(f"“{keyword}” has one number behind it; correct the line.")
            return line.real(1, f"“{keyword}”")
        return 0.0

    def _split(self) -> str | None:
        words = self.first.arguments
        if len(words) > 1 or any(word not in _SPLIT for word in words):
            raise self.first.error(
                f"behind “begin” is set=train, set=test or nothing, not {shown(' '.join(words))}."
            )
        return _SPLIT[words[0]] if words else None


def _columns(rows: list[Line], columns: list[int]) -> FloatArray:
    """Return numbers of lines that have these columns, shape ``(n_lines, n_columns)``."""
    try:
        words = [[line.words[column] for column in columns] for line in rows]
        values = np.array([[float(word) for word in row] for row in words])
        # Python reads 1_000, and digits of any script, which no program writes.
        plain = all("_" not in word and word.isascii() for row in words for word in row)
        if plain and np.isfinite(values).all():
            return values
    except ValueError:
        pass
    return np.array([[line.real(column, "a number") for column in columns] for line in rows])


def _text(frame: Frame, number: int, units: PotentialUnits) -> Iterator[str]:
    atoms = frame.atoms
    if atoms.pbc.any() and not atoms.pbc.all():
        raise StructureError(
            f"structure {number} is periodic in {int(atoms.pbc.sum())} of three directions, and "
            f"“input.data” has all or none; make it periodic with enough vacuum."
        )
    yield f"begin set={frame.split}\n" if frame.split else "begin\n"
    group = f"; group {' '.join(frame.group.splitlines())}" if frame.group else ""
    yield f"comment nearsight: units {name_of(units)}{group}\n"
    for line in frame.comment.splitlines():
        yield f"comment {line}\n"
    if atoms.pbc.all():
        for vector in (atoms.cell.array / units.length_A).tolist():
            yield "lattice {!r} {!r} {!r}\n".format(*vector)
    n_atoms = len(atoms)
    forces = np.zeros((n_atoms, 3)) if frame.forces_eV_per_A is None else frame.forces_eV_per_A
    charges = np.zeros(n_atoms) if frame.atomic_charges_e is None else frame.atomic_charges_e
    columns = (
        atoms.positions / units.length_A,
        charges[:, None],
        forces / (units.energy_eV / units.length_A),
    )
    for symbol, row in zip(atoms.symbols, np.hstack(columns).tolist(), strict=True):
        yield "atom {!r} {!r} {!r} {symbol} {!r} 0.0 {!r} {!r} {!r}\n".format(*row, symbol=symbol)
    yield f"energy {float(frame.energy_eV or 0.0) / units.energy_eV!r}\n"
    yield f"charge {float(frame.charge_e)!r}\nend\n"
