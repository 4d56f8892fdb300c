"""The density of phonon states of the infinite crystal."""

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from nearsight import units
from nearsight.errors import MethodError
from nearsight.provenance import Provenance
from nearsight.vibrations.frequency_units import FREQUENCY_UNITS
from nearsight.vibrations.phonon_mesh import PhononMesh

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_POINTS = 1001
_TAIL_IN_WIDTHS = 4
_SMALLEST_WIDTH_THZ = 1e-3


@dataclass(frozen=True)
class MeshDensityOfStates:
    """States per frequency and unit cell; imaginary modes lie at negative frequencies."""

    frequencies_THz: NDArray[np.float64]
    """Where the density is given, shape ``(n_grid,)``."""
    states_per_THz: NDArray[np.float64]
    """States of one unit cell per THz, shape ``(n_grid,)``."""
    width_THz: float
    """Standard deviation of the Gaussian that stands for each mode."""
    provenance: Provenance
    """Where the force constants come from."""

    def plot(self, ax: "Axes", unit: str = "cm-1") -> None:
        """Draw the density over the frequency into `ax`, in ``cm-1`` or ``THz``."""
        shown = FREQUENCY_UNITS[unit]
        frequencies = shown.of_THz(self.frequencies_THz)
        ax.plot(frequencies, shown.density_of_THz(self.states_per_THz), color="black", lw=1)
        ax.set_xlabel(shown.axis)
        ax.set_ylabel(f"{shown.density_axis} and cell")
        ax.set_ylim(0.0, None)


def mesh_density_of_states(
    phonons: PhononMesh, width_THz: float | None = None
) -> MeshDensityOfStates:
    """Return the density of states of a mesh, each mode a Gaussian of area one.

    Rigid-body motions of what lies in a box are no states; of a crystal all modes are counted.

    Parameters
    ----------
    phonons
        Phonons over the Brillouin zone.
    width_THz
        Standard deviation of the Gaussians; by default a hundredth of the span of frequencies.

    Raises
    ------
    MethodError
        The width is not positive.
    """
    bins = frequency_bins(phonons, width_THz)
    frequencies = units.mode_energies(phonons.eigenvalues_eV_per_A2_amu) * units.EV_IN_THZ
    weights = np.repeat(phonons.cells * phonons.weights, frequencies.shape[1])
    if not phonons.gamma.pieces.connected:
        weights[frequencies.ravel() == 0.0] = 0.0
    counts, _ = np.histogram(frequencies.ravel(), bins.edges_THz, weights=weights)
    [states] = bins.broadened(counts[np.newaxis])
    return MeshDensityOfStates(bins.grid_THz, states, bins.width_THz, phonons.provenance)


@dataclass(frozen=True)
class FrequencyBins:
    """Bins into which modes are counted, far narrower than the Gaussians that are made of them."""

    grid_THz: NDArray[np.float64]
    """Where the density is given."""
    edges_THz: NDArray[np.float64]
    """Ends of the bins, all equally wide."""
    width_THz: float
    """Standard deviation of the Gaussians."""

    def broadened(self, counts: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return densities on the grid, one row for each row of counts in the bins."""
        filled = np.flatnonzero(counts.any(axis=0))
        centres = ((self.edges_THz[1:] + self.edges_THz[:-1]) / 2)[filled]
        height = 1 / (self.width_THz * math.sqrt(2 * math.pi))
        densities = np.empty((len(counts), len(self.grid_THz)))
        for column, x in enumerate(self.grid_THz):
            gaussians = height * np.exp(-0.5 * ((x - centres) / self.width_THz) ** 2)
            densities[:, column] = counts[:, filled] @ gaussians
        return densities


def frequency_bins(phonons: PhononMesh, width_THz: float | None = None) -> FrequencyBins:
    """Return the bins of a density of states; see `mesh_density_of_states`.

    Raises
    ------
    MethodError
        The width is not positive.
    """
    if width_THz is not None and not (math.isfinite(width_THz) and width_THz > 0):
        raise MethodError(f"width_THz={width_THz}; give a positive width such as 0.1 THz.")
    frequencies = units.mode_energies(phonons.eigenvalues_eV_per_A2_amu) * units.EV_IN_THZ
    lowest, highest = min(float(frequencies.min()), 0.0), float(frequencies.max())
    width = width_THz or max((highest - lowest) / 100, _SMALLEST_WIDTH_THZ)
    tail = _TAIL_IN_WIDTHS * width
    # On both sides, or a part of every acoustic mode would be missing.
    grid = np.linspace(lowest - tail, highest + tail, _POINTS)
    return FrequencyBins(grid, np.linspace(lowest - width, highest + width, 20 * _POINTS), width)
