"""What is written behind an option, as a value."""

import argparse
import contextlib
import math
import re
from decimal import Decimal, InvalidOperation
from typing import Any

_MOST_MEMORY_GIB = 2.0**34  # 64 bits
_MOST_TEMPERATURES = 100_000
_SPLIT = re.compile(r"(.*?)\s*([A-Za-z]*)", re.DOTALL)


def positive_float(text: str) -> float:
    """Return a finite number greater than zero."""
    with contextlib.suppress(ValueError):
        value = float(text)
        if 0 < value < float("inf"):
            return value
    raise argparse.ArgumentTypeError(f"{text} is not a positive number")


def gibibytes(text: str) -> int:
    """Return an amount of memory in bytes."""
    amount = positive_float(text)
    if amount > _MOST_MEMORY_GIB:
        raise argparse.ArgumentTypeError(f"{text} GiB is more than any machine can address")
    return int(amount * 2**30)


def positive_int(text: str) -> int:
    """Return a whole number greater than zero."""
    with contextlib.suppress(ValueError):
        value = int(text)
        if value >= 1:
            return value
    raise argparse.ArgumentTypeError(f"{text} is not a positive integer")


def atom_indices(text: str) -> list[int]:
    """Return indices of atoms that are separated by commas."""
    parts = text.split(",")
    if not all(part.strip().isdecimal() for part in parts):
        raise argparse.ArgumentTypeError(f"{text} is no list of atom indices such as 4,5,6")
    return [int(part) for part in parts]


def mode_index(text: str) -> int:
    """Return the number of a mode."""
    with contextlib.suppress(ValueError):
        value = int(text)
        if value >= 0:
            return value
    raise argparse.ArgumentTypeError(f"{text} is not the number of a mode, counted from 0")


def temperatures(text: str) -> list[float]:
    """Return temperatures in K: one, a list with commas, or start:stop:step with both ends."""
    values: list[float] = []
    for part in text.split(","):
        values.extend(_range(part) if ":" in part else [float(_decimal(part))])
    return values


def _range(text: str) -> list[float]:
    """Return the numbers from start to stop, which is among them where a step ends there."""
    try:
        start, stop, step = map(_decimal, text.split(":"))
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"{text} is no range of temperatures such as 0:1000:50 (start:stop:step)"
        ) from None
    if step <= 0:
        raise argparse.ArgumentTypeError(f"the step of {text} is {step}; it must be positive")
    if stop < start:
        raise argparse.ArgumentTypeError(
            f"{text} ends below its start; write {stop}:{start}:{step}"
        )
    if (stop - start) / step >= _MOST_TEMPERATURES:
        raise argparse.ArgumentTypeError(
            f"{text} is more than {_MOST_TEMPERATURES} temperatures; take a larger step"
        )
    # Decimals have no rounding that would lose the last one.
    return [float(start + step * index) for index in range(int((stop - start) // step) + 1)]


def _decimal(text: str) -> Decimal:
    with contextlib.suppress(InvalidOperation):
        value = Decimal(text.strip())
        if value.is_finite() and math.isfinite(float(value)):
            return value
    raise argparse.ArgumentTypeError(f"{text.strip() or 'nothing'} is no temperature in K")


class TemperaturesAction(argparse.Action):
    """Temperatures of all words behind an option, in their order."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: Any,
        option_string: str | None = None,  # noqa: ARG002  # argparse passes it
    ) -> None:
        """Keep all of them in one list."""
        every = [value for part in values for value in part]
        if len(every) > _MOST_TEMPERATURES:
            parser.error(
                f"argument --temperature: these are {len(every)}; take {_MOST_TEMPERATURES} at most"
            )
        setattr(namespace, self.dest, every)


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


def pressure(text: str) -> float:
    """Return a pressure in bar, such as 1bar, 101325Pa, 0.1MPa, 1atm; a bare number is in bar."""
    number, unit = _SPLIT.fullmatch(text.strip()).groups()  # type: ignore[union-attr]  # always
    if unit and unit not in _IN_BAR:  # mPa is no MPa
        raise argparse.ArgumentTypeError(
            f"{text} is no pressure; write a number and one of {', '.join(_IN_BAR)}, such as "
            f"101325Pa"
        )
    return positive_float(number) * _IN_BAR[unit or "bar"]


def symmetry_number(text: str) -> int | None:
    """Return a number of rotations; None for auto."""
    return None if text == "auto" else positive_int(text)


class MeshAction(argparse.Action):
    """Three whole numbers, or one length."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: Any,
        option_string: str | None = None,  # noqa: ARG002  # argparse passes it
    ) -> None:
        """Keep the mesh as a float or three integers."""
        if len(values) == 1:
            setattr(namespace, self.dest, values[0])
        elif len(values) == 3 and all(value.is_integer() for value in values):
            setattr(namespace, self.dest, [int(value) for value in values])
        else:
            parser.error("argument --mesh: give three whole numbers of q-points, or one length")
