import argparse
import json

import jsonschema
import pytest

from nearsight.cli import schema
from nearsight.errors import MethodError
from nearsight.records import QUESTIONS, FailureRecord


def _printed(capsys: pytest.CaptureFixture[str], question: str | None) -> dict[str, object]:
    assert schema.run(argparse.Namespace(question=question)) == 0
    printed: dict[str, object] = json.loads(capsys.readouterr().out)
    return printed


@pytest.mark.parametrize("question", QUESTIONS)
def test_the_schema_of_a_question_is_printed(
    question: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _printed(capsys, question) == QUESTIONS[question].json_schema()


def test_the_schema_of_all_knows_each(capsys: pytest.CaptureFixture[str]) -> None:
    printed = _printed(capsys, None)
    jsonschema.Draft202012Validator.check_schema(printed)
    validator = jsonschema.Draft202012Validator(printed)
    record = FailureRecord.of("no.cif", "StructureError", "it is empty.").to_json()
    assert validator.is_valid(record)
    assert not validator.is_valid({**record, "question": "energy"})
    assert not validator.is_valid({**record, "colour": "blue"})


def test_an_unknown_question_is_told_the_nearest() -> None:
    with pytest.raises(MethodError, match="did you mean `heat-capacity`"):
        schema.run(argparse.Namespace(question="heat-capacty"))
