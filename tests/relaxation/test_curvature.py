"""When springs are laid out anew, when they are fitted again, and what that saves."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk

from nearsight.errors import StructureError
from nearsight.hessian.products.operator import HessianOperator
from nearsight.models.calculator import ModelCalculator
from nearsight.relaxation import RelaxationSettings, relax
from nearsight.relaxation.curvature import FittedSprings
from nearsight.relaxation.newton import Newton
from nearsight.relaxation.springs import SpringNetwork
from nearsight.relaxation.strains import ALL_STRAINS

HERE = "nearsight.relaxation.curvature"


@pytest.fixture
def far_off() -> Atoms:
    """So far from its minimum in cell and positions that other atoms become neighbours."""
    atoms = bulk("MgO", "rocksalt", a=4.4, cubic=True)
    atoms.rattle(0.3, seed=1)
    return atoms


@pytest.fixture
def products(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The number of products of each fit, as they are taken."""
    taken: list[int] = []
    original = HessianOperator.products

    def counted(operator: HessianOperator, vectors: np.ndarray) -> np.ndarray:
        taken.append(len(vectors))
        return original(operator, vectors)

    monkeypatch.setattr(HessianOperator, "products", counted)
    return taken


def spoil_first_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the springs of the first fit too soft by far, so that steps are too long."""
    honest, calls = SpringNetwork.fit, []

    def fit(network: SpringNetwork, vectors: np.ndarray, products: np.ndarray) -> Any:
        calls.append(network)
        found = honest(network, vectors, products)
        return dict.fromkeys(found, 0.0) if len(calls) == 1 else found

    monkeypatch.setattr(SpringNetwork, "fit", fit)
    monkeypatch.setattr(f"{HERE}._SOFTEST_eV_per_A2", 0.01)
    monkeypatch.setattr("nearsight.relaxation.newton._LONGEST_A", 1.0)


def worn_out(springs: FittedSprings) -> bool:
    """Fail until the springs are outdated where they were laid out; tell whether they ever are."""
    origin = np.zeros(springs.frame.size)
    for _ in range(14):
        springs.count(failed=True)
        assert not springs.outdated(origin)  # not at once
    springs.count(failed=True)
    return springs.outdated(origin)


def test_springs_laid_out_where_the_structure_went_save_steps(
    far_off: Atoms,
    pair_model: Callable[..., Any],
    products: list[int],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    renewed = relax(far_off, pair_model(), RelaxationSettings(fmax_eV_per_A=1e-4))
    assert products == [4, 4]  # new bonds were fitted on the way
    products.clear()
    monkeypatch.setattr(f"{HERE}._LARGEST_STRAIN", np.inf)
    monkeypatch.setattr(f"{HERE}._FARTHEST_A", np.inf)
    left = relax(far_off, pair_model(), RelaxationSettings(fmax_eV_per_A=1e-4))
    assert products == [4]
    assert renewed.energy_after_eV == pytest.approx(left.energy_after_eV, abs=1e-5)
    assert renewed.n_steps < 0.8 * left.n_steps


def test_springs_that_fail_are_fitted_again(
    pair_model: Callable[..., Any],
    products: list[int],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    start = bulk("MgO", "rocksalt", a=4.2, cubic=True).repeat((2, 1, 1))
    start.rattle(0.2, seed=2)
    n_steps = {}
    for most in (6, 1):
        with monkeypatch.context() as patch:
            spoil_first_fit(patch)
            patch.setattr(f"{HERE}._LARGEST_STRAIN", np.inf)
            patch.setattr(f"{HERE}._FARTHEST_A", np.inf)
            patch.setattr(f"{HERE}._MOST_FITS", most)
            found = relax(start, pair_model(), RelaxationSettings(fmax_eV_per_A=1e-4))
        assert found.converged
        n_steps[most] = found.n_steps
        assert len(products) == (2 if most > 1 else 1)
        products.clear()
    assert n_steps[6] < 0.8 * n_steps[1]


def test_a_structure_that_goes_far_outdates_its_springs(
    far_off: Atoms, pair_model: Callable[..., Any]
) -> None:
    springs = FittedSprings(far_off, pair_model(), ALL_STRAINS)
    x = np.zeros(springs.frame.size)
    assert not springs.outdated(x)
    for coordinate, near, far in ((4, 0.9, -1.1), (-6, 0.09, -0.11), (-1, 0.09, 0.11)):
        x[coordinate] = near
        assert not springs.outdated(x)
        x[coordinate] = far
        assert springs.outdated(x)
        x[coordinate] = 0.0


def test_a_fit_that_fails_is_not_tried_again_at_once(
    far_off: Atoms, pair_model: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    springs = FittedSprings(far_off, pair_model(), ALL_STRAINS)
    springs.fit()
    gradient = np.random.default_rng(1).normal(size=springs.frame.size)
    before = springs.solve(gradient)
    tried = []

    def too_close(*arguments: object, **keywords: object) -> None:
        tried.append(arguments)
        raise StructureError("atoms are too close")

    monkeypatch.setattr(f"{HERE}.HessianOperator", too_close)
    for n_failures in range(1, 6):
        assert worn_out(springs)
        assert not springs.renew()
        assert len(tried) == n_failures
        np.testing.assert_allclose(springs.solve(gradient), before, rtol=1e-6)
    assert not worn_out(springs)  # six fits are the most


def test_the_first_fit_must_succeed(far_off: Atoms, pair_model: Callable[..., Any]) -> None:
    springs = FittedSprings(far_off, pair_model(), ALL_STRAINS)
    far_off.positions[1] = far_off.positions[0] + 1e-4
    with pytest.raises(StructureError):
        springs.fit()


def test_what_steps_told_is_carried_into_the_new_frame(
    far_off: Atoms, pair_model: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(f"{HERE}.is_bond", lambda _: False)  # no fit, which would begin anew
    far_off.calc = ModelCalculator(pair_model())
    newton = Newton(far_off, pair_model(), ALL_STRAINS)
    n_carried = 0
    renew = Newton._renew

    def watched(newton: Newton) -> None:
        nonlocal n_carried
        left, before = newton._springs.frame, newton._updates
        renew(newton)
        frame = newton._springs.frame
        if frame is left:
            return
        deformation = np.linalg.solve(left.cell_A, frame.cell_A)
        assert np.abs(deformation - np.eye(3)).max() > 0.05
        assert len(newton._updates) == len(before) > 0
        for (old, old_change), (new, new_change) in zip(before, newton._updates, strict=True):
            moved = left.displacements(old) @ deformation
            np.testing.assert_allclose(frame.displacements(new), moved, atol=1e-12)
            # the curvature along a step is the same in both frames
            assert new @ new_change == pytest.approx(old @ old_change, rel=1e-10)
        n_carried += 1

    monkeypatch.setattr(Newton, "_renew", watched)
    for _ in newton.irun(fmax=0.0, steps=25):
        pass
    assert n_carried > 0
