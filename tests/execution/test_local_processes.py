"""Warm processes: what they have, how they die, and that nothing stays behind."""

import logging
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError, wait
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest
from ase.build import bulk

import nearsight
import tasks
from nearsight.errors import ExecutionError, MethodError, ProcessDiedError
from nearsight.execution import InThisProcess, LocalProcesses
from nearsight.execution.process import Start, TaskProcess
from nearsight.execution.shares import shares
from nearsight.execution.tasks import Task
from nearsight.models.spec import ModelSpec
from nearsight.resources import Resources

SUPPORT = Path(tasks.__file__).parent
SOURCE = Path(nearsight.__file__).parent.parent
SMALL = Resources(cores=2, memory_bytes=2**30)
LONG_S = 600.0
PATIENCE_S = 60.0


@pytest.fixture
def two() -> Iterator[LocalProcesses]:
    with LocalProcesses(2, resources=SMALL) as executor:
        yield executor


def eventually(true: Callable[[], bool]) -> bool:
    """Return whether something becomes true before patience ends."""
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        if true():
            return True
        time.sleep(0.02)
    return False


def noted(path: Path) -> int:
    """Return the number that a task writes into a file, when it has."""
    assert eventually(lambda: path.exists() and path.read_text() != "")
    return int(path.read_text())


def gone(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def children() -> set[int]:
    return {child.pid for child in psutil.Process().children(recursive=True)}


def test_processes_stay_warm(two: LocalProcesses) -> None:
    first = {future.result() for future in [two.submit(tasks.pid_later, 1.0) for _ in range(2)]}
    then = set(two.map(tasks.pid_later, [0.05] * 6))
    assert len(first) == 2
    assert os.getpid() not in first
    assert then <= first


def test_what_tasks_tell_is_heard_before_their_results() -> None:
    told: list[dict[str, float]] = []
    with LocalProcesses(2, resources=SMALL, told=told.append) as executor:
        for number in (3.0, 4.0):
            assert executor.submit(tasks.square_and_tell, number).result() == number**2
            assert told[-1]["number"] == number
        list(executor.map(tasks.square_and_tell, range(20)))
    assert sorted(each["number"] for each in told[2:]) == list(range(20))
    assert os.getpid() not in {each["pid"] for each in told}


def test_what_hearing_raises_is_raised_by_the_task_and_others_go_on() -> None:
    def told(value: dict[str, float]) -> None:
        if value["number"] < 0:
            raise ValueError("below 0")

    with LocalProcesses(1, resources=SMALL, told=told) as executor:
        with pytest.raises(ValueError, match="below 0"):
            executor.submit(tasks.square_and_tell, -1.0).result()
        assert executor.submit(tasks.square_and_tell, 2.0).result() == 4.0


def test_process_starts_with_its_first_task() -> None:
    before = children()
    with LocalProcesses(2, resources=SMALL):
        assert children() == before


def test_model_is_loaded_once_in_each_process(tmp_path: Path) -> None:
    note = tmp_path / "loads"
    spec = ModelSpec(f"ase:tasks:CountedEMT?note={note}")
    with LocalProcesses(2, spec, SMALL) as executor:
        assert executor.submit(tasks.square, 2).result() == 4
        assert not note.exists()  # before a task asks for it
        answers = list(executor.map(tasks.energy, 6 * [bulk("Cu")], 6 * [0.2]))
    loads = Counter(map(int, note.read_text().split()))
    assert loads == dict.fromkeys({pid for pid, _ in answers}, 1)
    assert len(loads) == 2
    assert len({energy for _, energy in answers}) == 1


def test_each_process_has_its_share() -> None:
    with LocalProcesses(2, resources=Resources(cores=3, memory_bytes=1001)) as executor:
        shares = list(executor.map(tasks.share, [1.0, 1.0]))
    assert len({share["pid"] for share in shares}) == 2
    assert sorted(share["resources"].cores for share in shares) == [1, 2]
    assert [share["resources"].memory_bytes for share in shares] == [500, 500]
    for share in shares:
        threads = min(share["resources"].cores, os.cpu_count() or 1)
        assert share["variables"]["OMP_NUM_THREADS"] == str(threads)
        assert share["pools"]
        assert max(share["pools"]) <= threads


def test_processes_work_where_this_one_did(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    here = os.getcwd()
    with LocalProcesses(1, resources=SMALL) as executor:
        monkeypatch.chdir(tmp_path)
        assert executor.submit(tasks.folder).result() == here


def test_death_is_that_of_one_task(two: LocalProcesses) -> None:
    others = [two.submit(tasks.square_later, number, 0.3) for number in range(3)]
    lost = two.submit(tasks.die, int(signal.SIGKILL))
    later = [two.submit(tasks.square, number) for number in range(3, 8)]
    with pytest.raises(ProcessDiedError, match=r"ran die\(9\) was killed by SIGKILL.*lack of mem"):
        lost.result()
    assert [future.result() for future in [*others, *later]] == [n * n for n in range(8)]


def test_deaths_are_told_apart(two: LocalProcesses) -> None:
    fault = two.submit(tasks.read_nowhere).exception()
    assert isinstance(fault, ProcessDiedError)
    assert (fault.task, fault.status) == ("read_nowhere()", -signal.SIGSEGV)
    assert "was killed by SIGSEGV" in str(fault)
    assert "in read_nowhere" in str(fault)  # its last words: the line of Python that it was at
    exit_ = two.submit(tasks.leave, 3).exception()
    assert isinstance(exit_, ProcessDiedError)
    assert exit_.status == 3
    assert "ended with exit code 3" in str(exit_)
    assert "these were the last words" in str(exit_)


def test_process_that_died_while_idle_is_started_again() -> None:
    with LocalProcesses(1, resources=SMALL) as executor:
        before = executor.submit(tasks.pid).result()
        os.kill(before, signal.SIGKILL)
        assert eventually(lambda: gone(before))
        assert executor.submit(tasks.pid).result() != before


def test_waiting_tasks_can_be_cancelled() -> None:
    with LocalProcesses(1, resources=SMALL) as executor:
        running = executor.submit(tasks.square_later, 3, 0.5)
        waiting = executor.submit(tasks.square, 4)
        assert waiting.cancel()
        assert running.result() == 9
        with pytest.raises(CancelledError):
            waiting.result()
        assert executor.submit(tasks.square, 5).result() == 25


def test_end_waits_for_what_was_taken_unless_it_is_cancelled() -> None:
    before = children()
    with LocalProcesses(1, resources=SMALL) as executor:
        taken = [executor.submit(tasks.square_later, number, 0.1) for number in range(3)]
    assert [future.result() for future in taken] == [0, 1, 4]
    assert children() == before
    executor = LocalProcesses(1, resources=SMALL)
    futures = [executor.submit(tasks.square_later, 2, 1.0) for _ in range(3)]
    assert eventually(futures[0].running)
    executor.shutdown(cancel_futures=True)
    assert futures[0].result() == 4
    assert all(future.cancelled() for future in futures[1:])
    assert children() == before


def test_tasks_are_finished_when_nobody_refers_to_the_executor_any_more() -> None:
    before = children()
    future = LocalProcesses(1, resources=SMALL).submit(tasks.square, 6)
    assert future.result(PATIENCE_S) == 36
    assert eventually(lambda: children() == before)


@pytest.mark.parametrize("error", [KeyboardInterrupt, ValueError])
def test_exception_in_the_block_ends_everything_at_once(
    tmp_path: Path, error: type[BaseException]
) -> None:
    before, note = children(), tmp_path / "pid"
    with pytest.raises(error), LocalProcesses(2, resources=SMALL) as executor:  # noqa: PT012
        running = executor.submit(tasks.nap_with_a_child, LONG_S, str(note))
        others = [executor.submit(tasks.nap, LONG_S, str(tmp_path / "other")) for _ in range(3)]
        grandchild = noted(note)
        raise error
    assert eventually(lambda: gone(grandchild))
    assert children() == before
    with pytest.raises(ProcessDiedError, match="was ended with its executor"):
        running.result()
    done, _ = wait(others, timeout=PATIENCE_S)
    assert len(done) == 3
    assert sum(future.cancelled() for future in others) == 2


PROGRAM = """
import sys, threading
sys.path[:0] = {path}
import tasks
from nearsight.execution import LocalProcesses
from nearsight.resources import Resources
from nearsight.terminal.interruption import interruptible
with interruptible():
    with LocalProcesses(2, resources=Resources(cores=2, memory_bytes=2**30)) as executor:
        executor.submit(tasks.{task}, *{arguments}, {folder!r} + "/first")
        executor.submit(tasks.compute_without_end, {folder!r} + "/second").result()
"""


@pytest.fixture(params=["nap", "compute_without_end"])
def parent(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[tuple[int, list[int]]]:
    """A program with an executor: its process, and those of its executor, all of them at work."""
    arguments = (LONG_S,) if request.param == "nap" else ()
    path = [str(SOURCE), str(SUPPORT)]
    program = PROGRAM.format(
        path=path, task=request.param, arguments=arguments, folder=str(tmp_path)
    )
    with subprocess.Popen(
        [sys.executable, "-c", program], stderr=subprocess.DEVNULL, start_new_session=True
    ) as process:
        try:
            yield process.pid, [noted(tmp_path / "first"), noted(tmp_path / "second")]
        finally:
            process.kill()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_signal_leaves_nothing_behind(
    parent: tuple[int, list[int]], number: signal.Signals
) -> None:
    pid, at_work = parent
    assert not any(map(gone, at_work))
    os.kill(pid, number)
    assert eventually(lambda: gone(pid))
    assert eventually(lambda: all(map(gone, at_work)))


def test_logs_reach_this_process(two: LocalProcesses, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, logger="nearsight"):
        two.submit(tasks.log, logging.INFO, "under way").result()
        two.submit(tasks.log, logging.DEBUG, "too detailed").result()
    (record,) = caplog.records
    assert (record.name, record.getMessage()) == ("nearsight.of_a_task", "under way")
    assert record.process not in {None, os.getpid()}
    with caplog.at_level(logging.WARNING, logger="nearsight"):
        two.submit(tasks.log, logging.INFO, "not asked for").result()
    assert len(caplog.records) == 1


class FailingHandler(logging.Handler):
    def __init__(self, error: BaseException) -> None:
        super().__init__()
        self.error = error

    def emit(self, record: logging.LogRecord) -> None:
        raise self.error


@contextmanager
def handled_by(handler: logging.Handler) -> Iterator[None]:
    logger = logging.getLogger("nearsight.of_a_task")
    logger.addHandler(handler)
    try:
        yield
    finally:
        logger.removeHandler(handler)


def test_handler_that_fails_costs_no_task_its_result(capfd: pytest.CaptureFixture[str]) -> None:
    failing = FailingHandler(ValueError("of a handler"))
    with handled_by(failing), LocalProcesses(1, resources=SMALL) as one:
        one.submit(tasks.log, logging.ERROR, "under way").result()
        assert list(one.map(tasks.square, (2, 3))) == [4, 9]
    assert "ValueError: of a handler" in capfd.readouterr().err


def test_answer_that_nobody_waited_for_is_not_that_of_the_next_task() -> None:
    process = TaskProcess(Start(None, Path.cwd(), None), shares(1, SMALL)[0])
    logging_task = Task.of(tasks.log, (logging.ERROR, "under way"), {}, {})
    square = Task.of(tasks.square, (3,), {}, {})
    try:
        with handled_by(FailingHandler(KeyboardInterrupt())), pytest.raises(KeyboardInterrupt):
            process.ask(logging_task)
        square.future.settle(process.ask(square))
        assert square.future.result() == 9
    finally:
        process.release()


def test_another_python_runs_the_tasks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    python = tmp_path / "python"
    python.write_text(f'#!/bin/sh\nOF_ANOTHER=1 exec "{sys.executable}" "$@"\n', encoding="utf-8")
    python.chmod(0o755)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(SOURCE), str(SUPPORT)]))
    with LocalProcesses(1, resources=SMALL, python=python) as executor:
        assert executor.submit(os.getenv, "OF_ANOTHER").result() == "1"
        assert executor.submit(tasks.square, 3).result() == 9
    monkeypatch.delenv("PYTHONPATH")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    (tmp_path / "nearsight.py").write_text("", encoding="utf-8")
    with LocalProcesses(1, resources=SMALL, python=python) as executor:
        error = executor.submit(os.getenv, "HOME").exception()
    assert isinstance(error, ProcessDiedError)
    assert "No module named 'nearsight.execution'" in str(error)


def test_another_version_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "sitecustomize.py").write_text(
        "import nearsight\nnearsight.__version__ = '0.0.1'\n", encoding="utf-8"
    )
    path = os.pathsep.join([str(tmp_path), str(SOURCE)])
    monkeypatch.setenv("PYTHONPATH", path)
    with LocalProcesses(1, resources=SMALL, python=Path(sys.executable)) as executor:
        error = executor.submit(tasks.square, 3).exception()
    assert isinstance(error, ExecutionError)
    assert "has Nearsight 0.0.1, and this is" in str(error)
    assert "Install the same" in str(error)


def test_python_that_is_none_is_told(tmp_path: Path) -> None:
    with LocalProcesses(1, resources=SMALL, python=tmp_path / "none") as executor:
        error = executor.submit(tasks.square, 3).exception()
    assert isinstance(error, ExecutionError)
    assert f"{tmp_path / 'none'}: No such file or directory. Set `python`" in str(error)


def test_loaded_model_is_refused() -> None:
    with pytest.raises(MethodError, match=r"`model` is a .*its name or a ModelSpec"):
        LocalProcesses(2, ModelSpec("ase:emt").load())  # type: ignore[arg-type]


def test_number_of_processes_is_checked() -> None:
    with pytest.raises(MethodError, match="`n` is 0"):
        LocalProcesses(0)


def test_threads_are_limited_before_a_library_is_loaded() -> None:
    libraries = {"numpy", "scipy", "torch", "ase"}
    code = f"import sys, nearsight.execution.child; print(*set(sys.modules) & {libraries})"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == ""


def test_heat_capacities_are_those_of_one_process(tmp_path: Path) -> None:
    paths = []
    for element in ("Cu", "Al", "Ni", "Ag"):
        paths.append(str(tmp_path / f"{element}.cif"))
        bulk(element).write(paths[-1])
    with InThisProcess("ase:emt", Resources(memory_bytes=2**30)) as executor:
        serial = list(executor.map(tasks.relax_and_compute, paths))
    with LocalProcesses(2, "ase:emt", Resources(memory_bytes=2**31)) as processes:
        parallel = list(processes.map(tasks.relax_and_compute, paths))
    for one, other in zip(serial, parallel, strict=True):
        assert without_costs(one.to_json()) == without_costs(other.to_json())
        assert one.heat_capacity[0].J_per_g_K > 0.1


def without_costs(value: object) -> object:
    """Return what a record says without what differs between two runs: time and memory."""
    costs = {"seconds", "peak_memory_bytes"}
    if isinstance(value, dict):
        return {key: without_costs(each) for key, each in value.items() if key not in costs}
    return [without_costs(each) for each in value] if isinstance(value, list) else value
