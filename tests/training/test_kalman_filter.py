"""The filter against dense matrices, analytic limits and itself."""

import numpy as np
import pytest
from scipy.linalg import block_diag

from nearsight.arrays import FloatArray
from nearsight.training.kalman_filter import DivergenceError, KalmanFilter, NoiseSchedule

CONSTANT = NoiseSchedule(1e9, eta=0.5, eta_max=0.5, q=0.0, q_min=0.0)
NOISY = NoiseSchedule(40.0, eta=0.02, eta_max=1.0, q=0.01, q_min=1e-6, forgetting=0.99)


def textbook(
    p: FloatArray, h: FloatArray, errors: FloatArray, *, r: float, q: float, memory: float
) -> tuple[FloatArray, FloatArray]:
    """Return P and the step of one block, by an inverse and nothing in place."""
    gain = p @ h @ np.linalg.inv(h.T @ p @ h + memory * r * np.eye(len(errors)))
    return (p - gain @ h.T @ p) / memory + q * np.eye(len(p)), gain @ errors


@pytest.mark.parametrize("m", [1, 2, 7])
@pytest.mark.parametrize("schedule", [CONSTANT, NOISY])
def test_one_block_is_the_filter_of_textbooks(m: int, schedule: NoiseSchedule) -> None:
    random = np.random.default_rng(1)
    own, p = KalmanFilter([12], schedule), 100.0 * np.eye(12)
    for update in range(20):
        h, errors = random.normal(size=(12, m)), random.normal(size=m)
        n = update * m
        memory = schedule.forgetting**m
        p, step = textbook(
            p, h, errors, r=1 / schedule.eta_at(n), q=schedule.q_at(n), memory=memory
        )
        [own_step] = own.update([h], errors)
        np.testing.assert_allclose(own_step, step, rtol=1e-7, atol=1e-10)
        np.testing.assert_allclose(own.covariance(0), p, rtol=1e-7, atol=1e-9)
    assert own.n_observations == 20 * m


@pytest.mark.parametrize("m", [1, 5])
def test_blocks_share_one_innovation(m: int) -> None:
    """They are the dense filter whose covariance loses what is between blocks each time."""
    random = np.random.default_rng(2)
    sizes = (4, 7)
    own, blocks = KalmanFilter(sizes, CONSTANT, 3.0), [3.0 * np.eye(size) for size in sizes]
    for _ in range(8):
        h, errors = random.normal(size=(11, m)), random.normal(size=m)
        whole, step = textbook(block_diag(*blocks), h, errors, r=2.0, q=0.0, memory=1.0)
        blocks = [whole[:4, :4], whole[4:, 4:]]
        steps = own.update([h[:4], h[4:]], errors)
        np.testing.assert_allclose(np.concatenate(steps), step, rtol=1e-9, atol=1e-12)
        for place, block in enumerate(blocks):
            np.testing.assert_allclose(own.covariance(place), block, rtol=1e-9, atol=1e-12)


def test_blocks_are_the_global_filter_where_observations_decouple() -> None:
    random = np.random.default_rng(3)
    apart, whole = KalmanFilter([4, 7], NOISY), KalmanFilter([11], NOISY)
    for _ in range(10):
        h = np.zeros((11, 6))
        h[:4, :3], h[4:, 3:] = random.normal(size=(4, 3)), random.normal(size=(7, 3))
        errors = random.normal(size=6)
        steps = apart.update([h[:4], h[4:]], errors)
        [step] = whole.update([h], errors)
        np.testing.assert_allclose(np.concatenate(steps), step, rtol=1e-9, atol=1e-12)
        np.testing.assert_allclose(
            block_diag(apart.covariance(0), apart.covariance(1)),
            whole.covariance(0),
            rtol=1e-9,
            atol=1e-12,
        )


@pytest.mark.parametrize("m", [1, 10])
def test_a_linear_problem_ends_at_regularised_least_squares(m: int) -> None:
    """Without noise of weights, w minimises eta |y - X w|² + |w|² / P0, and P is its Hessian^-1."""
    random = np.random.default_rng(4)
    x, y = random.normal(size=(60, 9)), random.normal(size=60)
    own, weights = KalmanFilter([9], CONSTANT, 5.0), np.zeros(9)
    for start in range(0, 60, m):
        rows = x[start : start + m]
        weights += own.update([rows.T], y[start : start + m] - rows @ weights)[0]
    curvature = 0.5 * x.T @ x + np.eye(9) / 5.0
    np.testing.assert_allclose(weights, np.linalg.solve(curvature, 0.5 * x.T @ y), rtol=1e-10)
    np.testing.assert_allclose(own.covariance(0), np.linalg.inv(curvature), atol=1e-13)


@pytest.mark.parametrize("m", [1, 3])
def test_weights_that_change_no_prediction_stay(m: int) -> None:
    """Their covariance grows by the noise of weights alone."""
    random = np.random.default_rng(7)
    h, errors = random.normal(size=(5, m)), random.normal(size=m)
    own, alone = KalmanFilter([5, 4], NOISY, 2.0), KalmanFilter([5], NOISY, 2.0)
    steps = own.update([h, np.zeros((4, m))], errors)
    np.testing.assert_array_equal(steps[0], alone.update([h], errors)[0])
    assert not steps[1].any()
    grown = 2.0 / NOISY.memory_at(0, m) + NOISY.q_at(0)
    np.testing.assert_allclose(own.covariance(1), grown * np.eye(4), rtol=1e-14)


def test_the_order_of_observations_of_an_update_changes_nothing() -> None:
    random = np.random.default_rng(5)
    h, errors, order = random.normal(size=(9, 8)), random.normal(size=8), random.permutation(8)
    one, other = KalmanFilter([5, 4], NOISY), KalmanFilter([5, 4], NOISY)
    steps = one.update([h[:5], h[5:]], errors)
    turned = other.update([h[:5, order], h[5:, order]], errors[order])
    for place in (0, 1):
        np.testing.assert_allclose(turned[place], steps[place], rtol=1e-11)
        np.testing.assert_allclose(other.covariance(place), one.covariance(place), atol=1e-11)


def test_a_restored_filter_goes_on_to_the_bit() -> None:
    random = np.random.default_rng(6)
    one = KalmanFilter([30, 41], NOISY)
    updates = [(random.normal(size=(71, 6)), random.normal(size=6)) for _ in range(6)]
    for h, errors in updates[:3]:
        one.update([h[:30], h[30:]], errors)
    other = KalmanFilter.restored(one.sizes, NOISY, one.to_arrays())
    for h, errors in updates[3:]:
        steps, again = (each.update([h[:30], h[30:]], errors) for each in (one, other))
        assert all((a == b).all() for a, b in zip(steps, again, strict=True))
    assert (one.covariance(1) == other.covariance(1)).all()


def test_noise_goes_by_decades_of_observations() -> None:
    schedule = NoiseSchedule(100.0, eta_max=1.0)
    assert (schedule.eta_at(0), schedule.q_at(0)) == (0.01, 0.01)
    assert (schedule.eta_at(100), schedule.q_at(100)) == pytest.approx((0.1, 1e-3))
    assert (schedule.eta_at(10**7), schedule.q_at(10**7)) == (1.0, 1e-6)


def test_forgetting_is_counted_in_observations() -> None:
    schedule = NoiseSchedule(1.0, forgetting=0.98, forgetting_decay=0.9)
    one_by_one = np.prod([schedule.memory_at(n, 1) for n in range(5, 9)])
    assert schedule.memory_at(5, 4) == pytest.approx(one_by_one, rel=1e-14)
    assert schedule.memory_at(0, 1) == pytest.approx(0.98)
    assert schedule.memory_at(1, 1) == pytest.approx(1 - 0.02 * 0.9)
    assert schedule.memory_at(10**6, 3) == 1.0


@pytest.mark.parametrize("m", [1, 3])
@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_what_is_no_number_is_said(m: int, bad: float) -> None:
    with pytest.raises(DivergenceError, match="diverged after 0 observations"):
        KalmanFilter([4], NOISY).update([np.full((4, m), bad)], np.ones(m))
    with pytest.raises(DivergenceError, match="smaller `eta`"):
        KalmanFilter([4], NOISY).update([np.ones((4, m))], np.full(m, bad))
