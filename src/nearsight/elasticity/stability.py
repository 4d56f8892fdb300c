"""Born's criterion, and the third answer: that there is no stiffness to be judged."""

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from nearsight.arrays import FloatArray
from nearsight.errors import StructureError

Stability = Literal["stable", "unstable", "no stiffness"]

NEGLIGIBLE_STRESS_GPA = 0.01
"""Below it the second derivatives of the energy are elastic constants, known to about as much."""
ERROR_OF_DIFFERENCES = 1e-3
"""Of the clamped-ion constants: central differences of a layer leave 2·10⁻⁴ of them uncancelled."""
WITHOUT_STIFFNESS = (
    "no stiffness beyond what the residual stress can tell, or differences of forces: is it a "
    "layer, chain or molecule in a box?"
)


def symmetric(stiffness_GPa: ArrayLike) -> FloatArray:
    """Return the symmetric part, which decides the energy of a strain."""
    c = np.asarray(stiffness_GPa, dtype=np.float64)
    return (c + c.T) / 2


def stability_of(
    stiffness_GPa: ArrayLike, resolution_GPa: float = NEGLIGIBLE_STRESS_GPA
) -> Stability:
    """Tell whether every strain costs energy, by the eigenvalues of the symmetric part.

    One that is closer to zero than can be resolved, in either sign, is no stiffness: a relaxed
    crystal may have 0.01 GPa of stress left, and what lies loose in a box has nothing but errors.

    Parameters
    ----------
    stiffness_GPa
        Voigt order xx, yy, zz, yz, xz, xy, shape ``(6, 6)``.
    resolution_GPa
        Magnitude below which an eigenvalue is as good as zero.
    """
    eigenvalues = np.linalg.eigvalsh(symmetric(stiffness_GPa))
    if np.abs(eigenvalues).min() < resolution_GPa:
        return "no stiffness"
    return "stable" if eigenvalues[0] > 0 else "unstable"


def without_moduli(eigenvalue_GPa: float) -> StructureError:
    """Return the error for a tensor without stiffness, by its eigenvalue next to zero."""
    return StructureError(
        f"The smallest eigenvalue of the elastic tensor is {eigenvalue_GPa:.1e} GPa, and there are "
        f"no moduli: {WITHOUT_STIFFNESS}"
    )
