"""The records of dynamics and of trajectories."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, ClassVar

from nearsight.records.base import CalculatedRecord
from nearsight.records.described import Says
from nearsight.records.dynamics_parts import DynamicsPart
from nearsight.records.trajectory_parts import (
    CorrelationPart,
    DiffusionPart,
    DisplacementPart,
    FluctuationsPart,
    FramesPart,
    HarmonicDensityPart,
    RadialPart,
    SpectrumPart,
    TemperaturePart,
)

if TYPE_CHECKING:
    from nearsight.records.results import DynamicsResults
    from nearsight.records.trajectory_results import TrajectoryResults


@dataclass(frozen=True, kw_only=True, repr=False)
class DynamicsRecord(CalculatedRecord):
    """A run of molecular dynamics; the structure is that of its end."""

    question: ClassVar[str] = "md"

    dynamics: Annotated[DynamicsPart, Says("How atoms moved, and means.")]
    results: "DynamicsResults | None" = field(default=None, repr=False, compare=False)

    def _said(self) -> list[str]:
        part = self.dynamics
        time_ps = part.n_steps * part.timestep_fs / 1000
        return [
            *super()._said(),
            f"{time_ps:g} ps of {part.ensemble}",
            f"{part.temperature_K:.1f} K",
        ]


@dataclass(frozen=True, kw_only=True, repr=False)
class TrajectoryRecord(CalculatedRecord):
    """What was found in a trajectory; `model` is its file, the structure that of its end."""

    question: ClassVar[str] = "trajectory"

    frames: Annotated[FramesPart, Says("Which frames the numbers are from.")]
    radial_distribution: Annotated[
        RadialPart | None, Says("How atoms are arranged; null if it was not computed.")
    ]
    displacements: Annotated[
        tuple[DisplacementPart, ...], Says("How far particles get, one object a kind.")
    ]
    diffusion: Annotated[
        tuple[DiffusionPart, ...],
        Says("Coefficients of molecules where there are any, else of each element."),
    ]
    velocity_correlation: Annotated[
        CorrelationPart | None, Says("How velocities remember themselves; null if not computed.")
    ]
    velocity_spectrum: Annotated[
        SpectrumPart | None, Says("Density of states in motion; null if it was not computed.")
    ]
    harmonic: Annotated[
        HarmonicDensityPart | None, Says("A harmonic one beside it; null unless asked for.")
    ]
    temperatures: Annotated[
        tuple[TemperaturePart, ...], Says("Temperatures of all atoms and of each element.")
    ]
    fluctuations: Annotated[
        FluctuationsPart | None, Says("What samples fluctuate by; null unless there are any.")
    ]
    not_computed: Annotated[Mapping[str, str], Says("Why something was not computed, by its name.")]
    results: "TrajectoryResults | None" = field(default=None, repr=False, compare=False)

    def _said(self) -> list[str]:
        part = self.frames
        time_ps = (part.end_fs - part.start_fs) / 1000
        diffusion = [
            f"D of {each.kind} {each.value_m2_per_s:.3g} m²/s"
            for each in self.diffusion
            if each.diffusive
        ]
        atoms = f"{self.n_atoms} atom{'' if self.n_atoms == 1 else 's'}"
        return [
            f"{self.formula} ({atoms})",
            f"{part.n_frames} frames over {time_ps:g} ps",
            *diffusion,
        ]
