"""Quasi-Newton steps: the same minima in fewer force calls, and always downhill."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk

from nearsight.models.as_calculator import ModelCalculator
from nearsight.relaxation import relax
from nearsight.relaxation.newton import Newton


@pytest.fixture
def solid() -> Atoms:
    """Away from its minimum in cell and positions, with soft and stiff motions."""
    atoms = bulk("MgO", "rocksalt", a=4.05, cubic=True).repeat((2, 1, 1))
    atoms.rattle(0.1, seed=1)
    return atoms


def test_ends_where_bfgs_ends_after_fewer_steps(
    solid: Atoms, pair_model: Callable[..., Any]
) -> None:
    ours = relax(solid, pair_model(), fmax=1e-4, optimizer="newton")
    theirs = relax(solid, pair_model(), fmax=1e-4, optimizer="BFGS")
    assert ours.converged
    assert ours.energy_after_eV == pytest.approx(theirs.energy_after_eV, abs=1e-6)
    assert ours.volume_after_A3 == pytest.approx(theirs.volume_after_A3, rel=1e-4)
    assert ours.n_steps < 0.7 * theirs.n_steps


def test_molecules_relax_too(pair_model: Callable[..., Any]) -> None:
    corners = 3.0 * np.array([[0, 0, 0], [1, 1, 0], [1, 0, 1], [0, 1, 1]]) / np.sqrt(2)
    start = Atoms("Mg3Si", positions=corners)
    start.rattle(0.1, seed=2)
    ours = relax(start, pair_model(), fmax=1e-4, optimizer="newton")
    theirs = relax(start, pair_model(), fmax=1e-4, optimizer="BFGS")
    assert ours.converged
    assert ours.energy_after_eV == pytest.approx(theirs.energy_after_eV, abs=1e-6)


def test_every_step_goes_downhill(solid: Atoms, pair_model: Callable[..., Any]) -> None:
    solid.calc = ModelCalculator(pair_model())
    newton = Newton(solid, pair_model(), cell=True)
    energies = [solid.get_potential_energy() for _ in newton.irun(fmax=0.0, steps=40)]
    assert np.diff(energies).max() <= 1e-6 * len(solid)
    assert newton.nsteps == 40


def test_steps_that_end_higher_are_taken_back(
    solid: Atoms, pair_model: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    # springs that are too soft by far make steps that are too long
    monkeypatch.setattr("nearsight.relaxation.springs.nnls", lambda a, _: (np.zeros(a.shape[1]), 0))
    monkeypatch.setattr("nearsight.relaxation.curvature._SOFTEST_eV_per_A2", 0.01)
    monkeypatch.setattr("nearsight.relaxation.newton._LONGEST_A", 1.0)
    solid.calc = ModelCalculator(pair_model())
    newton = Newton(solid, pair_model(), cell=True)
    energies = [solid.get_potential_energy() for _ in newton.irun(fmax=0.0, steps=30)]
    assert len(energies) < 31  # some failed
    assert np.diff(energies).max() <= 1e-6 * len(solid)
    found = relax(solid, pair_model(), optimizer="newton")
    assert found.converged


def test_a_large_strain_lays_the_springs_out_anew(pair_model: Callable[..., Any]) -> None:
    stretched = bulk("MgO", "rocksalt", a=4.6, cubic=True)
    stretched.rattle(0.05, seed=3)
    found = relax(stretched, pair_model(), fmax=1e-4, optimizer="newton")
    assert found.volume_change < -0.3  # a strain of more than 0.1
    near = bulk("MgO", "rocksalt", a=3.8, cubic=True)
    best = relax(near, pair_model(), fmax=1e-4)
    assert found.energy_after_eV == pytest.approx(best.energy_after_eV, abs=1e-5)


def test_imposed_symmetry_is_kept(pair_model: Callable[..., Any]) -> None:
    cubic = bulk("MgO", "rocksalt", a=4.05, cubic=True)
    found = relax(cubic, pair_model(), fmax=1e-4, optimizer="newton", symmetry_tolerance_A=0.01)
    assert found.converged
    assert found.symmetry is not None
    assert found.symmetry.number_after == found.symmetry.number_imposed == 225


def test_an_interrupted_relaxation_goes_on(
    solid: Atoms, pair_model: Callable[..., Any], tmp_path: Path
) -> None:
    path = tmp_path / "relaxation"
    options = {"fmax": 1e-4, "optimizer": "newton", "checkpoint": path}
    stopped = relax(solid, pair_model(), max_steps=5, **options)
    assert not stopped.converged
    found = relax(solid, pair_model(), **options)
    assert found.converged
    assert found.n_steps > stopped.n_steps == 5
    whole = relax(solid, pair_model(), fmax=1e-4, optimizer="newton")
    assert found.energy_after_eV == pytest.approx(whole.energy_after_eV, abs=1e-6)


def test_single_precision_converges(solid: Atoms, pair_model: Callable[..., Any]) -> None:
    found = relax(solid, pair_model("float32"), optimizer="newton")
    assert found.converged
    assert found.n_steps < 60


def test_models_without_derivatives_give_differences(emt: Any, rattled_copper: Atoms) -> None:
    found = relax(rattled_copper, emt, fmax=1e-3, optimizer="newton")
    best = relax(rattled_copper, emt, fmax=1e-3)
    assert found.energy_after_eV == pytest.approx(best.energy_after_eV, abs=1e-5)
