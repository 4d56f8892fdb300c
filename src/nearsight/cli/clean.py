"""``nearsight clean``: the unfinished work that is kept in a folder."""

import argparse
import time
from collections.abc import Sequence

from nearsight.printable import printable_name
from nearsight.progress import duration
from nearsight.tables.lines import WIDTH, columns, end_of, start_of
from nearsight.workflows.kept import KeptFile, kept_work, remove_kept_work

_HEAD = ("structure", "what", "done", "size", "age")
_LONGEST_NAME = 30
_SIZES = ((2**30, "GiB"), (2**20, "MiB"), (2**10, "KiB"))


def run(arguments: argparse.Namespace) -> int:
    """List what is kept, remove it if that is asked for, and return the exit status."""
    work = kept_work(arguments.work_dir)
    folder = printable_name(str(work.folder))
    if not work.files:
        print(f"There is no unfinished work in {folder}.")
    else:
        _print_table(work.files)
    free = [file for file in work.files if file.holder is None]
    if work.n_others:
        things = "thing" if work.n_others == 1 else "things"
        print(f"{work.n_others} other {things} in {folder} are not of Nearsight and stay.")
    if arguments.remove:
        removed, busy = remove_kept_work(work)
        if work.files:
            print(f"Removed {_counted(removed)}{_staying(busy)}.")
    elif free:
        print(f"--remove removes {_counted(free)}.")
    return 0


def _staying(busy: Sequence[KeptFile]) -> str:
    return f"; {_counted(busy)} in use {'stays' if len(busy) == 1 else 'stay'}" if busy else ""


def _counted(files: Sequence[KeptFile]) -> str:
    number = "1 file" if len(files) == 1 else f"{len(files)} files"
    return f"{number} ({_size(sum(file.size_bytes for file in files))})"


def _print_table(files: Sequence[KeptFile]) -> None:
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
    return name, file.kind, file.done, _size(file.size_bytes), age


def _size(number_of_bytes: int) -> str:
    for unit, name in _SIZES:
        if number_of_bytes >= unit:
            return f"{number_of_bytes / unit:.3g} {name}"
    return f"{number_of_bytes} B"
