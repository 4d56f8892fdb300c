"""Settings as values: frozen dataclasses that scripts, files, options and processes share.

A setting is a field whose annotation says what it is and what it may be::

    fmax_eV_per_A: Annotated[float, Help("relax until no force is larger"), POSITIVE] = 0.005

This module imports nothing that takes time, since the options of the command line are made of such
classes before anything is computed.
"""

import difflib
import math
import numbers
import types
import typing
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import MISSING, dataclass, fields, is_dataclass, replace
from typing import Any, Self

from nearsight.errors import SettingError


@dataclass(frozen=True)
class Help:
    """What a setting is, in the words of ``--help`` and of documentation."""

    text: str
    metavar: str | None = None
    """What stands for the value, such as ``F``."""


@dataclass(frozen=True)
class Range:
    """Which numbers a setting may be; infinity and NaN never are."""

    above: float | None = None
    least: float | None = None

    def __str__(self) -> str:
        if self.above is not None:
            return "positive" if self.above == 0 else f"above {self.above:g}"
        return f"{self.least:g} or more"

    def holds(self, value: float) -> bool:
        """Tell whether `value` is one of them."""
        return (self.above is None or value > self.above) and (
            self.least is None or value >= self.least
        )


@dataclass(frozen=True)
class OneOf:
    """Which words a setting may be."""

    words: tuple[str, ...]


POSITIVE = Range(above=0)


@dataclass(frozen=True)
class About:
    """One setting of a class of settings, as its annotation describes it."""

    name: str
    kind: Any
    """The type without annotations, such as ``float | None``."""
    default: Any
    """`dataclasses.MISSING` where the setting has to be given."""
    help: Help | None
    range: Range | None
    choices: tuple[str, ...] | None

    @property
    def group(self) -> type["Settings"] | None:
        """The class of its settings, if it is a group of them."""
        kind = self.kind
        return kind if isinstance(kind, type) and issubclass(kind, Settings) else None


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Base of settings: every field is checked against its annotation.

    Raises
    ------
    SettingError
        A value is of another type than its annotation says, or outside of what it may be.
    """

    def __post_init__(self) -> None:
        for about in describe(type(self)):
            given = getattr(self, about.name)
            value = _checked(about, given)
            if value is not given:
                object.__setattr__(self, about.name, value)

    def to_json(self) -> dict[str, Any]:
        """Return the settings as JSON-compatible values, those in groups as objects."""
        return {field.name: _plain(getattr(self, field.name)) for field in fields(self)}

    @classmethod
    def from_mapping(cls, values: Mapping[str, Any]) -> Self:
        """Make settings of what a file says of them; what it leaves out has its default.

        Raises
        ------
        SettingError
            There is no such setting, or a value is not possible.
        """
        return cls().updated(values)

    def updated(self, values: Mapping[str, Any]) -> Self:
        """Return these settings with other values, those of a group in a mapping of their own.

        Raises
        ------
        SettingError
            There is no such setting, or a value is not possible.
        """
        return replace(self, **{name: _value_for(self, name, values[name]) for name in values})


def require_settings(known: Mapping[str, About], values: Mapping[str, Any]) -> None:
    """Check names and values one by one, whatever else they are used with.

    Parameters
    ----------
    known
        The settings that there are, by name.
    values
        What a file says of them, those of a group in a table of their own.

    Raises
    ------
    SettingError
        There is no such setting, or a value is not possible.
    """
    for name, value in values.items():
        if name not in known:
            raise _unknown(name, known)
        group = known[name].group
        if group is None:
            _checked(known[name], value)
            continue
        with _within(name):
            require_settings(named_settings(group), require_table(value, group))


def named_settings(kind: type[Settings]) -> dict[str, About]:
    """Return what the annotations of a class of settings say, by name."""
    return {about.name: about for about in describe(kind)}


def require_table(value: Any, kind: type[Settings]) -> Mapping[str, Any]:
    """Return what a file says of a group of settings, those of `kind`.

    Raises
    ------
    SettingError
        It is no table.
    """
    if not isinstance(value, Mapping):
        names = ", ".join(named_settings(kind))
        raise SettingError(f"a group of settings is a table, not {value!r}; it may have {names}.")
    return value


def _value_for(settings: Settings, name: str, value: Any) -> Any:
    known = named_settings(type(settings))
    if name not in known:
        raise _unknown(name, known)
    present = getattr(settings, name)
    if not isinstance(present, Settings) or isinstance(value, Settings):
        return value
    with _within(name):
        return present.updated(require_table(value, type(present)))


@contextmanager
def _within(group: str) -> Iterator[None]:
    """Let errors name the group in which a setting is."""
    try:
        yield
    except SettingError as error:
        whole = ".".join(filter(None, (group, error.setting)))
        raise SettingError(str(error), whole) from None


def _unknown(name: str, known: Mapping[str, About]) -> SettingError:
    """Return the error about a name that is none of `known`, with what may have been meant."""
    written = {each: each for each in known}
    for group in known.values():
        for inner in named_settings(group.group) if group.group else ():
            written.setdefault(inner, f"{group.name}.{inner}")
    if name in written:
        return SettingError(f"`{name}` is in a group of settings: `{written[name]}`.", name)
    meant = sorted(each for each in written if each.startswith(f"{name}_"))
    meant += difflib.get_close_matches(name, sorted(written), n=1)
    said = f"; did you mean `{written[meant[0]]}`?" if meant else f"{nearest(name, known)}."
    return SettingError(f"there is no setting `{name}`{said}", name)


def nearest(name: str, known: Iterable[str]) -> str:
    """Return a remark about the word of `known` that may have been meant; nothing without one."""
    [*close] = difflib.get_close_matches(name, sorted(known), n=1)
    return f"; did you mean `{close[0]}`" if close else f"; known are {', '.join(sorted(known))}"


def describe(cls: type[Any]) -> tuple[About, ...]:
    """Return what the annotations of a class of settings say, in their order."""
    if cls not in _DESCRIBED:
        _DESCRIBED[cls] = _described(cls)
    return _DESCRIBED[cls]


_DESCRIBED: dict[type[Any], tuple[About, ...]] = {}
"""Kept, since evaluating annotations takes longer than all else about settings."""


def _described(cls: type[Any]) -> tuple[About, ...]:
    hints = typing.get_type_hints(cls, include_extras=True)
    described = []
    for field in fields(cls):
        kind = hints[field.name]
        extras: list[Any] = []
        if typing.get_origin(kind) is typing.Annotated:
            kind, *extras = typing.get_args(kind)
        default = field.default
        if default is MISSING and field.default_factory is not MISSING:
            default = field.default_factory()
        words = _first(extras, OneOf) or _literals(kind)
        described.append(
            About(
                field.name,
                kind,
                default,
                _first(extras, Help),
                _first(extras, Range),
                None if words is None else words.words,
            )
        )
    return tuple(described)


def _literals(kind: Any) -> OneOf | None:
    """Return the words of a `Literal`, with or without None."""
    for each in _alternatives(kind):
        if typing.get_origin(each) is typing.Literal:
            return OneOf(typing.get_args(each))
    return None


def _first(extras: Any, kind: type) -> Any:
    return next((extra for extra in extras if isinstance(extra, kind)), None)


def _checked(about: About, value: Any) -> Any:
    """Return the value in the type of its setting: an integer as float, a list as tuple."""
    for kind in _alternatives(about.kind):
        converted = _converted(value, kind)
        if converted is MISSING:
            continue
        for number in _numbers(converted):
            if about.range is not None and not about.range.holds(number):
                raise SettingError(f"`{about.name}` is {about.range}, not {number:g}.", about.name)
        if about.choices is not None and converted is not None and converted not in about.choices:
            close = difflib.get_close_matches(str(converted), about.choices, n=1)
            meant = f"; did you mean {close[0]}?" if close else "."
            words = ", ".join(about.choices)
            raise SettingError(
                f"`{about.name}` is one of {words}, not {converted!r}{meant}", about.name
            )
        return converted
    kind = f"{about.group.__name__}(...)" if about.group else _named(about.kind)
    raise SettingError(f"`{about.name}` is {kind}, not {value!r}.", about.name)


def _alternatives(kind: Any) -> tuple[Any, ...]:
    if isinstance(kind, types.UnionType) or typing.get_origin(kind) is typing.Union:
        return typing.get_args(kind)
    return (kind,)


def _converted(value: Any, kind: Any) -> Any:
    """Return `value` as `kind`, or `MISSING` if it is none."""
    if kind is type(None):
        return None if value is None else MISSING
    if typing.get_origin(kind) is typing.Literal:
        kind = str
    if typing.get_origin(kind) is tuple:
        return _converted_tuple(value, typing.get_args(kind))
    if kind in {int, float}:
        of = numbers.Integral if kind is int else numbers.Real
        if isinstance(value, bool) or not isinstance(value, of):
            return MISSING
        try:
            return kind(value) if math.isfinite(value) else MISSING
        except OverflowError:  # a whole number beyond all others
            return value if kind is int else MISSING
    return value if isinstance(value, kind) else MISSING


def _converted_tuple(value: Any, kinds: tuple[Any, ...]) -> Any:
    if not isinstance(value, list | tuple):
        return MISSING
    if kinds[-1] is Ellipsis:
        kinds = kinds[:1] * len(value)
    if len(kinds) != len(value):
        return MISSING
    parts = tuple(_converted(part, kind) for part, kind in zip(value, kinds, strict=True))
    return MISSING if any(part is MISSING for part in parts) else parts


def _numbers(value: Any) -> Iterator[float]:
    parts = value if isinstance(value, tuple) else (value,)
    for part in parts:
        if isinstance(part, tuple):
            yield from _numbers(part)
        elif isinstance(part, int | float) and not isinstance(part, bool):
            yield part


_NAMES = {bool: "true or false", int: "a whole number", float: "a number", str: "a text"}


def _named(kind: Any) -> str:
    """Return what a type is, in words."""
    names = []
    for each in _alternatives(kind):
        if each is type(None):
            names.append("left out")
        elif typing.get_origin(each) is typing.Literal:
            names.append(_NAMES[str])
        elif typing.get_origin(each) is tuple:
            parts = typing.get_args(each)
            of = _named(parts[0]).removeprefix("a ")
            many = "a list of" if parts[-1] is Ellipsis else f"a list of {len(parts)}"
            names.append(f"{many} {of}s" if "list" not in of else f"{many} such lists")
        else:
            names.append(_NAMES.get(each, getattr(each, "__name__", str(each))))
    return " or ".join(names)


def _plain(value: Any) -> Any:
    if isinstance(value, Settings):
        return value.to_json()
    if isinstance(value, tuple):
        return [_plain(part) for part in value]
    if is_dataclass(value):
        raise TypeError(f"{type(value).__name__} is no class of settings")
    return value
