import warnings
from pathlib import Path

import numpy as np
import pytest

from nearsight.errors import MethodError, NearsightWarning
from nearsight.vibrations.modes import vibrations
from nearsight.vibrations.scale_factor import (
    fit_frequency_scale_factor,
    fit_scale_factor_to_heat_capacity,
)
from nearsight.vibrations.thermodynamics import thermodynamics


@pytest.fixture(scope="module")
def solids(spring_crystal):
    return [vibrations(spring_crystal(seed=seed, strength=0.3)) for seed in (1, 2, 3)]


def capacities(solids, temperature, acoustic, factor):
    return [
        thermodynamics(solid, temperature, acoustic, factor).heat_capacity_J_per_g_K[0]
        for solid in solids
    ]


def test_frequencies_that_differ_by_a_factor_give_it_back():
    computed = np.array([500.0, 1600.0, 3200.0])
    fit = fit_frequency_scale_factor(computed, 0.9614 * computed)
    assert fit.factor == pytest.approx(0.9614, rel=1e-14)
    assert fit.rms_residual == pytest.approx(0, abs=1e-10)
    assert (fit.residual_unit, fit.n_values, fit.provenance) == ("cm-1", 3, ())


def test_the_factor_is_that_of_a_least_squares_solver():
    random = np.random.default_rng(4)
    computed = random.uniform(300, 3500, size=30)
    reference = computed * 0.95 + random.normal(scale=20, size=30)
    fit = fit_frequency_scale_factor(computed, reference)
    solution, residuals, _, _ = np.linalg.lstsq(computed[:, np.newaxis], reference)
    assert fit.factor == pytest.approx(solution[0], rel=1e-13)
    assert fit.rms_residual == pytest.approx(np.sqrt(residuals[0] / 30), rel=1e-10)


@pytest.mark.parametrize("acoustic", ["exclude", "classical"])
def test_heat_capacities_of_scaled_solids_give_the_factor_back(solids, acoustic):
    reference = capacities(solids, 250.0, acoustic, 1.0834)
    fit = fit_scale_factor_to_heat_capacity(solids, reference, 250.0, acoustic)
    assert fit.factor == pytest.approx(1.0834, rel=1e-6)
    assert fit.rms_residual < 1e-6
    assert (fit.residual_unit, fit.n_values) == ("relative", 3)
    assert fit.provenance == tuple(solid.provenance for solid in solids)


def test_what_must_be_known_of_solids_is_said_once_and_where_the_fit_was_asked_for(solids):
    acoustic = "as-computed"  # which warns that rigid-body modes are noise
    reference = capacities(solids, 250.0, "exclude", 1.0)
    with warnings.catch_warnings(record=True) as raised:
        warnings.simplefilter("always", NearsightWarning)
        fit_scale_factor_to_heat_capacity(solids, reference, 250.0, acoustic)
    of_solids = [
        message for solid in solids for message in thermodynamics(solid, 250.0, acoustic).warnings
    ]
    assert [str(each.message) for each in raised] == of_solids
    assert of_solids
    assert {Path(each.filename) for each in raised} == {Path(__file__)}


def test_the_fit_is_stationary_for_references_that_disagree(solids):
    reference = np.array(capacities(solids, 300.0, "exclude", 1.0)) * [0.97, 1.04, 1.0]
    fit = fit_scale_factor_to_heat_capacity(solids, reference, 300.0)

    def squared(factor):
        errors = np.array(capacities(solids, 300.0, "exclude", factor)) / reference - 1
        return np.sum(errors**2)

    assert squared(fit.factor) < min(squared(fit.factor - 1e-4), squared(fit.factor + 1e-4))
    assert fit.rms_residual == pytest.approx(np.sqrt(squared(fit.factor) / 3))


def test_lists_that_do_not_match_are_refused(solids):
    with pytest.raises(MethodError, match="2 computed wavenumbers do not match 3"):
        fit_frequency_scale_factor([1.0, 2.0], [1.0, 2.0, 3.0])
    with pytest.raises(MethodError, match="3 solids do not match 1"):
        fit_scale_factor_to_heat_capacity(solids, [1.0], 300.0)


@pytest.mark.parametrize("wrong", [-503.2, 0.0, np.nan])
def test_wavenumbers_that_are_not_positive_are_refused(wrong):
    with pytest.raises(MethodError, match=f"computed holds {wrong}"):
        fit_frequency_scale_factor([wrong, 100.0], [100.0, 100.0])


def test_empty_lists_are_refused():
    with pytest.raises(MethodError, match=r"computed has the shape \(0,\)"):
        fit_frequency_scale_factor([], [])


def test_a_temperature_of_zero_is_refused(solids):
    with pytest.raises(MethodError, match=r"temperature_K holds 0\.0"):
        fit_scale_factor_to_heat_capacity(solids, [1.0, 1.0, 1.0], 0.0)


def test_references_in_another_unit_are_noticed(solids):
    reference = np.array(capacities(solids, 300.0, "exclude", 1.0)) * 1000
    with pytest.raises(MethodError, match=r"no frequency factor between 0\.5 and 2\.0"):
        fit_scale_factor_to_heat_capacity(solids, reference, 300.0)
