"""Small labelled data, made by a cheap calculator."""

import numpy as np
from ase import Atoms
from ase.calculators.lj import LennardJones

from nearsight.hdnnp.frames import Frame

CORNERS_A = 1.15 * np.array(
    [[0, 0, 0], [1, 0, 0], [0.5, 0.87, 0], [0.5, 0.29, 0.82], [0.5, 0.29, -0.82]]
)


def labelled_clusters(
    n: int = 40, symbols: str = "Ar5", seed: int = 0, spread_A: float = 0.03
) -> list[Frame]:
    """Return clusters of five atoms, 1.15 Å apart, labelled by Lennard-Jones of sigma 1 Å.

    Each belongs to one of four groups, ``run0`` to ``run3``.
    """
    random = np.random.default_rng(seed)
    frames = []
    for number in range(n):
        moved = CORNERS_A + spread_A * random.uniform(-1, 1, size=CORNERS_A.shape)
        atoms = Atoms(symbols, moved)
        calculator = LennardJones(sigma=1.0, epsilon=1.0, rc=20.0)
        frames.append(
            Frame(
                atoms,
                float(calculator.get_potential_energy(atoms)),
                calculator.get_forces(atoms),
                group=f"run{number % 4}",
            )
        )
    return frames
