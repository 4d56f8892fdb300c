"""Walls below the closest distances of the data, with parameters that follow from it.

Networks saturate where nothing was learnt, and on the way there they fall: towards shorter distances
by some of the largest forces of the data over less than an Å, in whatever direction their weights
happen to lead. What keeps atoms apart must have overcome this at the closest distance of the data
already, and so begins a little above it, with a push at that distance which equals `PUSH` times
the largest force of the data; from there on it grows exponentially. Two atoms that are alone decide
nothing of it: data does.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from nearsight.hdnnp.born_mayer import Wall
from nearsight.training.labelled import LabelledStructure
from nearsight.training.proposing import Pair

RATE_per_A = 4.0
"""Repulsion between closed shells falls by e in 0.2 to 0.35 Å; networks fall less steeply."""
MARGIN_A = 0.2
"""How far above the closest distance a wall begins: few pairs of the data come closer."""
PUSH = 1.0
"""Force of a wall at the closest distance, over the largest force of the data."""
LEAST_eV = 1.0
"""Least strength, for data of structures near rest, whose forces tell nothing of what repels."""


def fitted_walls(
    structures: Sequence[LabelledStructure], shortest_A: Mapping[Pair, float], cutoff_A: float
) -> tuple[Wall, ...]:
    """Return walls for pairs of elements, in their order.

    Parameters
    ----------
    structures
        What is learnt.
    shortest_A
        Closest distances of pairs in it; see `shortest_distances_A`.
    cutoff_A
        Where neighbours end; no wall begins beyond.
    """
    largest = max(
        float(np.linalg.norm(each.forces_eV_per_A, axis=1).max()) for each in structures
    )
    y = RATE_per_A * MARGIN_A
    strength_eV = max(PUSH * largest / (RATE_per_A * (np.exp(y) - 1.0 - y)), LEAST_eV)
    return tuple(
        Wall(pair, min(shortest + MARGIN_A, cutoff_A), float(strength_eV), RATE_per_A)
        for pair, shortest in shortest_A.items()
    )
