"""A page for each package: all that it offers by name."""

import inspect
from collections.abc import Mapping
from importlib import import_module
from types import ModuleType
from typing import Any

from markdown import contents

PACKAGES = (
    "workflows",
    "records",
    "structures",
    "models",
    "relaxation",
    "hessian",
    "vibrations",
    "elasticity",
    "locality",
    "dynamics",
    "dynamics.analysis",
    "training",
    "lammps",
    "campaigns",
    "evaluation",
    "execution",
    "testing",
)
"""Packages with public names, from questions to steps."""

MODULES = (
    "adsorption.isotherm_fits",
    "adsorption.gcmc.settings",
    "adsorption.settings",
    "allocation",
    "errors",
    "remarks",
    "resources",
    "storage",
    "units",
)
"""Files whose own names are meant to be used."""


def pages() -> Mapping[str, str]:
    """Return the pages, by name."""
    texts = {name: _page(name) for name in (*PACKAGES, *MODULES)}
    texts["index"] = (
        "# Python\n\n`nearsight.workflows` has a verb for each question; other packages have the "
        "steps. What is not listed here may change without notice.\n\n"
        + contents([*PACKAGES, *MODULES])
    )
    return texts


def _page(name: str) -> str:
    module = import_module(f"nearsight.{name}")
    blocks = [_entry(name, each, getattr(module, each)) for each in _names(module)]
    return (
        f"# nearsight.{name}\n\n```{{eval-rst}}\n.. automodule:: nearsight.{name}\n"
        f"   :no-members:\n```\n\n" + "\n".join(blocks)
    )


def _names(module: ModuleType) -> list[str]:
    """Return the public names of a package, or what a file itself defines."""
    offered = getattr(module, "__all__", None)
    if offered is not None:
        return sorted(offered)
    return [
        name
        for name, value in vars(module).items()
        if not name.startswith("_") and getattr(value, "__module__", None) == module.__name__
    ]


def _entry(package: str, name: str, value: Any) -> str:
    """Return what describes a name, or where that is: several packages may offer the same."""
    owner = _owner(value)
    if owner not in {None, package}:
        return f"## {name}\n\nThat of [nearsight.{owner}]({owner}.md#{name.lower()}).\n"
    kind = "data"
    if inspect.isclass(value):
        kind = "exception" if issubclass(value, BaseException) else "class"
    elif callable(value):
        kind = "function"
    whole = f"nearsight.{package}.{name}"
    return f"## {name}\n\n```{{eval-rst}}\n.. auto{kind}:: {whole}\n```\n"


def _owner(value: Any) -> str | None:
    """Return the page of the package that a class or a verb is defined in, if it has one."""
    file = getattr(value, "__module__", None) or ""
    above = [each for each in (*PACKAGES, *MODULES) if f"{file}.".startswith(f"nearsight.{each}.")]
    offering = [each for each in above if _offers(each, value)]
    return max(offering, key=len, default=None)


def _offers(package: str, value: Any) -> bool:
    module = import_module(f"nearsight.{package}")
    return any(getattr(module, name) is value for name in _names(module))
