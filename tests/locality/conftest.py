"""Chains that can be cut, as molecules and as crystals."""

from collections.abc import Callable

import numpy as np
import pytest
from ase import Atoms

CC_A, CH_A = 1.53, 1.09
ANGLE = np.radians(112.0)


def methylenes(n_carbon: int) -> Atoms:
    """Return a zigzag of CH2 groups along z, the first carbon atom at the origin."""
    rise, swing = CC_A * np.sin(ANGLE / 2), CC_A * np.cos(ANGLE / 2)
    chain = Atoms()
    for index in range(n_carbon):
        side = 1 if index % 2 == 0 else -1
        carbon = np.array([0.0, -side * swing / 2, index * rise])
        outwards = np.array([0.0, -side * CH_A * np.cos(np.radians(54.0)), 0.0])
        sideways = np.array([CH_A * np.sin(np.radians(54.0)), 0.0, 0.0])
        places = [carbon, carbon + outwards + sideways, carbon + outwards - sideways]
        chain += Atoms("CH2", positions=places)
    return chain


@pytest.fixture
def alkane() -> Callable[[int], Atoms]:
    """Return a function: an all-trans alkane of so many carbon atoms, a little out of shape."""

    def build(n_carbon: int) -> Atoms:
        longer = methylenes(n_carbon + 2)
        chain = longer[3:-3]
        carbon = longer.positions[longer.numbers == 6]
        for end, beyond in ((carbon[1], carbon[0]), (carbon[-2], carbon[-1])):
            bond = beyond - end
            chain += Atoms("H", positions=[end + CH_A * bond / np.linalg.norm(bond)])
        chain.rattle(0.02, seed=3)
        return chain

    return build


@pytest.fixture
def polyethylene() -> Atoms:
    """One chain in a cell of its own: two CH2 groups, periodic in three directions."""
    chain = methylenes(2)
    chain.cell = [6.0, 6.5, 2 * CC_A * np.sin(ANGLE / 2)]
    chain.pbc = True
    return chain
