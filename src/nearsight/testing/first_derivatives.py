"""Checks of energies, forces and stresses against each other."""

from collections.abc import Callable

import numpy as np
from ase import Atoms
from ase.stress import voigt_6_to_full_3x3_stress
from numpy.typing import NDArray

from nearsight.errors import MissingPropertyError, ModelError
from nearsight.models.contract import Model, forces_of
from nearsight.testing.report import Check, failed, not_applicable
from nearsight.testing.structures import displaced

_FOURTH_ORDER = ((-2, 1 / 12), (-1, -2 / 3), (1, 2 / 3), (2, -1 / 12))

# Rounding of the energy divided by the step, with an order of magnitude to spare.
_STEP_A = {"float64": 1e-3, "float32": 2e-2}
_FORCE_TOLERANCE = {"float64": 1e-6, "float32": 2e-2}
_DTYPE_STEP_A = 1e-5


def forces_are_the_gradient(model: Model, name: str, atoms: Atoms) -> Check:
    """Compare forces along a random direction with fourth-order differences of the energy."""
    title = "forces = -dE/dr"
    if model.capabilities.conservative is False:
        return not_applicable(title, name, "the model predicts forces directly")
    atoms = displaced(atoms)
    direction = _random_unit((len(atoms), 3))
    step = _STEP_A.get(model.identity.dtype, 1e-3)

    def moved(offset: int) -> Atoms:
        copy: Atoms = atoms.copy()
        copy.positions += offset * step * direction
        return copy

    slope = _difference(model, moved) / step
    expected = -float((forces_of(model.evaluate([atoms])[0]) * direction).sum())
    tolerance = _FORCE_TOLERANCE.get(model.identity.dtype, 1e-3)
    return Check(title, name, abs(slope - expected), tolerance, "eV/Å")


def stress_is_the_strain_derivative(model: Model, name: str, atoms: Atoms) -> Check:
    """Compare the stress with fourth-order differences of the energy along a random strain."""
    title = "stress = dE/dε / V"
    if not atoms.pbc.all():
        return not_applicable(title, name, "no volume")
    if model.capabilities.conservative is False:
        return not_applicable(title, name, "the model predicts the stress directly")
    atoms = displaced(atoms)
    random = _random_unit((3, 3))
    direction = (random + random.T) / 2
    step = _STEP_A.get(model.identity.dtype, 1e-3) / 10

    def strained(offset: int) -> Atoms:
        copy: Atoms = atoms.copy()
        copy.set_cell(atoms.cell @ (np.eye(3) + offset * step * direction), scale_atoms=True)
        return copy

    model.evaluate([atoms])  # so that what fails below is the stress
    try:
        voigt = model.evaluate([atoms], stress=True)[0].stress_eV_per_A3
    except MissingPropertyError as error:
        return not_applicable(title, name, str(error))
    except ModelError as error:
        return failed(title, name, "eV/Å³", str(error))
    if voigt is None:
        return failed(title, name, "eV/Å³", "asked for the stress, the model gave None")
    expected = float((voigt_6_to_full_3x3_stress(voigt) * direction).sum())
    slope = _difference(model, strained) / step / atoms.get_volume()
    tolerance = 10 * _FORCE_TOLERANCE.get(model.identity.dtype, 1e-3) / atoms.get_volume()
    return Check(title, name, abs(slope - expected), tolerance, "eV/Å³")


def smooth_at_the_cutoff(model: Model, name: str, atoms: Atoms) -> Check:
    """Look for a jump of the force on a pair of atoms that crosses the cutoff."""
    title = "force smooth at cutoff"
    cutoff = model.capabilities.cutoff_A
    if cutoff is None:
        return not_applicable(title, name, "no cutoff is stated")
    gap = 1e-4
    symbols = [atoms.symbols[0], atoms.symbols[-1]]
    pair = [
        Atoms(symbols, positions=[(0, 0, 0), (0, 0, distance)])
        for distance in (cutoff - gap, cutoff + gap)
    ]
    inside, outside = (forces_of(evaluation) for evaluation in model.evaluate(pair))
    return Check(title, name, float(np.abs(inside - outside).max()), 1e-3, "eV/Å")


def dtype_is_honoured(model: Model, name: str, atoms: Atoms) -> Check:
    """See whether the numbers have the precision the model claims, no less and no more."""
    title = "dtype honoured"
    dtype = model.identity.dtype
    atoms = displaced(atoms)
    if dtype == "float32":
        forces = forces_of(model.evaluate([atoms])[0])
        rounded = forces.astype(np.float32).astype(np.float64)
        return Check(title, name, float(np.abs(forces - rounded).max()), 0.0, "eV/Å")
    if dtype != "float64":
        return not_applicable(title, name, "the model does not state a precision")
    # In single precision the energy does not even feel the smaller step.
    direction = _random_unit((len(atoms), 3))

    def slope(step: float) -> float:
        def moved(offset: int) -> Atoms:
            copy: Atoms = atoms.copy()
            copy.positions += offset * step * direction
            return copy

        return _difference(model, moved) / step

    deviation = abs(slope(_DTYPE_STEP_A) - slope(_STEP_A[dtype]))
    return Check(title, name, deviation, 1e-4, "eV/Å")


def _difference(model: Model, at: Callable[[int], Atoms]) -> float:
    energies = [
        model.evaluate([at(offset)], forces=False)[0].energy_eV for offset, _ in _FOURTH_ORDER
    ]
    return sum(weight * energy for (_, weight), energy in zip(_FOURTH_ORDER, energies, strict=True))


def _random_unit(shape: tuple[int, int]) -> NDArray[np.float64]:
    vector = np.random.default_rng(7).normal(size=shape)
    unit: NDArray[np.float64] = vector / np.linalg.norm(vector)
    return unit
