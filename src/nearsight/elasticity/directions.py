"""Young's modulus of a crystal along each of its directions."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from nearsight.arrays import FloatArray
from nearsight.elasticity.moduli import compliance
from nearsight.structures.strain import VOIGT

_GRID = 90
"""Directions between pole and equator from which extremes are sought: every degree."""


@dataclass(frozen=True)
class YoungsModulusRange:
    """The directions along which a crystal is stretched most easily and least."""

    smallest_GPa: float
    smallest_direction: FloatArray
    """Unit vector, shape ``(3,)``; its negative is as good, and so are symmetry images."""
    largest_GPa: float
    largest_direction: FloatArray

    def summary(self) -> dict[str, Any]:
        """Return the range as JSON values."""
        return {
            "smallest_GPa": self.smallest_GPa,
            "smallest_direction": self.smallest_direction.tolist(),
            "largest_GPa": self.largest_GPa,
            "largest_direction": self.largest_direction.tolist(),
        }


def youngs_modulus(stiffness_GPa: ArrayLike, directions: ArrayLike) -> FloatArray:
    """Return Young's modulus in GPa along directions: 1/E = n_i n_j n_k n_l S_ijkl.

    J. F. Nye, Physical Properties of Crystals, Oxford 1957.

    Parameters
    ----------
    stiffness_GPa
        Voigt order xx, yy, zz, yz, xz, xy, shape ``(6, 6)``.
    directions
        Shape ``(..., 3)``, of any length but zero.

    Returns
    -------
    NDArray[np.float64]
        Shape ``(...)``.

    Raises
    ------
    StructureError
        The tensor is not positive definite, so that the crystal is unstable, or an eigenvalue is
        within 0.01 GPa of zero.

    Examples
    --------
    >>> import numpy as np
    >>> from nearsight.elasticity import youngs_modulus
    >>> copper = np.diag([168.0, 168.0, 168.0, 75.0, 75.0, 75.0])  # GPa
    >>> copper[:3, :3] += 121.0 * (1 - np.eye(3))
    >>> print(youngs_modulus(copper, [[1, 0, 0], [1, 1, 1]]).round(1), "GPa")
    [ 66.7 190.2] GPa
    """
    return 1 / _stretch(compliance(stiffness_GPa), np.asarray(directions, dtype=np.float64))


def youngs_modulus_range(stiffness_GPa: ArrayLike) -> YoungsModulusRange:
    """Return the extremes of Young's modulus: on a grid of directions, then by descent from there.

    Parameters
    ----------
    stiffness_GPa
        Elastic tensor in GPa by Voigt's indices, shape ``(6, 6)``.

    Raises
    ------
    StructureError
        The tensor is not positive definite, so that the crystal is unstable, or an eigenvalue is
        within 0.01 GPa of zero.

    Examples
    --------
    >>> import numpy as np
    >>> from nearsight.elasticity import youngs_modulus_range
    >>> copper = np.diag([168.0, 168.0, 168.0, 75.0, 75.0, 75.0])  # GPa
    >>> copper[:3, :3] += 121.0 * (1 - np.eye(3))
    >>> found = youngs_modulus_range(copper)
    >>> print(f"{found.smallest_GPa:.1f} to {found.largest_GPa:.1f} GPa")
    66.7 to 190.2 GPa
    """
    s = compliance(stiffness_GPa)
    grid = _hemisphere()
    values = _stretch(s, grid)
    softest = _climb(s, grid[np.argmax(values)], sign=1.0)
    stiffest = _climb(s, grid[np.argmin(values)], sign=-1.0)
    return YoungsModulusRange(
        smallest_GPa=float(1 / _stretch(s, softest)),
        smallest_direction=softest,
        largest_GPa=float(1 / _stretch(s, stiffest)),
        largest_direction=stiffest,
    )


def _stretch(s: FloatArray, directions: FloatArray) -> FloatArray:
    """Return 1/E in 1/GPa: the stretch along n under a unit stress along n."""
    n = directions / np.linalg.norm(directions, axis=-1, keepdims=True)
    stress = np.stack([n[..., a] * n[..., b] for a, b in VOIGT], axis=-1)
    stretched: FloatArray = np.einsum("...i,ij,...j->...", stress, s, stress)
    return stretched


def _hemisphere() -> FloatArray:
    polar, azimuth = np.meshgrid(
        np.linspace(0, np.pi / 2, _GRID + 1), np.linspace(0, 2 * np.pi, 4 * _GRID, endpoint=False)
    )
    n = [np.sin(polar) * np.cos(azimuth), np.sin(polar) * np.sin(azimuth), np.cos(polar)]
    return np.stack(n, axis=-1).reshape(-1, 3)


def _climb(s: FloatArray, start: FloatArray, sign: float) -> FloatArray:
    """Return the direction of the largest stretch, or with -1 the smallest, near `start`."""
    from scipy.optimize import minimize

    scale = float(_stretch(s, start))
    found = minimize(lambda n: -sign * float(_stretch(s, n)) / scale, start)
    direction: FloatArray = found.x / np.linalg.norm(found.x)
    return direction
