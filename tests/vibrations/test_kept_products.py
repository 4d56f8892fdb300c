"""Products that are kept on disk for the iterations that need them."""

import numpy as np
import pytest
from ase.build import bulk
from numpy.testing import assert_allclose

from nearsight.errors import CheckpointError
from nearsight.hessian.products.operator import HessianOperator
from nearsight.vibrations.kept_products import KeptProducts
from nearsight.vibrations.mass_weighted import MassWeightedOperator


@pytest.fixture(scope="module")
def solid():
    return bulk("MgO", "rocksalt", a=3.75, cubic=True).repeat((2, 2, 1))


def products(solid, model, path, advanced=None, **settings):
    operator = MassWeightedOperator(HessianOperator(solid, model, "analytic"))
    advance = advanced.append if advanced is not None else lambda done: None
    return KeptProducts(operator, path, settings, lambda done, _note: advance(done))


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


class Softer:
    """A model that calls itself the same and is another one."""

    def __init__(self, model, factor):
        self.model, self.factor = model, factor
        self.identity, self.capabilities = model.identity, model.capabilities

    def evaluate(self, structures, *, stress=False):
        return self.model.evaluate(structures, stress=stress)

    def linearize(self, atoms, **settings):
        exact = self.model.linearize(atoms, **settings)
        return lambda vectors: self.factor * exact(vectors)


def test_products_of_another_model_of_the_same_name_are_refused(solid, pair_model, tmp_path):
    vectors = np.random.default_rng(5).normal(size=(1, 3 * len(solid)))
    path = tmp_path / "products"
    products(solid, pair_model(), path)([(0, 0)], vectors)
    with pytest.raises(CheckpointError, match=r"another model than this .*: a product differs by"):
        products(solid, Softer(pair_model(), 0.9995), path)([(0, 0)], vectors)
    products(solid, Softer(pair_model(), 1 - 1e-9), path)([(0, 0)], vectors)


def test_a_product_is_that_of_its_vector(solid, pair_model, tmp_path):
    # As when an eigenvector comes out with the other sign after an interruption.
    vectors = np.random.default_rng(5).normal(size=(2, 3 * len(solid)))
    path = tmp_path / "products"
    first = products(solid, pair_model(), path)
    expected = first([(0, 0), (1, 0)], vectors)
    again = products(solid, pair_model(), path)
    turned = vectors * np.array([[1], [-1]])
    assert_allclose(again([(0, 0), (1, 0)], turned), expected * [[1], [-1]], atol=1e-12)
    assert again._operator.hessian.n_products == 2  # one to compare, and one anew
    once_more = products(solid, pair_model(), path)
    assert_allclose(once_more([(1, 0)], turned[1:]), -expected[1:], atol=1e-12)
    assert once_more._operator.hessian.n_products == 1


def test_vectors_share_calls_of_a_good_length(solid, pair_model):
    sizes = []

    class Counted(MassWeightedOperator):
        def products(self, vectors):
            sizes.append(len(vectors))
            return super().products(vectors)

    operator = Counted(HessianOperator(solid, pair_model(), "analytic"))
    apply = KeptProducts(operator, None, {}, lambda done, note: None)
    vectors = np.random.default_rng(5).normal(size=(30, 3 * len(solid)))
    found = apply([(index, 0) for index in range(30)], vectors)
    assert sizes == [1, 29]  # the first is timed, and the others are quick enough for one call
    assert_allclose(found, operator.products(vectors), atol=1e-12)
