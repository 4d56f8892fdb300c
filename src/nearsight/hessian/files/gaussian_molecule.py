"""The molecule of an output of Gaussian: its centres, which of them are atoms, which are held."""

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from ase import Atoms
from ase.data import atomic_numbers
from numpy.typing import NDArray

from nearsight.arrays import FloatArray
from nearsight.errors import StructureError
from nearsight.hessian.files.content import damaged, molecule, numbers

# One line per atom: its number, atomic number, type and coordinates.
_ORIENTATION = re.compile(
    r"(?:Input|Z-Matrix) orientation: *\n(?:.*\n){4}"
    r"((?: +\d+ +-?\d+ +-?\d+(?: +-?\d+\.\d+){3} *\n)+)"
)
# The last input that is printed, behind its charge and multiplicity: one line for each centre.
_INPUT = re.compile(
    r"^ Charge = +-?\d+ +Multiplicity = +\d+ *\n((?: *[A-Za-z].*\n)+)", re.MULTILINE
)
# Behind charge and multiplicity: one centre between two backslashes, up to two of them.
_ARCHIVED = re.compile(r"\\\\-?\d+,\d+\\(.*?)\\\\")
_LABEL = re.compile(r"([A-Z][a-z]?)(?:\([^)]*\)|-[A-Za-z]+)?")
_FREEZE_CODE = re.compile(r"-[1-9]\d*")
_GHOST = "bq"

_TRANSLATION = -2
"""In place of an atomic number, at a vector of a periodic calculation."""

_GHOST_TYPE = 1000


@dataclass(frozen=True)
class _Centre:
    """A line of an input, or of an archive entry."""

    label: str
    words: tuple[str, ...]

    @property
    def symbol(self) -> str:
        """Element, or something else where the label does not begin with one."""
        matched = _LABEL.match(self.label)
        return matched[1] if matched else self.label

    @property
    def is_ghost(self) -> bool:
        """Whether the label says that there are basis functions only."""
        return _GHOST in self.label.lower()

    @property
    def is_frozen(self) -> bool:
        """Whether a code of -1 or lower stands between the label and coordinates."""
        return len(self.words) > 1 and _FREEZE_CODE.fullmatch(self.words[0]) is not None


def read_molecule(file: Path, before: str, entry: str) -> tuple[Atoms | None, NDArray[np.bool_]]:
    """Return the molecule in the orientation of the input, and which centres are atoms.

    There is none if that orientation is neither printed nor archived in Cartesian coordinates.
    Ghost centres have a label with Bq, the atomic number 0, or a type of 1000 and more.

    Parameters
    ----------
    before
        What is printed before the force constants.
    entry
        The archive entry that has them, in one line; empty if there is none.

    Raises
    ------
    CheckpointError
        The two contradict each other, or hold something that is no molecule.
    StructureError
        Atoms were held fixed, or the calculation was a periodic one.
    """
    archived, given = _archived(entry), _given(before)
    for centres in (archived, given):
        _require_no_frozen_atoms(file, centres)
    tables = _ORIENTATION.findall(before)
    if tables:
        species, positions = _of_table(file, tables[-1])
    else:
        positions_or_none = _cartesian(file, archived)
        if positions_or_none is None:
            return None, np.empty(0, dtype=bool)
        positions = positions_or_none
        species = np.array([atomic_numbers.get(each.symbol, 0) for each in archived])
    is_atom = species > 0
    for centres in (archived, given):
        if len(centres) == len(species):
            is_atom &= ~np.array([centre.is_ghost for centre in centres], dtype=bool)
    found = molecule(species[is_atom], positions[is_atom], file)
    _require_same_elements(file, archived, found, is_atom)
    return found, is_atom


def _archived(entry: str) -> list[_Centre]:
    matched = _ARCHIVED.search(entry)
    return [] if matched is None else _centres(matched[1].split("\\"))


def _given(before: str) -> list[_Centre]:
    inputs = _INPUT.findall(before)
    return _centres(inputs[-1].splitlines()) if inputs else []


def _centres(lines: list[str]) -> list[_Centre]:
    split = [re.split(r"[\s,]+", line.strip()) for line in lines if line.strip()]
    return [_Centre(words[0], tuple(words[1:])) for words in split]


def _of_table(file: Path, lines: str) -> tuple[NDArray[np.int64], FloatArray]:
    """Return atomic numbers, 0 for ghosts, and coordinates of a printed orientation."""
    table = numbers(lines.split(), file, "the input orientation").reshape(-1, 6)
    species, kinds = table[:, 1].astype(np.int64), table[:, 2]
    if (species == _TRANSLATION).any():
        raise StructureError(
            f"{file} is of a periodic calculation of Gaussian, whose force constants are not read: "
            f"compute the Hessian of its structure with a model (`recompute`)."
        )
    return np.where(kinds < _GHOST_TYPE, species, 0), table[:, 3:]


def _cartesian(file: Path, archived: list[_Centre]) -> FloatArray | None:
    """Return archived coordinates, behind a freeze code or not; None if they are internal ones."""
    rows = [centre.words[-3:] for centre in archived if len(centre.words) in {3, 4}]
    if (
        not rows
        or len(rows) != len(archived)
        or not all("." in word for row in rows for word in row)
    ):
        return None
    return numbers((word for row in rows for word in row), file, "the archive entry").reshape(-1, 3)


def _require_no_frozen_atoms(file: Path, centres: list[_Centre]) -> None:
    frozen = [centre for centre in centres if centre.is_frozen]
    if frozen:
        raise StructureError(
            f"{file} is of a calculation in which {len(frozen)} of the atoms were held fixed "
            f"(frozen, with the code -1), the first of them a {frozen[0].symbol}: these force "
            f"constants are not those of all atoms. Compute the frequencies without frozen atoms, "
            f"or the Hessian with a model (`recompute`)."
        )


def _require_same_elements(
    file: Path, archived: list[_Centre], atoms: Atoms, is_atom: NDArray[np.bool_]
) -> None:
    """Check the elements of the printed orientation against those in the archive entry."""
    names = [centre.symbol for centre in archived]
    if len(names) == len(is_atom):
        names = [name for name, kept in zip(names, is_atom, strict=True) if kept]
    own = atoms.get_chemical_symbols()
    if names and names != own:
        raise damaged(
            file,
            f"its input orientation has {' '.join(own)[:60]}, its archive entry "
            f"{' '.join(names)[:60]}",
        )
