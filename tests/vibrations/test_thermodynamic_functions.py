from dataclasses import replace

import numpy as np
import pytest
from matplotlib.figure import Figure
from numpy.testing import assert_allclose

from nearsight.vibrations.modes import vibrations
from nearsight.vibrations.thermodynamic_functions import Thermodynamics
from nearsight.vibrations.thermodynamics import thermodynamics


@pytest.fixture
def result(saddle_crystal):
    return thermodynamics(vibrations(saddle_crystal), [400.0, 0.0, 300.0], "classical", 0.98)


def test_the_units_of_the_field_belong_together(result):
    avogadro, elementary_charge = 6.02214076e23, 1.602176634e-19
    joule_per_cell = result.heat_capacity_eV_per_K * elementary_charge
    molar_mass = result.mass_amu  # g/mol, to the 3e-10 by which amu times Avogadro differs from 1 g
    assert_allclose(result.heat_capacity_J_per_K_per_cell, joule_per_cell, rtol=1e-15)
    assert_allclose(result.heat_capacity_J_per_molatom_K, joule_per_cell * avogadro / 4, rtol=1e-14)
    assert_allclose(
        result.heat_capacity_J_per_g_K, joule_per_cell * avogadro / molar_mass, rtol=3e-9
    )
    assert_allclose(
        result.entropy_J_per_g_K * molar_mass / 4, result.entropy_J_per_molatom_K, rtol=3e-9
    )
    kilojoule_per_mole = elementary_charge * avogadro / 1000
    assert_allclose(
        result.internal_energy_kJ_per_mol, result.internal_energy_eV * kilojoule_per_mole
    )
    assert_allclose(result.free_energy_kJ_per_mol, result.free_energy_eV * kilojoule_per_mole)
    assert result.zero_point_energy_kJ_per_mol == pytest.approx(
        result.zero_point_energy_eV * kilojoule_per_mole
    )


def test_one_table_has_one_normalisation(saddle_crystal):
    atoms = saddle_crystal.atoms.copy()
    atoms.symbols = "SiOSiO"
    modes = vibrations(replace(saddle_crystal, atoms=atoms))
    result = thermodynamics(modes, [400.0, 0.0, 300.0], "exclude")
    units_per_cell = result.formula_units_per_cell
    atoms_per_unit = result.n_atoms / units_per_cell
    assert (result.formula_unit, units_per_cell) == ("OSi", 2)
    assert result.per_mole == "per mole of OSi (2 in the cell)"
    for row, temperature in zip(result.functions_summary(), result.temperatures_K, strict=True):
        # F = U - T S holds in the numbers as they are listed.
        assert row["free_energy_kJ_per_molformula"] == pytest.approx(
            row["internal_energy_kJ_per_molformula"]
            - temperature * row["entropy_J_per_molformula_K"] / 1000,
            abs=1e-12,
        )
        assert all("_per_molformula" in name for name in row if name != "temperature_K")
    assert_allclose(
        result.entropy_J_per_molformula_K, atoms_per_unit * result.entropy_J_per_molatom_K
    )
    assert_allclose(
        result.free_energy_kJ_per_molformula, result.free_energy_kJ_per_mol / units_per_cell
    )
    hot = np.argmax(result.temperatures_K)
    assert result.heat_capacity_J_per_molformula_K[hot] == pytest.approx(
        atoms_per_unit * result.heat_capacity_J_per_molatom_K[hot]
    )
    assert result.zero_point_energy_kJ_per_molformula == pytest.approx(
        result.zero_point_energy_kJ_per_mol / units_per_cell
    )


def test_the_summary_lists_one_object_for_each_temperature(result):
    summary = result.heat_capacity_summary()
    assert [entry["temperature_K"] for entry in summary] == [400.0, 0.0, 300.0]
    assert summary[2] == {
        "temperature_K": 300.0,
        "J_per_g_K": result.heat_capacity_J_per_g_K[2],
        "J_per_molatom_K": result.heat_capacity_J_per_molatom_K[2],
        "J_per_K_per_cell": result.heat_capacity_J_per_K_per_cell[2],
    }
    assert all(type(value) is float for entry in summary for value in entry.values())


def test_saving_and_loading_keeps_everything(result, tmp_path):
    result.save(tmp_path / "thermodynamics.npz")
    again = Thermodynamics.load(tmp_path / "thermodynamics.npz")
    for name in vars(result):
        assert np.array_equal(getattr(again, name), getattr(result, name)), name


def test_the_plot_rises_with_temperature(result):
    figure = Figure()
    ax = figure.subplots()
    result.plot(ax)
    (line,) = ax.lines
    assert line.get_xdata().tolist() == [0.0, 300.0, 400.0]
    assert np.all(np.diff(line.get_ydata()) > 0)
    assert "J g" in ax.get_ylabel()
