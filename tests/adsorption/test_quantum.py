"""Hydrogen in the cold by effective energies of quantum nuclei."""

import numpy as np
import pytest

pytest.importorskip("torch", reason="force fields need PyTorch")

from ase import Atoms
from scipy import constants

from nearsight.adsorption.settings import InsertionSettings
from nearsight.announcing import quietly
from nearsight.arrays import FloatArray
from nearsight.errors import SettingError
from nearsight.models.registry import load_model
from nearsight.records.widom_record import WidomRecord
from nearsight.reports.page import render_report
from nearsight.units import BOLTZMANN_EV_PER_K
from nearsight.workflows import WidomSettings, widom

EDGE_A = 5.5
FRAMEWORK = Atoms("Ar", cell=[EDGE_A] * 3, pbc=True)
CUTOFF_A = 10.0


def hydrogen(temperature_K: float, *, quantum: bool, **asked: object) -> WidomRecord:
    name = f"forcefield:buch+uff?coulomb=no&cutoff_A={CUTOFF_A:g}"
    model = load_model(f"{name}&feynman_hibbs_K={temperature_K!r}" if quantum else name)
    settings = {"temperatures_K": (temperature_K,), "insertions": 8000, "overlap_share": 0.0}
    with quietly():
        return widom(
            FRAMEWORK,
            model,
            WidomSettings(insertion=InsertionSettings(gas="H2", **{**settings, **asked})),
            progress=False,
        )


def log_weight(temperature_K: float, *, quantum: bool) -> float:
    """ln<W> of one site in argon of UFF, mixed by Lorentz and Berthelot, on a grid."""
    uff = load_model("forcefield:uff?coulomb=no").force_field.types["Ar"].pair
    epsilon = np.sqrt(34.2 * BOLTZMANN_EV_PER_K * uff.epsilon_eV)
    sigma = (2.96 + uff.sigma_A) / 2
    joule = constants.k * temperature_K
    spread = constants.hbar**2 / (24 * 2.016 * constants.atomic_mass * joule) * 1e20 * quantum
    axis = (np.arange(36) + 0.5) / 36 * EDGE_A
    points = np.stack(np.meshgrid(axis, axis, axis), axis=-1).reshape(-1, 3)
    energies: FloatArray = np.zeros(len(points))
    for image in np.array(list(np.ndindex(7, 7, 7))) - 3:
        r = np.linalg.norm(points - EDGE_A * image, axis=1)
        u = (sigma / r) ** 12 - (sigma / r) ** 6
        laplacian = (132 * (sigma / r) ** 12 - 30 * (sigma / r) ** 6) / r**2
        energies += np.where(r < CUTOFF_A, 4 * epsilon * (u + spread * laplacian), 0.0)
    return float(np.log(np.exp(-energies / (BOLTZMANN_EV_PER_K * temperature_K)).mean()))


@pytest.mark.slow
def test_hydrogen_among_argon_against_quadrature() -> None:
    record = hydrogen(77.0, quantum=True)
    [row] = record.henry
    assert row.log_mean_weight is not None
    assert row.log_mean_weight_error is not None
    expected = log_weight(77.0, quantum=True)
    assert abs(row.log_mean_weight - expected) < 4 * row.log_mean_weight_error
    assert row.log_mean_weight_error < 0.03
    # Zero-point motion keeps it out of narrow places.
    assert log_weight(77.0, quantum=False) - expected > 0.13
    # The heat is that of van 't Hoff, kT - d ln<W>/d(1/kT), although energies change too.
    step_K = 0.05
    over_kT = [1 / (BOLTZMANN_EV_PER_K * each) for each in (77.0 - step_K, 77.0 + step_K)]
    logs = [log_weight(each, quantum=True) for each in (77.0 - step_K, 77.0 + step_K)]
    slope_eV = (logs[1] - logs[0]) / (over_kT[1] - over_kT[0])
    heat = 96.4853321 * (BOLTZMANN_EV_PER_K * 77.0 + slope_eV)
    assert row.heat_kJ_per_mol is not None
    assert row.heat_error_kJ_per_mol is not None
    assert abs(row.heat_kJ_per_mol - heat) < 4 * row.heat_error_kJ_per_mol
    mean_eV = record.results.adsorption.trials.weights(77.0).mean_energy_eV
    classical_formula = 96.4853321 * (BOLTZMANN_EV_PER_K * 77.0 - mean_eV)
    assert abs(classical_formula - heat) > 8 * row.heat_error_kJ_per_mol


def quantum_check(record: WidomRecord) -> tuple[str, str, str]:
    [check] = [each for each in record.verdict.checks if each.code == "quantum-gas"]
    return check.level, check.finding, check.detail


def test_the_certificate_says_what_nuclei_are() -> None:
    level, _, detail = quantum_check(hydrogen(77.0, quantum=False, insertions=600))
    assert level == "caution"
    assert "feynman_hibbs_K" in detail
    record = hydrogen(77.0, quantum=True, insertions=2000)
    level, finding, detail = quantum_check(record)
    assert (level, finding) == ("good", "quantum effects to second order")
    assert "by +0.1" in detail  # times k_B T
    assert record.model.options["feynman_hibbs_K"] == 77.0
    assert "feynman_hibbs_K" in render_report([record])
    level, finding, _ = quantum_check(hydrogen(6.0, quantum=True, insertions=2000))
    assert (level, finding) == ("caution", "quantum effects beyond second order")


def test_energies_of_one_temperature_are_not_reweighted_to_another() -> None:
    with pytest.raises(SettingError, match="effective ones at 77 K, and mean nothing at 100 K"):
        hydrogen(77.0, quantum=True, temperatures_K=(77.0, 100.0))
    with pytest.raises(SettingError, match="leave `temperatures_K` at 77"):
        hydrogen(77.0, quantum=True, temperatures_K=(298.15,))
