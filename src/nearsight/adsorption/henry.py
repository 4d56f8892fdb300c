"""Henry coefficients, excess chemical potentials and heats from the energies of insertions.

B. Widom, J. Chem. Phys. 1963, 39, 2808. Every trial counts: one that overlaps has the weight 0.
"""

import math
from dataclasses import dataclass, replace

import numpy as np

from nearsight.adsorption.weights import Weights, jackknife_error
from nearsight.units import AMU_IN_GRAM, BOLTZMANN_EV_PER_K, EV_IN_JOULE, EV_PER_CELL_IN_J_PER_MOL

_AVOGADRO_PER_MOL = EV_PER_CELL_IN_J_PER_MOL / EV_IN_JOULE


@dataclass(frozen=True)
class WithError:
    """A number with its standard error."""

    value: float
    error: float


@dataclass(frozen=True)
class Henry:
    """What insertions at one temperature say."""

    temperature_K: float
    log_weight: WithError
    """ln<W>, which has a number where <W> is too large for one."""
    mean_weight: WithError
    """<W>, no unit."""
    coefficient_mol_per_kg_Pa: WithError
    """<W>/(R T rho) with the density rho of the framework."""
    coefficient_per_cell_Pa: WithError
    """Molecules in a cell of the framework for each Pa."""
    excess_chemical_potential_kJ_per_mol: WithError
    """-R T ln<W>."""
    heat_kJ_per_mol: WithError
    """Isosteric heat at zero loading, R T - <dU W>/<W>."""
    n_trials: int
    n_effective: float
    """(sum W)²/sum W²."""
    heaviest_share: float
    """Share of all weight that the heaviest 1 % of the trials have."""


def without_offset(row: Henry, offset_eV: float) -> Henry:
    """Return what insertions would say if the energy of each molecule were less by an offset."""
    shift = offset_eV / (BOLTZMANN_EV_PER_K * row.temperature_K)
    offset_kJ = 1e-3 * EV_PER_CELL_IN_J_PER_MOL * offset_eV
    with np.errstate(over="ignore", under="ignore"):  # of cold gases it may have no number
        factor = float(np.exp(shift))
    return replace(
        row,
        log_weight=_shifted(row.log_weight, shift),
        mean_weight=_scaled(row.mean_weight, factor),
        coefficient_mol_per_kg_Pa=_scaled(row.coefficient_mol_per_kg_Pa, factor),
        coefficient_per_cell_Pa=_scaled(row.coefficient_per_cell_Pa, factor),
        excess_chemical_potential_kJ_per_mol=_shifted(
            row.excess_chemical_potential_kJ_per_mol, -offset_kJ
        ),
        heat_kJ_per_mol=_shifted(row.heat_kJ_per_mol, offset_kJ),
    )


def _shifted(number: WithError, shift: float) -> WithError:
    return WithError(number.value + shift, number.error)


def _scaled(number: WithError, factor: float) -> WithError:
    return WithError(number.value * factor, number.error * factor)


def henry(weights: Weights, volume_A3: float, mass_amu: float) -> Henry:
    """Return the Henry coefficient and what belongs to it.

    Parameters
    ----------
    weights
        Those of all trials in a rigid framework.
    volume_A3, mass_amu
        Of the cell of the framework.
    """
    logs, energies_eV = weights.jackknifed()
    thermal_eV = BOLTZMANN_EV_PER_K * weights.temperature_K
    log_weight = WithError(weights.log_mean, jackknife_error(logs))
    return henry_values(
        temperature_K=weights.temperature_K,
        log_weight=log_weight,
        log_volume_weight=WithError(log_weight.value + math.log(volume_A3), log_weight.error),
        heat_eV=WithError(thermal_eV - weights.mean_energy_eV, jackknife_error(energies_eV)),
        mass_amu=mass_amu,
        weights=weights,
    )


def henry_values(
    *,
    temperature_K: float,
    log_weight: WithError,
    log_volume_weight: WithError,
    heat_eV: WithError,
    mass_amu: float,
    weights: Weights,
) -> Henry:
    """Return a Henry coefficient in its units.

    Parameters
    ----------
    temperature_K
        At which it is.
    log_weight
        ln<W>, whose error is the relative one of <W>: that itself may have no number.
    log_volume_weight
        ln<V W> with V in Å³.
    heat_eV
        Isosteric heat.
    mass_amu
        Of the cell.
    weights
        Of all trials, for what is said of them.
    """
    thermal_eV = BOLTZMANN_EV_PER_K * temperature_K
    to_kJ = 1e-3 * EV_PER_CELL_IN_J_PER_MOL
    with np.errstate(over="ignore"):  # of wells so deep that their weight has no number
        mean, volume_A3 = np.exp(log_weight.value), np.exp(log_volume_weight.value)
    per_cell = volume_A3 * 1e-30 / (thermal_eV * EV_IN_JOULE)
    per_kg = per_cell / _AVOGADRO_PER_MOL / (1e-3 * mass_amu * AMU_IN_GRAM)
    relative = log_volume_weight.error
    return Henry(
        temperature_K=temperature_K,
        log_weight=log_weight,
        mean_weight=WithError(float(mean), float(mean * log_weight.error)),
        coefficient_mol_per_kg_Pa=WithError(float(per_kg), float(per_kg * relative)),
        coefficient_per_cell_Pa=WithError(float(per_cell), float(per_cell * relative)),
        excess_chemical_potential_kJ_per_mol=WithError(
            -to_kJ * thermal_eV * log_weight.value, to_kJ * thermal_eV * log_weight.error
        ),
        heat_kJ_per_mol=WithError(to_kJ * heat_eV.value, to_kJ * heat_eV.error),
        n_trials=len(weights.logarithms),
        n_effective=weights.n_effective,
        heaviest_share=weights.heaviest_share(),
    )
