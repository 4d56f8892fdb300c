"""Python files and settings of the folder in which an installation is started are not used."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from nearsight.models.environments import install
from nearsight.models.environments.install import _ASK
from nearsight.models.environments.places import Place
from nearsight.models.environments.running import Runner
from nearsight.models.environments.tools import ONLY_INSTALLED, Tool
from nearsight.models.families import FAMILIES

IMPORTED = ("pip", "venv", "ensurepip", "json", "platform", "tblite", "torch", "sitecustomize")


@pytest.fixture
def traces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder, empty unless code of the current folder, which is another one, has run."""
    traces, current = tmp_path / "traces", tmp_path / "current"
    traces.mkdir()
    current.mkdir()
    for name in IMPORTED:
        trace = traces / name
        (current / f"{name}.py").write_text(f"open({str(trace)!r}, 'w').close()\n")
    monkeypatch.chdir(current)
    return traces


def test_no_command_imports_them(traces: Path, tmp_path: Path) -> None:
    place = Place(tmp_path / "environments", "tblite")
    place.root.mkdir()
    tool = Tool(None)
    lock = os.open(place.lock, os.O_RDWR | os.O_CREAT)
    try:
        runner = Runner("tblite", place.log, lock)
        runner.run(tool.create(place, FAMILIES["tblite"]), lambda _line: None)
        runner.run(tool.freeze(place), lambda _line: None)
        asked = runner.run([str(place.python), ONLY_INSTALLED, "-c", _ASK], lambda _line: None)
    finally:
        os.close(lock)
    assert tool.version(place).startswith("pip ")
    assert asked.startswith("[")
    assert not list(traces.iterdir())


def test_a_plain_command_would_import_them(traces: Path, tmp_path: Path) -> None:
    """Without the option, in this folder, the trace is left: the test above can fail."""
    subprocess.run([sys.executable, "-c", "import tblite"], check=False, capture_output=True)
    assert [trace.name for trace in traces.iterdir()] == ["tblite"]


def test_every_command_of_an_installer_runs_where_the_environments_are(
    traces: Path,
    stand_in: Callable[[], list[str]],
    environments: Path,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    """uv reads the ``uv.toml`` and ``pyproject.toml`` of the folder in which it runs."""
    folders = tmp_path / "folders"
    monkeypatch.setenv("STAND_IN_FOLDERS", str(folders))
    install("chgnet")
    assert len(folders.read_text().splitlines()) == len(stand_in())
    assert set(folders.read_text().splitlines()) == {str(environments)}
