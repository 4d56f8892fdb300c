"""Who holds a lock is alive, and who waits for it says so."""

import errno
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from nearsight.locking import hold, hold_if_free, remove_if_abandoned

HOLDING = """
import sys, time
from pathlib import Path
from nearsight.locking import hold
with hold(sys.argv[1]):
    print("held", flush=True)
    sys.stdin.readline()
print("let go", flush=True)
"""

COUNTING = """
import sys, time
from pathlib import Path
from nearsight.locking import hold
path = Path(sys.argv[1])
for _ in range(25):
    with hold(path):
        number = int(path.read_text())
        time.sleep(0.001)
        path.write_text(str(number + 1))
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """What is to be held."""
    return tmp_path / "work" / "a [b]*.rows"


@pytest.fixture
def holder(path: Path) -> Iterator[Callable[[], "subprocess.Popen[str]"]]:
    """Return a function: another process, which holds the path until its input ends."""
    started = []

    def start() -> "subprocess.Popen[str]":
        process = subprocess.Popen(
            [sys.executable, "-c", HOLDING, path],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def test_what_is_held_is_free_afterwards_and_nothing_is_left(path: Path) -> None:
    with hold(path):
        assert [each.name for each in path.parent.iterdir()] == [f"{path.name}.nearsight-lock"]
        with hold(path):  # in one process it may be held twice
            pass
        assert len(list(path.parent.iterdir())) == 1
    assert list(path.parent.iterdir()) == []
    with hold(None):
        pass


def test_another_process_is_waited_for_and_named(
    path: Path,
    holder: Callable[[], "subprocess.Popen[str]"],
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    other = holder()
    waited = []

    def sleep(seconds: float) -> None:
        waited.append(seconds)
        if len(waited) == 8:
            other.communicate("\n")

    monkeypatch.setattr("nearsight.locking.time.sleep", sleep)
    with hold(path):
        assert other.returncode == 0
    assert len(waited) >= 8
    (message,) = caplog.messages
    assert f"{path} is being worked on by process {other.pid} on " in message
    assert "waiting until that is done (Ctrl-C leaves it)" in message
    assert list(path.parent.iterdir()) == []


def test_a_lock_dies_with_its_process(
    path: Path,
    holder: Callable[[], "subprocess.Popen[str]"],
    caplog: pytest.LogCaptureFixture,
) -> None:
    other = holder()
    other.kill()
    other.communicate()
    assert list(path.parent.iterdir()) != []
    began = time.monotonic()
    with hold(path):
        assert time.monotonic() - began < 1
    assert caplog.messages == []
    assert list(path.parent.iterdir()) == []


def test_whoever_waits_can_be_interrupted(
    path: Path, holder: Callable[[], "subprocess.Popen[str]"], monkeypatch: pytest.MonkeyPatch
) -> None:
    holder()

    def interrupt(seconds: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("nearsight.locking.time.sleep", interrupt)
    with pytest.raises(KeyboardInterrupt), hold(path):
        pass
    assert len(list(path.parent.iterdir())) == 1  # the other one's


def test_what_is_free_is_held_and_what_is_not_is_left(
    path: Path, holder: Callable[[], "subprocess.Popen[str]"]
) -> None:
    with hold_if_free(path) as free:
        assert free
    other = holder()
    with hold_if_free(path) as free:
        assert not free
    other.communicate("\n")
    with hold_if_free(path) as free:
        assert free
    assert list(path.parent.iterdir()) == []


def test_one_process_at_a_time(tmp_path: Path) -> None:
    counter = tmp_path / "counter"
    counter.write_text("0")
    command = [sys.executable, "-c", COUNTING, counter]
    for process in [subprocess.Popen(command) for _ in range(3)]:
        assert process.wait() == 0
    assert counter.read_text() == "75"
    assert list(tmp_path.iterdir()) == [counter]


def test_without_locks_nobody_is_kept_away_and_that_is_said(
    path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(descriptor: int, operation: int) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr("fcntl.flock", refuse)
    with hold(path):
        assert list(path.parent.iterdir()) == []
    (message,) = caplog.messages
    assert "cannot be locked (No locks available): do not let two runs share it" in message
    with hold_if_free(path) as free:
        assert free


def test_only_what_nobody_holds_is_abandoned(
    path: Path, holder: Callable[[], "subprocess.Popen[str]"]
) -> None:
    other = holder()
    lock = path.with_name(f"{path.name}.nearsight-lock")
    remove_if_abandoned(lock)
    assert lock.exists()
    os.kill(other.pid, signal.SIGKILL)
    other.communicate()
    remove_if_abandoned(lock)
    assert not lock.exists()
    remove_if_abandoned(lock)
