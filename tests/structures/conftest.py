"""Crystals whose space groups are known from the way they are built."""

from collections.abc import Callable

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk
from ase.spacegroup import crystal

Build = Callable[[], Atoms]


def _perovskite() -> Atoms:
    basis = [(0, 0, 0), (0.5, 0.5, 0.5), (0.5, 0.5, 0)]
    return crystal(("Ca", "Ti", "O"), basis, spacegroup=221, cellpar=[3.9, 3.9, 3.9, 90, 90, 90])


def _rhombohedral() -> Atoms:
    cell = [5.0, 5.0, 5.0, 70.0, 70.0, 70.0]
    return Atoms("CuPt", scaled_positions=[[0, 0, 0], [0.5, 0.5, 0.5]], cell=cell, pbc=True)


def _quartz() -> Atoms:
    basis = [(0.4697, 0, 1 / 3), (0.4135, 0.2669, 0.2144)]
    return crystal(("Si", "O"), basis, spacegroup=152, cellpar=[4.91, 4.91, 5.4, 90, 90, 120])


FIXED_BY_SYMMETRY: dict[str, tuple[Build, int]] = {
    # every coordinate follows from the group, so that symmetrising must restore the crystal
    "rocksalt primitive": (lambda: bulk("NaCl", "rocksalt", a=5.64), 225),
    "rocksalt 2x1x1": (lambda: bulk("NaCl", "rocksalt", a=5.64, cubic=True) * (2, 1, 1), 225),
    "perovskite": (_perovskite, 221),
    "perovskite 1x2x2": (lambda: _perovskite() * (1, 2, 2), 221),
    "rhombohedral primitive": (_rhombohedral, 166),
    "rhombohedral 2x1x1": (lambda: _rhombohedral() * (2, 1, 1), 166),
    "diamond primitive": (lambda: bulk("C", "diamond", a=3.57), 227),
    "hcp": (lambda: bulk("Mg", "hcp", a=3.2, c=5.2), 194),
    "bcc": (lambda: bulk("Fe", "bcc", a=2.87), 229),
}


@pytest.fixture(params=FIXED_BY_SYMMETRY)
def fixed_crystal(request: pytest.FixtureRequest) -> tuple[Atoms, int]:
    """A crystal without free coordinates, and its space group."""
    build, number = FIXED_BY_SYMMETRY[request.param]
    return build(), number


@pytest.fixture
def quartz() -> Atoms:
    """Alpha-quartz, P3_121 (152), with free coordinates."""
    return _quartz()


@pytest.fixture
def rotation() -> np.ndarray:
    """A proper rotation about a general axis, for rows of vectors: ``positions @ rotation``."""
    q, _ = np.linalg.qr(np.random.default_rng(11).normal(size=(3, 3)))
    return q * np.sign(np.linalg.det(q))
