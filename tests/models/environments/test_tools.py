"""Which commands make an environment, and with which PyTorch."""

import sys
from dataclasses import replace
from pathlib import Path

import pytest

from nearsight.errors import InstallationError
from nearsight.models.environments import tools, torch_build
from nearsight.models.environments.places import Place, data_directory, root
from nearsight.models.environments.tools import Tool, choose_tool
from nearsight.models.families import FAMILIES
from nearsight.models.family import Step

PLACE = Place(Path("/data"), "mace")
CONSTRAINTS = Path("/data/constraints.txt")
OLD = replace(FAMILIES["mace"], python=((3, 5), (3, 6)))


def test_pip_makes_it_with_this_python() -> None:
    assert Tool(None).create(PLACE, OLD)[0] == sys.executable
    command = Tool(None).install(PLACE, Step(("a", "b"), dependencies=False), CONSTRAINTS, "http")
    assert " ".join(command) == (
        "/data/mace/venv/bin/python -P -m pip --no-input install --extra-index-url http "
        "--constraint /data/constraints.txt --no-deps a b"
    )


def test_uv_makes_it_with_this_python_or_fetches_another() -> None:
    create = Tool("/bin/uv").create
    assert create(PLACE, FAMILIES["mace"]) == [
        *("/bin/uv", "venv", "--python", sys.executable, "/data/mace/venv")
    ]
    assert create(PLACE, OLD)[3] == ">=3.5,<3.6"
    command = Tool("/bin/uv").install(PLACE, Step(("a",)), CONSTRAINTS, "http")
    assert " ".join(command) == (
        "/bin/uv pip install --python /data/mace/venv/bin/python --index http --constraint "
        "/data/constraints.txt a"
    )


def test_another_python_needs_uv(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tools.shutil, "which", lambda name: None)
    here = ".".join(map(str, sys.version_info[:2]))
    with pytest.raises(InstallationError) as error:
        choose_tool(OLD)
    assert str(error.value) == (
        f"mace needs Python 3.5 or newer, but before 3.6, and this is {here}. Run Nearsight with "
        f"such a Python, or install uv (pip install uv), which fetches one."
    )
    assert choose_tool(FAMILIES["mace"]) == Tool(None)
    monkeypatch.setattr(tools.shutil, "which", lambda name: "/bin/uv")
    assert choose_tool(OLD) == Tool("/bin/uv")


@pytest.mark.parametrize(
    ("driver", "index", "expected"),
    [(True, True, None), (False, True, torch_build.CPU_INDEX), (False, False, None)],
)
def test_the_build_of_pytorch_follows_the_machine(
    monkeypatch: pytest.MonkeyPatch, driver: bool, index: bool, expected: str | None
) -> None:
    monkeypatch.setattr(torch_build.sys, "platform", "linux")
    monkeypatch.setattr(torch_build, "_has_nvidia_driver", lambda: driver)
    monkeypatch.setattr(torch_build, "_answers", lambda address: index)
    choice = torch_build.choose_torch()
    assert (choice.index, choice.for_gpu) == (expected, driver)
    assert choice.reason


@pytest.mark.parametrize(
    ("script", "found"),
    [("echo 'GPU 0: NVIDIA A100 (UUID: 1)'", True), ("echo no driver; exit 9", False), ("", False)],
)
def test_a_driver_is_there_if_it_names_a_gpu(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, found: bool
) -> None:
    program = tmp_path / "nvidia-smi"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert torch_build._has_nvidia_driver() is found
    program.unlink()
    assert not torch_build._has_nvidia_driver()


def test_an_index_that_does_not_answer() -> None:
    assert not torch_build._answers("http://127.0.0.1:9/")


def test_places(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("XDG_DATA_HOME")
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    assert root() == tmp_path / ".local" / "share" / "nearsight" / "environments"
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    assert root() == tmp_path / "data" / "nearsight" / "environments"
    monkeypatch.setenv("NEARSIGHT_ENVIRONMENTS", str(tmp_path / "own"))
    assert root() == tmp_path / "own"
    assert data_directory() == tmp_path / "data" / "nearsight"
