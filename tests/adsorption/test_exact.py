"""Insertions where everything is known in closed form."""

import numpy as np
import pytest
from scipy.integrate import quad

from nearsight.adsorption.henry import henry
from nearsight.adsorption.orientations import rotation_matrices, uniform_quaternions
from nearsight.adsorption.placements import uniform_placements
from nearsight.adsorption.weights import weights_of
from nearsight.units import BOLTZMANN_EV_PER_K, EV_IN_JOULE, GAS_CONSTANT_J_PER_MOL_K

VOLUME_A3, MASS_AMU = 1000.0, 500.0


def test_an_ideal_gas() -> None:
    result = henry(weights_of(np.zeros(1000), 300.0), VOLUME_A3, MASS_AMU)
    assert result.mean_weight.value == 1
    per_cell = VOLUME_A3 * 1e-30 / (BOLTZMANN_EV_PER_K * 300 * EV_IN_JOULE)
    assert result.coefficient_per_cell_Pa.value == pytest.approx(per_cell, rel=1e-12)
    # <W>/(R T rho), with the density in kg/m³
    density = MASS_AMU * 1.66053906892e-27 / (VOLUME_A3 * 1e-30)
    by_density = 1 / (GAS_CONSTANT_J_PER_MOL_K * 300 * density)
    assert result.coefficient_mol_per_kg_Pa.value == pytest.approx(by_density, rel=1e-9)
    assert result.heat_kJ_per_mol.value == pytest.approx(GAS_CONSTANT_J_PER_MOL_K * 0.3)
    assert result.excess_chemical_potential_kJ_per_mol.value == 0
    assert result.n_effective == pytest.approx(1000)
    assert result.heaviest_share == pytest.approx(0.01)


def test_half_of_the_box_is_blocked() -> None:
    placements = uniform_placements(10 * np.eye(3), 20_000, np.random.default_rng(0))
    energies_eV = np.where(placements.centres_A[:, 0] < 5, np.inf, 0.0)
    result = henry(weights_of(energies_eV, 300.0), VOLUME_A3, MASS_AMU)
    assert abs(result.mean_weight.value - 0.5) < 3 * result.mean_weight.error
    assert result.mean_weight.error == pytest.approx(0.5 / np.sqrt(20_000), rel=0.5)
    assert result.heat_kJ_per_mol.value == pytest.approx(GAS_CONSTANT_J_PER_MOL_K * 0.3)


def test_no_direction_is_favoured() -> None:
    turned = rotation_matrices(uniform_quaternions(50_000, np.random.default_rng(1)))[:, :, 2]
    second = np.einsum("ni,nj->nij", turned, turned)
    errors = second.std(axis=0) / np.sqrt(len(second))
    assert (np.abs(second.mean(axis=0) - np.eye(3) / 3) < 4 * errors).all()
    assert (np.abs(turned.mean(axis=0)) < 4 * turned.std(axis=0) / np.sqrt(len(turned))).all()


def test_rotations_keep_lengths_and_hands() -> None:
    matrices = rotation_matrices(uniform_quaternions(10, np.random.default_rng(2)))
    np.testing.assert_allclose(matrices @ matrices.transpose(0, 2, 1), [np.eye(3)] * 10, atol=1e-12)
    np.testing.assert_allclose(np.linalg.det(matrices), 1)


def test_a_sphere_that_attracts_against_quadrature() -> None:
    # One Lennard-Jones sphere in the middle of a large box, cut at half of it.
    depth_eV, size_A, edge_A, temperature_K = 0.05, 3.5, 20.0, 300.0
    thermal_eV = BOLTZMANN_EV_PER_K * temperature_K

    def energy_eV(r_A: np.ndarray) -> np.ndarray:
        sixth = (size_A / r_A) ** 6
        return np.where(r_A < edge_A / 2, 4 * depth_eV * (sixth**2 - sixth), 0.0)

    def integral(factor: object) -> float:
        def integrand(r_A: float) -> float:
            u = float(energy_eV(np.array(r_A)))
            return 4 * np.pi * r_A**2 * (np.exp(-u / thermal_eV) * factor(u) - factor(0.0))

        return quad(integrand, 1.0, edge_A / 2, limit=200)[0] + factor(0.0) * (
            edge_A**3 - 4 * np.pi / 3
        )

    mean_weight = integral(lambda u: 1.0) / edge_A**3
    heat_eV = thermal_eV - integral(lambda u: u) / edge_A**3 / mean_weight
    rng = np.random.default_rng(3)
    centres_A = uniform_placements(edge_A * np.eye(3), 400_000, rng).centres_A
    r_A = np.linalg.norm(centres_A - edge_A / 2, axis=1)
    result = henry(weights_of(energy_eV(r_A), temperature_K), edge_A**3, MASS_AMU)
    assert abs(result.mean_weight.value - mean_weight) < 3 * result.mean_weight.error
    assert result.mean_weight.error < 0.02 * mean_weight
    heat = result.heat_kJ_per_mol
    assert abs(heat.value - heat_eV * 96.485332) < 3 * heat.error


def test_a_well_without_a_number_has_a_chemical_potential() -> None:
    energies_eV = np.concatenate([np.zeros(999), [-40.0]])
    result = henry(weights_of(energies_eV, 300.0), VOLUME_A3, MASS_AMU)
    assert result.mean_weight.value == np.inf
    assert result.excess_chemical_potential_kJ_per_mol.value < -3800
    assert result.heaviest_share == pytest.approx(1)
    assert result.n_effective == pytest.approx(1)
