"""Probing vectors and the products that are kept for them."""

import numpy as np
import pytest
from ase.build import bulk
from numpy.testing import assert_allclose

from nearsight.errors import CheckpointError
from nearsight.hessian.operator import HessianOperator
from nearsight.vibrations.colouring import colour_atoms
from nearsight.vibrations.mass_weighted import MassWeightedOperator
from nearsight.vibrations.probes import ProbeProducts, probing_vectors, random_triads


@pytest.fixture(scope="module")
def solid():
    return bulk("MgO", "rocksalt", a=3.75, cubic=True).repeat((2, 2, 1))


def test_triads_are_orthonormal_and_turned_evenly():
    triads = random_triads(20000, seed=1)
    assert_allclose(triads @ triads.swapaxes(1, 2), np.tile(np.eye(3), (20000, 1, 1)), atol=1e-12)
    # Each element of an evenly turned triad has the mean 0, the square 1/3, the fourth power 1/5.
    scatter = 5 / np.sqrt(20000)
    assert_allclose(triads.mean(axis=0), 0.0, atol=scatter)
    assert_allclose((triads**2).mean(axis=0), 1 / 3, atol=scatter)
    assert_allclose((triads**4).mean(axis=0), 1 / 5, atol=scatter)
    assert np.linalg.det(triads).mean() == pytest.approx(0.0, abs=scatter)


def test_probing_vectors_add_up_to_every_direction_of_every_atom(solid):
    colours = colour_atoms(solid, 1.8)
    vectors = probing_vectors(colours, random_triads(len(solid), seed=2))
    assert len(vectors) == 3 * (colours.max() + 1)
    # The blocks of Z Zᵀ of each atom are the unit matrix.
    blocks = vectors.reshape(-1, len(solid), 3)
    assert_allclose(
        np.einsum("vaj,vak->ajk", blocks, blocks),
        np.tile(np.eye(3), (len(solid), 1, 1)),
        atol=1e-12,
    )
    for index, vector in enumerate(blocks):
        assert set(np.flatnonzero(vector.any(axis=1))) == set(np.flatnonzero(colours == index // 3))


def products(solid, model, path, advanced=None, **settings):
    operator = MassWeightedOperator(HessianOperator(solid, model, "analytic"))
    advance = advanced.append if advanced is not None else lambda done: None
    return ProbeProducts(operator, path, settings, lambda done, _note: advance(done))


def test_kept_products_are_not_computed_again(solid, pair_model, tmp_path):
    vectors = np.random.default_rng(5).normal(size=(3, 3 * len(solid)))
    keys = [(0, 0), (1, 0), (2, 4)]
    path = tmp_path / "products"
    first = products(solid, pair_model(), path)
    expected = first(keys, vectors)
    advanced = []
    again = products(solid, pair_model(), path, advanced)
    assert_allclose(again(keys[:2], vectors[:2]), expected[:2], atol=0)
    assert again._operator.hessian.n_products == 1  # one, to compare
    more = again([*keys, (3, 0)], np.vstack([vectors, vectors[:1]]))
    assert_allclose(more, expected[[0, 1, 2, 0]], atol=1e-12)
    assert again._operator.hessian.n_products == 2
    assert again.n_used == advanced[-1] == 6


def test_products_of_something_else_are_refused(solid, pair_model, tmp_path):
    vectors = np.random.default_rng(5).normal(size=(1, 3 * len(solid)))
    path = tmp_path / "products"
    products(solid, pair_model(), path, seed=1)([(0, 0)], vectors)
    with pytest.raises(CheckpointError, match="another settings"):
        products(solid, pair_model(), path, seed=2)
    moved = solid.copy()
    moved.positions[0] += 0.01
    with pytest.raises(CheckpointError, match="another structure"):
        products(moved, pair_model(), path, seed=1)
    # a model that calls itself the same and is another one
    with pytest.raises(CheckpointError, match="a product in it differs"):
        products(solid, pair_model(), path, seed=1)([(0, 0)], vectors[:, ::-1])


def test_vectors_share_calls_of_a_good_length(solid, pair_model, monkeypatch):
    sizes = []
    operator = MassWeightedOperator(HessianOperator(solid, pair_model(), "analytic"))
    plain = operator.products
    monkeypatch.setattr(operator, "products", lambda v: (sizes.append(len(v)), plain(v))[1])
    apply = ProbeProducts(operator, None, {}, lambda done, note: None)
    vectors = np.random.default_rng(5).normal(size=(30, 3 * len(solid)))
    found = apply([(index, 0) for index in range(30)], vectors)
    assert sizes == [12, 18]  # the first are timed, and the others are quick enough for one call
    assert_allclose(found, plain(vectors), atol=1e-12)
