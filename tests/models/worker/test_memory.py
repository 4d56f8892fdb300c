"""Memory is measured where it is spent."""

from collections.abc import Callable
from typing import Any

import numpy as np
import psutil
import pytest
from ase import Atoms

from nearsight import memory
from nearsight.memory import PeakMemory, default_memory_budget, measure
from nearsight.models.worker import WorkerModel

MB = 10**6


def test_memory_that_a_worker_takes_is_noticed(
    far: Callable[..., WorkerModel], atoms: Atoms
) -> None:
    model = far("large")
    model.evaluate([atoms])  # what is built once
    atoms.info["do"] = "allocate:200"
    with PeakMemory("cpu") as outer:
        found = measure(lambda: model.evaluate([atoms]), "cpu")
        again = measure(lambda: model.evaluate([atoms]), "cpu")
    for peak in (found.peak_memory_bytes, again.peak_memory_bytes, outer.bytes):
        assert 190 * MB < peak < 260 * MB
    with PeakMemory("cuda:0") as on_gpu:
        model.evaluate([atoms])
    assert on_gpu.bytes == 0


def test_memory_of_rows_and_products(
    far: Callable[..., WorkerModel], atoms: Atoms, seeds: list[Any]
) -> None:
    model = far("rows")
    plain = atoms.copy()
    model.evaluate([plain])
    atoms.info |= {"do": "allocate:150", "at": 1}

    def rows() -> None:
        assert len(list(model.rows(atoms, seeds[:2]))) == 2

    assert 140 * MB < measure(rows, "cpu").peak_memory_bytes < 200 * MB
    multiply = model.linearize(atoms)
    vectors = np.ones((1, 22, 3))
    assert 140 * MB < measure(lambda: multiply(vectors), "cpu").peak_memory_bytes < 200 * MB
    assert measure(lambda: model.evaluate([plain]), "cpu").peak_memory_bytes < 50 * MB


def test_nothing_is_measured_unless_someone_does(
    far: Callable[..., WorkerModel], atoms: Atoms, monkeypatch: pytest.MonkeyPatch
) -> None:
    noted: list[Any] = []
    monkeypatch.setattr(
        "nearsight.models.worker.process.note_worker", lambda *told, **more: noted.append(told)
    )
    model = far("unmeasured")
    model.evaluate([atoms])
    assert noted == []
    with PeakMemory("cpu"):
        model.evaluate([atoms])
    assert len(noted) == 1
    model.evaluate([atoms])
    assert len(noted) == 1


def test_what_workers_hold_between_calls_counts() -> None:
    with PeakMemory("cpu") as peak:
        own = peak.bytes
        memory.note_worker(1, "cpu", 100 * MB, 400 * MB)
        memory.note_worker(1, "cpu", 300 * MB, 450 * MB)  # it kept 200
        memory.note_worker(2, "cpu", 50 * MB, 60 * MB)
        memory.note_worker(3, "cuda:0", 0, 10**12)  # is not where this is measured
    assert peak.bytes - own >= 360 * MB
    assert peak.bytes - own < 400 * MB
    assert memory.latest_measurement() is None


def test_freed_memory_that_a_worker_keeps_counts_as_free(
    far: Callable[..., WorkerModel], atoms: Atoms
) -> None:
    model = far("keeping")
    atoms.info["do"] = "allocate:300"
    model.evaluate([atoms])
    running = model._worker._process
    assert running is not None
    worker = psutil.Process(running.pid)
    before = worker.memory_info().rss
    default_memory_budget("cpu")
    assert worker.memory_info().rss < before - 250 * MB
    running._process.kill()
    default_memory_budget("cpu")
    assert len(model.evaluate([atoms])) == 1
