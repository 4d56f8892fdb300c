"""Adam against its formulas."""

import numpy as np
import pytest

pytest.importorskip("torch")

from nearsight.training.adam import Adam


def test_steps_are_those_of_its_authors() -> None:
    random = np.random.default_rng(0)
    weights, m, v = random.normal(size=5), np.zeros(5), np.zeros(5)
    own = Adam(weights)
    for t in range(1, 20):
        gradient, rate = random.normal(size=5), 0.01 / t
        m, v = 0.9 * m + 0.1 * gradient, 0.999 * v + 0.001 * gradient**2
        weights = weights - rate * (m / (1 - 0.9**t)) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8)
        np.testing.assert_allclose(own.step(gradient.copy(), rate), weights, rtol=1e-12)


@pytest.mark.parametrize("after", [0, 4])
def test_a_restored_one_goes_on_to_the_bit(after: int) -> None:
    random = np.random.default_rng(1)
    weights, gradients = random.normal(size=5), random.normal(size=(9, 5))
    own = Adam(weights)
    for gradient in gradients[:after]:
        weights = own.step(gradient, 0.01)
    again = Adam(weights)
    again.restore(own.to_arrays())
    for gradient in gradients[after:]:
        assert (own.step(gradient, 0.01) == again.step(gradient, 0.01)).all()
