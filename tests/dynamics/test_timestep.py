"""Timesteps that are long for the lightest atom are told."""

import pytest
from ase.build import bulk, molecule

from nearsight.dynamics.settings import DynamicsSettings, OutputSettings
from nearsight.dynamics.timestep import interval_remarks, shortest_period_fs, timestep_remarks


@pytest.mark.parametrize(
    ("atoms", "wavenumber_per_cm"),
    [(molecule("H2O"), 3700), (molecule("CH4"), 3000), (molecule("O2"), 1580)],
)
def test_the_period_is_about_that_of_the_stiffest_bond(atoms, wavenumber_per_cm):
    measured_fs = 1e15 / (2.99792458e10 * wavenumber_per_cm)
    assert 0.75 < shortest_period_fs(atoms) / measured_fs < 1.25


def test_what_is_usual_is_not_told():
    assert timestep_remarks(molecule("H2O"), 1.0) == ()
    assert timestep_remarks(bulk("Cu"), 5.0) == ()
    [remark] = timestep_remarks(molecule("H2O"), 1.5)
    assert remark.code == "timestep-long"
    assert "1.5 fs is long for H (1.008 u)" in remark
    heavy = molecule("H2O")
    heavy.set_masses([16.0, 4.0, 4.0])  # hydrogen made heavier, so that steps may be longer
    assert timestep_remarks(heavy, 1.5) == ()


@pytest.mark.parametrize(
    ("timestep_fs", "every_fs", "said"),
    [
        (2.0, 10.0, None),
        (0.1, 0.3, None),
        (3.0, 10.0, "9 fs apart, not 10 fs"),
        (2.0, 0.5, "2 fs apart, not 0.5 fs"),
        (2.0, 300.0, "shorter than the 300 fs"),
    ],
)
def test_samples_that_are_not_as_far_apart_as_asked_are_told(
    timestep_fs: float, every_fs: float, said: str | None
) -> None:
    settings = DynamicsSettings(time_ps=0.12, timestep_fs=timestep_fs)
    remarks = interval_remarks(settings, OutputSettings(every_fs=every_fs))
    assert [said in each for each in remarks if said] == ([] if said is None else [True])
    assert len(remarks) == (said is not None)
