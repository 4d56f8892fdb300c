"""What workflows of adsorption are asked for."""

from dataclasses import dataclass, field
from typing import Annotated

from nearsight.adsorption.gcmc.settings import ExchangeSettings
from nearsight.adsorption.settings import InsertionSettings
from nearsight.errors import SettingError
from nearsight.settings import Help, Range, Settings
from nearsight.workflows.settings import ReadingSettings


@dataclass(frozen=True, kw_only=True)
class WidomSettings(Settings):
    """Settings of `widom`.

    Examples
    --------
    >>> from nearsight.workflows import InsertionSettings, WidomSettings
    >>> settings = WidomSettings(insertion=InsertionSettings(gas="N2", insertions=20_000))
    >>> settings.insertion.gas
    'N2'
    """

    reading: ReadingSettings = field(default_factory=ReadingSettings)
    insertion: InsertionSettings = field(default_factory=InsertionSettings)
    snapshots: Annotated[
        int | None,
        Help(
            "the framework is a trajectory, of which so many frames are taken, evenly spread; "
            "insertions are divided among them",
            "N",
        ),
        Range(least=2),
    ] = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.snapshots is not None and self.insertion.error is not None:
            raise SettingError(
                "the error of `snapshots` is that between them, which more insertions do not "
                "reach: give `insertions` in place of `error`.",
                "insertion.error",
            )


_INSERTIONS_OF_ISOTHERM = InsertionSettings(insertions=2000)


@dataclass(frozen=True, kw_only=True)
class IsothermSettings(Settings):
    """Settings of `isotherm`.

    Examples
    --------
    >>> from nearsight.workflows import ExchangeSettings, InsertionSettings, IsothermSettings
    >>> insertion = InsertionSettings(gas="CH4", temperatures_K=(298.0,))
    >>> exchange = ExchangeSettings(pressures_bar=(1, 35))
    >>> settings = IsothermSettings(insertion=insertion, exchange=exchange)
    >>> settings.exchange.pressures_bar
    (1.0, 35.0)
    """

    reading: ReadingSettings = field(default_factory=ReadingSettings)
    insertion: InsertionSettings = field(default_factory=lambda: _INSERTIONS_OF_ISOTHERM)
    exchange: ExchangeSettings = field(default_factory=ExchangeSettings)

    def __post_init__(self) -> None:
        super().__post_init__()
        temperatures_K = self.insertion.temperatures_K
        if len(set(temperatures_K)) < len(temperatures_K):
            raise SettingError(
                "`temperatures_K` has one twice; give each once.", "insertion.temperatures_K"
            )
