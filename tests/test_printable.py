"""Text that a terminal or a page would act upon."""

import pytest

from nearsight.printable import percent, printable, printable_count, printable_name


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Zn4O(BDC)3, ν = 12 cm⁻¹ für Å", "Zn4O(BDC)3, ν = 12 cm⁻¹ für Å"),
        ("two\n\tlines", "two\n\tlines"),
        ("red \x1b[31m.cif", "red \\x1b[31m.cif"),
        ("title \x1b]0;owned\x07", "title \\x1b]0;owned\\x07"),
        ("back\b\r\x7f", "back\\x08\\x0d\\x7f"),
        ("one \x9b31m byte", "one \\x9b31m byte"),
        ("turned \u202efic.exe", "turned \\u202efic.exe"),
        ("line\u2028end", "line\\u2028end"),
        (b"caf\xe9.cif".decode("utf-8", "surrogateescape"), "caf\\xe9.cif"),
        ("\ud800", "\\ud800"),
    ],
)
def test_what_would_be_obeyed_is_shown(text: str, shown: str) -> None:
    assert printable(text) == shown
    assert printable(shown) == shown
    shown.encode("utf-8")


@pytest.mark.parametrize(
    ("share", "shown"), [(1.0, "100 %"), (0.998, "100 %"), (1 / 3, "33 %"), (1.234e-4, "0.012 %")]
)
def test_a_share_has_two_digits_in_per_cent(share: float, shown: str) -> None:
    assert percent(share) == shown


def test_a_name_stays_in_its_line() -> None:
    assert printable_name("a\n  c_v 1.000\tJ") == "a\\n  c_v 1.000\\tJ"


@pytest.mark.parametrize(
    ("number", "shown"),
    [(1, "1"), (10**18 - 1, "9" * 18), (10**18, "10^18"), (3 * 10**9000, "10^9000")],
    ids=["one", "eighteen digits", "nineteen digits", "thousands of digits"],
)
def test_a_count_of_many_digits_is_a_magnitude(number: int, shown: str) -> None:
    assert printable_count(number) == shown
