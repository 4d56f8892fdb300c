"""What insertions may be asked for."""

import pytest

from nearsight.adsorption.settings import InsertionSettings
from nearsight.errors import SettingError


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"temperatures_K": ()}, "`temperatures_K` has none"),
        ({"temperatures_K": (0.0,)}, "`temperatures_K` is positive"),
        ({"error": 1.0}, "`error` is a share"),
        ({"uniform_share": 0.05}, "`uniform_share` is 0.1 or more"),
        ({"audited_share": 1.5}, "`audited_share` is a share, at most 1"),
        ({"map_axis": "z"}, "`map_axis` is one of a, b, c"),
    ],
)
def test_what_contradicts_itself_is_refused(values: dict[str, object], said: str) -> None:
    with pytest.raises(SettingError, match=said):
        InsertionSettings(**values)  # type: ignore[arg-type]


def test_an_error_that_is_asked_for_allows_more_insertions() -> None:
    assert InsertionSettings().most_insertions == 10_000
    assert InsertionSettings(error=0.05).most_insertions == 100_000
    assert InsertionSettings(error=0.05, insertions=500).most_insertions == 500
