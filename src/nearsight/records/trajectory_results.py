"""What was found in a trajectory, with what made it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from ase import Atoms

from nearsight.arrays import FloatArray
from nearsight.charts.chart import Axis, Chart, Line, overlaid
from nearsight.charts.palette import series_colors
from nearsight.dynamics.analysis.diffusion import DiffusionCoefficient
from nearsight.dynamics.analysis.displacement import MeanSquaredDisplacement
from nearsight.dynamics.analysis.fluctuations import Compressibility, HeatCapacity
from nearsight.dynamics.analysis.rdf import RadialDistribution
from nearsight.dynamics.analysis.temperatures import Temperatures
from nearsight.dynamics.analysis.velocity_correlation import VelocityCorrelation, VelocitySpectrum
from nearsight.notebooks import ShownInNotebooks
from nearsight.provenance import Provenance
from nearsight.remarks import Remark
from nearsight.structures.naming import paragraph


@dataclass(frozen=True)
class FramesRead:
    """Which frames numbers are from."""

    n_frames: int
    n_skipped: int
    """Frames of the beginning that were left out."""
    start_fs: float
    end_fs: float
    n_selected: int
    """Atoms that count."""
    unwrapped: bool
    """Whether the file had unwrapped positions; else atoms were followed across the cell."""
    has_velocities: bool


@dataclass(frozen=True, eq=False)
class HarmonicDensity:
    """A harmonic density of states, for as many atoms as a trajectory has."""

    wavenumbers_per_cm: FloatArray
    """Shape ``(n_grid,)``."""
    total_cm: FloatArray
    """Modes per cm⁻¹ (unit cm), shape ``(n_grid,)``."""
    width_per_cm: float
    """Standard deviation of the Gaussian that stands for each mode."""
    source: str
    """The file of the modes."""
    n_times: float
    """How many times the atoms of that file are in the trajectory."""

    def chart(self) -> Chart:
        """Return the density, to be laid below a spectrum of velocities."""
        return Chart(
            "Harmonic density of states",
            Axis("wavenumber / cm⁻¹", 0.0, float(self.wavenumbers_per_cm[-1])),
            Axis("modes per cm⁻¹", 0.0, 1.08 * float(self.total_cm.max())),
            (Line(self.wavenumbers_per_cm, self.total_cm, "harmonic", filled=True),),
        )


@dataclass(frozen=True)
class Fluctuations:
    """What follows from how much the samples of a run fluctuate."""

    source: str
    """The file of the samples."""
    n_samples: int
    temperature_K: float
    mass_amu: float
    """Of the whole system."""
    heat_capacity: HeatCapacity | None
    compressibility: Compressibility | None

    @property
    def warnings(self) -> tuple[Remark, ...]:
        """What must be known of them."""
        made = (self.heat_capacity, self.compressibility)
        return tuple(remark for each in made if each is not None for remark in each.warnings)


@dataclass(frozen=True, repr=False, eq=False)
class TrajectoryResults(ShownInNotebooks):
    """What was found in one trajectory; None of what was not computed."""

    name: str
    """The file."""
    atoms: Atoms
    """All atoms as they are in the last frame, carried back into the cell."""
    frames: FramesRead
    provenance: Provenance
    radial: RadialDistribution | None = None
    displacements: tuple[MeanSquaredDisplacement, ...] = ()
    """Of atoms, and of the centres of mass of molecules where there are any."""
    diffusion: tuple[DiffusionCoefficient, ...] = ()
    """Of molecules where there are any, else of each element."""
    correlation: VelocityCorrelation | None = None
    spectrum: VelocitySpectrum | None = None
    harmonic: HarmonicDensity | None = None
    temperatures: Temperatures | None = None
    fluctuations: Fluctuations | None = None
    not_computed: Mapping[str, str] = field(default_factory=dict)
    """Why something was not computed, by its name."""
    within_A: float | None = None
    """Up to where neighbours were to be counted."""
    settings: Mapping[str, Any] = field(default_factory=dict)
    """What was asked for, by name."""
    trajectory_warnings: tuple[Remark, ...] = ()
    """What was remarked about the file."""
    remarks: tuple[Remark, ...] = ()
    """What was remarked about several results together."""

    def __repr__(self) -> str:
        return paragraph(self, self.name, f"{self.frames.n_frames} frames")

    @property
    def warnings(self) -> tuple[Remark, ...]:
        """What must be known before the numbers are used."""
        made = (self.radial, *self.diffusion, self.spectrum, self.temperatures, self.fluctuations)
        of_parts = [remark for each in made if each is not None for remark in each.warnings]
        return tuple(dict.fromkeys((*self.trajectory_warnings, *of_parts, *self.remarks)))

    def charts(self) -> dict[str, Chart]:
        """Return what is drawn, each under a short name."""
        charts: dict[str, Chart] = {}
        if self.radial is not None:
            charts["rdf"] = _in_colors(self.radial.chart())
        if self.displacements:
            charts["msd"] = _in_colors(overlaid([each.chart() for each in self.displacements]))
        diffusive = [each for each in self.diffusion if is_diffusive(each)]
        if diffusive:
            lines = overlaid([each.chart() for each in diffusive])
            many = "Diffusion" if len(diffusive) > 1 else lines.title
            charts["diffusion"] = _in_colors(replace(lines, title=many))
        if self.correlation is not None:
            charts["vacf"] = self.correlation.chart()
        if self.spectrum is not None:
            below = () if self.harmonic is None else (self.harmonic.chart(),)
            charts["spectrum"] = _beside(self.spectrum.chart(), *below)
        if self.temperatures is not None:
            charts["temperatures"] = self.temperatures.chart()
        return charts


def is_diffusive(diffusion: DiffusionCoefficient) -> bool:
    """Tell whether displacements grew with time as those of diffusion do."""
    return all(remark.code != "not-diffusive" for remark in diffusion.warnings)


def _in_colors(chart: Chart) -> Chart:
    """Return a chart with a colour of its own for each series that has none."""
    lines = [mark for mark in chart.marks if isinstance(mark, Line) and mark.color is None]
    colors = series_colors(line.label for line in lines)
    marks = tuple(
        replace(mark, color=colors[mark.label])
        if isinstance(mark, Line) and mark.color is None
        else mark
        for mark in chart.marks
    )
    return replace(chart, marks=marks)


def _beside(chart: Chart, *below: Chart) -> Chart:
    """Return a chart with others below it, under its own words."""
    return overlaid([Chart(chart.title, chart.x, chart.y, ()), *below, chart])
