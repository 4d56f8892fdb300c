"""Models in processes of their own: what dies, hangs or is killed costs one item at most."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from nearsight.cli.main import main
from nearsight.evaluation import (
    ExaminationRecord,
    ExamineSettings,
    Failure,
    examine,
    read_records,
)
from nearsight.evaluation.diatomics.examination import Effort
from nearsight.evaluation.exactness.examination import Effort as ExactEffort
from nearsight.evaluation.machine import this_machine
from nearsight.evaluation.run import NotLoaded, Outcome, _Asked, _digest, _record
from nearsight.evaluation.settings import ReferenceData
from nearsight.evaluation.subject import Subject
from nearsight.evaluation.surroundings import Surroundings
from nearsight.evaluation.task import Answer, Loaded
from nearsight.evaluation.work import keep_failure
from nearsight.models.spec import ModelSpec
from nearsight.progress import SeveralProgress
from nearsight.reports.examinations import write_examination_pages
from nearsight.resources import Resources
from nearsight.tables.examinations import print_outcome

EMT = ModelSpec("ase:emt")
EFFORTS = {"diatomics": Effort(n_axes=2, axes_step_A=1.0, step_A=0.1, elements=("H", "He"))}


def examined(folder: Path, *names: str, again: bool = False) -> list[Outcome]:
    """Examine models of `faulty_pairs` with an effort that takes no time, and write all pages."""
    outcomes = examine(
        [ModelSpec(f"ase:faulty_pairs:{name}") for name in names],
        folder,
        ExamineSettings(only=("diatomics",), again=again),
        resources=Resources(cores=1),
        efforts=EFFORTS,
    )
    write_examination_pages(folder)
    return outcomes


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder after an examination of a model that dies, one that is not there, and a third."""
    folder = tmp_path_factory.mktemp("examined")
    dying, not_there, hungry = examined(folder, "Dying", "NotThere", "Hungry")
    assert isinstance(not_there, NotLoaded)
    assert isinstance(dying, ExaminationRecord)
    assert isinstance(hungry, ExaminationRecord)
    return folder


def by_model(folder: Path) -> dict[str, ExaminationRecord]:
    return {record.model.name.rpartition(":")[2]: record for record in read_records(folder)}


def test_a_death_and_a_lack_of_memory_are_results_of_one_item(folder: Path) -> None:
    records = by_model(folder)
    assert set(records) == {"Dying", "Hungry"}
    for name, kind, reason in (
        ("Dying", "crash", "was killed by SIGSEGV"),
        ("Hungry", "out of memory", "MemoryError"),
    ):
        record = records[name]
        assert record.failure is None
        assert set(record.result["failures"]) == {"He"}
        assert record.result["failures"]["He"]["kind"] == kind
        assert record.result["failures"]["He"]["reason"] == reason
        assert "H" in record.result["curves"]
        assert record.measured["elements_failed"].value == 1.0
        assert "He" in record.measured["elements_failed"].detail


def test_records_are_those_that_were_written(folder: Path) -> None:
    [path] = folder.glob("records/*Dying*/diatomics.own.*.json")
    values = json.loads(path.read_text(encoding="utf-8"))
    assert values["kind"] == "nearsight examination 1"
    assert values["machine"]["n_cores"] == os.cpu_count()
    assert values["versions"]["nearsight"]
    assert values["suite"] == "own"
    assert values["effort"]["n_axes"] == 2


def test_nothing_is_computed_again_but_failures_that_are_asked_for(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = {path: path.read_bytes() for path in folder.glob("records/*/*.json")}
    [outcome] = examined(folder, "Hungry")
    print_outcome(outcome)
    assert {path: path.read_bytes() for path in folder.glob("records/*/*.json")} == before
    printed = capsys.readouterr().out
    assert "Two equal atoms, own" in printed
    assert max(map(len, printed.splitlines())) <= 80
    kept = sorted(folder.glob("work/*Hungry*/*/*.json"))
    times = {path: path.stat().st_mtime_ns for path in kept}
    examined(folder, "Hungry", again=True)
    changed = [path.name for path in kept if path.stat().st_mtime_ns != times[path]]
    assert changed == ["diatomics.He.json"]


def test_pages_are_whole_and_need_nothing_else(folder: Path) -> None:
    pages = sorted(folder.glob("*.html"))
    assert [page.name.partition(".")[0] for page in pages] == [
        "ase_faulty_pairs_Dying",
        "ase_faulty_pairs_Hungry",
        "index",
    ]
    comparison, dying = (
        next(page for page in pages if name in page.name).read_text(encoding="utf-8")
        for name in ("index", "Dying")
    )
    for page in (comparison, dying):
        assert "http://" not in page.replace("http://www.w3.org", "")
        assert "<script" not in page
    for link in {part.split('"')[0] for part in comparison.split('href="')[1:]}:
        file, _, anchor = link.partition("#")
        if file.endswith(".html"):
            text = folder.joinpath(file).read_text(encoding="utf-8")
            assert not anchor or f'id="{anchor}"' in text, link
    assert "elements without a curve" in comparison
    assert "✓" in comparison
    assert "was killed by SIGSEGV" in by_model(folder)["Dying"].result["failures"]["He"]["reason"]


def test_a_model_that_hangs_loses_one_item(tmp_path: Path) -> None:
    spec = ModelSpec("ase:faulty_pairs:Hanging")
    with Subject(spec, Resources(cores=1), 8.0, SeveralProgress()) as subject:
        assert isinstance(subject.load(), Loaded)
        answer = subject.examine("diatomics", EFFORTS["diatomics"], tmp_path, ReferenceData())
    assert isinstance(answer, Answer)
    assert answer.failure is None
    assert answer.result["failures"]["He"]["kind"] == "hang"
    assert "8 s" in answer.result["failures"]["He"]["message"]


def test_a_device_that_is_broken_costs_one_item(tmp_path: Path) -> None:
    outcomes = examine(
        [ModelSpec("ase:faulty_pairs:Shorted")],
        tmp_path,
        ExamineSettings(only=("diatomics",)),
        resources=Resources(cores=1),
        efforts={"diatomics": replace(EFFORTS["diatomics"], elements=("He", "H"))},
    )
    [record] = outcomes
    assert isinstance(record, ExaminationRecord)
    assert list(record.result["curves"]) == ["H"]
    assert "illegal memory access" in record.result["failures"]["He"]["message"]


def test_a_model_that_cannot_be_loaded_again_has_no_record(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = tmp_path / "gone"
    monkeypatch.setenv("VANISHED", str(gone))
    [outcome] = examined(tmp_path, "Vanishing")
    assert isinstance(outcome, NotLoaded)
    assert "no model any more" in outcome.failure.message
    assert not read_records(tmp_path)
    more = ExamineSettings(only=("diatomics", "exactness"))
    [outcome] = examine([ModelSpec("ase:faulty_pairs:Vanishing")], tmp_path, more, efforts=EFFORTS)
    assert isinstance(outcome, NotLoaded)  # and is not loaded once more for the second one
    gone.unlink()
    [outcome] = examined(tmp_path, "Vanishing")
    assert isinstance(outcome, ExaminationRecord)
    assert outcome.result["failures"]["He"]["kind"] == "crash"
    assert "H" in outcome.result["curves"]


SCRIPT = """
import sys; sys.path[:] = {path!r}
from pathlib import Path
from test_run import MANY, ModelSpec, examine, ExamineSettings, Resources
from nearsight.terminal.interruption import interruptible
with interruptible():
    examine(
        [ModelSpec("ase:faulty_pairs:Counting")],
        Path({folder!r}),
        ExamineSettings(only=("exactness", "diatomics")),
        resources=Resources(cores=1),
        efforts=MANY,
    )
"""
MANY = {
    "exactness": ExactEffort(conformance=(), small=(), wide=(), n_loop=4, n_path=4),
    "diatomics": Effort(n_axes=1, axes_step_A=2.0, step_A=0.1, elements=None),
}
"""The first is done soon; a curve for each of ten elements leaves time to stop."""


def start(folder: Path, counted: Path) -> subprocess.Popen[bytes]:
    path = [str(Path(__file__).parent), *sys.path]
    with counted.with_suffix(".stderr").open("wb") as said:
        return subprocess.Popen(
            [sys.executable, "-c", SCRIPT.format(path=path, folder=str(folder))],
            env={**os.environ, "COUNTED": str(counted)},
            stdout=subprocess.DEVNULL,
            stderr=said,
        )


def stopped(folder: Path, counted: Path, sent: signal.Signals) -> tuple[int, set[str]]:
    """Start, send a signal within the second examination, and return status and kept elements."""

    def kept() -> set[str]:
        return {path.name.split(".")[1] for path in folder.glob("work/*/diatomics*/*.json")}

    process = start(folder, counted)
    while not kept():
        time.sleep(0.02)
        assert process.poll() is None
    process.send_signal(sent)
    return process.wait(timeout=60), kept()


def test_an_interruption_leaves_records_and_items(tmp_path: Path) -> None:
    status, kept = stopped(tmp_path / "out", tmp_path / "counted", signal.SIGINT)
    assert status != 0
    assert kept
    said = (tmp_path / "counted.stderr").read_text(encoding="utf-8")
    assert f"What was finished is kept in {tmp_path / 'out'}" in said
    [finished] = read_records(tmp_path / "out")
    assert finished.examination == "exactness"


def test_a_kill_loses_the_item_that_was_being_computed(tmp_path: Path) -> None:
    folder = tmp_path / "out"
    _, before = stopped(folder, tmp_path / "first", signal.SIGKILL)
    [finished] = read_records(folder)
    assert start(folder, tmp_path / "second").wait(timeout=300) == 0
    counts = Counter((tmp_path / "second").read_text(encoding="utf-8").split())
    assert not {f"{element}2" for element in before} & set(counts)
    records = read_records(folder)
    assert finished in records
    [diatomics] = [each for each in records if each.examination == "diatomics"]
    assert before < set(diatomics.result["curves"])
    assert not list(folder.glob("work/*/*/*.json"))


def test_failures_of_what_was_interrupted_are_tried_again(tmp_path: Path) -> None:
    """There are items of it and no record."""
    [whole] = examined(tmp_path, "Hungry")
    assert isinstance(whole, ExaminationRecord)
    [path] = tmp_path.glob("records/*/*.json")
    path.unlink()
    [failed] = tmp_path.glob("work/*/*/diatomics.He.json")
    keep_failure(failed, Failure("error", "OfAnotherTime", ""))
    [kept] = examined(tmp_path, "Hungry")
    assert kept.result["failures"]["He"]["reason"] == "OfAnotherTime"
    path.unlink()
    [again] = examined(tmp_path, "Hungry", again=True)
    assert again.result["failures"]["He"]["reason"] == "MemoryError"


def test_what_belongs_to_a_machine_is_kept_for_each() -> None:
    one = Surroundings(
        machine=this_machine(), processor="one", device="cuda", dtype="float64", n_threads=1
    )
    for other in (replace(one, processor="another GPU"), replace(one, n_threads=2)):
        assert _digest("speed", {}, {}, one) != _digest("speed", {}, {}, other)
        assert _digest("diatomics", {}, {}, one) == _digest("diatomics", {}, {}, other)
    smaller = replace(one, machine=replace(one.machine, memory_bytes=1))
    assert _digest("speed", {}, {}, one) == _digest("speed", {}, {}, smaller)


def test_other_versions_behind_a_model_make_another_record(tmp_path: Path) -> None:
    with Subject(EMT, Resources(cores=1), 60.0, SeveralProgress()) as subject:
        model = subject.load()
        assert isinstance(model, Loaded)
        assert set(model.behind) == {"nearsight", "ase"}
        settings = ExamineSettings(only=("diatomics",))
        efforts = {"old": model, "new": replace(model, behind={**model.behind, "ase": "99"})}
        asked = _Asked("own", EFFORTS["diatomics"])
        records = [
            _record(subject, each, "diatomics", asked, tmp_path, settings=settings)
            for each in (efforts["old"], efforts["new"], efforts["old"])
        ]
    assert records[0] == records[2]
    assert len(list(tmp_path.glob("records/*/*.json"))) == 2


def test_failures_are_tried_again_although_their_items_are_gone(tmp_path: Path) -> None:
    [kept] = examined(tmp_path, "Hungry")
    assert isinstance(kept, ExaminationRecord)
    shutil.rmtree(tmp_path / "work")
    [path] = tmp_path.glob("records/*/*.json")
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("not enough for He2", "of another time"), encoding="utf-8")
    [same] = examined(tmp_path, "Hungry")
    assert "of another time" in same.result["failures"]["He"]["message"]
    [again] = examined(tmp_path, "Hungry", again=True)
    assert "not enough for He2" in again.result["failures"]["He"]["message"]


def test_a_model_that_is_not_there_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = ["ase:faulty_pairs:NotThere", "--only", "diatomics", "--cores", "1", "-q"]
    assert main(["examine", *given, "--out", str(tmp_path)]) == 1
    assert "not loaded" in capsys.readouterr().out
