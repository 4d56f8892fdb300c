"""Frameworks that move: harmonic hosts whose averages are known."""

import numpy as np
import pytest

from nearsight.adsorption.flexible import henry_of_frames
from nearsight.adsorption.henry import henry
from nearsight.adsorption.weights import weights_of
from nearsight.units import BOLTZMANN_EV_PER_K, EV_PER_CELL_IN_J_PER_MOL

TEMPERATURE_K = 300.0
THERMAL_EV = BOLTZMANN_EV_PER_K * TEMPERATURE_K
TO_KJ = 1e-3 * EV_PER_CELL_IN_J_PER_MOL


def test_frames_that_are_all_the_same_are_one_framework() -> None:
    energies = np.random.default_rng(0).normal(0, 0.05, 4000)
    whole = henry(weights_of(energies, TEMPERATURE_K), 1000.0, 500.0)
    parts = [weights_of(part, TEMPERATURE_K) for part in energies.reshape(8, -1)]
    frames = henry_of_frames(parts, np.full(8, 1000.0), np.full(8, -7.0), 500.0)
    for name in ("mean_weight", "coefficient_mol_per_kg_Pa", "heat_kJ_per_mol"):
        one, other = getattr(whole, name), getattr(frames, name)
        assert other.value == pytest.approx(one.value, rel=1e-12)
        assert 0.2 * one.error < other.error < 5 * one.error
    assert frames.n_effective == pytest.approx(whole.n_effective)
    assert frames.heaviest_share == pytest.approx(whole.heaviest_share)


def test_the_heat_has_the_work_that_the_guest_does_to_the_host() -> None:
    # A coordinate x of the host with U = k x²/2, and dU = a x: <W> = exp(a²/(2 k kT)), and a guest
    # moves the host to x = -a/k: <U + dU>_W - <U> = a²/(2k) - a²/k = -a²/(2k).
    k, a = 2.0, 0.15
    x = np.random.default_rng(1).normal(0, np.sqrt(THERMAL_EV / k), 6_000)
    frames = [weights_of(np.full(2, a * each), TEMPERATURE_K) for each in x]
    result = henry_of_frames(frames, np.full(len(x), 1.0), k * x**2 / 2, 1.0)
    expected = a**2 / (2 * k * THERMAL_EV)
    assert abs(result.log_weight.value - expected) < 4 * result.log_weight.error
    heat_kJ = TO_KJ * (THERMAL_EV + a**2 / (2 * k))
    assert abs(result.heat_kJ_per_mol.value - heat_kJ) < 4 * result.heat_kJ_per_mol.error
    # That of a rigid host would be another one by a²/(2k) = 0.54 kJ/mol.
    assert result.heat_kJ_per_mol.error < 0.1


def test_volumes_weigh_frames() -> None:
    # Nothing interacts: K_H = <V>/(kT), whatever the volumes are.
    volumes = np.array([900.0, 1000.0, 1300.0])
    frames = [weights_of(np.zeros(10), TEMPERATURE_K)] * 3
    result = henry_of_frames(frames, volumes, np.zeros(3), 500.0)
    ideal = henry(frames[0], float(volumes.mean()), 500.0)
    assert result.coefficient_per_cell_Pa.value == pytest.approx(
        ideal.coefficient_per_cell_Pa.value, rel=1e-12
    )
    assert result.excess_chemical_potential_kJ_per_mol.value == pytest.approx(0, abs=1e-12)
    assert result.heat_kJ_per_mol.value == pytest.approx(TO_KJ * THERMAL_EV)
