"""The vibrational density of states, in total and by element."""

import math
import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from nearsight.charts.chart import INK, N_DASHES, Axis, Chart, Line, Region, Ticks
from nearsight.charts.on_axes import draw
from nearsight.charts.palette import element_colors
from nearsight.errors import MethodError
from nearsight.provenance import Provenance
from nearsight.result_archives import load_archive, rebuilds, save_archive
from nearsight.structures.naming import paragraph
from nearsight.vibrations.frequency_units import FREQUENCY_UNITS, WAVENUMBERS, FrequencyUnit
from nearsight.vibrations.modes import Vibrations

if TYPE_CHECKING:
    from nearsight.charts.on_axes import Axes

_POINTS_PER_WIDTH = 5
_WIDTH_PER_CM = 10.0  # of a Gaussian in a chart
_POINTS_OF_CHART = 700
# A Gaussian cut at seven widths misses less than 3e-12 of its area.
_TAIL_IN_WIDTHS = 7


@dataclass(frozen=True)
class DensityOfStates:
    """Vibrations per wavenumber; its integral over `wavenumbers_per_cm` is `n_modes`.

    Imaginary modes lie at negative wavenumbers; rigid-body modes are left out.
    """

    wavenumbers_per_cm: NDArray[np.float64]
    """Where the density is given, in cm⁻¹, shape ``(n_grid,)``."""
    total_cm: NDArray[np.float64]
    """Modes per cm⁻¹ (unit cm), shape ``(n_grid,)``."""
    by_element_cm: Mapping[str, NDArray[np.float64]]
    """The part of each element; together they are the total."""
    width_per_cm: float
    """Standard deviation of the Gaussian that stands for each mode, in cm⁻¹."""
    n_modes: int
    """Number of vibrations."""
    provenance: Provenance
    """Where the Hessian comes from."""

    def __repr__(self) -> str:
        low, high = float(self.wavenumbers_per_cm.min()), float(self.wavenumbers_per_cm.max())
        of = ", ".join(self.by_element_cm)
        return paragraph(
            self, of, f"{len(self.wavenumbers_per_cm)} points, {low:.0f} to {high:.0f} cm⁻¹"
        )

    def plot(self, ax: "Axes", unit: str = "cm-1") -> None:
        """Draw the total and the part of each element into `ax`, in ``cm-1`` or ``THz``."""
        draw(self.chart(FREQUENCY_UNITS[unit]), ax)

    def chart(self, unit: FrequencyUnit = WAVENUMBERS) -> Chart:
        """Return the total and the part of each element over the frequency."""
        x, total = unit.of_wavenumbers(self.wavenumbers_per_cm), unit.density_of_cm(self.total_cm)
        parts = {symbol: unit.density_of_cm(each) for symbol, each in self.by_element_cm.items()}
        return Chart(
            "Vibrational density of states",
            Axis(unit.axis, float(x[0]), float(x[-1])),
            Axis(unit.density_axis, 0.0, 1.08 * float(total.max())),
            density_lines(x, total, parts),
        )

    def save(self, path: str | os.PathLike[str]) -> None:
        """Save to `path`; an older file there stays intact if that fails.

        Raises
        ------
        StorageError
            The file cannot be written.
        """
        header = {
            "elements": list(self.by_element_cm),
            "width_per_cm": self.width_per_cm,
            "n_modes": self.n_modes,
            "provenance": self.provenance.to_json(),
        }
        arrays = {
            "wavenumbers_per_cm": self.wavenumbers_per_cm,
            "total_cm": self.total_cm,
            "by_element_cm": np.array(list(self.by_element_cm.values())),
        }
        save_archive(path, "density of states", header, arrays)

    @classmethod
    @rebuilds("density of states")
    def load(cls, path: str | os.PathLike[str]) -> "DensityOfStates":
        """Load what `save` wrote.

        Raises
        ------
        CheckpointError
            The file is missing, damaged, or something else.
        """
        header, arrays = load_archive(path, "density of states")
        return cls(
            wavenumbers_per_cm=arrays["wavenumbers_per_cm"],
            total_cm=arrays["total_cm"],
            by_element_cm=dict(zip(header["elements"], arrays["by_element_cm"], strict=True)),
            width_per_cm=header["width_per_cm"],
            n_modes=header["n_modes"],
            provenance=Provenance.from_json(header["provenance"]),
        )


def density_of_states(
    vibrations: Vibrations, width_per_cm: float = 10.0, grid_per_cm: ArrayLike | None = None
) -> DensityOfStates:
    """Return the density of vibrational states, each mode a Gaussian of area one.

    The part of an element is what its atoms have of each mode, ``Σ_A |e_A|²`` of the normalised
    mass-weighted mode e.

    Parameters
    ----------
    vibrations
        Normal modes of the structure.
    width_per_cm
        Standard deviation > 0 of the Gaussians in cm⁻¹.
    grid_per_cm
        Wavenumbers in cm⁻¹ at which to give the density, shape ``(n_grid,)``; None for five points
        per width, seven widths beyond the outermost modes.

    Raises
    ------
    MethodError
        The width is not positive, the grid is not a list of finite numbers, or the structure has
        no vibrations.

    Examples
    --------
    >>> from ase.build import molecule
    >>> from nearsight.hessian import hessian
    >>> from nearsight.models import load_model
    >>> from nearsight.relaxation import relax
    >>> from nearsight.vibrations import density_of_states, vibrations
    >>> model = load_model("ase:emt")
    >>> modes = vibrations(hessian(relax(molecule("N2"), model).atoms, model))
    >>> states = density_of_states(modes, width_per_cm=10.0)
    >>> print(f"highest at {states.wavenumbers_per_cm[states.total_cm.argmax()]:.0f} cm⁻¹")
    highest at 1231 cm⁻¹
    """
    if not (math.isfinite(width_per_cm) and width_per_cm > 0):
        raise MethodError(f"width_per_cm={width_per_cm}; give a positive width such as 10 cm⁻¹.")
    centres = vibrations.wavenumbers_per_cm
    if len(centres) == 0:
        raise MethodError(
            "the structure has rigid-body modes only, so there is no density of vibrational "
            "states; give a cell or molecule of more than one atom."
        )
    grid = _default_grid(centres, width_per_cm) if grid_per_cm is None else _checked(grid_per_cm)
    distances = (grid[:, np.newaxis] - centres) / width_per_cm
    gaussians = np.exp(-0.5 * distances**2) / (width_per_cm * math.sqrt(2 * math.pi))
    weights = np.sum(vibrations.modes**2, axis=2)
    symbols = np.array(vibrations.atoms.get_chemical_symbols())
    return DensityOfStates(
        wavenumbers_per_cm=grid,
        total_cm=gaussians.sum(axis=1),
        by_element_cm={
            str(symbol): gaussians @ weights[:, symbols == symbol].sum(axis=1)
            for symbol in np.unique(symbols)
        },
        width_per_cm=width_per_cm,
        n_modes=vibrations.n_modes,
        provenance=vibrations.provenance,
    )


def modes_chart(vibrations: Vibrations, unit: FrequencyUnit = WAVENUMBERS) -> Chart:
    """Return the density of states, in total and by element, with a tick for every mode.

    Raises
    ------
    MethodError
        The structure has no vibrations.
    """
    wavenumbers = vibrations.wavenumbers_per_cm
    lowest = float(wavenumbers.min(initial=np.inf))
    margin = 4 * _WIDTH_PER_CM
    low = lowest - margin if lowest < margin else 0.0
    grid = np.linspace(low, float(wavenumbers.max(initial=low)) + margin, _POINTS_OF_CHART)
    # Narrower than two points of the grid, a Gaussian would lose its height between them.
    width = max(_WIDTH_PER_CM, 2 * float(grid[1] - grid[0]))
    density = density_of_states(vibrations, width, grid)
    chart = density.chart(unit)
    return replace(
        chart,
        marks=(
            *imaginary_region(chart.x, shown=vibrations.n_imaginary > 0),
            *chart.marks,
            Ticks(unit.of_wavenumbers(wavenumbers)),
        ),
        description=(
            f"Density of {vibrations.n_modes} vibrational states, each a Gaussian of "
            f"{unit.text(width)}, from {unit.span(wavenumbers.min(), wavenumbers.max())}, in total "
            f"and for {', '.join(density.by_element_cm)}."
        ),
    )


def density_lines(
    x: NDArray[np.float64], total: NDArray[np.float64], parts: Mapping[str, NDArray[np.float64]]
) -> tuple[Line, ...]:
    """Return the curves of a density of states: those of the elements, and above them the total."""
    colors = element_colors(parts)
    lines = [
        Line(x, values, symbol, colors[symbol], dash=index % N_DASHES, filled=True)
        for index, (symbol, values) in enumerate(parts.items())
    ]
    return (*lines, Line(x, total, "total" if parts else "", INK, width=1.15))


def imaginary_region(axis: Axis, *, shown: bool) -> tuple[Region, ...]:
    """Return where the modes of an axis are imaginary, if it is to be shown."""
    return (Region(axis.low, 0.0, "imaginary"),) if shown else ()


def _default_grid(centres: NDArray[np.float64], width: float) -> NDArray[np.float64]:
    tail = _TAIL_IN_WIDTHS * width
    step = width / _POINTS_PER_WIDTH
    return np.arange(centres.min() - tail, centres.max() + tail + step, step)


def _checked(grid_per_cm: ArrayLike) -> NDArray[np.float64]:
    grid = np.asarray(grid_per_cm, dtype=np.float64)
    if grid.ndim != 1 or len(grid) == 0 or not np.all(np.isfinite(grid)):
        raise MethodError(
            f"grid_per_cm of shape {grid.shape} is not a list of finite wavenumbers; give one in "
            f"cm⁻¹, or None for a grid that covers every mode."
        )
    return grid
