"""Unfinished work as text."""

import time
from collections.abc import Sequence

from nearsight.printable import printable_name
from nearsight.progress import duration
from nearsight.tables.lines import WIDTH, columns, end_of, start_of
from nearsight.workflows.kept import KeptFile

_HEAD = ("structure", "what", "done", "size", "age")
_LONGEST_NAME = 30
_SIZES = ((2**30, "GiB"), (2**20, "MiB"), (2**10, "KiB"))


def print_kept(files: Sequence[KeptFile]) -> None:
    """Print files of unfinished work, a line for each."""
    now = time.time()
    rows = [_HEAD, *(_row(file, now) for file in files)]
    widths = [max(columns(row[place]) for row in rows) for place in range(len(_HEAD))]
    for row, file in zip(rows, [None, *files], strict=True):
        cells = [
            f"{cell}{' ' * (width - columns(cell))}"
            for cell, width in zip(row, widths, strict=True)
        ]
        print("  ".join(cells).rstrip())
        if file is not None and file.holder is not None:
            print(f"  {start_of(f'in use by {file.holder}', WIDTH - 2)}")


def _row(file: KeptFile, now_s: float) -> tuple[str, ...]:
    name = end_of(printable_name(file.structure), _LONGEST_NAME)
    age = duration(max(now_s - file.modified_s, 0.0))
    return name, file.kind, file.done, size_in_words(file.size_bytes), age


def size_in_words(number_of_bytes: int) -> str:
    """Return how large a file is."""
    for unit, name in _SIZES:
        if number_of_bytes >= unit:
            return f"{number_of_bytes / unit:.3g} {name}"
    return f"{number_of_bytes} B"
