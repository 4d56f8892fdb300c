"""Curves of PBE to compare with, where they were computed."""

from dataclasses import dataclass
from functools import cache
from importlib import resources

import numpy as np
from numpy.polynomial import Polynomial

from nearsight.arrays import FloatArray
from nearsight.bounded_json import parse_json

_FINE_A = 0.001
_BOUND_EV = 0.05
"""A well that is shallower is not one of a bond, and where it is deepest says little."""


@dataclass(frozen=True, eq=False)
class ReferenceCurve:
    """The energy of two equal atoms by PBE, relative to two isolated ones."""

    distances_A: FloatArray
    """Shape ``(n_points,)``, increasing."""
    energies_eV: FloatArray
    """Shape ``(n_points,)``."""

    def slopes_eV_per_A(self, distances_A: FloatArray) -> FloatArray:
        """Return dE/dr at distances; NaN beyond the ends of the curve."""
        from scipy.interpolate import PchipInterpolator

        # It has no extrema but those of the points, while a smoother spline may add some.
        curve = PchipInterpolator(self.distances_A, self.energies_eV, extrapolate=False)
        slopes: FloatArray = curve.derivative()(distances_A)
        return slopes

    @property
    def bond(self) -> tuple[float, float] | None:
        """Bond length in Å and depth in eV; None for atoms that make no bond."""
        return bond(self.distances_A, self.energies_eV)

    @property
    def barrier_eV(self) -> float:
        """By how much energy rises above its limit farther out than the minimum."""
        return barrier(self.energies_eV)


def bond(distances_A: FloatArray, energies_eV: FloatArray) -> tuple[float, float] | None:
    """Return length in Å and depth in eV of the deepest well, by a quartic through five points.

    Energies are relative to their limit. None where none is as deep as that of a bond, or it is at
    the end of the curve.
    """
    lowest = int(np.argmin(energies_eV))
    if energies_eV[lowest] > -_BOUND_EV or not 1 < lowest < len(distances_A) - 2:
        return None
    around = slice(lowest - 2, lowest + 3)
    of_well = Polynomial.fit(distances_A[around], energies_eV[around], 4)
    fine = np.arange(distances_A[lowest - 1], distances_A[lowest + 1], _FINE_A)
    deepest = int(np.argmin(of_well(fine)))
    return float(fine[deepest]), float(-of_well(fine[deepest]))


def barrier(energies_eV: FloatArray) -> float:
    """Return by how much energies rise above the last one, farther out than the lowest."""
    outside = energies_eV[int(np.argmin(energies_eV)) :]
    return float((outside - energies_eV[-1]).max())


@cache
def reference_curves() -> dict[str, ReferenceCurve]:
    """Return the curves that there are, by element."""
    text = resources.files(__package__).joinpath("pbe.json").read_text("utf-8")
    return {
        element: ReferenceCurve(np.array(values["distances_A"]), np.array(values["energies_eV"]))
        for element, values in parse_json(text)["elements"].items()
    }
