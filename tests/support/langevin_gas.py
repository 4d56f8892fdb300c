"""A gas of Langevin particles, of which everything is known, in the formats of trajectories."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from nearsight import units

MASS_AMU = 39.948
TEMPERATURE_K = 300.0
FRICTION_PER_FS = 0.01
EDGE_A = 30.0
# k_B T/m in Å²/fs².
_SQUARED_SPEED = (
    (units.BOLTZMANN_EV_PER_K * TEMPERATURE_K / MASS_AMU)
    * 1.602176634e-19
    / 1.66053906660e-27
    * 1e-10
)
DIFFUSION_M2_PER_S = 1e-5 * _SQUARED_SPEED / FRICTION_PER_FS


@dataclass(frozen=True)
class Gas:
    """Positions in Å and velocities in Å/fs, shape ``(n_frames, n_atoms, 3)``."""

    positions_A: np.ndarray
    velocities_A_per_fs: np.ndarray
    interval_fs: float

    def write_xyz(self, path: Path, *, velocities: bool = True) -> None:
        """Write extended XYZ with unwrapped positions, as `nearsight md` does."""
        columns = "species:S:1:pos:R:3" + ":velocities_A_per_fs:R:3" * velocities
        lines = []
        frames = zip(self.positions_A, self.velocities_A_per_fs, strict=True)
        for index, (positions, speeds) in enumerate(frames):
            lines += [
                str(len(positions)),
                f'Lattice="{EDGE_A} 0 0 0 {EDGE_A} 0 0 0 {EDGE_A}" Properties={columns} '
                f'pbc="T T T" step={index} time_fs={index * self.interval_fs}',
            ]
            rows = np.hstack([positions, speeds] if velocities else [positions])
            lines += ["Ar " + " ".join(f"{value:.10g}" for value in row) for row in rows]
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")

    def write_dump(self, path: Path, columns: str = "x y z vx vy vz") -> None:
        """Write a dump of LAMMPS in metal units with wrapped positions, and no elements."""
        lines = []
        frames = zip(self.positions_A % EDGE_A, self.velocities_A_per_fs, strict=True)
        for index, (positions, speeds) in enumerate(frames):
            lines += ["ITEM: TIMESTEP", str(10 * index)]
            lines += ["ITEM: NUMBER OF ATOMS", str(len(positions)), "ITEM: BOX BOUNDS pp pp pp"]
            lines += [f"0 {EDGE_A}"] * 3 + [f"ITEM: ATOMS id type {columns}"]
            rows = np.hstack([positions, 1000 * speeds])[:, : len(columns.split())]
            lines += [
                f"{atom} 1 " + " ".join(f"{value:.10g}" for value in row)
                for atom, row in enumerate(rows, start=1)
            ]
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def langevin_gas(
    n_frames: int = 1200, n_atoms: int = 64, interval_fs: float = 20.0, seed: int = 0
) -> Gas:
    """Return a gas whose steps are exact (G. E. Uhlenbeck and L. S. Ornstein, 1930).

    Velocity and displacement of a step are normal with known means and covariance.
    """
    rng = np.random.default_rng(seed)
    decay = np.exp(-FRICTION_PER_FS * interval_fs)
    of_velocity = _SQUARED_SPEED * (1 - decay**2)
    both = _SQUARED_SPEED / FRICTION_PER_FS * (1 - decay) ** 2
    of_position = (
        _SQUARED_SPEED
        / FRICTION_PER_FS**2
        * (2 * FRICTION_PER_FS * interval_fs - 3 + 4 * decay - decay**2)
    )
    noise = rng.multivariate_normal(
        [0.0, 0.0], [[of_velocity, both], [both, of_position]], (n_frames, n_atoms, 3)
    )
    velocity = rng.normal(0.0, np.sqrt(_SQUARED_SPEED), (n_atoms, 3))
    position = EDGE_A * rng.random((n_atoms, 3))
    positions, velocities = np.empty((2, n_frames, n_atoms, 3))
    for index in range(n_frames):
        positions[index], velocities[index] = position, velocity
        position = position + velocity * (1 - decay) / FRICTION_PER_FS + noise[index, ..., 1]
        velocity = decay * velocity + noise[index, ..., 0]
    return Gas(positions, velocities, interval_fs)
