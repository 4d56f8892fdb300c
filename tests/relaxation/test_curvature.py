"""When springs are laid out anew, when they are fitted again, and what that saves."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk

from nearsight.errors import StructureError
from nearsight.hessian.products.operator import HessianOperator
from nearsight.models.calculator import ModelCalculator
from nearsight.relaxation.curvature import USUAL_LIMITS, FittedSprings, Limits
from nearsight.relaxation.followed import residual
from nearsight.relaxation.newton import Newton
from nearsight.relaxation.strains import ALL_STRAINS

NEVER_LEFT = Limits(largest_strain=np.inf, farthest_A=np.inf)


@pytest.fixture
def far_off() -> Atoms:
    """So far from its minimum in cell and positions that other atoms become neighbours."""
    atoms = bulk("MgO", "rocksalt", a=4.4, cubic=True)
    atoms.rattle(0.3, seed=1)
    return atoms


class Products:
    """Operators of a model, whose products are counted, and of which some are not there."""

    def __init__(self, model: Any, spoilt: int = 0, most: int | None = None) -> None:
        self.model = model
        self.taken: list[int] = []
        self.spoilt, self.most = spoilt, most

    def __call__(self, atoms: Atoms) -> Any:
        if self.most is not None and len(self.taken) >= self.most:
            self.taken.append(0)
            raise StructureError("atoms are too close")
        return _Counted(self, HessianOperator(atoms, self.model))


class _Counted:
    def __init__(self, asked: Products, operator: HessianOperator) -> None:
        self.asked, self.operator, self.method = asked, operator, operator.method

    def products(self, vectors: np.ndarray) -> np.ndarray:
        self.asked.taken.append(len(vectors))
        spoilt = len(self.asked.taken) <= self.asked.spoilt
        return 0.0 * vectors if spoilt else self.operator.products(vectors)


def descend(atoms: Atoms, products: Products, limits: Limits, longest_A: float = 0.2) -> Newton:
    """Go down until no force is above 10⁻⁴ eV/Å, nor what the stress stands for."""
    atoms.calc = ModelCalculator(products.model)
    springs = FittedSprings(atoms, products, ALL_STRAINS, limits)
    newton = Newton(atoms, springs, longest_A=longest_A)
    for _ in newton.steps(500):
        stress = atoms.get_stress()
        if residual(atoms.get_forces(), stress, atoms.cell.array, "free") < 1e-4:
            return newton
    raise AssertionError("no minimum was found")


def worn_out(springs: FittedSprings) -> bool:
    """Fail until the springs are outdated where they were laid out; tell whether they ever are."""
    origin = np.zeros(springs.frame.size)
    for _ in range(14):
        springs.count(failed=True)
        assert not springs.outdated(origin)  # not at once
    springs.count(failed=True)
    return springs.outdated(origin)


def test_springs_laid_out_where_the_structure_went_save_steps(
    far_off: Atoms, pair_model: Callable[..., Any]
) -> None:
    ends = {}
    for limits, fits in ((USUAL_LIMITS, [4, 4]), (NEVER_LEFT, [4])):
        atoms, products = far_off.copy(), Products(pair_model())
        n_steps = descend(atoms, products, limits).taken
        assert products.taken == fits  # where springs follow, new bonds are fitted on the way
        ends[limits] = atoms.get_potential_energy(), n_steps
    (energy, n_renewed), (same_energy, n_left) = ends.values()
    assert energy == pytest.approx(same_energy, abs=1e-5)
    assert n_renewed < 0.8 * n_left


def test_springs_that_fail_are_fitted_again(pair_model: Callable[..., Any]) -> None:
    start = bulk("MgO", "rocksalt", a=4.2, cubic=True).repeat((2, 1, 1))
    start.rattle(0.2, seed=2)
    n_steps = {}
    for most in (6, 1):
        # springs that are too soft by far make steps that are too long
        products = Products(pair_model(), spoilt=1)
        limits = replace(NEVER_LEFT, softest_eV_per_A2=0.01, most_fits=most)
        n_steps[most] = descend(start.copy(), products, limits, longest_A=1.0).taken
        assert len(products.taken) == (2 if most > 1 else 1)
    assert n_steps[6] < 0.8 * n_steps[1]


def test_a_structure_that_goes_far_outdates_its_springs(
    far_off: Atoms, pair_model: Callable[..., Any]
) -> None:
    springs = FittedSprings(far_off, Products(pair_model()), ALL_STRAINS)
    x = np.zeros(springs.frame.size)
    assert not springs.outdated(x)
    for coordinate, near, far in ((4, 0.9, -1.1), (-6, 0.09, -0.11), (-1, 0.09, 0.11)):
        x[coordinate] = near
        assert not springs.outdated(x)
        x[coordinate] = far
        assert springs.outdated(x)
        x[coordinate] = 0.0


def test_a_fit_that_fails_is_not_tried_again_at_once(
    far_off: Atoms, pair_model: Callable[..., Any]
) -> None:
    products = Products(pair_model(), most=1)
    springs = FittedSprings(far_off, products, ALL_STRAINS)
    springs.fit()
    gradient = np.random.default_rng(1).normal(size=springs.frame.size)
    before = springs.solve(gradient)
    for n_failures in range(1, 6):
        assert worn_out(springs)
        assert not springs.renew()
        assert products.taken == [4] + n_failures * [0]
        np.testing.assert_allclose(springs.solve(gradient), before, rtol=1e-6)
    assert not worn_out(springs)  # six fits are the most


def test_the_first_fit_must_succeed(far_off: Atoms, pair_model: Callable[..., Any]) -> None:
    springs = FittedSprings(far_off, Products(pair_model()), ALL_STRAINS)
    far_off.positions[1] = far_off.positions[0] + 1e-4
    with pytest.raises(StructureError):
        springs.fit()


class Watched(Newton):
    """Steps that are compared with what they were in the frame before."""

    n_carried = 0

    def _renew(self) -> None:
        left, before = self._springs.frame, self._updates
        super()._renew()
        frame = self._springs.frame
        if frame is left:
            return
        deformation = np.linalg.solve(left.cell_A, frame.cell_A)
        assert np.abs(deformation - np.eye(3)).max() > 0.05
        assert len(self._updates) == len(before) > 0
        for (old, old_change), (new, new_change) in zip(before, self._updates, strict=True):
            moved = left.displacements(old) @ deformation
            np.testing.assert_allclose(frame.displacements(new), moved, atol=1e-12)
            # the curvature along a step is the same in both frames
            assert new @ new_change == pytest.approx(old @ old_change, rel=1e-10)
        self.n_carried += 1


def test_what_steps_told_is_carried_into_the_new_frame(
    far_off: Atoms, pair_model: Callable[..., Any]
) -> None:
    far_off.calc = ModelCalculator(pair_model())
    products = Products(pair_model(), most=1)  # no second fit, which would begin anew
    newton = Watched(far_off, FittedSprings(far_off, products, ALL_STRAINS))
    for _ in newton.steps(25):
        pass
    assert newton.n_carried > 0
