"""Units of what is shown: against conversions by hand, and quantities that have none."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy import constants

from nearsight.vibrations.frequency_units import FREQUENCY_UNITS
from nearsight.vibrations.modes import vibrations
from nearsight.vibrations.shown_functions import shown_functions
from nearsight.vibrations.thermodynamics import thermodynamics

TEMPERATURES_K = [0.0, 20.0, 300.0, 1000.0]
PER = ("formula", "gram", "atom", "cell")


@pytest.fixture(scope="module")
def thermal(spring_crystal):
    """Return the functions of a cell of two formula units."""
    return thermodynamics(vibrations(spring_crystal("SiSiOOOO")), TEMPERATURES_K, "exclude")


def test_a_wavenumber_times_the_speed_of_light_is_a_frequency():
    wavenumbers = np.array([-50.0, 0.0, 1000.0])
    in_THz = wavenumbers * constants.c * 100 * 1e-12
    assert_allclose(FREQUENCY_UNITS["THz"].of_wavenumbers(wavenumbers), in_THz, rtol=1e-12)
    assert_allclose(FREQUENCY_UNITS["cm-1"].of_THz(in_THz), wavenumbers, rtol=1e-12)
    assert_allclose(FREQUENCY_UNITS["cm-1"].of_wavenumbers(wavenumbers), wavenumbers)


@pytest.mark.parametrize("name", FREQUENCY_UNITS)
def test_the_number_of_modes_has_no_unit(name):
    unit = FREQUENCY_UNITS[name]
    grid_THz = np.linspace(0.0, 30.0, 301)
    states = np.exp(-(((grid_THz - 15.0) / 4.0) ** 2))
    area = np.trapezoid(states, grid_THz)
    shown = np.trapezoid(unit.density_of_THz(states), unit.of_THz(grid_THz))
    assert shown == pytest.approx(area, rel=1e-12)
    per_cm = np.trapezoid(unit.density_of_cm(states), unit.of_wavenumbers(grid_THz))
    assert per_cm == pytest.approx(area, rel=1e-12)


def test_ranges_are_written_without_the_sign_of_noise():
    assert FREQUENCY_UNITS["cm-1"].span(-0.0004, 1182.94) == "0.0 to 1182.9 cm⁻¹"
    assert FREQUENCY_UNITS["THz"].span(-0.0004, 1182.94) == "0.000 to 35.464 THz"
    assert FREQUENCY_UNITS["THz"].text(-100.0) == "-2.998 THz"


@pytest.mark.parametrize("per", PER)
def test_free_energy_is_what_is_left_of_the_internal_energy(thermal, per):
    """F = U - TS holds in every unit, which it would not if one of them were of another."""
    shown = shown_functions(thermal, per)
    per_kelvin = {"kJ/mol": 1e-3, "kJ/g": 1e-3, "eV": 1e-3}[shown.energy_unit]
    bound = shown.internal_energy - shown.temperatures_K * shown.entropy * per_kelvin
    assert_allclose(shown.free_energy, bound, rtol=1e-9)
    assert shown.free_energy[0] == shown.internal_energy[0] == shown.zero_point_energy
    assert shown.heat_capacity[0] == shown.entropy[0] == 0.0


def test_amounts_are_what_they_are_called(thermal):
    formula, gram, atom, cell = (shown_functions(thermal, per) for per in PER)
    assert formula.amount == "per mole of O2Si (2 in the cell)"
    assert_allclose(formula.heat_capacity, thermal.heat_capacity_J_per_molformula_K)
    assert_allclose(gram.heat_capacity, thermal.heat_capacity_J_per_g_K)
    assert_allclose(atom.heat_capacity, thermal.heat_capacity_J_per_molatom_K)
    assert_allclose(cell.heat_capacity * 1e-3, thermal.heat_capacity_eV_per_K)
    # A formula unit has three atoms and weighs 60.083 g.
    assert_allclose(formula.entropy, 3 * atom.entropy)
    assert_allclose(formula.internal_energy, 60.083 * gram.internal_energy, rtol=1e-4)
    assert_allclose(2 * formula.free_energy, 96.48533212 * cell.free_energy, rtol=1e-9)


def test_nothing_has_a_heat_capacity_at_0_K(spring_crystal):
    for acoustic in ("exclude", "classical", "as-computed"):
        found = thermodynamics(vibrations(spring_crystal()), [0.0, 1e-3], acoustic)
        assert found.heat_capacity_eV_per_K[0] == 0.0
        assert found.entropy_eV_per_K[0] == 0.0
        assert np.isfinite(found.free_energy_eV).all()
