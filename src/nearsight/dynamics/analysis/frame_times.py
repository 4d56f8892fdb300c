"""When frames were, by what a file says and what its reader is told."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from nearsight.arrays import FloatArray
from nearsight.errors import MethodError, StructureError


@dataclass(frozen=True)
class Moment:
    """What a file says of when a frame was; None of what it does not say."""

    time_fs: float | None
    step: int | None


def times_of(
    frames: Sequence[Moment], timestep_fs: float | None, interval_fs: float | None
) -> FloatArray:
    """Return the time of each frame in fs, shape ``(n_frames,)``.

    Parameters
    ----------
    frames
        At least one; one alone is at 0 where nobody tells its time.
    timestep_fs
        Length of a step in fs, where the file counts steps.
    interval_fs
        Time between frames in fs, where the file tells neither times nor steps.

    Raises
    ------
    MethodError
        Times are missing, or told twice.
    StructureError
        A frame is not later than the one before.
    """
    for name, value in (("timestep_fs", timestep_fs), ("interval_fs", interval_fs)):
        if value is not None and not 0 < value < np.inf:
            raise MethodError(f"`{name}` is a time above 0 fs, such as 1, not {value}.")
    times = _told(frames, timestep_fs, interval_fs)
    backwards = np.flatnonzero(np.diff(times) <= 0)
    if len(backwards):
        at = int(backwards[0])
        raise StructureError(
            f"frame {at + 2} is at {times[at + 1]:g} fs, not later than the one before "
            f"({times[at]:g} fs), as after a restart; take frames out that are there twice."
        )
    return times


def of_all(values: Sequence[FloatArray | float | None]) -> FloatArray | None:
    """Return what all frames have as an array, or None."""
    if any(value is None for value in values):
        return None
    return np.array(values, dtype=np.float64)


def _told(
    frames: Sequence[Moment], timestep_fs: float | None, interval_fs: float | None
) -> FloatArray:
    told = of_all([frame.time_fs for frame in frames])
    steps = of_all([frame.step for frame in frames])
    if told is not None:
        if timestep_fs is not None or interval_fs is not None:
            raise MethodError(
                "the file tells its times in fs; leave `timestep_fs` and `interval_fs` out."
            )
        return told
    if timestep_fs is not None and interval_fs is not None:
        raise MethodError("give `timestep_fs` or `interval_fs`, not both.")
    if interval_fs is not None:
        return np.linspace(0.0, (len(frames) - 1) * interval_fs, len(frames))
    if timestep_fs is not None:
        if steps is None:
            raise MethodError(
                "the file counts no steps; give `interval_fs`, the time between frames in fs, in "
                "place of `timestep_fs`."
            )
        times: FloatArray = steps * timestep_fs
        return times
    if len(frames) == 1:
        return np.zeros(1)
    what = "`interval_fs`, the time between frames"
    if steps is not None:
        what = f"`timestep_fs`, the length of a step, or {what}"
    raise MethodError(f"the file does not tell its times; give {what}, in fs.")
