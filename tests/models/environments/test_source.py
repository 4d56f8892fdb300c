"""An environment gets the Nearsight that runs here, from wherever it came."""

import json
from collections.abc import Callable
from importlib import metadata
from pathlib import Path

import pytest

import nearsight
from nearsight.errors import InstallationError
from nearsight.models.environments import source

Install = Callable[..., None]


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    """Return a function: pretend that the code which runs belongs to such a distribution."""

    def pretend(code: Path, origin: dict[str, object] | None, tree: bool = True) -> None:
        code.mkdir(parents=True, exist_ok=True)
        site = tmp_path / "site-packages"
        information = site / "nearsight-9.8.7.dist-info"
        information.mkdir(parents=True)
        (information / "METADATA").write_text("Name: nearsight\nVersion: 9.8.7\n")
        if origin is not None:
            (information / "direct_url.json").write_text(json.dumps(origin))
        if tree:
            (tmp_path / "tree").mkdir(exist_ok=True)
            (tmp_path / "tree" / "pyproject.toml").touch()
        found = metadata.PathDistribution(information)
        monkeypatch.setattr(source.metadata, "distributions", lambda name: [found])
        monkeypatch.setattr(nearsight, "__file__", str(code / "__init__.py"))

    return pretend


def of_folder(path: Path, **dir_info: bool) -> dict[str, object]:
    return {"url": path.as_uri(), "dir_info": dir_info}


def test_an_editable_installation_is_editable_there_too(installed: Install, tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    installed(tree / "src" / "nearsight", of_folder(tree, editable=True))
    assert source.requirement() == ("--editable", str(tree))


def test_a_folder_is_copied_again(installed: Install, tmp_path: Path) -> None:
    installed(tmp_path / "site-packages" / "nearsight", of_folder(tmp_path / "tree"))
    assert source.requirement() == (str(tmp_path / "tree"),)


def test_a_folder_that_is_gone(installed: Install, tmp_path: Path) -> None:
    code = tmp_path / "site-packages" / "nearsight"
    installed(code, of_folder(tmp_path / "tree"), tree=False)
    with pytest.raises(InstallationError, match=r"no pyproject\.toml is any more"):
        source.requirement()


def test_a_version_from_an_index(installed: Install, tmp_path: Path) -> None:
    installed(tmp_path / "site-packages" / "nearsight", None)
    assert source.requirement() == ("nearsight==9.8.7",)


@pytest.mark.parametrize(
    ("origin", "wanted"),
    [
        (
            {"url": "https://host/it.git", "vcs_info": {"vcs": "git", "commit_id": "abc"}},
            "nearsight @ git+https://host/it.git@abc",
        ),
        ({"url": "https://host/it.whl", "archive_info": {}}, "nearsight @ https://host/it.whl"),
    ],
)
def test_a_repository_and_an_archive(
    installed: Install, tmp_path: Path, origin: dict[str, object], wanted: str
) -> None:
    installed(tmp_path / "site-packages" / "nearsight", origin)
    assert source.requirement() == (wanted,)


def test_a_source_tree_hides_an_installed_version(installed: Install, tmp_path: Path) -> None:
    other = tmp_path / "other"
    installed(tmp_path / "tree" / "src" / "nearsight", of_folder(other, editable=True))
    assert source.requirement() == ("--editable", str(tmp_path / "tree"))


def test_code_from_nowhere(installed: Install, tmp_path: Path) -> None:
    installed(tmp_path / "copied" / "nearsight", None, tree=False)
    with pytest.raises(InstallationError, match="belongs to no installed package"):
        source.requirement()
