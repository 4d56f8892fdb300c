"""Which models there are, and how a name becomes a model."""

import difflib
import importlib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nearsight.errors import ModelError
from nearsight.models.contract import Model
from nearsight.models.environments import excluding_e3nn, obstacle
from nearsight.models.loading import LoadRequest
from nearsight.models.options_in_names import require_options, split_options

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
    e3nn: str | None = None
    """Version of e3nn that it works with, as ``==0.4.4`` or ``>=0.5``; None for any, or none."""
    options: tuple[str, ...] = ()
    """Calculation options that may follow a name as ``?key=value&key=value``."""

    @property
    def obstacle(self) -> str | None:
        """What it lacks in this environment and what to do about it; None if nothing."""
        return obstacle(self.requires, self.install, self.e3nn)

    @property
    def excluded(self) -> bool:
        """Whether what is installed here rules it out, so that it needs another environment."""
        return excluding_e3nn(self.e3nn) is not None


@dataclass(frozen=True)
class RegisteredModel:
    """A model that can be loaded by its name alone."""

    name: str
    family: str
    description: str

    @property
    def installed(self) -> bool:
        """Whether the packages that the model needs are there."""
        return FAMILIES[self.family].obstacle is None


FAMILIES = {
    "sevennet": Family(
        module="nearsight.models.sevennet",
        requires="sevenn",
        install="pip install 'nearsight[sevennet]'",
        target="path of a checkpoint",
        e3nn=">=0.5",
    ),
    "mace": Family(
        module="nearsight.models.mace",
        requires="mace",
        install="pip install 'nearsight[mace]'",
        target="path of a model, or path#head",
        e3nn="==0.4.4",
    ),
    "chgnet": Family(
        module="nearsight.models.chgnet",
        requires="chgnet",
        install="pip install 'nearsight[chgnet]'",
        target="path of a checkpoint",
    ),
    "orb": Family(
        module="nearsight.models.orb",
        requires="orb_models",
        install="pip install 'nearsight[orb]'",
        target="path of weights#published model of the same architecture",
        options=("charge", "spin"),
    ),
    "schnetpack": Family(
        module="nearsight.models.schnetpack",
        requires="schnetpack",
        install="pip install 'nearsight[schnetpack]'",
        target="path of a model",
        options=("energy_unit", "length_unit", "energy_key"),
    ),
    "fairchem": Family(
        module="nearsight.models.fairchem",
        requires="fairchem",
        install="pip install 'nearsight[fairchem]'",
        target="path of a checkpoint",
        e3nn=">=0.5",
        options=("task", "charge", "spin"),
    ),
    "ase": Family(
        module="nearsight.models.ase_calculator",
        requires="ase",
        install="pip install ase",
        target="name of an ASE calculator such as emt",
    ),
    "d3": Family(
        module="nearsight.models.d3.model",
        requires="torch_dftd",
        install="pip install 'nearsight[d3]'",
        target="functional such as pbe",
    ),
}

MODELS = {
    model.name: model
    for model in (
        RegisteredModel("sevennet-0", "sevennet", "MPtrj (PBE), 89 elements, cutoff 5 Å, 5 layers"),
        RegisteredModel(
            "sevennet-l3i5", "sevennet", "MPtrj (PBE), 89 elements, cutoff 5 Å, 5 layers, l_max 3"
        ),
        *(
            RegisteredModel(
                f"mace-mp-0-{size}",
                "mace",
                f"MPtrj (PBE), 89 elements, {features}; downloaded",
            )
            for size, features in (
                ("small", "128x0e"),
                ("medium", "128x0e+128x1o"),
                ("large", "128x0e+128x1o+128x2e"),
            )
        ),
        RegisteredModel(
            "chgnet-0.3.0", "chgnet", "MPtrj (PBE), 89 elements, cutoff 6 Å, 4 layers and angles"
        ),
        RegisteredModel(
            "chgnet-0.2.0", "chgnet", "MPtrj (PBE), 89 elements, cutoff 5 Å, 4 layers and angles"
        ),
        RegisteredModel(
            "chgnet-r2scan", "chgnet", "MPtrj, then MP-r2SCAN, 88 elements, else as chgnet-0.3.0"
        ),
        *(
            RegisteredModel(name, "fairchem", f"{what}; gated download")
            for name, what in (
                ("uma-s-1p1", "small, five data sets by ?task="),
                ("uma-s-1p2", "small, more data sets by ?task="),
                ("uma-s-1p2p1", "small, more data sets by ?task="),
                ("uma-m-1p1", "medium, five data sets by ?task="),
                ("uma-s-1p2p1-ft-d4rev", "tuned to ωB97M-D4rev"),
                ("uma-s-1p2p1-ft-r2scan", "tuned to r2SCAN"),
                ("esen-sm-conserving-all-omol", "OMol25, ?charge= and spin="),
                ("esen-sm-direct-all-omol", "OMol25, direct forces"),
                ("esen-md-direct-all-omol", "OMol25, direct forces"),
                ("esen-sm-conserving-all-oc25", "OC25"),
                ("esen-md-direct-all-oc25", "OC25, direct forces"),
                ("esen-sm-filtered-odac25", "ODAC25, filtered"),
                ("esen-sm-full-odac25", "ODAC25"),
            )
        ),
        *(
            RegisteredModel(
                f"orb-v3-{forces}-{neighbours}-{data}",
                "orb",
                f"{training}, 89 elements, {what}; downloaded",
            )
            for forces in ("conservative", "direct")
            for data, training in (("omat", "OMat24 (PBE)"), ("mpa", "MPtrj and Alexandria (PBE)"))
            for neighbours, what in (
                ("inf", f"{forces} forces, 120 neighbours within 6 Å"),
                ("20", f"{forces} forces, 20 neighbours, energy not continuous"),
            )
        ),
        *(
            RegisteredModel(
                f"orb-v3-{forces}-omol",
                "orb",
                f"OMol25 (ωB97M-V), 83 elements, {forces} forces, ?charge=0&spin=1; downloaded",
            )
            for forces in ("conservative", "direct")
        ),
        *(
            RegisteredModel(name, "orb", f"{training}, direct forces, 20 neighbours; downloaded")
            for name, training in (
                ("orb-v2", "MPtrj and Alexandria (PBE)"),
                ("orb-mptraj-only-v2", "MPtrj (PBE)"),
                ("orb-d3-v2", "MPtrj and Alexandria (PBE-D3)"),
                ("orb-d3-sm-v2", "as orb-d3-v2 in 10 layers"),
                ("orb-d3-xs-v2", "as orb-d3-v2 in 5 layers"),
            )
        ),
    )
}

DEFAULT_MODEL = "sevennet-0"

# The last +d3 of a name counts: what stands before it may be a path with a plus of its own.
_WITH_D3 = re.compile(r"(.+)\+d3(?::([\w/-]*))?", flags=re.IGNORECASE | re.ASCII)


def load_model(
    name: str = DEFAULT_MODEL, *, dtype: str = "float64", device: str = "auto", trust: bool = False
) -> Model:
    """Load a model by name.

    Parameters
    ----------
    name
        A registered name (``nearsight models list``), or ``family:target`` such as
        ``sevennet:checkpoint.pth``, ``mace:path.model`` or ``ase:emt``.
        Calculation options follow as ``?charge=1&spin=2``, where a family has any.
        With ``+d3`` or ``+d3:functional`` behind it all, D3(BJ) dispersion is added, by default for
        the functional that the model was trained on.
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
    if with_d3 := _WITH_D3.fullmatch(name):
        return _load_with_d3(with_d3[1], with_d3[2], dtype=dtype, device=device, trust=trust)
    name, options = split_options(name)
    registered = MODELS.get(name.lower())
    family_name, _, target = name.partition(":")
    family_name = family_name.lower()
    if registered is not None:
        family_name = registered.family
        name = target = registered.name
    elif not target or family_name not in FAMILIES:
        raise ModelError(_unknown(name))
    family = FAMILIES[family_name]
    require_options(name, options, family.options)
    _require_installed(name, family)
    if family_name == "ase":
        _require_defaults(name, dtype, device)
        device = "cpu"
    if family_name == "d3":
        _require_cpu(name, device)
        device = "cpu"
    request = LoadRequest(name, target, dtype, _resolve_device(device), trust, options)
    model: Model = _imported(name, family).load(request)
    return model


def _load_with_d3(
    name: str, functional: str | None, *, dtype: str, device: str, trust: bool
) -> Model:
    if _WITH_D3.fullmatch(name) or name.lower().startswith("d3:"):
        raise ModelError(f"{name} has D3 already; another +d3 would count dispersion twice.")
    _require_installed(f"{name}+d3", FAMILIES["d3"])
    from nearsight.models.d3.parameters import functional_named, functional_of
    from nearsight.models.sums import SumModel

    if functional is not None:
        functional = functional_named(functional)  # before anything large is loaded
    model = load_model(name, dtype=dtype, device=device, trust=trust)
    named = f"{model.identity.name}+d3"
    if functional is None:
        functional = functional_of(model.capabilities.level_of_theory, model.identity.name)
    else:
        named += f":{functional}"
    return SumModel([model, load_model(f"d3:{functional}", dtype=dtype, device="cpu")], named)


def _require_installed(name: str, family: Family) -> None:
    if family.obstacle is not None:
        raise ModelError(f"{name} {family.obstacle}")


def _imported(name: str, family: Family) -> Any:
    try:
        return importlib.import_module(family.module)
    except ImportError as error:  # a half-removed package, or a folder that has its name
        raise ModelError(
            f"{name} needs the package {family.requires}, which is found here but cannot be "
            f"imported: {error}. Install it anew: {family.install}"
        ) from error


def _unknown(name: str) -> str:
    close = difflib.get_close_matches(name.lower(), MODELS, n=1)
    hint = f" Did you mean {close[0]}?" if close else ""
    if Path(name).is_file():
        hint = f" A file needs its family in front of it, such as sevennet:{name}."
    families = ", ".join(f"{key}:<{family.target}>" for key, family in FAMILIES.items())
    return (
        f"there is no model {name!r}.{hint} Known: {', '.join(MODELS)}, {families}; with +d3 or "
        f"+d3:<functional> behind any of them, D3(BJ) dispersion is added."
    )


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


def _require_cpu(name: str, device: str) -> None:
    if device not in ("auto", "cpu"):
        raise ModelError(
            f"device {device!r} cannot be chosen for {name}: D3 is computed on the CPU, also where "
            f"it is added to a model on a GPU. Leave the device out."
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
