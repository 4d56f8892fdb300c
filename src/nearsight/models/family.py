"""What is known of a family of models: who loads one, and what its environment must have."""

import re
import shlex
from dataclasses import dataclass

from nearsight.models.requirements import excluding_e3nn, obstacle

TORCH = "torch==2.13.0"
"""Installed before anything else, and a constraint on all that follows, in every environment."""

_PACKAGE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


@dataclass(frozen=True)
class Step:
    """Requirements that are installed by one call."""

    requirements: tuple[str, ...]
    dependencies: bool = True
    """Whether what they depend on is installed with them."""


@dataclass(frozen=True)
class Restriction:
    """A licence that does not let everyone use the weights for everything."""

    licence: str
    terms: str
    """What it asks of a user, in a sentence or two."""
    address: str


@dataclass(frozen=True)
class Family:
    """One folder of this package that loads one kind of model."""

    name: str
    requires: str
    """Package that must be importable, with code of its own: ``fairchem`` is only a folder."""
    target: str
    """What may follow ``family:`` in a name."""
    licence: str
    """Of the package; weights may have their own."""
    steps: tuple[Step, ...]
    """What is installed behind PyTorch, in this order."""
    size_MB: int
    """Room that its environment takes with a PyTorch for CPUs, in 10⁶ bytes, measured."""
    extra: bool = False
    """Whether one call of pip does the same in an environment of one's own."""
    e3nn: str | None = None
    """Version of e3nn that it works with, as ``==0.4.4`` or ``>=0.5``; None for any, or none."""
    python: tuple[tuple[int, int], tuple[int, int]] | None = None
    """From which Python, and before which; None for every one that Nearsight runs with."""
    target_is_path: bool = True
    """Whether the target is a file, which may have ``#`` and more behind it."""
    options: tuple[str, ...] | None = ()
    """Calculation options that may follow a name as ``?key=value&key=value``; None for any, which
    the model itself judges."""
    framework: str = "torch"
    """What it computes with: ``torch``, which is installed first, ``jax``, or ``none`` of them."""
    device: str | None = None
    """The only device that it computes on; None where there is a choice."""
    own_precision: bool = False
    """Whether its precision is its own, so that none can be chosen."""
    no_choice: str = ""
    """Why a device, or a precision, cannot be chosen: a clause, with what to do instead if there is
    anything."""
    target_is_class: bool = False
    """Whether the target may be ``package.module:Class``, of a package whose version counts."""
    restriction: Restriction | None = None
    recorded: tuple[str, ...] = ()
    """Packages whose versions results name; empty for all that its steps install."""
    has_molecules: bool = False
    """Whether its models may have gas molecules of their own, by names that nobody else knows."""
    loader: str | None = None
    """Module with ``load(request: LoadRequest) -> Model``, which may import everything that the
    family needs; None for that of the folder of this name here."""

    def __post_init__(self) -> None:
        if self.framework == "none" and self.device is None:
            raise ValueError(f"the family {self.name} has no framework: say its device.")

    @property
    def module(self) -> str:
        """Module with ``load(request: LoadRequest) -> Model``."""
        return self.loader or f"nearsight.models.families.{self.name}.load"

    @property
    def packages(self) -> tuple[str, ...]:
        """The packages whose versions decide its numbers, as pip calls them."""
        requirements = [each for step in self.steps for each in step.requirements]
        named = [match.group() for each in requirements if (match := _PACKAGE.match(each))]
        framework = () if self.framework == "none" else (self.framework,)
        e3nn = () if self.e3nn is None else ("e3nn",)
        return tuple(dict.fromkeys([*framework, *e3nn, *(self.recorded or named)]))

    @property
    def obstacle(self) -> str | None:
        """What it lacks beside this Python; None if nothing."""
        return obstacle(self.requires, self.e3nn)

    @property
    def excluded(self) -> bool:
        """Whether what is installed here rules it out, so that it needs another environment."""
        return excluding_e3nn(self.e3nn) is not None

    @property
    def install(self) -> str:
        """What to tell a user who lacks it."""
        if not self.steps:
            return f"install {self.requires} beside Nearsight"
        own = f"nearsight models install {self.name}"
        if not self.extra or self.excluded:
            return f"{own} gives it an environment of its own"
        framework = (TORCH,) if self.framework == "torch" else ()
        packages = [*framework, *(each for step in self.steps for each in step.requirements)]
        return (
            f"{own} gives it an environment of its own; pip install {shlex.join(packages)} "
            f"installs it here"
        )


NUMBA = "numba>=0.63"
"""Compiles the sums over pairs of networks of e3nn; they are PyTorch's, and slower, without it."""


def one_step(*requirements: str) -> tuple[Step, ...]:
    """Return the steps of an environment that one call of pip makes."""
    return (Step(requirements),)
