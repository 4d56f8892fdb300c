"""Phonon bands along the path that the field has agreed on for each lattice."""

import os
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from nearsight import units
from nearsight.announcing import announces
from nearsight.errors import MethodError, StructureError
from nearsight.hessian.force_constants import ForceConstants
from nearsight.memory import require_room
from nearsight.provenance import Provenance
from nearsight.remarks import Remark
from nearsight.structures.tolerances import EXACT_TOLERANCE_A
from nearsight.vibrations.waves import waves_at

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FloatArray = NDArray[np.float64]

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


@dataclass(frozen=True)
class BandStructure:
    """Phonon bands along the path of HPKOT (Y. Hinuma et al., Comput. Mater. Sci. 2017, 128, 140).

    doi:10.1016/j.commatsci.2016.10.015
    """

    segments: tuple[BandSegment, ...]
    provenance: Provenance
    """Where the force constants come from."""
    warnings: tuple[Remark, ...] = ()
    """What makes the path doubtful; empty if nothing does."""

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
        text = self.segments[0].start
        for before, segment in zip((None, *self.segments), self.segments, strict=False):
            jump = before is not None and before.end != segment.start
            text += f"|{segment.start}" if jump else ""
            text += f"-{segment.end}"
        return text

    def summary(self) -> dict[str, Any]:
        """Return the ``bands`` object of the JSON output."""
        return {
            "path": self.path,
            "segments": [
                {
                    "start": segment.start,
                    "end": segment.end,
                    "qpoints": segment.qpoints.tolist(),
                    "distances_per_A": segment.distances_per_A.tolist(),
                    "frequencies_THz": segment.frequencies_THz.tolist(),
                }
                for segment in self.segments
            ],
        }

    def labels_by_distance(self) -> dict[float, str]:
        """Return the labelled points by their way along the path, with a bar where it jumps."""
        labels: dict[float, str] = {}
        for segment in self.segments:
            first, last = float(segment.distances_per_A[0]), float(segment.distances_per_A[-1])
            before = labels.get(first, segment.start)
            labels[first] = before if before == segment.start else f"{before}|{segment.start}"
            labels[last] = segment.end
        return labels

    def plot(self, ax: "Axes", color: str = "C0", label: str | None = None) -> None:
        """Draw the bands into `ax`."""
        for segment in self.segments:
            lines = ax.plot(segment.distances_per_A, segment.frequencies_THz, color=color, lw=1)
        lines[0].set_label(label)
        ticks = self.labels_by_distance()
        for position in ticks:
            ax.axvline(position, color="0.7", lw=0.6, zorder=0)
        ax.axhline(0.0, color="0.7", lw=0.6, zorder=0)
        ax.set_xticks(list(ticks), list(ticks.values()))
        ax.set_xlim(min(ticks), max(ticks))
        ax.set_ylabel("frequency (THz)")


@announces
def band_structure(
    force_constants: ForceConstants,
    *,
    points_per_segment: int = 51,
    nac: str | os.PathLike[str] | None = None,
) -> BandStructure:
    """Return phonon bands along the path that seekpath suggests, interpolated by phonopy.

    Parameters
    ----------
    force_constants
        Of a crystal.
    points_per_segment
        Points on each straight piece, its ends included.
    nac
        A BORN file of phonopy for the non-analytical term correction.

    Raises
    ------
    MethodError
        A piece has fewer than two points.
    MemoryBudgetError
        So many points do not fit into the memory.
    StructureError
        The structure is not periodic in three directions, the BORN file is for another cell, or
        seekpath finds no path.
    CheckpointError
        The BORN file cannot be read.
    """
    if points_per_segment < 2:
        raise MethodError(f"a piece of a path has at least its two ends, not {points_per_segment}.")
    phonon = force_constants.to_phonopy(nac)
    path, remarks = _suggested_path(force_constants)
    ends = [(path["point_coords"][start], path["point_coords"][end]) for start, end in path["path"]]
    n_points, n_branches = len(ends) * points_per_segment, 3 * len(force_constants.primitive_atoms)
    require_room(
        _BYTES_PER_FREQUENCY * n_points * (n_branches + 3),
        f"{n_points} points along the path of the bands",
        "Take fewer of them.",
    )
    pieces = [np.linspace(start, end, points_per_segment) for start, end in ends]
    bands = phonon.run_band_structure(pieces)
    segments = []
    for (start, end), points, way, frequencies in zip(
        path["path"], bands.qpoints, bands.distances, bands.frequencies, strict=True
    ):
        scaled = frequencies / phonon.unit_conversion_factor
        eigenvalues = np.sign(scaled) * scaled**2
        if not force_constants.pieces.connected:
            waves = waves_at(force_constants, phonon, np.array(points))
            eigenvalues = waves.eigenvalues_eV_per_A2_amu
        segments.append(
            BandSegment(_plain(start), _plain(end), np.array(points), np.array(way), eigenvalues)
        )
    return BandStructure(tuple(segments), force_constants.provenance, remarks)


def _suggested_path(force_constants: ForceConstants) -> tuple[dict[str, Any], tuple[Remark, ...]]:
    """Return seekpath's path in the basis of the primitive cell at hand, and what it warns of."""
    import seekpath

    primitive = force_constants.primitive_cell
    cell = (
        primitive.cell.array,
        primitive.cell.scaled_positions(primitive.positions),
        primitive.numbers,
    )
    tolerance = force_constants.symmetry_tolerance_A or EXACT_TOLERANCE_A

    def path(on_edge_case: Literal["error", "ignore"]) -> dict[str, Any]:
        with warnings.catch_warnings():
            warnings.simplefilter(on_edge_case, seekpath.hpkot.EdgeCaseWarning)
            found: dict[str, Any] = seekpath.get_path_orig_cell(cell, symprec=tolerance)
            return found

    try:
        try:
            return path("error"), ()
        except seekpath.hpkot.EdgeCaseWarning as warning:
            remark = (
                f"the path of the bands depends on the last digits of the cell ({warning}); "
                f"a symmetrised structure makes it definite."
            )
            return path("ignore"), (Remark("path-not-definite", remark),)
    except (seekpath.hpkot.SymmetryDetectionError, ValueError, AssertionError) as error:
        raise StructureError(
            f"seekpath finds no path for {primitive.get_chemical_formula()} ({error}); symmetrise "
            f"the structure, or take bands along a path of your own with to_phonopy()."
        ) from error


def _plain(label: str) -> str:
    """Return a label of seekpath as one writes it."""
    greek = {"GAMMA": "Γ", "SIGMA": "Σ", "DELTA": "Δ", "LAMBDA": "Λ"}
    name, _, index = label.partition("_")
    return greek.get(name, name) + index
