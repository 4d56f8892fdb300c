"""The verb `run_campaign`: every structure by every workflow and model, each once."""

import logging
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from typing import Any

import nearsight
from nearsight.campaigns.holding import hold_campaign
from nearsight.campaigns.phase import Phase, Watch
from nearsight.campaigns.schema import LARGE, NAMED
from nearsight.campaigns.store import Store
from nearsight.campaigns.task import Introduction, introduce
from nearsight.errors import (
    CheckpointError,
    ExecutionError,
    ModelError,
    NearsightError,
    ProcessDiedError,
)
from nearsight.execution.workers import Workers
from nearsight.models.spec import ModelSpec

logger = logging.getLogger("nearsight.campaigns")

_MOST_LOST = 2
"""So many workers may be lost for reasons of their own before the model is named as one."""

Start = Callable[[ModelSpec, Callable[[Any], object], bool], AbstractContextManager[Workers]]
"""Starts the workers of a model: ``start(model, told, alone)``; one worker is `alone`."""


def run_campaign(
    store: Store, start: Start, *, watch: Watch | None = None, silence_s: float | None = None
) -> None:
    """Do what is still to be done of a campaign.

    What is done stays, whatever ends this process: each record is in the store as soon as it is
    there, and unfinished work of a structure is kept as in single runs.

    Parameters
    ----------
    store
        The campaign.
    start
        Starts the workers of a model.
    watch
        Called a few times a second with how far it has come.
    silence_s
        For how long a worker may tell nothing before it is ended; by default 20 times what its
        structure should take, and no less than ten minutes.

    Raises
    ------
    StorageError
        Another process works on the campaign, or it cannot be written.
    ModelError
        A model cannot be loaded, or is another one than that of the records that are there.
    CheckpointError
        Not all of its structures were read.
    ExecutionError
        There are no workers, or all of them end whatever they do.

    Examples
    --------
    >>> from ase.build import bulk
    >>> from nearsight.campaigns import Input, Specification, Store
    >>> from nearsight.campaigns import on_this_machine, rows_of, run_campaign
    >>> from nearsight.models import ModelSpec
    >>> from nearsight.workflows import EnergySettings
    >>> asked = Specification({"energy": EnergySettings()}, (ModelSpec("ase:emt"),))
    >>> store = Store.create("run.db", asked)
    >>> added = list(store.add([Input("Cu", bulk("Cu"))]))
    >>> run_campaign(store, on_this_machine(1))
    >>> for row in rows_of(store):
    ...     print(row["structure"], row["state"], f"{row['energy_eV_per_atom']:.3f} eV")
    ...
    Cu done -0.006 eV
    """
    with hold_campaign(store.path):
        if not store.is_read:
            raise CheckpointError(
                f"{store.path} does not have all of its structures, since reading them was "
                f"interrupted; give the command that began it again."
            )
        if store.version != nearsight.__version__:
            logger.warning(
                "nearsight: %s was begun with Nearsight %s, and goes on with %s.",
                store.path,
                store.version,
                nearsight.__version__,
            )
        try:
            for model in store.specification.models:
                _by_model(store, model, start, watch, silence_s)
            with suppress(OSError):  # not empty: work of failures, which may be tried again
                store.work_folder.rmdir()
        except KeyboardInterrupt as interruption:
            [(waiting,)] = store.select(
                f"SELECT count(*) FROM nearsight_jobs WHERE state IN ('waiting', '{LARGE}')"
            )
            interruption.add_note(
                f"All that was done is in {store.path}, {waiting} are left: nearsight campaign "
                f"resume {store.path} goes on."
            )
            raise


def _by_model(
    store: Store, model: ModelSpec, start: Start, watch: Watch | None, silence_s: float | None
) -> None:
    if _is_complete(store, model):
        return
    for state, alone in (("waiting", False), (LARGE, True)):
        if alone:
            n = len(store.waiting(model.name, LARGE))
            if n == 0:
                return
            # Each had its share of the memory only: one at a time has all of it.
            logger.info("%d structures did not fit into a share of the memory", n)
        phase = Phase(store, model.name, watch, silence_s)
        with start(model, phase.told, alone) as workers:
            store.introduce(model.name, _introduced(workers, model))
            phase.work_off(store.waiting(model.name, state), workers)


def _is_complete(store: Store, model: ModelSpec) -> bool:
    """Tell whether each structure has its jobs, none of which waits."""
    [(n_jobs, n_waiting)] = store.select(
        f"SELECT count(*), count(*) FILTER (WHERE state IN ('waiting', '{LARGE}')) "
        f"FROM nearsight_jobs WHERE model = ? AND sha256 IN (SELECT {NAMED})",
        (model.name,),
    )
    [(n_structures,)] = store.select(f"SELECT count(DISTINCT sha256) FROM (SELECT {NAMED})")
    n_asked = n_structures * len(store.specification.settings)
    return bool(n_waiting == 0 and n_jobs >= n_asked)


def _introduced(workers: Workers, model: ModelSpec) -> Introduction:
    """Have the model loaded by a first worker.

    Raises
    ------
    ModelError, ExecutionError
        It cannot be loaded, so that no structure is begun.
    """
    try:
        for _ in range(_MOST_LOST):
            with suppress(ProcessDiedError):
                return _introduction_of(workers)
        return _introduction_of(workers)
    except ExecutionError:
        raise
    except NearsightError as error:
        raise ModelError(f"the campaign cannot begin with {model.name}: {error}") from error


def _introduction_of(workers: Workers) -> Introduction:
    introduction: Introduction = workers.submit(introduce).result()
    return introduction
