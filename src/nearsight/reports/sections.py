"""The part of the page that is about one structure, made once and kept as text."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from markupsafe import Markup

from nearsight.records.base import CalculatedRecord
from nearsight.records.parts import LevelWord, VerdictPart
from nearsight.records.questions import FailureRecord
from nearsight.reports import wording
from nearsight.reports.templates import render

_MOST_COLUMNS = 5
"""Of heat capacities in the overview."""

MODE_BUDGET_BYTES = 2_000_000
"""How much of the page the moving modes of one structure may take."""


@dataclass(frozen=True)
class Section:
    """A finished part of the page, with what the overview says about it."""

    name: str
    anchor: str
    html: Markup
    title: str
    """What the page is called if this is all of it."""
    subject: str
    """What a page of several of its kind is about."""
    formula: str
    n_atoms: int | None
    level: LevelWord
    verdict: str
    """In a word or two."""
    heat_capacities: tuple[Mapping[str, float], ...] = ()
    """One object per temperature, as in the record; empty if none were asked for."""
    imaginary: str | None = None
    """How many modes are imaginary, or which share of those of the Brillouin zone."""
    force_range_A: float | None = None
    """Range of forces, where that was asked for."""
    model: str | None = None
    """By which model; None where there is no result."""
    failed: FailureRecord | None = None
    of_data: bool = False
    """Whether it is about labelled structures, and not about one."""

    @property
    def short_name(self) -> str:
        """The name without folders and, if there is a result, without suffixes."""
        return wording.stem(self.name) if self.failed is None else Path(self.name).name or self.name


@dataclass(frozen=True)
class Slot:
    """Where a section goes on the page, how much of it it may take, and what all of them show."""

    anchor: str
    """Unique on the page; the ids of all parts begin with it."""
    values: Mapping[str, Any]
    """What every template needs."""
    mode_budget_bytes: int
    """How much of the page moving modes may take, the lowest that fit."""
    budget_bytes: int
    """How much the structure in 3D and the record of one that was read may take together."""


def head_values(record: CalculatedRecord, anchor: str) -> dict[str, Any]:
    """Return what the head of every section shows, its warnings and its record."""
    return {
        "anchor": anchor,
        "name": wording.stem(record.structure),
        "path": record.structure,
        "formula": wording.formula(record.formula),
        "verdict": getattr(record, "verdict", None),
        "warnings": record.warnings,
        "record": record.to_json(),
    }


def overview_values(record: CalculatedRecord) -> dict[str, Any]:
    """Return the fields of a section that every record has."""
    verdict: VerdictPart | None = getattr(record, "verdict", None)
    return {
        "name": record.structure,
        "formula": record.formula,
        "n_atoms": record.n_atoms,
        "model": record.model.name,
        "level": verdict.level if verdict else "unknown",
        "verdict": verdict.short if verdict else "–",
    }


def failed_section(record: FailureRecord, number: int) -> Section:
    """Return the section of a structure that gave no result."""
    anchor = f"structure-{number}"
    name = Path(record.structure).name or record.structure
    html = render(
        "failure.html.j2",
        anchor=anchor,
        name=name,
        path=record.structure,
        error=record.error,
        is_defect=record.is_defect,
        record=record.to_json(),
    )
    return Section(
        name=record.structure,
        anchor=anchor,
        html=html,
        title=f"No result for {wording.stem(record.structure)}",
        subject="Results",
        formula="",
        n_atoms=None,
        level="bad",
        verdict="failed",
        failed=record,
    )


def _some(temperatures: list[float]) -> list[float]:
    """Return as many temperatures as a table has room for, spread over all of them."""
    if len(temperatures) <= _MOST_COLUMNS:
        return temperatures
    last = len(temperatures) - 1
    return [temperatures[round(last * n / _MOST_COLUMNS)] for n in range(1, _MOST_COLUMNS + 1)]


def summary_values(sections: Sequence[Section]) -> dict[str, Any]:
    """Return what the head of the page says about all `sections`."""
    calculated = [section for section in sections if section.failed is None]
    temperatures = _some(
        sorted({row["temperature_K"] for section in calculated for row in section.heat_capacities})
    )
    has_modes = any(section.imaginary is not None for section in calculated)
    has_models = any(section.model is not None for section in sections)
    has_ranges = any(section.force_range_A is not None for section in calculated)
    return {
        "has_modes": has_modes,
        "has_ranges": has_ranges,
        "has_models": has_models,
        "n_columns": 2 + has_models + len(temperatures) + has_modes + has_ranges,
        "calculated": calculated,
        "failed": [section for section in sections if section.failed is not None],
        "temperatures": temperatures,
        "by_temperature": {
            section.anchor: {row["temperature_K"]: row for row in section.heat_capacities}
            for section in calculated
        },
    }
