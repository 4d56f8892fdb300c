"""Unfinished work that is shared, damaged, or of another model of the same name."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from ase import Atoms

from json_warnings import messages
from nearsight.cli.main import main
from nearsight.models.registry import load_model
from nearsight.workflows.unfinished import Unfinished, keep_unfinished

CALCULATOR = '''
"""EMT that reads a factor from a file, counts its calls, and does what it is told to at one."""

import os
import signal
import time
from pathlib import Path

from ase.calculators.calculator import Calculator, all_changes
from ase.calculators.emt import EMT


class FromFile(Calculator):
    implemented_properties = ("energy", "free_energy", "forces", "stress")
    n_calls = 0

    def calculate(self, atoms=None, properties=("energy",), system_changes=tuple(all_changes)):
        super().calculate(atoms, properties, system_changes)
        fresh = EMT()
        fresh.calculate(self.atoms, list(properties), all_changes)
        factor = float(Path("factor").read_text())
        self.results = {name: factor * value for name, value in fresh.results.items()}
        FromFile.n_calls += 1
        if FromFile.n_calls == int(os.environ.get("AT_CALL", 0)):
            what = os.environ["DO"]
            if what == "wait":
                Path("waiting").touch()
                while Path("waiting").exists():
                    time.sleep(0.01)
            else:
                os.kill(os.getpid(), getattr(signal, what))
'''

MODEL = ("--model", "ase:from_file:FromFile")
ROWS = ("heat-capacity", "copper.cif", "--no-relax", "--spectrum", "dense", "--no-symmetry")
JSON = ("--json", "r.json")

Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def modules(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the calculator, and the factor that it reads beside the structures."""
    modules = tmp_path_factory.mktemp("modules")
    (modules / "from_file.py").write_text(CALCULATOR)
    (folder / "factor").write_text("1.0")
    return modules


@pytest.fixture
def start(modules: Path, signals_are_heard: None) -> Iterator[Start]:
    """Return a function that starts a command, which at some call of the model does something."""
    started = []

    def run(*arguments: str, at_call: int = 0, do: str = "") -> "subprocess.Popen[str]":
        process = subprocess.Popen(
            [sys.executable, "-m", "nearsight.cli", *arguments, *MODEL, "-q"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": str(modules), "AT_CALL": str(at_call), "DO": do},
        )
        started.append(process)
        return process

    yield run
    for process in started:
        process.kill()
        process.communicate()


@pytest.fixture
def run(
    modules: Path, signals_are_heard: None, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., int]:
    """Return a function that does the same in this process, and returns the exit status.

    That needs no Python to start; what a signal leaves is the same, as long as it is no SIGKILL.
    """
    monkeypatch.syspath_prepend(str(modules))

    def run(*arguments: str, at_call: int = 0, do: str = "") -> int:
        monkeypatch.delitem(sys.modules, "from_file", raising=False)  # it counts anew
        monkeypatch.setenv("AT_CALL", str(at_call))
        monkeypatch.setenv("DO", do)
        return main([*arguments, *MODEL, "-q"])

    return run


def wait_for(condition: Callable[[], bool]) -> None:
    began = time.monotonic()
    while not condition():
        assert time.monotonic() - began < 60
        time.sleep(0.01)


def result(path: str = "r.json") -> dict[str, Any]:
    record = json.loads(Path(path).read_text())
    return {name: record[name] for name in ("heat_capacity", "modes", "hessian")}


@pytest.mark.parametrize(
    ("name", "status"), [("SIGINT", 130), ("SIGTERM", 143), ("SIGHUP", 129), ("SIGKILL", -9)]
)
def test_signals_end_a_command_alike_and_work_goes_on(
    folder: Path, start: Start, run: Callable[..., int], name: str, status: int
) -> None:
    # 24 force calls make 12 rows, and one comes before them.
    process = start(*ROWS, *JSON, at_call=14, do=name)
    _, said = process.communicate()
    assert process.returncode == status
    (rows,) = Path(".nearsight").glob("copper-*.rows")
    if name != "SIGKILL":
        how = "interrupted" if name == "SIGINT" else f"ended by {name}"
        assert said.strip() == (
            f"nearsight: {how}. Finished work is kept in .nearsight: {rows.name} (6 rows); the "
            f"same calculation goes on from there."
        )
    assert run(*ROWS, *JSON) == 0
    found = result()
    assert found["hessian"]["rows_computed"] == 6
    assert not Path(".nearsight").exists()
    assert run(*ROWS, "--json", "whole.json") == 0
    expected = result("whole.json")
    assert found["modes"] == expected["modes"]
    assert found["heat_capacity"] == expected["heat_capacity"]


def test_a_signal_that_is_ignored_stays_ignored(folder: Path, start: Start) -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)  # as nohup does; it is inherited
    try:
        process = start(*ROWS, *JSON, at_call=14, do="SIGHUP")
    finally:
        signal.signal(signal.SIGHUP, before)
    assert process.wait() == 0
    assert result()["hessian"]["rows_computed"] == 12


def test_interruption_of_what_keeps_nothing_says_so(
    folder: Path, run: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(*ROWS, at_call=1, do="SIGTERM") == 143
    said = capsys.readouterr().err
    assert said.strip() == "nearsight: ended by SIGTERM; there was nothing to keep."
    assert not Path(".nearsight").exists()


def test_signal_at_the_end_does_not_change_the_status(folder: Path, start: Start) -> None:
    # Python gives signals back their own effect before the process has ended.
    process = start(*ROWS)
    assert process.stdout is not None
    line = process.stdout.readline()
    assert line
    for _ in range(40):
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
        time.sleep(0.005)
    process.communicate()
    assert process.returncode in {0, 130}


@pytest.mark.parametrize("command", [ROWS, ("heat-capacity", "copper.cif", "--spectrum", "dense")])
@pytest.mark.parametrize("factor", ["1.0005", "1.000001"])
def test_parameters_that_were_changed_halfway_are_found_out(
    folder: Path,
    run: Callable[..., int],
    capsys: pytest.CaptureFixture[str],
    command: tuple[str, ...],
    factor: str,
) -> None:
    calls = 14 if command == ROWS else 8
    assert run(*command, *JSON, at_call=calls, do="SIGTERM") == 143
    kept = {path.name: path.read_bytes() for path in Path(".nearsight").iterdir()}
    Path("factor").write_text(factor)
    capsys.readouterr()
    assert run(*command, *JSON) == 1
    said = " ".join(capsys.readouterr().err.split())
    assert "belongs to another model than this ase:from_file:FromFile, although both have" in said
    assert "delete" in said
    assert {path.name: path.read_bytes() for path in Path(".nearsight").iterdir()} == kept
    Path("factor").write_text("1.0")
    assert run(*command, *JSON) == 0


def test_second_run_waits_for_the_first_and_uses_what_it_did(folder: Path, start: Start) -> None:
    first = start(*ROWS, *JSON, at_call=14, do="wait")
    wait_for(Path("waiting").exists)
    second = start(*ROWS, "--json", "second.json")
    assert second.stderr is not None
    said = second.stderr.readline()
    assert f"is being worked on by process {first.pid} on " in said
    assert "(nearsight heat-capacity copper.cif" in said
    Path("waiting").unlink()
    assert first.wait() == 0
    _, more = second.communicate()
    assert (second.returncode, more) == (0, "")
    assert result("second.json")["modes"] == result()["modes"]
    assert result("second.json")["hessian"]["rows_computed"] in {0, 12}
    assert not Path(".nearsight").exists()


def test_second_run_goes_on_where_the_first_was_killed(folder: Path, start: Start) -> None:
    first = start(*ROWS, *JSON, at_call=14, do="wait")
    wait_for(Path("waiting").exists)
    second = start(*ROWS, *JSON)
    assert second.stderr is not None
    assert "is being worked on" in second.stderr.readline()
    first.kill()
    Path("waiting").unlink()
    _, more = second.communicate()
    assert (second.returncode, more) == (0, "")
    assert result()["hessian"]["rows_computed"] == 6
    assert not Path(".nearsight").exists()


def test_whoever_waits_may_leave(folder: Path, start: Start) -> None:
    first = start(*ROWS, *JSON, at_call=14, do="wait")
    wait_for(Path("waiting").exists)
    second = start(*ROWS, "--json", "second.json")
    assert second.stderr is not None
    assert "is being worked on" in second.stderr.readline()
    second.send_signal(signal.SIGINT)
    assert second.wait() == 130
    Path("waiting").unlink()
    assert first.wait() == 0
    assert result()["hessian"]["rows_computed"] == 12
    assert not Path(".nearsight").exists()


def test_files_of_a_name_with_brackets_are_removed(folder: Path, modules: Path) -> None:
    (folder / "copper.cif").rename("co[pp]er*.cif")
    options = ("--spectrum", "dense", "--follow-imaginary")
    assert main(["heat-capacity", "co[pp]er*.cif", *options, "--model", "ase:emt"]) == 0
    assert not Path(".nearsight").exists()


def test_structure_with_a_long_name_has_work(folder: Path) -> None:
    name = f"a{'ö' * 120}.cif"
    (folder / "copper.cif").rename(name)
    arguments = ["heat-capacity", name, "--no-relax", "--spectrum", "dense", "--model", "ase:emt"]
    assert main(arguments) == 0


def test_damaged_rows_are_said_in_the_results(
    folder: Path, run: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(*ROWS, *JSON, at_call=14, do="SIGTERM") == 143
    (rows,) = Path(".nearsight").glob("copper-*.rows")
    with rows.open("ab") as file:
        file.write(bytes(50))
    capsys.readouterr()
    assert run(*ROWS, *JSON) == 0
    said = capsys.readouterr().err
    note = f"1 record at the end of {rows} was damaged and cut off"
    assert note in said
    record = json.loads(Path("r.json").read_text())
    assert any(note in each for each in messages(record))
    assert record["hessian"]["rows_computed"] == 6


def test_what_is_done_stays_while_another_run_uses_it(folder: Path, start: Start) -> None:
    first = start(*ROWS, *JSON, at_call=14, do="wait")
    wait_for(Path("waiting").exists)
    (rows,) = Path(".nearsight").glob("copper-*.rows")
    with keep_unfinished(".nearsight") as work:
        work.done(rows)
        (work.path / "ours.rows").touch()
        work.done(work.path / "ours.rows")
    assert rows.exists()
    assert not (rows.parent / "ours.rows").exists()
    Path("waiting").unlink()
    assert first.wait() == 0
    assert result()["hessian"]["rows_computed"] == 12
    assert not Path(".nearsight").exists()


def test_leftovers_of_dead_processes_are_removed(folder: Path) -> None:
    Path(".nearsight").mkdir()
    ours = (".copper-1.relaxation.abcd1234.nearsight-part", "copper-1.rows.nearsight-lock")
    theirs = (".copper.part", "copper-1.rows", "poetry.lock")
    for name in (*ours, *theirs):
        Path(".nearsight", name).touch()
    with keep_unfinished(".nearsight"):
        pass
    assert sorted(path.name for path in Path(".nearsight").iterdir()) == list(theirs)


def test_of_many_files_the_last_are_named(folder: Path) -> None:
    model = load_model("ase:emt")

    def work_and_stop() -> None:
        with keep_unfinished(".nearsight") as work:
            for number in range(9):
                atoms = Atoms("Cu", positions=[[number, 0, 0]])
                work.file(f"{number}.rows.cif", atoms, model, "products").touch()
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt) as interruption:
        work_and_stop()
    (note,) = interruption.value.__notes__
    assert note.startswith("Finished work is kept in .nearsight: 6.rows-")
    assert note.count("(0 products)") == 3
    assert "and 6 files before; the same calculation goes on from there." in note


def test_of_many_files_the_folder_is_listed_once(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = load_model("ase:emt")
    work = Unfinished(folder / "kept")
    (folder / "kept").mkdir()
    for number in range(50):
        file = work.file(f"{number}.cif", Atoms("Cu"), model, "relaxation")
        assert file is not None
        file.touch()
        file.with_name(f"{file.name}.modes-1").touch()
    listed: list[str] = []
    list_folder = os.listdir
    monkeypatch.setattr(os, "listdir", lambda path: listed.append(path) or list_folder(path))
    kept = work.kept()
    assert len(listed) == 1
    assert kept is not None
    assert "48-" in kept
    assert kept.count("49-") == 2
    assert "and 97 files before" in kept
