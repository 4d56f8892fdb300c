"""What of several records may be compared: ratios of numbers of one machine, and other data."""

from collections.abc import Mapping, Sequence
from typing import Any

from nearsight.evaluation.examination import AnyExamination
from nearsight.evaluation.record import ExaminationRecord
from nearsight.evaluation.surroundings import Surroundings
from nearsight.records.codec import FieldError, decoder


def ratios(
    examination: AnyExamination, first: ExaminationRecord | None, other: ExaminationRecord | None
) -> dict[str, float]:
    """Return by metric the ratio of a number to that of the first model, where it says something.

    That is on the same machine, and of what both were measured for.
    """
    if first is None or other is None or examination.common is None:
        return {}
    if _where(first) is None or _where(first) != _where(other):
        return {}
    try:
        results = [decoder(examination.result)(each.result) for each in (first, other)]
    except FieldError:  # by another version of the examination
        return {}
    one, two = map(examination.measured, examination.common(*results))
    values = {
        metric.name: (one[metric.name].value, two[metric.name].value)
        for metric in examination.metrics
        if metric.relative
    }
    return {name: above / below for name, (below, above) in values.items() if below and above}


def _where(record: ExaminationRecord) -> tuple[object, ...] | None:
    """Return what a time belongs to beside the model, its precision aside; None if not known."""
    result: Any = record.result if isinstance(record.result, dict) else {}
    try:
        surroundings = decoder(Surroundings)(result.get("surroundings"))
    except FieldError:
        return None
    return surroundings.deciding, record.model.device, record.suite


def differences(
    examination: AnyExamination, records: Sequence[ExaminationRecord | None]
) -> list[str]:
    """Return what is to be said of records with other data or efforts; empty for all others.

    They are compared with the first record of the same suite.
    """
    first: dict[str, Mapping[str, Any]] = {}
    said = []
    for record in records:
        if record is None:
            said.append("")
            continue
        own, expected = record.effort, first.setdefault(record.suite, record.effort)
        changed = [n for n in {**own, **expected} if own.get(n) != expected.get(n)]
        notes = [
            f"{'without' if name not in own else 'other' if name in expected else 'with'} {name}"
            for name in changed
            if name in examination.data
        ]
        is_other = any(name not in examination.data for name in changed)
        said.append(", ".join([*notes, *(["another effort"] if is_other else [])]))
    return said
