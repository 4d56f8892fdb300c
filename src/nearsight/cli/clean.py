"""``nearsight clean``: the unfinished work that is kept in a folder."""

import argparse
from collections.abc import Sequence

from nearsight.printable import printable_name
from nearsight.tables.kept import print_kept, size_in_words
from nearsight.workflows.kept import KeptFile, kept_work, remove_kept_work


def run(arguments: argparse.Namespace) -> int:
    """List what is kept, remove it if that is asked for, and return the exit status."""
    work = kept_work(arguments.work_dir)
    folder = printable_name(str(work.folder))
    if not work.files:
        print(f"There is no unfinished work in {folder}.")
    else:
        print_kept(work.files)
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
    return f"{number} ({size_in_words(sum(file.size_bytes for file in files))})"
