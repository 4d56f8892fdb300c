"""What is known of a model that has a name."""

import os
from dataclasses import dataclass, fields
from importlib import metadata
from pathlib import Path

from nearsight.models.facts import Facts

PBE_U = "PBE (+U as in the Materials Project)"


@dataclass(frozen=True)
class Wheel:
    """A package on PyPI of which a file of weights is used, and nothing else.

    It is installed beside the family's own, without what it depends on, and never imported.
    """

    requirement: str
    """Name and version, such as ``dac-sim==0.0.3``."""
    file: str
    """The weights, from the folder in which packages are."""
    sha256: str
    """Of that file."""

    @property
    def install(self) -> str:
        """What to tell a user who lacks it."""
        return f"pip install --no-deps {self.requirement}"

    @property
    def path(self) -> Path | None:
        """Where the weights are; None where the package is not installed."""
        try:
            package = metadata.distribution(self.requirement.partition("==")[0])
        except metadata.PackageNotFoundError:
            return None
        path = Path(str(package.locate_file(self.file)))
        return path if path.is_file() else None


@dataclass(frozen=True)
class NamedModel:
    """A model that can be loaded by its name alone. None means that a fact is not known."""

    name: str
    family: str
    training_data: str | None
    level_of_theory: str | None
    licence: str | None
    citation: str | None
    cutoff_A: float | None = None
    """Distance beyond which two atoms exchange no message directly."""
    layers: int | None = None
    """Message passing layers."""
    parameters: int | None = None
    neighbour_limit: int | None = None
    energy_scale: str | None = None
    """As in `nearsight.models.facts.Facts`, with the five facts above."""
    n_elements: int | None = None
    differentiable: bool = True
    conservative: bool | None = True
    equivariant: bool | None = True
    curvature_smooth: bool | None = None
    """As in `nearsight.models.contract.Capabilities`, with the three above."""
    remark: str = ""
    """What else tells it from its siblings."""
    inside_package: bool = False
    """Whether the package of the family carries the weights; otherwise they are in a wheel, or
    downloaded."""
    wheel: Wheel | None = None
    """Another package that carries the weights."""
    download: str | None = None
    """File that the package downloads the weights to, below ``~`` or ``$XDG_CACHE_HOME``; None if
    that cannot be told."""

    @property
    def facts(self) -> Facts:
        """What is to be said of the model once it is loaded."""
        return Facts(**{fact.name: getattr(self, fact.name) for fact in fields(Facts)})

    @property
    def description(self) -> str:
        """Training data and size in a line."""
        level = self.level_of_theory and f" ({self.level_of_theory.split(' (')[0]})"
        said = [
            f"{self.training_data or 'data not known'}{level or ''}",
            self.n_elements and f"{self.n_elements} elements",
            self.cutoff_A and f"cutoff {self.cutoff_A:g} Å",
            self.layers and f"{self.layers} layers",
            self.remark,
        ]
        return ", ".join(str(part) for part in said if part)

    @property
    def downloaded(self) -> bool | None:
        """Whether downloaded weights are on this machine; None where that cannot be told."""
        if self.download is None:
            return None
        cache = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
        return Path(self.download.replace("$XDG_CACHE_HOME", cache)).expanduser().is_file()
