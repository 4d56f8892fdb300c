"""Walls below the closest distances of the data, with parameters that follow from it.

Where nothing was learnt networks saturate, and on the way there they may fall: towards shorter
distances by about the largest force of the data, over some tenths of an Å. A wall begins at the
closest distance of a pair in the data, so that what is learnt is left as it is, and soon pushes as
hard as that force.

Measured on fragments of MOF-5: a wall that begins 0.2 Å above the closest distance, and so is part
of what is learnt, makes errors of test forces 2.5 times as large; Born-Mayer repulsions fitted to
the forces explain 1.5 % of their RMS, since data near minima have as much attraction. The rate
hardly matters once the push is given (between 4 and 10 1/Å). Forces in the crystal, with atoms
closer than in the fragments, are best with about this push: with half as much two atoms fall by 1.5
times as much, with twice as much bonds are too stiff.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from nearsight.hdnnp.born_mayer import Wall
from nearsight.training.labelled import LabelledStructure
from nearsight.training.proposing import Pair

RATE_per_A = 4.0
"""As repulsion between closed shells falls by e in 0.2 to 0.35 Å."""
PUSH_A = 0.12
"""So much closer than in the data a wall pushes as hard as the largest force of the data."""
LEAST_PUSH_eV_per_A = 1.0
"""For data of structures near rest, whose forces tell nothing of what repels."""


def fitted_walls(
    structures: Sequence[LabelledStructure], shortest_A: Mapping[Pair, float]
) -> tuple[Wall, ...]:
    """Return walls for all pairs of elements that come closer than the cutoff, in their order.

    Parameters
    ----------
    structures
        What is learnt.
    shortest_A
        Closest distances of pairs in it; see `shortest_distances_A`.
    """
    largest = max(float(np.linalg.norm(each.forces_eV_per_A, axis=1).max()) for each in structures)
    y = RATE_per_A * PUSH_A
    strength_eV = max(largest, LEAST_PUSH_eV_per_A) / (RATE_per_A * (np.exp(y) - 1.0 - y))
    return tuple(
        Wall(pair, shortest, float(strength_eV), RATE_per_A)
        for pair, shortest in shortest_A.items()
    )
