"""A worker that dies or hangs costs time, and no number."""

import os
import signal
import threading
from collections.abc import Callable
from time import monotonic, sleep
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from ase import Atoms

from nearsight.errors import ModelDiedError, ModelError
from nearsight.hessian import hessian
from nearsight.models.worker import WorkerModel, process


def pid_of(model: WorkerModel) -> int:
    running = model._worker._process
    assert running is not None
    return running.pid


def warnings_in(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [each.message for each in caplog.records if each.name == "nearsight.models.worker"]


def test_hessian_survives_the_death_of_its_worker(
    far: Callable[..., WorkerModel],
    far_model: ModuleType,
    atoms: Atoms,
    once: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    expected = hessian(atoms, far_model.FarModel("far"))
    atoms.info |= {"do": "end:SIGKILL", "at": 30, "once": once}
    found = hessian(atoms, far("killed"))
    np.testing.assert_array_equal(found.matrix_eV_per_A2, expected.matrix_eV_per_A2)
    assert found.rows_computed == expected.rows_computed == 66
    [warning] = warnings_in(caplog)
    assert "killed by SIGKILL, most likely by the system for lack of memory" in warning
    assert "these are" in warning


def test_rows_go_on_from_the_first_that_is_missing(
    far: Callable[..., WorkerModel], far_model: ModuleType, atoms: Atoms, seeds: list[Any]
) -> None:
    model = far("outside")
    rows = model.rows(atoms, seeds)
    found = [next(rows) for _ in range(20)]
    first = pid_of(model)
    os.kill(first, signal.SIGKILL)
    found += list(rows)
    assert pid_of(model) != first
    np.testing.assert_array_equal(found, list(far_model.FarModel("far").rows(atoms, seeds)))


def test_products_are_made_again(
    far: Callable[..., WorkerModel], far_model: ModuleType, atoms: Atoms, once: str
) -> None:
    model = far("products")
    vectors = np.random.default_rng(0).normal(size=(2, 22, 3))
    expected = far_model.FarModel("far").linearize(atoms)(vectors)
    atoms.info |= {"do": "end:9", "at": 1, "once": once}
    multiply = model.linearize(atoms)
    for _ in range(3):
        np.testing.assert_array_equal(multiply(vectors), expected)
    os.kill(pid_of(model), signal.SIGKILL)
    model.evaluate([Atoms("C")])  # someone else has it started again
    np.testing.assert_array_equal(multiply(vectors), expected)
    assert model._worker.generation == 3


def test_second_death_in_a_call_is_an_error_with_the_last_words(
    far: Callable[..., WorkerModel], atoms: Atoms, seeds: list[Any]
) -> None:
    model = far("twice")
    plain = atoms.copy()
    atoms.info["do"] = "end:7"
    what = r"(?s)the process of twice ended with exit code 7\..*these are\s+my last words.*again"
    with pytest.raises(ModelDiedError, match=what) as caught:
        model.evaluate([atoms])
    assert caught.value.how == "ended with exit code 7"
    with pytest.raises(ModelError, match=what):
        next(model.rows(atoms, seeds))
    with pytest.raises(ModelError, match=what):
        model.linearize(atoms)
    atoms.info["do"] = "end:SIGSEGV"
    with pytest.raises(ModelError, match="was killed by SIGSEGV"):
        model.evaluate([atoms])
    assert len(model.evaluate([plain])) == 1  # the next call has a right of its own


def test_each_call_may_restart_once(
    far: Callable[..., WorkerModel], atoms: Atoms, caplog: pytest.LogCaptureFixture
) -> None:
    model = far("often")
    for _ in range(3):
        os.kill(pid_of(model), signal.SIGKILL)
        assert len(model.evaluate([atoms])) == 1
    assert len(warnings_in(caplog)) == 3


def test_worker_that_dies_while_it_loads(far: Callable[..., WorkerModel]) -> None:
    with pytest.raises(ModelError, match=r"(?s)ended with exit code 3.*my last words"):
        far("dying")


def test_other_model_after_a_restart_is_refused(
    far: Callable[..., WorkerModel], atoms: Atoms, tmp_path: Any
) -> None:
    model = far(f"changing:{tmp_path / 'count'}")
    os.kill(pid_of(model), signal.SIGKILL)
    with pytest.raises(ModelError, match="is another model since its process was started again"):
        model.evaluate([atoms])


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> float:
    """Let workers be taken for hanging after so many seconds of silence."""
    monkeypatch.setattr(process, "SILENCE_S", 1.2)
    return 1.2


def test_worker_that_hangs_is_ended_and_started_again(
    far: Callable[..., WorkerModel],
    atoms: Atoms,
    impatient: float,
    caplog: pytest.LogCaptureFixture,
) -> None:
    model = far("hanging")
    [before] = model.evaluate([atoms])
    stopped = pid_of(model)
    os.kill(stopped, signal.SIGSTOP)
    start = monotonic()
    [after] = model.evaluate([atoms])
    assert impatient <= monotonic() - start
    assert after.energy_eV == before.energy_eV
    assert pid_of(model) != stopped
    [warning] = warnings_in(caplog)
    assert "gave no sign of life for 1.2 s and was ended" in warning


def test_worker_that_stops_while_it_computes_is_noticed(
    far: Callable[..., WorkerModel], atoms: Atoms, impatient: float, once: str
) -> None:
    atoms.info |= {"do": "end:SIGSTOP", "once": once}
    [found] = far("stopping").evaluate([atoms])
    assert np.isfinite(found.energy_eV)


def test_long_work_is_no_hang(
    far: Callable[..., WorkerModel],
    atoms: Atoms,
    impatient: float,
    caplog: pytest.LogCaptureFixture,
) -> None:
    atoms.info["do"] = f"sleep:{3 * impatient}"
    far("patient").evaluate([atoms])
    assert warnings_in(caplog) == []


def interrupt_in(seconds: float) -> threading.Thread:
    def interrupt() -> None:
        sleep(seconds)
        os.kill(os.getpid(), signal.SIGINT)

    thread = threading.Thread(target=interrupt)
    thread.start()
    return thread


@pytest.mark.usefixtures("ctrl_c")
def test_interruption_keeps_the_worker_and_its_answers_in_step(
    far: Callable[..., WorkerModel], far_model: ModuleType, atoms: Atoms, seeds: list[Any]
) -> None:
    model = far("interrupted")
    pid = pid_of(model)
    slow = atoms.copy()
    slow.info["do"] = "sleep:1"
    thread = interrupt_in(0.3)
    with pytest.raises(KeyboardInterrupt):
        model.evaluate([slow])
    thread.join()
    expected = list(far_model.FarModel("far").rows(atoms, seeds))
    np.testing.assert_array_equal(list(model.rows(atoms, seeds)), expected)
    thread = interrupt_in(0.3)
    with pytest.raises(KeyboardInterrupt):
        list(model.rows(slow, seeds))
    thread.join()
    np.testing.assert_array_equal(list(model.rows(atoms, seeds)), expected)
    assert pid_of(model) == pid


def test_interruption_within_a_message_ends_the_worker_aloud(
    far: Callable[..., WorkerModel],
    atoms: Atoms,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    model = far("torn")
    [before] = model.evaluate([atoms])
    with monkeypatch.context() as patch:

        def torn(*_: Any) -> None:
            raise KeyboardInterrupt

        patch.setattr(process, "send", torn)
        with pytest.raises(KeyboardInterrupt):
            model.evaluate([atoms])
    assert ["was interrupted" in each for each in warnings_in(caplog)] == [True]
    assert model.evaluate([atoms])[0].energy_eV == before.energy_eV
