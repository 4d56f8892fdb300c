import json
from collections.abc import Iterator, Mapping
from typing import Any

import jsonschema
import pytest

from nearsight.records import QUESTIONS, SCHEMA, Record
from nearsight.records.described import fields_of, is_part


def _validator(question: str) -> jsonschema.Draft202012Validator:
    return jsonschema.Draft202012Validator(QUESTIONS[question].json_schema())


def _objects(schema: Any) -> Iterator[dict[str, Any]]:
    """Yield every schema of an object with named fields inside a schema."""
    if isinstance(schema, dict):
        if "properties" in schema:
            yield schema
        for value in schema.values():
            yield from _objects(value)
    elif isinstance(schema, list):
        for value in schema:
            yield from _objects(value)


@pytest.mark.parametrize("question", QUESTIONS)
def test_schemas_are_schemas(question: str) -> None:
    schema = QUESTIONS[question].json_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert schema["properties"]["schema"] == {"const": SCHEMA}
    assert schema["properties"]["question"] == {"const": question}
    assert json.loads(json.dumps(schema)) == schema


def test_records_of_every_question_obey_their_schema(records: Mapping[str, Record]) -> None:
    assert {record.question for record in records.values()} == set(QUESTIONS)
    for record in records.values():
        values = json.loads(json.dumps(record.to_json(), allow_nan=False))
        _validator(record.question).validate(values)
        others = [name for name in QUESTIONS if name != record.question]
        assert not any(_validator(other).is_valid(values) for other in others)


def test_a_field_more_or_less_breaks_the_schema(records: Mapping[str, Record]) -> None:
    for record in records.values():
        values = record.to_json()
        validator = _validator(record.question)
        assert not validator.is_valid({**values, "colour": "blue"})
        for name in values:
            assert not validator.is_valid({k: v for k, v in values.items() if k != name}), name


@pytest.mark.parametrize("question", QUESTIONS)
def test_every_field_has_a_sentence_and_every_number_its_unit(question: str) -> None:
    for each in _objects(QUESTIONS[question].json_schema()):
        assert each["additionalProperties"] is False
        assert each["required"] == list(each["properties"])
        assert each["description"]
        for name, field in each["properties"].items():
            if "const" in field and "description" not in field:
                continue  # the numbers of schema and question
            assert field["description"].endswith("."), name
            if "number" in str(field.get("type")) or "integer" in str(field.get("type")):
                assert field["unit"], name


def test_the_unit_in_a_name_is_the_unit(records: Mapping[str, Record]) -> None:
    """Names that end with a unit say the same as the annotation."""
    written = {
        "_eV": "eV",
        "_eV_per_A": "eV/Å",
        "_eV_per_A2": "eV/Å²",
        "_GPa": "GPa",
        "_THz": "THz",
        "_per_GPa": "1/GPa",
        "_per_THz": "1/THz",
        "_per_eV": "1/eV",
        "_per_A": "1/Å",
        "_m2_per_s": "m²/s",
        "_per_cm": "1/cm",
        "_bytes": "B",
        "_eV_per_atom": "eV/atom",
        "J_per_g_K": "J/(g K)",
    }

    def parts(kind: Any) -> Iterator[Any]:
        if is_part(kind):
            yield kind
        for each in getattr(kind, "__args__", ()):
            yield from parts(each)

    seen: set[Any] = set()
    waiting: list[Any] = [type(record) for record in records.values()]
    checked = 0
    while waiting:
        cls = waiting.pop()
        if cls in seen:
            continue
        seen.add(cls)
        for field in fields_of(cls):
            waiting.extend(parts(field.kind))
            suffixes = [end for end in written if field.name.endswith(end)]
            if suffixes and field.says.unit is not None:
                assert field.says.unit == written[max(suffixes, key=len)], (cls, field.name)
                checked += 1
    assert checked > 60
