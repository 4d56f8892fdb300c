"""Displacements and strain as coordinates."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk

from nearsight.models.calculator import ModelCalculator
from nearsight.relaxation.frame import Frame
from nearsight.relaxation.settings import CELLS
from nearsight.relaxation.strains import strains_of


@pytest.fixture
def solid(pair_model: Callable[..., Any]) -> Atoms:
    atoms = bulk("MgO", "rocksalt", a=3.9, cubic=True)
    atoms.rattle(0.05, seed=1)
    atoms.calc = ModelCalculator(pair_model())
    return atoms


def frame_of(atoms: Atoms, kind: str = "free") -> Frame:
    cell_A = atoms.cell.array.copy()
    return Frame(atoms.positions.copy(), cell_A, strains_of(kind, cell_A))


def somewhere(frame: Frame, seed: int = 2) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=frame.size, scale=0.02)


@pytest.mark.parametrize("kind", CELLS)
def test_gradient_is_the_derivative_of_the_energy(solid: Atoms, kind: str) -> None:
    solid.set_cell(solid.cell.array @ [[1, 0, 0], [0.1, 1, 0], [-0.2, 0.1, 1]], scale_atoms=True)
    frame = frame_of(solid, kind)
    x, direction = somewhere(frame), somewhere(frame, 3) / 0.02
    frame.apply(x, solid)
    slope = frame.gradient(x, solid) @ direction
    energies = []
    for step in (1e-4, -1e-4):
        frame.apply(x + step * direction, solid)
        energies.append(solid.get_potential_energy())
    assert (energies[0] - energies[1]) / 2e-4 == pytest.approx(slope, rel=1e-5)


def test_the_origin_is_the_structure_itself(solid: Atoms) -> None:
    before = solid.copy()
    frame = frame_of(solid)
    frame.apply(somewhere(frame), solid)
    assert not np.allclose(solid.cell, before.cell, atol=1e-3)
    frame.apply(np.zeros(frame.size), solid)
    np.testing.assert_allclose(solid.positions, before.positions, atol=1e-14)
    np.testing.assert_allclose(solid.cell, before.cell, atol=1e-14)


def test_steps_carried_into_another_frame_move_atoms_the_same_way(solid: Atoms) -> None:
    frame = frame_of(solid)
    x = somewhere(frame)
    frame.apply(x, solid)
    start, gradient = solid.positions.copy(), frame.gradient(x, solid)
    new = frame_of(solid)
    step = somewhere(frame, 4)
    step[-6:] = 0.0
    carried, pulled = frame.carried(step, gradient, x)
    frame.apply(x + step, solid)
    np.testing.assert_allclose(start + new.displacements(carried), solid.positions, atol=1e-13)
    # what a gradient says about a step does not depend on the frame
    assert pulled @ carried == pytest.approx(gradient @ step, rel=1e-12)
    new.apply(np.zeros(new.size), solid)
    np.testing.assert_allclose(
        new.displacements(new.gradient(np.zeros(new.size), solid)),
        frame.displacements(pulled),
        atol=1e-12,
    )
