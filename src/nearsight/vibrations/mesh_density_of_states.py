"""The density of phonon states of the infinite crystal."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from nearsight import units
from nearsight.charts.chart import Axis, Chart, Ticks
from nearsight.charts.on_axes import draw
from nearsight.errors import MethodError
from nearsight.provenance import Provenance
from nearsight.vibrations.density_of_states import density_lines, imaginary_region
from nearsight.vibrations.frequency_units import FREQUENCY_UNITS, WAVENUMBERS, FrequencyUnit
from nearsight.vibrations.phonon_mesh import PhononMesh

if TYPE_CHECKING:
    from nearsight.charts.on_axes import Axes

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
        draw(self.chart(FREQUENCY_UNITS[unit]), ax)

    def chart(
        self,
        unit: FrequencyUnit = WAVENUMBERS,
        by_element_per_THz: Mapping[str, NDArray[np.float64]] | None = None,
        *,
        lowest_THz: float | None = None,
    ) -> Chart:
        """Return the density over the frequency.

        Parameters
        ----------
        unit
            In which frequencies are shown.
        by_element_per_THz
            The part of each element, where it is known; that of a single one is the total.
        lowest_THz
            From where on it is shown; None for all of it.
        """
        return density_chart(
            self.frequencies_THz,
            self.states_per_THz,
            unit,
            by_element_per_THz,
            lowest_THz=lowest_THz,
        )


def density_chart(
    frequencies_THz: NDArray[np.float64],
    states_per_THz: NDArray[np.float64],
    unit: FrequencyUnit = WAVENUMBERS,
    by_element_per_THz: Mapping[str, NDArray[np.float64]] | None = None,
    *,
    lowest_THz: float | None = None,
) -> Chart:
    """Return the chart of a density of states, as `MeshDensityOfStates.chart` does of its own."""
    low = float(frequencies_THz[0]) if lowest_THz is None else lowest_THz
    shown = frequencies_THz >= low
    x = unit.of_THz(frequencies_THz[shown])
    total = unit.density_of_THz(states_per_THz[shown])
    elements = by_element_per_THz or {}
    parts = {name: unit.density_of_THz(elements[name][shown]) for name in elements}
    axis = Axis(unit.axis, float(unit.of_THz(low)), float(x[-1]))
    return Chart(
        "Density of phonon states",
        axis,
        Axis(f"{unit.density_axis} and cell", 0.0, 1.08 * float(total.max())),
        (
            *imaginary_region(axis, shown=axis.low < 0),
            *density_lines(x, total, parts if len(parts) > 1 else {}),
        ),
    )


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

    Examples
    --------
    >>> from ase.build import bulk
    >>> from nearsight.hessian import force_constants
    >>> from nearsight.models import load_model
    >>> from nearsight.vibrations import mesh_density_of_states, phonon_mesh
    >>> constants = force_constants(bulk("Cu"), load_model("ase:emt"), (3, 3, 3))
    >>> states = mesh_density_of_states(phonon_mesh(constants, (6, 6, 6)), width_THz=0.3)
    >>> print(f"highest at {states.frequencies_THz[states.states_per_THz.argmax()]:.1f} THz")
    highest at 4.7 THz
    """
    bins = frequency_bins(phonons, width_THz)
    frequencies = units.mode_energies(phonons.eigenvalues_eV_per_A2_amu) * units.EV_IN_THZ
    weights = np.repeat(phonons.cells * phonons.weights, frequencies.shape[1])
    if not phonons.gamma.pieces.connected:
        weights[frequencies.ravel() == 0.0] = 0.0
    counts, _ = np.histogram(frequencies.ravel(), bins.edges_THz, weights=weights)
    [states] = bins.broadened(counts[np.newaxis])
    return MeshDensityOfStates(bins.grid_THz, states, bins.width_THz, phonons.provenance)


def phonons_chart(
    phonons: PhononMesh,
    unit: FrequencyUnit = WAVENUMBERS,
    by_element_per_THz: Mapping[str, NDArray[np.float64]] | None = None,
) -> Chart:
    """Return the density of phonon states, with a tick for every mode at Γ.

    Parameters
    ----------
    phonons
        Phonons over the Brillouin zone.
    unit
        In which frequencies are shown.
    by_element_per_THz
        The part of each element in the density of `mesh_density_of_states`, where it is known.
    """
    density = mesh_density_of_states(phonons)
    # The Gaussians of acoustic modes reach below zero, where nothing is.
    lowest = 0.0 if phonons.share_imaginary == 0 else None
    chart = density.chart(unit, by_element_per_THz, lowest_THz=lowest)
    wavenumbers = phonons.wavenumbers_per_cm
    if not phonons.pieces.connected:
        wavenumbers = wavenumbers[wavenumbers != 0.0]  # rigid-body motions of what lies in a box
    at_gamma = Ticks(unit.of_wavenumbers(phonons.gamma.wavenumbers_per_cm))
    return replace(
        chart,
        marks=(*chart.marks, at_gamma),
        description=(
            f"Density of phonon states of the Brillouin zone, each a Gaussian of "
            f"{unit.text(density.width_THz / units.PER_CM_IN_THZ)}, from "
            f"{unit.span(wavenumbers.min(), wavenumbers.max())}."
        ),
    )


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
