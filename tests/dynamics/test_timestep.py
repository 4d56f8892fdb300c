"""Timesteps that are long for the lightest atom are told."""

import pytest
from ase.build import bulk, molecule

from nearsight.dynamics.timestep import shortest_period_fs, timestep_remarks


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
