"""SevenNet and MACE exclude each other, and whoever asks for the wrong one is told what to do."""

import importlib.util
import sys
from collections.abc import Callable
from importlib import metadata
from importlib.machinery import ModuleSpec
from pathlib import Path
from typing import Any

import pytest

from nearsight.errors import ModelError
from nearsight.models.families import FAMILIES
from nearsight.models.registry import load_model
from nearsight.models.requirements import obstacle


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Return a function: pretend that of the two families `package` is there, with an e3nn."""
    find, version = importlib.util.find_spec, metadata.version

    def pretend(package: str | None, e3nn: str | None) -> None:
        def found(name: str, *arguments: Any) -> Any:
            if name in {"sevenn", "mace"}:
                return ModuleSpec(name, None, origin=name) if name == package else None
            return find(name, *arguments)

        def version_of(name: str) -> str:
            if name != "e3nn":
                return version(name)
            if e3nn is None:
                raise metadata.PackageNotFoundError(name)
            return e3nn

        monkeypatch.setattr(importlib.util, "find_spec", found)
        monkeypatch.setattr(metadata, "version", version_of)

    return pretend


def message(name: str) -> str:
    with pytest.raises(ModelError) as error:
        load_model(name, device="cpu", trust=True)
    return str(error.value)


def test_sevennet_in_the_environment_of_mace(environment: Callable[..., None]) -> None:
    environment("mace", "0.4.4")
    assert message("sevennet-0") == (
        "sevennet-0 needs the package sevenn, which is not installed here, and e3nn>=0.5, but e3nn "
        "0.4.4 is installed here: nearsight models install sevennet gives it an environment of its "
        "own."
    )


def test_mace_in_the_environment_of_sevennet(environment: Callable[..., None]) -> None:
    environment("sevenn", "0.6.0")
    for name in ("mace-mp-0-small", "mace:any.model"):
        assert message(name) == (
            f"{name} needs the package mace, which is not installed here, and e3nn==0.4.4, but "
            f"e3nn 0.6.0 is installed here: nearsight models install mace gives it an environment "
            f"of its own."
        )


@pytest.mark.parametrize(
    ("name", "package", "version", "wanted"),
    [
        ("mace:any.model", "mace", "0.6.0", "==0.4.4"),
        ("mace:any.model", "mace", "0.4.5", "==0.4.4"),
        ("sevennet-0", "sevenn", "0.4.4", ">=0.5"),
    ],
)
def test_a_forced_version_of_e3nn_is_not_used(
    environment: Callable[..., None], name: str, package: str, version: str, wanted: str
) -> None:
    environment(package, version)
    said = message(name)
    assert said.startswith(f"{name} needs e3nn{wanted}, but e3nn {version} is installed here: ")
    assert "nearsight models install " in said


def test_without_e3nn_it_can_be_installed_here_too(environment: Callable[..., None]) -> None:
    environment(None, None)
    assert message("mace-mp-0-large") == (
        "mace-mp-0-large needs the package mace, which is not installed here: nearsight models "
        "install mace gives it an environment of its own; pip install torch==2.13.0 "
        "'mace-torch>=0.3.16,<0.4' e3nn==0.4.4 'numba>=0.63' installs it here."
    )


@pytest.mark.parametrize("version", ["0.5", "0.5.1", "0.6.0rc1", "0.10.2", "1.0"])
def test_later_versions_of_e3nn_are_sevennets(
    environment: Callable[..., None], version: str
) -> None:
    environment("sevenn", version)
    assert obstacle("sevenn", ">=0.5") is None
    assert FAMILIES["sevennet"].obstacle is None
    assert FAMILIES["mace"].obstacle is not None


def test_this_environment_has_one_of_the_two() -> None:
    usable = {family for family in ("sevennet", "mace") if FAMILIES[family].obstacle is None}
    assert usable == {"mace" if metadata.version("e3nn") == "0.4.4" else "sevennet"}


@pytest.mark.parametrize("package", ["no_such_package", "no_such_package.core"])
def test_a_folder_that_is_called_like_a_package_is_none(
    package: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "no_such_package").mkdir()
    (tmp_path / "no_such_package" / "results.model").touch()
    for path in ([], [str(tmp_path)]):
        monkeypatch.setattr(sys, "path", [*path, *sys.path])
        importlib.invalidate_caches()
        said = f"needs the package {package}, which is not installed here"
        assert obstacle(package) == said
    (tmp_path / Path(*package.split("."))).mkdir(exist_ok=True)
    (tmp_path / Path(*package.split("."), "__init__.py")).touch()
    importlib.invalidate_caches()
    assert obstacle(package) is None
