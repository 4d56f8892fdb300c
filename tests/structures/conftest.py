"""Crystals whose space groups are known from the way they are built."""

from collections import Counter
from collections.abc import Callable

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk
from ase.spacegroup import crystal

from nearsight.structures.pairs import Pairs

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


@pytest.fixture(scope="session")
def pairs_counted() -> Callable[[Pairs], Counter[tuple[float, ...]]]:
    """Return a function: how often each pair ``(i, j, *shift)`` is in some `Pairs`, to the bit."""

    def count(pairs: Pairs) -> Counter[tuple[float, ...]]:
        columns = np.column_stack([pairs.first, pairs.second, pairs.shifts_A + 0.0])
        return Counter(map(tuple, columns.tolist()))

    return count


@pytest.fixture(scope="session")
def random_solid(skewed: Callable[[Atoms, int], Atoms]) -> Callable[..., Atoms]:
    """Return a function: atoms in a cell by a seed, of every periodicity, some narrow, some skewed.

    Its atoms lie inside the cell and outside of it.
    """

    def build(seed: int, n_atoms: int = 8) -> Atoms:
        random = np.random.default_rng(seed)
        widths = random.choice([1.9, 3.5, 6.5], 3)
        cell = np.diag(widths) + random.uniform(-0.25, 0.25, (3, 3)) * widths
        pbc = [(True, True, True), (True, True, False), (False, True, False), (False,) * 3][
            seed % 4
        ]
        positions = random.uniform(-1.0, 2.0, (n_atoms, 3)) @ cell
        atoms = Atoms(f"C{n_atoms}", positions=positions, cell=cell, pbc=pbc)
        return skewed(atoms, seed) if seed % 8 >= 4 else atoms

    return build
