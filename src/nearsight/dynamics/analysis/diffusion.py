"""Coefficients of self-diffusion, with errors that know how displacements depend on each other."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from importlib.util import find_spec
from typing import TYPE_CHECKING, Literal

import numpy as np

from nearsight.announcing import announces
from nearsight.arrays import FloatArray
from nearsight.charts.chart import INK, Axis, Chart, Line
from nearsight.charts.on_axes import draw
from nearsight.dynamics.analysis.diffusion_fit import (
    Displacements,
    Slope,
    by_blocks,
    by_kinisi,
    by_least_squares,
    change_of_slope,
    measured,
)
from nearsight.dynamics.analysis.displacement import paths_by_kind_A
from nearsight.dynamics.analysis.molecules import Group
from nearsight.dynamics.analysis.trajectory import Trajectory
from nearsight.errors import MethodError
from nearsight.remarks import Remark
from nearsight.structures.naming import count_warnings, paragraph
from nearsight.units import ANGSTROM_IN_M, BOLTZMANN_J_PER_K, FEMTOSECOND_IN_S

if TYPE_CHECKING:
    from nearsight.charts.on_axes import Axes

Estimator = Literal["auto", "kinisi", "least-squares"]

A2_PER_FS_IN_M2_PER_S = ANGSTROM_IN_M**2 / FEMTOSECOND_IN_S

_FEWEST_LAGS, _MOST_LAGS = 4, 40
_FIRST, _LAST = 0.02, 0.1
"""Of the length of the trajectory: before, motion may not be diffusive; behind, it is seen a few
times only."""
_LARGEST_CHANGE = 0.3
"""Of the slope between the first and the last time, or four of its errors."""
_SMALLEST_SHARE = 0.5
"""Of the displacement at the last time, that the slope has to explain: the rest is how atoms move
around their places."""

_CUBIC = 2.837297
"""Of a cubic lattice of point forces (I.-C. Yeh and G. Hummer, as cited there)."""


@dataclass(frozen=True, eq=False)
class DiffusionCoefficient:
    """How fast particles of one kind spread: D = ``<|r(t) - r(0)|²> / (2 d t)`` at long times."""

    kind: str
    """What diffuses."""
    value_m2_per_s: float
    """In this cell; of a liquid in an infinite one: `infinite_m2_per_s`."""
    error_m2_per_s: float
    """Standard deviation: the larger of the two that follow."""
    fit_error_m2_per_s: float
    """That of the fit, which takes particles as independent of each other."""
    block_error_m2_per_s: float | None
    """From the scatter of parts of the trajectory; None where fewer than four are long enough."""
    infinite_m2_per_s: float | None
    """With the correction of Yeh and Hummer; None where it was not asked for."""
    intercept_A2: float
    """Where the line meets time zero; that of a walk from the first step on is zero."""
    slope_change: float
    """By how much of itself the slope changes from the first to the last time: 0 of diffusion."""
    estimator: str
    """How slope and error were estimated: ``generalised least squares``, or kinisi's version."""
    start_fs: float
    end_fs: float
    """The times between which displacements were fitted."""
    n_particles: int
    axes: str
    """Along which axes."""
    times_fs: FloatArray = field(repr=False)
    """Those that were fitted, shape ``(n_times,)``."""
    displacements_A2: FloatArray = field(repr=False)
    """Mean squared displacements along the axes at these times, shape ``(n_times,)``."""
    source: str
    """The trajectory."""
    warnings: tuple[Remark, ...] = ()
    """What must be known of it."""

    def __repr__(self) -> str:
        value, error = self.value_m2_per_s, self.error_m2_per_s
        return paragraph(
            self,
            f"{self.n_particles} {self.kind}",
            f"{value:.3g} ± {error:.1g} m²/s by {self.estimator}",
            count_warnings(self.warnings),
        )

    def plot(self, ax: "Axes") -> None:
        """Draw displacements and line into `ax`."""
        draw(self.chart(), ax)

    def chart(self) -> Chart:
        """Return the displacements and the line whose slope the coefficient is."""
        times = np.linspace(0.0, self.end_fs, 50)
        slope = 2 * len(self.axes) * self.value_m2_per_s / A2_PER_FS_IN_M2_PER_S
        line = self.intercept_A2 + slope * times
        highest = max(float(self.displacements_A2.max()), float(line.max()))
        return Chart(
            f"Diffusion of {self.kind}",
            Axis("time / ps", 0.0, self.end_fs / 1000),
            Axis("mean squared displacement / Å²", min(0.0, float(line.min())), 1.05 * highest),
            (
                Line(self.times_fs / 1000, self.displacements_A2, self.kind, width=2.0),
                Line(times / 1000, line, "fit", INK, dash=1, width=1.15),
            ),
            f"D = {self.value_m2_per_s:.4g} ± {self.error_m2_per_s:.2g} m²/s, by {self.estimator} "
            f"between {self.start_fs:g} and {self.end_fs:g} fs.",
        )


@announces
def diffusion_coefficient(
    trajectory: Trajectory,
    kind: str | None = None,
    *,
    groups: Sequence[Group] | None = None,
    start_fs: float | None = None,
    end_fs: float | None = None,
    axes: str = "xyz",
    remove_drift: bool = False,
    estimator: Estimator = "auto",
    viscosity_Pa_s: float | None = None,
    temperature_K: float | None = None,
    seed: int = 0,
) -> DiffusionCoefficient:
    """Return the coefficient of self-diffusion of one kind of particles.

    Parameters
    ----------
    trajectory
        Evenly spaced frames in equilibrium.
    kind
        An element, or the name of `groups`; not needed where there is one.
    groups
        Groups of atoms whose centres of mass diffuse, such as `molecules` finds.
    start_fs, end_fs
        Between which times displacements are fitted, in fs; by default 2 and 10 % of the length of
        the trajectory. Before the first, motion must have forgotten how it began.
    axes
        Along which axes, such as ``"z"`` for a channel.
    remove_drift
        Take the motion of the centre of mass of all atoms off, which thermostats keep that have
        no friction.
    estimator
        ``"kinisi"``, which is a package of its own, ``"least-squares"``, or ``"auto"``: the first
        where it is installed.
    viscosity_Pa_s, temperature_K
        Shear viscosity in Pa s and temperature in K of a liquid in a cubic cell of edge L. The flow
        around a particle meets that of its images, which slows it down:
        D(∞) = D + 2.837297 k_B T / (6 π η L) (I.-C. Yeh and G. Hummer, J. Phys. Chem. B 108, 15873
        (2004), doi:10.1021/jp0477147).
    seed
        Of kinisi's samples.

    Raises
    ------
    MethodError
        There is no such kind, or several; times are not in the trajectory; kinisi is not installed;
        or there is no such correction.

    Examples
    --------
    >>> import numpy as np
    >>> from ase import Atoms
    >>> from ase.io import write
    >>> from nearsight.dynamics.analysis import diffusion_coefficient, read_trajectory
    >>> steps = np.random.default_rng(1).normal(0.0, 0.1, (200, 8, 3))
    >>> frames = [Atoms("Ar8", way, cell=[20.0] * 3, pbc=True) for way in steps.cumsum(axis=0)]
    >>> write("argon.extxyz", frames)
    >>> trajectory = read_trajectory("argon.extxyz", interval_fs=10.0, unwrapped=True)
    >>> liquid = {"viscosity_Pa_s": 3e-4, "temperature_K": 85.0}  # of liquid argon, about
    >>> found = diffusion_coefficient(trajectory, estimator="least-squares", **liquid)
    >>> print(f"{1e9 * found.value_m2_per_s:.1f} ± {1e9 * found.error_m2_per_s:.1f} · 10⁻⁹ m²/s")
    5.6 ± 0.4 · 10⁻⁹ m²/s
    """
    paths = _paths(trajectory, kind, groups, axes, remove_drift=remove_drift)
    [(kind, along_axes)] = paths.items()
    lags = _lags(trajectory, start_fs, end_fs)
    displacements = measured(along_axes, lags, trajectory.interval_fs)
    slope = _slope(displacements, estimator, seed)
    scale = A2_PER_FS_IN_M2_PER_S / (2 * len(axes))
    blocks = by_blocks(along_axes, lags, trajectory.interval_fs)
    fit_error = scale * slope.error_A2_per_fs
    block_error = None
    if blocks is not None:
        block_error = scale * float(blocks.std(ddof=1)) / np.sqrt(len(blocks))
    shift = _infinite_shift_m2_per_s(trajectory, viscosity_Pa_s, temperature_K)
    is_open = shift is None and bool(trajectory.pbc.all())
    value = scale * slope.value_A2_per_fs
    return DiffusionCoefficient(
        kind=kind,
        value_m2_per_s=value,
        error_m2_per_s=max(fit_error, block_error or 0.0),
        fit_error_m2_per_s=fit_error,
        block_error_m2_per_s=block_error,
        infinite_m2_per_s=None if shift is None else value + shift,
        intercept_A2=slope.intercept_A2,
        slope_change=change_of_slope(displacements)[0],
        estimator=slope.estimator,
        start_fs=float(displacements.times_fs[0]),
        end_fs=float(displacements.times_fs[-1]),
        n_particles=displacements.n_particles,
        axes=axes,
        times_fs=displacements.times_fs,
        displacements_A2=displacements.values_A2,
        source=trajectory.source,
        warnings=tuple(_remarks(kind, displacements, slope, is_open=is_open)),
    )


def _paths(
    trajectory: Trajectory,
    kind: str | None,
    groups: Sequence[Group] | None,
    axes: str,
    *,
    remove_drift: bool,
) -> dict[str, FloatArray]:
    """Return the paths of the kind along the axes, under its name."""
    if not axes or set(axes) - set("xyz") or len(set(axes)) < len(axes):
        raise MethodError(f"`axes` are some of x, y and z, such as xyz or z, not {axes!r}.")
    by_kind = paths_by_kind_A(trajectory, groups, remove_drift=remove_drift)
    if kind is None and len(by_kind) == 1:
        kind = next(iter(by_kind))
    if kind is None or kind not in by_kind:
        asked = "say which diffuses" if kind is None else f"there is no {kind}"
        raise MethodError(f"{asked}; the trajectory has {', '.join(by_kind)}.")
    return {kind: by_kind[kind][:, :, ["xyz".index(axis) for axis in axes]]}


def _lags(trajectory: Trajectory, start_fs: float | None, end_fs: float | None) -> np.ndarray:
    interval, longest = trajectory.interval_fs, len(trajectory) - 1
    start = _FIRST * longest if start_fs is None else start_fs / interval
    end = _LAST * longest if end_fs is None else end_fs / interval
    first, last = max(round(start), 1), round(end)
    if not (np.isfinite([start, end]).all() and start >= 0 and first + 3 <= last <= longest - 1):
        if start_fs is None and end_fs is None:
            raise MethodError(
                f"{longest + 1} frames are too few for a diffusion coefficient: there are no four "
                f"times from 2 to 10 % of their {longest * interval:g} fs; take a longer "
                f"trajectory, or say which times are fitted (`start_fs`, `end_fs`)."
            )
        raise MethodError(
            f"between {first * interval:g} and {last * interval:g} fs there are no four times "
            f"that the trajectory has displacements over, with {longest * interval:g} fs in steps "
            f"of {interval:g} fs; give `start_fs` and `end_fs`, or a longer trajectory."
        )
    # As far apart as the first is long: between closer ones, motion is not yet that of a walk.
    n_lags = int(np.clip(last // first, _FEWEST_LAGS, _MOST_LAGS))
    return np.unique(np.linspace(first, last, n_lags).round().astype(np.int64))


def _slope(displacements: Displacements, estimator: Estimator, seed: int) -> Slope:
    has_kinisi = find_spec("kinisi") is not None
    if estimator == "kinisi" and not has_kinisi:
        raise MethodError(
            "kinisi is not installed: pip install 'nearsight[kinisi]', or use least-squares."
        )
    if estimator not in {"auto", "kinisi", "least-squares"}:
        raise MethodError(f"estimators are auto, kinisi and least-squares, not {estimator!r}.")
    if has_kinisi and estimator != "least-squares":
        return by_kinisi(displacements, seed)
    return by_least_squares(displacements)


def _infinite_shift_m2_per_s(
    trajectory: Trajectory, viscosity_Pa_s: float | None, temperature_K: float | None
) -> float | None:
    """Return what Yeh and Hummer add, in m²/s."""
    if viscosity_Pa_s is None and temperature_K is None:
        return None
    if viscosity_Pa_s is None or temperature_K is None:
        raise MethodError(
            "the correction for the size of the cell needs both `viscosity_Pa_s` and "
            "`temperature_K`."
        )
    for name, value in (("viscosity_Pa_s", viscosity_Pa_s), ("temperature_K", temperature_K)):
        if not 0 < value < np.inf:
            raise MethodError(f"`{name}` is a number above 0, not {value}.")
    edge_A = float(np.mean(trajectory.volumes_A3)) ** (1 / 3)
    cell = trajectory.cells_A.mean(axis=0)
    if not np.allclose(cell @ cell.T, edge_A**2 * np.eye(3), atol=0.01 * edge_A**2):
        raise MethodError(
            "the correction for the size of the cell is that of a cubic one, which this is not; "
            "leave `viscosity_Pa_s` out."
        )
    thermal = _CUBIC * BOLTZMANN_J_PER_K * temperature_K
    return float(thermal / (6 * np.pi * viscosity_Pa_s * edge_A * ANGSTROM_IN_M))


def _remarks(
    kind: str, displacements: Displacements, slope: Slope, *, is_open: bool
) -> Iterator[Remark]:
    last_A2 = displacements.values_A2[-1]
    if last_A2 == 0:
        yield Remark("not-diffusive", f"{kind} does not move at all; there is no diffusion.")
        return
    share = slope.value_A2_per_fs * displacements.times_fs[-1] / last_A2
    change, error = change_of_slope(displacements)
    if not share > _SMALLEST_SHARE:
        yield Remark(
            "not-diffusive",
            f"{kind} moves around its places: what grows with time is {max(share, 0.0):.0%} of its "
            f"mean squared displacement; a diffusion coefficient needs a longer trajectory.",
        )
    elif not abs(change) < max(_LARGEST_CHANGE, 4 * error):
        yield Remark(
            "not-diffusive",
            f"the mean squared displacement of {kind} is no line: its slope changes by "
            f"{change:+.0%} between {displacements.times_fs[0]:g} and "
            f"{displacements.times_fs[-1]:g} fs; take longer times.",
        )
    if is_open:
        yield Remark(
            "size-not-corrected",
            f"the diffusion coefficient of {kind} is that of this cell: that of a liquid is larger "
            f"in an infinite one, by the correction of Yeh and Hummer, which needs its viscosity.",
        )
