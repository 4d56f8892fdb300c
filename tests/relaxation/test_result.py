"""Saved relaxations come back as they were."""

import pickle
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ase import Atoms
from ase.calculators.calculator import PropertyNotImplementedError

from nearsight.errors import CheckpointError
from nearsight.fingerprint import fingerprint
from nearsight.relaxation import RelaxationSettings
from nearsight.relaxation.relax import relax
from nearsight.relaxation.result import Relaxation


def saved_and_loaded(result: Relaxation, folder: Path) -> Relaxation:
    result.save(folder / "relaxation.npz")
    return Relaxation.load(folder / "relaxation.npz")


@pytest.mark.parametrize("tolerance", [None, 1e-3])
def test_round_trip(
    emt: Any, rattled_copper: Atoms, tmp_path: Path, tolerance: float | None
) -> None:
    result = relax(rattled_copper, emt, RelaxationSettings(max_steps=3, symmetrize_A=tolerance))
    loaded = saved_and_loaded(result, tmp_path)
    assert loaded.atoms == result.atoms
    np.testing.assert_array_equal(loaded.atoms.get_masses(), result.atoms.get_masses())
    for name in set(vars(result)) - {"atoms"}:
        assert getattr(loaded, name) == getattr(result, name), name


def test_other_files_are_refused(tmp_path: Path) -> None:
    (tmp_path / "other").write_text("x")
    with pytest.raises(CheckpointError):
        Relaxation.load(tmp_path / "other")


def test_atoms_answer_with_what_the_model_said(
    emt: Any, rattled_copper: Atoms, tmp_path: Path
) -> None:
    result = relax(rattled_copper, emt)
    n_calls = emt.n_calls
    [said] = emt.evaluate([result.atoms.copy()], stress=True)
    for atoms in (
        result.atoms,
        deepcopy(result).atoms,
        pickle.loads(pickle.dumps(result)).atoms,
        saved_and_loaded(result, tmp_path).atoms,
    ):
        assert atoms.get_potential_energy() == pytest.approx(said.energy_eV, abs=1e-12)
        np.testing.assert_allclose(atoms.get_forces(), said.forces_eV_per_A, atol=1e-12)
        np.testing.assert_allclose(atoms.get_stress(), said.stress_eV_per_A3, atol=1e-12)
    assert emt.n_calls == n_calls + 1
    # a structure that moves away has no numbers any more
    result.atoms.rattle(0.01)
    with pytest.raises(PropertyNotImplementedError):
        result.atoms.get_potential_energy()


def test_forces_that_were_projected_are_not_what_atoms_answer(emt: Any, copper_gold: Atoms) -> None:
    emt.fail_at = 0
    push = np.zeros((len(copper_gold), 3))
    push[0, 0] = 0.01  # breaks every group
    emt.failure = lambda evaluation: replace(
        evaluation, forces_eV_per_A=evaluation.forces_eV_per_A + push
    )
    result = relax(copper_gold, emt, RelaxationSettings(symmetrize_A=0.01))
    [said] = emt.evaluate([result.atoms.copy()])
    np.testing.assert_allclose(result.atoms.get_forces(), said.forces_eV_per_A, atol=1e-12)
    assert result.fmax_eV_per_A > 0.009


def test_no_stress_is_answered_that_nobody_computed(emt: Any, rattled_copper: Atoms) -> None:
    fixed = relax(rattled_copper, emt, RelaxationSettings(cell="fixed"))
    assert not any(emt.stress_asked)
    assert fixed.atoms.get_potential_energy() == fixed.energy_after_eV
    with pytest.raises(PropertyNotImplementedError):
        fixed.atoms.get_stress()


def test_later_steps_see_the_same_structure(emt: Any, rattled_copper: Atoms) -> None:
    result = relax(rattled_copper, emt)
    assert fingerprint(result.atoms, emt.identity, {}) == fingerprint(
        result.atoms.copy(), emt.identity, {}
    )
    again = relax(result.atoms, emt)
    assert again.n_steps == 0
    assert again.atoms == result.atoms


def test_one_evaluation_for_each_step_and_no_more(emt: Any, rattled_copper: Atoms) -> None:
    """Two before the first step, as given and as begun, one there, and one of the end."""
    result = relax(rattled_copper, emt, RelaxationSettings(optimizer="BFGS", symmetrize_A=0.01))
    assert emt.n_calls == 2 + 1 + result.n_steps + 1


def test_atoms_without_numbers_can_be_saved(
    emt: Any, rattled_copper: Atoms, tmp_path: Path
) -> None:
    result = relax(rattled_copper, emt)
    result.atoms.calc = None
    assert saved_and_loaded(result, tmp_path).atoms.calc is None
