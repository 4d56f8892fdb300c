"""A teacher labels structures, in as many processes as there is room for."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, TypeVar

from ase import Atoms

from nearsight.errors import ExecutionError, ModelError, ProcessDiedError, StructureError
from nearsight.execution.local_processes import LocalProcesses
from nearsight.execution.serial import InThisProcess
from nearsight.execution.surroundings import current_model
from nearsight.models.spec import ModelSpec
from nearsight.progress import Progress
from nearsight.resources import Resources
from nearsight.training.active.labels import Label, LabelsFile, digest_of
from nearsight.workflows.context import AnyModel

_Key = TypeVar("_Key")
_Answer = TypeVar("_Answer")

OF_STRUCTURES = (StructureError, ModelError)
"""What a teacher says of a structure that it cannot label; all else is of the machine."""


def processes_of(teacher: AnyModel, resources: Resources, n_tasks: int) -> Executor:
    """Return what runs tasks of a teacher: processes where it can be loaded in each.

    Parameters
    ----------
    teacher
        A model that was loaded stays in this process.
    resources
        What all may use together.
    n_tasks
        No more processes are started.
    """
    n = min(resources.usable_cores, n_tasks)
    if isinstance(teacher, str):
        teacher = ModelSpec(teacher)
    if n < 2 or not isinstance(teacher, ModelSpec):
        return InThisProcess(teacher, resources)
    return LocalProcesses(n, teacher, resources)


def answers(
    executor: Executor,
    function: Callable[..., _Answer],
    calls: Mapping[_Key, tuple[Any, ...]],
) -> Iterator[tuple[_Key, _Answer | ProcessDiedError]]:
    """Yield what comes of each call, as soon as it is there.

    A process that dies may do so for what it was at, or for what the machine lacked while others
    worked too. What it was at is tried once more when all else is done, with nothing beside it;
    only if that process dies, too, is its death the answer.

    Parameters
    ----------
    executor
        What runs the calls; without processes each is done when it is submitted.
    function
        What is called.
    calls
        Arguments by what tells one call from another.

    Raises
    ------
    NearsightError
        What a call raised, after all that was done by then; somebody asked a process to end.
    """
    running: dict[Future[_Answer], _Key] = {}
    died: list[_Key] = []
    for key, call in calls.items():
        running[executor.submit(function, *call)] = key
        yield from _done(running, died, timeout_s=0.0)
    while running:
        yield from _done(running, died, timeout_s=None)
    for key in died:
        task: Future[_Answer] = executor.submit(function, *calls[key])
        error = task.exception()
        if isinstance(error, ProcessDiedError):
            if error.was_asked_to_end:
                raise _interruption(error)
            yield key, error
        else:
            yield key, task.result()


def _done(
    running: dict[Future[_Answer], _Key], died: list[_Key], timeout_s: float | None
) -> Iterator[tuple[_Key, _Answer]]:
    """Wait for calls, take those that are done off, and yield what came of them."""
    done, _ = wait(running, timeout_s, FIRST_COMPLETED)
    failed: BaseException | None = None
    for task in [each for each in running if each in done]:
        key = running.pop(task)
        error = task.exception()
        if error is None:
            yield key, task.result()
        elif isinstance(error, ProcessDiedError):
            if error.was_asked_to_end:
                failed = failed or _interruption(error)
            died.append(key)
        else:
            failed = failed or error
    if failed is not None:
        raise failed


def _interruption(error: ProcessDiedError) -> ExecutionError:
    """Return what is raised where somebody asked a process to end."""
    return ExecutionError(
        f"{error} Somebody asked it to; what was done by then is kept, and the same call goes on "
        f"from there."
    )


def label(atoms: Atoms) -> Label:
    """Return what the model of this process says of a structure, or why it says nothing.

    Raises
    ------
    NearsightError
        The model cannot be loaded, or the machine has too little memory or disk.
    """
    teacher = current_model()
    try:
        [answer] = teacher.evaluate([atoms])
    except OF_STRUCTURES as error:
        return Label(None, None, str(error))
    if answer.forces_eV_per_A is None:
        return Label(None, None, f"{teacher.identity.name} has no forces, which are to be learnt.")
    return Label(answer.energy_eV, answer.forces_eV_per_A)


def label_all(
    structures: Sequence[Atoms],
    path: Path,
    processes: Callable[[int], AbstractContextManager[Executor]],
    progress: Progress,
) -> list[Label]:
    """Return the labels of all structures, those that are in a file without asking for them again.

    A teacher that has no number for a structure, or whose process dies of it twice, refuses that
    one; what is the machine's fault is raised, and what was labelled by then stays.

    Parameters
    ----------
    structures
        What is labelled.
    path
        The file, to which each label is added as soon as it is there.
    processes
        Returns what runs so many tasks.
    progress
        Where progress goes.

    Raises
    ------
    CheckpointError
        The file has something else.
    StorageError
        It cannot be written.
    """
    file = LabelsFile(path)
    digests = [digest_of(each) for each in structures]
    missing = {
        digest: (atoms,)
        for digest, atoms in zip(digests, structures, strict=True)
        if digest not in file.labels
    }
    with progress.task("structures labelled", len(structures)) as tell:
        n_labelled = len(structures) - len(missing)
        tell(n_labelled, "")
        if missing:
            with processes(len(missing)) as executor:
                for number, (digest, answer) in enumerate(answers(executor, label, missing), 1):
                    file.add(digest, _as_label(answer))
                    tell(n_labelled + number, "")
    return [file.labels[digest] for digest in digests]


def _as_label(answer: Label | ProcessDiedError) -> Label:
    return Label(None, None, str(answer)) if isinstance(answer, ProcessDiedError) else answer
