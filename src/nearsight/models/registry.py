"""How a name becomes a model: in this process, or in the environment of its family."""

import difflib
import importlib
import logging
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import Any

from nearsight.errors import ModelError
from nearsight.models.contract import HostingModel, Model, RemarkingModel
from nearsight.models.environments.state import python_of
from nearsight.models.families import FAMILIES, MODELS, said_of_broken
from nearsight.models.families.d3 import FAMILY as D3
from nearsight.models.family import Family
from nearsight.models.loading import LoadRequest
from nearsight.models.local import LocalModel
from nearsight.models.mixed_precision import MixedPrecisionModel
from nearsight.models.options_in_names import join_options, require_options, split_options
from nearsight.models.renaming import RenamedModel
from nearsight.models.spec import DEFAULT_MODEL, DTYPES, PRECISIONS
from nearsight.models.third_party import load_by_another
from nearsight.models.versions import versions_behind
from nearsight.progress import duration
from nearsight.provenance import MIXED

logger = logging.getLogger("nearsight.models")

# The last +d3 of a name counts: what stands before it may be a path with a plus of its own.
_WITH_D3 = re.compile(r"(.+)\+d3(?::([\w/-]*))?", flags=re.IGNORECASE | re.ASCII)


@dataclass(frozen=True)
class _Parsed:
    """A name without ``+d3``, taken apart."""

    name: str
    """Without options."""
    family: Family
    target: str
    options: dict[str, str]


def load_model(
    name: str = DEFAULT_MODEL, *, dtype: str = "float64", device: str = "auto", trust: bool = False
) -> Model:
    """Load a model by name, here or in the environment of its family.

    A family whose packages are beside this Python is loaded into this process. Any other runs in a
    process of its own, in the environment that ``nearsight models install`` made for it.

    Parameters
    ----------
    name
        A named model (``nearsight models list``), or ``family:target`` such as
        ``sevennet:checkpoint.pth``, ``mace:path.model`` or ``ase:emt``.
        Calculation options follow as ``?charge=1&spin=2``, where a family has any, and so do the
        arguments of an ASE calculator, as in ``ase:lj?epsilon=0.1`` or
        ``ase:package.module:Class?key=value``.
        With ``+d3`` or ``+d3:functional`` behind it all, D3(BJ) dispersion is added, by default for
        the functional that the model was trained on.
    dtype
        ``float64`` or ``float32``, or ``mixed`` for `MixedPrecisionModel`: rows and the beginning
        of relaxations in single precision, all else in double. An ASE calculator has its own, and
        takes the default only; what has one precision, no analytic rows, or forces
        that cost next to nothing is not mixed.
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

    Examples
    --------
    >>> from ase.build import bulk
    >>> from nearsight.models import load_model
    >>> model = load_model("ase:emt")
    >>> (evaluation,) = model.evaluate([bulk("Cu")], stress=True)
    >>> print(f"{evaluation.energy_eV:.3f} eV, xx {evaluation.stress_eV_per_A3[0]:.4f} eV/Å³")
    -0.006 eV, xx 0.0136 eV/Å³
    """
    _require_dtype(dtype, DTYPES)
    logger.info("loading %s", name)
    start = perf_counter()
    load = _loaded_in_both if dtype == MIXED else partial(_loaded, dtype=dtype)
    model = load(name, device=device, trust=trust)
    if logger.isEnabledFor(logging.INFO):
        seconds = duration(perf_counter() - start)
        logger.info("loaded %s in %s: %s", name, seconds, _described(model))
    return model


def has_molecules(name: str) -> bool:
    """Tell whether a model may have gas molecules of its own, without loading it.

    Raises
    ------
    ModelError
        There is no model of that name.
    """
    with_d3 = _WITH_D3.fullmatch(name)
    return _parse(name if with_d3 is None else with_d3[1]).family.has_molecules


def python_for(name: str) -> Path | None:
    """Return the interpreter of the environment in which a model is; None for this one.

    Parts of a sum may be in several: each finds its own from here.

    Raises
    ------
    ModelError
        There is no model of that name, or neither this environment nor one of its own has what its
        family needs.
    """
    return None if _WITH_D3.fullmatch(name) else _choose_python(_parse(name))


def _described(model: Model) -> str:
    identity = model.identity
    versions = [f"{name} {version}" for name, version in versions_behind(identity).items()]
    return f"{identity.dtype} on {identity.device}, {', '.join(versions)}"


def _loaded(name: str, *, dtype: str, device: str, trust: bool) -> Model:
    if with_d3 := _WITH_D3.fullmatch(name):
        return _load_with_d3(with_d3[1], with_d3[2], dtype=dtype, device=device, trust=trust)
    parsed = _parse(name)
    python = _choose_python(parsed)
    if python is None:
        return _load(parsed, dtype=dtype, device=device, trust=trust)
    _settle_device(parsed, dtype, device)  # said here already, before anything is started
    return _connect(python, parsed, dtype=dtype, device=device, trust=trust)


def _loaded_in_both(name: str, *, device: str, trust: bool) -> Model:
    """Return a model of mixed precision; one of double precision where that gains nothing."""
    double = _loaded(name, dtype="float64", device=device, trust=trust)
    if (reason := _why_not_mixed(name, double)) is not None:
        logger.warning("%s %s: its precision is not mixed", name, reason)
        return double
    return MixedPrecisionModel(
        double, partial(_loaded, name, dtype="float32", device=device, trust=trust)
    )


def _why_not_mixed(name: str, double: Model) -> str | None:
    """Return why a model gains nothing from two precisions; None if it may."""
    with_d3 = _WITH_D3.fullmatch(name)
    if _parse(name if with_d3 is None else with_d3[1]).family.own_precision:
        return "has one precision"
    if not double.capabilities.differentiable:
        return "has no analytic rows"
    if isinstance(double, (LocalModel, HostingModel, RemarkingModel)):
        return "has quick forces in double precision"
    return None


def load_here(
    name: str, *, dtype: str = "float64", device: str = "auto", trust: bool = False
) -> Model:
    """Load a model into this process and no other; for a process that serves one model.

    The arguments are those of `load_model`, but for ``+d3``: a sum is made where its parts are
    chosen.

    Raises
    ------
    ModelError
        As in `load_model`.
    """
    _require_dtype(dtype, PRECISIONS)
    parsed = _parse(name)
    if parsed.family.obstacle is not None:
        raise ModelError(_lacking(parsed))
    return _load(parsed, dtype=dtype, device=device, trust=trust)


def _parse(name: str) -> _Parsed:
    name, options = split_options(name)
    if known := MODELS.get(name.lower()):
        parsed = _Parsed(known.name, FAMILIES[known.family], known.name, options)
    else:
        family, _, target = name.partition(":")
        if not target or family.lower() not in FAMILIES:
            raise ModelError(_unknown(name))
        parsed = _Parsed(name, FAMILIES[family.lower()], target, options)
    if parsed.family.options is not None:
        require_options(name, options, parsed.family.options)
    return parsed


def _choose_python(parsed: _Parsed) -> Path | None:
    """Return the interpreter that loads a model; None for this one.

    Raises
    ------
    ModelError
        Neither this environment nor one of its own has what the family needs.
    """
    if parsed.family.obstacle is None:
        return None
    python = python_of(parsed.family.name)
    if python is None:
        raise ModelError(_lacking(parsed))
    return python


def _load(parsed: _Parsed, *, dtype: str, device: str, trust: bool) -> Model:
    device = _resolve_device(_settle_device(parsed, dtype, device), parsed.family)
    request = LoadRequest(parsed.name, parsed.target, dtype, device, trust, parsed.options)
    if parsed.family.loader is not None:
        return load_by_another(parsed.family, request)
    model: Model = _imported(parsed).load(request)
    return model


def _connect(python: Path, parsed: _Parsed, *, dtype: str, device: str, trust: bool) -> Model:
    from nearsight.models.worker import connect

    there = _absolute(parsed)
    with_options = join_options(there, parsed.options)
    model: Model = connect(python, with_options, dtype=dtype, device=device, trust=trust)
    # A result does not depend on where its model ran: both ways the name is the one that was given.
    return model if there == parsed.name else RenamedModel(model, parsed.name)


def _absolute(parsed: _Parsed) -> str:
    """Return a name that means the same wherever a process runs.

    What is no file stays as it is: a name that the family itself knows, or a path to complain of.
    """
    if parsed.name in MODELS or not parsed.family.target_is_path:
        return parsed.name
    target = parsed.target
    ends = [len(target), *(place for place in range(len(target)) if target[place] in "#?")]
    for end in sorted(ends, reverse=True):  # what comes behind a path may look like one's end
        if end and os.path.exists(target[:end]):  # False for a name that no file can have
            return f"{parsed.family.name}:{Path(target[:end]).absolute()}{target[end:]}"
    return parsed.name


def _load_with_d3(
    name: str, functional: str | None, *, dtype: str, device: str, trust: bool
) -> Model:
    if _WITH_D3.fullmatch(name) or name.lower().startswith(f"{D3.name}:"):
        raise ModelError(f"{name} has D3 already; another +d3 would count dispersion twice.")
    _choose_python(_Parsed(f"{name}+d3", D3, D3.name, {}))  # it is there, before all else
    from nearsight.models.families.d3.functionals import functional_named, functional_of
    from nearsight.models.sums import SumModel

    if functional is not None:
        functional = functional_named(functional)  # before anything large is loaded
    model = _loaded(name, dtype=dtype, device=device, trust=trust)
    named = f"{model.identity.name}+d3"
    if functional is None:
        functional = functional_of(model.facts.level_of_theory, model.identity.name)
    else:
        named += f":{functional}"
    return SumModel(
        [model, _loaded(f"{D3.name}:{functional}", dtype=dtype, device="cpu", trust=trust)], named
    )


def _lacking(parsed: _Parsed) -> str:
    return f"{parsed.name} {parsed.family.obstacle}: {parsed.family.install}."


def _imported(parsed: _Parsed) -> Any:
    family = parsed.family
    try:
        return importlib.import_module(family.module)
    except ImportError as error:  # a half-removed package, or a folder that has its name
        raise ModelError(
            f"{parsed.name} needs the package {family.requires}, which is found here but cannot be "
            f"imported: {error}. Install it anew: {family.install}."
        ) from error


def _unknown(name: str) -> str:
    close = difflib.get_close_matches(name.lower(), MODELS, n=1)
    family = FAMILIES.get(name.rpartition(":")[0].lower())
    hint = f" Did you mean {close[0]}?" if close else ""
    if family is not None:
        hint = f" Behind {family.name}: comes the {family.target}."
    if os.path.isfile(name):
        hint = f" A file needs its family in front of it, such as sevennet:{name}."
    return (
        f"there is no model {name!r}.{hint} `nearsight models list` shows those that have a name; "
        f"any other is FAMILY:TARGET, of the families {', '.join(FAMILIES)}. With +d3 or "
        f"+d3:<functional> behind any of them, D3(BJ) dispersion is added."
        f"{said_of_broken(name.lower().partition(':')[0])}"
    )


def _require_dtype(dtype: str, possible: Sequence[str]) -> None:
    if dtype not in possible:
        raise ModelError(f"`dtype` {dtype!r} is not possible; choose {' or '.join(possible)}.")


def _settle_device(parsed: _Parsed, dtype: str, device: str) -> str:
    """Return the device for a family that has its own, and the given one for any other."""
    family = parsed.family
    if family.own_precision and dtype != "float64":
        raise ModelError(_no_choice(parsed, "dtype", dtype))
    if family.device is None:
        return device
    if device not in ("auto", family.device):
        raise ModelError(_no_choice(parsed, "device", device))
    return family.device


def _no_choice(parsed: _Parsed, what: str, value: str) -> str:
    return (
        f"{what} {value!r} cannot be chosen for {parsed.name}: {parsed.family.no_choice}. Leave "
        f"the {what} out."
    )


def _resolve_device(device: str, family: Family) -> str:
    if re.fullmatch(r"auto|cpu|cuda(:(0|[1-9]\d*))?", device, flags=re.ASCII) is None:
        raise ModelError(
            f"device {device!r} is not possible; choose auto, cpu, cuda or cuda:N with the number "
            f"of a GPU."
        )
    if device == "cpu":
        return device
    count, framework = _count_gpus(family)
    if device == "auto":
        return "cuda" if count else "cpu"
    if not count:
        raise ModelError(f"device {device!r} was asked for, but {framework} sees no GPU here.")
    number = int(device.partition(":")[2] or 0)
    if number >= count:
        raise ModelError(
            f"device {device!r} was asked for, but {framework} sees {count} GPU(s) "
            f"here; choose a number from 0 to {count - 1}."
        )
    return device


def _count_gpus(family: Family) -> tuple[int, str]:
    """Return how many GPUs the framework of a family sees, and what it is called."""
    if family.framework == "jax":
        import jax

        return (jax.device_count() if jax.default_backend() == "gpu" else 0), "JAX"
    import torch

    return (torch.cuda.device_count() if torch.cuda.is_available() else 0), "PyTorch"
