"""The page that compares models: facts, and ratios of what belongs to a machine."""

from dataclasses import replace
from pathlib import Path

import pytest

from nearsight.cli.examine import _has_failed
from nearsight.evaluation import ExaminationRecord, Figure, Measured, examination_named
from nearsight.evaluation.failure import NotApplicableError, failure_of
from nearsight.evaluation.gas.result import Gas
from nearsight.evaluation.machine import Machine
from nearsight.evaluation.phonons.result import Phonons
from nearsight.evaluation.speed.result import Speed
from nearsight.evaluation.speed.timing import Series
from nearsight.evaluation.surroundings import Surroundings
from nearsight.evaluation.wording import names_apart
from nearsight.records.codec import encoder
from nearsight.records.parts import ModelPart
from nearsight.reports.examinations import write_examination_pages
from nearsight.reports.examinations.cells import Cell, failed_cell, with_ratios
from nearsight.reports.examinations.comparing import differences, ratios
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


@pytest.mark.parametrize(
    ("error", "grade", "is_fault"),
    [(NotApplicableError("it knows no oxygen."), "unknown", False), (ValueError(), "poor", True)],
)
def test_a_model_that_is_not_made_for_an_examination_is_not_held_to_it(
    tmp_path: Path, error: Exception, grade: str, is_fault: bool
) -> None:
    failed = replace(record("a", 1.0), examination="gas", measured={}, failure=failure_of(error))
    assert failed_cell(failed.failure, "").grade == grade
    assert _has_failed(failed) == is_fault
    write_examination_pages(tmp_path, [failed])
    [page] = tmp_path.glob("a.*.html")
    assert ('class="verdict bad"' in page.read_text(encoding="utf-8")) == is_fault


def test_ratios_stand_beside_the_cells_that_have_one() -> None:
    cells = [Cell(text, "plain", "", "", "") for text in "ab"]
    assert [each.ratio for each in with_ratios(cells, [1.5, None], "first")] == ["1.5 × first", ""]


def surroundings(machine: Machine = HERE, processor: str = "one", n_threads: int = 1) -> object:
    return Surroundings(
        machine=machine, processor=processor, device="cpu", dtype="float64", n_threads=n_threads
    )


def timed(name: str, seconds: dict[int, float], where: object) -> ExaminationRecord:
    """A record of forces of helium, by the number of atoms."""
    series = Series("helium", "forces")
    speed = Speed(
        timings={
            f"helium-{n}-forces": series.measured(n, [each], 2**20) for n, each in seconds.items()
        },
        failures={},
        surroundings=where,
    )
    measured = examination_named("speed").measured(speed)
    return replace(record(name, 1.0), measured=measured, result=encoder(Speed)(speed))


@pytest.mark.parametrize(
    ("where", "is_elsewhere"),
    [
        (surroundings(), False),
        (surroundings(replace(HERE, memory_bytes=2**33)), False),
        (surroundings(replace(HERE, processor="another")), True),
        (surroundings(n_threads=2), True),
        (surroundings(processor="a GPU"), True),
    ],
)
def test_a_ratio_is_of_the_same_structures_in_the_same_surroundings(
    tmp_path: Path, where: object, is_elsewhere: bool
) -> None:
    """The second is twice as slow, and was asked about larger structures, too."""
    first = timed("a", {10: 1.0, 100: 2.0}, surroundings())
    other = timed("b", {10: 2.0, 100: 4.0, 1000: 80.0}, where)
    for each in (first, other):
        each.save(tmp_path / "records" / each.model.name / "speed.json")
    page = write_examination_pages(tmp_path)
    assert page is not None
    assert ("0.50 × a" in page.read_text(encoding="utf-8")) == (not is_elsewhere)


def test_structures_that_only_one_was_asked_about_have_no_ratio() -> None:
    examination = examination_named("speed")
    first, other = timed("a", {10: 1.0}, surroundings()), timed("b", {30: 1.0}, surroundings())
    assert ratios(examination, first, other) == {}
    assert ratios(examination, first, record("c", 1.0)) == {}


PHONONS = Phonons(has_references=False, crystals={}, failures={}, left_out={})


def of_phonons(date: str, **data: str) -> ExaminationRecord:
    result = replace(PHONONS, has_references=bool(data))
    measured = examination_named("phonons").measured(result)
    return replace(
        record("a", 1.0),
        examination="phonons",
        effort={"repeats": 3, **data},
        date=date,
        measured=measured,
        result=encoder(Phonons)(result),
    )


def test_a_page_shows_what_was_asked_for_although_a_newer_record_is_there(tmp_path: Path) -> None:
    older = of_phonons("2026-01-01", phonon_data="ab12")
    newer = of_phonons("2026-01-02")
    older.save(tmp_path / "records/a/older.json")
    newer.save(tmp_path / "records/a/newer.json")
    for asked, says_no_data in (((), True), ([older], False), ([newer], True)):
        page = write_examination_pages(tmp_path, asked)
        assert page is not None
        assert ("give `phonon_data`" in page.read_text(encoding="utf-8")) == says_no_data


def test_records_with_other_data_or_efforts_are_marked() -> None:
    first = of_phonons("2026-01-01", phonon_data="ab12")
    others = [
        first,
        None,
        of_phonons("2026-01-01"),
        of_phonons("2026-01-01", phonon_data="cd34"),
        replace(first, effort={"repeats": 4, "phonon_data": "ab12"}),
        replace(first, effort={"repeats": 4}, suite="full"),
    ]
    assert differences(examination_named("phonons"), others) == [
        "",
        "",
        "without phonon_data",
        "other phonon_data",
        "another effort",
        "",
    ]


def test_models_of_one_name_are_told_by_what_they_differ_in() -> None:
    one = record("a", 1.0).model
    assert names_apart([one, replace(one, name="b", dtype="float32")]) == ["a", "b"]
    assert names_apart([one, replace(one, dtype="float32"), one]) == [
        "a, float64",
        "a, float32",
        "a, float64",
    ]
    charged = replace(one, options={"charge": 1}, checkpoint_sha256="0123456789abcdef")
    assert names_apart([one, charged]) == ["a, no options, no weights", "a, charge=1, 0123456789"]


def test_folders_of_models_are_left_out_where_files_tell_them_apart() -> None:
    one = record("a", 1.0).model
    paths = ("mace:/a/b/x.model", "orb:./c/y.ckpt#small?d=/e", "mace:x.model", "ase:pkg.mod:Class")
    models = [replace(one, name=name) for name in paths]
    assert names_apart(models[:2]) == ["mace:x.model", "orb:y.ckpt#small?d=/e"]
    assert names_apart(models) == [paths[0], "orb:y.ckpt#small?d=/e", *paths[2:]]
    hub = replace(one, name="nequip:nequip.net:group/model")
    assert names_apart([hub]) == [hub.name]


def test_a_figure_that_cannot_be_drawn_is_told() -> None:
    def broken(_: Gas) -> list[Figure]:
        raise ValueError("zero-size array")

    examination = replace(examination_named("gas"), figures=broken)
    result = encoder(Gas)(Gas(cycles={}, failures={}))
    found, problem = _figures_of(examination, replace(record("a", 1.0), result=result))
    assert found == []
    assert "ValueError: zero-size array" in problem
