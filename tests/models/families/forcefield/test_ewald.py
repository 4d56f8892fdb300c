"""Ewald's method against lattice sums that are known, and against itself."""

import numpy as np
import pytest

pytest.importorskip("torch", reason="force fields need PyTorch")

import torch
from ase import Atoms
from ase.build import bulk

from nearsight.models.families.forcefield.ewald import (
    COULOMB_EV_A,
    Charges,
    Splitting,
    reciprocal_energy,
    wave_indices,
)
from nearsight.models.families.forcefield.model import ForceFieldModel
from nearsight.models.families.forcefield.parameters import (
    NO_INTERACTION,
    ForceField,
    SiteType,
    Treatment,
)
from nearsight.provenance import ModelIdentity


def ions(**treatment: object) -> ForceFieldModel:
    types = {
        symbol: SiteType(NO_INTERACTION, charge)
        for symbol, charge in {"Na": 1.0, "Cs": 1.0, "Cl": -1.0, "Zn": 2.0, "S": -2.0}.items()
    }
    return ForceFieldModel(
        ForceField(types, treatment=Treatment(**treatment)),  # type: ignore[arg-type]
        ModelIdentity("ions", "forcefield", None, "float64", "cpu"),
    )


@pytest.mark.parametrize(
    ("atoms", "nearest_A", "madelung"),
    [
        # D. Borwein, J. M. Borwein, K. F. Taylor, J. Math. Phys. 1985, 26, 2999; usual tables
        (bulk("NaCl", "rocksalt", a=5.64), 2.82, 1.7475645946),
        (bulk("CsCl", "cesiumchloride", a=4.12), 4.12 * np.sqrt(3) / 2, 1.7626747731),
        (bulk("ZnS", "zincblende", a=5.41), 5.41 * np.sqrt(3) / 4, 4 * 1.6380550533),
    ],
)
def test_madelung_constants(atoms: Atoms, nearest_A: float, madelung: float) -> None:
    found = ions(accuracy=1e-11).evaluate([atoms], forces=False)[0].energy_eV
    assert -found * nearest_A / COULOMB_EV_A == pytest.approx(madelung, rel=1e-9)


@pytest.mark.parametrize("cutoff_A", [4.0, 15.0])
def test_the_splitting_decides_nothing(cutoff_A: float) -> None:
    atoms = bulk("NaCl", "rocksalt", a=5.64) * (1, 1, 2)
    atoms.positions += np.random.default_rng(1).normal(scale=0.2, size=(len(atoms), 3))
    [usual] = ions(cutoff_A=8.0).evaluate([atoms], stress=True)
    [other] = ions(cutoff_A=cutoff_A).evaluate([atoms], stress=True)
    assert other.energy_eV == pytest.approx(usual.energy_eV, abs=2e-6)
    assert other.forces_eV_per_A == pytest.approx(usual.forces_eV_per_A, abs=5e-6)
    assert other.stress_eV_per_A3 == pytest.approx(usual.stress_eV_per_A3, abs=1e-7)


def test_half_of_all_waves_are_chosen() -> None:
    cell = np.array([[5.0, 0.0, 0.0], [1.5, 6.0, 0.0], [-2.0, 1.0, 7.0]])
    longest = 4.0
    reciprocal = 2 * np.pi * np.linalg.inv(cell).T
    everything = np.array(list(np.ndindex(31, 31, 31))) - 15
    lengths = np.linalg.norm(everything @ reciprocal, axis=1)
    expected = {tuple(row) for row in everything[(lengths > 0) & (lengths <= longest)].tolist()}
    found = {tuple(row) for row in wave_indices(cell, longest).tolist()}
    opposite = {tuple(-value for value in row) for row in found}
    assert not found & opposite
    assert found | opposite == expected


def test_a_net_charge_has_a_uniform_background() -> None:
    """One charge in a cube: -α_sc/2L with the simple cubic Wigner constant, 2.8372974795."""
    side = 9.0
    alone = Charges(
        torch.zeros(1, 3, dtype=torch.float64),
        torch.ones(1, dtype=torch.float64),
        torch.zeros(1, dtype=torch.bool),
    )
    cell = side * torch.eye(3, dtype=torch.float64)
    # So short a range that nothing is left in real space.
    splitting = Splitting(1.3, 16.0)
    waves = torch.as_tensor(wave_indices(cell.numpy(), splitting.k_max_per_A), dtype=torch.float64)
    found = float(reciprocal_energy(alone, cell, waves, splitting))
    assert found * 2 * side / COULOMB_EV_A == pytest.approx(-2.8372974795, rel=1e-9)
    rigid = Charges(alone.fractions, alone.charges, ~alone.rigid)
    assert float(reciprocal_energy(rigid, cell, waves, splitting)) == pytest.approx(0.0, abs=1e-12)
