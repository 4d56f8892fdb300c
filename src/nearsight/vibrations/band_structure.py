"""Phonon bands along a path: that which the field has agreed on for each lattice, or another."""

import math
import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from nearsight import units
from nearsight.announcing import announces
from nearsight.charts.chart import Axis, Chart, Line
from nearsight.charts.on_axes import draw
from nearsight.errors import MethodError
from nearsight.hessian.force_constants import ForceConstants
from nearsight.memory import require_room
from nearsight.notebooks import ShownInNotebooks
from nearsight.provenance import Provenance
from nearsight.remarks import Remark
from nearsight.structures.naming import count_warnings, paragraph
from nearsight.vibrations.band_path import SUGGESTED, BandPath, find_band_path
from nearsight.vibrations.frequency_units import FREQUENCY_UNITS, WAVENUMBERS, FrequencyUnit
from nearsight.vibrations.waves import waves_at

if TYPE_CHECKING:
    from nearsight.charts.on_axes import Axes

FloatArray = NDArray[np.float64]

DEFAULT_POINTS = 51
"""Points on each straight piece of a path unless another number is asked for."""

_BYTES_PER_FREQUENCY = 64  # frequencies, signs, squares and q-points, as lists and as arrays


@dataclass(frozen=True)
class BandSegment:
    """A straight piece of the path."""

    start: str
    end: str
    """Labels of the ends, such as ``Γ`` and ``X``."""
    qpoints: FloatArray
    """In units of the reciprocal vectors of the primitive cell, shape ``(n_points, 3)``."""
    distances_per_A: FloatArray
    """Way along the path in Å⁻¹ without 2π, shape ``(n_points,)``."""
    eigenvalues_eV_per_A2_amu: FloatArray
    """λ = ω², shape ``(n_points, n_branches)``; negative for imaginary modes."""

    @property
    def frequencies_THz(self) -> FloatArray:
        """Frequencies in THz, imaginary ones negative."""
        return units.mode_energies(self.eigenvalues_eV_per_A2_amu) * units.EV_IN_THZ

    @property
    def wavenumbers_per_cm(self) -> FloatArray:
        """Wavenumbers in cm⁻¹, imaginary ones negative."""
        return units.wavenumbers_per_cm(self.eigenvalues_eV_per_A2_amu)


@dataclass(frozen=True)
class BandStructure(ShownInNotebooks):
    """Phonon bands along a path through the Brillouin zone."""

    segments: tuple[BandSegment, ...]
    provenance: Provenance
    """Where the force constants come from."""
    warnings: tuple[Remark, ...] = ()
    """What makes the path doubtful; empty if nothing does."""
    primitive_cell_A: FloatArray | None = None
    """Vectors (rows) in Å of the primitive cell to whose reciprocal vectors q-points refer."""

    def __repr__(self) -> str:
        of = f"{self.path} by {self.provenance.model.name}"
        span = f"{self.lowest_THz:.2f} to {self.highest_THz:.2f} THz"
        return paragraph(self, of, span, count_warnings(self.warnings))

    @property
    def lowest_THz(self) -> float:
        """Lowest frequency on the path in THz, negative if it is imaginary."""
        return min(float(segment.frequencies_THz.min()) for segment in self.segments)

    @property
    def highest_THz(self) -> float:
        """Highest frequency on the path in THz."""
        return max(float(segment.frequencies_THz.max()) for segment in self.segments)

    @property
    def path(self) -> str:
        """The path in labels, with a bar where it jumps."""
        return _path(self.segments)

    def summary(self) -> dict[str, Any]:
        """Return the ``bands`` object of the JSON output."""
        cell = self.primitive_cell_A
        return {
            "path": self.path,
            "primitive_cell_A": None if cell is None else cell.tolist(),
            "segments": [
                {
                    "start": segment.start,
                    "end": segment.end,
                    "qpoints": segment.qpoints.tolist(),
                    "distances_per_A": segment.distances_per_A.tolist(),
                    "frequencies_THz": segment.frequencies_THz.tolist(),
                    "wavenumbers_per_cm": segment.wavenumbers_per_cm.tolist(),
                }
                for segment in self.segments
            ],
        }

    def labels_by_distance(self) -> dict[float, str]:
        """Return the labelled points by their way along the path, with a bar where it jumps."""
        return _labels_by_distance(self.segments)

    def plot(
        self, ax: "Axes", color: str | None = None, label: str = "", unit: str = "cm-1"
    ) -> None:
        """Draw the bands into `ax`, in ``cm-1`` or ``THz``."""
        draw(self.chart(FREQUENCY_UNITS[unit], color, label), ax)

    def chart(
        self, unit: FrequencyUnit = WAVENUMBERS, color: str | None = None, label: str = ""
    ) -> Chart:
        """Return the bands over the way along the path, with a line at every labelled point."""
        return bands_chart(self.segments, unit, color, label)


def bands_chart(
    segments: Sequence[BandSegment],
    unit: FrequencyUnit = WAVENUMBERS,
    color: str | None = None,
    label: str = "",
) -> Chart:
    """Return the chart of bands along the pieces of a path."""
    labels = _labels_by_distance(segments)
    values = [unit.of_eigenvalues(each.eigenvalues_eV_per_A2_amu) for each in segments]
    lowest = min(float(each.min()) for each in values)
    highest = max(float(each.max()) for each in values)
    # Acoustic modes at Γ are a little below zero by rounding.
    low = 1.05 * lowest if lowest < -0.01 * highest else 0.0
    return Chart(
        "Phonon bands",
        Axis("path in the Brillouin zone", min(labels), max(labels), names=labels),
        Axis(unit.axis, low, 1.04 * highest if highest > 0 else 0.05 * abs(low)),
        tuple(
            Line(segment.distances_per_A, branch, label, color, width=1.0)
            for segment, of_segment in zip(segments, values, strict=True)
            for branch in np.maximum(of_segment, low).T
        ),
        f"Along {_path(segments)}, from {round(lowest, 1) + 0.0:.1f} to {highest:.1f} "
        f"{unit.symbol}; imaginary ones are negative.",
    )


def _path(segments: Sequence[BandSegment]) -> str:
    text = segments[0].start
    for before, segment in zip((None, *segments), segments, strict=False):
        jump = before is not None and before.end != segment.start
        text += f"|{segment.start}" if jump else ""
        text += f"-{segment.end}"
    return text


def _labels_by_distance(segments: Sequence[BandSegment]) -> dict[float, str]:
    labels: dict[float, str] = {}
    for segment in segments:
        first, last = float(segment.distances_per_A[0]), float(segment.distances_per_A[-1])
        before = labels.get(first, segment.start)
        labels[first] = before if before == segment.start else f"{before}|{segment.start}"
        labels[last] = segment.end
    return labels


@announces
def band_structure(
    force_constants: ForceConstants,
    path: str | BandPath = SUGGESTED,
    *,
    points_per_segment: int = DEFAULT_POINTS,
    spacing_per_A: float | None = None,
    nac: str | os.PathLike[str] | None = None,
) -> BandStructure:
    """Return phonon bands along a path, interpolated by phonopy.

    Parameters
    ----------
    force_constants
        Of a crystal.
    path
        By default the one that seekpath suggests; a text is one that
        `nearsight.vibrations.band_path.find_band_path` understands.
    points_per_segment
        Points on each straight piece, its ends included.
    spacing_per_A
        In place of that number: the most that neighbouring points are apart, in Å⁻¹ without 2π.
    nac
        A BORN file of phonopy for the non-analytical term correction.

    Raises
    ------
    MethodError
        A piece has fewer than two points, the path is none, or has a label that is not known.
    MemoryBudgetError
        So many points do not fit into the memory.
    StructureError
        The structure is not periodic in three directions, the BORN file is for another cell, or
        seekpath finds no path.
    CheckpointError
        The BORN file cannot be read.

    Examples
    --------
    >>> from ase.build import bulk
    >>> from nearsight.hessian import force_constants
    >>> from nearsight.models import load_model
    >>> from nearsight.vibrations import band_structure
    >>> constants = force_constants(bulk("Cu"), load_model("ase:emt"), (3, 3, 3))
    >>> bands = band_structure(constants, "GXWKGL", points_per_segment=11)
    >>> print(f"up to {bands.highest_THz:.2f} THz")
    up to 7.84 THz
    """
    if points_per_segment < 2:
        raise MethodError(f"a piece of a path has at least its two ends, not {points_per_segment}.")
    if spacing_per_A is not None and not (math.isfinite(spacing_per_A) and spacing_per_A > 0):
        raise MethodError(f"spacing_per_A={spacing_per_A}; give a positive number, such as 0.01.")
    phonon = force_constants.to_phonopy(nac)
    chosen = path if isinstance(path, BandPath) else find_band_path(force_constants, path)
    numbers = _numbers_of_points(force_constants, chosen, points_per_segment, spacing_per_A)
    n_points, n_branches = sum(numbers), 3 * len(force_constants.primitive_atoms)
    require_room(
        _BYTES_PER_FREQUENCY * n_points * (n_branches + 3),
        f"{n_points} points along the path of the bands",
        "Take fewer of them.",
    )
    bands = phonon.run_band_structure(
        [
            np.linspace(start.qpoint, end.qpoint, number)
            for (start, end), number in zip(chosen.pieces, numbers, strict=True)
        ]
    )
    segments = []
    for (start, end), points, way, frequencies in zip(
        chosen.pieces, bands.qpoints, bands.distances, bands.frequencies, strict=True
    ):
        scaled = frequencies / phonon.unit_conversion_factor
        eigenvalues = np.sign(scaled) * scaled**2
        if not force_constants.pieces.connected:
            waves = waves_at(force_constants, phonon, np.array(points))
            eigenvalues = waves.eigenvalues_eV_per_A2_amu
        segments.append(
            BandSegment(start.label, end.label, np.array(points), np.array(way), eigenvalues)
        )
    return BandStructure(
        tuple(segments),
        force_constants.provenance,
        chosen.warnings,
        force_constants.primitive_cell.cell.array.copy(),
    )


def _numbers_of_points(
    force_constants: ForceConstants,
    path: BandPath,
    points_per_segment: int,
    spacing_per_A: float | None,
) -> list[int]:
    """Return how many points each piece of the path has."""
    if spacing_per_A is None:
        return [points_per_segment] * len(path.pieces)
    reciprocal = force_constants.primitive_cell.cell.reciprocal().array
    lengths = [
        float(np.linalg.norm((np.array(end.qpoint) - start.qpoint) @ reciprocal))
        for start, end in path.pieces
    ]
    # A length that is a multiple of the spacing up to rounding has no point more.
    return [max(2, math.ceil(length / spacing_per_A - 1e-9) + 1) for length in lengths]
