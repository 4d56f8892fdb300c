"""Whether values of symmetry functions can be in the order that they are taken to be in.

The order of `scaling.data`, and so of the inputs of networks, is not written anywhere. That of
n2p2 is known; where another program has written the files, this inequality tells: a function with
the larger eta and the same shift 0 is nowhere larger, since each of its terms is not.
"""

import itertools
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from nearsight.errors import ModelError
from nearsight.hdnnp.potential import FunctionStatistics
from nearsight.hdnnp.symmetry_functions import SymmetryFunction

_PRINTED = 2e-9
"""RuNNer writes nine digits behind the point."""


def require_order(
    file: Path, functions: Sequence[SymmetryFunction], statistics: FunctionStatistics
) -> None:
    """Check that smallest, largest and mean values fall with eta.

    Raises
    ------
    ModelError
        They do not, for two functions that differ in nothing else.
    """
    rows = np.stack([statistics.smallest, statistics.largest, statistics.mean], axis=1)
    by_rest: dict[SymmetryFunction, list[int]] = {}
    for index, function in enumerate(functions):
        if function.shift == 0:
            by_rest.setdefault(replace(function, eta=0.0), []).append(index)
    for same in by_rest.values():
        rising = sorted(same, key=lambda index: functions[index].eta)
        for first, second in itertools.pairwise(rising):
            if (rows[second] > rows[first] + _PRINTED).any():
                centre = functions[first].centre
                raise ModelError(
                    f"{file}: functions {first + 1} and {second + 1} of {centre} differ in eta "
                    f"only, {functions[first].eta:g} and {functions[second].eta:g}, and the second "
                    f"has larger values, which is not possible: the file has them in another "
                    f"order, which is not known here. Use RuNNer, or train again."
                )
