"""Labelled structures, of files or given as frames."""

import os
from collections.abc import Iterable, Sequence
from itertools import chain
from pathlib import Path

from nearsight.errors import MethodError
from nearsight.hdnnp.files.data import is_input_data, read_data
from nearsight.hdnnp.frames import Frame
from nearsight.hdnnp.units import units_named

Data = str | os.PathLike[str] | Sequence[str | os.PathLike[str]] | Sequence[Frame]
"""Files of labelled structures, or frames."""


def named_frames(data: Data, units: str | None) -> tuple[str, Iterable[Frame]]:
    """Return what data is called, and its frames, of files one after the other.

    Parameters
    ----------
    data
        Files of labelled structures (extended XYZ or `input.data`), or frames.
    units
        Those of `input.data` where it does not say them.

    Raises
    ------
    MethodError
        There is no data, some of it is neither file nor frame, or there are both, or a unit is
        not known.
    """
    if isinstance(data, str | os.PathLike):
        data = [data]
    if not data:
        raise MethodError("there is no data; give a file of labelled structures.")
    frames = [each for each in data if isinstance(each, Frame)]
    files = [Path(each) for each in data if isinstance(each, str | os.PathLike)]
    if len(data) not in (len(frames), len(files)):
        kinds = ", ".join(sorted({type(each).__name__ for each in data}))
        raise MethodError(
            f"data are files or frames, all of one kind, not {kinds}; make a "
            f"`nearsight.hdnnp.frames.Frame` of each labelled structure, or write them to a file."
        )
    if frames:
        return f"{len(frames)} frames", frames
    named = None if units is None else units_named(units)
    of_files = (
        read_data(file, named if is_input_data(file) else None) for file in files
    )  # extended XYZ has units of its own
    return ", ".join(map(str, files)), chain.from_iterable(of_files)
