"""Fugacities of pure gases: reference equations of state, or the one of Peng and Robinson."""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from nearsight.adsorption.equations_of_state import EQUATIONS
from nearsight.errors import MethodError
from nearsight.units import GAS_CONSTANT_J_PER_MOL_K

_CRITICAL_FACTOR: Final = 0.3074
"""p V/(R T) of the equation of Peng and Robinson at the critical point: below its temperature a
vapour has more, and a liquid less up to the critical pressure."""


@dataclass(frozen=True)
class CriticalPoint:
    """What the equation of Peng and Robinson knows of a gas."""

    temperature_K: float
    pressure_Pa: float
    acentric_factor: float


# By CoolProp's names; the critical points are those of its reference equations (I. H. Bell et al.,
# Ind. Eng. Chem. Res. 2014, 53, 2498).
_NAMES: Final = {
    "CO2": "CarbonDioxide",
    "N2": "Nitrogen",
    "CH4": "Methane",
    "H2O": "Water",
    "H2": "Hydrogen",
    "O2": "Oxygen",
    "CO": "CarbonMonoxide",
    "He": "Helium",
    "Ne": "Neon",
    "Ar": "Argon",
    "Kr": "Krypton",
    "Xe": "Xenon",
}


@dataclass(frozen=True)
class BulkGas:
    """A pure gas at a temperature and pressure."""

    pressure_Pa: float
    fugacity_Pa: float
    density_mol_per_m3: float


def fugacity_Pa(
    gas: str,
    temperature_K: float,
    pressure_Pa: float,
    equation: str = "reference",
    critical_point: CriticalPoint | None = None,
) -> float:
    """Return the fugacity of a pure gas in Pa; parameters and errors are those of `bulk_gas`."""
    return bulk_gas(gas, temperature_K, pressure_Pa, equation, critical_point).fugacity_Pa


def bulk_gas(
    gas: str,
    temperature_K: float,
    pressure_Pa: float,
    equation: str = "reference",
    critical_point: CriticalPoint | None = None,
) -> BulkGas:
    """Return fugacity and density of a pure gas.

    Parameters
    ----------
    gas
        Its formula.
    temperature_K, pressure_Pa
        Above 0.
    equation
        One of `EQUATIONS`. The reference equations are those of CoolProp.
    critical_point
        For the equation of Peng and Robinson; None for that of the reference equation.

    Raises
    ------
    MethodError
        A temperature or pressure is not above 0, CoolProp is not installed or does not know the
        gas or the state, or the gas condenses there.
    """
    for name, value in (("temperature", temperature_K), ("pressure", pressure_Pa)):
        if not 0 < value < np.inf:
            raise MethodError(f"a {name} is above 0, not {value:g}.")
    ideal = pressure_Pa / (GAS_CONSTANT_J_PER_MOL_K * temperature_K)
    if equation == "ideal":
        return BulkGas(pressure_Pa, pressure_Pa, ideal)
    if equation == "peng-robinson":
        point = critical_point or critical_point_of(gas)
        factor, logarithm = _peng_robinson(point, temperature_K, pressure_Pa)
        if temperature_K < point.temperature_K and (
            factor < _CRITICAL_FACTOR or pressure_Pa > point.pressure_Pa
        ):
            raise _liquid(gas, temperature_K, pressure_Pa)
        return BulkGas(pressure_Pa, pressure_Pa * float(np.exp(logarithm)), ideal / factor)
    if equation != "reference":
        raise MethodError(f"there is no equation {equation!r}; there are {', '.join(EQUATIONS)}.")
    return _by_reference(gas, temperature_K, pressure_Pa)


def critical_point_of(gas: str) -> CriticalPoint:
    """Return the critical point of a gas, from CoolProp.

    Raises
    ------
    MethodError
        CoolProp is not installed, or does not know the gas.
    """
    state = _state_of(gas)
    return CriticalPoint(state.T_critical(), state.p_critical(), state.acentric_factor())


def _by_reference(gas: str, temperature_K: float, pressure_Pa: float) -> BulkGas:
    from CoolProp import CoolProp

    state = _state_of(gas)
    try:
        state.update(CoolProp.PT_INPUTS, pressure_Pa, temperature_K)
        fugacity, density = float(state.fugacity(0)), float(state.rhomolar())
        phase = state.phase()
    except ValueError as error:
        raise MethodError(
            f"the reference equation of {gas} does not reach {temperature_K:g} K and "
            f"{pressure_Pa:g} Pa: {error}"
        ) from error
    # Below its critical temperature a gas is a liquid above the critical pressure, too.
    if phase in {CoolProp.iphase_liquid, CoolProp.iphase_supercritical_liquid}:
        raise _liquid(gas, temperature_K, pressure_Pa)
    return BulkGas(pressure_Pa, fugacity, density)


def _liquid(gas: str, temperature_K: float, pressure_Pa: float) -> MethodError:
    return MethodError(
        f"{gas} is a liquid at {temperature_K:g} K and {pressure_Pa:g} Pa; take a pressure "
        f"below that of its vapour."
    )


def _state_of(gas: str) -> Any:  # of a package without types
    try:
        from CoolProp.CoolProp import AbstractState
    except ImportError as error:
        raise MethodError(
            "the equations of state of gases are those of CoolProp, which is not installed: "
            "pip install 'nearsight[adsorption]', or take the ideal gas."
        ) from error
    if gas not in _NAMES:
        raise MethodError(
            f"there is no reference equation for {gas}; give its `critical_point` for the "
            f"`equation` of Peng and Robinson, peng-robinson, or take the ideal gas."
        )
    return AbstractState("HEOS", _NAMES[gas])


def _peng_robinson(
    point: CriticalPoint, temperature_K: float, pressure_Pa: float
) -> tuple[float, float]:
    """Return p V/(R T), and the logarithm of the fugacity coefficient.

    D.-Y. Peng, D. B. Robinson, Ind. Eng. Chem. Fundam. 1976, 15, 59; of several roots the stable
    one.
    """
    reduced = temperature_K / point.temperature_K
    omega = point.acentric_factor
    kappa = 0.37464 + 1.54226 * omega - 0.26992 * omega**2
    alpha = (1 + kappa * (1 - np.sqrt(reduced))) ** 2
    a = 0.45724 * alpha * (pressure_Pa / point.pressure_Pa) / reduced**2
    b = 0.07780 * (pressure_Pa / point.pressure_Pa) / reduced
    roots = np.roots([1, b - 1, a - 3 * b**2 - 2 * b, -(a * b - b**2 - b**3)])
    real = np.sort(roots[np.abs(roots.imag) < 1e-9].real)
    possible = real[real > b]

    def logarithm(z: float) -> float:
        root = np.sqrt(2)
        ratio = np.log((z + (1 + root) * b) / (z + (1 - root) * b))
        return float(z - 1 - np.log(z - b) - a / (2 * root * b) * ratio)

    least, factor = min((logarithm(z), float(z)) for z in possible)
    return factor, least
