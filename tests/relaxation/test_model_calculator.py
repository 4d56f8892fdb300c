"""A model behind ASE's calculator interface."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from ase import Atoms
from ase.calculators.calculator import all_changes
from ase.calculators.emt import EMT

from nearsight.errors import MethodError
from nearsight.models.calculator import ModelCalculator


def test_gives_what_the_model_gives(emt: Any, rattled_copper: Atoms) -> None:
    reference = rattled_copper.copy()
    reference.calc = EMT()
    rattled_copper.calc = ModelCalculator(emt)
    energy = reference.get_potential_energy()
    assert rattled_copper.get_potential_energy() == energy
    assert rattled_copper.get_potential_energy(force_consistent=True) == energy
    np.testing.assert_array_equal(rattled_copper.get_forces(), reference.get_forces())
    np.testing.assert_array_equal(rattled_copper.get_stress(), reference.get_stress())


def test_forces_are_computed_once_they_are_wanted_and_energies_come_with_them(
    emt: Any, rattled_copper: Atoms
) -> None:
    rattled_copper.calc = ModelCalculator(emt)
    for _ in range(2):
        rattled_copper.positions[0, 0] += 0.01
        rattled_copper.get_potential_energy()
    assert emt.forces_asked == [False, False]
    rattled_copper.get_forces()
    rattled_copper.positions[0, 0] += 0.01
    rattled_copper.get_potential_energy()
    rattled_copper.get_forces()
    assert emt.forces_asked == [False, False, True, True]


def test_stress_is_computed_once_it_is_wanted_and_forces_come_with_it(
    emt: Any, rattled_copper: Atoms
) -> None:
    rattled_copper.calc = ModelCalculator(emt)
    rattled_copper.get_forces()
    rattled_copper.get_potential_energy()
    assert emt.stress_asked == [False]
    for _ in range(2):
        rattled_copper.positions[0, 0] += 0.01
        rattled_copper.get_stress()
        rattled_copper.get_forces()
    rattled_copper.positions[0, 0] += 0.01
    rattled_copper.get_potential_energy()
    rattled_copper.get_stress()
    assert emt.stress_asked == [False, True, True, True]
    assert emt.forces_asked == [True, True, True, True]


def test_adjustment_is_applied_to_every_evaluation(emt: Any, rattled_copper: Atoms) -> None:
    rattled_copper.calc = ModelCalculator(
        emt, adjust=lambda atoms, evaluation: replace(evaluation, energy_eV=float(len(atoms)))
    )
    assert rattled_copper.get_potential_energy() == 4.0


def test_any_change_is_seen_to_the_last_bit(emt: Any, rattled_copper: Atoms) -> None:
    calculator = ModelCalculator(emt)
    assert "positions" in calculator.check_state(rattled_copper)
    rattled_copper.calc = calculator
    rattled_copper.get_forces()
    assert calculator.check_state(rattled_copper) == []
    others = {name: rattled_copper.copy() for name in all_changes}
    others["positions"].positions[2, 1] = np.nextafter(rattled_copper.positions[2, 1], np.inf)
    others["cell"].cell[0, 1] += 1e-14
    others["pbc"].pbc[2] = False
    others["numbers"].numbers[3] = 47
    others["initial_charges"].set_initial_charges([0.0] * 4)
    others["initial_magmoms"].set_initial_magnetic_moments([0.0] * 4)
    for name, other in others.items():
        assert calculator.check_state(other) == [name]


def test_without_structure_it_says_so(emt: Any) -> None:
    with pytest.raises(MethodError, match="no structure"):
        ModelCalculator(emt).calculate()
