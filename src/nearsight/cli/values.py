"""What is written behind an option, as a value."""

import argparse
import contextlib
from collections.abc import Callable
from typing import Any, TypeVar

from nearsight.errors import SettingError
from nearsight.quantities import (
    MOST_PRESSURES,
    MOST_TEMPERATURES,
    pressure_in_bar,
    pressure_with_unit_in_bar,
    pressures_of,
    temperatures_of,
    time_in_fs,
)

_MOST_MEMORY_GIB = 2.0**34  # 64 bits
Value = TypeVar("Value")


def positive_float(text: str) -> float:
    """Return a finite number greater than zero."""
    with contextlib.suppress(ValueError):
        value = float(text)
        if 0 < value < float("inf"):
            return value
    raise argparse.ArgumentTypeError(f"{text} is not a positive number")


def share(text: str) -> float:
    """Return a share between 0 and 1, also in per cent."""
    number = text.strip().removesuffix("%").strip()
    with contextlib.suppress(ValueError):
        value = float(number) / (100 if text.strip().endswith("%") else 1)
        if 0 < value < 1:
            return value
    raise argparse.ArgumentTypeError(f"{text} is no share such as 5% or 0.05")


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
    return _explained(temperatures_of, text)


def pressure(text: str) -> float:
    """Return a pressure in bar, such as 1bar, 101325Pa, 0.1MPa, 1atm; a bare number is in bar."""
    return _explained(pressure_in_bar, text)


def pressure_with_unit(text: str) -> float:
    """Return a pressure in bar that is written with its unit."""
    return _explained(pressure_with_unit_in_bar, text)


def pressures(text: str) -> list[float]:
    """Return pressures in bar: one, a list with commas, a range, or those in a file."""
    return _explained(pressures_of, text)


def femtoseconds(text: str) -> float:
    """Return a time in fs that is written with its unit."""
    return _explained(time_in_fs, text)


def picoseconds(text: str) -> float:
    """Return a time in ps that is written with its unit."""
    return femtoseconds(text) / 1000


def _explained(read: Callable[[str], Value], text: str) -> Value:
    try:
        return read(text)
    except SettingError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


class ListAction(argparse.Action):
    """Values of all words behind an option, in their order."""

    most: int

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: Any,
        option_string: str | None = None,
    ) -> None:
        """Keep all of them in one list."""
        every = [value for part in values for value in part]
        if len(every) > self.most:
            parser.error(
                f"argument {option_string}: these are {len(every)}; take {self.most} at most"
            )
        setattr(namespace, self.dest, every)


class TemperaturesAction(ListAction):
    """Temperatures of all words."""

    most = MOST_TEMPERATURES


class PressuresAction(ListAction):
    """Pressures of all words."""

    most = MOST_PRESSURES


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
