"""Harmonic thermodynamics of a structure from its normal modes, or of a crystal from phonons."""

import math
from typing import get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from nearsight import units
from nearsight.announcing import announces
from nearsight.errors import MethodError
from nearsight.structures.formula_unit import formula_unit
from nearsight.vibrations import oscillator
from nearsight.vibrations.settings import Acoustic
from nearsight.vibrations.spectrum import Spectrum
from nearsight.vibrations.thermodynamic_functions import Thermodynamics


@announces
def thermodynamics(
    spectrum: Spectrum,
    temperatures_K: ArrayLike,
    acoustic: Acoustic | None = None,
    scale_factor: float = 1.0,
) -> Thermodynamics:
    """Return heat capacity, energies and entropy of the harmonic structure.

    Every vibration with a positive eigenvalue is an oscillator; imaginary ones contribute nothing
    to any quantity, and are counted and named in the warnings of the result. What the rigid-body
    modes contribute is a convention. For a crystal they are the three acoustic modes at Γ; those of
    molecules, chains and layers in a box are zero at every q-point whose wave does not run along
    them, and counted there.

    ``"exclude"``
        Nothing.
    ``"classical"``
        k_B each to the heat capacity, at every temperature above 0 K, and k_B T each to the
        internal energy. The entropy and free energy of an oscillator of zero frequency diverge
        logarithmically, so these two leave the modes out, and F = U - TS does not hold.
    ``"as-computed"``
        The spectrum without projection: of all 3 n_atoms modes, each with a positive eigenvalue
        is an oscillator, however close to zero. Heat capacity, entropy and free energy then depend
        on the noise of the rigid-body modes.

    Parameters
    ----------
    spectrum
        Normal modes of the structure (`Vibrations`), or phonons of the infinite crystal
        (`PhononMesh`), among which the rigid-body modes are one point of many.
    temperatures_K
        One or more temperatures ≥ 0 in K, shape ``(n_temperatures,)`` or a number.
    acoustic
        Convention for the rigid-body modes; by default that of the spectrum: ``"exclude"`` for
        normal modes at Γ and for molecules, ``"classical"`` for a mesh of q-points.
    scale_factor
        Factor > 0 on every frequency.

    Raises
    ------
    MethodError
        A temperature is negative or not finite, `acoustic` is none of the three, or
        `scale_factor` is not positive.

    Examples
    --------
    >>> from ase.build import bulk
    >>> from nearsight.hessian import force_constants
    >>> from nearsight.models import load_model
    >>> from nearsight.vibrations import phonon_mesh, thermodynamics
    >>> constants = force_constants(bulk("Cu"), load_model("ase:emt"), (3, 3, 3))
    >>> functions = thermodynamics(phonon_mesh(constants, (6, 6, 6)), [100.0, 300.0])
    >>> print(functions.heat_capacity_J_per_g_K.round(3), "J/(g K)")
    [0.242 0.37 ] J/(g K)
    """
    acoustic = acoustic or spectrum.default_acoustic
    require_thermodynamic_settings(temperatures_K, acoustic, scale_factor)
    temperatures = _checked_temperatures(temperatures_K)
    counted = spectrum.oscillators(acoustic)
    eigenvalues, weights = counted.eigenvalues_eV_per_A2_amu, counted.weights
    real = eigenvalues > 0
    quanta = scale_factor * units.mode_energies(eigenvalues[real])
    n_classical = counted.n_rigid_body if acoustic == "classical" else 0.0
    # At 0 K nothing has a heat capacity, in a crystal of any size.
    of_rigid_body = np.where(temperatures > 0, n_classical, 0.0)

    thermal = units.BOLTZMANN_EV_PER_K * temperatures
    sums = oscillator.sum_oscillators(quanta, weights[real], thermal)
    zero_point = float(weights[real] @ quanta) / 2
    heat = sums.heat_capacity + of_rigid_body
    free_energy = zero_point + thermal * sums.thermal_free_energy
    energy = zero_point + thermal * (sums.thermal_energy + n_classical)
    formula, n_formulas = formula_unit(spectrum.atoms, spectrum.pieces)
    return Thermodynamics(
        temperatures_K=temperatures,
        heat_capacity_eV_per_K=units.BOLTZMANN_EV_PER_K * heat,
        internal_energy_eV=energy,
        free_energy_eV=free_energy,
        entropy_eV_per_K=units.BOLTZMANN_EV_PER_K * sums.entropy,
        zero_point_energy_eV=zero_point,
        acoustic=acoustic,
        scale_factor=scale_factor,
        n_atoms=len(spectrum.atoms),
        formula_unit=formula,
        formula_units_per_cell=n_formulas,
        mass_amu=float(spectrum.atoms.get_masses().sum()),
        n_oscillators=float(weights[real].sum()),
        n_imaginary=float(weights[eigenvalues < 0].sum()),
        warnings=(*spectrum.warnings, *spectrum.remarks(acoustic)),
        provenance=spectrum.provenance,
    )


def require_thermodynamic_settings(
    temperatures_K: ArrayLike, acoustic: str | None, scale_factor: float
) -> None:
    """Check what `thermodynamics` will be asked for, before work is spent on the modes.

    Raises
    ------
    MethodError
        A temperature is negative or not finite, `acoustic` is none of the three, or
        `scale_factor` is not positive.
    """
    _checked_temperatures(temperatures_K)
    if acoustic is not None:
        _require_known(acoustic)
    _require_positive(scale_factor)


def _checked_temperatures(temperatures_K: ArrayLike) -> NDArray[np.float64]:
    temperatures = np.atleast_1d(np.asarray(temperatures_K, dtype=np.float64))
    if temperatures.ndim != 1:
        raise MethodError(
            f"`temperatures_K` has the shape {temperatures.shape}; give a number or a list."
        )
    wrong = temperatures[~(np.isfinite(temperatures) & (temperatures >= 0))]
    if len(wrong):
        raise MethodError(
            f"`temperatures_K` holds {wrong[0]} K; give finite temperatures of at least 0 K."
        )
    return temperatures


def _require_known(acoustic: str) -> None:
    known = get_args(Acoustic)
    if acoustic not in known:
        choices = ", ".join(repr(name) for name in known)
        raise MethodError(f"`acoustic` {acoustic!r} is no convention; choose one of {choices}.")


def _require_positive(scale_factor: float) -> None:
    if not (math.isfinite(scale_factor) and scale_factor > 0):
        raise MethodError(
            f"`scale_factor` is {scale_factor}; give a positive number, such as 1.0 for "
            f"frequencies as the model has them."
        )
