"""Temperatures of all atoms and of each element, which equipartition makes the same."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from scipy import constants

from nearsight.announcing import announces
from nearsight.arrays import FloatArray
from nearsight.charts.chart import INK, Axis, Chart, Line
from nearsight.charts.on_axes import draw
from nearsight.charts.palette import element_colors
from nearsight.dynamics.analysis.block_averages import (
    BlockAverage,
    block_average,
    few_independent,
)
from nearsight.dynamics.analysis.trajectory import Trajectory
from nearsight.remarks import Remark
from nearsight.structures.naming import paragraph

if TYPE_CHECKING:
    from nearsight.charts.on_axes import Axes

KELVIN_PER_AMU_A2_PER_FS2 = (
    constants.atomic_mass * (constants.angstrom / constants.femto) ** 2 / constants.k
)
"""m v² in amu Å²/fs² as a temperature in K."""

_STANDS = 1e-3
"""Of the momentum that as many independent atoms would have: files round velocities."""


@dataclass(frozen=True, eq=False)
class Temperatures:
    """Kinetic temperatures, with the degrees of freedom that a momentum kept at zero takes."""

    times_fs: FloatArray = field(repr=False)
    """Shape ``(n_frames,)``."""
    total_K: FloatArray = field(repr=False)
    """Of all atoms, shape ``(n_frames,)``."""
    by_element_K: Mapping[str, FloatArray] = field(repr=False)
    """Of the atoms of each element, shape ``(n_frames,)``."""
    total: BlockAverage
    """The mean of all atoms, with its error."""
    by_element: Mapping[str, BlockAverage]
    """Those of each element."""
    n_degrees: float
    """How many independent velocities move."""
    warnings: tuple[Remark, ...] = ()
    """What must be known of it."""

    def __repr__(self) -> str:
        means = {"all": self.total, **self.by_element}
        said = [f"{name} {each.mean:.1f} ± {each.error:.1g} K" for name, each in means.items()]
        return paragraph(self, f"{len(self.times_fs)} frames", *said)

    def plot(self, ax: "Axes") -> None:
        """Draw the temperatures into `ax`."""
        draw(self.chart(), ax)

    def chart(self) -> Chart:
        """Return the temperature of each element and of all atoms over time."""
        times_ps = self.times_fs / 1000
        colors = element_colors(self.by_element_K)
        lines = [
            Line(times_ps, values, symbol, colors[symbol], width=0.8)
            for symbol, values in self.by_element_K.items()
            if len(self.by_element_K) > 1
        ]
        lines.append(Line(times_ps, self.total_K, "all", INK))
        highest = max(float(line.y.max()) for line in lines)
        return Chart(
            "Temperature",
            Axis("time / ps", float(times_ps[0]), float(times_ps[-1])),
            Axis("temperature / K", 0.0, 1.05 * highest or 1.0),
            tuple(lines),
            f"The temperature of all atoms, {self.total.mean:.1f} ± {self.total.error:.2g} K, and "
            f"of {', '.join(self.by_element_K)}.",
        )


@announces
def temperatures(trajectory: Trajectory) -> Temperatures:
    """Return the kinetic temperatures of a trajectory.

    Parameters
    ----------
    trajectory
        Evenly spaced frames with velocities. Where the momentum of the whole is zero in all frames,
        each atom has 3 (1 - m/M) degrees of freedom in place of 3: all M together three less.

    Raises
    ------
    MethodError
        There are no velocities, or fewer than four frames.
    """
    velocities = trajectory.require_velocities()
    masses = trajectory.masses_amu
    twice_kinetic = KELVIN_PER_AMU_A2_PER_FS2 * masses * np.sum(velocities**2, axis=2)
    degrees = degrees_of_atoms(trajectory)
    symbols = np.array(trajectory.symbols)
    by_element = {
        str(symbol): twice_kinetic[:, symbols == symbol].sum(axis=1)
        / degrees[symbols == symbol].sum()
        for symbol in np.unique(symbols)
    }
    total = twice_kinetic.sum(axis=1) / degrees.sum()
    mean = block_average(total)
    return Temperatures(
        times_fs=trajectory.times_fs,
        total_K=total,
        by_element_K=by_element,
        total=mean,
        by_element={symbol: block_average(values) for symbol, values in by_element.items()},
        n_degrees=float(degrees.sum()),
        warnings=tuple(few_independent("the temperature", mean.n_independent)),
    )


def degrees_of_trajectory(trajectory: Trajectory) -> float:
    """Return how many independent velocities move: three less where the whole stands still."""
    return float(degrees_of_atoms(trajectory).sum())


def degrees_of_atoms(trajectory: Trajectory) -> FloatArray:
    """Return 3 (1 - m/M) for each atom where the momentum of the whole is zero, else 3."""
    masses, velocities = trajectory.masses_amu, trajectory.require_velocities()
    momenta = np.einsum("a,fai->fi", masses, velocities)
    squares = np.einsum("a,fai,fai->f", masses**2, velocities, velocities)
    stands = bool((np.sum(momenta**2, axis=1) <= _STANDS**2 * squares).all())
    degrees: FloatArray = 3.0 * (1.0 - (masses / masses.sum() if stands else 0.0 * masses))
    return degrees
