"""A stand-in for uv: a script that makes an environment of a script, or fails when it is told."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from nearsight.models.environments import torch_build

UV = """#!/bin/sh
echo "$@" >> "$STAND_IN_CALLS"
pwd >> "${STAND_IN_FOLDERS:-/dev/null}"
case "$*" in
  --version) echo "uv 9.9.9" ;;
  venv*) mkdir -p "$4/bin"; cp "$STAND_IN_PYTHON" "$4/bin/python" ;;
  *freeze*) echo "torch==2.13.0+cpu"; echo "tiny==1.0" ;;
  *"${STAND_IN_FAILS:-@never@}"*) echo "Collecting it"; echo "${STAND_IN_SAYS}"; exit 3 ;;
  *"${STAND_IN_HANGS:-@never@}"*) echo "Collecting it"; sleep 100 ;;
  *) echo "Collecting it" ;;
esac
"""

PYTHON = """#!/bin/sh
case "$*" in
  *"${STAND_IN_FAILS:-@never@}"*) echo "${STAND_IN_SAYS}"; exit 1 ;;
  *json*) echo "a warning"; echo '["3.11.7", "2.13.0+cpu, for CPUs"]'; echo "another one" ;;
esac
"""


@pytest.fixture
def environments(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of all environments, not made yet."""
    folder = tmp_path / "environments"
    monkeypatch.setenv("NEARSIGHT_ENVIRONMENTS", str(folder))
    return folder


@pytest.fixture
def stand_in(
    environments: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[[], list[str]]:
    """Let a shell script be uv, and return a function: what it was called with."""
    programs, calls = tmp_path / "programs", tmp_path / "calls"
    programs.mkdir()
    for path, text in ((programs / "uv", UV), (tmp_path / "python", PYTHON)):
        path.write_text(text)
        path.chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("STAND_IN_CALLS", str(calls))
    monkeypatch.setenv("STAND_IN_PYTHON", str(tmp_path / "python"))
    monkeypatch.setattr(torch_build, "_has_nvidia_driver", lambda: False)
    monkeypatch.setattr(torch_build, "_answers", lambda address: False)
    return lambda: calls.read_text().splitlines() if calls.exists() else []


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], None]:
    """Return a function: let calls that mention `what` fail, saying `text`."""

    def arm(what: str, text: str) -> None:
        monkeypatch.setenv("STAND_IN_FAILS", what)
        monkeypatch.setenv("STAND_IN_SAYS", text)

    return arm
