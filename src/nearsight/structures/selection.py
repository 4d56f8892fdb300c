"""One structure out of a file with several: ``FILE@2``, ``FILE@name``."""

import os
import re
from collections.abc import Sequence
from pathlib import Path

from nearsight.errors import StructureError
from nearsight.remarks import Remark


def split_selection(path: str | os.PathLike[str]) -> tuple[Path, str | None]:
    """Split ``FILE@2`` or ``FILE@name`` into the file and what is chosen in it.

    A file whose own name is `path`, with an ``@`` in it, is that file.

    Returns
    -------
    tuple
        The file, and the number or name behind the last ``@``; None if nothing is chosen.
    """
    whole = os.fspath(path)
    if not os.path.lexists(whole):
        # The name of a block may have an @ of its own, and so may the file.
        for position in [found.start() for found in re.finditer("@", whole)][::-1]:
            file, choice = whole[:position], whole[position + 1 :]
            if file and choice and os.path.isfile(file):  # false for a name that is too long, too
                return Path(file), choice
    return Path(whole), None


def structure_stem(path: str | os.PathLike[str]) -> str:
    """Return the name of a structure for labels and names of files: ``two`` of ``x/two.cif``.

    What is chosen in a file stays, so that two choices have two names: ``two@2`` of ``two.cif@2``.
    """
    file, choice = split_selection(path)
    stem = file.stem
    if choice is None:
        # What named it may be gone by now.
        gone = re.fullmatch(r"(.+)\.\w+@(.+)", file.name)
        if gone is None:
            return stem
        stem, choice = gone.groups()
    return f"{stem}@{re.sub(r'[^A-Za-z0-9_.+-]', '_', choice)}"


def number_in(choice: str | None) -> int | None:
    """Return the number that a choice is; None if it is a name, or absurdly large."""
    return int(choice) if choice is not None and re.fullmatch("[0-9]{1,9}", choice) else None


def choose(choice: str | None, names: Sequence[str]) -> tuple[int, Remark | None]:
    """Return which of several structures is meant, and a note where nothing has chosen.

    Parameters
    ----------
    choice
        A number, counted from 1, or one of the names; None for the last.
    names
        Those of the structures; empty strings where they have none.

    Raises
    ------
    StructureError
        There is none of this number or name, or more than one.
    """
    count = len(names)
    listed = ", ".join(
        f"{number} ({name})" if name else str(number) for number, name in enumerate(names[:8], 1)
    )
    if count > 8:
        listed = f"{listed} to {count}"
    if choice is None:
        note = (
            f"The file holds {count} structures, of which the last was taken; FILE@1 to "
            f"FILE@{count} choose one{', or its name' if any(names) else ''}."
        )
        return count - 1, Remark("one-of-several", note) if count > 1 else None
    named = [position for position, name in enumerate(names) if name and name == choice]
    number = number_in(choice)
    numbered = number - 1 if number is not None and 1 <= number <= count else None
    if len(named) > 1 or (named and numbered is not None and named != [numbered]):
        raise StructureError(
            f"@{choice} may mean more than one of its structures: {listed}. Give a number or name "
            f"that only one of them has."
        )
    if numbered is not None:
        return numbered, None
    if named:
        return named[0], None
    raise StructureError(
        f"It has no structure @{choice}: there are {count}, counted from 1: {listed}. Choose one."
    )
