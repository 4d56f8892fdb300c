"""Quasi-Newton steps: the same minima in fewer force calls, and always downhill."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk

from nearsight.hessian.products.operator import HessianOperator
from nearsight.models.calculator import ModelCalculator
from nearsight.relaxation import RelaxationSettings, relax
from nearsight.relaxation.curvature import FittedSprings, Limits
from nearsight.relaxation.newton import Newton
from nearsight.relaxation.strains import ALL_STRAINS
from nearsight.relaxation.volume import volume_warnings
from nearsight.structures.symmetry import space_group


@pytest.fixture
def solid() -> Atoms:
    """Away from its minimum in cell and positions, with soft and stiff motions."""
    atoms = bulk("MgO", "rocksalt", a=4.05, cubic=True).repeat((2, 1, 1))
    atoms.rattle(0.1, seed=1)
    return atoms


def test_ends_where_bfgs_ends_after_fewer_steps(
    solid: Atoms, pair_model: Callable[..., Any]
) -> None:
    ours = relax(solid, pair_model(), RelaxationSettings(fmax_eV_per_A=1e-4, optimizer="newton"))
    theirs = relax(solid, pair_model(), RelaxationSettings(fmax_eV_per_A=1e-4, optimizer="BFGS"))
    assert ours.converged
    assert ours.energy_after_eV == pytest.approx(theirs.energy_after_eV, abs=1e-6)
    assert ours.volume_after_A3 == pytest.approx(theirs.volume_after_A3, rel=1e-4)
    assert ours.n_steps < 0.7 * theirs.n_steps


def test_molecules_relax_too(pair_model: Callable[..., Any]) -> None:
    corners = 3.0 * np.array([[0, 0, 0], [1, 1, 0], [1, 0, 1], [0, 1, 1]]) / np.sqrt(2)
    start = Atoms("Mg3Si", positions=corners)
    start.rattle(0.1, seed=2)
    ours = relax(start, pair_model(), RelaxationSettings(fmax_eV_per_A=1e-4, optimizer="newton"))
    theirs = relax(start, pair_model(), RelaxationSettings(fmax_eV_per_A=1e-4, optimizer="BFGS"))
    assert ours.converged
    assert ours.energy_after_eV == pytest.approx(theirs.energy_after_eV, abs=1e-6)


def test_every_step_goes_downhill(solid: Atoms, pair_model: Callable[..., Any]) -> None:
    solid.calc = ModelCalculator(pair_model())
    products_of = partial(HessianOperator, model=pair_model())
    newton = Newton(solid, FittedSprings(solid, products_of, ALL_STRAINS))
    energies = [solid.get_potential_energy() for _ in newton.steps(40)]
    assert np.diff(energies).max() <= 1e-6 * len(solid)
    assert newton.taken == 40


class SoftSprings(HessianOperator):
    """Products to which springs are fitted that are too soft by far."""

    def products(self, vectors: np.ndarray) -> np.ndarray:
        return 0.0 * super().products(vectors)


def test_steps_that_end_higher_are_taken_back(solid: Atoms, pair_model: Callable[..., Any]) -> None:
    solid.calc = ModelCalculator(pair_model())
    products_of = partial(SoftSprings, model=pair_model())
    limits = Limits(softest_eV_per_A2=0.01)
    springs = FittedSprings(solid, products_of, ALL_STRAINS, limits)
    newton = Newton(solid, springs, longest_A=1.0)
    energies = [solid.get_potential_energy() for _ in newton.steps(30)]
    assert len(energies) < 31  # some failed
    assert np.diff(energies).max() <= 1e-6 * len(solid)
    again = Newton(solid, FittedSprings(solid, products_of, ALL_STRAINS, limits), longest_A=1.0)
    for _ in again.steps(300):
        if np.abs(solid.get_forces()).max() < 0.005 and np.abs(solid.get_stress()).max() < 1e-4:
            break
    else:
        raise AssertionError("no minimum was found")


def test_a_large_strain_lays_the_springs_out_anew(pair_model: Callable[..., Any]) -> None:
    stretched = bulk("MgO", "rocksalt", a=4.6, cubic=True)
    stretched.rattle(0.05, seed=3)
    found = relax(
        stretched, pair_model(), RelaxationSettings(fmax_eV_per_A=1e-4, optimizer="newton")
    )
    assert found.volume_change < -0.3  # a strain of more than 0.1
    near = bulk("MgO", "rocksalt", a=3.8, cubic=True)
    best = relax(near, pair_model(), RelaxationSettings(fmax_eV_per_A=1e-4, optimizer="BFGS"))
    assert found.energy_after_eV == pytest.approx(best.energy_after_eV, abs=1e-5)


def test_imposed_symmetry_is_kept(alpha_quartz: Atoms, pair_model: Callable[..., Any]) -> None:
    settings = RelaxationSettings(fmax_eV_per_A=1e-4, cell="fixed", optimizer="newton")
    free = relax(alpha_quartz, pair_model(), settings)
    assert space_group(free.atoms).number < 152  # left to itself, the structure loses its group
    settings = replace(settings, symmetrize_A=0.01)
    found = relax(alpha_quartz, pair_model(), settings)
    assert found.converged
    assert found.symmetry is not None
    assert found.symmetry.number_after == found.symmetry.number_imposed == 152
    assert np.abs(found.atoms.positions - alpha_quartz.positions).max() > 0.1
    theirs = relax(alpha_quartz, pair_model(), replace(settings, optimizer="BFGS"))
    assert found.energy_after_eV == pytest.approx(theirs.energy_after_eV, abs=1e-5)
    assert found.energy_after_eV > free.energy_after_eV + 1.0


def saddle(offset_A: float) -> Atoms:
    """Return a chain in which Mg is drawn to either Si, and an O2 too long by 1.5 mÅ."""
    positions = [[0, 0, offset_A], [0, 0, 3.7], [8, 8, 1.0], [8, 8, 2.28135]]
    return Atoms("MgSiO2", positions=positions, cell=[16, 16, 7.4], pbc=True)


def test_a_saddle_that_shows_is_said(pair_model: Callable[..., Any]) -> None:
    found = relax(saddle(0.002), pair_model(), RelaxationSettings(cell="fixed", optimizer="newton"))
    assert found.converged
    curvature = np.linalg.eigvalsh(HessianOperator(found.atoms, pair_model()) @ np.eye(12))
    assert curvature[0] < -0.5
    [warning] = found.warnings
    assert "negative (-" in warning
    assert "may be a saddle point" in warning
    assert "relax_to_minimum" in warning


def test_a_saddle_that_was_left_is_not_said(pair_model: Callable[..., Any]) -> None:
    found = relax(saddle(0.004), pair_model(), RelaxationSettings(cell="fixed", optimizer="newton"))
    assert found.converged
    assert found.atoms.get_distance(0, 1, mic=True) < 3.0
    assert found.warnings == ()


def test_minima_are_no_saddles(
    solid: Atoms, displaced_quartz: Atoms, pair_model: Callable[..., Any]
) -> None:
    for atoms in (solid, displaced_quartz):
        for dtype in ("float64", "float32"):
            model = pair_model(dtype)
            found = relax(atoms, model, RelaxationSettings(optimizer="newton"))
            assert found.converged
            assert found.warnings == volume_warnings(atoms, found.atoms, model)


def test_an_interrupted_relaxation_goes_on(
    solid: Atoms, pair_model: Callable[..., Any], tmp_path: Path
) -> None:
    path = tmp_path / "relaxation"
    settings = RelaxationSettings(fmax_eV_per_A=1e-4, optimizer="newton")
    stopped = relax(solid, pair_model(), replace(settings, max_steps=5), checkpoint=path)
    assert not stopped.converged
    found = relax(solid, pair_model(), settings, checkpoint=path)
    assert found.converged
    assert found.n_steps > stopped.n_steps == 5
    whole = relax(solid, pair_model(), settings)
    assert found.energy_after_eV == pytest.approx(whole.energy_after_eV, abs=1e-6)


def test_single_precision_converges(solid: Atoms, pair_model: Callable[..., Any]) -> None:
    found = relax(solid, pair_model("float32"), RelaxationSettings(optimizer="newton"))
    assert found.converged
    assert found.n_steps < 60


def test_models_without_derivatives_give_differences(emt: Any, rattled_copper: Atoms) -> None:
    found = relax(rattled_copper, emt, RelaxationSettings(fmax_eV_per_A=1e-3, optimizer="newton"))
    best = relax(rattled_copper, emt, RelaxationSettings(fmax_eV_per_A=1e-3, optimizer="BFGS"))
    assert found.energy_after_eV == pytest.approx(best.energy_after_eV, abs=1e-5)
