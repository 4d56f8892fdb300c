"""What a command tells while it works: lines without a terminal, bars in one, all in a file."""

import logging
import re
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from nearsight.cli.main import main
from terminal import in_terminal

Run = Callable[..., int]
QUICK = ("--no-relax", "--spectrum", "dense")
TIME = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d ")


def test_twenty_structures_have_at_most_three_lines_each(
    nearsight: Run, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    names = [f"s{number:02d}.cif" for number in range(20)]
    for number, name in enumerate(names):
        shutil.copy(("copper.cif", "aluminium.cif")[number % 2], name)
    assert nearsight("heat-capacity", *names, "--spectrum", "dense", "--json", "r.json") == 0
    told = capsys.readouterr().err.splitlines()
    assert all(TIME.match(line) for line in told)
    for number, name in enumerate(names, start=1):
        lines = [line[20:] for line in told[1:] if name in line]
        assert 1 <= len(lines) <= 3
        assert re.fullmatch(rf"{name} \({number} of 20\): finished after [\d.]+ s", lines[-1])
    of_the_run = [line for line in told if not re.search(r"s\d\d\.cif[ :]", line[20:])]
    assert any("wrote r.json" in line for line in of_the_run)
    assert any("loaded ase:emt in" in line for line in of_the_run)
    assert len(of_the_run) <= 8


@pytest.mark.parametrize(
    ("command", "written"),
    [
        ("hessian --save-structure relaxed", "aluminium.hessian.npz"),
        ("vibrations --animate 3 4", "aluminium.mode-3.xyz, aluminium.mode-4.xyz"),
    ],
)
def test_what_is_written_stands_at_the_end_of_each(
    nearsight: Run, command: str, written: str, capsys: pytest.CaptureFixture[str]
) -> None:
    name, *options = command.split()
    assert nearsight(name, "copper.cif", "aluminium.cif", *options) == 0
    told = [line[20:] for line in capsys.readouterr().err.splitlines()]
    _, *of_second = [line for line in told if line.startswith("aluminium")]
    assert len(of_second) <= 2
    assert of_second[-1].endswith(f" s; wrote {written}")


def test_lines_go_to_standard_error_and_results_to_standard_output(
    nearsight: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    assert nearsight("heat-capacity", "copper.cif", *QUICK) == 0
    told = capsys.readouterr()
    assert nearsight("heat-capacity", "copper.cif", *QUICK, "-q") == 0
    quiet = capsys.readouterr()
    assert "copper.cif: Cu4, 4 atoms" in told.err
    assert quiet.err == ""
    assert not TIME.search(told.out)
    seconds = re.compile(r"in [\d.]+ s with\s+\d+ MiB")
    assert seconds.sub("", told.out) == seconds.sub("", quiet.out)


@pytest.mark.parametrize("before", [True, False])
def test_options_are_taken_before_the_command_and_after_it(
    folder: Path, before: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["heat-capacity", "copper.cif", *QUICK, "--model", "ase:emt"]
    options = ["-q", "--log", "run.log"]
    assert main([*options, *command] if before else [*command, *options]) == 0
    assert capsys.readouterr().err == ""
    assert "copper.cif: finished" in (folder / "run.log").read_text()


def test_verbose_tells_each_step(nearsight: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert nearsight("heat-capacity", "copper.cif", "--spectrum", "dense", "-v") == 0
    steps = re.findall(r"relaxation step (\d+): fmax [\d.]+ eV/Å", capsys.readouterr().err)
    assert [int(step) for step in steps] == list(range(len(steps)))
    assert len(steps) > 2


def test_log_is_appended_and_has_failures_too(
    nearsight: Run, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for _ in range(2):
        assert nearsight("heat-capacity", "empty.cif", "copper.cif", *QUICK, "--log", "l") == 1
    lines = (folder / "l").read_text().splitlines()
    assert all(TIME.match(line) for line in lines)
    failures = [line for line in lines if "ERROR empty.cif is empty" in line]
    assert len(failures) == 2
    assert sum("ERROR 1 of 2 structures failed." in line for line in lines) == 2
    # On standard error what failed is said once, as ever.
    assert capsys.readouterr().err.count("empty.cif is empty") == 2


@pytest.mark.parametrize(
    ("log", "said"),
    [
        ("no/folder/run.log", "cannot write the log no/folder/run.log: No such file"),
        (".", "cannot write the log .: Is a directory"),
        ("copper.cif", "one of the structures"),
        ("r.json", "are the same file"),
    ],
)
def test_log_that_cannot_be_is_refused_before_work(
    nearsight: Run, folder: Path, log: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    before = (folder / "copper.cif").read_bytes()
    options = ("--json", "r.json", "--log", log)
    assert nearsight("heat-capacity", "copper.cif", *QUICK, *options) == 1
    assert said in capsys.readouterr().err
    assert (folder / "copper.cif").read_bytes() == before
    assert not (folder / "r.json").exists()


def test_log_on_a_full_disk_stops_nothing(
    nearsight: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ("--log", "/dev/full")
    assert nearsight("heat-capacity", "copper.cif", *QUICK, *options) == 0
    said = capsys.readouterr()
    assert said.err.count("cannot write the log /dev/full: No space left on device") == 1
    assert "J/(g K)" in said.out


def test_quiet_and_verbose_contradict_each_other(
    nearsight: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    assert nearsight("heat-capacity", "copper.cif", "-q", "-v") == 1
    assert "contradict each other" in capsys.readouterr().err


def test_interruption_is_in_the_log(
    nearsight: Run, folder: Path, interrupt_after: Callable[[int], None]
) -> None:
    interrupt_after(3)
    assert nearsight("heat-capacity", "copper.cif", *QUICK, "--log", "l") == 130
    assert "ERROR interrupted. Finished work is kept in .nearsight" in (folder / "l").read_text()


def test_no_name_of_a_structure_makes_lines_of_its_own(
    nearsight: Run, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    name = "red\x1b[31m\n2026-01-01 00:00:00 forged.cif"
    shutil.copy("copper.cif", name)
    assert nearsight("heat-capacity", name, *QUICK, "--log", "l") == 0
    for text in (capsys.readouterr().err, (folder / "l").read_text()):
        assert "\x1b" not in text
        assert not re.search("^2026-01-01", text, re.MULTILINE)


def test_package_is_as_it_was_after_a_command(nearsight: Run) -> None:
    logger = logging.getLogger("nearsight")
    before = (logger.level, logger.propagate, list(logger.handlers))
    nearsight("heat-capacity", "copper.cif", *QUICK)
    assert (logger.level, logger.propagate, list(logger.handlers)) == before


COMMAND = [sys.executable, "-m", "nearsight", "heat-capacity", "copper.cif", "--model", "ase:emt"]


@pytest.mark.usefixtures("folder")
def test_terminal_shows_at_once_what_runs_and_is_clean_at_the_end() -> None:
    session = in_terminal([*COMMAND, *QUICK], {})
    assert session.status == 0
    assert session.words.lstrip("\r").startswith("Nearsight ")
    assert "Hessian rows" in session.words
    assert "copper.cif: finished" in session.words
    assert not [line for line in session.left if "Hessian rows" in line or "finished" in line]
    assert "copper.cif" in session.left
    assert session.left[-1] == ""
    assert max(map(len, session.left)) <= 80


@pytest.mark.usefixtures("folder")
def test_dumb_terminal_has_lines_in_place_of_bars() -> None:
    session = in_terminal([*COMMAND, *QUICK], {"TERM": "dumb"})
    assert b"\x1b" not in session.written
    assert "finished after" in session.words


@pytest.mark.usefixtures("folder")
def test_quiet_terminal_shows_results_only() -> None:
    session = in_terminal([*COMMAND, *QUICK, "-q"], {})
    assert b"\x1b" not in session.written
    assert session.words.strip().startswith("copper.cif")
