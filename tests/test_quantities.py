"""Pressures as people write them."""

from pathlib import Path

import numpy as np
import pytest

from nearsight.errors import SettingError
from nearsight.quantities import pressures_of


@pytest.mark.parametrize(
    ("text", "bar"),
    [
        ("0.5", [0.5]),
        ("50kPa", [0.5]),
        ("1e5Pa", [1.0]),
        ("0.1,0.2,0.5bar", [0.1, 0.2, 0.5]),
        ("10,20kPa,1bar", [0.1, 0.2, 1.0]),
        ("1kPa, 2", [0.01, 2.0]),
        ("0:1bar:lin3", None),
        ("0.01:1bar:log3", [0.01, 0.1, 1.0]),
        ("1kPa:1bar:log3", [0.01, 0.1, 1.0]),
        ("100:300kPa:lin3", [1.0, 2.0, 3.0]),
    ],
)
def test_pressures(text: str, bar: list[float] | None) -> None:
    if bar is None:
        with pytest.raises(SettingError, match="is not a positive number"):
            pressures_of(text)
    else:
        assert pressures_of(text) == pytest.approx(bar, rel=1e-12)


def test_a_range_has_both_ends_and_equal_ratios() -> None:
    values = np.array(pressures_of("0.013:1.7bar:log17"))
    assert len(values) == 17
    assert values[-1] == 1.7
    np.testing.assert_allclose(np.diff(np.log(values)), np.log(1.7 / 0.013) / 16)


def test_a_file_has_one_a_line(tmp_path: Path) -> None:
    file = tmp_path / "pressures"
    file.write_text("# measured\n0.073bar\n\n15.1kPa # the second\n0.2, 0.3bar\n", encoding="utf-8")
    assert pressures_of(str(file)) == pytest.approx([0.073, 0.151, 0.2, 0.3])
    file.write_text("0.1bar\nmuch\n", encoding="utf-8")
    with pytest.raises(SettingError, match=r"line 2 of .*pressures: much is no pressure"):
        pressures_of(str(file))
    file.write_text("# nothing\n", encoding="utf-8")
    with pytest.raises(SettingError, match="there is no pressure in"):
        pressures_of(str(file))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("1psi", "1psi is no pressure; write a number and one of bar"),
        ("-1bar", "-1 is not a positive number"),
        ("", "is not a positive number"),
        ("1:2", "is no range of pressures such as"),
        ("1:2bar:5", "is no range of pressures such as"),
        ("2:1bar:log5", "does not end above its start"),
        ("1:2bar:log1", "is 1 pressures; take 2 to 1000"),
        ("1:2bar:lin100000", "is 100000 pressures"),
        ("none.csv", "there is no file none.csv"),
    ],
)
def test_what_is_no_pressure(text: str, said: str) -> None:
    with pytest.raises(SettingError, match=said):
        pressures_of(text)
