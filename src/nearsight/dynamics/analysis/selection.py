"""Some of the atoms of a trajectory, by elements or indices."""

import re
from collections.abc import Sequence

import numpy as np

from nearsight.arrays import IntArray
from nearsight.dynamics.analysis.trajectory import Trajectory
from nearsight.errors import MethodError

_RANGE = re.compile(r"(\d+)(?:-(\d+))?")


def selected_atoms(trajectory: Trajectory, words: Sequence[str]) -> IntArray:
    """Return the indices of atoms, in their order.

    Parameters
    ----------
    trajectory
        Whose atoms.
    words
        Elements such as ``"O"``, indices such as ``"4"``, and ranges such as ``"0-31"``, which
        have both ends.

    Raises
    ------
    MethodError
        A word is none of these, or there is no such atom.
    """
    symbols = np.array(trajectory.symbols)
    chosen = np.zeros(len(symbols), dtype=bool)
    for word in words:
        indices = _RANGE.fullmatch(word)
        if indices is None:
            chosen_here = symbols == word
        else:
            first, last = int(indices[1]), int(indices[2] or indices[1])
            chosen_here = np.zeros(len(symbols), dtype=bool)
            if first <= last < len(symbols):
                chosen_here[first : last + 1] = True
        if not chosen_here.any():
            known = ", ".join(str(each) for each in np.unique(symbols))
            raise MethodError(
                f"`select` {word!r:.40} has no atoms: elements are {known}, and indices go from 0 "
                f"to {len(symbols) - 1}."
            )
        chosen |= chosen_here
    return np.flatnonzero(chosen)
