"""The pages of a folder of examinations, made anew of all its records."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, get_args

from markupsafe import Markup

import nearsight
from nearsight.evaluation import examination_named, examination_names
from nearsight.evaluation.examination import AnyExamination, Figure
from nearsight.evaluation.record import ExaminationRecord, read_records
from nearsight.evaluation.run import key_of
from nearsight.evaluation.settings import SuiteOrOwn
from nearsight.evaluation.wording import names_apart
from nearsight.records.codec import FieldError, decoder
from nearsight.reports.examinations.cells import Cell, bounds, cell_of, failed_cell, with_ratios
from nearsight.reports.examinations.comparing import differences, ratios
from nearsight.reports.examinations.facts import facts_of
from nearsight.reports.svg import draw
from nearsight.reports.templates import asset, render
from nearsight.reports.wording import seconds, size
from nearsight.storage import write_text

COMPARISON = "index.html"


@dataclass(frozen=True)
class Examined:
    """What is known of one model in one suite: one record of each examination."""

    records: dict[str, ExaminationRecord]

    @property
    def any_record(self) -> ExaminationRecord:
        """One of its records, for what all have in common."""
        return next(iter(self.records.values()))

    @property
    def page(self) -> str:
        """The file of its page."""
        return f"{key_of(self.any_record.model)}.{self.any_record.suite}.html"

    @property
    def name(self) -> str:
        """What the model is called."""
        return self.any_record.model.name

    @property
    def described(self) -> str:
        """Precision, device and suite."""
        model = self.any_record.model
        return f"{model.dtype}, {model.device}, {self.any_record.suite}"

    def cells(self, examination: AnyExamination, page: str) -> list[Cell]:
        """Return what it has of each metric of an examination; links lead into `page`."""
        record = self.records.get(examination.name)
        metrics = examination.metrics
        if record is None:
            return [cell_of(metric, None, "") for metric in metrics]
        if record.failure is not None:
            link = f"{page}#{examination.name}"
            return [failed_cell(record.failure, link) for _ in metrics]
        shown = {figure.name for figure in _figures_of(examination, record)[0]}
        return [
            cell_of(
                metric,
                record.measured.get(metric.name),
                # What has no figure leads to its examination.
                f"{page}#{examination.name}"
                + (f"-{metric.figure}" if metric.figure in shown else ""),
            )
            for metric in metrics
        ]


def write_examination_pages(
    folder: str | os.PathLike[str], asked: Sequence[ExaminationRecord] = ()
) -> Path | None:
    """Write a page for each model and suite that a folder has records of, and one that compares.

    They open without a network, and load nothing. Of several records of one examination, such as
    with and without data of references, they show the newest.

    Parameters
    ----------
    folder
        What `nearsight.evaluation.examine` was given.
    asked
        Records that are shown in any case: those that were just asked for, although a newer one
        may be there.

    Returns
    -------
    Path or None
        The page that compares; None where there are no records.

    Raises
    ------
    StorageError
        A page cannot be written.
    """
    target = Path(folder)
    subjects = _subjects([*read_records(target), *asked])
    if not subjects:
        return None
    examinations = _examinations(subjects)
    for subject in subjects:
        write_text(target / subject.page, _model_page(subject, examinations))
    write_text(target / COMPARISON, _comparison(subjects, examinations))
    return target / COMPARISON


def _subjects(records: Sequence[ExaminationRecord]) -> list[Examined]:
    """Return models in the order of their names; of two records of one thing the latter counts."""
    found: dict[tuple[str, int], dict[str, ExaminationRecord]] = {}
    for record in records:
        key = (key_of(record.model), get_args(SuiteOrOwn).index(record.suite))
        found.setdefault(key, {})[record.examination] = record
    return [Examined(found[key]) for key in sorted(found)]


def _examinations(subjects: Sequence[Examined]) -> list[AnyExamination]:
    there = {name for subject in subjects for name in subject.records}
    return [examination_named(name) for name in examination_names() if name in there]


def _comparison(subjects: Sequence[Examined], examinations: Sequence[AnyExamination]) -> str:
    parts = [
        {
            "examination": examination,
            "notes": differences(
                examination, [subject.records.get(examination.name) for subject in subjects]
            ),
            "rows": [
                {
                    "metric": metric,
                    "bounds": bounds(metric),
                    "cells": cells,
                }
                for metric, cells in zip(
                    examination.metrics, _cells(subjects, examination), strict=True
                )
            ],
        }
        for examination in examinations
    ]
    facts = facts_of([subject.any_record for subject in subjects])
    title = f"{len(subjects)} models" if len(subjects) > 1 else subjects[0].name
    return _page(
        "examination_comparison.html.j2", title, subjects=subjects, parts=parts, facts=facts
    )


def _cells(subjects: Sequence[Examined], examination: AnyExamination) -> list[list[Cell]]:
    """Return for each metric the cells of all models."""
    columns = [subject.cells(examination, subject.page) for subject in subjects]
    rows = [list(row) for row in zip(*columns, strict=True)]
    first, *others = (subject.records.get(examination.name) for subject in subjects)
    found = [ratios(examination, first, other) for other in others]
    [name, *_] = names_apart([subject.any_record.model for subject in subjects])
    return [
        [row[0], *with_ratios(row[1:], [each.get(metric.name) for each in found], name)]
        if metric.relative
        else row
        for metric, row in zip(examination.metrics, rows, strict=True)
    ]


def _model_page(subject: Examined, examinations: Sequence[AnyExamination]) -> str:
    parts = [
        _part(subject, examination, subject.records[examination.name])
        for examination in examinations
        if examination.name in subject.records
    ]
    return _page(
        "examination_model.html.j2",
        subject.name,
        subject=subject,
        parts=parts,
        comparison=COMPARISON,
    )


def _part(
    subject: Examined, examination: AnyExamination, record: ExaminationRecord
) -> dict[str, Any]:
    figures, problem = _figures(examination, record)
    rows = zip(examination.metrics, subject.cells(examination, ""), strict=True)
    return {
        "examination": examination,
        "record": record,
        "rows": [(metric, bounds(metric), cell) for metric, cell in rows],
        "figures": figures,
        "problem": problem,
        "groups": _provenance(record),
        "has_failed": record.failure is not None,
    }


def _figures(
    examination: AnyExamination, record: ExaminationRecord
) -> tuple[list[tuple[str, Markup, str, str]], str]:
    """Return anchor, drawing, title and note of each figure, or why there are none."""
    found, problem = _figures_of(examination, record)
    return [
        (
            f"{examination.name}-{figure.name}",
            draw(figure.chart, f"{examination.name}-{figure.name}-drawing"),
            figure.chart.title,
            figure.note or figure.chart.description,
        )
        for figure in found
    ], problem


def _figures_of(
    examination: AnyExamination, record: ExaminationRecord
) -> tuple[Sequence[Figure], str]:
    """Return the figures of a record, or why there are none."""
    if record.failure is not None:
        return [], ""
    try:
        result = decoder(examination.result)(record.result)
    except FieldError as error:
        return [], f"Another version of this examination made the record: {error}."
    try:
        return examination.figures(result), ""
    except Exception as error:  # a figure that cannot be drawn must not cost all pages
        return [], f"Its figures cannot be drawn ({type(error).__name__}: {error})."


def _provenance(record: ExaminationRecord) -> list[tuple[str, list[tuple[str, str]]]]:
    model, machine = record.model, record.machine
    return [
        (
            "Model",
            [
                ("name", model.name),
                ("family", model.family),
                ("SHA-256 of its weights", model.checkpoint_sha256 or "none"),
                ("precision and device", f"{model.dtype}, {model.device}"),
                ("options", ", ".join(f"{k} {v}" for k, v in model.options.items()) or "none"),
                ("level of theory", record.level_of_theory or "not known"),
                ("training data", record.training_data or "not known"),
            ],
        ),
        (
            "Run",
            [
                ("suite", record.suite),
                *((name, _listed(value)) for name, value in record.effort.items()),
                ("finished", record.date),
                ("took", seconds(record.seconds)),
                ("processor", f"{machine.processor}, {machine.n_cores} cores"),
                ("memory", size(machine.memory_bytes)),
                ("system", machine.system),
            ],
        ),
        ("Versions", list(record.versions.items())),
    ]


def _listed(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _page(template: str, title: str, **values: Any) -> str:
    page = render(
        template,
        title=title,
        version=nearsight.__version__,
        written=datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        styles=asset("report.css") + asset("examination.css"),
        **values,
    )
    return str(page).encode("utf-8", "replace").decode("utf-8")
