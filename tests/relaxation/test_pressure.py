"""Crystals under pressure: against energies of other volumes, ASE, and the definition."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk
from ase.calculators.emt import EMT
from ase.filters import FrechetCellFilter
from ase.optimize import BFGS
from ase.units import GPa
from scipy.optimize import brentq

from nearsight.models.calculator import ModelCalculator
from nearsight.relaxation import Relaxation, RelaxationSettings, relax
from nearsight.relaxation.followed import residual, under_pressure
from nearsight.units import EV_PER_A3_IN_GPA

TIGHT = RelaxationSettings(fmax_eV_per_A=1e-5, pressure_GPa=5.0)


def energy_eV(volume_A3: float) -> float:
    """Return the energy of one atom of fcc copper."""
    atoms = bulk("Cu", "fcc", a=(4 * volume_A3) ** (1 / 3))
    atoms.calc = EMT()
    return float(atoms.get_potential_energy())


def volume_at(pressure_GPa: float) -> float:
    """Return where -dE/dV is the pressure, by energies alone."""

    def beyond(volume_A3: float) -> float:
        step = 1e-3
        slope = (energy_eV(volume_A3 + step) - energy_eV(volume_A3 - step)) / (2 * step)
        return -slope * EV_PER_A3_IN_GPA - pressure_GPa

    return float(brentq(beyond, 9.0, 13.0, xtol=1e-8))


@pytest.mark.parametrize("optimizer", ["newton", "BFGS"])
@pytest.mark.parametrize("cell", ["free", "isotropic", "lengths"])
@pytest.mark.parametrize("pressure_GPa", [20.0, -3.0])
def test_copper_has_the_volume_at_which_its_energy_falls_as_the_pressure_says(
    emt: Any, optimizer: str, cell: str, pressure_GPa: float
) -> None:
    settings = RelaxationSettings(
        fmax_eV_per_A=1e-5, pressure_GPa=pressure_GPa, optimizer=optimizer, cell=cell
    )
    found = relax(bulk("Cu", "fcc", a=3.7), emt, settings)
    expected_A3 = volume_at(pressure_GPa)
    assert found.converged
    assert found.volume_after_A3 == pytest.approx(expected_A3, rel=1e-5)
    assert found.pressure_GPa == pytest.approx(pressure_GPa, abs=1e-3)
    assert found.max_stress_GPa < 1e-3
    work_eV = pressure_GPa / EV_PER_A3_IN_GPA * expected_A3
    assert found.enthalpy_after_eV == pytest.approx(energy_eV(expected_A3) + work_eV, abs=1e-7)
    assert found.energy_after_eV == pytest.approx(energy_eV(expected_A3), abs=1e-5)
    assert found.enthalpy_after_eV < found.enthalpy_before_eV


@pytest.mark.parametrize("optimizer", ["newton", "BFGS", "FIRE"])
def test_agrees_with_ase_under_pressure(pair_model: Callable[..., Any], optimizer: str) -> None:
    solid = bulk("MgO", "rocksalt", a=3.9, cubic=True)
    solid.rattle(0.05, seed=1)
    found = relax(solid, pair_model(), replace(TIGHT, optimizer=optimizer))
    theirs = solid.copy()
    theirs.calc = ModelCalculator(pair_model())
    pressure = TIGHT.pressure_GPa * GPa
    for _ in range(3):  # their forces are those in the frame of the first cell
        BFGS(FrechetCellFilter(theirs, scalar_pressure=pressure), logfile=None).run(fmax=1e-5)
    enthalpy_eV = theirs.get_potential_energy() + pressure * theirs.get_volume()
    assert found.converged
    assert found.enthalpy_after_eV == pytest.approx(enthalpy_eV, abs=1e-5)
    assert found.volume_after_A3 == pytest.approx(theirs.get_volume(), rel=1e-4)


def test_no_pressure_is_the_energy(emt: Any, rattled_copper: Atoms) -> None:
    found = relax(rattled_copper, emt)
    assert found.enthalpy_after_eV == found.energy_after_eV
    assert found.target_pressure_GPa == 0.0
    fixed = relax(rattled_copper, emt, RelaxationSettings(cell="fixed"))
    assert fixed.pressure_GPa is None
    assert fixed.enthalpy_before_eV == fixed.energy_before_eV


def test_symmetry_and_pressure_hold_together(emt: Any) -> None:
    atoms = bulk("Cu", "fcc", a=3.7, cubic=True)
    atoms.numbers[0] = 79
    free = relax(atoms, emt, TIGHT)
    held = relax(atoms, emt, replace(TIGHT, symmetrize_A=0.01))
    assert held.symmetry is not None
    assert held.symmetry.number_after == held.symmetry.number_imposed == 221
    assert held.enthalpy_after_eV == pytest.approx(free.enthalpy_after_eV, abs=1e-6)
    assert held.pressure_GPa == pytest.approx(5.0, abs=1e-3)


def test_a_crystal_goes_on_under_its_pressure(
    emt: Any, rattled_copper: Atoms, tmp_path: Any
) -> None:
    path = tmp_path / "relaxation"
    stopped = relax(rattled_copper, emt, replace(TIGHT, max_steps=3), checkpoint=path)
    assert not stopped.converged
    found = relax(rattled_copper, emt, TIGHT, checkpoint=path)
    whole = relax(rattled_copper, emt, TIGHT)
    assert found.enthalpy_after_eV == pytest.approx(whole.enthalpy_after_eV, abs=1e-6)
    assert found.enthalpy_before_eV == whole.enthalpy_before_eV


def test_compression_is_what_a_pressure_is_for(emt: Any) -> None:
    crystal = bulk("Cu", "fcc", a=3.7)
    pressed = relax(crystal, emt, RelaxationSettings(pressure_GPa=60.0))
    assert pressed.volume_change < -0.2
    assert pressed.warnings == ()
    # against the pressure it is as notable as without
    grown = relax(bulk("Cu", "fcc", a=3.2), emt, RelaxationSettings(pressure_GPa=1.0))
    assert any("grew by" in warning for warning in grown.warnings)


def test_results_under_pressure_survive_a_file(emt: Any, tmp_path: Any) -> None:
    found = relax(bulk("Cu", "fcc", a=3.7), emt, TIGHT)
    found.save(tmp_path / "r.npz")
    loaded = Relaxation.load(tmp_path / "r.npz")
    assert loaded.enthalpy_after_eV == found.enthalpy_after_eV
    assert loaded.pressure_GPa == found.pressure_GPa
    assert loaded.target_pressure_GPa == 5.0


def test_the_criterion_looks_at_what_is_relaxed() -> None:
    forces = np.zeros((2, 3))
    stress = np.array([0.3, 0.1, -0.1, 0.02, 0.0, 0.0])
    cell_A = np.diag([2.0, 3.0, 4.0])
    per_atom = 24.0 / 2
    assert residual(forces, stress, cell_A, "isotropic") == pytest.approx(per_atom * 0.1)
    assert residual(forces, stress, cell_A, "lengths") == pytest.approx(per_atom * 0.3)
    assert residual(forces, stress, cell_A, "free") == pytest.approx(per_atom * 0.3)
    assert residual(forces, None, cell_A, "fixed") == 0.0
    np.testing.assert_allclose(
        under_pressure(stress, 0.2), [0.5, 0.3, 0.1, 0.02, 0.0, 0.0], atol=1e-15
    )
