"""Whether kept work is of the model that is to go on with it: not every one can say that itself.

A calculator that reads its parameters from a file has the same name after the file was changed. So
what the model answered then is kept, and asked for again: energy and forces, which every parameter
has a part in, and one row or product.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from nearsight.arrays import FloatArray
from nearsight.errors import CheckpointError
from nearsight.models.contract import Evaluation, forces_of
from nearsight.provenance import MIXED

_TIMES_NOISE = 10.0
"""Largest deviation, over that of two answers of one process, that counts as noise."""


@dataclass(frozen=True)
class Precision:
    """How far two answers of one model may be apart, because sums are taken in another order.

    SevenNet-0 in single precision, on one and on two threads: the energy is the same, forces differ
    by 2·10⁻⁷ eV/Å and rows by 10⁻⁷. From double precision it is 2·10⁻⁸, 2·10⁻⁶ eV/Å and 2·10⁻⁶.
    """

    energy: float
    """Relative to the energy, or to 1 eV."""
    forces_eV_per_A: float
    """For forces up to 1 eV/Å, and relative to larger ones."""
    derivatives: float
    """Of analytic rows and products, relative to the largest element."""
    noise_eV_per_A: float
    """Of forces that are differenced; smaller than what may be between two forces, because steps
    and schemes are chosen for it."""


_PRECISIONS = {
    "float64": Precision(1e-9, 1e-8, 1e-6, 1e-12),
    "float32": Precision(1e-6, 5e-5, 1e-4, 5e-5),
    MIXED: Precision(1e-6, 5e-5, 1e-4, 5e-5),  # what was kept may be of either precision
}


@dataclass(frozen=True)
class Kept:
    """A number, or an array of numbers, that is on disk and can be computed again."""

    what: str
    value: FloatArray
    allowed: float
    """By how much it may differ when the same model computes it again."""
    unit: str


def precision_of(dtype: str, at_rest: Evaluation) -> Precision:
    """Return the precision that a model states, or that its answers show if it does not."""
    if dtype not in _PRECISIONS:
        answers = np.append(forces_of(at_rest), at_rest.energy_eV)
        single = np.array_equal(answers, answers.astype(np.float32))
        dtype = "float32" if single else "float64"
    return _PRECISIONS[dtype]


def kept_evaluation(kept: Evaluation, precision: Precision, where: str = "") -> list[Kept]:
    """Return energy and forces as they were kept; `where` says of what, if that must be said."""
    energy = np.array(kept.energy_eV)
    forces = forces_of(kept)
    return [
        Kept(
            f"the energy{where}",
            energy,
            precision.energy * max(abs(kept.energy_eV), 1.0),
            "eV",
        ),
        Kept(
            f"a force{where}",
            forces,
            precision.forces_eV_per_A * max(float(np.abs(forces).max(initial=0.0)), 1.0),
            "eV/Å",
        ),
    ]


def answers_of(evaluation: Evaluation) -> list[FloatArray]:
    """Return energy and forces in the order of `kept_evaluation`."""
    return [np.array(evaluation.energy_eV), forces_of(evaluation)]


def kept_derivative(
    what: str, value: FloatArray, precision: Precision, unit: str, step_A: float | None
) -> Kept:
    """Return a row or product as it was kept; of differences with a step, None for analytic."""
    allowed = precision.derivatives * float(np.abs(value).max(initial=0.0))
    if step_A is not None:
        allowed += precision.noise_eV_per_A / step_A
    return Kept(what, value, allowed, unit)


def require_same_model(
    kept: Sequence[Kept], ask: Callable[[], Sequence[FloatArray]], file: object, model: str
) -> None:
    """Compare what was kept with what the model says now.

    Where that differs by more than rounding, the model is asked once more: what a calculation that
    is converged to some threshold gives twice is its noise, which may be larger.

    Parameters
    ----------
    kept
        What is on disk.
    ask
        Computes it again, in the same order; every call computes.
    file
        Where it is on disk.
    model
        Name of the model.

    Raises
    ------
    CheckpointError
        It is of another model; naming what differs most.
    """
    found = ask()
    deviations = [_largest(one.value, now) for one, now in zip(kept, found, strict=True)]
    allowed = [one.allowed for one in kept]
    if _all_within(deviations, allowed):
        return
    again = ask()
    noise = [_largest(first, second) for first, second in zip(found, again, strict=True)]
    # What is not finite is no noise, and explains nothing.
    allowed = [
        a + _TIMES_NOISE * n if np.isfinite(n) else a for a, n in zip(allowed, noise, strict=True)
    ]
    if _all_within(deviations, allowed):
        return
    worst = int(np.argmax(np.array(deviations) / np.maximum(allowed, np.finfo(float).tiny)))
    raise CheckpointError(
        f"{file} belongs to another model than this {model}, although both have that name: "
        f"{kept[worst].what} differs by {deviations[worst]:.2g} {kept[worst].unit}, and no more "
        f"than {allowed[worst]:.1g} would be rounding or noise. Go on with the parameters, weights "
        f"and programs that it was begun with, or delete it to start anew."
    )


def differing_versions(kept: Mapping[str, str], now: Mapping[str, str]) -> str | None:
    """Return in words which packages have changed since; None if none has."""
    changed = [
        f"{name} {kept.get(name, '(none)')}, now {now.get(name, '(none)')}"
        for name in sorted({*kept, *now})
        if kept.get(name) != now.get(name)
    ]
    return "; ".join(changed) or None


def differing_settings(kept: Mapping[str, Any], now: Mapping[str, Any]) -> str | None:
    """Return in words which settings are others than those kept, with both values, or None."""
    changed = [
        f"`{name}` {_in_words(kept.get(name))}, now {_in_words(now.get(name))}"
        for name in sorted({*kept, *now})
        if kept.get(name) != now.get(name)
    ]
    return "; ".join(changed) or None


def _in_words(value: Any) -> str:
    if value is None:
        return "none"
    if isinstance(value, Mapping):
        return " ".join(f"{name}={_in_words(each)}" for name, each in value.items()) or "none"
    if isinstance(value, list | tuple):
        return " ".join(map(_in_words, value)) or "none"
    return str(value)


def require_same_calculation(
    file: object,
    header: Mapping[str, Any],
    fingerprint: Mapping[str, str],
    versions: Mapping[str, str],
    *,
    reasons: Mapping[str, str],
    kind: str,
) -> None:
    """Check that a checkpoint is of the calculation that is to go on, with the same versions.

    Parameters
    ----------
    file
        The checkpoint, for messages.
    header
        What it says of itself, ``fingerprint`` and ``versions`` among it; a KeyError without.
    fingerprint, versions
        Those of the calculation.
    reasons
        For each part of the fingerprint a clause that says what differs.
    kind
        Such as ``relaxation``.

    Raises
    ------
    CheckpointError
        It is not, naming what differs.
    """
    kept = header["fingerprint"]
    differing = [reason for part, reason in reasons.items() if kept[part] != fingerprint[part]]
    if differing:
        raise CheckpointError(
            f"The checkpoint {file} belongs to another {kind}: {' and '.join(differing)}. "
            f"Repeat that one to continue it."
        )
    if changed := differing_versions(header["versions"], versions):
        raise CheckpointError(
            f"The checkpoint {file} was begun with other versions ({changed}), whose steps are not "
            f"mixed. Go on with those."
        )


def _largest(one: FloatArray, other: FloatArray) -> float:
    if one.shape != other.shape:
        return float("inf")
    deviation = float(np.abs(one - other).max(initial=0.0))
    return deviation if np.isfinite(deviation) else float("inf")


def _all_within(deviations: Sequence[float], allowed: Sequence[float]) -> bool:
    return all(d <= a for d, a in zip(deviations, allowed, strict=True))
