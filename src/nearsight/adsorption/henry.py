"""Henry coefficients, excess chemical potentials and heats from the energies of insertions.

B. Widom, J. Chem. Phys. 1963, 39, 2808. Every trial counts: one that overlaps has the weight 0.
"""

from dataclasses import dataclass

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


def henry(weights: Weights, volume_A3: float, mass_amu: float) -> Henry:
    """Return the Henry coefficient and what belongs to it.

    Parameters
    ----------
    weights
        Those of all trials in a rigid framework.
    volume_A3, mass_amu
        Of the cell of the framework.
    """
    temperature_K = weights.temperature_K
    logs, energies_eV = weights.jackknifed()
    with np.errstate(over="ignore"):  # of wells so deep that their weight has no number
        mean = np.exp(weights.log_mean)
    # The error of ln<W> is the relative one of <W>, which may be too large or small for a number.
    relative = jackknife_error(logs)
    thermal_eV = BOLTZMANN_EV_PER_K * temperature_K
    thermal_kJ = 1e-3 * thermal_eV * EV_PER_CELL_IN_J_PER_MOL
    per_cell = mean * volume_A3 * 1e-30 / (thermal_eV * EV_IN_JOULE)
    per_kg = per_cell / _AVOGADRO_PER_MOL / (1e-3 * mass_amu * AMU_IN_GRAM)
    to_kJ = 1e-3 * EV_PER_CELL_IN_J_PER_MOL
    return Henry(
        temperature_K=temperature_K,
        mean_weight=WithError(float(mean), float(mean * relative)),
        coefficient_mol_per_kg_Pa=WithError(float(per_kg), float(per_kg * relative)),
        coefficient_per_cell_Pa=WithError(float(per_cell), float(per_cell * relative)),
        excess_chemical_potential_kJ_per_mol=WithError(
            -thermal_kJ * weights.log_mean, thermal_kJ * relative
        ),
        heat_kJ_per_mol=WithError(
            thermal_kJ - to_kJ * weights.mean_energy_eV,
            to_kJ * jackknife_error(energies_eV),
        ),
        n_trials=len(weights.logarithms),
        n_effective=weights.n_effective,
        heaviest_share=weights.heaviest_share(),
    )
