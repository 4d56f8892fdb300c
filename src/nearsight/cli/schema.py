"""``nearsight schema``: the JSON Schema of the records."""

import argparse
import json

from nearsight.errors import MethodError
from nearsight.records.questions import QUESTIONS, schema_of_all
from nearsight.settings import nearest


def run(arguments: argparse.Namespace) -> int:
    """Print the schema of the records of `arguments.question`, or of all; return the exit status.

    Raises
    ------
    MethodError
        There is no such question.
    """
    question: str | None = arguments.question
    if question is None:
        print(json.dumps(schema_of_all(), indent=2, ensure_ascii=False))
        return 0
    if question not in QUESTIONS:
        raise MethodError(f"there is no question {question!r}{nearest(question, QUESTIONS)}.")
    print(json.dumps(QUESTIONS[question].json_schema(), indent=2, ensure_ascii=False))
    return 0
