"""Labelled lines."""

import textwrap

WIDTH = 80
"""Columns that output takes at most."""

_LABEL = 12


def print_line(label: str, text: str) -> None:
    """Print a labelled text, as wide as a line allows."""
    # Names of files and pairs of elements have hyphens, and are to be read in one piece.
    lines = textwrap.wrap(text, WIDTH - _LABEL - 2, break_long_words=False, break_on_hyphens=False)
    for index, line in enumerate(lines):
        print(f"  {label if index == 0 else '':<{_LABEL}}{line}")
