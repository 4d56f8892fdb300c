"""The vibrational density of states, in total and by element."""

import math
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from nearsight.errors import MethodError
from nearsight.provenance import Provenance
from nearsight.storage import load_archive, rebuilds, save_archive
from nearsight.structures.naming import paragraph
from nearsight.vibrations.frequency_units import FREQUENCY_UNITS
from nearsight.vibrations.modes import Vibrations

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_POINTS_PER_WIDTH = 5
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
        shown = FREQUENCY_UNITS[unit]
        frequencies = shown.of_wavenumbers(self.wavenumbers_per_cm)
        ax.plot(frequencies, shown.density_of_cm(self.total_cm), color="black", label="total")
        for symbol, density in self.by_element_cm.items():
            ax.plot(frequencies, shown.density_of_cm(density), label=symbol)
        ax.set_xlabel(shown.axis)
        ax.set_ylabel(shown.density_axis)
        ax.legend()

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

    The part of an element is what its atoms have of each mode, Σ_A |e_A|² of the normalised
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
