"""The page that compares models: facts, and ratios of what belongs to a machine."""

from dataclasses import replace
from pathlib import Path

import pytest

from nearsight.evaluation import ExaminationRecord, Figure, Measured, examination_named
from nearsight.evaluation.gas.result import Gas
from nearsight.evaluation.machine import Machine
from nearsight.records.codec import encoder
from nearsight.records.parts import ModelPart
from nearsight.reports.examinations import write_examination_pages
from nearsight.reports.examinations.cells import Cell, with_ratios
from nearsight.reports.examinations.facts import facts_of
from nearsight.reports.examinations.pages import _figures_of

HERE = Machine(processor="one", n_cores=2, memory_bytes=2**34, system="Linux x86_64")


def record(name: str, ns_per_day: float, machine: Machine = HERE) -> ExaminationRecord:
    return ExaminationRecord(
        kind="nearsight examination 1",
        examination="speed",
        suite="quick",
        effort={},
        model=ModelPart(
            name=name,
            checkpoint_sha256=None,
            dtype="float64",
            device="cpu",
            family="sevennet",
            options={},
        ),
        level_of_theory="PBE",
        training_data=None,
        parameters=842_440,
        neighbour_limit=None,
        capabilities={"conservative": True, "equivariant": None, "cutoff_A": 5.0},
        machine=machine,
        versions={"torch": "2.9"},
        date=f"2026-01-0{ord(name[0]) - ord('a') + 1}T00:00:00+00:00",
        seconds=1.0,
        measured={"dynamics_of_mof5": Measured(ns_per_day)},
        result=None,
        failure=None,
    )


def test_facts_are_those_of_each_model() -> None:
    known = record("a", 1.0)
    unknown = replace(
        known, parameters=None, neighbour_limit=20, level_of_theory=None, versions={"jax": "0.8"}
    )
    facts = dict(facts_of([known, unknown]))
    assert facts["conservative"] == ["yes", "yes"]
    assert facts["equivariant"] == ["not known"] * 2
    assert facts["framework"] == ["PyTorch 2.9", "JAX 0.8"]
    assert facts["parameters"] == ["842,440", "not known"]
    assert facts["neighbour limit"] == ["none stated", "20"]
    assert facts["cutoff"] == ["5 Å", "5 Å"]
    assert facts["receptive field"] == ["not known"] * 2
    assert facts["level of theory"] == ["PBE", "not known"]
    calculator = replace(known, model=replace(known.model, family="ase"))
    assert dict(facts_of([calculator]))["framework"] == ["none"]


def test_ratios_are_to_the_first_model_where_there_is_a_value() -> None:
    cells = [Cell(text, "plain", "", "", "") for text in "abc"]
    assert [each.ratio for each in with_ratios(cells, [2.0, 3.0, None], "first")] == [
        "",
        "1.5 × first",
        "",
    ]
    assert with_ratios(cells, [None, 3.0, 2.0], "first") == cells


def surrounded(one: ExaminationRecord, n_threads: int, processor: str) -> ExaminationRecord:
    where = {"n_threads": n_threads, "processor": processor, "dtype": one.model.name}
    return replace(one, result={"surroundings": where})


@pytest.mark.parametrize(
    ("other", "is_elsewhere"),
    [
        (record("b", 5.0), False),
        (surrounded(record("b", 5.0), 2, "one"), False),
        (record("b", 5.0, replace(HERE, processor="another")), True),
        (surrounded(record("b", 5.0), 1, "one"), True),
        (surrounded(record("b", 5.0), 2, "a GPU"), True),
    ],
)
def test_a_ratio_is_shown_in_the_same_surroundings_only(
    tmp_path: Path, other: ExaminationRecord, is_elsewhere: bool
) -> None:
    first = record("a", 2.0)
    for each in (surrounded(first, 2, "one") if other.result else first, other):
        each.save(tmp_path / "records" / each.model.name / "speed.json")
    page = write_examination_pages(tmp_path)
    assert page is not None
    assert ("2.5 × a" in page.read_text(encoding="utf-8")) == (not is_elsewhere)


def test_a_figure_that_cannot_be_drawn_is_told() -> None:
    def broken(_: Gas) -> list[Figure]:
        raise ValueError("zero-size array")

    examination = replace(examination_named("gas"), figures=broken)
    result = encoder(Gas)(Gas(cycles={}, failures={}))
    found, problem = _figures_of(examination, replace(record("a", 1.0), result=result))
    assert found == []
    assert "ValueError: zero-size array" in problem
