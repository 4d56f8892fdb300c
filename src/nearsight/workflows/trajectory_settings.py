"""What the analysis of a trajectory is asked for."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated

from nearsight.dynamics.analysis.settings import (
    DiffusionSettings,
    FrameSettings,
    RadialSettings,
    VelocitySettings,
)
from nearsight.errors import SettingError
from nearsight.settings import POSITIVE, Help, Settings

ANALYSES: Mapping[str, str] = {
    "rdf": "g(r)",
    "msd": "displacements",
    "diffusion": "diffusion",
    "vacf": "velocity correlation",
    "spectrum": "spectrum",
    "temperatures": "temperatures",
}
"""What can be computed of a trajectory, and what it is called where it is shown."""


@dataclass(frozen=True, kw_only=True)
class TrajectorySettings(Settings):
    """Settings of `trajectory`.

    Examples
    --------
    >>> from nearsight.workflows import RadialSettings, TrajectorySettings
    >>> settings = TrajectorySettings(radial=RadialSettings(farthest_A=8.0))
    >>> settings.radial.farthest_A
    8.0
    """

    frames: FrameSettings = field(default_factory=FrameSettings)
    radial: RadialSettings = field(default_factory=RadialSettings)
    diffusion: DiffusionSettings = field(default_factory=DiffusionSettings)
    velocity: VelocitySettings = field(default_factory=VelocitySettings)
    analyses: Annotated[
        tuple[str, ...] | None,
        Help(f"compute these only: {', '.join(ANALYSES)} (default: what the file allows)", "WHAT"),
    ] = None
    leave_out: Annotated[
        tuple[str, ...], Help("compute all that the file allows but these", "WHAT")
    ] = ()
    temperature_K: Annotated[
        float | None,
        Help("temperature of the thermostat in K (default: the mean temperature)", "T"),
        POSITIVE,
    ] = None

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("analyses", "leave_out"):
            for word in getattr(self, name) or ():
                if word not in ANALYSES:
                    raise SettingError(
                        f"`{name}` are some of {', '.join(ANALYSES)}, not {word!r:.40}.", name
                    )
        if self.analyses is not None and self.leave_out:
            raise SettingError("give `analyses` or `leave_out`, not both.", "leave_out")
        if self.frames.select is not None and self.diffusion.remove_drift:
            raise SettingError(
                "`remove_drift` takes the motion of all atoms off, and `select` takes some; leave "
                "one out.",
                "diffusion.remove_drift",
            )

    @property
    def asked(self) -> frozenset[str]:
        """What was asked for by name, or by a setting of its own; it fails if it cannot be."""
        also_of_others = ("particles", "remove_drift")
        of_fits = DiffusionSettings(
            **{name: getattr(self.diffusion, name) for name in also_of_others}
        )
        by_setting = {
            "rdf": self.radial != RadialSettings(),
            "diffusion": self.diffusion != of_fits,
            "vacf": self.velocity.longest_fs is not None,
            "spectrum": self.velocity.width_per_cm != VelocitySettings().width_per_cm,
        }
        named = (name for name, is_set in by_setting.items() if is_set)
        return frozenset(self.analyses or ()) | frozenset(named) - frozenset(self.leave_out)

    def wants(self, analysis: str) -> bool:
        """Tell whether something is to be computed if it can be."""
        if self.analyses is not None:
            return analysis in self.analyses
        return analysis not in self.leave_out
