"""Isosteric heats of isotherms whose heat is known."""

import numpy as np
import pytest

from gcmc_toys import ATOM_A, Boxes
from nearsight.adsorption.clausius_clapeyron import IsostericHeats
from nearsight.adsorption.gcmc.ensemble import Ensemble
from nearsight.adsorption.gcmc.levels import Wholes
from nearsight.adsorption.gcmc.results import loadings
from nearsight.adsorption.gcmc.sampling import System, sample
from nearsight.adsorption.gcmc.schedule import Schedule
from nearsight.adsorption.isotherm_fit import IsothermFit
from nearsight.adsorption.isotherm_fits import fit_isotherm
from nearsight.adsorption.isotherm_functions import FUNCTIONS, LANGMUIR, IsothermFunction
from nearsight.errors import MethodError
from nearsight.units import BOLTZMANN_EV_PER_K, EV_IN_JOULE

EDGE_A, N_BOXES = 12.0, 6
WELL_EV = -0.08
TEMPERATURES_K = (260.0, 300.0, 350.0)


def activities(fugacities_Pa: np.ndarray, temperature_K: float) -> np.ndarray:
    """Return z V: what an ideal gas has."""
    thermal_J = BOLTZMANN_EV_PER_K * temperature_K * EV_IN_JOULE
    return fugacities_Pa * EDGE_A**3 * 1e-30 / thermal_J


def lattice_gas(fugacities_Pa: np.ndarray, temperature_K: float) -> np.ndarray:
    """Return how many boxes are filled by a molecule each."""
    weight = np.exp(-WELL_EV / (BOLTZMANN_EV_PER_K * temperature_K)) / N_BOXES
    x = activities(fugacities_Pa, temperature_K) * weight
    return N_BOXES * x / (1 + x)


def fit(
    pressures: np.ndarray,
    molecules: np.ndarray,
    errors: np.ndarray | None,
    functions: tuple[IsothermFunction, ...] = FUNCTIONS,
) -> IsothermFit:
    best = fit_isotherm(pressures, molecules, errors, functions).best
    assert best is not None
    return best


def test_an_ideal_gas_has_the_heat_kT() -> None:
    pressures = np.linspace(1e5, 1e6, 8)
    fits = [fit(pressures, activities(pressures, each), None) for each in TEMPERATURES_K]
    heats = IsostericHeats(TEMPERATURES_K, fits)
    assert heats.temperature_K == pytest.approx(3 / sum(1 / each for each in TEMPERATURES_K))
    values, errors = heats.heats_eV(heats.loadings(5))
    np.testing.assert_allclose(values, BOLTZMANN_EV_PER_K * heats.temperature_K, rtol=1e-6)
    assert errors.max() < 1e-6


@pytest.mark.parametrize("temperatures_K", [(300.0, 310.0), (200.0, 400.0), TEMPERATURES_K])
def test_a_lattice_gas_has_its_well_and_kT(temperatures_K: tuple[float, ...]) -> None:
    """However far temperatures are apart."""
    pressures = np.logspace(4, 7, 10)
    fits = [fit(pressures, lattice_gas(pressures, each), None) for each in temperatures_K]
    heats = IsostericHeats(temperatures_K, fits)
    low, high = heats.loading_range
    assert low == pytest.approx(lattice_gas(pressures[:1], min(temperatures_K))[0])
    assert high == pytest.approx(lattice_gas(pressures[-1:], max(temperatures_K))[0])
    values, _ = heats.heats_eV(heats.loadings(9))
    expected = BOLTZMANN_EV_PER_K * heats.temperature_K - WELL_EV
    np.testing.assert_allclose(values, expected, rtol=1e-6)


def test_errors_are_those_of_scattered_isotherms() -> None:
    rng = np.random.default_rng(0)
    pressures = np.logspace(4, 7, 10)
    at, pulls = np.array([0.5, 2.0, 4.0]), []
    for _ in range(40):
        fits = []
        for temperature_K in TEMPERATURES_K:
            exact = lattice_gas(pressures, temperature_K)
            data = exact * (1 + 0.02 * rng.standard_normal(10))
            fits.append(fit(pressures, data, 0.02 * exact, (LANGMUIR,)))
        heats = IsostericHeats(TEMPERATURES_K, fits)
        values, errors = heats.heats_eV(at)
        expected = BOLTZMANN_EV_PER_K * heats.temperature_K - WELL_EV
        pulls.append((values - expected) / errors)
    squares = (np.array(pulls) ** 2).mean(axis=0)
    assert (squares < 1 + 3 * np.sqrt(2 / 40)).all()
    assert (squares > 0.6 - 3 * 0.6 * np.sqrt(2 / 40)).all()
    assert (abs(np.mean(pulls, axis=0)) < 3 / np.sqrt(40)).all()


def test_a_sampled_lattice_gas_has_its_well_and_kT() -> None:
    """Boxes that hold one molecule each, by grand canonical Monte Carlo."""
    boxes = Boxes(EDGE_A, np.full(N_BOXES, WELL_EV), 1e3)
    pressures = np.logspace(4.2, 6.2, 5)
    temperatures_K = (250.0, 350.0)
    fits = []
    for place, temperature_K in enumerate(temperatures_K):
        ensemble = Ensemble.repeated(EDGE_A * np.eye(3), temperature_K, pressures.tolist(), 8)
        schedule = Schedule(
            equilibration_blocks=2, production_blocks=4, samples=30, steps=12, seed=place
        )
        sampled = sample(System(ensemble, ATOM_A, Wholes(boxes)), schedule)
        means = [each.molecules for each in loadings(sampled, ensemble)]
        values, errors = (
            np.array([getattr(mean, name) for mean in means]) for name in ("value", "error")
        )
        found = fit(pressures, values, errors, (LANGMUIR,))
        [saturation] = found.saturations
        assert abs(saturation.value - N_BOXES) < 3 * saturation.error
        assert saturation.error < 0.1 * N_BOXES
        fits.append(found)
    heats = IsostericHeats(temperatures_K, fits)
    values, errors = heats.heats_eV(heats.loadings(5))
    expected = BOLTZMANN_EV_PER_K * heats.temperature_K - WELL_EV
    assert (abs(values - expected) < 3 * errors).all()
    assert errors.min() < 0.05 * expected


def test_the_order_of_temperatures_changes_nothing() -> None:
    pressures = np.logspace(4, 7, 10)
    fits = [
        fit(pressures, lattice_gas(pressures, each), 0.02 * lattice_gas(pressures, each))
        for each in TEMPERATURES_K
    ]
    forwards = IsostericHeats(TEMPERATURES_K, fits)
    backwards = IsostericHeats(TEMPERATURES_K[::-1], fits[::-1])
    at = forwards.loadings(4)
    for one, other in zip(forwards.heats_eV(at), backwards.heats_eV(at), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-9)


def test_what_has_no_heats() -> None:
    pressures = np.linspace(1e5, 1e6, 8)
    low = fit(pressures, activities(pressures, 300.0), None)
    high = fit(pressures, 100 * activities(pressures, 300.0), None)
    with pytest.raises(MethodError, match="no loading is in the range"):
        IsostericHeats((300.0, 310.0), (low, high))
    for temperatures_K, fits in (((300.0,), (low,)), ((300.0, 300.0), (low, low))):
        with pytest.raises(MethodError, match="two different temperatures"):
            IsostericHeats(temperatures_K, fits)
