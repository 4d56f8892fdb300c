"""How reports write numbers."""

import pytest

from nearsight.reports.wording import signed


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [(1.25, 1, "+1.2"), (-0.1, 2, "−0.10"), (-2.6e-14, 6, "+0.000000"), (0.0, 0, "+0")],
)
def test_a_number_has_its_sign_unless_nothing_of_it_is_shown(
    value: float, digits: int, text: str
) -> None:
    assert signed(value, digits) == text
