"""Settings of the workflow that makes labelled structures."""

from dataclasses import dataclass, field
from typing import Annotated

from nearsight.errors import SettingError
from nearsight.settings import POSITIVE, Help, Range, Settings
from nearsight.workflows.sampling_settings import DistortionSettings, SamplingSettings
from nearsight.workflows.settings import ReadingSettings, named, names_not_default


@dataclass(frozen=True, kw_only=True)
class SynthesizeSettings(Settings):
    """Settings of `synthesize`.

    Examples
    --------
    >>> from nearsight.workflows import DistortionSettings, SynthesizeSettings
    >>> small = DistortionSettings(displacement_A=0.05)
    >>> settings = SynthesizeSettings(count=100, distortion=small, supercell=(2, 2, 2))
    >>> settings.distortion.displacement_A
    0.05
    """

    reading: ReadingSettings = field(default_factory=ReadingSettings)
    supercell: Annotated[
        tuple[int, int, int] | None,
        Help("repeat the structure before it is distorted, or moves", "A B C"),
        POSITIVE,
    ] = None
    count: Annotated[int, Help("how many structures are written", "N"), Range(least=1)] = 200
    seed: Annotated[
        int, Help("of distortions, or of velocities and the thermostat", "N"), Range(least=0)
    ] = 0
    distortion: DistortionSettings = field(default_factory=DistortionSettings)
    sampling: SamplingSettings = field(default_factory=SamplingSettings)

    def __post_init__(self) -> None:
        super().__post_init__()
        temperatures_K = self.sampling.temperatures_K
        if temperatures_K and (distorted := names_not_default(self.distortion)):
            raise SettingError(
                f"at `temperatures_K` structures come from dynamics, and {named(distorted)} is of "
                f"random distortions; leave one out.",
                "sampling.temperatures_K",
            )
        if not temperatures_K and (sampled := names_not_default(self.sampling)):
            raise SettingError(
                f"{named(sampled)} is of molecular dynamics; give `temperatures_K`, too.",
                "sampling.temperatures_K",
            )
        if len(temperatures_K) > self.count:
            raise SettingError(
                f"`count` is {self.count}, less than the {len(temperatures_K)} temperatures; make "
                f"it larger.",
                "count",
            )
