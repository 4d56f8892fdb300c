"""A directory of small structure files for a model that needs nothing but ASE."""

import signal
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import ase.io
import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk, fcc111, molecule

from nearsight.cli.main import main
from nearsight.models import AseModel, Evaluation
from widom_command import FRAMEWORK

EMT = ["--model", "ase:emt"]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    copper = bulk("Cu", "fcc", a=3.7, cubic=True)
    copper.positions += np.random.default_rng(0).normal(scale=0.02, size=(4, 3))
    ase.io.write(tmp_path / "copper.cif", copper)
    ase.io.write(tmp_path / "aluminium.cif", bulk("Al", "fcc", a=4.1, cubic=True))
    ase.io.write(tmp_path / "nitrogen.xyz", molecule("N2"))
    (tmp_path / "empty.cif").touch()
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def nearsight(folder: Path) -> Callable[..., int]:
    """Run a command with EMT in the folder of structures and return its exit status."""

    def run(command: str, *arguments: str) -> int:
        return main([command, *arguments, *EMT])

    return run


@pytest.fixture
def interrupt_after(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Let the model be interrupted once, after so many structures."""
    evaluate = AseModel.evaluate

    def arm(calls: int) -> None:
        left = calls

        def counted(self: AseModel, structures: Sequence[Atoms], **asked: Any) -> list[Evaluation]:
            nonlocal left
            left -= len(structures)
            if left < 0:
                left = 10**9
                raise KeyboardInterrupt
            return evaluate(self, structures, **asked)

        monkeypatch.setattr(AseModel, "evaluate", counted)

    return arm


@pytest.fixture
def signals_are_heard() -> Iterator[None]:
    """Let processes that a test starts hear all signals, whatever this one was told to ignore.

    What is started in the background of a shell is born with SIGINT ignored.
    """
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = [signal.signal(number, signal.default_int_handler) for number in numbers]
    yield
    for number, handler in zip(numbers, before, strict=True):
        signal.signal(number, handler)


@pytest.fixture
def phonon_folder(folder: Path) -> Path:
    """Add crystals that phonons are quick for, and what has none."""
    ase.io.write(folder / "primitive.xyz", bulk("Al", "fcc", a=4.0))
    ordered = bulk("Cu", "fcc", a=3.75, cubic=True)
    ordered.symbols[0] = "Au"
    ase.io.write(folder / "ordered.cif", ordered)
    slab = fcc111("Cu", (1, 1, 3), a=3.6, vacuum=8.0)
    slab.info.clear()
    ase.io.write(folder / "layer.xyz", slab)
    slab.pbc = True
    ase.io.write(folder / "slab.cif", slab)
    return folder


@pytest.fixture
def structures_evaluated(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Return a list that gets the number of structures of every call of the model."""
    evaluate = AseModel.evaluate
    counts: list[int] = []

    def counted(self: AseModel, structures: Sequence[Atoms], **asked: Any) -> list[Evaluation]:
        counts.append(len(structures))
        return evaluate(self, structures, **asked)

    monkeypatch.setattr(AseModel, "evaluate", counted)
    return counts


@pytest.fixture
def argon_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder with a crystal of argon atoms far from each other."""
    monkeypatch.chdir(tmp_path)
    FRAMEWORK.write("argon.cif")
    return tmp_path
