"""Differences of forces: their order, their steps, and what they leave alone."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
from ase import Atoms

from nearsight.derivatives.differences import SCHEMES, difference_products, difference_rows

ORDERS = {"forward-difference": 1, "central-difference": 2, "fourth-order": 4}


def forces_of(model: Any) -> Callable[[Sequence[Atoms]], list[np.ndarray]]:
    return lambda structures: [e.forces_eV_per_A for e in model.evaluate(structures)]


def polynomial_forces(degree: int) -> Callable[[Sequence[Atoms]], list[np.ndarray]]:
    """Forces -x - x² - ... on each coordinate."""
    powers = range(1, degree + 1)
    return lambda structures: [-sum(a.positions**power for power in powers) for a in structures]


@pytest.fixture
def seeds() -> list[tuple[int, np.ndarray]]:
    """Three rows in general directions."""
    random = np.random.default_rng(6)
    return [(atom, random.normal(size=3)) for atom in (0, 4, 8)]


@pytest.fixture
def deviation(
    pair_model: Callable[..., Any], displaced_quartz: Atoms, seeds: list[tuple[int, np.ndarray]]
) -> Callable[..., float]:
    """Return a function: the largest error of differences against analytic double precision."""
    exact = np.stack(list(pair_model().rows(displaced_quartz, seeds)))

    def largest(scheme: str, step_A: float) -> float:
        forces = forces_of(pair_model())
        rows = difference_rows(forces, displaced_quartz, seeds, SCHEMES[scheme], step_A)
        return float(np.abs(np.stack(list(rows)) - exact).max())

    return largest


@pytest.mark.parametrize(("scheme", "order"), ORDERS.items())
def test_error_falls_with_the_order_of_the_scheme(
    deviation: Callable[..., float], scheme: str, order: int
) -> None:
    steps = np.array([0.005, 0.0075, 0.01])
    errors = [deviation(scheme, step) for step in steps]
    slope = np.polyfit(np.log(steps), np.log(errors), 1)[0]
    assert slope == pytest.approx(order, abs=0.05)


@pytest.mark.parametrize(("scheme", "order"), ORDERS.items())
def test_scheme_is_exact_for_polynomials_of_its_order(scheme: str, order: int) -> None:
    atoms = Atoms("H", positions=[(0.7, -0.2, 0.1)])
    derivative = sum(power * atoms.positions[0] ** (power - 1) for power in range(1, order + 1))
    seeds = [(0, unit) for unit in np.eye(3)]
    rows = difference_rows(polynomial_forces(order), atoms, seeds, SCHEMES[scheme], 0.1)
    np.testing.assert_allclose(np.stack(list(rows))[:, 0], np.diag(derivative), atol=1e-12)
    too_high = polynomial_forces(order + 1)
    rows = difference_rows(too_high, atoms, seeds, SCHEMES[scheme], 0.1)
    derivative = derivative + (order + 1) * atoms.positions[0] ** order
    assert np.abs(np.stack(list(rows))[:, 0] - np.diag(derivative)).max() > 1e-5


@pytest.mark.parametrize("scheme", ORDERS)
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_default_step_is_near_the_best_one(
    request: pytest.FixtureRequest, mgo: Atoms, scheme: str, dtype: str
) -> None:
    mgo.rattle(0.05, seed=2)
    seeds = [(1, np.array([0.48, 0.6, 0.64]))]
    exact = next(iter(request.getfixturevalue("sevennet_0").rows(mgo, seeds)))
    suffix = {"float64": "", "float32": "_float32"}[dtype]
    forces = forces_of(request.getfixturevalue(f"sevennet_0{suffix}"))

    def error(step_A: float) -> float:
        [row] = difference_rows(forces, mgo, seeds, SCHEMES[scheme], step_A)
        return float(np.abs(row - exact).max())

    chosen = getattr(SCHEMES[scheme], f"{dtype}_step_A")
    factors = (1 / 100, 1 / 10, 1 / 3, 3, 10, 100)
    errors = [error(factor * chosen) for factor in factors]
    assert error(chosen) <= 10 * min(errors)
    assert error(chosen) < errors[0]
    assert error(chosen) < errors[-1]


def test_products_agree_with_analytic_ones(
    pair_model: Callable[..., Any], displaced_quartz: Atoms
) -> None:
    model = pair_model()
    vectors = np.random.default_rng(9).normal(size=(3, 9, 3))
    vectors[1] = 0.0
    found = difference_products(forces_of(model), displaced_quartz, vectors, 1e-5)
    exact = model.linearize(displaced_quartz)(vectors)
    np.testing.assert_allclose(found, exact, rtol=0, atol=1e-6)
    assert np.abs(found[1]).max() == 0.0
    scaled = difference_products(forces_of(model), displaced_quartz, 1e6 * vectors, 1e-5)
    np.testing.assert_allclose(scaled / 1e6, found, rtol=0, atol=1e-8)


def test_no_atom_moves_farther_than_the_step_and_the_structure_stays() -> None:
    atoms = Atoms("HOH", positions=np.random.default_rng(0).normal(size=(3, 3)))
    before = atoms.positions.copy()
    seen: list[np.ndarray] = []

    def forces(structures: Sequence[Atoms]) -> list[np.ndarray]:
        seen.extend(np.linalg.norm(a.positions - before, axis=1) for a in structures)
        return [np.zeros((3, 3)) for _ in structures]

    vector = np.array([[[3.0, 4.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 0.0]]])
    difference_products(forces, atoms, vector, 0.01)
    np.testing.assert_allclose(seen, [[0.01, 0.002, 0.0]] * 2, atol=1e-15)
    seen.clear()
    list(
        difference_rows(
            forces, atoms, [(1, np.array([0.0, 0.0, 1.0]))], SCHEMES["fourth-order"], 0.01
        )
    )
    np.testing.assert_allclose(np.array(seen)[:, 1], [0.02, 0.01, 0.01, 0.02], atol=1e-15)
    assert np.array(seen)[:, [0, 2]].max() == 0.0
    np.testing.assert_array_equal(atoms.positions, before)


def test_force_calls_are_those_of_the_scheme() -> None:
    calls = []

    def forces(structures: Sequence[Atoms]) -> list[np.ndarray]:
        calls.append(len(structures))
        return [np.zeros((1, 3)) for _ in structures]

    seeds = [(0, unit) for unit in np.eye(3)]
    for scheme, expected in {
        "forward-difference": [1, 1, 1, 1],  # the structure at rest only once
        "central-difference": 6 * [1],
        "fourth-order": 12 * [1],
    }.items():
        calls.clear()
        list(difference_rows(forces, Atoms("H"), seeds, SCHEMES[scheme], 0.01))
        assert calls == expected
