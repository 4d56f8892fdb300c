"""Densities of states and counts of imaginary modes of large solids, from products.

The kernel polynomial method (A. Weiße et al., Rev. Mod. Phys. 2006, 78, 275,
DOI 10.1103/RevModPhys.78.275): Chebyshev moments of the mass-weighted Hessian, averaged over random
vectors and damped by the Jackson kernel. One product gives two moments.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from nearsight import units
from nearsight.arrays import FloatArray
from nearsight.errors import MethodError
from nearsight.hessian.products.operator import HessianOperator
from nearsight.progress import Progress, as_progress
from nearsight.provenance import Provenance, record
from nearsight.vibrations.lanczos import LanczosRun, take_steps
from nearsight.vibrations.mass_weighted import MassWeightedOperator
from nearsight.vibrations.probes import random_triads

_BOUND_STEPS = 12
_MARGIN = 0.02
_FEWEST_MOMENTS = 8
_DIVERGED = 1.01
"""Chebyshev polynomials of what lies between the bounds are at most 1."""


@dataclass(frozen=True)
class KernelPolynomial:
    """The spectrum of a mass-weighted Hessian as Chebyshev moments."""

    moments: FloatArray
    """Undamped, per mode, of each random vector, shape ``(n_vectors, n_moments)``."""
    centre_eV_per_A2_amu: float
    half_width_eV_per_A2_amu: float
    """Eigenvalues lie within centre ± half width."""
    n_modes: int
    """3 n_atoms less the rigid-body motions."""
    n_products: int
    provenance: Provenance

    @property
    def resolution_eV_per_A2_amu(self) -> float:
        """Width of a single eigenvalue in the middle of the spectrum, π/n_moments of half of it."""
        return float(np.pi * self.half_width_eV_per_A2_amu / self.moments.shape[1])

    def states_per_wavenumber_cm(self, wavenumbers_per_cm: ArrayLike) -> FloatArray:
        """Return the density of vibrational states in cm at wavenumbers of at least 0 cm⁻¹."""
        wavenumbers = np.asarray(wavenumbers_per_cm, dtype=np.float64)
        eigenvalues = units.eigenvalues_from_wavenumbers(wavenumbers)
        slope = np.divide(
            2 * eigenvalues, wavenumbers, out=np.zeros_like(eigenvalues), where=wavenumbers > 0
        )
        inside = np.abs(self._scaled(eigenvalues)) < 1
        scaled = np.where(inside, self._scaled(eigenvalues), 0.0)
        damped = self._damped().mean(axis=0)
        angles = np.arccos(scaled)[..., np.newaxis] * np.arange(len(damped))
        series = damped[0] + 2 * (np.cos(angles[..., 1:]) @ damped[1:])
        density = series / (np.pi * np.sqrt(1 - scaled**2)) / self.half_width_eV_per_A2_amu
        states: FloatArray = np.where(inside, self.n_modes * density * slope, 0.0)
        return states

    def count_below(self, eigenvalue_eV_per_A2_amu: float) -> tuple[float, float]:
        """Return how many modes lie below an eigenvalue, and the standard error of that.

        The step of the count is as wide as `resolution_eV_per_A2_amu`: for imaginary modes ask for
        a bound that is lower than zero by it, since soft modes leak across.
        """
        damped = self._damped()
        angle = np.arccos(np.clip(self._scaled(np.asarray(eigenvalue_eV_per_A2_amu)), -1.0, 1.0))
        orders = np.arange(1, damped.shape[1])
        weights = np.concatenate(
            [[1 - angle / np.pi], -2 / np.pi * np.sin(orders * angle) / orders]
        )
        counts = self.n_modes * (damped @ weights)
        error = counts.std(ddof=1) / np.sqrt(len(counts)) if len(counts) > 1 else np.inf
        return float(counts.mean()), float(error)

    def _scaled(self, eigenvalues: FloatArray) -> FloatArray:
        scaled: FloatArray = (
            eigenvalues - self.centre_eV_per_A2_amu
        ) / self.half_width_eV_per_A2_amu
        return scaled

    def _damped(self) -> FloatArray:
        """Return the moments times the Jackson kernel (equation 71)."""
        n = self.moments.shape[1]
        orders = np.arange(n)
        step = np.pi / (n + 1)
        kernel = (n - orders + 1) * np.cos(step * orders) + np.sin(step * orders) / np.tan(step)
        damped: FloatArray = self.moments * kernel / (n + 1)
        return damped


def kernel_polynomial(
    hessian: HessianOperator,
    n_moments: int = 200,
    n_vectors: int = 6,
    *,
    seed: int = 0,
    progress: Progress | bool | None = None,
) -> KernelPolynomial:
    """Compute Chebyshev moments of the mass-weighted Hessian, rigid-body motions left out.

    Parameters
    ----------
    hessian
        Of the structure.
    n_moments
        How many: eigenvalues are resolved to about π/n_moments of half of their range. Each vector
        takes half as many products.
    n_vectors
        Random vectors; the standard error of densities and counts falls like the root of them.
    seed
        Of the random vectors.
    progress
        How far it has come: see `nearsight.progress.Progress`.

    Raises
    ------
    MethodError
        There are fewer than 8 moments or no vectors.
    MemoryBudgetError
        Memory ran out.

    Examples
    --------
    >>> from ase.build import bulk
    >>> from nearsight.hessian import HessianOperator
    >>> from nearsight.models import load_model
    >>> from nearsight.vibrations import kernel_polynomial
    >>> operator = HessianOperator(bulk("Cu", cubic=True), load_model("ase:emt"))
    >>> spectrum = kernel_polynomial(operator, n_moments=20, n_vectors=2)
    >>> print(f"{spectrum.n_modes} modes from {spectrum.n_products} products")
    9 modes from 30 products
    """
    if n_moments < _FEWEST_MOMENTS or n_vectors < 1:
        raise MethodError(
            f"{n_moments} moments of {n_vectors} vectors say nothing; ask for at least "
            f"{_FEWEST_MOMENTS} moments of one vector."
        )
    operator = MassWeightedOperator(hessian)
    size, n_rigid = operator.rigid_body.shape
    before = hessian.n_products
    starts = _random_vectors(operator, n_vectors, seed)
    with as_progress(progress).task("Hessian product", None) as advance:
        low, high = _bounds(operator, starts[0])
        centre, half_width = (high + low) / 2, (high - low) / 2

        def scaled(vectors: FloatArray) -> FloatArray:
            found = (operator.products(vectors) - centre * vectors) / half_width
            advance(hessian.n_products - before, "")
            return found

        moments = _moments(scaled, starts, n_moments)
    return KernelPolynomial(
        moments=moments / moments[:, :1],
        centre_eV_per_A2_amu=centre,
        half_width_eV_per_A2_amu=half_width,
        n_modes=size - n_rigid,
        n_products=hessian.n_products - before,
        provenance=record(
            hessian.model.identity, **hessian.method.settings(), n_moments=n_moments, seed=seed
        ),
    )


def _random_vectors(operator: MassWeightedOperator, number: int, seed: int) -> FloatArray:
    """Return vectors of one unit vector per atom, turned at random, orthogonal to rigid motions."""
    n_atoms = len(operator.hessian.atoms)
    sets = [random_triads(n_atoms, seed + index) for index in range(-(-number // 3))]
    vectors = np.concatenate([triads.transpose(2, 0, 1).reshape(3, -1) for triads in sets])[:number]
    rigid = operator.rigid_body
    orthogonal: FloatArray = vectors - (vectors @ rigid) @ rigid.T
    return orthogonal


def _bounds(operator: MassWeightedOperator, start: FloatArray) -> tuple[float, float]:
    """Return between what all eigenvalues lie, as far as Lanczos steps from one vector tell."""
    run = LanczosRun(start)
    take_steps([run], lambda _keys, vectors: operator.products(vectors), _BOUND_STEPS)
    nodes = run.quadrature().nodes
    margin = _MARGIN * max(float(np.ptp(nodes)), 1.0)
    return float(nodes.min()) - margin, float(nodes.max()) + margin


def _moments(
    scaled: Callable[[FloatArray], FloatArray], starts: FloatArray, n_moments: int
) -> FloatArray:
    """Return vᵀ T_n(A) v of every vector, two from each product (equations 34 and 35)."""
    before, now = starts, scaled(starts)
    squared = _dots(starts, starts)
    moments = [squared, _dots(starts, now)]
    while len(moments) < n_moments:
        moments.append(2 * _dots(now, now) - squared)
        following = 2 * scaled(now) - before
        moments.append(2 * _dots(following, now) - moments[1])
        before, now = now, following
        if np.abs(moments[-2]).max() > _DIVERGED * squared.max():
            raise MethodError(
                "an eigenvalue lies outside of what the first Lanczos steps saw: the structure is "
                "far from a minimum of this model; relax it further."
            )
    return np.stack(moments[:n_moments], axis=1)


def _dots(first: FloatArray, second: FloatArray) -> FloatArray:
    dots: FloatArray = np.einsum("vi,vi->v", first, second)
    return dots
