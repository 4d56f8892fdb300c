"""Examinations of models as text: each metric with its spread, and how good it is."""

from nearsight.evaluation.discovery import examination_named
from nearsight.evaluation.metric import Grade
from nearsight.evaluation.record import ExaminationRecord
from nearsight.evaluation.run import NotLoaded, Outcome
from nearsight.evaluation.wording import GRADE_WORDS, with_spread
from nearsight.tables.lines import print_line, start_of

_TITLE, _NUMBER, _UNIT = 30, 22, 9
_SIGNS: dict[Grade, str] = {"good": "+", "fair": "~", "poor": "x", "unknown": "?", "plain": " "}


def print_outcome(outcome: Outcome) -> None:
    """Print what an examination of a model came to, or why there is nothing."""
    if isinstance(outcome, NotLoaded):
        print(f"\n{outcome.name}")
        print_line("not loaded", f"{outcome.failure.kind}: {outcome.failure.message}")
        return
    model = outcome.model
    examination = examination_named(outcome.examination)
    print(f"\n{model.name}, {model.dtype} on {model.device}: {examination.title}, {outcome.suite}")
    if outcome.failure is not None:
        print_line(outcome.failure.kind, f"{outcome.failure.reason}: {outcome.failure.message}")
        return
    _print_metrics(outcome)


def _print_metrics(record: ExaminationRecord) -> None:
    for metric in examination_named(record.examination).metrics:
        measured = record.measured.get(metric.name)
        if measured is None:
            continue
        grade = metric.grade(measured)
        value = "-" if measured.value is None else with_spread(measured).replace("−", "-")
        print(
            f"  {start_of(metric.title, _TITLE):<{_TITLE}} {value:>{_NUMBER}} "
            f"{metric.unit:<{_UNIT}} {_SIGNS[grade]} {GRADE_WORDS[grade]}".rstrip()
        )
