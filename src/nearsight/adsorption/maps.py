"""Where a gas is in a framework: tiles along an axis, and a free-energy grid."""

from typing import Final

import numpy as np

from nearsight.adsorption.cubes import voxels_of, write_cube_file
from nearsight.adsorption.projection import (
    axis_seen_along,
    hexagons,
    name_of_axis,
    seen_along,
)
from nearsight.adsorption.result import Adsorption
from nearsight.adsorption.trials import Trials
from nearsight.arrays import FloatArray, IntArray
from nearsight.charts.chart import Axis, Chart, Tiles
from nearsight.units import BOLTZMANN_EV_PER_K

VIEW_A: Final = 50.0
HIGHEST_EV: Final = 5.0
"""What is above is left out: nothing is there."""
_COLOURED_KT = 20.0
"""Range of the values that have colours of their own, 0.5 eV at 298 K; all above look alike."""
_TILE_A = 1.0
_VOXEL_A = 0.75
_TRIALS_PER_VOXEL = 4.0
"""On average at least: of those without any nobody knows more than of a wall."""


def map_along(
    trials: Trials,
    cell_A: FloatArray,
    temperature_K: float,
    axis: str | None = None,
    *,
    size_A: float = _TILE_A,
    view_A: float = VIEW_A,
) -> Chart:
    """Return hexagonal tiles with the excess chemical potential of what lies behind each.

    The pattern of the cell is repeated over the view. A tile is one of a lattice of hexagons in a
    plane normal to the axis, and has -kT ln<W> of the trials in it, at all heights along the axis.
    Tiles above 5 eV are left out: nothing is there.

    Parameters
    ----------
    trials
        With their centres in the cell.
    cell_A
        Cell vectors in Å, shape ``(3, 3)``.
    temperature_K
        In K.
    axis
        ``a``, ``b`` or ``c``: the cell vector along which one looks; by default the shortest, along
        which channels of most frameworks go.
    size_A
        Distance of neighbouring tiles.
    view_A
        Edge of the square that is shown.
    """
    number = axis_seen_along(cell_A, axis)
    seen_A, image = seen_along(trials.placements.centres_A, cell_A, number, view_A)
    middles, which = hexagons(seen_A, size_A)
    log_weights = trials.weights(temperature_K).logarithms[image]
    log_counts = -np.log(trials.placements.densities)[image]  # as if they were uniform
    thermal_eV = BOLTZMANN_EV_PER_K * temperature_K
    potentials_eV = _means(which, log_weights, log_counts, len(middles), thermal_eV)
    shown = potentials_eV <= HIGHEST_EV
    values = potentials_eV[shown]
    low = float(values.min(initial=0.0))
    half = view_A / 2
    tiles = Tiles(
        x=middles[shown, 0],
        y=middles[shown, 1],
        size=size_A,
        values=values,
        low=low,
        high=low + _COLOURED_KT * thermal_eV,
        quantity="excess chemical potential / eV",
    )
    return Chart(
        f"Excess chemical potential along {name_of_axis(number)}",
        Axis("Å", -half, half),
        Axis("Å", -half, half),
        (tiles,),
        f"{len(values)} tiles of {size_A:g} Å, from {low:.3g} to {values.max(initial=0.0):.3g} eV.",
        is_square=True,
    )


def _means(
    which: IntArray, log_weights: FloatArray, log_counts: FloatArray, n: int, thermal_eV: float
) -> FloatArray:
    """Return -kT ln of the mean weight of each part, inf where nothing has weight."""
    order = np.argsort(which, kind="stable")
    starts = np.searchsorted(which[order], np.arange(n))
    sums = np.logaddexp.reduceat(log_weights[order], starts)
    counts = np.logaddexp.reduceat(log_counts[order], starts)
    potentials: FloatArray = -thermal_eV * (sums - counts)
    return potentials


def free_energy_grid(
    trials: Trials, cell_A: FloatArray, temperature_K: float, spacing_A: float
) -> FloatArray:
    """Return the free energy of a molecule at each voxel of a cell in eV, inf where none was.

    It is -kT ln<W> over rotations and over places in the voxel: the density of the gas at low
    pressure is p/kT exp(-F/kT).

    Parameters
    ----------
    trials
        With their centres in the cell.
    cell_A
        Cell vectors in Å, shape ``(3, 3)``.
    temperature_K
        In K.
    spacing_A
        About how wide voxels are.
    """
    shape, voxels = voxels_of(trials.placements.centres_A, cell_A, spacing_A)
    n_voxels = int(np.prod(shape))
    logs = trials.weights(temperature_K).logarithms
    grid: FloatArray = np.full(n_voxels, np.inf)
    order = np.argsort(voxels, kind="stable")
    visited, starts = np.unique(voxels[order], return_index=True)
    sums = np.logaddexp.reduceat(logs[order], starts)
    # Of all trials a voxel has its share of the volume, however often it was visited.
    mean = sums - np.log(len(logs)) + np.log(n_voxels)
    grid[visited] = -BOLTZMANN_EV_PER_K * temperature_K * mean
    return grid.reshape(shape)


def write_free_energies(path: str, adsorption: Adsorption) -> None:
    """Write the free energy of a molecule in the cell as a cube file, cut at 5 eV.

    Voxels are 0.75 Å wide, or wider where there are few trials.

    Raises
    ------
    StorageError
        It cannot be written.
    """
    sampling = adsorption.samplings[0]
    host = sampling.interaction.framework.cell
    temperature_K = adsorption.henry[0].temperature_K
    n_voxels = len(sampling.trials) / _TRIALS_PER_VOXEL
    spacing_A = max(_VOXEL_A, float(host.get_volume() / n_voxels) ** (1 / 3))
    grid_eV = free_energy_grid(sampling.trials, host.cell.array, temperature_K, spacing_A)
    comment = f"free energy of {adsorption.gas.name} in eV at {temperature_K:g} K, 5 at most"
    write_cube_file(path, host, np.minimum(grid_eV, HIGHEST_EV), comment)
