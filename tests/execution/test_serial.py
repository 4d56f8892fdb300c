"""What only the executor without processes does."""

import os

import pytest
from ase.build import bulk

import tasks
from nearsight.errors import MethodError
from nearsight.execution import InThisProcess
from nearsight.models.spec import ModelSpec


def test_tasks_run_here() -> None:
    assert InThisProcess().submit(tasks.pid).result() == os.getpid()


def test_what_tasks_tell_is_heard() -> None:
    told: list[dict[str, float]] = []
    assert InThisProcess(told=told.append).submit(tasks.square_and_tell, 3.0).result() == 9.0
    assert told == [{"number": 3.0, "pid": os.getpid()}]
    assert InThisProcess().submit(tasks.square_and_tell, 3.0).result() == 9.0
    with pytest.raises(MethodError, match="no task of one runs"):
        tasks.square_and_tell(3.0)


def test_model_may_be_loaded_already() -> None:
    model = ModelSpec("ase:emt").load()
    energy = model.evaluate([bulk("Cu")])[0].energy_eV
    assert InThisProcess(model).submit(tasks.energy, bulk("Cu")).result()[1] == energy


def test_map_runs_a_task_when_its_result_is_asked_for(tmp_path: pytest.TempPathFactory) -> None:
    notes = [str(tmp_path / name) for name in ("first", "second")]
    results = InThisProcess().map(tasks.nap, [0, 0], notes)
    next(results)
    assert os.path.exists(notes[0])
    assert not os.path.exists(notes[1])


def test_interruption_is_raised_here() -> None:
    with pytest.raises(SystemExit):
        InThisProcess().submit(tasks.leave, 3)
