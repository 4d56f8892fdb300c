"""Where a number comes from: which model, which settings, which versions."""

import json
import platform
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from functools import cache
from importlib import metadata
from typing import Any

import nearsight

Setting = str | int | float | bool | None | list[int] | list[float] | list[str]

# What Nearsight itself works with, whatever gives the energies.
_OWN_PACKAGES = ("numpy", "scipy", "phonopy", "spglib", "gemmi", "h5py", "pyyaml")

_of_models: Callable[[], Iterable[str]] = tuple


MIXED = "mixed"
"""Name of the precision of models that compute rows in single and all else in double precision."""

COMBINATIONS = ("sum", "committee")
"""Families of models that are made of others, whose identities are in the option ``parts``."""


@dataclass(frozen=True)
class ModelIdentity:
    """Everything that decides which numbers a model gives.

    Two calculations may share work only if their identities are equal.
    """

    name: str
    """The name under which the model was loaded, such as ``sevennet-0``."""
    family: str
    """The registry's family, such as ``sevennet``."""
    checkpoint_sha256: str | None
    """Digest of the weights file; None for a model without one."""
    dtype: str
    """``float32``, ``float64``, ``mixed``, or ``unknown`` for a calculator that does not say."""
    device: str
    """``cpu`` or ``cuda:0``."""
    options: Mapping[str, Setting] = field(default_factory=dict)
    """Calculation options: charge, spin, task, fidelity, or the parameters of an ASE calculator."""
    versions: Mapping[str, str] = field(default_factory=dict, compare=False)
    """Versions of the packages behind a model in another environment; empty for one in this.

    They make no other identity. Work that was kept with other versions is refused by name
    (`nearsight.hessian.same_model`)."""

    @property
    def forces_dtype(self) -> str:
        """The precision of energies and forces: rows alone may have a lower one."""
        return "float64" if self.dtype == MIXED else self.dtype

    @property
    def parts(self) -> tuple["ModelIdentity", ...]:
        """The models that a sum or a committee is made of; none of any other model."""
        parts = self.options.get("parts") if self.family in COMBINATIONS else None
        if not isinstance(parts, list):
            return ()
        return tuple(ModelIdentity.from_json(json.loads(str(part))) for part in parts)

    def to_json(self) -> dict[str, Any]:
        """Return the identity as JSON-compatible values."""
        return asdict(self) | {"options": dict(self.options), "versions": dict(self.versions)}

    def deciding(self) -> dict[str, Any]:
        """Return what two calculations must agree in to share work, as JSON-compatible values."""
        return {name: value for name, value in self.to_json().items() if name != "versions"}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> "ModelIdentity":
        """Rebuild an identity from what `to_json` returned.

        Raises
        ------
        ValueError
            A value is of another type; a missing or an unknown one is a TypeError.
        """
        found = cls(**values)
        words = (found.name, found.family, found.dtype, found.device, found.checkpoint_sha256 or "")
        if not all(isinstance(word, str) for word in words):
            raise ValueError("the identity of its model is none")
        if not all(isinstance(each, Mapping) for each in (found.options, found.versions)):
            raise ValueError("the options or versions of its model are none")
        return found


@dataclass(frozen=True)
class Provenance:
    """The model, settings and package versions behind a result."""

    model: ModelIdentity
    settings: Mapping[str, Setting]
    versions: Mapping[str, str]

    @property
    def only_read(self) -> bool:
        """Whether another program computed the numbers, whose format is among the settings.

        There is no model then that could be asked again.
        """
        return "format" in self.settings

    def to_json(self) -> dict[str, Any]:
        """Return the provenance as JSON-compatible values."""
        return {
            "model": self.model.to_json(),
            "settings": dict(self.settings),
            "versions": dict(self.versions),
        }

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> "Provenance":
        """Rebuild a provenance from what `to_json` returned.

        Raises
        ------
        ValueError, TypeError
            A value is of another type; a missing one is a KeyError.
        """
        return cls(
            model=ModelIdentity.from_json(values["model"]),
            settings=dict(values["settings"]),
            versions=dict(values["versions"]),
        )


def record_packages(of_models: Callable[[], Iterable[str]]) -> None:
    """Let every record name the versions of packages that can change the numbers of a model.

    Parameters
    ----------
    of_models
        Asked for the packages, as pip calls them, when a record is made.
    """
    global _of_models  # noqa: PLW0603  # models register what this layer, below them, cannot know
    _of_models = of_models


def installed_versions() -> dict[str, str]:
    """Return the versions of Python, Nearsight and the packages that can change its numbers."""
    own = {"python": platform.python_version(), "nearsight": nearsight.__version__}
    return own | _versions(_OWN_PACKAGES) | model_versions()


def model_versions() -> dict[str, str]:
    """Return the versions of the packages here that can change the numbers of a model."""
    return _versions(name for name in _of_models() if name not in _OWN_PACKAGES)


def _versions(packages: Iterable[str]) -> dict[str, str]:
    found = ((package, _version_of(package)) for package in packages)
    return {package: version for package, version in found if version is not None}


@cache
def _version_of(package: str) -> str | None:
    """Return the version of a package; None if it is not here. A process keeps what it imported."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def record(model: ModelIdentity, **settings: Setting) -> Provenance:
    """Return the provenance of a calculation that runs now with `model` and `settings`.

    Where the model lives in another environment, the versions of its packages are those there.
    """
    versions = installed_versions()
    if model.versions:  # what is here, and not there, had no part in it
        of_models = model_versions()
        versions = {name: versions[name] for name in versions if name not in of_models}
        versions |= model.versions
    return Provenance(model=model, settings=settings, versions=versions)
