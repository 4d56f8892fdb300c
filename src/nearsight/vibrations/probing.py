"""Heat capacities without the matrix: probing vectors, Lanczos steps, and what they are off by.

The heat capacity of a harmonic solid is the trace of a function of its mass-weighted Hessian D,
c = k_B Tr f(D) with f(λ) = (x/2)²/sinh²(x/2) and x² = ħ²λ/(k_B T)². f is smooth, so that f(D) falls
off within a few Å, and few products with D are enough. Atoms that are farther apart than a probing
radius share a colour; for each colour three vectors are made of one orthonormal triad per atom,
turned at random. zᵀ f(D) z, from Lanczos steps, is then the sum of the diagonal elements and of
those between atoms of equal colour, which are small and have random signs (J. M. Tang and Y. Saad,
Numer. Linear Algebra Appl. 2012, 19, 485, DOI 10.1002/nla.779, who probe the diagonal of an
inverse).

The mean over the triads is exact, so that the colours add scatter and no bias, and the scatter is
known without further products: the 3×3 block of each atom is symmetric, and what is found to be
antisymmetric in it has the variance of what is wrong in the diagonal. The number of Lanczos steps
adds a bias, which falls like ρ^(-2m).
"""

import os
from dataclasses import dataclass
from time import perf_counter

import numpy as np
from numpy.typing import ArrayLike, NDArray

from nearsight import units
from nearsight.announcing import announces
from nearsight.arrays import FloatArray
from nearsight.errors import MethodError
from nearsight.hessian.products.operator import HessianOperator
from nearsight.hessian.reach import remarks_about_pieces
from nearsight.locking import hold
from nearsight.memory import require_room
from nearsight.progress import Progress, as_progress
from nearsight.provenance import record
from nearsight.remarks import Remark
from nearsight.vibrations import oscillator
from nearsight.vibrations.colouring import colour_atoms
from nearsight.vibrations.kept_products import KeptProducts
from nearsight.vibrations.lanczos import LanczosRun, take_steps
from nearsight.vibrations.lowest import LowestModes
from nearsight.vibrations.mass_weighted import MassWeightedOperator
from nearsight.vibrations.probed_heat_capacity import ROUNDING_PER_CM, ProbedHeatCapacity
from nearsight.vibrations.probes import probing_vectors, random_triads
from nearsight.vibrations.settings import DEFAULT_RADIUS_A, Acoustic
from nearsight.vibrations.thermodynamics import require_thermodynamic_settings

_BIAS = 1e-4
"""Relative bias of the Lanczos steps at which their number aims."""
_FIRST_STEPS = 3
_FEWEST_STEPS, _MOST_STEPS = 2, 40
_BYTES_PER_NUMBER_KEPT = 16  # every vector of a run, and those of one run once more as an array
_LARGEST_IMAGINARY = np.pi
"""ħ|ω|/(k_B T) of imaginary modes up to which the heat capacity is continued; it ends at 2π."""


@announces
def probe_heat_capacity(
    hessian: HessianOperator,
    temperatures_K: ArrayLike,
    acoustic: Acoustic = "exclude",
    *,
    radius_A: float = DEFAULT_RADIUS_A,
    n_steps: int | None = None,
    scale_factor: float = 1.0,
    lowest: LowestModes | None = None,
    seed: int = 0,
    checkpoint: str | os.PathLike[str] | None = None,
    progress: Progress | bool | None = None,
) -> ProbedHeatCapacity:
    """Compute the heat capacity of a large solid from products with its Hessian.

    Parameters
    ----------
    hessian
        Of the solid at a minimum. An imaginary mode counts slightly more than k_B here, where a
        sum over all modes leaves it out.
    temperatures_K
        Temperatures ≥ 0 in K, one of them positive; at 0 K the heat capacity is zero.
    acoustic
        What the rigid-body modes contribute. They are projected out of the products, where each
        counts k_B exactly: ``classical`` keeps that, ``exclude`` takes it off, ``as-computed`` puts
        the heat of their computed eigenvalues in its place, for a product each.
    radius_A
        Atoms farther apart than this share a vector. A larger one takes more vectors, and they
        scatter less.
    n_steps
        Lanczos steps from each vector, two at least; by default as many as the coldest temperature
        and the largest eigenvalue need for a bias of 1e-4.
    scale_factor
        Factor on every frequency.
    lowest
        The lowest modes, found beforehand; what imaginary ones among them count is taken off.
    seed
        Of the random triads.
    checkpoint
        File that keeps every finished product. If it exists the run goes on from there. While
        another process works on it, this one waits.
    progress
        How far it has come: see `nearsight.progress.Progress`.

    Raises
    ------
    MethodError
        The radius is too large for the cell, a temperature too low for so many steps, steps too
        few to tell their bias by, or an eigenvalue so negative that the heat capacity cannot be
        continued to it.
    MemoryBudgetError
        Memory ran out; finished products are kept.
    CheckpointError
        The checkpoint belongs to another calculation, or another model of the same name or version.
    StorageError
        The disk is full; finished products are kept.

    Examples
    --------
    >>> from ase.build import bulk
    >>> from nearsight.hessian import HessianOperator
    >>> from nearsight.models import load_model
    >>> from nearsight.vibrations import probe_heat_capacity
    >>> operator = HessianOperator(bulk("Cu", cubic=True) * (2, 2, 2), load_model("ase:emt"))
    >>> heat = probe_heat_capacity(operator, [300.0], radius_A=3.0)
    >>> print(f"{heat.heat_capacity_J_per_g_K[0]:.2f} J/(g K) from {heat.n_products} products")
    0.36 J/(g K) from 36 products
    """
    require_thermodynamic_settings(temperatures_K, acoustic, scale_factor)
    if n_steps is not None and n_steps < _FEWEST_STEPS:
        raise MethodError(
            f"{n_steps} Lanczos steps tell nothing of what they are off by, which is what the last "
            f"one changes; take {_FEWEST_STEPS} or more."
        )
    temperatures = np.atleast_1d(np.asarray(temperatures_K, dtype=np.float64))
    warm = _above_zero(temperatures)
    # Frequencies times a factor have the heat that they had at the temperature over that factor.
    reduced = temperatures[warm] / scale_factor
    start = perf_counter()
    colours = colour_atoms(hessian.atoms, radius_A)
    triads = random_triads(len(hessian.atoms), seed)
    _require_room_for_steps(len(hessian.atoms), int(colours.max()) + 1, n_steps or _MOST_STEPS)
    operator = MassWeightedOperator(hessian)
    runs = [LanczosRun(vector) for vector in probing_vectors(colours, triads)]
    with hold(checkpoint), as_progress(progress).task("Hessian product", None) as advance:
        settings = {"probing_radius_A": radius_A, "seed": seed}
        products = KeptProducts(operator, checkpoint, settings, advance)
        measured = _take_steps(runs, products, reduced, colours, triads, n_steps=n_steps)
        beside = _rigid_body_heat(operator, reduced, acoustic) - _imaginary_heat(lowest, reduced)
    of_atoms = _in_eV_per_K(measured.of_atoms + beside, warm)
    n_rigid = operator.rigid_body.shape[1]
    taken = max(run.n_steps for run in runs)
    return ProbedHeatCapacity(
        temperatures_K=temperatures,
        heat_capacity_eV_per_K=of_atoms.sum(axis=1),
        acoustic=acoustic,
        scale_factor=scale_factor,
        n_atoms=len(hessian.atoms),
        mass_amu=float(hessian.atoms.get_masses().sum()),
        warnings=(*remarks_about_pieces(hessian.pieces), *_warnings(runs, lowest), *products.notes),
        provenance=record(
            hessian.model.identity, **hessian.method.settings(), **settings, lanczos_steps=taken
        ),
        atoms=hessian.atoms,
        pieces=hessian.pieces,
        standard_error_eV_per_K=_in_eV_per_K(measured.standard_error, warm),
        bias_estimate_eV_per_K=_in_eV_per_K(measured.bias, warm),
        atomic_heat_capacities_eV_per_K=of_atoms,
        nodes_eV_per_A2_amu=_nodes(runs),
        node_weights=np.concatenate([run.quadrature().weights for run in runs]),
        n_rigid_body=n_rigid,
        n_imaginary=None if lowest is None else int(np.count_nonzero(lowest.imaginary)),
        radius_A=radius_A,
        n_colours=len(runs) // 3,
        n_steps=taken,
        n_products=products.n_used + _products_beside(n_rigid, acoustic, lowest),
        seed=seed,
        method=hessian.method,
        peak_memory_bytes=hessian.peak_memory_bytes,
        difference_error=_difference_error(hessian, runs[0]),
        seconds=perf_counter() - start,
    )


def _above_zero(temperatures_K: FloatArray) -> NDArray[np.bool_]:
    """Return which temperatures are positive."""
    positive: NDArray[np.bool_] = temperatures_K > 0
    if not positive.any():
        raise MethodError(
            "probing needs one of `temperatures_K` above 0 K; at 0 K the heat capacity is 0."
        )
    return positive


def _in_eV_per_K(of_warm: FloatArray, warm: NDArray[np.bool_]) -> FloatArray:
    """Return what is known in k_B of the positive temperatures, and zero for 0 K."""
    values = np.zeros((len(warm), *of_warm.shape[1:]))
    values[warm] = units.BOLTZMANN_EV_PER_K * of_warm
    return values


def _products_beside(n_rigid: int, acoustic: Acoustic, lowest: LowestModes | None) -> int:
    """Return how many products the rigid-body modes and the lowest modes took."""
    of_rigid = n_rigid if acoustic == "as-computed" else 0
    return of_rigid + (lowest.n_products if lowest else 0)


def _require_room_for_steps(n_atoms: int, n_colours: int, n_steps: int) -> None:
    size = 3 * n_atoms
    n_kept = 3 * n_colours * min(n_steps, size)
    require_room(
        _BYTES_PER_NUMBER_KEPT * n_kept * size,
        f"Keeping {n_kept} vectors of Lanczos steps for {n_atoms} atoms",
        "Take fewer `lanczos_steps`, or a smaller cell.",
    )


def _difference_error(hessian: HessianOperator, run: LanczosRun) -> float | None:
    displaced = run.first.reshape(-1, 3) / np.sqrt(hessian.atoms.get_masses())[:, np.newaxis]
    return hessian.difference_error(displaced)


def _take_steps(
    runs: list[LanczosRun],
    products: KeptProducts,
    temperatures: FloatArray,
    colours: NDArray[np.int64],
    triads: FloatArray,
    *,
    n_steps: int | None,
) -> "_Measured":
    """Take `n_steps`, or as many as the bias asks for."""
    if n_steps is not None:
        take_steps(runs, products, n_steps)
        return _measure(runs, temperatures, colours, triads)
    take_steps(runs, products, _FIRST_STEPS)
    steps = steps_needed(float(temperatures.min()), float(_nodes(runs).max()))
    take_steps(runs, products, steps)
    found = _measure(runs, temperatures, colours, triads)
    # The rate is that of the worst case, but says nothing about the first error.
    while found.relative_bias > _BIAS and steps < _MOST_STEPS:
        steps += 1
        take_steps(runs, products, steps)
        found = _measure(runs, temperatures, colours, triads)
    return found


def _warnings(runs: list[LanczosRun], lowest: LowestModes | None) -> tuple[Remark, ...]:
    if lowest is not None:
        found = list(lowest.warnings)
        if lowest.imaginary.all():
            said = (
                f"all {len(lowest.modes)} of the lowest modes are imaginary, so that there may be "
                f"more, each of which counts slightly more than k_B; look for more of them."
            )
            found.append(Remark("imaginary-modes", said))
        return tuple(found)
    seen = units.wavenumbers_per_cm(_nodes(runs)).min()
    if seen > -ROUNDING_PER_CM:
        return ()
    said = (
        f"Lanczos steps saw imaginary modes, at {seen:.1f} cm⁻¹ and perhaps below, and counted "
        f"each with slightly more than k_B: the structure is not at a minimum of this model; relax "
        f"it further."
    )
    return (Remark("imaginary-modes", said),)


def convergence_rate(temperature_K: float, largest_eigenvalue: float) -> float:
    """Return ρ: the quadrature of m Lanczos steps is off by about ρ^(-2m).

    The sum of the half axes of the largest ellipse around the eigenvalues, from 0 to the largest in
    eV/(Å² amu), in which the heat capacity has no singularity; the nearest one is where
    ħ²λ = -(2π k_B T)² (L. N. Trefethen, SIAM Rev. 2008, 50, 67, DOI 10.1137/060659831).
    """
    singular = (2 * np.pi * units.BOLTZMANN_EV_PER_K * temperature_K / units.HBAR_OMEGA_IN_EV) ** 2
    z = 1 + 2 * singular / largest_eigenvalue
    return float(z + np.sqrt(z**2 - 1))


def steps_needed(temperature_K: float, largest_eigenvalue: float) -> int:
    """Return how many Lanczos steps leave a relative bias of 1e-4.

    Raises
    ------
    MethodError
        They are more than 40: the temperature is too low.
    """
    rate = convergence_rate(temperature_K, largest_eigenvalue)
    steps = int(np.ceil(-np.log(_BIAS) / (2 * np.log(rate))))
    if steps > _MOST_STEPS:
        raise MethodError(
            f"at {temperature_K:g} K probing would need {steps} Lanczos steps, more than "
            f"{_MOST_STEPS}, and vectors that reach far: take a higher temperature, or all rows "
            f"(`spectrum` dense or mesh)."
        )
    return max(steps, _FIRST_STEPS)


@dataclass(frozen=True)
class _Measured:
    """What the quadratures say, in k_B."""

    of_atoms: FloatArray
    standard_error: FloatArray
    bias: FloatArray

    @property
    def relative_bias(self) -> float:
        """The largest bias over the heat capacity."""
        return float((self.bias / self.of_atoms.sum(axis=1)).max())


def _measure(
    runs: list[LanczosRun], temperatures: FloatArray, colours: NDArray[np.int64], triads: FloatArray
) -> _Measured:
    """Return the blocks' traces of f(D), their scatter, and what one step less would give."""
    blocks = np.zeros((len(temperatures), len(colours), 3, 3))
    change = np.zeros(len(temperatures))
    for index, run in enumerate(runs):
        colour, axis = divmod(index, 3)
        members = np.flatnonzero(colours == colour)
        quadrature = run.quadrature()
        before = quadrature if run.complete else run.quadrature(run.n_steps - 1)
        for number, temperature in enumerate(temperatures):
            heat = _heat(quadrature.nodes, temperature)
            change[number] += quadrature.weights @ heat
            change[number] -= before.weights @ _heat(before.nodes, temperature)
            applied = quadrature.apply(heat).reshape(-1, 3)[members]
            blocks[number, members, :, axis] = np.einsum("ac,acb->ab", applied, triads[members])
    largest = _nodes(runs).max()
    remaining = [1 / (convergence_rate(each, largest) ** 2 - 1) for each in temperatures]
    antisymmetric = blocks - blocks.swapaxes(2, 3)
    return _Measured(
        of_atoms=np.trace(blocks, axis1=2, axis2=3),
        # Three pairs of elements, each of which is here twice.
        standard_error=np.sqrt((antisymmetric**2).sum(axis=(1, 2, 3)) / 2),
        bias=np.abs(change) * remaining,
    )


def _heat(eigenvalues: FloatArray, temperature_K: float) -> FloatArray:
    squares = _reduced_squares(eigenvalues, temperature_K)
    if squares.min() < -(_LARGEST_IMAGINARY**2):
        lowest = units.wavenumbers_per_cm(eigenvalues.min())
        raise MethodError(
            f"the structure has imaginary modes, at {lowest:.0f} cm⁻¹ and around, to which the "
            f"heat capacity at {temperature_K:g} K cannot be continued: it is not at a minimum of "
            f"this model; relax it further."
        )
    return oscillator.heat_capacity_of_square(squares)


def _reduced_squares(eigenvalues: FloatArray, temperature_K: float) -> FloatArray:
    thermal = units.BOLTZMANN_EV_PER_K * temperature_K
    squares: FloatArray = eigenvalues * (units.HBAR_OMEGA_IN_EV / thermal) ** 2
    return squares


def _nodes(runs: list[LanczosRun]) -> FloatArray:
    return np.concatenate([run.quadrature().nodes for run in runs])


def _imaginary_heat(lowest: LowestModes | None, temperatures: FloatArray) -> FloatArray:
    """Return what the quadratures hold of imaginary modes for each atom in k_B."""
    if lowest is None or not lowest.imaginary.any():
        return np.zeros(1)
    shares = (lowest.modes[lowest.imaginary] ** 2).sum(axis=2)
    eigenvalues = lowest.eigenvalues_eV_per_A2_amu[lowest.imaginary]
    return np.stack([_heat(eigenvalues, each) @ shares for each in temperatures])


def _rigid_body_heat(
    operator: MassWeightedOperator, temperatures: FloatArray, acoustic: Acoustic
) -> FloatArray:
    """Return what to add for each atom in k_B, ``(n_temperatures, n_atoms)``.

    The quadratures hold k_B for every rigid-body motion, shared by the atoms as they move in it.
    """
    n_atoms = len(operator.hessian.atoms)
    shares = (operator.rigid_body**2).reshape(n_atoms, 3, -1).sum(axis=(1, 2))
    if acoustic == "classical":
        return np.zeros((len(temperatures), n_atoms))
    per_mode = np.full(len(temperatures), -1.0)
    if acoustic == "as-computed":
        eigenvalues = operator.rigid_body_eigenvalues()
        real = eigenvalues[eigenvalues > 0]
        for number, temperature in enumerate(temperatures):
            heat = _heat(real, temperature).sum() if len(real) else 0.0
            per_mode[number] += heat / len(eigenvalues)
    return np.outer(per_mode, shares)
