"""Second derivatives by strain as differences of forces and stress."""

from collections.abc import Callable

import numpy as np
from ase import Atoms
from ase.stress import voigt_6_to_full_3x3_stress

from nearsight.arrays import FloatArray
from nearsight.derivatives.differences import DifferenceScheme
from nearsight.structures.strain import VOIGT, strain_matrix, strained

FirstDerivatives = Callable[[Atoms], tuple[FloatArray, FloatArray]]
"""Forces in eV/Å, ``(n_atoms, 3)``, and stress in eV/Å³, ``(6,)``, of a structure."""


def strain_differences(
    first_derivatives: FirstDerivatives, atoms: Atoms, scheme: DifferenceScheme, step: float
) -> tuple[FloatArray, FloatArray]:
    """Return ∂²E/∂u∂ε in eV/Å, ``(n_atoms, 3, 6)``, and ∂²E/∂ε∂ε in eV, ``(6, 6)``.

    Both are for r = (1 + ε)(r⁰ + u) with symmetric ε. Forces f and stress σ are derivatives in the
    strained crystal, so that with its volume V

        ∂E/∂u = -(1 + ε) f,    ∂E/∂ε = V sym[(1 + ε)⁻¹ σ]:

    a further dε stretches the strained crystal by dε (1 + ε)⁻¹.

    Parameters
    ----------
    first_derivatives
        Forces and stress of a structure.
    atoms
        The crystal; it is not changed.
    scheme
        Which differences to take.
    step
        Size of the strain in each of its six components, shears doubled; dimensionless.
    """

    def slopes(component: int, size: float) -> FloatArray:
        strain = strain_matrix(size * np.eye(6)[component])
        crystal = strained(atoms, strain)
        forces, stress = first_derivatives(crystal)
        deformation = np.eye(3) + strain
        tensor = voigt_6_to_full_3x3_stress(stress)
        pulled = np.linalg.solve(deformation, tensor) * crystal.cell.volume
        by_strain = np.array([(pulled[a, b] + pulled[b, a]) / 2 for a, b in VOIGT])
        return np.concatenate([-(forces @ deformation).reshape(-1), by_strain])

    at_rest = scheme.weight_at_rest * slopes(0, 0.0) if scheme.weight_at_rest else 0.0
    columns = np.empty((6, 3 * len(atoms) + 6))
    for component, column in enumerate(columns):
        moved = [weight * slopes(component, offset * step) for offset, weight in scheme.displaced]
        column[:] = (np.sum(moved, axis=0) + at_rest) / step
    return columns[:, :-6].T.reshape(len(atoms), 3, 6), columns[:, -6:].T
