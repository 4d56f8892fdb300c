"""Jumps of what should be smooth, told from what merely changes fast."""

import numpy as np

from nearsight.arrays import FloatArray

_ORDER = 6
_HIGHEST_BINOMIAL = 10.0
"""A step of height 1 has sixth differences of up to 10: the partial sums of the sixth row of
Pascal's triangle with alternating signs are 1, -5, 10, -10, 5, -1."""
_STAYS = 1.5
"""Sixth differences of what is smooth grow 64-fold when the distance of points is doubled, those of
a step stay; what grows by this factor or more is none."""


def largest_jump(values: FloatArray) -> float:
    """Return the largest step between neighbours of evenly spaced values; 0 where there is none.

    Parameters
    ----------
    values
        Shape ``(n,)``; fewer than 13 have no jump.
    """
    reach = 2 * _ORDER
    if len(values) <= reach:
        return 0.0
    near = np.abs(np.diff(values, n=_ORDER))[_ORDER // 2 : -(_ORDER // 2)]
    wide = np.empty_like(near)
    for start in range(2):  # windows about the same middle, with every second point
        of_these = np.abs(np.diff(values[start::2], n=_ORDER))
        wide[start::2] = of_these[: len(wide[start::2])]
    steps = (_STAYS * near - wide) / (_STAYS - 1.0) / _HIGHEST_BINOMIAL
    return float(steps.max(initial=0.0))
