"""JSON Lines: each structure is on disk when it is finished."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from nearsight import records
from nearsight.cli.main import main
from nearsight.errors import StorageError
from nearsight.records.json_lines import JsonLines

Run = Callable[..., int]
PAIR = ("copper.cif", "aluminium.cif")
QUICK = ("--no-relax", "--spectrum", "dense")


def lines_of(path: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in Path(path).read_text().splitlines()]


@pytest.mark.parametrize(
    "command", ["heat-capacity --spectrum dense", "vibrations", "hessian", "elastic"]
)
def test_lines_are_the_records_of_the_json(nearsight: Run, command: str) -> None:
    options = ("--no-relax", "--json", "r.json", "--jsonl", "r.jsonl")
    nearsight(*command.split(), *PAIR, "empty.cif", *options)
    assert lines_of("r.jsonl") == json.loads(Path("r.json").read_text())
    assert [record.structure for record in records.read("r.jsonl")] == [*PAIR, "empty.cif"]


def test_one_structure_is_one_line(nearsight: Run) -> None:
    assert nearsight("heat-capacity", "copper.cif", *QUICK, "--jsonl", "r.jsonl") == 0
    assert [record["structure"] for record in lines_of("r.jsonl")] == ["copper.cif"]


def test_file_that_has_records_is_kept_unless_it_is_appended_to(
    nearsight: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    assert nearsight("heat-capacity", "copper.cif", *QUICK, "--jsonl", "r.jsonl") == 0
    before = Path("r.jsonl").read_bytes()
    assert nearsight("heat-capacity", "aluminium.cif", *QUICK, "--jsonl", "r.jsonl") == 1
    said = capsys.readouterr().err
    assert "has records already: --append goes on with them" in said
    assert "loading" not in said.splitlines()[-2]
    assert Path("r.jsonl").read_bytes() == before
    more = ("--jsonl", "r.jsonl", "--append")
    assert nearsight("heat-capacity", "aluminium.cif", *QUICK, *more) == 0
    assert Path("r.jsonl").read_bytes().startswith(before)
    assert [record["structure"] for record in lines_of("r.jsonl")] == list(PAIR)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ("--append", "name that too"),
        ("--jsonl nowhere/r.jsonl", "the folder"),
        ("--jsonl copper.cif --append", "would take its place"),
        ("--jsonl r --json r", "are the same file"),
    ],
)
def test_what_cannot_be_is_refused(
    nearsight: Run, options: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    before = Path("copper.cif").read_bytes()
    assert nearsight("heat-capacity", "copper.cif", *QUICK, *options.split()) == 1
    assert said in capsys.readouterr().err
    assert Path("copper.cif").read_bytes() == before


def test_plan_makes_no_records(nearsight: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert nearsight("hessian", "copper.cif", "--plan", "--jsonl", "r.jsonl") == 1
    assert "--plan makes no records" in capsys.readouterr().err
    assert not Path("r.jsonl").exists()


def test_interrupted_run_has_what_was_finished(
    nearsight: Run, interrupt_after: Callable[[int], None]
) -> None:
    interrupt_after(30)
    options = ("--json", "r.json", "--jsonl", "r.jsonl")
    assert nearsight("heat-capacity", *PAIR, *QUICK, *options) == 130
    assert [record["structure"] for record in lines_of("r.jsonl")] == ["copper.cif"]
    assert json.loads(Path("r.json").read_text()) == lines_of("r.jsonl")


KILLED_AT_SECOND = """
import os, signal, sys
from nearsight.models import AseModel
evaluate = AseModel.evaluate

def killing(self, structures, **asked):
    if "Al" in structures[0].symbols:
        os.kill(os.getpid(), signal.SIGKILL)
    return evaluate(self, structures, **asked)

AseModel.evaluate = killing
from nearsight.cli.entry import enter
enter()
"""


@pytest.mark.usefixtures("folder")
def test_killed_run_has_what_was_finished() -> None:
    command = [sys.executable, "-c", KILLED_AT_SECOND, "heat-capacity", *PAIR, *QUICK]
    options = ["--model", "ase:emt", "--jsonl", "r.jsonl", "--json", "r.json"]
    done = subprocess.run([*command, *options], check=False, capture_output=True)
    assert done.returncode == -signal.SIGKILL
    assert [record.structure for record in records.read("r.jsonl")] == ["copper.cif"]
    assert not Path("r.json").exists()
    again = ["heat-capacity", "aluminium.cif", *QUICK, *options[:4], "--append"]
    assert main(again) == 0
    assert [record.structure for record in records.read("r.jsonl")] == list(PAIR)


def test_full_disk_costs_no_calculation(
    nearsight: Run, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    add = JsonLines.add_json

    def full_at_first(self: JsonLines, values: Any) -> None:
        if values["structure"] == "copper.cif":
            raise StorageError("cannot write r.jsonl: No space left on device.")
        add(self, values)

    monkeypatch.setattr(JsonLines, "add_json", full_at_first)
    options = ("--json", "r.json", "--jsonl", "r.jsonl")
    assert nearsight("heat-capacity", *PAIR, *QUICK, *options) == 1
    said = capsys.readouterr().err
    assert "No space left on device. The run goes on." in said
    assert "r.jsonl lacks the records of copper.cif. What was computed of them is kept" in said
    assert [record["structure"] for record in lines_of("r.jsonl")] == ["aluminium.cif"]
    assert len(json.loads(Path("r.json").read_text())) == 2
    assert os.listdir(".nearsight")


def test_results_in_lines_are_somewhere(nearsight: Run, folder: Path) -> None:
    command = [sys.executable, "-m", "nearsight", "heat-capacity", "copper.cif", *QUICK]
    options = ["--model", "ase:emt", "--jsonl", "r.jsonl"]
    with open("/dev/full", "w") as full:
        done = subprocess.run([*command, *options], check=False, stdout=full)
    assert done.returncode == 1
    assert len(lines_of("r.jsonl")) == 1
    assert not (folder / ".nearsight").exists()
