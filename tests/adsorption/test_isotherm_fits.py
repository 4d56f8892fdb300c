"""Fits of isotherms: exact data, scattered data, and data that tell nothing."""

import numpy as np
import pytest

from nearsight.adsorption.isotherm_fit import IsothermFit
from nearsight.adsorption.isotherm_fits import IsothermFits, fit_isotherm
from nearsight.adsorption.isotherm_functions import (
    DUAL_SITE_LANGMUIR,
    FUNCTIONS,
    HENRY,
    LANGMUIR,
    SIPS,
    IsothermFunction,
)
from nearsight.errors import MethodError

PRESSURES = np.logspace(2, 5, 12)
LOGS = {
    HENRY: np.log([2e-5]),
    LANGMUIR: np.log([5.0, 1e-4]),
    SIPS: np.log([5.0, 1e-4, 0.7]),
    DUAL_SITE_LANGMUIR: np.log([2.0, 5.0, 1e-3, 1e-5]),
}
EACH = pytest.mark.parametrize("function", FUNCTIONS, ids=lambda each: each.name)


def loadings(function: IsothermFunction) -> np.ndarray:
    return function.loadings(LOGS[function], PRESSURES)


def best(fits: IsothermFits) -> IsothermFit:
    assert fits.best is not None
    return fits.best


def reasons(fits: IsothermFits) -> dict[str, str]:
    return {each.function.name: each.reason for each in fits.left_out}


@EACH
def test_derivatives_are_those_of_differences(function: IsothermFunction) -> None:
    logs, step = LOGS[function], 1e-6
    for place, by_parameter in enumerate(function.gradients(logs, PRESSURES).T):
        shift = step * np.eye(len(logs))[place]
        both = [function.loadings(logs + side * shift, PRESSURES) for side in (1, -1)]
        np.testing.assert_allclose(by_parameter, (both[0] - both[1]) / (2 * step), rtol=1e-7)
    both = [function.loadings(logs, PRESSURES * np.exp(side * step)) for side in (1, -1)]
    slopes = function.slopes(logs, PRESSURES)
    np.testing.assert_allclose(slopes, (both[0] - both[1]) / (2 * step), rtol=1e-7)
    assert function.loadings(logs, np.zeros(1)) == pytest.approx([0.0], abs=1e-100)
    assert np.isfinite(function.gradients(logs, np.zeros(1))).all()


@EACH
@pytest.mark.parametrize("relative", [None, 0.0, 0.02])
def test_exact_loadings_give_their_parameters_back(
    function: IsothermFunction, relative: float | None
) -> None:
    exact = loadings(function)
    fit = best(fit_isotherm(PRESSURES, exact, None if relative is None else relative * exact))
    assert fit.function == function
    np.testing.assert_allclose(fit.logs, LOGS[function], atol=1e-7)
    np.testing.assert_allclose(fit.loadings(PRESSURES), exact, rtol=1e-7)
    if relative:
        assert fit.per_degree == pytest.approx(0.0, abs=1e-9)
    else:
        assert fit.chi_squared is None
        assert fit.loading_errors(PRESSURES).max() < 1e-6


def test_what_langmuirs_parameters_are() -> None:
    """As Eq. 5.2 of the literature has it: q_sat b p/(1 + b p)."""
    fit = best(fit_isotherm(PRESSURES, 5.0 * 1e-4 * PRESSURES / (1 + 1e-4 * PRESSURES)))
    [saturation], [affinity] = fit.saturations, fit.affinities
    assert saturation.value == pytest.approx(5.0)
    assert affinity.value == pytest.approx(1e-4)
    assert fit.exponent is None
    assert fit.henry is not None
    assert fit.henry.value == pytest.approx(5e-4)
    assert fit.loadings(np.array([1e4])) == pytest.approx([2.5])


def test_sites_are_ordered_and_sips_has_no_henry_coefficient() -> None:
    fit = best(fit_isotherm(PRESSURES, loadings(DUAL_SITE_LANGMUIR)))
    assert [each.value for each in fit.affinities] == pytest.approx([1e-3, 1e-5])
    assert [each.value for each in fit.saturations] == pytest.approx([2.0, 5.0])
    assert fit.henry is not None
    assert fit.henry.value == pytest.approx(2e-3 + 5e-5)
    fit = best(fit_isotherm(PRESSURES, loadings(SIPS)))
    assert fit.henry is None
    assert fit.exponent is not None
    assert fit.exponent.value == pytest.approx(0.7)


@EACH
def test_errors_are_those_of_scattered_loadings(function: IsothermFunction) -> None:
    """Each of 40 fits is off by what its errors say; bands have the curve in 95 % of them."""
    rng = np.random.default_rng(3)
    exact = loadings(function)
    sigma = 0.01 * exact + 0.002 * exact.max()
    between = np.sqrt(PRESSURES[1:] * PRESSURES[:-1])
    truth = function.loadings(LOGS[function], between)
    pulls, inside = [], []
    for _ in range(40):
        data = exact + sigma * rng.standard_normal(len(exact))
        fit = best(fit_isotherm(PRESSURES, data, sigma, (function,)))
        off = fit.logs - LOGS[function]
        pulls.append(off @ np.linalg.solve(fit.covariance, off))
        low, high = fit.band(between)
        inside.append((low < truth) & (truth < high))
    # chi² of k parameters has the mean k and the variance 2k; wide bands of poor fits lower it.
    k = function.n_parameters
    mean, error = np.mean(pulls), np.sqrt(2 * k / len(pulls))
    assert 0.7 * k - 3 * error < mean < k + 3 * error
    assert np.mean(inside) > 0.95 - 3 * np.sqrt(0.95 * 0.05 / len(inside))


def test_without_errors_they_follow_from_residuals() -> None:
    rng = np.random.default_rng(5)
    exact, sigma = loadings(LANGMUIR), 0.03
    squares = []
    for _ in range(30):
        data = exact + sigma * rng.standard_normal(len(exact))
        fit = best(fit_isotherm(PRESSURES, data, functions=(LANGMUIR,)))
        squares.append(fit.covariance[0, 0])
    exactly = best(fit_isotherm(PRESSURES, exact, np.full(len(exact), sigma)))
    # Of 10 degrees of freedom: the mean of 30 variances is off by 1/sqrt(5 * 30).
    assert np.mean(squares) == pytest.approx(exactly.covariance[0, 0], rel=3 / np.sqrt(150))


def test_a_poor_fit_has_larger_errors() -> None:
    exact = loadings(DUAL_SITE_LANGMUIR)
    fits = fit_isotherm(PRESSURES, exact, 0.01 * exact)
    [poor] = [each for each in fits.fits if each.function == LANGMUIR]
    assert best(fits).function == DUAL_SITE_LANGMUIR
    assert poor.per_degree is not None
    assert poor.per_degree > 100
    gradients = LANGMUIR.gradients(poor.logs, PRESSURES) / (0.01 * exact)[:, np.newaxis]
    by_errors = np.linalg.inv(gradients.T @ gradients)
    np.testing.assert_allclose(poor.covariance, poor.per_degree * by_errors, rtol=1e-4)


@EACH
def test_units_and_the_order_of_points_change_nothing(function: IsothermFunction) -> None:
    rng = np.random.default_rng(1)
    exact = loadings(function)
    sigma = 0.02 * exact
    data = exact + sigma * rng.standard_normal(len(exact))
    fit = best(fit_isotherm(PRESSURES, data, sigma))
    mixed = rng.permutation(len(exact))
    other = best(fit_isotherm(PRESSURES[mixed] * 1e-5, data[mixed] * 22.4, sigma[mixed] * 22.4))
    assert other.function == fit.function
    assert other.aicc == pytest.approx(fit.aicc, rel=1e-6)
    curve = other.loadings(PRESSURES * 1e-5) / 22.4
    np.testing.assert_allclose(curve, fit.loadings(PRESSURES), rtol=1e-5)
    errors = other.loading_errors(PRESSURES * 1e-5) / 22.4
    np.testing.assert_allclose(errors, fit.loading_errors(PRESSURES), rtol=1e-3)


def test_pressures_of_loadings_come_back_with_their_errors() -> None:
    sigma = 0.05 * loadings(LANGMUIR)
    fit = best(fit_isotherm(PRESSURES, loadings(LANGMUIR), sigma))
    between = np.logspace(2.1, 4.9, 7)
    logs, errors = fit.log_pressures(fit.loadings(between))
    np.testing.assert_allclose(logs, np.log(between), atol=1e-9)
    # A loading off by its error is that of a pressure off by its own.
    slopes = LANGMUIR.slopes(fit.logs, between)
    np.testing.assert_allclose(errors * slopes, fit.loading_errors(between), rtol=1e-9)


def test_too_few_pressures_are_said() -> None:
    few = fit_isotherm(PRESSURES[:2], [1.0, 2.0], [0.1, 0.1])
    assert few.best is None
    assert reasons(few)["henry"] == "2 pressures are too few for it, which takes 3 or more"
    assert "1 pressure is too few" in reasons(fit_isotherm([1e3], [1.0], [0.1]))["langmuir"]
    repeated = fit_isotherm([1e3] * 9, np.linspace(1, 2, 9), [0.1] * 9)
    assert "1 pressure is too few" in reasons(repeated)["sips"]
    at_five = fit_isotherm(PRESSURES[:5], loadings(LANGMUIR)[:5], [0.01] * 5)
    assert "takes 6 or more" in reasons(at_five)["dual-site-langmuir"]
    assert at_five.best is not None
    unknown = fit_isotherm(PRESSURES[:3], loadings(LANGMUIR)[:3])
    assert "takes 4 or more" in reasons(unknown)["henry"]


@pytest.mark.parametrize("errors", [None, 0.0, 0.1])
@pytest.mark.parametrize("level", [0.0, 3.0])
def test_flat_and_empty_isotherms_have_no_fit(errors: float | None, level: float) -> None:
    given = None if errors is None else [errors] * len(PRESSURES)
    fits = fit_isotherm(PRESSURES, [level] * len(PRESSURES), given)
    assert fits.best is None
    assert set(reasons(fits)) == {each.name for each in FUNCTIONS}
    said = "fits as well" if level else "nothing is adsorbed"
    assert all(said in each for each in reasons(fits).values())


def test_a_saturated_isotherm_with_scatter_has_no_fit() -> None:
    rng = np.random.default_rng(0)
    fits = fit_isotherm(PRESSURES, 3 + 0.1 * rng.standard_normal(12), [0.1] * 12)
    assert fits.best is None


def test_a_straight_line_is_henrys_law_and_nothing_else() -> None:
    rng = np.random.default_rng(2)
    exact = loadings(HENRY)
    fits = fit_isotherm(PRESSURES, exact * (1 + 0.02 * rng.standard_normal(12)), 0.02 * exact)
    fit = best(fits)
    assert fit.function == HENRY
    assert fit.henry is not None
    assert abs(fit.henry.value - 2e-5) < 3 * fit.henry.error
    assert fit.saturations == fit.affinities == ()
    assert reasons(fits)["dual-site-langmuir"] == "these loadings do not determine its parameters"


def test_a_curve_that_misses_loadings_is_no_fit() -> None:
    """Few pressures would otherwise leave Henry's law alone, at any distance from them."""
    pressures = np.array([1e3, 1e4, 1e5])
    filled = 11 * 2e-5 * pressures / (1 + 2e-5 * pressures)
    missing = fit_isotherm(pressures, filled, 0.05 * filled)
    assert missing.best is None
    assert reasons(missing)["henry"].startswith("its curve misses a loading by ")
    assert best(fit_isotherm(pressures, 1e-4 * pressures, [0.01, 0.1, 1.0])).function == HENRY
    vague = fit_isotherm(pressures, filled, 0.3 * filled)
    assert best(vague).function == HENRY


def test_an_error_of_zero_weighs_no_more_than_others() -> None:
    exact = loadings(LANGMUIR)
    sigma = np.linspace(0.1, 0.4, 12)
    sigma[0] = 0.0
    as_largest = np.where(sigma > 0, sigma, 0.4)
    with_zero, without = (
        fit_isotherm(PRESSURES, exact + 0.1, each) for each in (sigma, as_largest)
    )
    np.testing.assert_array_equal(best(with_zero).logs, best(without).logs)


def test_strange_data_raise_no_warning() -> None:
    rng = np.random.default_rng(4)
    for data in (rng.standard_normal(12), PRESSURES[::-1], -PRESSURES, np.eye(12)[3]):
        for errors in (None, np.full(12, 1e-200), np.full(12, 1e200)):
            fit_isotherm(PRESSURES, data, errors)
    fit_isotherm(np.logspace(-150, 150, 12), PRESSURES, PRESSURES)


@pytest.mark.parametrize(
    ("pressures", "loadings", "errors", "said"),
    [
        ([1.0, 2.0], [1.0], None, "2 pressures, 1 loadings and 1 errors"),
        ([0.0, 1.0], [0.0, 1.0], None, "leave 0 out"),
        ([], [], None, "give at least one"),
        ([1.0], [float("nan")], None, "loadings are one row of numbers"),
        ([1.0], [1.0], [-0.1], "give 0 for those not known"),
        ([[1.0]], [1.0], None, "pressures are one row"),
    ],
)
def test_what_is_no_isotherm(pressures, loadings, errors, said: str) -> None:
    with pytest.raises(MethodError, match=said):
        fit_isotherm(pressures, loadings, errors)
