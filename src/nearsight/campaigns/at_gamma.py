"""Heat capacities by the convention of published tables: modes at Γ without the acoustic ones."""

import numpy as np

from nearsight import units
from nearsight.records.spectra import ModesPart
from nearsight.vibrations import oscillator


def heat_capacity_J_per_g_K(
    modes: ModesPart, temperature_K: float, *, mean_mass_amu: float, scale_factor: float
) -> float:
    """Return c_v in J/(g K) of the modes at Γ; rigid-body and imaginary ones are left out.

    Parameters
    ----------
    modes
        Those of a cell, or of the primitive cell of force constants.
    temperature_K
        In K.
    mean_mass_amu
        Mass per atom.
    scale_factor
        On every frequency.
    """
    wavenumbers = np.array(modes.wavenumbers_per_cm, dtype=np.float64)
    mass_g = mean_mass_amu * units.AMU_IN_GRAM * len(wavenumbers) / 3
    # Rigid-body modes were projected to zero.
    internal = wavenumbers[np.argsort(np.abs(wavenumbers))][modes.n_rigid_body :]
    quanta_eV = scale_factor * internal[internal > 0] / units.EV_IN_PER_CM
    in_k_B = oscillator.heat_capacity(quanta_eV / (units.BOLTZMANN_EV_PER_K * temperature_K)).sum()
    return float(in_k_B * units.BOLTZMANN_EV_PER_K * units.EV_IN_JOULE / mass_g)
