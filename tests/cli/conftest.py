"""A directory of small structure files for a model that needs nothing but ASE."""

from collections.abc import Callable
from pathlib import Path

import ase.io
import numpy as np
import pytest
from ase.build import bulk, molecule

from nearsight.cli.main import main

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
