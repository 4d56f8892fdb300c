"""What the reference of Python describes, and where it shows how something is used."""

import inspect
import re
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import import_module
from types import ModuleType
from typing import Any, ParamSpec, TypeVar

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
    "result_archives",
    "storage",
    "units",
)
"""Files whose own names are meant to be used."""


def names(module: ModuleType) -> list[str]:
    """Return the public names of a package, or what a file itself defines."""
    offered = getattr(module, "__all__", None)
    if offered is not None:
        return sorted(offered)
    return [
        name
        for name, value in vars(module).items()
        if not name.startswith("_")
        and getattr(value, "__module__", None) == module.__name__
        and not isinstance(value, TypeVar | ParamSpec)
    ]


def owner(value: Any) -> str | None:
    """Return the page of the package that a class or a verb is defined in, if it has one."""
    file = getattr(value, "__module__", None) or ""
    above = [each for each in (*PACKAGES, *MODULES) if f"{file}.".startswith(f"nearsight.{each}.")]
    offering = [each for each in above if _offers(each, value)]
    return max(offering, key=len, default=None)


def _offers(page: str, value: Any) -> bool:
    module = import_module(f"nearsight.{page}")
    return any(getattr(module, name) is value for name in names(module))


@cache
def described() -> Mapping[tuple[str, str], Any]:
    """Return all that is described, by its page and its name.

    Numbers and tables have the line below them in the source, and no docstring to ask for.
    """
    found = {}
    for page in (*PACKAGES, *MODULES):
        module = import_module(f"nearsight.{page}")
        for name in names(module):
            value = getattr(module, name)
            if not isinstance(value, int | Mapping) and owner(value) in {None, page}:
                found[page, name] = value
    return found


def anchor(page: str, name: str) -> str:
    """Return how the heading of a name is called: `Hessian` and `hessian` share a page."""
    before = names(import_module(f"nearsight.{page}"))
    before = before[: before.index(name)]
    n = sum(each.lower() == name.lower() for each in before)
    return f"{name.lower()}-{n}" if n else name.lower()


def has_example(value: Any) -> bool:
    """Return whether a docstring shows how something is used."""
    return "\n>>> " in (inspect.getdoc(value) or "")


def example_of(page: str, kind: type[Any]) -> tuple[str, str] | None:
    """Return whose example shows a class that has none: page and name, or None.

    First of all that is a verb which returns it, then one that is given it, then a class that has
    it, or is its base; those of its own page come first.

    Parameters
    ----------
    page
        That of the class.
    kind
        The class.
    """
    waiting, seen = [(page, kind)], {kind}
    while waiting:
        page, kind = waiting.pop(0)
        users = [each for users in _users(page, kind) for each in users]
        for where in users:
            if has_example(described()[where]):
                return where
        for where in users:
            user = described()[where]
            if inspect.isclass(user) and user not in seen:
                seen.add(user)
                waiting.append((where[0], user))
    return None


def _users(page: str, kind: type[Any]) -> tuple[list[tuple[str, str]], ...]:
    """Return the verbs that return a class, those that take it, and the classes with it."""
    returning: list[tuple[str, str]] = []
    taking: list[tuple[str, str]] = []
    having: list[tuple[str, str]] = []
    ordered = sorted(described().items(), key=lambda entry: entry[0][0] != page)
    word = re.compile(rf"\b{kind.__name__}\b")
    for where, user in ordered:
        if user is kind or (where[0] != page and _is_another(where[0], kind)):
            continue
        if inspect.isclass(user):
            if user in kind.__mro__ or any(word.search(text) for text in _texts_of_class(user)):
                having.append(where)
        elif callable(user):
            texts = dict(_annotations(inspect.unwrap(user)))
            if word.search(texts.pop("return", "")):
                returning.append(where)
            elif any(word.search(text) for text in texts.values()):
                taking.append(where)
    return returning, taking, having


def _is_another(page: str, kind: type[Any]) -> bool:
    """Return whether a page has another class of the same name."""
    return described().get((page, kind.__name__), kind) is not kind


def _texts_of_class(user: type[Any]) -> Iterator[str]:
    """Yield the annotations of fields, properties and methods."""
    yield from (text for _, text in _annotations(user))
    for name, member in vars(user).items():
        function = getattr(member, "fget", None) or getattr(member, "func", None) or member
        if not name.startswith("_") and inspect.isfunction(function):
            yield from (text for _, text in _annotations(function))


def _annotations(value: Any) -> Iterator[tuple[str, str]]:
    for name, annotation in inspect.get_annotations(value).items():
        yield name, annotation if isinstance(annotation, str) else repr(annotation)
