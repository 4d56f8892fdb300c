"""Energies of a molecule on a grid, by which pockets are found."""

import numpy as np
import pytest
from ase import Atoms
from ase.spacegroup import crystal

pytest.importorskip("torch", reason="force fields need PyTorch")

from nearsight.adsorption.energy_grid import BARRIER, energy_grid
from nearsight.adsorption.gases import gas_named
from nearsight.adsorption.pockets import pockets_of
from nearsight.units import BOLTZMANN_EV_PER_K

HIGHEST_EV = BARRIER * BOLTZMANN_EV_PER_K * 300.0


def cage(n_atoms: int = 120, radius_A: float = 4.5, edge_A: float = 16.0) -> Atoms:
    """Carbon atoms spread over a sphere, too near to each other for anything to pass."""
    numbers = np.arange(n_atoms) + 0.5
    height = 1 - 2 * numbers / n_atoms
    angle = np.pi * (1 + np.sqrt(5)) * numbers
    flat = np.sqrt(1 - height**2)
    sphere = np.stack([flat * np.cos(angle), flat * np.sin(angle), height], axis=1)
    return Atoms(f"C{n_atoms}", radius_A * sphere + edge_A / 2, cell=[edge_A] * 3, pbc=True)


def test_the_inside_of_a_cage_is_a_pocket() -> None:
    host = cage()
    grid = energy_grid(host, gas_named("Ar"))
    pockets = pockets_of(grid.least_eV, HIGHEST_EV)
    assert sorted(pockets.dimensions) == [0, 3]
    assert pockets.is_blocked(np.array([[0.5, 0.5, 0.5], [0.02, 0.02, 0.02]])).tolist() == [
        True,
        False,
    ]
    # CO2 does not fit across, but along some direction it does.
    inside = energy_grid(host, gas_named("CO2")).least_eV
    middle = tuple(size // 2 for size in inside.shape)
    assert np.isfinite(inside[middle])


def test_the_least_energy_is_near_that_of_the_force_field() -> None:
    from nearsight.adsorption.orientations import rotation_matrices, uniform_quaternions
    from nearsight.models.registry import load_model
    from nearsight.structures.molecules import SITE_TYPE, as_framework

    host, gas = cage(), gas_named("CO2")
    grid = energy_grid(host, gas)
    guest = gas.atoms.copy()
    guest.set_array(SITE_TYPE, np.array(guest.get_chemical_symbols()))
    field = load_model("forcefield:uff?coulomb=no").in_host(as_framework(host))
    rng = np.random.default_rng(0)
    rotations = rotation_matrices(uniform_quaternions(200, rng))
    shape = np.array(grid.least_eV.shape)
    checked = 0
    for voxel in rng.integers(0, shape, (60, 3)):
        place = (voxel + 0.5) / shape @ host.cell.array
        sites = place + np.einsum("nij,aj->nai", rotations, gas.sites_A)
        exact = field.energies_eV(guest, sites).min()
        if exact < 0.05:  # walls are not as steep where they are interpolated
            assert grid.least_eV[tuple(voxel)] == pytest.approx(exact, abs=0.05)
            checked += 1
    assert checked > 10


def test_the_void_fraction_is_that_of_the_cell_in_an_empty_lattice() -> None:
    # One atom in a large cell: a sphere of about 4 Å across is not void.
    one = Atoms("C", cell=[20.0] * 3, pbc=True)
    fraction = energy_grid(one, gas_named("Ar")).helium_void_fraction
    assert fraction == pytest.approx(1 - 4 / 3 * np.pi * 2.5**3 / 20**3, abs=0.01)
    dense = crystal("C", [(0, 0, 0)], spacegroup=227, cellpar=[3.567] * 3 + [90] * 3)
    assert energy_grid(dense, gas_named("Ar")).helium_void_fraction < 1e-6
