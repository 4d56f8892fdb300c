"""POSCAR and CONTCAR: elements, numbers of atoms and labels of positions, which must agree."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from ase.data import atomic_numbers

from nearsight.errors import StructureError
from nearsight.remarks import Remark
from nearsight.structures.isotopes import HYDROGEN_ISOTOPES_u

_FLAG = re.compile(r"\.?[TF](?:RUE|ALSE)?\.?", re.IGNORECASE)
_LABEL = re.compile(r"([A-Z][a-z]?)\d*")


@dataclass(frozen=True)
class _Contents:
    """What the header says. Lines are counted from 0."""

    elements: tuple[str, ...]
    counts: tuple[int, ...]
    counts_line: int
    notes: tuple[Remark, ...] = ()


def check_poscar(text: str) -> list[Remark]:
    """Check the text of a POSCAR, and return a note where it does not name its elements itself.

    Raises
    ------
    StructureError
        Elements are not named, or what is said of them or of the number of atoms disagrees.
    """
    lines = [re.split(r"[!#]", line)[0].split() for line in text.splitlines()]
    if len(lines) < 8:
        raise StructureError("It ends before its atoms begin; write or download it again.")
    contents = _contents(text, lines)
    mode = contents.counts_line + 1
    selective = bool(lines[mode]) and lines[mode][0][0] in "sS"
    _check_positions(lines, contents, mode + 1 + selective)
    return list(contents.notes)


def _contents(text: str, lines: Sequence[Sequence[str]]) -> _Contents:
    if all(field.isdecimal() for field in lines[5]):
        return _without_elements(text.splitlines()[0].split(), lines[5])
    if not all(field.isdecimal() for field in lines[6]):
        raise StructureError(
            f"Line 7, {' '.join(lines[6])!r}, does not give the numbers of atoms of the elements "
            f"in line 6; correct it."
        )
    if len(lines[5]) != len(lines[6]):
        raise StructureError(
            f"Line 6 names {len(lines[5])} elements, and line 7 has {len(lines[6])} numbers of "
            f"atoms; make them agree."
        )
    # Names of potentials, such as Na_pv, begin with the element.
    elements = [re.split(r"[_/]", name)[0] for name in lines[5]]
    for name, element in zip(lines[5], elements, strict=True):
        if element not in atomic_numbers and element not in HYDROGEN_ISOTOPES_u:
            raise StructureError(
                f"Line 6 names {name!r}, which is no element; write symbols such as Na."
            )
    return _Contents(tuple(elements), tuple(map(int, lines[6])), 6)


def _without_elements(first_line: Sequence[str], counts: Sequence[str]) -> _Contents:
    if len(first_line) != len(counts) or any(name not in atomic_numbers for name in first_line):
        raise StructureError(
            "It names no elements (the format of VASP 4); write them into a line before the "
            "numbers of atoms."
        )
    note = (
        f"The file names no elements (the format of VASP 4); those of its first line were taken: "
        f"{', '.join(first_line)}."
    )
    return _Contents(
        tuple(first_line), tuple(map(int, counts)), 5, (Remark("elements-guessed", note),)
    )


def _check_positions(lines: Sequence[Sequence[str]], contents: _Contents, first: int) -> None:
    pairs = zip(contents.elements, contents.counts, strict=True)
    expected = [element for element, count in pairs for _ in range(count)]
    counted = f"Line {contents.counts_line + 1} counts {len(expected)} atoms, but"
    for number, element in enumerate(expected, start=first):
        fields = lines[number] if number < len(lines) else []
        if len(fields) < 3:
            raise StructureError(f"{counted} there are {number - first} positions; correct it.")
        label = _label(fields)
        if label is not None and label != element:
            raise StructureError(
                f"Line {number + 1} is labelled {label}, but the numbers of atoms make it "
                f"{element}; correct it."
            )
    after = first + len(expected)
    if after < len(lines) and len(lines[after]) >= 3 and all(map(_is_number, lines[after][:3])):
        raise StructureError(
            f"{counted} line {after + 1} has another position; correct it, or set velocities off "
            f"by a blank line."
        )


def _label(fields: Sequence[str]) -> str | None:
    """Return the element that other programs write behind a position and its flags."""
    rest = fields[3:]
    if len(rest) >= 3 and all(_FLAG.fullmatch(flag) for flag in rest[:3]):
        rest = rest[3:]
    found = _LABEL.fullmatch(rest[0]) if rest else None
    return found.group(1) if found and found.group(1) in atomic_numbers else None


def _is_number(field: str) -> bool:
    try:
        float(field)
    except ValueError:
        return False
    return True
