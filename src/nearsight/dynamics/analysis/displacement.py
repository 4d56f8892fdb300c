"""Mean squared displacements of atoms, and of the centres of mass of molecules."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from nearsight.arrays import FloatArray
from nearsight.charts.chart import N_DASHES, Axis, Chart, Line
from nearsight.charts.on_axes import draw
from nearsight.dynamics.analysis.correlations import squared_displacements
from nearsight.dynamics.analysis.molecules import Group, paths_of_centres_A
from nearsight.dynamics.analysis.trajectory import Trajectory
from nearsight.errors import MethodError
from nearsight.notebooks import ShownInNotebooks
from nearsight.structures.naming import paragraph

if TYPE_CHECKING:
    from nearsight.charts.on_axes import Axes


@dataclass(frozen=True, eq=False)
class MeanSquaredDisplacement(ShownInNotebooks):
    """How far particles get in a time, averaged over all of one kind and over all time origins."""

    times_fs: FloatArray = field(repr=False)
    """How long, from 0, shape ``(n_times,)``."""
    axes_A2: Mapping[str, FloatArray] = field(repr=False)
    """For each kind of particle the part along x, y and z, shape ``(n_times, 3)``."""
    n_particles: Mapping[str, int]
    """How many there are of each kind."""
    of: str
    """``atoms``, or ``molecules`` and other groups by their centres of mass."""
    drift_removed: bool
    """Whether the motion of the centre of mass of all atoms was taken off."""
    source: str
    """The trajectory."""

    def __repr__(self) -> str:
        of = ", ".join(f"{n} {kind}" for kind, n in self.n_particles.items())
        return paragraph(self, of, f"up to {self.times_fs[-1]:g} fs")

    def total_A2(self, kind: str) -> FloatArray:
        """Return the sum over the three axes in Å², shape ``(n_times,)``."""
        total: FloatArray = self.axes_A2[kind].sum(axis=1)
        return total

    def plot(self, ax: "Axes") -> None:
        """Draw the displacements into `ax`."""
        draw(self.chart(), ax)

    def chart(self) -> Chart:
        """Return the mean squared displacement of each kind of particle over time."""
        times_ps = self.times_fs / 1000
        lines = tuple(
            Line(times_ps, self.total_A2(kind), kind, dash=index % N_DASHES)
            for index, kind in enumerate(self.axes_A2)
        )
        highest = max(float(line.y.max()) for line in lines)
        return Chart(
            "Mean squared displacement",
            Axis("time / ps", 0.0, float(times_ps[-1])),
            Axis("mean squared displacement / Å²", 0.0, 1.05 * highest or 1.0),
            lines,
            f"Mean squared displacements up to {times_ps[-1]:g} ps, where they are "
            + ", ".join(f"{self.total_A2(kind)[-1]:.3g} Å² of {kind}" for kind in self.axes_A2)
            + ".",
        )


def mean_squared_displacement(
    trajectory: Trajectory,
    groups: Sequence[Group] | None = None,
    *,
    longest_fs: float | None = None,
    remove_drift: bool = False,
) -> MeanSquaredDisplacement:
    """Return mean squared displacements over all time origins, by fast Fourier transforms.

    In a cell that changes paths are those of the toroidal view (see `Trajectory.paths_A`).

    Parameters
    ----------
    trajectory
        Evenly spaced frames.
    groups
        Groups of atoms of which the centres of mass count, such as `molecules` finds; by default
        each atom by itself, elements apart.
    longest_fs
        Up to which time in fs; by default half of the trajectory, since there are few independent
        origins for longer ones.
    remove_drift
        Take the motion of the centre of mass of all atoms off.

    Raises
    ------
    MethodError
        Frames are not evenly spaced, or the time is longer than the trajectory.

    Examples
    --------
    >>> import numpy as np
    >>> from ase import Atoms
    >>> from ase.io import write
    >>> from nearsight.dynamics.analysis import mean_squared_displacement, read_trajectory
    >>> steps = np.random.default_rng(1).normal(0.0, 0.1, (200, 8, 3))
    >>> frames = [Atoms("Ar8", way, cell=[20.0] * 3, pbc=True) for way in steps.cumsum(axis=0)]
    >>> write("argon.extxyz", frames)
    >>> trajectory = read_trajectory("argon.extxyz", interval_fs=10.0, unwrapped=True)
    >>> spread = mean_squared_displacement(trajectory)
    >>> print(f"{spread.total_A2('Ar')[10]:.2f} Å² after {spread.times_fs[10]:.0f} fs")
    0.33 Å² after 100 fs
    """
    interval_fs = trajectory.interval_fs
    n_lags = number_of_lags(trajectory, longest_fs)
    axes = {
        kind: _average(paths, n_lags)
        for kind, paths in paths_by_kind_A(trajectory, groups, remove_drift=remove_drift).items()
    }
    return MeanSquaredDisplacement(
        times_fs=np.linspace(0.0, interval_fs * (n_lags - 1), n_lags),
        axes_A2={kind: values for kind, (values, _) in axes.items()},
        n_particles={kind: n for kind, (_, n) in axes.items()},
        of="atoms" if groups is None else "molecules",
        drift_removed=remove_drift,
        source=trajectory.source,
    )


def paths_by_kind_A(
    trajectory: Trajectory, groups: Sequence[Group] | None, *, remove_drift: bool
) -> dict[str, FloatArray]:
    """Return the paths in Å of particles by their kind, each ``(n_frames, n_particles, 3)``."""
    if groups is None:
        names = trajectory.symbols
        paths = atoms = trajectory.paths_A()
    else:
        names = tuple(group.name for group in groups)
        paths = paths_of_centres_A(trajectory, groups)
        atoms = trajectory.paths_A() if remove_drift else paths
    if remove_drift:
        shares = trajectory.masses_amu / trajectory.masses_amu.sum()
        paths = paths - np.einsum("a,fai->fi", shares, atoms)[:, np.newaxis]
    kinds = np.array(names)
    return {str(kind): paths[:, kinds == kind] for kind in dict.fromkeys(names)}


def number_of_lags(trajectory: Trajectory, longest_fs: float | None) -> int:
    """Return for how many lags, 0 among them, there are displacements up to a time in fs.

    Raises
    ------
    MethodError
        The time is longer than the trajectory, or shorter than its interval.
    """
    if longest_fs is None:
        return max(len(trajectory) // 2, 1) + 1
    n_steps = int(longest_fs / trajectory.interval_fs * (1 + 1e-9))
    if not 1 <= n_steps < len(trajectory):
        length_fs = trajectory.times_fs[-1] - trajectory.times_fs[0]
        raise MethodError(
            f"{longest_fs:g} fs is not between the {trajectory.interval_fs:g} fs from frame to "
            f"frame and the {length_fs:g} fs that the trajectory has."
        )
    return n_steps + 1


def _average(paths_A: FloatArray, n_lags: int) -> tuple[FloatArray, int]:
    n_frames, n_particles, _ = paths_A.shape
    each = squared_displacements(paths_A.reshape(n_frames, -1), n_lags)
    return each.reshape(n_lags, n_particles, 3).mean(axis=1), n_particles
