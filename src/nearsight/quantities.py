"""Quantities as people write them: ranges of temperatures, pressures with their unit."""

import contextlib
import math
import re
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation

from nearsight.errors import SettingError

MOST_TEMPERATURES = 100_000
_SPLIT = re.compile(r"(.*?)\s*([A-Za-z]*)", re.DOTALL)
_IN_BAR = {
    "bar": 1.0,
    "mbar": 1e-3,
    "Pa": 1e-5,
    "hPa": 1e-3,
    "kPa": 1e-2,
    "MPa": 10.0,
    "GPa": 1e4,
    "atm": 1.01325,
    "Torr": 1.01325 / 760,
}


def temperatures_of(text: str) -> list[float]:
    """Return temperatures in K: one, a list with commas, or start:stop:step with both ends.

    Raises
    ------
    SettingError
        It is none of these, or more than `MOST_TEMPERATURES`.
    """
    values: list[float] = []
    for part in text.split(","):
        values.extend(_range(part) if ":" in part else [float(_decimal(part))])
    return values


def _range(text: str) -> list[float]:
    """Return the numbers from start to stop, which is among them where a step ends there."""
    try:
        start, stop, step = map(_decimal, text.split(":"))
    except ValueError:
        raise SettingError(
            f"{text} is no range of temperatures such as 0:1000:50 (start:stop:step)"
        ) from None
    if step <= 0:
        raise SettingError(f"the step of {text} is {step}; it must be positive")
    if stop < start:
        raise SettingError(f"{text} ends below its start; write {stop}:{start}:{step}")
    if (stop - start) / step >= MOST_TEMPERATURES:
        raise SettingError(
            f"{text} is more than {MOST_TEMPERATURES} temperatures; take a larger step"
        )
    # Decimals have no rounding that would lose the last one.
    return [float(start + step * index) for index in range(int((stop - start) // step) + 1)]


def _decimal(text: str) -> Decimal:
    with contextlib.suppress(InvalidOperation):
        value = Decimal(text.strip())
        if value.is_finite() and math.isfinite(float(value)):
            return value
    raise SettingError(f"{text.strip() or 'nothing'} is no temperature in K")


_IN_FS = {"fs": 1.0, "ps": 1e3, "ns": 1e6}


def time_in_fs(text: str) -> float:
    """Return a time in fs, such as 0.5fs, 10ps or 1ns; it has to have its unit.

    Raises
    ------
    SettingError
        It is none, has no unit, or is not positive.
    """
    return _with_unit(text, "a time", _IN_FS, "10ps")


def pressure_with_unit_in_bar(text: str) -> float:
    """Return a pressure in bar, such as 1bar, 0.1MPa or -1GPa; it has to have its unit.

    Raises
    ------
    SettingError
        It is none, or has no unit.
    """
    return _with_unit(text, "a pressure", _IN_BAR, "1bar", positive=False)


def _with_unit(
    text: str, what: str, units: Mapping[str, float], example: str, *, positive: bool = True
) -> float:
    number, unit = _SPLIT.fullmatch(text.strip()).groups()  # type: ignore[union-attr]  # always
    if unit not in units:
        lacks = "has no unit" if not unit else f"is no {what.partition(' ')[2]}"
        raise SettingError(
            f"{text} {lacks}; write a number and one of {', '.join(units)}, such as {example}"
        )
    with contextlib.suppress(ValueError):
        value = float(number)
        if math.isfinite(value) and (value > 0 or not positive):
            return value * units[unit]
    raise SettingError(f"{number or 'nothing'} is not a {'positive ' * positive}number")


def pressure_in_bar(text: str) -> float:
    """Return a pressure in bar, such as 1bar, 101325Pa, 0.1MPa, 1atm; a bare number is in bar.

    Raises
    ------
    SettingError
        It is none, or not positive.
    """
    number, unit = _SPLIT.fullmatch(text.strip()).groups()  # type: ignore[union-attr]  # always
    if unit and unit not in _IN_BAR:  # mPa is no MPa
        raise SettingError(
            f"{text} is no pressure; write a number and one of {', '.join(_IN_BAR)}, such as "
            f"101325Pa"
        )
    with contextlib.suppress(ValueError):
        value = float(number)
        if 0 < value < math.inf:
            return value * _IN_BAR[unit or "bar"]
    raise SettingError(f"{number} is not a positive number", "pressure_bar")
