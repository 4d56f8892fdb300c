"""What a relaxation follows: the enthalpy of a crystal, and forces that keep its space group."""

from dataclasses import replace

import numpy as np
from ase import Atoms
from ase.stress import full_3x3_to_voigt_6_stress, voigt_6_to_full_3x3_stress

from nearsight.arrays import FloatArray
from nearsight.models.calculator import Adjust
from nearsight.models.contract import Evaluation
from nearsight.relaxation.strains import strain_derivatives, strains_of, without_pressure
from nearsight.structures.operations import Operations


def followed(operations: Operations | None, pressure_eV_per_A3: float) -> Adjust:
    """Return what makes of a model's evaluation what is minimised, and its derivatives.

    The energy becomes the enthalpy H = E + pV, whose derivative by strain is σ + p·1, and of
    forces and stress what would break a space group is taken off.

    Parameters
    ----------
    operations
        Those of the space group; None to keep none.
    pressure_eV_per_A3
        The pressure p.
    """

    def adjust(atoms: Atoms, evaluation: Evaluation) -> Evaluation:
        if pressure_eV_per_A3:
            evaluation = _under_pressure(atoms, evaluation, pressure_eV_per_A3)
        return evaluation if operations is None else _projected(atoms, evaluation, operations)

    return adjust


def under_pressure(stress_eV_per_A3: FloatArray, pressure_eV_per_A3: float) -> FloatArray:
    """Return σ + p·1 in Voigt order: the stress that is left at a pressure p."""
    stress: FloatArray = stress_eV_per_A3 + pressure_eV_per_A3 * np.array([1, 1, 1, 0, 0, 0])
    return stress


def residual(
    forces_eV_per_A: FloatArray,
    stress_eV_per_A3: FloatArray | None,
    cell_A: FloatArray,
    kind: str,
) -> float:
    """Return what must fall below fmax, in eV/Å: the largest force and, with a stress, virial row.

    The virial is divided by the number of atoms, as in ASE's cell filters. Of a cell that is only
    partly relaxed the part counts that is: the mean of the virial's diagonal where the volume is,
    the derivatives by the lengths where those are, and all but the pressure where the shape is.

    Parameters
    ----------
    forces_eV_per_A, stress_eV_per_A3
        Forces, and the stress beyond the pressure; None for a fixed cell.
    cell_A
        The cell, rows.
    kind
        One of `nearsight.relaxation.settings.CELLS`.
    """
    rows = forces_eV_per_A
    if stress_eV_per_A3 is not None:
        volume_A3 = abs(float(np.linalg.det(cell_A)))
        virial = volume_A3 * voigt_6_to_full_3x3_stress(stress_eV_per_A3) / len(rows)
        if kind == "isotropic":
            virial = np.eye(3) * np.trace(virial) / 3
        elif kind == "lengths":
            virial = np.diag(strain_derivatives(virial, strains_of(kind, cell_A)))
        elif kind == "shape":
            virial = without_pressure(virial)
        rows = np.concatenate([rows, virial])
    return float(np.linalg.norm(rows, axis=1).max())


def _under_pressure(atoms: Atoms, evaluation: Evaluation, pressure_eV_per_A3: float) -> Evaluation:
    stress = evaluation.stress_eV_per_A3
    return replace(
        evaluation,
        energy_eV=evaluation.energy_eV + pressure_eV_per_A3 * float(atoms.cell.volume),
        stress_eV_per_A3=None if stress is None else under_pressure(stress, pressure_eV_per_A3),
    )


def _projected(atoms: Atoms, evaluation: Evaluation, operations: Operations) -> Evaluation:
    """Take off what would break the space group."""
    cell = atoms.cell.array
    stress = evaluation.stress_eV_per_A3
    if stress is not None:
        tensor = operations.average_tensor(voigt_6_to_full_3x3_stress(stress), cell)
        stress = full_3x3_to_voigt_6_stress(tensor)
    forces = evaluation.forces_eV_per_A
    if forces is not None:
        forces = operations.average_vectors(forces, cell)
    return replace(evaluation, forces_eV_per_A=forces, stress_eV_per_A3=stress)
