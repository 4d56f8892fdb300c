"""Where a package that is installed here came from, so that an environment gets the same one."""

import json
from importlib import metadata
from pathlib import Path
from urllib.parse import unquote, urlsplit

import nearsight
from nearsight.errors import InstallationError


def requirement() -> tuple[str, ...]:
    """Return the arguments by which pip installs the Nearsight that runs here.

    A distribution says where it came from (PEP 610): a folder, edited in place or not, a repository
    or an archive. Code that runs from a source tree is installed from it, edited in place.

    Raises
    ------
    InstallationError
        The folder is gone, or nothing says where the code came from.
    """
    package = Path(nearsight.__file__).resolve().parent
    distribution = _distribution_of(package)
    if distribution is not None:
        origin = json.loads(distribution.read_text("direct_url.json") or "null")
        if origin is not None:
            return _from_origin("Nearsight", origin)
    tree = package.parents[1]
    if (tree / "pyproject.toml").is_file():
        return ("--editable", str(tree))
    if distribution is not None:
        return (f"nearsight=={distribution.version}",)
    raise InstallationError(
        f"Nearsight runs from {package}, which belongs to no installed package and to no source "
        f"tree with a pyproject.toml, so that it cannot be installed into another environment; "
        f"install it with pip first."
    )


def requirement_of(distribution: metadata.Distribution) -> tuple[str, ...]:
    """Return the arguments by which pip installs a package that is installed here.

    Raises
    ------
    InstallationError
        The folder that it came from is gone.
    """
    origin = json.loads(distribution.read_text("direct_url.json") or "null")
    if origin is not None:
        return _from_origin(distribution.name, origin)
    return (f"{distribution.name}=={distribution.version}",)


def _distribution_of(package: Path) -> metadata.Distribution | None:
    """Return the installed distribution whose code runs, if it is one that does."""
    for found in metadata.distributions(name="nearsight"):
        origin = json.loads(found.read_text("direct_url.json") or "null") or {}
        if origin.get("dir_info", {}).get("editable", False):
            if package.is_relative_to(_folder(origin).resolve()):
                return found
        elif Path(str(found.locate_file("nearsight"))).resolve() == package:
            return found
    return None


def _from_origin(name: str, origin: dict[str, dict[str, str]]) -> tuple[str, ...]:
    url = str(origin["url"])
    if "dir_info" in origin:
        folder = _folder(origin)
        if not (folder / "pyproject.toml").is_file():
            raise InstallationError(
                f"{name} was installed from {folder}, where no pyproject.toml is any more, so "
                f"that it cannot be installed into another environment; install it anew."
            )
        return ("--editable", str(folder)) if origin["dir_info"].get("editable") else (str(folder),)
    if "vcs_info" in origin:
        vcs = origin["vcs_info"]
        return (f"{name.lower()} @ {vcs['vcs']}+{url}@{vcs['commit_id']}",)
    return (f"{name.lower()} @ {url}",)


def _folder(origin: dict[str, dict[str, str]]) -> Path:
    return Path(unquote(urlsplit(str(origin["url"])).path))
