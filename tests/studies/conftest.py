"""Studies are scripts beside the package: here they are imported from their files."""

import importlib
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

STUDIES = Path(__file__).parents[2] / "studies"


@pytest.fixture
def study(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], ModuleType]:
    """Return a function: the module of a study, which imports its helpers as a script does."""
    monkeypatch.syspath_prepend(STUDIES)

    def load(name: str) -> ModuleType:
        for module in ("records", "relaxation", name):
            monkeypatch.delitem(sys.modules, module, raising=False)
        return importlib.import_module(name)

    return load
