"""Families that other packages bring, by entry points of the group ``nearsight.families``.

An entry point has the name of its family and names a module that has `FAMILY` and `MODELS`, as the
folders of `nearsight.models.families` do. One that cannot be used is no reason that others cannot:
it is kept with what is wrong with it.
"""

import contextlib
import importlib
import re
import sys
import textwrap
from collections import Counter
from collections.abc import Collection, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from importlib import metadata
from typing import Any

from nearsight.errors import ModelError, NearsightError
from nearsight.models.contract import Model
from nearsight.models.family import Family
from nearsight.models.loading import LoadRequest
from nearsight.models.named_model import NamedModel
from nearsight.printable import printable

GROUP = "nearsight.families"

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]*")
"""Of a family or a model: also the name of a folder, and before ``:``, ``?`` and ``+d3``."""

_NO_NAME = "the name {!r} has other characters than a-z, 0-9, '.', '_' and '-'"


@dataclass(frozen=True)
class ThirdParty:
    """A family that another package brings."""

    family: Family
    models: tuple[NamedModel, ...]
    distribution: metadata.Distribution | None
    """The package that is installed to have it."""


@dataclass(frozen=True)
class BrokenFamily:
    """A family that cannot be used, with what is wrong with it."""

    name: str
    package: str
    """Name and version of the package that is to be repaired or removed."""
    reason: str

    def __str__(self) -> str:
        return f"the family {self.name} of {self.package} cannot be used: {self.reason}"


@dataclass(frozen=True)
class ThirdParties:
    """All families of other packages."""

    families: tuple[ThirdParty, ...]
    broken: tuple[BrokenFamily, ...]


def gather(taken: Collection[str]) -> ThirdParties:
    """Look all entry points of the group up, and import what they name.

    Parameters
    ----------
    taken
        Names of families and models that no other may have.
    """
    points = sorted(metadata.entry_points(group=GROUP), key=lambda point: (point.name, point.value))
    read = [(point, _read(point)) for point in points]
    names = [name for _, one in read if isinstance(one, ThirdParty) for name in _names_of(one)]
    times = Counter([*taken, *names])
    judged = [(point, _unambiguous(one, times)) for point, one in read]
    return ThirdParties(
        tuple(one for _, one in judged if isinstance(one, ThirdParty)),
        tuple(
            BrokenFamily(point.name, _package(point), textwrap.shorten(reason, 400))
            for point, reason in judged
            if isinstance(reason, str)
        ),
    )


def load_by_another(family: Family, request: LoadRequest) -> Model:
    """Have another package load a model.

    Raises
    ------
    ModelError
        It fails in whatever way, or what it returns is no model.
    """
    try:
        with _quiet():
            module: Any = importlib.import_module(family.module)
            model = module.load(request)
    except (NearsightError, KeyboardInterrupt):
        raise
    except BaseException as error:  # as for entry points
        raise ModelError(
            f"{request.name} cannot be loaded by {family.module}, the package of the family "
            f"{family.name}: {_said(error)}. Repair that package, or install another version."
        ) from error
    if not isinstance(model, Model):
        raise ModelError(
            f"{family.module}, the package of the family {family.name}, returned a "
            f"{type(model).__name__} for {request.name}, which is no model "
            f"(nearsight.models.contract.Model). Repair that package."
        )
    return model


def _quiet() -> AbstractContextManager[Any]:
    """Keep what others print out of what is printed here as data."""
    return contextlib.redirect_stdout(sys.stderr)


def _said(error: BaseException) -> str:
    return printable(f"{type(error).__name__}: {error}".rstrip(": "))


def _unambiguous(one: ThirdParty | str, times: Mapping[str, int]) -> ThirdParty | str:
    """Return a family, or that its name or that of a model is taken.

    Which of two is meant would depend on the order of their packages: neither is, then.
    """
    if isinstance(one, str):
        return one
    twice = [name for name in _names_of(one) if times[name] > 1]
    return f"another family or model is called {', '.join(twice)}, too" if twice else one


def _names_of(one: ThirdParty) -> list[str]:
    return [one.family.name, *(model.name for model in one.models)]


def _package(point: metadata.EntryPoint) -> str:
    return f"{point.dist.name} {point.dist.version}" if point.dist else "an unknown package"


def _read(point: metadata.EntryPoint) -> ThirdParty | str:
    """Return what an entry point brings, or what is wrong with it."""
    try:
        with _quiet():
            module: Any = importlib.import_module(point.value)
            family, models = module.FAMILY, tuple(module.MODELS)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # it is code of others, which can raise anything
        return f"{point.value}, which its entry point names, does not import ({_said(error)})"
    try:
        fault = _fault(point.name, family, models)
    except Exception as error:  # a field has another type than it should
        fault = f"its FAMILY or MODELS have fields of other types ({_said(error)})"
    if fault is not None:
        return f"{fault} ({point.value})"
    return ThirdParty(family, models, point.dist)


def _fault(name: str, family: object, models: tuple[object, ...]) -> str | None:
    if not isinstance(family, Family):
        return f"FAMILY is a {type(family).__name__}, not a nearsight.models.family.Family"
    if family.name != name:
        return f"its FAMILY is called {family.name!r}, unlike its entry point"
    if family.loader is None:
        return "its FAMILY says no loader, the module that has load"
    if _NAME.fullmatch(name) is None:
        return _NO_NAME.format(name)
    _ = (family.obstacle, family.packages, family.install)  # which every list of families asks for
    return next((fault for model in models if (fault := _fault_of_model(name, model))), None)


def _fault_of_model(family: str, model: object) -> str | None:
    if not isinstance(model, NamedModel):
        return f"MODELS has a {type(model).__name__}, not NamedModels only"
    if model.family != family:
        return f"its model {model.name} is of the family {model.family!r}"
    return _NO_NAME.format(model.name) if _NAME.fullmatch(model.name) is None else None
