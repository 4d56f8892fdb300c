"""Workers start only what they should, are shared, and end with those who use them."""

import gc
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from time import monotonic, sleep
from types import ModuleType
from typing import Any

import numpy as np
import psutil
import pytest
from ase import Atoms

import nearsight
from nearsight import subprocesses
from nearsight.errors import ModelError
from nearsight.models.worker import WorkerModel, connect, place, process
from nearsight.models.worker.frames import ChannelClosedError, pack, receive, send

SETTINGS: dict[str, Any] = {"dtype": "float64", "device": "cpu", "trust": False}


def pid_of(model: WorkerModel) -> int:
    running = model._worker._process
    assert running is not None
    return running.pid


def gone(pid: int, within_s: float = 20.0) -> bool:
    """Tell whether a process ends in time."""
    end = monotonic() + within_s
    while monotonic() < end:
        if not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
            return True
        sleep(0.02)
    return False


def test_who_loads_the_same_shares_a_worker(
    far: Callable[..., WorkerModel], atoms: Atoms, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = far("shared"), far("shared")
    pid = pid_of(one)
    assert one is not other
    assert pid_of(other) == pid
    different = [far("shared", dtype="float32"), far("shared", trust=True), far("else")]
    assert len({pid, *map(pid_of, different)}) == 4
    monkeypatch.chdir(tmp_path)  # where a path in the name would be another file
    assert pid_of(far("shared")) != pid
    del one
    gc.collect()
    assert len(other.evaluate([atoms])) == 1
    del other
    assert gone(pid)


def test_rows_and_products_keep_their_worker(
    far: Callable[..., WorkerModel], atoms: Atoms, seeds: list[Any]
) -> None:
    model = far("kept")
    pid = pid_of(model)
    rows, multiply = model.rows(atoms, seeds), model.linearize(atoms)
    next(rows)
    del model
    gc.collect()
    assert len(list(rows)) == 65
    assert multiply(np.ones((1, 22, 3))).shape == (1, 22, 3)
    assert psutil.pid_exists(pid)
    del rows, multiply
    assert gone(pid)


def test_threads_take_turns(
    far: Callable[..., WorkerModel], far_model: ModuleType, atoms: Atoms, seeds: list[Any]
) -> None:
    expected = list(far_model.FarModel("far").rows(atoms, seeds))
    found: dict[int, Any] = {}

    def work(index: int) -> None:
        model = far("threads")
        rows = list(model.rows(atoms, seeds))
        vectors = np.stack([row * (index + 1) for row in rows[:3]])
        found[index] = rows, model.linearize(atoms)(vectors), model._worker

    threads = [threading.Thread(target=work, args=(index,)) for index in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for index in range(4):
        rows, products, worker = found[index]
        np.testing.assert_array_equal(rows, expected)
        vectors = np.stack([row * (index + 1) for row in expected[:3]])
        multiply = far_model.FarModel("far").linearize(atoms)
        np.testing.assert_array_equal(products, multiply(vectors))
        assert worker is found[0][2]
        assert worker.generation == 1


def test_worker_is_restarted_for_several_threads(
    far: Callable[..., WorkerModel], far_model: ModuleType, atoms: Atoms, seeds: list[Any]
) -> None:
    model = far("killed in threads")
    expected = list(far_model.FarModel("far").rows(atoms, seeds))
    iterators = [model.rows(atoms, seeds) for _ in range(3)]
    found = [[next(rows)] for rows in iterators]
    os.kill(pid_of(model), signal.SIGKILL)

    def go_on(index: int) -> None:
        found[index] += iterators[index]

    threads = [threading.Thread(target=go_on, args=(index,)) for index in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for rows in found:
        np.testing.assert_array_equal(rows, expected)
    assert model._worker.generation == 2


def test_forked_child_starts_a_worker_of_its_own(
    far: Callable[..., WorkerModel], atoms: Atoms, seeds: list[Any]
) -> None:
    model = far("forked")
    multiply = model.linearize(atoms)
    vectors = np.ones((1, 22, 3))
    expected = multiply(vectors)
    rows = model.rows(atoms, seeds)
    begun = [next(rows)]
    parents = pid_of(model)
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        status = 1
        try:
            same = np.array_equal(multiply(vectors), expected)
            same &= len(list(rows)) == 65
            os.write(writing, json.dumps([bool(same), pid_of(model)]).encode())
            status = 0
        finally:
            os._exit(status)
    os.close(writing)
    np.testing.assert_array_equal(multiply(vectors), expected)
    with os.fdopen(reading) as answer:
        same, childs = json.loads(answer.read())
    assert os.waitpid(child, 0)[1] == 0
    assert same
    assert childs != parents
    assert gone(childs)
    assert len([*begun, *rows]) == 66
    assert pid_of(model) == parents
    assert model._worker.generation == 1


PARENT = """
import sys
from pathlib import Path
from ase import Atoms
from nearsight.models.worker.client import WorkerModel
from nearsight.models.worker.shared import shared_worker

worker = shared_worker(tuple(sys.argv[1:4]), "far", dtype="float64", device="cpu", trust=False)
model = WorkerModel(worker)
print(worker._process.pid, flush=True)
if sys.argv[4] != "end":
    model.evaluate([Atoms("C", info={"do": sys.argv[4]})])
"""


@pytest.fixture
def parent(command: tuple[str, ...]) -> Iterator[Callable[[str], tuple[Any, int]]]:
    """Return a function: a process that makes its worker do something, and the worker's pid."""
    started = []

    def start(what: str) -> tuple[Any, int]:
        running = subprocess.Popen(
            [sys.executable, "-c", PARENT, *command, what], stdout=subprocess.PIPE, text=True
        )
        started.append(running)
        assert running.stdout is not None
        return running, int(running.stdout.readline())

    yield start
    for running in started:
        running.kill()
        running.communicate()


def test_worker_ends_with_a_parent_that_is_killed(
    parent: Callable[[str], tuple[Any, int]],
) -> None:
    running, worker = parent("sleep:600")
    sleep(0.3)
    assert psutil.Process(worker).status() != psutil.STATUS_ZOMBIE
    running.kill()
    assert gone(worker)


def test_worker_ends_with_a_parent_that_ends(parent: Callable[[str], tuple[Any, int]]) -> None:
    running, worker = parent("end")
    assert running.wait(timeout=60) == 0
    assert gone(worker)


def test_worker_knows_that_it_is_one(
    far: Callable[..., WorkerModel], far_model: ModuleType, atoms: Atoms
) -> None:
    atoms.info["do"] = "place"
    [here], [there] = (model.evaluate([atoms]) for model in (far_model.FarModel("far"), far()))
    assert here.energy_eV / there.energy_eV == pytest.approx(2 / 3)


def test_worker_starts_no_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(place._place, "worker", True)
    with pytest.raises(ModelError, match="mace:a was to be loaded from yet another environment"):
        connect(Path(sys.executable), "mace:a", **SETTINGS)


def test_python_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"No such file.*nearsight models install mace$"):
        connect(tmp_path / "python", "mace-mp-0-small", **SETTINGS)


def test_settings_that_are_not_possible() -> None:
    with pytest.raises(ModelError, match="`dtype` 'float16' is not possible"):
        connect(Path(sys.executable), "ase:lj", dtype="float16", device="cpu", trust=False)


def test_environment_without_nearsight(tmp_path: Path) -> None:
    python = tmp_path / "python"
    python.write_text("#!/bin/sh\ncat > /dev/null\necho No module named nearsight >&2\nexit 1\n")
    python.chmod(0o700)
    what = r"(?s)ended with exit code 1.*No module named nearsight.*nearsight models install orb"
    with pytest.raises(ModelError, match=what):
        connect(python, "orb:file", **SETTINGS)


def test_other_version_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nearsight, "__version__", "99.1")
    what = r"has Nearsight \d+\.\d+\.\d+, and this is 99\.1\. .*nearsight models install ase"
    with pytest.raises(ModelError, match=what):
        connect(Path(sys.executable), "ase:lj", **SETTINGS)


def test_other_systems_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "win32")
    with pytest.raises(ModelError, match="on win32: this needs Linux or macOS"):
        connect(Path(sys.executable), "ase:lj", **SETTINGS)


Started = tuple[socket.socket, "subprocess.Popen[bytes]"]


@pytest.fixture
def by_hand(command: tuple[str, ...]) -> Iterator[Started]:
    """A worker whose channel the test speaks on itself; its token is ``right``."""
    here, there = socket.socketpair()
    running = subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
        pass_fds=[there.fileno()],
        start_new_session=True,
    )
    assert running.stdin is not None
    running.stdin.write(json.dumps({"channel": there.fileno(), "token": "right"}).encode())
    running.stdin.close()
    running.stdin = None
    there.close()
    yield here, running
    here.close()
    running.communicate(timeout=60)


HELLO = {
    "verb": "hello",
    "number": 1,
    "token": "right",
    "version": nearsight.__version__,
    "beat_every_s": 5.0,
}


@pytest.mark.parametrize("change", [{"token": "wrong"}, {"token": None}, {"token": "rightly"}])
def test_wrong_token_is_refused(by_hand: Started, change: dict[str, Any]) -> None:
    here, running = by_hand
    send(here, pack(HELLO | change, {}))
    with pytest.raises(ChannelClosedError):
        receive(here)
    assert running.wait(timeout=60) == 1


def test_nothing_is_accepted_before_the_hello(by_hand: Started) -> None:
    here, running = by_hand
    send(here, pack({"verb": "load", "number": 1, "name": "far", **SETTINGS}, {}))
    with pytest.raises(ChannelClosedError):
        receive(here)
    assert running.wait(timeout=60) == 1


def test_malformed_frame_ends_the_worker(by_hand: Started) -> None:
    here, running = by_hand
    send(here, pack(HELLO, {}))
    assert receive(here).head == {"number": 1, "version": nearsight.__version__}
    here.sendall(b"GET / HTTP/1.1\r\n\r\n")
    answer = receive(here).head
    assert answer["number"] is None
    assert "is malformed" in answer["error"]["message"]
    assert running.wait(timeout=60) == 1


def test_malformed_answer_ends_the_worker(
    far: Callable[..., WorkerModel], atoms: Atoms, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = far("malformed")
    pid = pid_of(model)

    def garbled(channel: socket.socket, wait: Any) -> Any:
        here, there = socket.socketpair()
        with here, there:
            here.sendall(b"garbled " * 20)
            return receive(there)

    with monkeypatch.context() as patch:
        patch.setattr(process, "receive", garbled)
        with pytest.raises(ModelError, match="is malformed"):
            model.evaluate([atoms])
    assert gone(pid)
    assert len(model.evaluate([atoms])) == 1


def test_output_is_bounded(
    far: Callable[..., WorkerModel], atoms: Atoms, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subprocesses, "_MOST_OUTPUT_BYTES", 1000)
    model = far("talkative")
    atoms.info["do"] = "say:" + 600 * "x"
    for _ in range(3):
        model.evaluate([atoms])
        running = model._worker._process
        assert running is not None
        assert os.fstat(running._output.file.fileno()).st_size <= 1000


def test_only_what_is_needed_is_imported(command: tuple[str, ...]) -> None:
    program = "import nearsight.models.worker.server, sys; print(*sys.modules)"
    asked = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    imported = set(asked.stdout.decode().split())
    assert "numpy" in imported
    heavy = {"torch", "phonopy", "spglib", "matplotlib", "rich", "jinja2", "sevenn", "mace"}
    assert not imported & heavy
