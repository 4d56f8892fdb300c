"""Cells that may change in part: what stays, what a rotation does, and two optimizers."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk
from ase.filters import FrechetCellFilter
from ase.optimize import BFGS

from nearsight.models.calculator import ModelCalculator
from nearsight.relaxation import RelaxationSettings, relax
from nearsight.relaxation.strains import ALL_STRAINS, NO_STRAINS, strains_of
from nearsight.structures.operations import find_operations
from nearsight.structures.symmetry import space_group

TIGHT = RelaxationSettings(fmax_eV_per_A=1e-4)


@pytest.fixture
def skew_solid() -> Atoms:
    """Four atoms in a cell without a right angle, off their places."""
    atoms = bulk("MgO", "rocksalt", a=3.9).repeat((2, 1, 1))
    atoms.set_cell(atoms.cell.array @ [[1, 0.02, 0], [0, 1, 0.03], [0.01, 0, 1.05]], True)
    atoms.rattle(0.03, seed=7)
    return atoms


@pytest.mark.parametrize("optimizer", ["newton", "BFGS"])
def test_isotropic_cells_keep_angles_and_ratios(
    skew_solid: Atoms, pair_model: Callable[..., Any], optimizer: str
) -> None:
    settings = replace(TIGHT, cell="isotropic", optimizer=optimizer)
    found = relax(skew_solid, pair_model(), settings)
    before, after = skew_solid.cell.cellpar(), found.atoms.cell.cellpar()
    assert found.converged
    assert abs(found.volume_change) > 0.02
    np.testing.assert_allclose(after[3:], before[3:], rtol=1e-12)
    np.testing.assert_allclose(after[:3] / after[0], before[:3] / before[0], rtol=1e-12)


@pytest.mark.parametrize("optimizer", ["newton", "BFGS"])
def test_lengths_keep_angles(
    skew_solid: Atoms, pair_model: Callable[..., Any], optimizer: str
) -> None:
    found = relax(skew_solid, pair_model(), replace(TIGHT, cell="lengths", optimizer=optimizer))
    before, after = skew_solid.cell.cellpar(), found.atoms.cell.cellpar()
    assert found.converged
    np.testing.assert_allclose(after[3:], before[3:], rtol=1e-12)
    changes = after[:3] / before[:3] - 1
    assert np.ptp(changes) > 1e-3
    # nothing turns: cell vectors stretch along themselves
    np.testing.assert_allclose(
        found.atoms.cell.array, skew_solid.cell.array * (1 + changes)[:, np.newaxis], atol=1e-12
    )


@pytest.mark.parametrize("optimizer", ["newton", "BFGS"])
def test_a_shape_is_relaxed_at_its_volume(
    skew_solid: Atoms, pair_model: Callable[..., Any], optimizer: str
) -> None:
    """What is left is a pressure, under which the free cell has this shape and energy."""
    model = pair_model()
    found = relax(skew_solid, model, replace(TIGHT, cell="shape", optimizer=optimizer))
    assert found.converged
    assert found.volume_change == pytest.approx(0.0, abs=1e-12)
    assert np.ptp(found.atoms.cell.cellpar()[:3] / skew_solid.cell.cellpar()[:3]) > 1e-3
    assert found.max_stress_GPa == pytest.approx(0.0, abs=0.01)
    assert found.pressure_GPa is not None
    assert abs(found.pressure_GPa) > 1.0
    free = relax(found.atoms, model, replace(TIGHT, pressure_GPa=found.pressure_GPa))
    assert free.volume_change == pytest.approx(0.0, abs=1e-4)
    assert free.energy_after_eV == pytest.approx(found.energy_after_eV, abs=1e-3)
    np.testing.assert_allclose(free.atoms.cell.cellpar(), found.atoms.cell.cellpar(), rtol=2e-4)


@pytest.mark.parametrize("cell", ["isotropic", "lengths", "shape"])
def test_optimizers_agree_and_less_freedom_is_higher_in_energy(
    skew_solid: Atoms, pair_model: Callable[..., Any], cell: str
) -> None:
    settings = replace(TIGHT, cell=cell)
    ours, theirs = (
        relax(skew_solid, pair_model(), replace(settings, optimizer=name))
        for name in ("newton", "BFGS")
    )
    assert ours.energy_after_eV == pytest.approx(theirs.energy_after_eV, abs=1e-5)
    np.testing.assert_allclose(ours.atoms.cell.cellpar(), theirs.atoms.cell.cellpar(), rtol=1e-4)
    free = relax(skew_solid, pair_model(), TIGHT)
    fixed = relax(skew_solid, pair_model(), replace(TIGHT, cell="fixed"))
    assert free.energy_after_eV < ours.energy_after_eV < fixed.energy_after_eV


@pytest.mark.parametrize("cell", ["isotropic", "lengths"])
def test_a_partly_relaxed_cell_is_the_best_of_its_kind(
    skew_solid: Atoms, pair_model: Callable[..., Any], cell: str
) -> None:
    """No other size, or length, has a lower energy: by energies of relaxed positions alone."""
    found = relax(skew_solid, pair_model(), replace(TIGHT, cell=cell))
    stretches = [np.full(3, 1.0)] if cell == "isotropic" else list(np.eye(3))
    for stretch in stretches:
        for sign in (1, -1):
            other = found.atoms.copy()
            scaled = other.cell.array * (1 + sign * 0.01 * stretch)[:, np.newaxis]
            other.set_cell(scaled, scale_atoms=True)
            fixed = relax(other, pair_model(), replace(TIGHT, cell="fixed"))
            assert fixed.energy_after_eV > found.energy_after_eV


@pytest.mark.parametrize("cell", ["isotropic", "lengths", "shape"])
@pytest.mark.parametrize("optimizer", ["newton", "BFGS"])
def test_relaxing_commutes_with_turning(
    skew_solid: Atoms, pair_model: Callable[..., Any], turn: np.ndarray, cell: str, optimizer: str
) -> None:
    settings = replace(TIGHT, cell=cell, optimizer=optimizer)
    expected = relax(skew_solid, pair_model(), settings)
    turned = skew_solid.copy()
    turned.set_cell(skew_solid.cell.array @ turn, scale_atoms=True)
    found = relax(turned, pair_model(), settings)
    np.testing.assert_allclose(found.atoms.cell.array, expected.atoms.cell.array @ turn, atol=1e-3)
    assert found.energy_after_eV == pytest.approx(expected.energy_after_eV, abs=1e-6)


@pytest.mark.parametrize("optimizer", ["newton", "BFGS"])
@pytest.mark.parametrize("cell", ["isotropic", "lengths"])
def test_partly_relaxed_cells_keep_an_imposed_group(
    pair_model: Callable[..., Any], cell: str, optimizer: str
) -> None:
    """A hexagonal cell keeps its two equal lengths equal."""
    metal = bulk("Mg", "hcp", a=3.7, c=6.3)
    settings = replace(TIGHT, cell=cell, optimizer=optimizer, symmetrize_A=0.01)
    found = relax(metal, pair_model(), settings)
    a, b, c, *angles = found.atoms.cell.cellpar()
    assert found.converged
    assert space_group(found.atoms).number == 194
    assert a == pytest.approx(b, rel=1e-12)
    assert angles == pytest.approx([90, 90, 120], rel=1e-12)
    assert (abs(c / a / (6.3 / 3.7) - 1) < 1e-12) == (cell == "isotropic")


def test_kinds_of_strain() -> None:
    cell_A = np.array([[3.0, 0, 0], [1.0, 4.0, 0], [0.5, -1.0, 5.0]])
    assert strains_of("fixed", cell_A) is NO_STRAINS
    assert strains_of("free", cell_A) is ALL_STRAINS
    shape = strains_of("shape", cell_A).reshape(5, 9)
    np.testing.assert_allclose(shape @ shape.T, np.eye(5) / 2, atol=1e-15)
    np.testing.assert_allclose(shape @ np.eye(3).ravel(), 0.0, atol=1e-15)
    for number, strain in enumerate(strains_of("lengths", cell_A)):
        expected = np.zeros((3, 3))
        expected[number] = cell_A[number]
        np.testing.assert_allclose(cell_A @ strain, expected, atol=1e-14)
    stretched = cell_A @ (np.eye(3) + 0.2 * strains_of("lengths", cell_A)[1])
    np.testing.assert_allclose(
        strains_of("lengths", stretched), strains_of("lengths", cell_A), atol=1e-14
    )


@pytest.mark.parametrize(
    ("atoms", "n_strains"),
    [
        (bulk("Cu", "fcc", a=3.6), 1),
        (bulk("Cu", "fcc", a=3.6, cubic=True), 1),
        (bulk("Mg", "hcp", a=3.2, c=5.2), 2),
        (bulk("Cu", "fcc", a=3.6).repeat((2, 1, 1)), 1),
    ],
)
def test_a_group_leaves_few_lengths(atoms: Atoms, n_strains: int) -> None:
    operations = find_operations(atoms, 1e-5)
    strains = strains_of("lengths", atoms.cell.array, operations)
    assert len(strains) == n_strains
    for strain in strains:
        changed = atoms.copy()
        changed.set_cell(atoms.cell.array @ (np.eye(3) + 0.1 * strain), scale_atoms=True)
        assert space_group(changed).number == space_group(atoms).number


def test_size_alone_agrees_with_ase(skew_solid: Atoms, pair_model: Callable[..., Any]) -> None:
    found = relax(skew_solid, pair_model(), replace(TIGHT, cell="isotropic"))
    theirs = skew_solid.copy()
    theirs.calc = ModelCalculator(pair_model())
    for _ in range(3):  # their forces are those in the frame of the first cell
        filtered = FrechetCellFilter(theirs, hydrostatic_strain=True)
        BFGS(filtered, logfile=None).run(fmax=1e-4, steps=200)
    assert found.energy_after_eV == pytest.approx(theirs.get_potential_energy(), abs=1e-5)
    np.testing.assert_allclose(found.atoms.cell.array, theirs.cell.array, atol=1e-3)
