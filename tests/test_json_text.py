"""JSON that is read, and JSON that lies too deep to be."""

import pytest

from nearsight.json_text import parse_json


@pytest.mark.parametrize("begin", ["[", '{"a":', '["\\"", [', '[["]", '])
def test_what_lies_too_deep_is_refused_without_going_there(begin: str) -> None:
    with pytest.raises(ValueError, match="more than 200 collections deep"):
        parse_json(100_000 * begin)


def test_brackets_in_strings_are_letters() -> None:
    text = 500 * "[{" + '\\"' + 500 * "["
    assert parse_json(f'{{"a": ["{text}", [1]]}}') == {"a": [text.replace('\\"', '"'), [1]]}
    assert parse_json(f"[{','.join(1000 * ['[]'])}]") == [[]] * 1000
