"""Two equal atoms: what is computed in each suite."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from ase import Atoms
from ase.data import chemical_symbols

from nearsight.arrays import FloatArray
from nearsight.errors import NearsightError
from nearsight.evaluation.boxes import in_box
from nearsight.evaluation.diatomics.directions import axes_over_the_sphere
from nearsight.evaluation.diatomics.figure import figures
from nearsight.evaluation.diatomics.result import Curve, Diatomics
from nearsight.evaluation.examination import Examination
from nearsight.evaluation.failure import NotApplicableError, has_refused
from nearsight.evaluation.settings import Suite
from nearsight.evaluation.telling import all_of
from nearsight.evaluation.work import Work
from nearsight.models.batches import Answer, in_batches
from nearsight.models.contract import Evaluation, Model, forces_of
from nearsight.progress import Progress

_CLOSEST_A, _FARTHEST_A = 0.5, 6.0
_COMMON = ("H", "He", "Li", "C", "N", "O", "F", "Ne", "Na", "Cl")
_FEWEST = 13
"""Distances that a curve needs to tell a jump."""


@dataclass(frozen=True, kw_only=True)
class Effort:
    """How much is computed of diatomics."""

    n_axes: int
    """Directions of the pair."""
    axes_step_A: float
    """Between distances at which all directions are tried."""
    step_A: float
    """Between those of the curve along one direction."""
    elements: tuple[str, ...] | None
    """Those that are examined where the model knows them; None for all that it knows."""


EFFORTS: Mapping[Suite, Effort] = {
    "quick": Effort(n_axes=6, axes_step_A=0.25, step_A=0.02, elements=_COMMON),
    "standard": Effort(n_axes=14, axes_step_A=0.25, step_A=0.02, elements=None),
    "full": Effort(n_axes=125, axes_step_A=0.1, step_A=0.01, elements=None),
}


def compute(model: Model, effort: Effort, work: Work) -> Diatomics:
    """Compute the curves of all elements.

    Raises
    ------
    NotApplicableError
        The model knows none of them.
    """
    elements = _elements(model, effort)
    if not elements:
        raise NotApplicableError(
            f"{model.identity.name} knows none of {', '.join(_COMMON)}; examine it in the suite "
            f"standard, which takes all elements."
        )
    curves, failures = work.each(
        "diatomics", elements, lambda element: _curve(model, element, effort, work.progress), Curve
    )
    return Diatomics(curves=curves, failures=failures)


def _elements(model: Model, effort: Effort) -> list[str]:
    known = model.capabilities.elements
    if known is None:
        return list(effort.elements or _COMMON)
    symbols = [chemical_symbols[number] for number in sorted(known)]
    return [symbol for symbol in symbols if effort.elements is None or symbol in effort.elements]


def _curve(model: Model, element: str, effort: Effort, progress: Progress) -> Curve:
    [axis, *_] = axes = axes_over_the_sphere(effort.n_axes)
    distances = _distances(effort.step_A)
    pairs = [_pair(model, element, each, axis) for each in distances]
    answers = all_of(in_batches(model, pairs), len(pairs), f"{element} over distance", progress)
    line = _answered(answers)
    energies = np.array([each.energy_eV for each in line])
    coarse = _distances(effort.axes_step_A)
    coarse = coarse[coarse <= distances[len(line) - 1]]
    turned = [_pair(model, element, each, way) for each in coarse for way in axes]
    found = in_batches(model, turned, forces=False)
    over_axes = _energies_eV(
        all_of(found, len(turned), f"{element} over directions", progress)
    ).reshape(len(coarse), len(axes))
    means = over_axes.mean(axis=1)
    return Curve(
        atom_eV=_alone(model, element),
        distances_A=_rounded(distances[: len(line)]),
        energies_eV=_rounded(energies - energies[-1]),
        limit_eV=float(energies[-1]),
        forces_eV_per_A=_rounded(np.array([_pushing(each, axis) for each in line])),
        axes_A=_rounded(coarse),
        means_eV=_rounded(means - means[-1]),
        spreads_eV=_rounded(over_axes.std(axis=1)),
        n_refused=len(answers) - len(line),
    )


def _distances(step_A: float) -> FloatArray:
    return np.arange(_CLOSEST_A, _FARTHEST_A + step_A / 2, step_A)


def _pair(model: Model, element: str, distance_A: float, axis: FloatArray) -> Atoms:
    return in_box(Atoms([element] * 2, [-distance_A / 2 * axis, distance_A / 2 * axis]), model)


def _alone(model: Model, element: str) -> float | None:
    """Return the energy of one atom; None where the model refuses an atom without neighbours."""
    try:
        answers = in_batches(model, [in_box(Atoms([element]), model)], forces=False)
        return float(_energies_eV(answers)[0])
    except NearsightError as error:
        if not has_refused(error):
            raise
        return None


def _answered(answers: Sequence[Answer]) -> list[Evaluation]:
    """Return the evaluations up to where the model takes atoms for lonely ones, and refuses them.

    Raises
    ------
    NearsightError
        It refuses others, or failed at one.
    """
    good = [isinstance(each, Evaluation) for each in answers]
    n_good = good.index(False) if False in good else len(good)
    errors = [each for each in answers if not isinstance(each, Evaluation)]
    for error in errors:
        if not has_refused(error):
            raise error
    if errors and (any(good[n_good:]) or n_good < _FEWEST):
        raise errors[0]
    return [each for each in answers if isinstance(each, Evaluation)]


def _energies_eV(answers: Iterable[Answer]) -> FloatArray:
    energies = []
    for answer in answers:
        if not isinstance(answer, Evaluation):
            raise answer
        energies.append(answer.energy_eV)
    return np.array(energies)


def _pushing(evaluation: Evaluation, axis: FloatArray) -> float:
    first, second = forces_of(evaluation)
    return float((second - first) @ axis / 2)


def _rounded(values: FloatArray) -> tuple[float, ...]:
    return tuple(float(f"{value:.9g}") for value in values)


EXAMINATION = Examination(
    package=__package__,
    title="Two equal atoms",
    question="Do two equal atoms attract and repel each other as they should?",
    efforts=EFFORTS,
    compute=compute,
    result=Diatomics,
    figures=figures,
)
