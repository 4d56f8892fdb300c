"""Which models there are, and how a name becomes a model."""

import difflib
import importlib
import importlib.util
import re
from dataclasses import dataclass

from nearsight.errors import ModelError
from nearsight.models.contract import Model
from nearsight.models.loading import LoadRequest

DTYPES = ("float64", "float32")


@dataclass(frozen=True)
class Family:
    """One file of this package that loads one kind of model."""

    module: str
    """Module with ``load(request: LoadRequest) -> Model``."""
    requires: str
    """Package that must be importable."""
    install: str
    """What to tell a user who lacks it."""
    target: str
    """What may follow ``family:`` in a name."""


@dataclass(frozen=True)
class RegisteredModel:
    """A model that can be loaded by its name alone."""

    name: str
    family: str
    description: str

    @property
    def installed(self) -> bool:
        """Whether the package that the model needs is there."""
        return importlib.util.find_spec(FAMILIES[self.family].requires) is not None


FAMILIES = {
    "sevennet": Family(
        module="nearsight.models.sevennet",
        requires="sevenn",
        install="pip install 'nearsight[sevennet]'",
        target="path of a checkpoint",
    ),
    "ase": Family(
        module="nearsight.models.ase_calculator",
        requires="ase",
        install="pip install ase",
        target="name of an ASE calculator such as emt",
    ),
}

MODELS = {
    model.name: model
    for model in (
        RegisteredModel("sevennet-0", "sevennet", "MPtrj (PBE), 89 elements, cutoff 5 Å, 5 layers"),
        RegisteredModel(
            "sevennet-l3i5", "sevennet", "MPtrj (PBE), 89 elements, cutoff 5 Å, 5 layers, l_max 3"
        ),
    )
}

DEFAULT_MODEL = "sevennet-0"


def load_model(
    name: str = DEFAULT_MODEL, *, dtype: str = "float64", device: str = "auto", trust: bool = False
) -> Model:
    """Load a model by name.

    Parameters
    ----------
    name
        A registered name (``nearsight models list``), or ``family:target`` such as
        ``sevennet:checkpoint.pth`` or ``ase:emt``.
    dtype
        ``float64`` or ``float32``. An ASE calculator has its own, and takes the default only.
    device
        ``cpu``, ``cuda``, ``cuda:1``, or ``auto`` for a GPU where there is one. An ASE calculator
        has its own, and takes ``auto`` or ``cpu`` only.
    trust
        Allow a checkpoint that Nearsight does not know and that may run code when loaded.

    Raises
    ------
    ModelError
        The name is unknown, a package is missing, the weights cannot be loaded, or the model cannot
        have this dtype or device.
    """
    if dtype not in DTYPES:
        raise ModelError(f"dtype {dtype!r} is not possible; choose {' or '.join(DTYPES)}.")
    registered = MODELS.get(name.lower())
    family_name, _, target = name.partition(":")
    family_name = family_name.lower()
    if registered is not None:
        family_name = registered.family
        name = target = registered.name
    elif not target or family_name not in FAMILIES:
        raise ModelError(_unknown(name))
    family = FAMILIES[family_name]
    if importlib.util.find_spec(family.requires) is None:
        raise ModelError(
            f"{name} needs the package {family.requires}, which is not installed here: "
            f"{family.install}"
        )
    if family_name == "ase":
        _require_defaults(name, dtype, device)
        device = "cpu"
    request = LoadRequest(name, target, dtype, _resolve_device(device), trust)
    model: Model = importlib.import_module(family.module).load(request)
    return model


def _unknown(name: str) -> str:
    close = difflib.get_close_matches(name.lower(), MODELS, n=1)
    hint = f" Did you mean {close[0]}?" if close else ""
    families = ", ".join(f"{key}:<{family.target}>" for key, family in FAMILIES.items())
    return f"there is no model {name!r}.{hint} Known: {', '.join(MODELS)}, {families}."


def _require_defaults(name: str, dtype: str, device: str) -> None:
    for what, value, allowed in (
        ("device", device, ("auto", "cpu")),
        ("dtype", dtype, ("float64",)),
    ):
        if value not in allowed:
            raise ModelError(
                f"{what} {value!r} cannot be chosen for {name}: an ASE calculator has its own "
                f"{what}. Leave it out, or set the calculator up in Python and pass "
                f"AseModel(calculator)."
            )


def _resolve_device(device: str) -> str:
    match = re.fullmatch(r"auto|cpu|cuda(?::(0|[1-9]\d*))?", device, flags=re.ASCII)
    if match is None:
        raise ModelError(
            f"device {device!r} is not possible; choose auto, cpu, cuda or cuda:N with the number "
            f"of a GPU."
        )
    if device == "cpu":
        return device
    import torch

    available = torch.cuda.is_available()
    if device == "auto":
        return "cuda" if available else "cpu"
    if not available:
        raise ModelError(f"device {device!r} was asked for, but PyTorch sees no GPU here.")
    count = torch.cuda.device_count()
    if match[1] is not None and int(match[1]) >= count:
        raise ModelError(
            f"device {device!r} was asked for, but PyTorch sees {count} GPU(s) "
            f"here; choose a number from 0 to {count - 1}."
        )
    return device
