"""A worker with a model of the tests, and structures of two elements."""

import importlib.util
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from ase import Atoms

from nearsight.models.worker.client import WorkerModel
from nearsight.models.worker.shared import shared_worker

FAR_MODEL = Path(__file__).with_name("far_model.py")


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    """Let workers compute as this process does: with one thread, hence the same numbers."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OMP_NUM_THREADS", "1")
        yield


@pytest.fixture(scope="session")
def far_model() -> ModuleType:
    """The module that a worker of these tests runs, in this process."""
    spec = importlib.util.spec_from_file_location("far_model", FAR_MODEL)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def command() -> tuple[str, ...]:
    """What starts a worker with a model of the tests."""
    return sys.executable, "-P", str(FAR_MODEL)


@pytest.fixture
def far(command: tuple[str, ...]) -> Callable[..., WorkerModel]:
    """Return a function: a model of the tests in a worker."""

    def start(name: str = "far", **settings: Any) -> WorkerModel:
        settings = {"dtype": "float64", "device": "cpu", "trust": False} | settings
        return WorkerModel(shared_worker(command, name, **settings))

    return start


@pytest.fixture
def atoms() -> Atoms:
    """22 atoms of carbon and oxygen in a cell, none of them where symmetry would want it."""
    random = np.random.default_rng(7)
    grid = np.stack(np.meshgrid(*[np.arange(3)] * 3), axis=-1).reshape(-1, 3)[:22]
    positions = 2.0 * grid + random.normal(scale=0.1, size=(22, 3))
    return Atoms("CO" * 11, positions=positions, cell=[7.0, 7.5, 8.0], pbc=True)


@pytest.fixture
def seeds(atoms: Atoms) -> list[tuple[int, np.ndarray]]:
    """All 66 rows."""
    return [(atom, direction) for atom in range(len(atoms)) for direction in np.eye(3)]


@pytest.fixture
def once(tmp_path: Path) -> Iterator[str]:
    """A file whose presence keeps the model from doing again what it has done; it must be done."""
    path = tmp_path / "done"
    yield str(path)
    assert path.exists()
