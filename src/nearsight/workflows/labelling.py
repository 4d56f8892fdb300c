"""A teacher labels structures, in as many processes as there is room for."""

from collections.abc import Callable, Sequence
from concurrent.futures import Executor, Future, as_completed
from contextlib import AbstractContextManager
from pathlib import Path

from ase import Atoms

from nearsight.errors import ModelError, ProcessDiedError, StructureError
from nearsight.execution.local_processes import LocalProcesses
from nearsight.execution.serial import InThisProcess
from nearsight.execution.surroundings import current_model
from nearsight.models.spec import ModelSpec
from nearsight.progress import Progress
from nearsight.resources import Resources
from nearsight.training.active.labels import Label, LabelsFile, digest_of
from nearsight.workflows.context import AnyModel

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
    return Label(answer.energy_eV, answer.forces_eV_per_A)


def label_all(
    structures: Sequence[Atoms],
    path: Path,
    processes: Callable[[int], AbstractContextManager[Executor]],
    progress: Progress,
) -> list[Label]:
    """Return the labels of all structures, those that are in a file without asking for them again.

    A teacher that has no number for a structure, or whose process dies of it, refuses that one;
    what is the machine's fault is raised, and what was labelled by then stays.

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
        digest: atoms
        for digest, atoms in zip(digests, structures, strict=True)
        if digest not in file.labels
    }
    with progress.task("structures labelled", len(structures)) as tell:
        n_labelled = len(structures) - len(missing)
        tell(n_labelled, "")
        if missing:
            with processes(len(missing)) as executor:
                tasks: dict[Future[Label], str] = {
                    executor.submit(label, atoms): digest for digest, atoms in missing.items()
                }
                for number, task in enumerate(as_completed(tasks), start=1):
                    file.add(tasks[task], _label_of(task))
                    tell(n_labelled + number, "")
    return [file.labels[digest] for digest in digests]


def _label_of(task: "Future[Label]") -> Label:
    try:
        return task.result()
    except ProcessDiedError as error:
        return Label(None, None, str(error))
