"""Henry coefficients over snapshots of a framework that moves.

Each snapshot is a framework by itself. Over many, weighted by nothing but their number (they are of
a run at the temperature), K_H = <V W>/(k_B T) per cell, and the heat has the energy of the host
in it: q = R T - [<(U_host + dU) V W>/<V W> - <U_host>].
"""

from collections.abc import Sequence

import numpy as np
from scipy.special import logsumexp

from nearsight.adsorption.henry import Henry, WithError, henry_values
from nearsight.adsorption.weights import N_BLOCKS, Weights, jackknife_error
from nearsight.arrays import BoolArray, FloatArray
from nearsight.units import BOLTZMANN_EV_PER_K


def henry_of_frames(
    weights: Sequence[Weights],
    volumes_A3: FloatArray,
    hosts_eV: FloatArray,
    mass_amu: float,
) -> Henry:
    """Return the Henry coefficient of a framework that moves; errors are those between snapshots.

    Parameters
    ----------
    weights
        Those of the trials in each snapshot, at least two, at the same temperature.
    volumes_A3
        Of the cell in each, shape ``(n_frames,)``.
    hosts_eV
        Energy of the empty cell in each, shape ``(n_frames,)``.
    mass_amu
        Of the cell.
    """
    logs = np.array([each.log_mean for each in weights])
    inside_eV = np.array([each.mean_energy_eV for each in weights])
    thermal_eV = BOLTZMANN_EV_PER_K * weights[0].temperature_K

    def over(frames: BoolArray) -> tuple[float, float, float]:
        """Return ln<V W>, ln<V> and the heat in eV of some snapshots."""
        volume = np.log(volumes_A3[frames])
        weighted = logs[frames] + volume
        log_mean = float(logsumexp(weighted) - np.log(frames.sum()))
        log_volume = float(logsumexp(volume) - np.log(frames.sum()))
        entered = weighted > -np.inf
        if not entered.any():
            return log_mean, log_volume, float("nan")
        shares = np.exp(weighted[entered] - logsumexp(weighted[entered]))
        energies = (hosts_eV[frames] + inside_eV[frames])[entered]
        return log_mean, log_volume, thermal_eV - (shares @ energies - hosts_eV[frames].mean())

    n_frames = len(weights)
    log_mean, log_volume, heat_eV = over(np.ones(n_frames, dtype=bool))
    # Snapshots that follow each other are in one block: they may resemble each other.
    n_blocks = min(n_frames, N_BLOCKS)
    block = np.arange(n_frames) * n_blocks // n_frames
    without = np.array([over(block != left_out) for left_out in range(n_blocks)])
    joined = Weights(
        np.concatenate(
            [each.logarithms + np.log(volumes_A3[at]) for at, each in enumerate(weights)]
        ),
        np.concatenate([each.energies_eV for each in weights]),
        weights[0].temperature_K,
    )
    return henry_values(
        temperature_K=weights[0].temperature_K,
        log_weight=WithError(log_mean - log_volume, jackknife_error(without[:, 0] - without[:, 1])),
        log_volume_weight=WithError(log_mean, jackknife_error(without[:, 0])),
        heat_eV=WithError(heat_eV, jackknife_error(without[:, 2])),
        mass_amu=mass_amu,
        weights=joined,
    )
