"""Quantities as people write them: ranges of temperatures, pressures with their unit."""

import contextlib
import math
import re
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from pathlib import Path

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


MOST_PRESSURES = 1000
_SPACED = re.compile(r"(lin|log)(\d{1,6})")


def pressures_of(text: str) -> list[float]:
    """Return pressures in bar: one, a list, a range, or those in a file.

    Ranges are start:stop:log10 for ten pressures that are even in their logarithm, with both ends,
    and start:stop:lin10. A number without a unit has that of the next one which has one; where none
    follows, it is in bar. A file has one pressure, or a list, a line; what follows a # is left out.

    Raises
    ------
    SettingError
        It is none of these, one is not positive, or there are more than `MOST_PRESSURES`.
    """
    file = Path(text)
    if not file.is_file():
        if file.suffix in {".txt", ".csv", ".dat"}:
            raise SettingError(f"there is no file {text}, and it is no pressure")
        return _pressures(text)
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingError(f"the pressures in {text} cannot be read: {error}") from None
    values = []
    for number, line in enumerate(lines, start=1):
        if stated := line.partition("#")[0].strip():
            try:
                values += _pressures(stated)
            except SettingError as error:
                raise SettingError(f"line {number} of {text}: {error}") from None
    if not values:
        raise SettingError(f"there is no pressure in {text}; write one a line, such as 0.1bar")
    return values


def _pressures(text: str) -> list[float]:
    if ":" in text:
        return _pressure_range(text)
    return _in_units(text.split(","))


def _in_units(texts: list[str]) -> list[float]:
    """Return pressures in bar, those without a unit in that of the next one."""
    unit, values = "", []
    for text in reversed(texts):
        _, own = _SPLIT.fullmatch(text.strip()).groups()  # type: ignore[union-attr]  # always
        unit = own or unit
        values.append(pressure_in_bar(text.strip() if own else f"{text.strip()}{unit}"))
    return values[::-1]


def _pressure_range(text: str) -> list[float]:
    parts = text.split(":")
    spaced = _SPACED.fullmatch(parts[2].strip()) if len(parts) == 3 else None
    if spaced is None:
        raise SettingError(
            f"{text} is no range of pressures such as 0.01:1bar:log10 (start:stop:log10 or "
            f"start:stop:lin10, for ten of them)"
        )
    start, stop = _in_units(parts[:2])
    n_points = int(spaced[2])
    if not 2 <= n_points <= MOST_PRESSURES:
        raise SettingError(f"{text} is {n_points} pressures; take 2 to {MOST_PRESSURES}")
    if not start < stop:
        raise SettingError(f"{text} does not end above its start")
    shares = [index / (n_points - 1) for index in range(n_points)]
    if spaced[1] == "log":
        values = [start * (stop / start) ** share for share in shares]
    else:
        values = [start + (stop - start) * share for share in shares]
    return [*values[:-1], stop]  # to the digit
