"""A page for each question: the fields of its records."""

from collections.abc import Mapping
from typing import Any

from markdown import code, contents, plain, table

from nearsight.records.questions import QUESTIONS

HEADER = ("field", "type", "unit", "what it is")


def pages() -> Mapping[str, str]:
    """Return the pages, by name."""
    texts = {name: _page(name, kind.json_schema()) for name, kind in QUESTIONS.items()}
    texts["index"] = (
        "# Records\n\nWhat `--json` writes, and what verbs of `nearsight.workflows` return. "
        "`nearsight schema QUESTION` prints the same as a JSON Schema.\n\n" + contents(QUESTIONS)
    )
    return texts


def _page(question: str, schema: Mapping[str, Any]) -> str:
    text = f"# Record of {question}\n\n{plain(schema['description'])}\n\n{_fields(schema)}\n"
    for name, part in sorted(schema["$defs"].items()):
        text += f"## {name}\n\n{plain(part.get('description', ''))}\n\n{_fields(part)}\n"
    return text


def _fields(schema: Mapping[str, Any]) -> str:
    rows = [
        (code(name), _kind(field), field.get("unit", ""), plain(field.get("description", "")))
        for name, field in schema.get("properties", {}).items()
    ]
    return table(HEADER, rows)


def _kind(field: Mapping[str, Any]) -> str:
    """Return the type of a field in words."""
    if "$ref" in field:
        name = field["$ref"].rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    if "anyOf" in field:
        return " or ".join(map(_kind, field["anyOf"]))
    values = [field["const"]] if "const" in field else field.get("enum")
    if values:
        return ", ".join(code(str(each)) for each in values)
    kinds = field.get("type", "anything")
    if kinds == "array":
        items = field.get("items") or next(iter(field.get("prefixItems", ())), {})
        return f"array of {_kind(items)}"
    return kinds if isinstance(kinds, str) else " or ".join(kinds)
