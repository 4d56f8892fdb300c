"""One function for each kind of item."""

import math

import numpy as np
from ase import Atoms

from nearsight.arrays import FloatArray
from nearsight.errors import NearsightError
from nearsight.evaluation.exactness.parts import (
    CheckPart,
    Conformance,
    CurvaturePath,
    Jacobian,
    Loop,
    Reach,
)
from nearsight.evaluation.failure import has_refused
from nearsight.evaluation.telling import all_of
from nearsight.evaluation.work import Work
from nearsight.locality import interactions
from nearsight.models.batches import in_batches
from nearsight.models.contract import Evaluation, Model, forces_of
from nearsight.progress import Progress
from nearsight.testing import check_model

_RADIUS_A = 0.1
"""How far each atom goes on the loop, as in the motion at some hundred kelvin."""
_PATH_A = 0.2
"""How far each goes to both sides on the path, so that many pairs of a crystal cross any cutoff."""


def conformance(model: Model, name: str, atoms: Atoms, work: Work) -> Conformance:
    """Hold a model to what it claims, on one structure."""
    report = check_model(model, {name: atoms}, progress=work.progress)
    return Conformance(
        checks=tuple(
            CheckPart(
                name=check.name,
                passed=bool(check.passed),
                measured=None
                if check.measured is None or not math.isfinite(check.measured)
                else float(check.measured),
                unit=check.unit,
                detail=check.detail,
            )
            for check in report.checks
        )
    )


def jacobian(model: Model, atoms: Atoms, progress: Progress) -> Jacobian:
    """Compute the whole Jacobian of the forces, as it is."""
    seeds = [(atom, axis) for atom in range(len(atoms)) for axis in np.eye(3)]
    computed = all_of(model.rows(atoms, seeds), len(seeds), "Rows of the Jacobian", progress)
    rows = np.stack(computed).reshape(len(seeds), -1)
    return Jacobian(
        norm_eV_per_A2=float(np.linalg.norm(rows)),
        antisymmetric_eV_per_A2=float(np.linalg.norm(rows - rows.T) / 2),
    )


def loop(model: Model, atoms: Atoms, n_points: int, progress: Progress) -> Loop:
    """Integrate the forces over an ellipse in the space of all positions.

    Sums over equally spaced points of a smooth periodic integrand converge faster than any power
    of their number.
    """
    first, second = _two_directions(len(atoms))
    angles = 2 * np.pi * np.arange(n_points) / n_points
    structures = []
    for angle in angles:
        moved = atoms.copy()
        moved.positions += _RADIUS_A * (np.cos(angle) * first + np.sin(angle) * second)
        structures.append(moved)
    powers = np.array(
        [
            (forces * (np.cos(angle) * second - np.sin(angle) * first)).sum()
            for angle, forces in zip(angles, _forces(model, structures, progress), strict=True)
        ]
    )
    work_meV, coarse_meV = (
        1000 * 2 * np.pi * _RADIUS_A * float(each.mean()) / len(atoms)
        for each in (powers, powers[::2])
    )
    return Loop(work_meV_per_atom=work_meV, error_meV_per_atom=abs(work_meV - coarse_meV))


def reach(model: Model, atoms: Atoms, progress: Progress) -> Reach:
    """Compute the rows of the first atom."""
    found = interactions(atoms, model, [0], progress=progress)
    others = np.arange(len(found.atoms)) != 0
    order = np.argsort(found.distances_A[0, others])
    return Reach(
        site=str(atoms.symbols[0]),
        distances_A=tuple(found.distances_A[0, others][order].tolist()),
        norms_eV_per_A2=tuple(found.norms_eV_per_A2[0, others][order].tolist()),
    )


def curvature_path(model: Model, atoms: Atoms, n_points: int, progress: Progress) -> CurvaturePath:
    """Compute the second derivative along a straight path at each of its points."""
    direction, _ = _two_directions(len(atoms))
    unit = direction / np.linalg.norm(direction)
    places = np.linspace(-_PATH_A, _PATH_A, n_points)

    def curvature(place: float) -> float:
        moved = atoms.copy()
        moved.positions += place * direction
        [product] = model.linearize(moved)(unit[np.newaxis])
        return float((product * unit).sum())

    curvatures = all_of(map(curvature, places), n_points, "Curvature along a path", progress)
    return CurvaturePath(
        displacements_A=tuple(places.tolist()), curvatures_eV_per_A2=tuple(curvatures)
    )


def energy(model: Model, atoms: Atoms) -> float | None:
    """Return the energy of a molecule; None where the model refuses it."""
    try:
        return float(model.evaluate([atoms], forces=False)[0].energy_eV)
    except NearsightError as error:
        if not has_refused(error):
            raise
        return None


def _forces(model: Model, structures: list[Atoms], progress: Progress) -> list[FloatArray]:
    forces = []
    answers = in_batches(model, structures)
    for answer in all_of(answers, len(structures), "Forces around a loop", progress):
        if not isinstance(answer, Evaluation):
            raise answer
        forces.append(forces_of(answer))
    return forces


def _two_directions(n_atoms: int) -> tuple[FloatArray, FloatArray]:
    """Return two random directions at right angles, along which atoms move by 1 Å on average."""
    random = np.random.default_rng(12).normal(size=(3 * n_atoms, 2))
    columns, _ = np.linalg.qr(random)
    both = np.sqrt(n_atoms) * columns.T.reshape(2, n_atoms, 3)
    return both[0], both[1]
