"""``nearsight screen`` and ``nearsight campaign``."""

import csv
import os
import sqlite3
from collections import Counter
from pathlib import Path

import pytest
from rich.console import Console

from nearsight.campaigns import Specification, Store
from nearsight.campaigns.phase import View, Working
from nearsight.cli.main import main
from nearsight.locking import try_lock
from nearsight.models.spec import ModelSpec
from nearsight.terminal.campaign import campaign_table, said_of
from nearsight.workflows import EnergySettings

SCREEN = ["screen", ".", "--workflow", "energy", "--model", "ase:emt", "--out", "run.db"]


@pytest.fixture
def campaign(folder: Path) -> Path:
    """Return a campaign of which nothing is done."""
    asked = Specification({"energy": EnergySettings()}, (ModelSpec("ase:emt"),))
    Store.create(folder / "run.db", asked)
    return folder / "run.db"


def test_from_structures_to_page(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*SCREEN, "-q"]) == 1  # empty.cif cannot be read
    told = capsys.readouterr()
    assert "empty.cif is empty" in told.err
    assert "4 given, 3 different ones" in told.out
    assert "unreadable  1" in told.out
    assert "3 of 3" in told.out
    assert main(["campaign", "status", "run.db"]) == 0
    assert capsys.readouterr().out == told.out
    assert main(["campaign", "export", "run.db", "--csv", "run.csv"]) == 0
    with (folder / "run.csv").open(encoding="utf-8") as file:
        assert {row["structure"]: row["state"] for row in csv.DictReader(file)} == {
            "aluminium.cif": "done",
            "copper.cif": "done",
            "empty.cif": "failed",
            "nitrogen.xyz": "done",
        }
    assert main(["campaign", "report", "run.db", "--output", "run.html"]) == 0
    assert "nearsight campaign report run.db" in (folder / "run.html").read_text(encoding="utf-8")
    capsys.readouterr()
    planned = ["campaign", "plan", "copper.cif", "--measured", "run.db", "--workflow", "energy"]
    assert main([*planned, "--model", "ase:emt", "--on", "1", "2", "--worker-memory", "1"]) == 0
    assert "too large   0 for 1 GiB a worker" in capsys.readouterr().out
    assert main([*planned, "--model", "ase:lj"]) == 1
    assert "nothing that is done of energy with ase:lj" in capsys.readouterr().err


def test_resources_are_of_this_machine(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "cluster.toml").write_text("[slurm]\nworkers = 2\n", encoding="utf-8")
    for place in (["--cluster", "cluster.toml"], ["--scheduler", "tcp://nowhere:1"]):
        assert main([*SCREEN, *place, "--set", "resources.cores=8"]) == 1
        assert (
            "cores, memory and device are of processes on this machine; workers"
            in capsys.readouterr().err
        )
    assert not (folder / "run.db").exists()


def test_resuming_what_is_complete_starts_no_worker(campaign: Path) -> None:
    assert main(["campaign", "resume", str(campaign), "--workers", "2"]) == 1  # nothing was asked
    assert main(["campaign", "retry", str(campaign), "--reason", "memory"]) == 1


def test_campaign_that_another_process_works_on_is_not_changed(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main([*SCREEN, "-q"])
    with sqlite3.connect("run.db") as connection:
        connection.execute("UPDATE nearsight_jobs SET state = 'failed', reason = 'memory'")
    capsys.readouterr()
    assert main(["campaign", "status", "run.db"]) == 0
    assert "  failed      3 (memory)\n" in capsys.readouterr().out
    before = Path("run.db").read_bytes()
    (folder / "more.xyz").write_text("1\n\nN 0 0 0\n", encoding="ascii")
    descriptor = os.open("run.db.nearsight-lock", os.O_RDWR | os.O_CREAT)
    try:
        assert try_lock(descriptor)
        for command in (SCREEN, ["campaign", "retry", "run.db"]):
            capsys.readouterr()
            assert main(command) == 1
            assert "run.db is being worked on by another process" in capsys.readouterr().err
            assert Path("run.db").read_bytes() == before
    finally:
        os.close(descriptor)
    assert main(["campaign", "retry", "run.db", "-q"]) == 1  # empty.cif
    assert "3 failures are tried again" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--workflow", "heatcapacity"], "no workflow heatcapacity; did you mean `heat-capacity`"),
        (["--model", "ase:emt,ase:emt"], "a model is named twice"),
        (
            ["--scheduler", "tcp://x:1", "--workers", "2"],
            "--workers and --scheduler name different",
        ),
    ],
)
def test_mistakes_are_said(
    folder: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], said: str
) -> None:
    assert main([*SCREEN, *arguments]) == 1
    assert said in capsys.readouterr().err


def test_settings_of_a_file_are_those_of_the_campaign(
    campaign: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("energy.toml").write_text("forces = true\n", encoding="ascii")
    assert main([*SCREEN, "--config", "energy.toml"]) == 1
    told = capsys.readouterr().err
    assert "other settings of energy: forces is False there and True here" in told
    assert "another --out" in told
    assert main([*SCREEN, "--set", "forces=true"]) == 1
    assert "forces is False there and True here" in capsys.readouterr().err
    Path("energy.toml").write_text("force = true\n", encoding="ascii")
    assert main([*SCREEN, "--config", "energy.toml"]) == 1
    assert "no setting" in capsys.readouterr().err


def test_what_is_no_campaign_is_said(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["campaign", "status", "copper.cif"]) == 1
    assert "copper.cif is no campaign of Nearsight" in capsys.readouterr().err
    assert main(["campaign", "report", "run.db", "--output", "x.html", "--column", "dft"]) == 1
    assert "--reference needs --column" in capsys.readouterr().err


def test_line_of_a_log_says_rate_failures_and_time_left() -> None:
    view = View("m", 100, 40, Counter(memory=2, structure=8), 1800.0, 1800.0, (), 2)
    assert said_of(view) == (
        "50 of 100, 8 failed (structure), 2 failed (memory), 100 an hour, about 30 min left"
    )


def test_names_are_no_markup_on_a_terminal() -> None:
    name, model = "[red]a[/red][/].cif", "ase:x[/]"
    working = (Working("node[1]", 7, name, "step [2/3]", 1.0),)
    table = campaign_table(View(model, 1, 0, Counter(), 1.0, None, working, 1))
    with open(os.devnull, "w", encoding="utf-8") as nowhere:
        console = Console(file=nowhere, record=True, width=120)
        console.print(table)
    shown = console.export_text()
    for text in (name, model, "node[1]:7", "step [2/3]"):
        assert text in shown
