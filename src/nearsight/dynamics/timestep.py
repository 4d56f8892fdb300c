"""Whether a timestep is short enough for the lightest atom, and divides the time of samples."""

import numpy as np
from ase import Atoms, units

from nearsight.dynamics.settings import DynamicsSettings, OutputSettings
from nearsight.remarks import Remark

_STIFF_eV_per_A2 = 50.0
"""Of an O-H bond, whose stretching has 3700 cm⁻¹, and above that of most others."""

_STEPS_PER_PERIOD = 8
"""Fewer, and the energy of velocity Verlet wanders: its frequencies are off by 3 % at this many."""

_HYDROGEN_u = 3.5
"""Isotopes of hydrogen are lighter; they are bonded to something heavier where there is any."""


def shortest_period_fs(atoms: Atoms) -> float:
    """Return about the period in fs of the stiffest bond that the lightest atom may have."""
    masses_u = np.unique(atoms.get_masses())
    light = float(masses_u[0])
    heavier = masses_u[masses_u > _HYDROGEN_u]
    partner = float(heavier[0]) if len(heavier) else light
    reduced_u = light * partner / (light + partner)
    return float(2 * np.pi * np.sqrt(reduced_u / _STIFF_eV_per_A2) / units.fs)


def timestep_remarks(atoms: Atoms, timestep_fs: float) -> tuple[Remark, ...]:
    """Return a remark if a timestep in fs is too long for the lightest atom."""
    longest_fs = shortest_period_fs(atoms) / _STEPS_PER_PERIOD
    if timestep_fs <= longest_fs:
        return ()
    lightest = atoms[int(atoms.get_masses().argmin())]
    said = (
        f"a timestep of {timestep_fs:g} fs is long for {lightest.symbol} ({lightest.mass:.4g} u), "
        f"whose bonds may vibrate within {longest_fs * _STEPS_PER_PERIOD:.1f} fs: take "
        f"{longest_fs:.2g} fs or less (`timestep_fs`), or heavier isotopes."
    )
    return (Remark("timestep-long", said),)


def interval_remarks(settings: DynamicsSettings, output: OutputSettings) -> tuple[Remark, ...]:
    """Return a remark if samples are not as far apart as asked for, or there is only the first."""
    interval = output.interval(settings.timestep_fs)
    if interval > settings.n_steps:
        said = (
            f"the run of {1000 * settings.time_ps:g} fs is shorter than the {output.every_fs:g} fs "
            f"between samples (`every_fs`): files have its beginning only."
        )
        return (Remark("interval-rounded", said),)
    between_fs = interval * settings.timestep_fs
    if abs(between_fs - output.every_fs) <= 1e-6 * output.every_fs:
        return ()
    said = (
        f"samples are {between_fs:g} fs apart, not {output.every_fs:g} fs (`every_fs`), which "
        f"steps of {settings.timestep_fs:g} fs do not divide."
    )
    return (Remark("interval-rounded", said),)
