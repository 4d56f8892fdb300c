"""Labelled lines."""

import textwrap

WIDTH = 80
"""Columns that output takes at most."""

_LABEL = 12


def print_line(label: str, text: str) -> None:
    """Print a labelled text, as wide as a line allows."""
    lines = textwrap.wrap(text, WIDTH - _LABEL - 2, break_long_words=False)
    for index, line in enumerate(lines):
        print(f"  {label if index == 0 else '':<{_LABEL}}{line}")
