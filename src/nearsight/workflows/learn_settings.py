"""Settings of `learn`."""

from dataclasses import dataclass, field

from nearsight.training.active.settings import (
    ExploringSettings,
    FirstFramesSettings,
    PickingSettings,
    RoundsSettings,
)
from nearsight.training.settings import TrainingSettings
from nearsight.workflows.settings import ReadingSettings


@dataclass(frozen=True, kw_only=True)
class LearnSettings(TrainingSettings):
    """Settings of `learn`.

    Examples
    --------
    >>> from nearsight.training import FunctionSettings
    >>> from nearsight.workflows import LearnSettings, RoundsSettings
    >>> rounds = RoundsSettings(fragment_radius_A=5.0, rounds=3)
    >>> settings = LearnSettings(functions=FunctionSettings(cutoff_A=5.0), rounds=rounds)
    >>> settings.rounds.rounds
    3
    """

    reading: ReadingSettings = field(default_factory=ReadingSettings)
    rounds: RoundsSettings = field(default_factory=RoundsSettings)
    first: FirstFramesSettings = field(default_factory=FirstFramesSettings)
    exploring: ExploringSettings = field(default_factory=ExploringSettings)
    picking: PickingSettings = field(default_factory=PickingSettings)

    @property
    def training(self) -> TrainingSettings:
        """How the first network is trained."""
        names = TrainingSettings.__dataclass_fields__
        return TrainingSettings(**{name: getattr(self, name) for name in names})
