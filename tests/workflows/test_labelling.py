"""What a teacher has labelled stays, whatever happens to it then."""

import signal
from collections.abc import Callable
from concurrent.futures import Executor, Future
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from ase import Atoms

import tasks
from nearsight.errors import ExecutionError, MemoryBudgetError, ModelError, ProcessDiedError
from nearsight.execution import InThisProcess, LocalProcesses
from nearsight.models.contract import Evaluation
from nearsight.progress import as_progress
from nearsight.training.active.labels import Label, LabelsFile
from nearsight.workflows.labelling import answers, label_all

STRUCTURES = [Atoms("Ar2", [[0, 0, 0], [0, 0, 3.0 + place / 10]]) for place in range(4)]


class Teacher:
    """Labels structures, and does something else at the one of a number."""

    identity = SimpleNamespace(name="teacher")

    def __init__(self, number: int, instead: Callable[[], Evaluation]) -> None:
        self.asked: list[float] = []
        self.number, self.instead = number, instead

    def evaluate(self, structures: list[Atoms]) -> list[Evaluation]:
        [atoms] = structures
        self.asked.append(float(atoms.get_distance(0, 1)))
        if len(self.asked) == self.number:
            return [self.instead()]
        return [Evaluation(self.asked[-1], np.zeros((2, 3)), None, None)]


def raising(error: BaseException) -> Callable[[], Evaluation]:
    def instead() -> Evaluation:
        raise error

    return instead


def labelled(teacher: Any, path: Path) -> list[Label]:
    return label_all(STRUCTURES, path, lambda _: InThisProcess(teacher), as_progress(False))


@pytest.mark.parametrize("error", [KeyboardInterrupt(), MemoryBudgetError("too little memory")])
def test_without_processes_each_label_is_kept_at_once(tmp_path: Path, error: BaseException) -> None:
    path = tmp_path / "labels.jsonl"
    with pytest.raises(type(error)):
        labelled(Teacher(3, raising(error)), path)
    assert len(LabelsFile(path).labels) == 2
    again = Teacher(0, raising(error))
    assert [each.energy_eV for each in labelled(again, path)] == pytest.approx([3, 3.1, 3.2, 3.3])
    assert again.asked == pytest.approx([3.2, 3.3])


def test_what_has_no_forces_is_refused(tmp_path: Path) -> None:
    teacher = Teacher(2, lambda: Evaluation(1.0, None, None, None))
    labels = labelled(teacher, tmp_path / "labels.jsonl")
    assert [each.refusal for each in labels] == [
        None,
        "teacher has no forces, which are to be learnt.",
        None,
        None,
    ]
    refusing = Teacher(1, raising(ModelError("no convergence")))
    [first, *others] = labelled(refusing, tmp_path / "others.jsonl")
    assert first.refusal == "no convergence"
    assert [each.refusal for each in others] == [None] * 3


class AllAtOnce(Executor):
    """Its tasks are done when the last one is submitted: the first fails, the others do not."""

    def __init__(self, n: int) -> None:
        self.n = n
        self.futures: list[Future[Any]] = []

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        self.futures.append(Future())
        if len(self.futures) == self.n:
            self.futures[0].set_exception(MemoryBudgetError("too little memory"))
            for each in self.futures[1:]:
                each.set_result(fn(*args, **kwargs))
        return self.futures[-1]


def test_what_is_done_is_told_before_an_error() -> None:
    told: list[str] = []
    found = answers(AllAtOnce(3), tasks.square, dict.fromkeys("abc", (2.0,)))
    with pytest.raises(MemoryBudgetError):
        told.extend(key for key, _ in found)
    assert told == ["b", "c"]


def test_a_process_that_dies_is_given_another_chance(tmp_path: Path) -> None:
    calls = {
        n_deaths: (str(tmp_path / f"deaths-{n_deaths}"), n_deaths, signal.SIGKILL)
        for n_deaths in (2, 1, 0)
    }
    with LocalProcesses(2) as executor:
        found = dict(answers(executor, tasks.outlive, calls))
    assert (found[0], found[1]) == (0, 1)
    assert isinstance(found[2], ProcessDiedError)


def test_a_process_that_was_asked_to_end_is_an_interruption(tmp_path: Path) -> None:
    calls = {"only": (str(tmp_path / "deaths"), 1, signal.SIGTERM)}
    with (
        pytest.raises(ExecutionError, match="Somebody asked it to; what was done by then is kept"),
        LocalProcesses(1) as executor,
    ):
        list(answers(executor, tasks.outlive, calls))
