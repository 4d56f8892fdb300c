"""Where a number comes from: which model, which settings, which versions."""

import platform
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from importlib import metadata
from typing import Any

import nearsight

Setting = str | int | float | bool | None | list[int] | list[float] | list[str]

_RECORDED_PACKAGES = (
    "ase",
    "numpy",
    "scipy",
    "phonopy",
    "spglib",
    "torch",
    "e3nn",
    "sevenn",
    "mace-torch",
    "chgnet",
    "orb-models",
    "schnetpack",
    "fairchem-core",
    "torch-dftd",
)


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
    """``float32``, ``float64``, or ``unknown`` for a calculator that does not say."""
    device: str
    """``cpu`` or ``cuda:0``."""
    options: Mapping[str, Setting] = field(default_factory=dict)
    """Calculation options: charge, spin, task, fidelity, or the parameters of an ASE calculator."""

    def to_json(self) -> dict[str, Any]:
        """Return the identity as JSON-compatible values."""
        return {**asdict(self), "options": dict(self.options)}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> "ModelIdentity":
        """Rebuild an identity from what `to_json` returned."""
        return cls(**values)


@dataclass(frozen=True)
class Provenance:
    """The model, settings and package versions behind a result."""

    model: ModelIdentity
    settings: Mapping[str, Setting]
    versions: Mapping[str, str]

    def to_json(self) -> dict[str, Any]:
        """Return the provenance as JSON-compatible values."""
        return {
            "model": self.model.to_json(),
            "settings": dict(self.settings),
            "versions": dict(self.versions),
        }

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> "Provenance":
        """Rebuild a provenance from what `to_json` returned."""
        return cls(
            model=ModelIdentity.from_json(values["model"]),
            settings=values["settings"],
            versions=values["versions"],
        )


def installed_versions() -> dict[str, str]:
    """Return the versions of Python, Nearsight and the packages that can change its numbers."""
    versions = {"python": platform.python_version(), "nearsight": nearsight.__version__}
    for package in _RECORDED_PACKAGES:
        try:
            versions[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    return versions


def record(model: ModelIdentity, **settings: Setting) -> Provenance:
    """Return the provenance of a calculation that runs now with `model` and `settings`."""
    return Provenance(model=model, settings=settings, versions=installed_versions())
