"""Motions of which everything is known."""

from collections.abc import Callable

import numpy as np
import pytest

from nearsight.dynamics.analysis.trajectory import Trajectory


def trajectory_of(
    positions_A: np.ndarray,
    *,
    interval_fs: float = 1.0,
    cells_A: np.ndarray | None = None,
    numbers: list[int] | None = None,
    masses_amu: np.ndarray | None = None,
    velocities_A_per_fs: np.ndarray | None = None,
) -> Trajectory:
    n_frames, n_atoms, _ = positions_A.shape
    return Trajectory(
        numbers=np.array(numbers or [18] * n_atoms),
        masses_amu=np.ones(n_atoms) if masses_amu is None else masses_amu,
        positions_A=positions_A,
        cells_A=np.zeros((n_frames, 3, 3)) if cells_A is None else cells_A,
        pbc=np.full(3, cells_A is not None),
        times_fs=interval_fs * np.arange(n_frames),
        velocities_A_per_fs=velocities_A_per_fs,
    )


@pytest.fixture(scope="session")
def make_trajectory() -> Callable[..., Trajectory]:
    return trajectory_of


@pytest.fixture(scope="session")
def random_walk() -> Callable[..., np.ndarray]:
    """Paths of Brownian particles, shape ``(n_frames, n_particles, 3)``."""

    def walk(
        diffusion_A2_per_fs: float, interval_fs: float, n_frames: int, n_particles: int, seed: int
    ) -> np.ndarray:
        rng = np.random.default_rng(seed)
        width = np.sqrt(2 * diffusion_A2_per_fs * interval_fs)
        steps = rng.normal(0.0, width, (n_frames, n_particles, 3))
        return np.cumsum(steps, axis=0)

    return walk
