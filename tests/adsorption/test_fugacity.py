"""Fugacities against published coefficients, and against the volumes that belong to them."""

import numpy as np
import pytest

from nearsight.adsorption.fugacity import (
    CriticalPoint,
    bulk_gas,
    critical_point_of,
    fugacity_Pa,
)
from nearsight.adsorption.gases import NAMES
from nearsight.errors import MethodError
from nearsight.units import GAS_CONSTANT_J_PER_MOL_K

CoolProp = pytest.importorskip("CoolProp.CoolProp", reason="the extra adsorption")


@pytest.mark.parametrize(
    ("gas", "pressure_bar", "reference", "peng_robinson"),
    [
        ("CO2", 1, 0.99504, 0.99454),
        ("CO2", 10, 0.95074, 0.94610),
        ("CO2", 30, 0.85388, 0.84215),
        ("CH4", 30, 0.94994, 0.93712),
        ("N2", 30, 0.99510, 0.98802),
    ],
)
def test_coefficients_are_those_of_tables(
    gas: str, pressure_bar: float, reference: float, peng_robinson: float
) -> None:
    pressure_Pa = 1e5 * pressure_bar
    for equation, coefficient in (("reference", reference), ("peng-robinson", peng_robinson)):
        fugacity = fugacity_Pa(gas, 298.15, pressure_Pa, equation)
        assert fugacity / pressure_Pa == pytest.approx(coefficient, abs=1e-5)


def test_the_slope_of_the_fugacity_is_the_volume() -> None:
    # d ln f/dp = V_m/(R T), and the volume comes from another call. The equation of CO2 has a gas
    # constant of its time, larger by 6e-6.
    step_Pa, pressure_Pa, temperature_K = 10.0, 2e6, 310.0
    up, down = (fugacity_Pa("CO2", temperature_K, pressure_Pa + d) for d in (step_Pa, -step_Pa))
    slope = np.log(up / down) / (2 * step_Pa)
    density = CoolProp.PropsSI("Dmolar", "T", temperature_K, "P", pressure_Pa, "CarbonDioxide")
    assert slope == pytest.approx(1 / density / GAS_CONSTANT_J_PER_MOL_K / temperature_K, rel=1e-5)


@pytest.mark.parametrize("gas", NAMES)
def test_every_gas_becomes_ideal(gas: str) -> None:
    temperature_K = 400.0
    for equation in ("reference", "peng-robinson"):
        assert fugacity_Pa(gas, temperature_K, 10.0, equation) == pytest.approx(10.0, rel=1e-5)
    assert fugacity_Pa(gas, temperature_K, 1e6, "ideal") == 1e6


def test_a_gas_that_is_not_known_has_the_equation_of_peng_and_robinson() -> None:
    with pytest.raises(MethodError, match="no reference equation for SF6"):
        fugacity_Pa("SF6", 300.0, 1e5)
    own = critical_point_of("CO2")
    assert own.temperature_K == pytest.approx(304.1282)
    given = CriticalPoint(own.temperature_K, own.pressure_Pa, own.acentric_factor)
    assert fugacity_Pa("SF6", 298.15, 1e6, "peng-robinson", given) == fugacity_Pa(
        "CO2", 298.15, 1e6, "peng-robinson"
    )


def test_what_is_no_gas_is_refused() -> None:
    with pytest.raises(MethodError, match=r"H2O is a liquid at 298\.15 K and 100000 Pa"):
        fugacity_Pa("H2O", 298.15, 1e5)
    with pytest.raises(MethodError, match="a pressure is above 0, not -1"):
        fugacity_Pa("CO2", 298.15, -1.0)
    with pytest.raises(MethodError, match="there is no equation 'pr'"):
        fugacity_Pa("CO2", 298.15, 1e5, "pr")


@pytest.mark.parametrize("equation", ["reference", "peng-robinson", "ideal"])
def test_density_is_the_slope_of_the_fugacity(equation: str) -> None:
    """d ln f/dp = 1/(ρ R T), which both come from other terms of an equation of state."""
    temperature_K, pressure_Pa, step_Pa = 330.0, 4e6, 1e3
    low, middle, high = (
        bulk_gas("CO2", temperature_K, pressure_Pa + shift, equation)
        for shift in (-step_Pa, 0.0, step_Pa)
    )
    slope = np.log(high.fugacity_Pa / low.fugacity_Pa) / (2 * step_Pa)
    density = 1 / (slope * GAS_CONSTANT_J_PER_MOL_K * temperature_K)
    assert middle.density_mol_per_m3 == pytest.approx(density, rel=2e-5)
    assert (middle.density_mol_per_m3 > 1.15 * pressure_Pa / (8.3145 * 330)) == (
        equation != "ideal"
    )


@pytest.mark.parametrize("equation", ["reference", "peng-robinson"])
@pytest.mark.parametrize("pressure_Pa", [7.0e6, 9.0e6])
def test_a_liquid_is_refused_below_and_above_the_critical_pressure(
    equation: str, pressure_Pa: float
) -> None:
    """CO2 boils at 6.4 MPa and 298 K, and has its critical point at 7.4 MPa and 304 K."""
    with pytest.raises(MethodError, match="CO2 is a liquid at 298 K"):
        bulk_gas("CO2", 298.0, pressure_Pa, equation)
    assert bulk_gas("CO2", 298.0, 6.0e6, equation).density_mol_per_m3 < 6000
    assert bulk_gas("CO2", 310.0, pressure_Pa, equation).fugacity_Pa < pressure_Pa
