"""Structures that a campaign is quick with."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk

from nearsight.campaigns import Input, Specification, Store, on_this_machine, run_campaign
from nearsight.campaigns.phase import Watch
from nearsight.execution import InThisProcess
from nearsight.execution.tasks import TaskFuture
from nearsight.models.spec import ModelSpec
from nearsight.resources import Resources
from nearsight.workflows import EnergySettings

SMALL = Resources(cores=2, memory_bytes=2**30)


def cell(element: str = "Cu", seed: int = 0) -> Atoms:
    """Return a crystal of two atoms that no other seed has."""
    atoms = bulk("Cu", a=3.6).repeat((2, 1, 1))
    atoms.symbols[0] = element
    atoms.positions += np.random.default_rng(seed).normal(scale=0.05, size=(2, 3))
    return atoms


def inputs(n: int, element: str = "Cu") -> list[Input]:
    return [Input(f"{element}-{seed}.cif", cell(element, seed)) for seed in range(n)]


@pytest.fixture
def asked(tmp_path: Path) -> Specification:
    model = ModelSpec(f"ase:moody:Moody?folder={tmp_path}")
    return Specification({"energy": EnergySettings()}, (model,))


@pytest.fixture
def store(tmp_path: Path, asked: Specification) -> Store:
    return Store.create(tmp_path / "run.db", asked)


class InOneProcess(InThisProcess):
    """Workers of which there is one, this process: no test need wait for another to start."""

    capacity = 1
    share_memory = False

    def end_task(self, future: TaskFuture) -> None:
        raise AssertionError("this process has told nothing for too long")


def in_this_process(model: ModelSpec, told: Callable[[object], object], _: bool) -> InOneProcess:
    return InOneProcess(model, told=told)


@pytest.fixture
def run(store: Store) -> Callable[..., None]:
    """Add structures to the store, and run its campaign on `n` processes, or in this one."""

    def run(
        given: list[Input] | None = None,
        n: int = 0,
        watch: Watch | None = None,
        silence_s: float | None = None,
    ) -> None:
        for _ in store.add(given or []):
            pass
        start = on_this_machine(n, SMALL) if n else in_this_process
        run_campaign(store, start, watch=watch, silence_s=silence_s)

    return run
