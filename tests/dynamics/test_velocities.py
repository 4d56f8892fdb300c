"""Momenta at the start: thermal, without the motion of the whole where it would stay."""

import numpy as np
import pytest
from ase import Atoms, units
from ase.build import bulk, molecule
from ase.constraints import FixAtoms, FixCom

from nearsight.dynamics.velocities import degrees_of_freedom, initial_momenta


@pytest.mark.parametrize(
    ("atoms", "n_free"),
    [
        (Atoms("Ar"), 0),
        (molecule("N2"), 1),
        (molecule("CO2"), 3),
        (molecule("H2O"), 3),
        (molecule("CH4"), 9),
        (bulk("Cu", cubic=True), 9),
    ],
)
def test_degrees_of_freedom_are_those_that_can_move(atoms: Atoms, n_free: int) -> None:
    assert degrees_of_freedom(atoms, keeps_momentum=True) == n_free
    assert degrees_of_freedom(atoms, keeps_momentum=False) == 3 * len(atoms)


def test_constraints_take_theirs() -> None:
    copper = bulk("Cu", cubic=True)
    copper.set_constraint(FixAtoms([0]))
    assert degrees_of_freedom(copper, keeps_momentum=True) == 9  # the whole is held, not free
    assert not initial_momenta(copper, 300.0, np.random.default_rng(0), keeps_momentum=True)[
        0
    ].any()
    copper.set_constraint(FixCom())
    assert degrees_of_freedom(copper, keeps_momentum=True) == 9


@pytest.mark.parametrize("name", ["CO2", "H2O", "CH3CH2OH"])
def test_a_molecule_neither_drifts_nor_turns(name: str) -> None:
    atoms = molecule(name)
    atoms.translate([3.0, -2.0, 1.0])
    momenta = initial_momenta(atoms, 300.0, np.random.default_rng(4), keeps_momentum=True)
    about = atoms.positions - atoms.get_center_of_mass()
    scale = np.abs(momenta).max()
    np.testing.assert_allclose(momenta.sum(axis=0), 0, atol=1e-12 * scale)
    np.testing.assert_allclose(np.cross(about, momenta).sum(axis=0), 0, atol=1e-9 * scale)


@pytest.mark.parametrize(
    ("name", "keeps_momentum"), [("CO2", False), ("CH3CH2OH", False), ("CH3CH2OH", True)]
)
def test_each_degree_of_freedom_has_half_a_kt(name: str, keeps_momentum: bool) -> None:
    atoms, rng = molecule(name), np.random.default_rng(7)
    drawn = [initial_momenta(atoms, 300.0, rng, keeps_momentum=keeps_momentum) for _ in range(4000)]
    energies = 0.5 * (np.square(drawn) / atoms.get_masses()[:, np.newaxis]).sum(axis=(1, 2))
    n_free, kT = degrees_of_freedom(atoms, keeps_momentum=keeps_momentum), units.kB * 300.0
    sigma = kT * np.sqrt(n_free / 2 / len(energies))
    assert abs(energies.mean() - n_free * kT / 2) < 4 * sigma
