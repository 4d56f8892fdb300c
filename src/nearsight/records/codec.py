"""Records as JSON values and back, by the annotations of their fields: exact, and strict."""

import math
import typing
from collections.abc import Callable, Mapping
from typing import Any

from nearsight.records.described import alternatives, fields_of, is_part, plain
from nearsight.remarks import Remark
from nearsight.settings import nearest

Convert = Callable[[Any], Any]


class FieldError(ValueError):
    """A field that is not what its record has there."""

    def __init__(self, said: str, *path: str) -> None:
        super().__init__(said, *path)
        self.said = said
        """What is wrong with it, such as ``is missing``."""
        self.path = path
        """Names and places from the record down to the field, such as ``("modes", "[3]")``."""

    def inside(self, step: str) -> "FieldError":
        """Return the error as seen from one level further up."""
        return FieldError(self.said, step, *self.path)

    def __str__(self) -> str:
        return f"the field `{self.where}` {self.said}" if self.path else f"it {self.said}"

    @property
    def where(self) -> str:
        """The field with those that it is in, such as ``modes.wavenumbers_per_cm[3]``."""
        return "".join(f".{step}" if step[:1] != "[" else step for step in self.path).lstrip(".")


_ENCODERS: dict[Any, Convert] = {}
_DECODERS: dict[Any, Convert] = {}


def encoder(kind: Any) -> Convert:
    """Return what makes JSON values of values of a type.

    Raises
    ------
    TypeError
        No record may have such a type.
    """
    if kind not in _ENCODERS:
        _ENCODERS[kind] = _made_encoder(kind)
    return _ENCODERS[kind]


def decoder(kind: Any) -> Convert:
    """Return what makes values of a type of JSON values, or raises `FieldError`.

    Raises
    ------
    TypeError
        No record may have such a type.
    """
    if kind not in _DECODERS:
        _DECODERS[kind] = _made_decoder(kind)
    return _DECODERS[kind]


def _made_encoder(kind: Any) -> Convert:
    options = [each for each in alternatives(kind) if each is not type(None)]
    if not options:
        return lambda _: None
    if len(options) > 1:
        return _encode_alternatives(options)
    convert = _encode_one(options[0])
    return lambda value: None if value is None else convert(value)


def _made_decoder(kind: Any) -> Convert:
    options = alternatives(kind)
    some = [each for each in options if each is not type(None)]
    if not some:
        return _decode_null
    if len(some) == 1:
        convert = _decode_one(some[0])
    elif all(map(is_part, some)):
        convert = _decode_closest(some)
    else:
        raise TypeError(f"what {kind} says could be either")
    if type(None) not in options:
        return convert
    return lambda value: None if value is None else convert(value)


def _encode_alternatives(options: list[Any]) -> Convert:
    by_type = {option: _encode_one(option) for option in options}
    return lambda value: None if value is None else by_type[type(value)](value)


def _encode_one(kind: Any) -> Convert:
    if is_part(kind):
        return _encode_part(kind)
    if kind in _TO_JSON:
        return _TO_JSON[kind]
    origin, parts = typing.get_origin(kind), typing.get_args(kind)
    if origin is typing.Literal:
        return _as_it_is
    if origin is tuple and parts[-1] is Ellipsis:
        return _encode_list(encoder(parts[0]))
    if origin is tuple:
        return _encode_row([encoder(part) for part in parts])
    if origin is Mapping:
        return _encode_mapping(encoder(parts[1]))
    raise TypeError(f"a record cannot have a {kind}")


def _as_it_is(value: Any) -> Any:
    return value


def _encode_plain(value: Any) -> Any:
    found = plain(value)
    _require_finite(found)
    return found


def _encode_number(value: Any) -> float:
    number = float(value)
    if not math.isfinite(number):
        raise FieldError(f"is {number}, which is no number")
    return number


_TO_JSON: Mapping[Any, Convert] = {
    Any: _encode_plain,
    float: _encode_number,
    Remark: Remark.to_json,
    int: _as_it_is,
    str: _as_it_is,
    bool: _as_it_is,
}


def _encode_part(kind: type[Any]) -> Convert:
    converts = [(field.name, encoder(field.kind)) for field in fields_of(kind)]

    def convert(value: Any) -> dict[str, Any]:
        made = {}
        for name, each in converts:
            try:
                made[name] = each(getattr(value, name))
            except FieldError as error:
                raise error.inside(name) from None
        return made

    return convert


def _encode_list(convert: Convert) -> Convert:
    return lambda values: _each(values, [convert] * len(values))


def _encode_row(converts: list[Convert]) -> Convert:
    return lambda values: _each(values, converts)


def _each(values: Any, converts: list[Convert]) -> list[Any]:
    made = []
    for place, (value, convert) in enumerate(zip(values, converts, strict=True)):
        try:
            made.append(convert(value))
        except FieldError as error:
            raise error.inside(f"[{place}]") from None
    return made


def _encode_mapping(convert: Convert) -> Convert:
    return lambda values: {name: convert(value) for name, value in values.items()}


def _decode_one(kind: Any) -> Convert:
    if is_part(kind):
        return _decode_part(kind)
    if kind in _FROM_JSON:
        return _FROM_JSON[kind]
    origin, parts = typing.get_origin(kind), typing.get_args(kind)
    if origin is typing.Literal:
        return _decode_word(parts)
    if origin is tuple and parts[-1] is Ellipsis:
        return _decode_list(decoder(parts[0]))
    if origin is tuple:
        return _decode_row([decoder(part) for part in parts])
    return _decode_mapping(decoder(parts[1]))


def _decode_plain(value: Any) -> Any:
    _require_finite(value)
    return value


def _require_finite(value: Any) -> None:
    if isinstance(value, float) and not math.isfinite(value):
        raise FieldError(f"holds {value}, which is no number")
    if isinstance(value, list | dict):
        for each in value.values() if isinstance(value, dict) else value:
            _require_finite(each)


def _wrong(value: Any, expected: str) -> FieldError:
    shown = "null" if value is None else f"{value!r:.40}"
    return FieldError(f"is {shown} in place of {expected}")


def _decode_number(value: Any) -> float:
    if type(value) not in {int, float}:
        raise _wrong(value, "a number")
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise _wrong(value, "a finite number")
    return number


def _decode_null(value: Any) -> None:
    if value is not None:
        raise _wrong(value, "null")


def _decode_whole(value: Any) -> int:
    if type(value) is not int:
        raise _wrong(value, "a whole number")
    return value


def _decode_text(value: Any) -> str:
    if not isinstance(value, str):
        raise _wrong(value, "a text")
    return value


def _decode_truth(value: Any) -> bool:
    if not isinstance(value, bool):
        raise _wrong(value, "true or false")
    return value


def _decode_word(words: tuple[Any, ...]) -> Convert:
    def convert(value: Any) -> Any:
        if value not in words or type(value) is not str:
            raise _wrong(value, " or ".join(words))
        return value

    return convert


def _decode_remark(value: Any) -> Remark:
    try:
        return Remark.from_json(value)
    except ValueError as error:
        raise FieldError(f"is wrong: {error}") from None


_FROM_JSON: Mapping[Any, Convert] = {
    Any: _decode_plain,
    Remark: _decode_remark,
    float: _decode_number,
    int: _decode_whole,
    str: _decode_text,
    bool: _decode_truth,
}


def _decode_list(convert: Convert) -> Convert:
    def read(value: Any) -> tuple[Any, ...]:
        if not isinstance(value, list):
            raise _wrong(value, "a list")
        return tuple(_each(value, [convert] * len(value)))

    return read


def _decode_row(converts: list[Convert]) -> Convert:
    def read(value: Any) -> tuple[Any, ...]:
        if not isinstance(value, list) or len(value) != len(converts):
            raise _wrong(value, f"a list of {len(converts)}")
        return tuple(_each(value, converts))

    return read


def _decode_mapping(convert: Convert) -> Convert:
    def read(value: Any) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise _wrong(value, "an object")
        made = {}
        for name, each in value.items():
            try:
                made[name] = convert(each)
            except FieldError as error:
                raise error.inside(name) from None
        return made

    return read


def _decode_part(kind: type[Any]) -> Convert:
    converts = {field.name: decoder(field.kind) for field in fields_of(kind)}

    def read(value: Any) -> Any:
        if not isinstance(value, dict):
            raise _wrong(value, "an object")
        require_fields(value, converts)
        made = {}
        for name, convert in converts.items():
            try:
                made[name] = convert(value[name])
            except FieldError as error:
                raise error.inside(name) from None
        return kind(**made)

    return read


def require_fields(value: Mapping[str, Any], known: Mapping[str, object]) -> None:
    """Check that an object has all fields that are known, and no others.

    Raises
    ------
    FieldError
        One is missing or unknown.
    """
    for name in known:
        if name not in value:
            raise FieldError("is missing", name)
    for name in value:
        if name not in known:
            raise FieldError(f"is unknown{nearest(name, known)}", name)


def _decode_closest(parts: list[type[Any]]) -> Convert:
    """Return what reads one of several parts in one place: that whose fields are there."""
    options = [({field.name for field in fields_of(part)}, decoder(part)) for part in parts]

    def read(value: Any) -> Any:
        if not isinstance(value, dict):
            raise _wrong(value, "an object")
        _, convert = min(options, key=lambda option: len(option[0] ^ value.keys()))
        return convert(value)

    return read
