"""What is left of an examination in which items end the process of the model one after another."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from nearsight.evaluation import Failure, Work
from nearsight.evaluation.settings import ReferenceData
from nearsight.evaluation.subject import Subject
from nearsight.evaluation.task import Answer
from nearsight.evaluation.work import NOT_TRIED, forget_failures
from nearsight.models.spec import ModelSpec
from nearsight.progress import SeveralProgress
from nearsight.records.described import Says
from nearsight.resources import Resources


@dataclass(frozen=True)
class Letter:
    text: Annotated[str, Says("The letter.")]


class Death(BaseException):
    """The end of a process, which no `except Exception` sees."""


class Mortal(Subject):
    """Examines letters in this process, which counts as dead at capital ones."""

    def __init__(self, letters: str) -> None:
        super().__init__(ModelSpec("none"), Resources(cores=1), 1.0, SeveralProgress())
        self.letters = letters
        self.deadly = "".join(each for each in letters if each.isupper())
        self.asked: list[str] = []

    def load(self) -> Any:
        return None

    def _ask(self, limit_s: float, function: Callable[..., Any], *arguments: Any) -> Any:
        _, _, folder, _, given_up = arguments
        self._item = None
        work = Work(folder, begun=self._begin, given_up=given_up)
        try:
            done, failed = work.each("letters", self.letters, self._letter, Letter)
        except Death:
            return Failure("crash", "died", "")
        return Answer({}, {"done": "".join(done), "failed": dict(failed)}, None)

    def _begin(self, path: Path) -> None:
        self._item = path

    def _letter(self, text: str) -> Letter:
        self.asked.append(text)
        if text in self.deadly:
            raise Death
        return Letter(text)

    def result(self, folder: Path) -> Any:
        answer = self.examine("letters", None, folder, ReferenceData())
        assert answer.failure is None
        return answer.result


def test_deaths_between_which_something_is_finished_cost_one_item_each(tmp_path: Path) -> None:
    result = Mortal("aBcDeFgHi").result(tmp_path)
    assert result["done"] == "acegi"
    assert {failure.reason for failure in result["failed"].values()} == {"died"}


def test_what_is_finished_is_the_result_after_three_deaths_in_a_row(tmp_path: Path) -> None:
    result = Mortal("abCDEFg").result(tmp_path)
    assert result["done"] == "ab"
    reasons = {name: failure.reason for name, failure in result["failed"].items()}
    assert reasons == dict.fromkeys("CDE", "died") | dict.fromkeys("Fg", NOT_TRIED)


def test_once_more_goes_on_behind_the_items_that_ended_the_process(tmp_path: Path) -> None:
    Mortal("abCDEFg").result(tmp_path)
    forget_failures(tmp_path)
    second = Mortal("abCDEFg")
    assert second.result(tmp_path)["done"] == "abg"
    assert second.asked == ["F", "g"]
    forget_failures(tmp_path)
    third = Mortal("abCDEFg")
    third.deadly = ""  # the model was mended
    assert third.result(tmp_path)["done"] == "abCDEFg"
    assert third.asked == ["C", "D", "E", "F"]
