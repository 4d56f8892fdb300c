"""The autocorrelation of velocities, and the density of states that it has.

Of harmonic motion with k_B T in each mode, the mass-weighted autocorrelation of velocities is the
cosine transform of the density of states, with anharmonicity and temperature in it beyond that
(J. M. Dickey and A. Paskin, Phys. Rev. 188, 1407 (1969), doi:10.1103/PhysRev.188.1407).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from nearsight.announcing import announces
from nearsight.arrays import FloatArray
from nearsight.charts.chart import INK, N_DASHES, Axis, Chart, Limit, Line
from nearsight.charts.on_axes import draw
from nearsight.charts.palette import element_colors
from nearsight.dynamics.analysis.correlations import autocorrelations
from nearsight.dynamics.analysis.temperatures import degrees_of_trajectory
from nearsight.dynamics.analysis.trajectory import Trajectory
from nearsight.errors import MethodError
from nearsight.notebooks import ShownInNotebooks
from nearsight.remarks import Remark
from nearsight.structures.naming import count_warnings, paragraph
from nearsight.units import FEMTOSECOND_IN_S, SPEED_OF_LIGHT_M_PER_S

if TYPE_CHECKING:
    from nearsight.charts.on_axes import Axes

CM_PER_FS = SPEED_OF_LIGHT_M_PER_S * 1e2 * FEMTOSECOND_IN_S
"""The speed of light in cm/fs: a wave of 1 cm⁻¹ has this many periods in 1 fs."""

_END_OF_WINDOW = 4.0
"""In standard deviations: what a Gaussian window cuts off there is 3e-4 of its height."""
_POINTS_PER_WIDTH = 5
_SEEN = 3e-3
_HIGHEST_PER_CM = {True: 4000.0, False: 2500.0}
"""How high frequencies may be with hydrogen and without."""


@dataclass(frozen=True, eq=False)
class VelocityCorrelation(ShownInNotebooks):
    """How velocities remember themselves, weighted by mass and averaged over time origins."""

    times_fs: FloatArray = field(repr=False)
    """Shape ``(n_times,)``, from 0."""
    total: FloatArray = field(repr=False)
    """Σ m <v(0)·v(t)> over Σ m <v²>, shape ``(n_times,)``."""
    by_element: Mapping[str, FloatArray] = field(repr=False)
    """The part of each element; together they are the total."""
    source: str
    """The trajectory."""

    def __repr__(self) -> str:
        return paragraph(self, ", ".join(self.by_element), f"up to {self.times_fs[-1]:g} fs")

    def plot(self, ax: "Axes") -> None:
        """Draw the correlation into `ax`."""
        draw(self.chart(), ax)

    def chart(self) -> Chart:
        """Return the correlation of all atoms over time."""
        lowest = float(self.total.min())
        return Chart(
            "Autocorrelation of velocities",
            Axis("time / fs", 0.0, float(self.times_fs[-1])),
            Axis("correlation", min(1.1 * lowest, -0.05), 1.05),
            (Limit(0.0), Line(self.times_fs, self.total)),
            f"The correlation of velocities over {self.times_fs[-1]:g} fs, from 1 down to "
            f"{lowest:.2f} at {self.times_fs[int(self.total.argmin())]:g} fs.",
        )


@dataclass(frozen=True, eq=False)
class VelocitySpectrum:
    """Vibrations per wavenumber as they are in motion; the integral is the number of degrees.

    It compares with `nearsight.vibrations.DensityOfStates` of the same width: both have one for
    each mode, and a Gaussian in place of a sharp line. What diffuses has a part at zero.
    """

    wavenumbers_per_cm: FloatArray = field(repr=False)
    """From 0 to what frames can show, shape ``(n_grid,)``."""
    total_cm: FloatArray = field(repr=False)
    """Degrees of freedom per cm⁻¹ (unit cm), shape ``(n_grid,)``."""
    by_element_cm: Mapping[str, FloatArray] = field(repr=False)
    """The part of each element; together they are the total."""
    width_per_cm: float
    """Standard deviation of the Gaussian that stands for each line."""
    n_degrees: float
    """The integral: how many independent velocities move."""
    source: str
    """The trajectory."""
    warnings: tuple[Remark, ...] = ()
    """What must be known of it."""

    def __repr__(self) -> str:
        return paragraph(
            self,
            ", ".join(self.by_element_cm),
            f"{self.n_degrees:g} degrees of freedom up to {self.wavenumbers_per_cm[-1]:.0f} cm⁻¹",
            count_warnings(self.warnings),
        )

    @property
    def highest_per_cm(self) -> float:
        """Where it has ended, in cm⁻¹: beyond, it is below 0.3 % of its largest value."""
        seen = np.flatnonzero(self.total_cm > _SEEN * self.total_cm.max())
        end = min(1.1 * self.wavenumbers_per_cm[seen[-1]], self.wavenumbers_per_cm[-1])
        return float(max(end, self.wavenumbers_per_cm[1]))

    def plot(self, ax: "Axes") -> None:
        """Draw the total and the part of each element into `ax`."""
        draw(self.chart(), ax)

    def chart(self) -> Chart:
        """Return the spectrum, to be laid over a harmonic density of states."""
        colors = element_colors(self.by_element_cm)
        shown = self.wavenumbers_per_cm <= self.highest_per_cm
        grid, total = self.wavenumbers_per_cm[shown], self.total_cm[shown]
        lines = [
            Line(grid, values[shown], symbol, colors[symbol], index % N_DASHES)
            for index, (symbol, values) in enumerate(self.by_element_cm.items())
            if len(self.by_element_cm) > 1
        ]
        return Chart(
            "Density of states of velocities",
            Axis("wavenumber / cm⁻¹", 0.0, self.highest_per_cm),
            Axis("modes per cm⁻¹", min(0.0, 1.08 * float(total.min())), 1.08 * float(total.max())),
            (*lines, Line(grid, total, "total in motion", INK, width=1.15)),
            f"{self.n_degrees:g} degrees of freedom up to {self.highest_per_cm:.0f} cm⁻¹, each "
            f"line a Gaussian of {self.width_per_cm:g} cm⁻¹; the highest is at "
            f"{grid[int(total.argmax())]:.0f} cm⁻¹.",
        )


def velocity_correlation(
    trajectory: Trajectory, *, longest_fs: float | None = None
) -> VelocityCorrelation:
    """Return the mass-weighted autocorrelation of velocities.

    Parameters
    ----------
    trajectory
        Evenly spaced frames with velocities.
    longest_fs
        Up to which time in fs; by default half of the trajectory.

    Raises
    ------
    MethodError
        There are no velocities, all are zero, frames are not evenly spaced, or the time is longer
        than the trajectory.

    Examples
    --------
    >>> from ase.build import bulk
    >>> from nearsight.dynamics import DynamicsSettings, OutputSettings, run_dynamics
    >>> from nearsight.dynamics.analysis import read_trajectory, velocity_correlation
    >>> from nearsight.models import load_model
    >>> copper, model = bulk("Cu", cubic=True), load_model("ase:emt")
    >>> settings = DynamicsSettings(time_ps=0.3, timestep_fs=5.0)
    >>> output = OutputSettings(velocities=True, every_fs=5.0)
    >>> run = run_dynamics(copper, model, settings, output, trajectory="copper.extxyz")
    >>> correlation = velocity_correlation(read_trajectory("copper.extxyz"))
    >>> print(f"{correlation.total[0]:.2f} at 0 fs, up to {correlation.times_fs[-1]:.0f} fs")
    1.00 at 0 fs, up to 150 fs
    """
    n_frames, interval_fs = len(trajectory), trajectory.interval_fs
    n_times = n_frames // 2 + 1 if longest_fs is None else int(longest_fs / interval_fs + 1e-6) + 1
    if not 1 < n_times <= n_frames:
        raise MethodError(
            f"{longest_fs:g} fs is not between {interval_fs:g} fs from frame to frame and the "
            f"{(n_frames - 1) * interval_fs:g} fs of the trajectory."
        )
    weighted = _weighted(trajectory)
    each = autocorrelations(weighted.reshape(n_frames, -1), n_times)
    by_atom = each.reshape(n_times, trajectory.n_atoms, 3).sum(axis=2)
    symbols = np.array(trajectory.symbols)
    at_zero = float(by_atom[0].sum())
    if not at_zero > 0:
        raise MethodError("all velocities are zero; take a trajectory in which atoms move.")
    by_element = {
        str(symbol): by_atom[:, symbols == symbol].sum(axis=1) / at_zero
        for symbol in np.unique(symbols)
    }
    return VelocityCorrelation(
        times_fs=np.linspace(0.0, (n_times - 1) * interval_fs, n_times),
        total=by_atom.sum(axis=1) / at_zero,
        by_element=by_element,
        source=trajectory.source,
    )


@announces
def velocity_spectrum(
    trajectory: Trajectory, *, width_per_cm: float = 10.0, n_degrees: float | None = None
) -> VelocitySpectrum:
    """Return the density of states that velocities have.

    Parameters
    ----------
    trajectory
        Evenly spaced frames with velocities, a few per period of the fastest vibration.
    width_per_cm
        Standard deviation > 0 of the Gaussian that stands for each line, in cm⁻¹. The narrower, the
        longer the times that it needs: 2120 fs for 10 cm⁻¹.
    n_degrees
        How many independent velocities move: the integral. By default three for each atom, less
        three where the momentum of the whole is zero in all frames.

    Raises
    ------
    MethodError
        There are no velocities, frames are not evenly spaced, the width is not positive, or the
        trajectory is too short for it.

    Examples
    --------
    >>> from ase.build import bulk
    >>> from nearsight.dynamics import DynamicsSettings, OutputSettings, run_dynamics
    >>> from nearsight.dynamics.analysis import read_trajectory, velocity_spectrum
    >>> from nearsight.models import load_model
    >>> copper, model = bulk("Cu", cubic=True), load_model("ase:emt")
    >>> settings = DynamicsSettings(time_ps=0.3, timestep_fs=5.0)
    >>> output = OutputSettings(velocities=True, every_fs=5.0)
    >>> run = run_dynamics(copper, model, settings, output, trajectory="copper.extxyz")
    >>> spectrum = velocity_spectrum(read_trajectory("copper.extxyz"), width_per_cm=100.0)
    >>> print(f"{spectrum.n_degrees:.0f} degrees of freedom")
    9 degrees of freedom
    """
    if not 0 < width_per_cm < np.inf:
        raise MethodError(
            f"`width_per_cm` is {width_per_cm}; give a positive width such as 10 cm⁻¹."
        )
    interval_fs, length_fs = trajectory.interval_fs, float(np.ptp(trajectory.times_fs))
    # A Gaussian of this width is the transform of one of 1/(2π c width) in time.
    window_fs = 1 / (2 * np.pi * CM_PER_FS * width_per_cm)
    longest_fs = _END_OF_WINDOW * window_fs
    if longest_fs > length_fs:
        raise MethodError(
            f"a width of {width_per_cm:g} cm⁻¹ needs correlations over {longest_fs:.0f} fs, and "
            f"the trajectory has {length_fs:g} fs; give a `width_per_cm` of "
            f"{np.ceil(width_per_cm * longest_fs / length_fs):g} or more, or a longer trajectory."
        )
    correlation = velocity_correlation(
        trajectory, longest_fs=np.ceil(longest_fs / interval_fs - 1e-9) * interval_fs
    )
    highest = 1 / (2 * CM_PER_FS * interval_fs)
    step_per_cm = width_per_cm / _POINTS_PER_WIDTH
    window = np.exp(-0.5 * (correlation.times_fs / window_fs) ** 2)
    degrees = degrees_of_trajectory(trajectory) if n_degrees is None else n_degrees
    grid, total = _cosine_transform(window * correlation.total, interval_fs, step_per_cm)
    return VelocitySpectrum(
        wavenumbers_per_cm=grid,
        total_cm=degrees * total,
        by_element_cm={
            symbol: degrees * _cosine_transform(window * values, interval_fs, step_per_cm)[1]
            for symbol, values in correlation.by_element.items()
        },
        width_per_cm=width_per_cm,
        n_degrees=degrees,
        source=trajectory.source,
        warnings=tuple(_remarks(trajectory, highest)),
    )


def _weighted(trajectory: Trajectory) -> FloatArray:
    """Return velocities times the root of the mass, shape ``(n_frames, n_atoms, 3)``."""
    roots = np.sqrt(trajectory.masses_amu)
    weighted: FloatArray = trajectory.require_velocities() * roots[:, np.newaxis]
    return weighted


def _cosine_transform(
    values: FloatArray, interval_fs: float, step_per_cm: float
) -> tuple[FloatArray, FloatArray]:
    """Return wavenumbers and 4 c ∫ values cos(2π c ν t) dt there; its integral is values(0).

    Parameters
    ----------
    values
        From time 0, and zero at the end, shape ``(n_times,)``.
    interval_fs
        Between them.
    step_per_cm
        How far apart wavenumbers are at most.
    """
    from scipy.fft import next_fast_len, rfft, rfftfreq

    n_needed = int(np.ceil(1 / (CM_PER_FS * interval_fs * step_per_cm)))
    length = next_fast_len(max(n_needed, len(values)), real=True)
    halved = values.copy()
    halved[0] /= 2  # the first time is the end of the integral
    grid = rfftfreq(length, interval_fs) / CM_PER_FS
    return grid, 4 * CM_PER_FS * interval_fs * rfft(halved, length).real


def _remarks(trajectory: Trajectory, highest_per_cm: float) -> Iterator[Remark]:
    # By mass: a heavy isotope vibrates more slowly.
    possible = _HIGHEST_PER_CM[bool(trajectory.masses_amu.min() < 3)]
    if highest_per_cm < possible:
        needed_fs = 1 / (2 * CM_PER_FS * possible)
        yield Remark(
            "sparse-frames",
            f"frames {trajectory.interval_fs:g} fs apart show vibrations up to "
            f"{highest_per_cm:.0f} cm⁻¹; faster ones, if there are any, appear at wrong places "
            f"below. Write one every {needed_fs:.1f} fs for up to {possible:g} cm⁻¹.",
        )
