"""What is written behind an option, as a value."""

import argparse
import contextlib
from typing import Any

_MOST_MEMORY_GIB = 2.0**34  # 64 bits


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
