"""Whether a family can be loaded by this Python, from the packages that are installed beside it.

SevenNet and MACE need different versions of e3nn, and Python has room for one version of a package.
"""

import importlib.util
import re
from importlib import metadata


def obstacle(package: str, e3nn: str | None = None) -> str | None:
    """Return what a family lacks here; None if nothing.

    Parameters
    ----------
    package
        Package that must be importable.
    e3nn
        Version of e3nn that it works with, as ``==0.4.4`` or ``>=0.5``; None for any, or no e3nn.
    """
    present = _is_installed(package)
    if version := excluding_e3nn(e3nn):
        lacking = "" if present else f"the package {package}, which is not installed here, and "
        return f"needs {lacking}e3nn{e3nn}, but e3nn {version} is installed here"
    return None if present else f"needs the package {package}, which is not installed here"


def _is_installed(package: str) -> bool:
    """Return whether there is such a package with code; any folder of its name passes for one."""
    try:
        found = importlib.util.find_spec(package)
    except ModuleNotFoundError:  # of the package that this one is in
        return False
    return found is not None and found.origin is not None


def excluding_e3nn(wanted: str | None) -> str | None:
    """Return the version of e3nn that is installed here, if it is another one than `wanted`."""
    version = _version_of_e3nn()
    if wanted is None or version is None or _fits(version, wanted):
        return None
    return version


def _version_of_e3nn() -> str | None:
    try:
        return metadata.version("e3nn")
    except metadata.PackageNotFoundError:
        return None


def _fits(version: str, wanted: str) -> bool:
    if wanted.startswith("=="):
        return version == wanted[2:]
    return _numbers(version) >= _numbers(wanted)


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", version)[:2])
