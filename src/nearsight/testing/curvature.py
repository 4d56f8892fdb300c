"""Checks of second derivatives: that they are right, and that they mean what they should."""

from collections.abc import Iterable

import numpy as np
from ase import Atoms

from nearsight.derivatives.differences import SCHEMES, DifferenceScheme
from nearsight.hessian.rows.kinds import Differences
from nearsight.models.contract import Model, Seed, forces_of
from nearsight.testing.report import Check, not_applicable
from nearsight.testing.structures import displaced

_SMALL_CURVATURE_EV_PER_A2 = 1.0
_VIBRATION_STEPS_A = (0.01, 0.03)
_STEPS_SQUARED = 9.0


def rows_against_differences(model: Model, name: str, atoms: Atoms) -> Check:
    """Compare analytic rows with fourth-order differences of the forces.

    A row of forces that are no gradient tells what one atom feels when others move. Differences,
    for which one atom moves, tell another thing, so that all atoms are moved at once.
    """
    title = "rows = differences"
    if not model.capabilities.differentiable:
        return not_applicable(title, name, "rows are differences already")
    atoms = displaced(atoms)
    seeds = _one_atom_per_element(atoms, [np.array([0.6, 0.0, 0.8])])
    scheme = SCHEMES["fourth-order"]
    double = model.identity.dtype == "float64"
    step = scheme.float64_step_A if double else scheme.float32_step_A
    analytic = np.stack(list(model.rows(atoms, seeds)))
    if model.capabilities.conservative is False:
        motion = np.random.default_rng(9).normal(size=(len(atoms), 3))
        motion /= np.linalg.norm(motion)
        change = _force_change(model, atoms, motion, scheme, step)
        differences = np.array([-change[atom] @ way for atom, way in seeds])
        analytic = np.einsum("sai,ai->s", analytic, motion)
    else:
        differences = np.stack(list(Differences(scheme, step).rows(atoms, model, seeds)))
    deviation = float(np.abs(analytic - differences).max())
    return Check(title, name, deviation, 1e-6 if double else 5e-2, "eV/Å²", f"step {step:g} Å")


def _force_change(
    model: Model, atoms: Atoms, motion: np.ndarray, scheme: DifferenceScheme, step_A: float
) -> np.ndarray:
    """Return the derivative of all forces when the atoms move along `motion`."""
    change = np.zeros((len(atoms), 3))
    for offset, weight in scheme.displaced:
        moved = atoms.copy()
        moved.positions += offset * step_A * motion
        change += weight * forces_of(model.evaluate([moved])[0]) / step_A
    return change


def products_against_rows(model: Model, name: str, atoms: Atoms) -> Check:
    """Compare a product H·v with the row of the same direction."""
    title = "products = rows"
    atoms = displaced(atoms)
    seeds = _one_atom_per_element(atoms, [np.array([0.0, 0.6, 0.8])])[:1]
    atom, direction = seeds[0]
    vector = np.zeros((1, len(atoms), 3))
    vector[0, atom] = direction
    row = next(iter(model.rows(atoms, seeds)))
    deviation = float(np.abs(model.linearize(atoms)(vector)[0] - row).max())
    tolerance = {"float64": 1e-9, "float32": 1e-3}.get(model.identity.dtype, 1e-6)
    return Check(title, name, deviation, tolerance, "eV/Å²")


def curvature_is_smooth(model: Model, name: str, atoms: Atoms) -> Check:
    """Compare the analytic diagonal with differences over the distances that vibrations reach.

    An energy may have an exact second derivative that no vibration feels: a kink or a steep ripple
    at the very place. Differences at 0.01 and 0.03 Å see the curvature that matters. The longer
    step may be off by nine times what the shorter one is off by: that is anharmonicity, which goes
    with the square of the step.
    """
    title = "curvature smooth"
    if not model.capabilities.differentiable:
        return not_applicable(title, name, "rows are differences already")
    if model.capabilities.curvature_smooth is False:
        return not_applicable(title, name, "the model does not claim smooth curvature")
    directions = list(np.eye(3)) if len(atoms) <= 8 else [np.eye(3)[0]]
    seeds = _one_atom_per_element(atoms, directions)
    analytic = _diagonal(model.rows(atoms, seeds), seeds)
    short, long = (
        _diagonal(Differences(SCHEMES["central-difference"], step).rows(atoms, model, seeds), seeds)
        for step in _VIBRATION_STEPS_A
    )
    off_short, off_long = short - analytic, long - analytic
    not_anharmonic = np.minimum(np.abs(off_long), np.abs(off_long - _STEPS_SQUARED * off_short))
    deviations = np.array([np.abs(off_short), not_anharmonic])
    relative = deviations / np.maximum(np.abs([short, long]), _SMALL_CURVATURE_EV_PER_A2)
    worst = int(np.argmax(relative.max(axis=0)))  # NaN is worse than any number
    detail = (
        f"{atoms.symbols[seeds[worst][0]]}: {analytic[worst]:.3f}, "
        f"{short[worst]:.3f} at {_VIBRATION_STEPS_A[0]} Å, "
        f"{long[worst]:.3f} at {_VIBRATION_STEPS_A[1]} Å"
    )
    return Check(title, name, float(relative.max()), 0.02, "(relative)", detail)


def _diagonal(rows: Iterable[np.ndarray], seeds: list[Seed]) -> np.ndarray:
    return np.array([row[atom] @ way for row, (atom, way) in zip(rows, seeds, strict=True)])


def _one_atom_per_element(atoms: Atoms, directions: list[np.ndarray]) -> list[Seed]:
    _, first = np.unique(atoms.numbers, return_index=True)
    return [(int(atom), direction) for atom in first for direction in directions]
