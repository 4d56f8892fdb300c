"""What is asked of an ideal gas."""

from dataclasses import dataclass
from typing import Annotated

from nearsight.errors import SettingError
from nearsight.settings import POSITIVE, Help, Range, Settings


@dataclass(frozen=True, kw_only=True)
class IdealGasSettings(Settings):
    """Conditions of an ideal gas, and what the modes of its molecule do not tell.

    Raises
    ------
    SettingError
        A value is not possible.

    Examples
    --------
    >>> from nearsight.vibrations import IdealGasSettings
    >>> settings = IdealGasSettings(temperatures_K=(300.0, 500.0), pressure_bar=2.0)
    >>> settings.pressure_bar
    2.0
    """

    temperatures_K: Annotated[
        tuple[float, ...],
        Help("temperatures in K, also as start:stop:step (default: 298.15)", "T"),
        POSITIVE,
    ] = (298.15,)
    pressure_bar: Annotated[
        float, Help("pressure, such as 1bar, 101325Pa, 0.1MPa or 1atm (default: 1bar)"), POSITIVE
    ] = 1.0
    symmetry_number: Annotated[
        int | None,
        Help("rotations that turn the molecule into itself (default: those of its point group)"),
        Range(least=1),
    ] = None
    spin: Annotated[
        float | None,
        Help("total electronic spin S, 0.5 for a radical (default: the model's, else 0)", "S"),
        Range(least=0),
    ] = None
    charge: Annotated[
        int | None,
        Help("charge with which electrons are counted (default: the model's, else 0)", "Q"),
    ] = None
    ignore_imaginary: Annotated[
        bool, Help("leave imaginary modes out, as of a transition state")
    ] = False

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.temperatures_K:
            raise SettingError("`temperatures_K` is empty; give one at least.", "temperatures_K")
        if self.spin is not None and (2 * self.spin) % 1:
            raise SettingError(
                f"`spin` is a multiple of one half, not {self.spin:g}; it is S, not 2S + 1.",
                "spin",
            )
