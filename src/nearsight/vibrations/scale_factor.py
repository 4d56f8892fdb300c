"""One factor on all frequencies that makes up for a model's systematic error."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from nearsight.announcing import quietly
from nearsight.errors import MethodError
from nearsight.provenance import Provenance
from nearsight.vibrations.modes import Vibrations
from nearsight.vibrations.settings import Acoustic
from nearsight.vibrations.thermodynamics import thermodynamics

_SMALLEST_FACTOR = 0.5
_LARGEST_FACTOR = 2.0


@dataclass(frozen=True)
class ScaleFactor:
    """A fitted factor on frequencies and how well the scaled values meet the reference."""

    factor: float
    """Multiply every frequency by this; without unit."""
    rms_residual: float
    """Root mean square of scaled minus reference, in `residual_unit`."""
    residual_unit: Literal["cm-1", "relative"]
    """``cm-1`` for a fit to frequencies, ``relative`` for one to heat capacities."""
    n_values: int
    """Number of reference values."""
    provenance: tuple[Provenance, ...]
    """Of each structure in the fit; empty for a fit to bare frequencies."""


def fit_frequency_scale_factor(computed: ArrayLike, reference: ArrayLike) -> ScaleFactor:
    """Return the factor λ = Σ ω ν / Σ ω² that minimises Σ (λ ω - ν)².

    A. P. Scott and L. Radom, J. Phys. Chem. 1996, 100, 16502, DOI 10.1021/jp960976r.

    Parameters
    ----------
    computed
        Computed harmonic wavenumbers ω in cm⁻¹, shape ``(n,)``.
    reference
        Reference wavenumbers ν of the same modes in the same order in cm⁻¹, shape ``(n,)``.

    Raises
    ------
    MethodError
        The two do not match in number, are empty, or hold values that are not positive.

    Examples
    --------
    >>> from nearsight.vibrations import fit_frequency_scale_factor
    >>> fit = fit_frequency_scale_factor(computed=[1650.0, 3820.0], reference=[1595.0, 3657.0])
    >>> print(f"{fit.factor:.4f}, leaves {fit.rms_residual:.1f} {fit.residual_unit}")
    0.9588, leaves 10.0 cm-1
    """
    omega = _positive("computed", computed, "wavenumbers in cm⁻¹ of real modes")
    nu = _positive("reference", reference, "wavenumbers in cm⁻¹ of real modes")
    _require_same_length(len(omega), len(nu), "computed wavenumbers", "reference values")
    factor = float(omega @ nu / (omega @ omega))
    return ScaleFactor(
        factor=factor,
        rms_residual=_rms(factor * omega - nu),
        residual_unit="cm-1",
        n_values=len(nu),
        provenance=(),
    )


def fit_scale_factor_to_heat_capacity(
    vibrations_list: Sequence[Vibrations],
    reference_J_per_g_K: ArrayLike,
    temperature_K: float,
    acoustic: Acoustic = "exclude",
) -> ScaleFactor:
    """Return the one frequency factor that best gives the heat capacities of several solids.

    It minimises Σ ((c_i(λ) - c_i^ref) / c_i^ref)² over λ between 0.5 and 2. Heat capacities fall
    with every frequency, so a model that is too soft needs a factor above one.

    Parameters
    ----------
    vibrations_list
        Normal modes of each solid.
    reference_J_per_g_K
        Reference heat capacity of each solid in J/(g K), shape ``(n_solids,)``.
    temperature_K
        Temperature > 0 of the reference values in K.
    acoustic
        Convention for the rigid-body modes, see `thermodynamics`; that of the reference values.

    Raises
    ------
    MethodError
        The numbers do not match, a value is not positive, or no factor in the range fits.

    Examples
    --------
    >>> from ase.build import bulk
    >>> from nearsight.hessian import hessian
    >>> from nearsight.models import load_model
    >>> from nearsight.vibrations import fit_scale_factor_to_heat_capacity, vibrations
    >>> model = load_model("ase:emt")
    >>> metals = [vibrations(hessian(bulk(each, cubic=True), model)) for each in ("Cu", "Al")]
    >>> fit = fit_scale_factor_to_heat_capacity(metals, [0.36, 0.89], 300.0, acoustic="classical")
    >>> print(f"frequencies times {fit.factor:.2f}")
    frequencies times 1.01
    """
    from scipy.optimize import minimize_scalar

    reference = _positive("reference_J_per_g_K", reference_J_per_g_K, "heat capacities in J/(g K)")
    _require_same_length(len(vibrations_list), len(reference), "solids", "reference values")
    temperature = _positive("temperature_K", temperature_K, "temperatures in K")

    def relative_errors(factor: float) -> NDArray[np.float64]:
        capacities = [
            thermodynamics(solid, temperature, acoustic, factor).heat_capacity_J_per_g_K[0]
            for solid in vibrations_list
        ]
        return np.array(capacities) / reference - 1

    relative_errors(1.0)  # what must be known of the solids is raised here, once
    with quietly():
        fit = minimize_scalar(
            lambda factor: float(np.sum(relative_errors(factor) ** 2)),
            bounds=(_SMALLEST_FACTOR, _LARGEST_FACTOR),
            method="bounded",
            options={"xatol": 1e-9},
        )
        factor = float(fit.x)
        errors = relative_errors(factor)
    if min(factor - _SMALLEST_FACTOR, _LARGEST_FACTOR - factor) < 1e-6:
        raise MethodError(
            f"no frequency factor between {_SMALLEST_FACTOR} and {_LARGEST_FACTOR} gives these "
            f"heat capacities (relative error {_rms(errors):.2g} at {factor:.2f}); check that "
            f"reference_J_per_g_K is in J/(g K) at {temperature[0]:g} K."
        )
    return ScaleFactor(
        factor=factor,
        rms_residual=_rms(errors),
        residual_unit="relative",
        n_values=len(reference),
        provenance=tuple(solid.provenance for solid in vibrations_list),
    )


def _positive(name: str, values: ArrayLike, meaning: str) -> NDArray[np.float64]:
    array = np.atleast_1d(np.asarray(values, dtype=np.float64))
    if array.ndim != 1 or len(array) == 0:
        raise MethodError(f"{name} has the shape {array.shape}; give a list of {meaning}.")
    wrong = array[~(np.isfinite(array) & (array > 0))]
    if len(wrong):
        raise MethodError(f"{name} holds {wrong[0]}; give positive {meaning}.")
    return array


def _require_same_length(left: int, right: int, left_name: str, right_name: str) -> None:
    if left != right:
        raise MethodError(
            f"{left} {left_name} do not match {right} {right_name}; give one for each."
        )


def _rms(values: NDArray[np.float64]) -> float:
    return float(np.sqrt(np.mean(values**2)))
