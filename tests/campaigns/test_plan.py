import pytest

from nearsight.campaigns.plan import Measured, Predicted, packed, plan_campaign, predict_by

QUADRATIC = [
    Measured(n, (n / 100) ** 2, int(1e9 * (n / 100) ** 2))
    for n in (10, 20, 50, 99, 100, 200, 300, 400)
]


def test_equal_work_packs_without_a_gap() -> None:
    packing = packed([3600.0] * 12, 4)
    assert (packing.hours, packing.busy_share) == (pytest.approx(3.0), pytest.approx(1.0))


def test_one_long_piece_decides_the_end() -> None:
    packing = packed([7200.0, *[60.0] * 10], 3)
    assert packing.hours == pytest.approx(2.0)
    assert packing.busy_share == pytest.approx((7200 + 600) / (3 * 7200))


def test_plan_says_hours_and_what_is_too_large() -> None:
    sizes = [("small.cif", 100), ("large.cif", 1000), ("medium.cif", 300)]
    predicted, exponent = predict_by(QUADRATIC, sizes)
    assert exponent == pytest.approx(2.0)
    plan = plan_campaign(predicted, [1, 2], memory_bytes=10**10)
    assert plan.worker_hours == pytest.approx((1 + 100 + 9) / 3600)
    assert plan.too_large == ("large.cif",)
    assert plan.longest == ("large.cif", pytest.approx(100 / 3600))
    one, two = plan.packings
    assert one.hours == pytest.approx(plan.worker_hours)
    assert two.hours == pytest.approx(100 / 3600)


def test_longest_need_not_be_the_largest() -> None:
    predicted = [Predicted("large.cif", 100, 10.0, 0), Predicted("dense.cif", 50, 3600.0, 0)]
    plan = plan_campaign(predicted, [2])
    assert plan.longest == ("dense.cif", 1.0)
    assert plan.packings[0].hours == pytest.approx(1.0)
