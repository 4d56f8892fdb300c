"""Versions of the packages that are behind the numbers of one model."""

from collections.abc import Iterator
from importlib import metadata

import nearsight
from nearsight.models.families import FAMILIES
from nearsight.provenance import ModelIdentity, model_versions


def versions_behind(identity: ModelIdentity) -> dict[str, str]:
    """Return the versions of Nearsight, the framework and the packages of a model's family.

    Of a model in another environment they are those there. Packages of other families have no part
    in its numbers, and may come and go.
    """
    there = identity.versions or model_versions()
    found = {"nearsight": nearsight.__version__}
    for package in _packages_of(identity):
        version = there.get(package)
        if version is not None:
            found[package] = version
    return found | _of_calculator(identity)


def _packages_of(identity: ModelIdentity) -> Iterator[str]:
    for part in identity.parts:
        yield from _packages_of(part)
    family = FAMILIES.get(identity.family)
    if family is None:
        return
    yield from family.packages


def _of_calculator(identity: ModelIdentity) -> dict[str, str]:
    """Return the version of the package that an ASE calculator comes from, if it has one."""
    _, _, target = identity.name.partition(":")
    package, dot, _ = target.partition(".")
    family = FAMILIES.get(identity.family)
    if family is None or not (family.target_is_class and dot and package):
        return {}
    try:
        return {package: metadata.version(package)}
    except metadata.PackageNotFoundError:
        return {}
