"""Temperatures of all atoms and of each element, which equipartition makes the same."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

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
from nearsight.errors import MethodError
from nearsight.notebooks import ShownInNotebooks
from nearsight.remarks import Remark
from nearsight.structures.naming import paragraph
from nearsight.units import AMU_IN_KG, ANGSTROM_IN_M, BOLTZMANN_J_PER_K, FEMTOSECOND_IN_S

if TYPE_CHECKING:
    from nearsight.charts.on_axes import Axes

KELVIN_PER_AMU_A2_PER_FS2 = AMU_IN_KG * (ANGSTROM_IN_M / FEMTOSECOND_IN_S) ** 2 / BOLTZMANN_J_PER_K
"""m v² in amu Å²/fs² as a temperature in K."""

_STANDS = 1e-3
"""Of the momentum that as many independent atoms would have: files round velocities."""
_NONE = 1e-9
"""Degrees of freedom of what is held."""
_LINEAR = 1e-10
"""Of the largest moment of inertia: a smaller one is that of the axis of a linear molecule."""

_COLDEST_K, _HOTTEST_K = 1e-2, 1e5
"""Temperatures beyond are hardly meant: the styles of LAMMPS differ by a factor of 10⁶ in them."""


@dataclass(frozen=True, eq=False)
class Temperatures(ShownInNotebooks):
    """Kinetic temperatures, by the degrees of freedom that move."""

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
        Evenly spaced frames with velocities. What stands still in all frames is held, and has no
        degrees of freedom; three less have atoms whose momentum is zero as a whole, and up to three
        more, of which nothing is periodic, whose angular momentum is; see `degrees_of_atoms`.

    Raises
    ------
    MethodError
        There are no velocities, fewer than four frames, or nothing moves.

    Examples
    --------
    >>> from ase.build import bulk
    >>> from nearsight.dynamics import DynamicsSettings, OutputSettings, run_dynamics
    >>> from nearsight.dynamics.analysis import read_trajectory, temperatures
    >>> from nearsight.models import load_model
    >>> copper, model = bulk("Cu", cubic=True), load_model("ase:emt")
    >>> settings = DynamicsSettings(time_ps=0.3, timestep_fs=5.0)
    >>> output = OutputSettings(velocities=True, every_fs=5.0)
    >>> run = run_dynamics(copper, model, settings, output, trajectory="copper.extxyz")
    >>> found = temperatures(read_trajectory("copper.extxyz"))
    >>> print(f"{found.n_degrees:.0f} degrees of freedom, {len(found.total_K)} frames")
    9 degrees of freedom, 61 frames
    """
    velocities = trajectory.require_velocities()
    masses = trajectory.masses_amu
    twice_kinetic = KELVIN_PER_AMU_A2_PER_FS2 * masses * np.sum(velocities**2, axis=2)
    degrees = degrees_of_atoms(trajectory)
    if not degrees.sum() > _NONE:
        raise MethodError("no atom moves in any frame; take a trajectory with motion.")
    symbols = np.array(trajectory.symbols)
    of_element = {str(each): symbols == each for each in np.unique(symbols)}
    by_element = {
        symbol: twice_kinetic[:, atoms].sum(axis=1) / degrees[atoms].sum()
        for symbol, atoms in of_element.items()
        if degrees[atoms].sum() > _NONE
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
        warnings=(
            *few_independent("the temperature", mean.n_independent),
            *_beyond_matter(mean.mean),
        ),
    )


def _beyond_matter(temperature_K: float) -> Iterator[Remark]:
    """Yield a remark where velocities seem to be in other units than they are taken for."""
    if not _COLDEST_K < temperature_K < _HOTTEST_K:
        yield Remark(
            "units-doubtful",
            f"the velocities make {temperature_K:.3g} K: look at their units (`units` of a dump of "
            f"LAMMPS), and at the masses.",
        )


def degrees_of_trajectory(trajectory: Trajectory) -> float:
    """Return how many independent velocities move; see `degrees_of_atoms`."""
    return float(degrees_of_atoms(trajectory).sum())


def degrees_of_atoms(trajectory: Trajectory) -> FloatArray:
    """Return how many independent velocities each atom has, shape ``(n_atoms,)``.

    A component that is zero in all frames is held and has none. Where the momentum of the whole is
    zero in all frames, 1 - m/M is left of each of the others; where the angular momentum of what is
    not periodic is zero, its rotations are taken off, from each atom its share of their energy.
    """
    masses, velocities = trajectory.masses_amu, trajectory.require_velocities()
    moves = (velocities != 0).any(axis=0)
    if not _is_still(masses[:, np.newaxis] * velocities):
        of_all: FloatArray = moves.sum(axis=1).astype(np.float64)
        return of_all
    moving = moves * masses[:, np.newaxis]
    left = moves - moving / np.maximum(moving.sum(axis=0), masses.min())
    of_atoms: FloatArray = left.sum(axis=1)
    if trajectory.pbc.any() or not moves.all():
        return of_atoms
    centred = (
        trajectory.positions_A
        - np.average(trajectory.positions_A, axis=1, weights=masses)[:, np.newaxis]
    )
    if _is_still(masses[:, np.newaxis] * np.cross(centred, velocities)):
        of_atoms -= _rotations_of_atoms(centred, masses)
    return of_atoms


def _is_still(momenta: FloatArray) -> bool:
    """Tell whether momenta of atoms, shape ``(n_frames, n_atoms, 3)``, add up to zero."""
    squares = np.einsum("fai,fai->f", momenta, momenta)
    return bool((np.sum(momenta.sum(axis=1) ** 2, axis=1) <= _STANDS**2 * squares).all())


def _rotations_of_atoms(centred_A: FloatArray, masses_amu: FloatArray) -> FloatArray:
    """Return the share of each atom in the energy of free rotations, shape ``(n_atoms,)``.

    It is m (e × r)²/I for each principal axis e, and adds up to one for each that has inertia. Of a
    molecule that changes its shape it is the mean over frames.
    """
    inertia = -np.einsum("a,fai,faj->fij", masses_amu, centred_A, centred_A)
    inertia += np.eye(3) * -np.trace(inertia, axis1=1, axis2=2)[:, np.newaxis, np.newaxis]
    moments, axes = np.linalg.eigh(inertia)
    turned = np.cross(centred_A[:, :, np.newaxis], axes.swapaxes(1, 2)[:, np.newaxis])
    shares = masses_amu[:, np.newaxis] * np.sum(turned**2, axis=3)
    has_inertia = (moments > _LINEAR * moments[:, -1:])[:, np.newaxis]
    within = np.where(has_inertia, shares / np.where(has_inertia, moments[:, np.newaxis], 1.0), 0.0)
    # A linear molecule that bends is linear in some frames only.
    of_axes = within.sum(axis=0) / np.maximum(has_inertia.sum(axis=0), 1)
    of_atoms: FloatArray = of_axes.sum(axis=1)
    return of_atoms
