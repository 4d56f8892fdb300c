"""Relaxation that keeps the space group."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk, molecule

from nearsight.errors import StructureError
from nearsight.models.contract import Evaluation
from nearsight.relaxation import RelaxationSettings
from nearsight.relaxation.relax import relax
from nearsight.structures.symmetry import space_group


def test_group_is_kept_and_reported(emt: Any, copper_gold: Atoms) -> None:
    before = copper_gold.copy()
    result = relax(copper_gold, emt, RelaxationSettings(symmetrize_A=0.01, fmax_eV_per_A=1e-3))
    report = result.symmetry
    assert result.converged
    assert result.warnings == ()
    assert (report.number_before, report.number_imposed, report.number_after) == (1, 123, 123)
    assert report.symbol_after == "P4/mmm"
    assert report.tolerance_A == 0.01
    assert 1e-4 < report.max_displacement_A < 0.01
    assert report.max_strain < 1e-9
    assert space_group(result.atoms).number == 123
    assert copper_gold == before


def test_atoms_that_may_move_keep_the_group(
    alpha_quartz: Atoms, pair_model: Callable[..., Any]
) -> None:
    """Alpha-quartz has four free coordinates of atoms; CuAu has none."""
    rattled = alpha_quartz.copy()
    rattled.rattle(1e-3, seed=1)
    result = relax(rattled, pair_model(), RelaxationSettings(symmetrize_A=0.01, cell="fixed"))
    report = result.symmetry
    assert result.converged
    assert (report.number_before, report.number_imposed, report.number_after) == (1, 152, 152)
    assert np.abs(result.atoms.positions - alpha_quartz.positions).max() > 0.1
    assert (
        space_group(relax(rattled, pair_model(), RelaxationSettings(cell="fixed")).atoms).number
        != 152
    )


def test_energies_of_each_stage_are_those_of_the_model(emt: Any, copper_gold: Atoms) -> None:
    result = relax(copper_gold, emt, RelaxationSettings(symmetrize_A=0.01))
    [as_read] = emt.evaluate([copper_gold])
    unmoved = relax(copper_gold, emt, RelaxationSettings(symmetrize_A=0.01, max_steps=0))
    report = unmoved.symmetry
    [imposed] = emt.evaluate([unmoved.atoms])
    assert result.energy_before_eV == as_read.energy_eV
    assert report.energy_imposed_eV == pytest.approx(imposed.energy_eV, abs=1e-12)
    assert report.energy_change_eV_per_atom == pytest.approx(
        (imposed.energy_eV - as_read.energy_eV) / 4
    )
    assert result.energy_after_eV < imposed.energy_eV < as_read.energy_eV


def test_same_minimum_with_and_without_symmetry(emt: Any, copper_gold: Atoms) -> None:
    kept = relax(copper_gold, emt, RelaxationSettings(symmetrize_A=0.01, fmax_eV_per_A=1e-4))
    free = relax(copper_gold, emt, RelaxationSettings(fmax_eV_per_A=1e-4))
    assert kept.energy_after_eV == pytest.approx(free.energy_after_eV, abs=1e-6)
    assert kept.atoms.cell.volume == pytest.approx(free.atoms.cell.volume, rel=1e-4)


def test_supercell_of_a_cubic_crystal_stays_cubic(emt: Any) -> None:
    atoms = bulk("Cu", "fcc", a=3.8, cubic=True) * (2, 1, 1)
    atoms.rattle(1e-3, seed=2)
    relaxed = relax(atoms, emt, RelaxationSettings(symmetrize_A=0.01)).atoms
    a, b, c = relaxed.cell.lengths()
    assert a / 2 == pytest.approx(b, abs=1e-9)
    assert b == pytest.approx(c, abs=1e-9)
    assert space_group(relaxed).number == 225


def test_fixed_cell_keeps_the_group_too(emt: Any, copper_gold: Atoms) -> None:
    result = relax(copper_gold, emt, RelaxationSettings(symmetrize_A=0.01, cell="fixed"))
    assert result.symmetry.number_after == 123
    assert result.converged


def test_model_that_breaks_the_symmetry_is_held_and_said(emt: Any, copper_gold: Atoms) -> None:
    """A force that favours a direction, as of a model that is not equivariant."""

    def lean(evaluation: Evaluation) -> Evaluation:
        forces = evaluation.forces_eV_per_A.copy()
        forces[0, 0] += 0.1
        forces[1, 0] -= 0.1
        return replace(evaluation, forces_eV_per_A=forces)

    emt.fail_at, emt.failure = 1, lean
    result = relax(copper_gold, emt, RelaxationSettings(symmetrize_A=0.01))
    assert result.converged
    assert result.symmetry.number_after == 123
    assert result.fmax_eV_per_A == pytest.approx(0.1, rel=0.1)
    assert "Converged only within the imposed symmetry" in result.warnings[0]


def test_lower_group_may_relax_into_a_higher_one(emt: Any) -> None:
    """Orthorhombically strained copper has its minimum where it is cubic."""
    atoms = bulk("Cu", "fcc", a=3.6, cubic=True)
    atoms.set_cell(atoms.cell.array * [[1.0], [1.01], [1.02]], scale_atoms=True)
    result = relax(atoms, emt, RelaxationSettings(symmetrize_A=1e-3, fmax_eV_per_A=1e-8))
    assert (result.symmetry.number_imposed, result.symmetry.number_after) == (69, 225)
    assert "changed from Fmmm (69) to Fm-3m (225)" in result.warnings[-1]


def test_molecules_have_no_group_to_keep(emt: Any) -> None:
    with pytest.raises(StructureError, match="periodic in three directions"):
        relax(molecule("H2O"), emt, RelaxationSettings(symmetrize_A=0.01))


def test_resuming_keeps_the_group(emt: Any, copper_gold: Atoms, tmp_path: Any) -> None:
    settings = RelaxationSettings(symmetrize_A=0.01, fmax_eV_per_A=1e-3)
    checkpoint = tmp_path / "relax.npz"
    relax(copper_gold, emt, replace(settings, max_steps=2), checkpoint=checkpoint)
    resumed = relax(copper_gold, emt, settings, checkpoint=checkpoint)
    whole = relax(copper_gold, emt, settings)
    assert resumed.converged
    assert resumed.symmetry.number_after == 123
    assert resumed.symmetry.energy_imposed_eV == whole.symmetry.energy_imposed_eV
    np.testing.assert_allclose(resumed.atoms.cell.array, whole.atoms.cell.array, atol=2e-3)
