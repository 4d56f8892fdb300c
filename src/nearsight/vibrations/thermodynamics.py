"""Harmonic thermodynamics of a structure from its normal modes."""

import math
from typing import Literal, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from nearsight import units
from nearsight.errors import MethodError
from nearsight.vibrations import oscillator
from nearsight.vibrations.modes import Vibrations
from nearsight.vibrations.thermodynamic_functions import Thermodynamics
from nearsight.vibrations.wording import name_wavenumbers

Acoustic = Literal["exclude", "classical", "as-computed"]

_NOTABLE_SHARE = 0.01
"""Share of acoustic modes at Γ above which leaving them out deserves a warning."""


def thermodynamics(
    vibrations: Vibrations,
    temperatures_K: ArrayLike,
    acoustic: Acoustic = "exclude",
    scale_factor: float = 1.0,
) -> Thermodynamics:
    """Return heat capacity, energies and entropy of the harmonic structure.

    Every vibration with a positive eigenvalue is an oscillator; imaginary ones contribute nothing
    to any quantity, and are counted and named in the warnings of the result. What the rigid-body
    modes (for a crystal: the three acoustic modes at Γ) contribute is a convention:

    ``"exclude"``
        Nothing.
    ``"classical"``
        k_B each to the heat capacity, at every temperature, and k_B T each to the internal
        energy. The entropy and free energy of an oscillator of zero frequency diverge
        logarithmically, so these two leave the modes out, and F = U - TS does not hold.
    ``"as-computed"``
        The spectrum without projection: of all 3 n_atoms modes, each with a positive eigenvalue
        is an oscillator, however close to zero. Entropy and free energy then depend on the noise
        of the rigid-body modes.

    Parameters
    ----------
    vibrations
        Normal modes of the structure.
    temperatures_K
        One or more temperatures ≥ 0 in K, shape ``(n_temperatures,)`` or a number.
    acoustic
        Convention for the rigid-body modes.
    scale_factor
        Factor > 0 on every frequency.

    Raises
    ------
    MethodError
        A temperature is negative or not finite, `acoustic` is none of the three, or
        `scale_factor` is not positive.
    """
    require_thermodynamic_settings(temperatures_K, acoustic, scale_factor)
    temperatures = _checked_temperatures(temperatures_K)
    as_computed = acoustic == "as-computed"
    eigenvalues = (
        vibrations.unprojected_eigenvalues_eV_per_A2_amu
        if as_computed
        else vibrations.eigenvalues_eV_per_A2_amu
    )
    quanta = scale_factor * units.mode_energies(eigenvalues[eigenvalues > 0])
    n_classical = vibrations.n_rigid_body if acoustic == "classical" else 0

    thermal = units.BOLTZMANN_EV_PER_K * temperatures
    x = oscillator.reduced_energies(quanta, thermal)
    zero_point = float(quanta.sum()) / 2
    heat = oscillator.heat_capacity(x).sum(axis=1) + n_classical
    energy = zero_point + thermal * (oscillator.thermal_energy(x).sum(axis=1) + n_classical)
    return Thermodynamics(
        temperatures_K=temperatures,
        heat_capacity_eV_per_K=units.BOLTZMANN_EV_PER_K * heat,
        internal_energy_eV=energy,
        free_energy_eV=zero_point + thermal * oscillator.thermal_free_energy(x).sum(axis=1),
        entropy_eV_per_K=units.BOLTZMANN_EV_PER_K * oscillator.entropy(x).sum(axis=1),
        zero_point_energy_eV=zero_point,
        acoustic=acoustic,
        scale_factor=scale_factor,
        n_atoms=vibrations.n_atoms,
        mass_amu=float(vibrations.atoms.get_masses().sum()),
        n_oscillators=len(quanta),
        n_imaginary=int(np.count_nonzero(eigenvalues < 0)),
        warnings=_warnings(vibrations, acoustic, eigenvalues[eigenvalues < 0]),
        provenance=vibrations.provenance,
    )


def require_thermodynamic_settings(
    temperatures_K: ArrayLike, acoustic: str, scale_factor: float
) -> None:
    """Check what `thermodynamics` will be asked for, before work is spent on the modes.

    Raises
    ------
    MethodError
        A temperature is negative or not finite, `acoustic` is none of the three, or
        `scale_factor` is not positive.
    """
    _checked_temperatures(temperatures_K)
    _require_known(acoustic)
    _require_positive(scale_factor)


def _checked_temperatures(temperatures_K: ArrayLike) -> NDArray[np.float64]:
    temperatures = np.atleast_1d(np.asarray(temperatures_K, dtype=np.float64))
    if temperatures.ndim != 1:
        raise MethodError(
            f"temperatures_K has the shape {temperatures.shape}; give a number or a list."
        )
    wrong = temperatures[~(np.isfinite(temperatures) & (temperatures >= 0))]
    if len(wrong):
        raise MethodError(
            f"temperatures_K holds {wrong[0]} K; give finite temperatures of at least 0 K."
        )
    return temperatures


def _require_known(acoustic: str) -> None:
    known = get_args(Acoustic)
    if acoustic not in known:
        choices = ", ".join(repr(name) for name in known)
        raise MethodError(f"acoustic={acoustic!r} is no convention; choose one of {choices}.")


def _require_positive(scale_factor: float) -> None:
    if not (math.isfinite(scale_factor) and scale_factor > 0):
        raise MethodError(
            f"scale_factor={scale_factor}; give a positive number, such as 1.0 for frequencies "
            f"as the model has them."
        )


def _warnings(
    vibrations: Vibrations, acoustic: Acoustic, imaginary: NDArray[np.float64]
) -> tuple[str, ...]:
    found = []
    if len(imaginary):
        named = name_wavenumbers(units.wavenumbers_per_cm(imaginary))
        verb = "mode contributes" if len(imaginary) == 1 else "modes contribute"
        found.append(f"{len(imaginary)} imaginary {verb} nothing ({named}).")
    if acoustic == "exclude":
        found.extend(_left_out(vibrations))
    if acoustic == "classical":
        found.append(
            f"the {vibrations.n_rigid_body} rigid-body modes count in the heat capacity and "
            f"internal energy only; their entropy and free energy would diverge and are left out."
        )
        if not vibrations.atoms.pbc.any():
            found.append(
                "acoustic='classical' gives each translation and rotation of a molecule k_B; "
                "those of a free molecule have k_B/2: use molecular_thermochemistry for a gas."
            )
    if acoustic == "as-computed":
        found.append(
            "the spectrum is not projected: entropy and free energy depend on the noise of the "
            f"{vibrations.n_rigid_body} rigid-body modes."
        )
    return tuple(found)


def _left_out(vibrations: Vibrations) -> list[str]:
    """Say what leaving the rigid-body modes out means where it means much."""
    n_modes = 3 * vibrations.n_atoms
    share = vibrations.n_rigid_body / n_modes
    if not vibrations.atoms.pbc.any():
        return [
            "these are the vibrations of the molecule only; for a gas add its translation and "
            "rotation with molecular_thermochemistry."
        ]
    if share <= _NOTABLE_SHARE:
        return []
    return [
        f"{vibrations.n_rigid_body} of {n_modes} modes are acoustic ones at Γ and left out, so "
        f"that the heat capacity of the crystal is underestimated by up to {100 * share:.1f} % "
        f"of its classical limit; a larger supercell makes that smaller."
    ]
