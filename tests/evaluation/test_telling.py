"""What is computed tells of each step, so that a model that is slow is not taken to hang."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest

from nearsight.evaluation import Work, examination_named
from nearsight.models.contract import Model
from nearsight.progress import Advance
from small_efforts import SMALL_EFFORTS


class Telling:
    """Sets a clock back whenever it is told something."""

    def __init__(self) -> None:
        self.asked = 0
        self.most = 0

    def ask(self, *_: object) -> None:
        self.asked += 1
        self.most = max(self.most, self.asked)

    @contextmanager
    def task(self, description: str, total: int | None, done: int = 0) -> Iterator[Advance]:
        self.hear()
        yield self.hear
        self.hear()

    def hear(self, *_: object) -> None:
        self.asked = 0


@pytest.mark.parametrize(
    ("examination", "effort"),
    [
        ("diatomics", replace(SMALL_EFFORTS["diatomics"], elements=("H",))),
        ("exactness", replace(SMALL_EFFORTS["exactness"], wide=("alkane",))),
    ],
)
def test_few_questions_are_asked_between_two_signs_of_life(
    faulty: Callable[[str], Model], examination: str, effort: Any
) -> None:
    """Of a model without derivatives, whose rows and products are several calls each."""
    model, progress = faulty("Sound"), Telling()
    evaluate = model.evaluate

    def asked(*given: object, **named: object) -> object:
        progress.ask()
        return evaluate(*given, **named)

    model.evaluate = asked
    result = examination_named(examination).compute(model, effort, Work(progress=progress))
    assert not result.failures
    assert 1 <= progress.most <= 4
