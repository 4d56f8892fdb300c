"""Results when what is printed has nowhere to go."""

import json
import math
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from nearsight.cli.batch import Outcome
from nearsight.cli.main import main
from nearsight.records import HeatCapacityRecord

PAIR = ("heat-capacity", "copper.cif", "aluminium.cif", "--model", "ase:emt", "--no-relax")
FILES = ("--json", "r.json", "--report", "r.html", "--plot", "r.svg")
COMMAND = [sys.executable, "-m", "nearsight.cli"]


def shell(line: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run `line`, in which $@ is nearsight with its arguments."""
    return subprocess.run(
        ["bash", "-c", line, "bash", *COMMAND, *arguments],
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ('"$@" > /dev/full', "No space left on device"),
        ('"$@" >&-', "it is closed"),
        ('set -o pipefail; "$@" | head -1', "Broken pipe"),
        ('"$@" > /dev/full 2> /dev/full', None),
        ('"$@" <&- >&- 2>&-', None),
    ],
)
def test_every_structure_is_computed_and_written(
    folder: Path, line: str, reason: str | None
) -> None:
    done = shell(line, *PAIR, *FILES)
    assert done.returncode == 1
    records = json.loads((folder / "r.json").read_text())
    assert [record["structure"] for record in records] == ["copper.cif", "aluminium.cif"]
    assert all(record["heat_capacity"] for record in records)
    assert "aluminium" in (folder / "r.html").read_text()
    assert (folder / "r.svg").stat().st_size
    assert not (folder / ".nearsight").exists()
    assert "Traceback" not in done.stderr
    if reason is not None:
        assert f"not everything could be printed to standard output: {reason}." in done.stderr


@pytest.mark.parametrize("to_json", [(), ("--json", "-")])
def test_results_that_are_nowhere_are_kept_for_the_same_command(
    folder: Path, to_json: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    done = shell('"$@" > /dev/full', *PAIR, *to_json)
    assert done.returncode == 1
    assert "the same command shows them at once" in done.stderr
    assert list((folder / ".nearsight").iterdir())
    assert main([*PAIR, "--json", "r.json"]) == 0
    records = json.loads((folder / "r.json").read_text())
    needed = [record["force_constants"]["rows_needed"] for record in records]
    assert [record["force_constants"]["rows_computed"] for record in records] == [0, 0]
    assert min(needed) > 0
    assert not (folder / ".nearsight").exists()
    capsys.readouterr()


@pytest.mark.parametrize("closed", ["2>&-", "2> /dev/full"])
def test_standard_output_is_nothing_but_json_whatever_standard_error_is(
    folder: Path, closed: str
) -> None:
    done = shell(f'"$@" {closed}', "heat-capacity", "empty.cif", *PAIR[1:], "--json", "-")
    assert done.returncode == 1
    records = json.loads(done.stdout)
    assert ["error" in record for record in records] == [True, False, False]


@pytest.mark.parametrize(
    "command", [("models", "list"), ("models", "list", "--json", "-"), ("--help",), ("--version",)]
)
@pytest.mark.parametrize("line", ['"$@" > /dev/full', '"$@" >&-', '"$@" | head -c 1 > /dev/null'])
def test_no_command_has_a_traceback(line: str, command: tuple[str, ...], folder: Path) -> None:
    done = shell(f"set -o pipefail; {line}", *command)
    assert "Traceback" not in done.stderr
    assert "Exception ignored" not in done.stderr
    # What is short enough has left before its reader did.
    assert done.returncode == 1 or "head" in line


def test_a_table_that_cannot_be_made_costs_nothing_else(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    show = Outcome.__init__

    def unshowable(self: Outcome, record: dict[str, Any], *rest: Any, **named: Any) -> None:
        def broken() -> None:
            raise RuntimeWarning("a filter made an error of it")

        if record["structure"] == "copper.cif":
            rest = (broken, *rest[1:])
        show(self, record, *rest, **named)

    monkeypatch.setattr(Outcome, "__init__", unshowable)
    assert main([*PAIR, "--json", "r.json"]) == 1
    shown = capsys.readouterr()
    assert "copper.cif: the calculation is finished, but its table could not" in shown.err
    assert "1 of 2 structures failed" in shown.err
    assert "aluminium.cif" in shown.out
    assert all(r["heat_capacity"] for r in json.loads((folder / "r.json").read_text()))


def test_a_number_that_json_does_not_know_costs_its_structure_only(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    to_json = HeatCapacityRecord.to_json

    def spoilt(self: HeatCapacityRecord) -> dict[str, Any]:
        of_copper = self.structure == "copper.cif"
        return to_json(replace(self, scale_factor=math.nan) if of_copper else self)

    monkeypatch.setattr(HeatCapacityRecord, "to_json", spoilt)
    assert main([*PAIR, "--json", "r.json"]) == 1
    copper, aluminium = json.loads((folder / "r.json").read_text())
    assert copper["error"]["type"] == "ValueError"
    assert "`scale_factor` of the record is nan" in copper["error"]["message"]
    assert aluminium["heat_capacity"]
    assert "copper.cif" in capsys.readouterr().err


def test_a_name_cannot_speak_to_the_terminal(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    name = "copper\x1b]0;owned\x07\n  c_v 9.cif"
    os.rename("copper.cif", name)
    assert main(["heat-capacity", name, *PAIR[3:], "--report", "r.html", "--json", "r.json"]) == 0
    shown = capsys.readouterr()
    page = (folder / "r.html").read_text()
    for text in (shown.out, shown.err, page):
        assert "\x1b" not in text
        assert "\x07" not in text
    assert "copper\\x1b]0;owned\\x07\\n  c_v 9.cif" in shown.out
    assert json.loads((folder / "r.json").read_text())["structure"] == name
