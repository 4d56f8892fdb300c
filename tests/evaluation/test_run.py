"""Models in processes of their own: what dies, hangs or is killed costs one item at most."""

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from nearsight.cli.main import main
from nearsight.evaluation import ExaminationRecord, read_records
from nearsight.evaluation.settings import ReferenceData
from nearsight.evaluation.subject import Subject
from nearsight.evaluation.task import Answer, Loaded
from nearsight.models.spec import ModelSpec
from nearsight.progress import SeveralProgress
from nearsight.resources import Resources

ONLY = ("--only", "diatomics", "--cores", "1", "-q")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder after an examination of a model that dies, one that is not there, and a third."""
    folder = tmp_path_factory.mktemp("examined")
    names = [f"ase:faulty_pairs:{name}" for name in ("Dying", "NotThere", "Hungry")]
    assert main(["examine", *names, *ONLY, "--out", str(folder)]) == 1
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
    [path] = folder.glob("records/*Dying*/diatomics.quick.*.json")
    values = json.loads(path.read_text(encoding="utf-8"))
    assert values["kind"] == "nearsight examination 1"
    assert values["machine"]["n_cores"] == os.cpu_count()
    assert values["versions"]["nearsight"]
    assert values["effort"]["n_axes"] == 6


def test_nothing_is_computed_again_but_failures_that_are_asked_for(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = {path: path.read_bytes() for path in folder.glob("records/*/*.json")}
    hungry = "ase:faulty_pairs:Hungry"
    assert main(["examine", hungry, *ONLY, "--out", str(folder)]) == 0
    assert {path: path.read_bytes() for path in folder.glob("records/*/*.json")} == before
    printed = capsys.readouterr().out
    assert "Two equal atoms, quick" in printed
    assert max(map(len, printed.splitlines()[:-1])) <= 80
    kept = sorted(folder.glob("work/*Hungry*/*/*.json"))
    times = {path: path.stat().st_mtime_ns for path in kept}
    assert main(["examine", hungry, *ONLY, "--again", "--out", str(folder)]) == 0
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
        answer = subject.examine("diatomics", "quick", tmp_path, ReferenceData())
    assert isinstance(answer, Answer)
    assert answer.failure is None
    assert answer.result["failures"]["He"]["kind"] == "hang"
    assert "8 s" in answer.result["failures"]["He"]["message"]


def test_a_kill_loses_the_item_that_was_being_computed(tmp_path: Path) -> None:
    def run(counted: Path) -> subprocess.Popen[bytes]:
        command = "import sys; from nearsight.cli.main import main; sys.exit(main(sys.argv[1:]))"
        given = ["examine", "ase:faulty_pairs:Counting", *ONLY, "--out", str(tmp_path / "out")]
        return subprocess.Popen(
            [sys.executable, "-c", f"import sys; sys.path[:] = {sys.path!r}; {command}", *given],
            env={**os.environ, "COUNTED": str(counted)},
            stdout=subprocess.DEVNULL,
        )

    def kept() -> set[str]:
        return {path.name.split(".")[1] for path in tmp_path.glob("out/work/*/*/*.json")}

    first = run(tmp_path / "first")
    while not kept():
        time.sleep(0.05)
        assert first.poll() is None
    first.send_signal(signal.SIGKILL)
    first.wait()
    before = kept()
    assert run(tmp_path / "second").wait() == 0
    counts = Counter((tmp_path / "second").read_text(encoding="utf-8").split())
    assert not {f"{element}2" for element in before} & set(counts)
    [record] = read_records(tmp_path / "out")
    assert before < set(record.result["curves"])
    assert not list(tmp_path.glob("out/work/*/*/*.json"))
