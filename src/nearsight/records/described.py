"""What a field of a record is: its annotation has a sentence and, for a number, the unit."""

import dataclasses
import types
import typing
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias

RESULTS = "results"
"""The field of a record that holds the results of the run, and is not written."""

Plain: TypeAlias = Any
"""A JSON value of any kind: a setting."""

Vector: TypeAlias = tuple[float, float, float]
Matrix: TypeAlias = tuple[Vector, Vector, Vector]
Voigt: TypeAlias = tuple[float, float, float, float, float, float]
"""In the order xx, yy, zz, yz, xz, xy."""
VoigtMatrix: TypeAlias = tuple[Voigt, Voigt, Voigt, Voigt, Voigt, Voigt]


@dataclass(frozen=True)
class Says:
    """What a field is, in the words of the JSON Schema."""

    sentence: str
    unit: str | None = None
    """``"1"`` for a number without a unit; None for what is no number."""


@dataclass(frozen=True)
class Described:
    """One field of a record, as its annotation describes it."""

    name: str
    kind: Any
    """The type without annotations, such as ``float | None``."""
    says: Says


def fields_of(cls: type[Any]) -> Iterator[Described]:
    """Yield the fields of a record, or of a part of one, that are written, in their order.

    Raises
    ------
    TypeError
        One of them is not described.
    """
    for field in dataclasses.fields(cls):
        if field.name == RESULTS:
            continue
        kind, *extras = (
            typing.get_args(field.type)
            if typing.get_origin(field.type) is typing.Annotated
            else (field.type,)
        )
        says = next((each for each in extras if isinstance(each, Says)), None)
        if says is None:
            raise TypeError(f"{cls.__name__}.{field.name} is not described")
        yield Described(field.name, kind, says)


def alternatives(kind: Any) -> tuple[Any, ...]:
    """Return the types of a union, or the type itself."""
    if isinstance(kind, types.UnionType) or typing.get_origin(kind) is typing.Union:
        return typing.get_args(kind)
    return (kind,)


def is_part(kind: Any) -> bool:
    """Tell whether a type is a part of a record, with fields of its own."""
    return isinstance(kind, type) and dataclasses.is_dataclass(kind)


def plain(value: Any) -> Plain:
    """Return a setting as JSON has it: tuples as lists, mappings as dictionaries.

    Raises
    ------
    TypeError
        JSON has no such value.
    """
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, int | float):  # NumPy's float64 is a float
        return int(value) if isinstance(value, int) else float(value)
    if isinstance(value, typing.Mapping):
        return {str(name): plain(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [plain(each) for each in value]
    if hasattr(value, "tolist"):  # an array of NumPy, or a number of its own
        return plain(value.tolist())
    raise TypeError(f"{value!r:.60} ({type(value).__name__}) is no value that JSON has")
