"""Lines of a terminal: labelled ones, and what fits into so many columns."""

import textwrap
import unicodedata
from collections.abc import Iterable

WIDTH = 80
"""Columns that output takes at most."""

_LABEL = 12


def print_line(label: str, text: str) -> None:
    """Print a labelled text, as wide as a line allows."""
    # Names of files and pairs of elements have hyphens, and are to be read in one piece.
    lines = textwrap.wrap(text, WIDTH - _LABEL - 2, break_long_words=False, break_on_hyphens=False)
    for index, line in enumerate(lines):
        print(f"  {label if index == 0 else '':<{_LABEL}}{line}")


def columns(text: str) -> int:
    """Return how many columns a text without line breaks takes."""
    return sum(map(_width, text))


def start_of(text: str, most: int) -> str:
    """Return as much of the beginning of a text as so many columns have room for."""
    return text if columns(text) <= most else f"{_fitting(text, most - 1)}…"


def end_of(text: str, most: int) -> str:
    """Return as much of the end of a text, such as a path, as so many columns have room for."""
    return text if columns(text) <= most else f"…{_fitting(text[::-1], most - 1)[::-1]}"


def _width(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def _fitting(characters: Iterable[str], most: int) -> str:
    taken: list[str] = []
    for character in characters:
        most -= _width(character)
        if most < 0:
            break
        taken.append(character)
    return "".join(taken)


def print_structure_line(formula: str, n_atoms: int) -> None:
    """Print the line that says what a structure is."""
    print_line("structure", f"{formula}, {n_atoms} {'atom' if n_atoms == 1 else 'atoms'}")
