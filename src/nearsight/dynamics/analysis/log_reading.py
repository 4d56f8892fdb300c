"""The log of a run as series, such as those of energy and volume that fluctuate."""

import csv
import os
from dataclasses import fields
from pathlib import Path

import numpy as np

from nearsight.arrays import FloatArray
from nearsight.dynamics.samples import Sample
from nearsight.errors import StructureError

_NAMES = tuple(each.name for each in fields(Sample))


def read_log(path: str | os.PathLike[str]) -> dict[str, FloatArray]:
    """Read what `run_dynamics` has logged.

    Parameters
    ----------
    path
        The file of comma-separated values. Its last line is left out if its end is missing, as
        while a run goes on.

    Returns
    -------
    dict
        For each name of `nearsight.dynamics.samples.Sample` its values, shape ``(n_lines,)``; NaN
        where the log has none.

    Raises
    ------
    StructureError
        There is no such file, it has other columns or no lines, times go backwards, or it is
        damaged.

    Examples
    --------
    >>> from ase.build import bulk
    >>> from nearsight.dynamics import DynamicsSettings, run_dynamics
    >>> from nearsight.dynamics.analysis import read_log
    >>> from nearsight.models import load_model
    >>> settings = DynamicsSettings(time_ps=0.3, timestep_fs=5.0)
    >>> copper, model = bulk("Cu", cubic=True), load_model("ase:emt")
    >>> run = run_dynamics(copper, model, settings, samples="copper.csv")
    >>> log = read_log("copper.csv")
    >>> print(f"{len(log['temperature_K'])} samples to {log['time_fs'][-1]:.0f} fs")
    31 samples to 300 fs
    """
    file = Path(path)
    try:
        text = file.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise StructureError(f"{file}: There is no such file; check the path.") from error
    except (OSError, UnicodeDecodeError) as error:
        raise StructureError(f"{file}: It cannot be read: {error}.") from error
    whole = text[: text.rfind("\n") + 1].splitlines()
    rows = list(csv.reader(whole))
    if not rows or tuple(rows[0]) != _NAMES:
        raise StructureError(f"{file}: It is no log of a run; its columns are {', '.join(_NAMES)}.")
    if len(rows) == 1:
        raise StructureError(f"{file}: It has no lines yet; let the run go on.")
    if any(len(row) != len(_NAMES) for row in rows):
        raise StructureError(f"{file}: It is damaged: a line is short; copy it again.")
    try:
        values = np.array([[float(word or "nan") for word in row] for row in rows[1:]])
    except ValueError as error:
        raise StructureError(f"{file}: It is damaged: {error}; copy it again.") from error
    backwards = np.flatnonzero(np.diff(values[:, _NAMES.index("time_fs")]) <= 0)
    if len(backwards):
        raise StructureError(
            f"{file}: Line {backwards[0] + 3} is not later than the one before, as in two files "
            f"that were joined; take lines out that are there twice."
        )
    return dict(zip(_NAMES, values.T.copy(), strict=True))
