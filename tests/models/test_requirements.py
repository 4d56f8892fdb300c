"""SevenNet and MACE exclude each other, and whoever asks for the wrong one is told what to do."""

import importlib.util
from collections.abc import Callable
from importlib import metadata
from typing import Any

import pytest

from nearsight.cli.main import main
from nearsight.errors import ModelError
from nearsight.models.environments import obstacle
from nearsight.models.registry import FAMILIES, MODELS, load_model


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Return a function: pretend that of the two families `package` is there, with an e3nn."""
    find, version = importlib.util.find_spec, metadata.version

    def pretend(package: str | None, e3nn: str | None) -> None:
        def found(name: str, *arguments: Any) -> Any:
            if name in {"sevenn", "mace"}:
                return object() if name == package else None
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
        "0.4.4 is installed here. SevenNet and MACE need different versions of e3nn and cannot "
        "share an environment; make another one: python -m venv .venv-sevenn && "
        ".venv-sevenn/bin/pip install 'nearsight[sevennet]'"
    )


def test_mace_in_the_environment_of_sevennet(environment: Callable[..., None]) -> None:
    environment("sevenn", "0.6.0")
    for name in ("mace-mp-0-small", "mace:any.model"):
        said = message(name)
        assert said.startswith(f"{name} needs the package mace, which is not installed here, and ")
        assert "e3nn==0.4.4, but e3nn 0.6.0 is installed here. SevenNet and MACE" in said
        assert said.endswith(
            "cannot share an environment; make another one: python -m venv .venv-mace && "
            ".venv-mace/bin/pip install 'nearsight[mace]'"
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
    assert said.startswith(f"{name} needs e3nn{wanted}, but e3nn {version} is installed here. ")
    assert f".venv-{package}/bin/pip install" in said


def test_the_list_says_which_families_need_another_environment(
    environment: Callable[..., None], capsys: pytest.CaptureFixture[str]
) -> None:
    for e3nn, place in (("0.6.0", ", in another environment"), (None, "")):
        environment("sevenn", e3nn)
        main(["models", "list"])
        lines = capsys.readouterr().out.splitlines()
        assert f"* mace{place}: pip install 'nearsight[mace]'" in lines
        about_mace = [text for text in lines if text.startswith("mace")]
        assert len(about_mace) == 4
        assert all(text.endswith(" *") for text in about_mace)
        assert not any("*" in text for text in lines if text.startswith("sevennet"))
        assert max(map(len, lines)) <= 80


def test_without_e3nn_one_line_is_enough(environment: Callable[..., None]) -> None:
    environment(None, None)
    assert message("mace-mp-0-large") == (
        "mace-mp-0-large needs the package mace, which is not installed here: "
        "pip install 'nearsight[mace]'"
    )


@pytest.mark.parametrize("version", ["0.5", "0.5.1", "0.6.0rc1", "0.10.2", "1.0"])
def test_later_versions_of_e3nn_are_sevennets(
    environment: Callable[..., None], version: str
) -> None:
    environment("sevenn", version)
    assert obstacle("sevenn", "pip install x", ">=0.5") is None
    assert MODELS["sevennet-0"].installed
    assert not MODELS["mace-mp-0-small"].installed


def test_this_environment_has_one_of_the_two() -> None:
    usable = {family for family in ("sevennet", "mace") if FAMILIES[family].obstacle is None}
    assert usable == {"mace" if metadata.version("e3nn") == "0.4.4" else "sevennet"}
    for name, model in MODELS.items():
        if model.family in {"sevennet", "mace"}:
            assert model.installed is (model.family in usable), name
