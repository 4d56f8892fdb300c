"""JSON Schema (draft 2020-12) of records, from the annotations of their fields."""

import inspect
import typing
from collections.abc import Mapping
from typing import Any

from nearsight.records.described import alternatives, fields_of, is_part
from nearsight.remarks import CODE_PATTERN, CODES, Remark, Severity

DIALECT = "https://json-schema.org/draft/2020-12/schema"

_TYPES = {float: "number", int: "integer", str: "string", bool: "boolean"}

_WARNING = {
    "type": "object",
    "description": "What must be known before the numbers are used.",
    "properties": {
        "code": {
            "type": "string",
            "pattern": f"^{CODE_PATTERN}$",
            "description": "What it is about, for programs.",
            "examples": sorted(CODES),
        },
        "severity": {
            "enum": [severity.value for severity in Severity],
            "description": "How much it matters.",
        },
        "message": {"type": "string", "description": "It in words."},
    },
    "required": ["code", "severity", "message"],
    "additionalProperties": False,
}


def object_schema(
    cls: type[Any], definitions: dict[str, Any], fixed: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Return the schema of a record, or of a part of one.

    Parameters
    ----------
    cls
        The class, whose written fields are described.
    definitions
        Takes the schemas of its parts, by their names.
    fixed
        Values that every object of the class has, by name.
    """
    properties: dict[str, Any] = {name: {"const": value} for name, value in (fixed or {}).items()}
    for field in fields_of(cls):
        says: dict[str, Any] = {"description": field.says.sentence}
        if field.says.unit is not None:
            says["unit"] = field.says.unit
        properties[field.name] = {**_schema(field.kind, definitions), **says}
    return {
        "type": "object",
        "description": inspect.cleandoc(cls.__doc__ or "").partition("\n")[0],
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def _schema(kind: Any, definitions: dict[str, Any]) -> dict[str, Any]:
    options = [_one(each, definitions) for each in alternatives(kind)]
    if len(options) == 1:
        return options[0]
    if all(set(option) == {"type"} for option in options):
        return {"type": [option["type"] for option in options]}
    return {"anyOf": options}


def _one(kind: Any, definitions: dict[str, Any]) -> dict[str, Any]:
    if kind is type(None):
        return {"type": "null"}
    if kind is Any:
        return {}
    if kind in _TYPES:
        return {"type": _TYPES[kind]}
    if kind is Remark:
        definitions["Warning"] = _WARNING
        return {"$ref": "#/$defs/Warning"}
    if is_part(kind):
        if kind.__name__ not in definitions:
            definitions[kind.__name__] = {}  # known, in case it holds itself
            definitions[kind.__name__] = object_schema(kind, definitions)
        return {"$ref": f"#/$defs/{kind.__name__}"}
    return _compound(kind, definitions)


def _compound(kind: Any, definitions: dict[str, Any]) -> dict[str, Any]:
    origin, parts = typing.get_origin(kind), typing.get_args(kind)
    if origin is typing.Literal:
        return {"const": parts[0]} if len(parts) == 1 else {"enum": list(parts)}
    if origin is not tuple:
        return {"type": "object", "additionalProperties": _schema(parts[1], definitions)}
    if parts[-1] is Ellipsis:
        return {"type": "array", "items": _schema(parts[0], definitions)}
    size = {"minItems": len(parts), "maxItems": len(parts)}
    if len(set(parts)) == 1:
        return {"type": "array", "items": _schema(parts[0], definitions), **size}
    every = [_schema(part, definitions) for part in parts]
    return {"type": "array", "prefixItems": every, "items": False, **size}
