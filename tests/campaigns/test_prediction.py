import numpy as np
import pytest

from nearsight.campaigns.prediction import Prediction, Predictions


def test_power_law_is_found() -> None:
    sizes = np.array([10, 20, 40, 80, 160, 320, 640, 100])
    found = Prediction.of(list(sizes), list(3.0 * (sizes / 100) ** 2.2))
    assert found.exponent == pytest.approx(2.2, rel=1e-9)
    assert found.seconds(100) == pytest.approx(3.0, rel=1e-9)
    assert found.seconds(200) == pytest.approx(3.0 * 2**2.2, rel=1e-9)


def test_few_or_equal_sizes_take_the_published_exponent() -> None:
    assert Prediction.of([10, 1000], [1.0, 2.0]).exponent == Prediction().exponent
    assert Prediction.of([50] * 20, [1.0] * 20).exponent == Prediction().exponent
    assert Prediction.of([50] * 20, [1.0] * 20).seconds(50) == pytest.approx(1.0)


def test_nothing_is_said_before_anything_was_measured() -> None:
    assert Prediction.of([], []).seconds(100) is None
    assert Prediction.of([10], [0.0]).seconds(100) is None


def test_one_outlier_does_not_decide() -> None:
    found = Prediction.of([100] * 9, [1.0] * 8 + [1000.0])
    assert found.seconds(100) == pytest.approx(1.0)


def test_each_workflow_has_its_own_times() -> None:
    found = Predictions()
    for n_atoms in (10, 20, 40, 80) * 3:
        found.add("energy", n_atoms, 0.01 * n_atoms)
        found.add("heat-capacity", n_atoms, 0.001 * n_atoms**2)
    assert found.seconds("energy", 160) == pytest.approx(1.6, rel=1e-9)
    assert found.seconds("heat-capacity", 160) == pytest.approx(25.6, rel=1e-9)
    assert found.seconds("elastic", 160) is None
