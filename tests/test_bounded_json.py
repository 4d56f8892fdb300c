"""JSON that is nested too deeply is refused before Python recurses into it."""

import json
import sys
from pathlib import Path

import pytest

from nearsight.bounded_json import DEEPEST, is_cut_off, parse_json
from nearsight.cli.main import main


@pytest.mark.parametrize("kind", ["[]", "{}"])
def test_depth_is_bounded(kind: str) -> None:
    opening = "[" if kind == "[]" else '{"a": '
    within = opening * DEEPEST + "1" + kind[1] * DEEPEST
    assert parse_json(within) == parse_json(within.encode())
    with pytest.raises(ValueError, match="nested too deeply"):
        parse_json(opening + within + kind[1])


def test_brackets_in_words_are_none() -> None:
    words = {"a": "[" * 500, 'b"[': '\\"[[' * 200, "c": "\ud800{"}
    assert parse_json(json.dumps(words)) == words


@pytest.mark.parametrize("text", ["", "[", '{"a"}', '"[[[', "nan,"])
def test_what_is_none_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"Expecting|Extra data|Invalid|Unterminated"):
        parse_json(text)


def test_every_beginning_of_a_text_is_cut_off() -> None:
    text = json.dumps({"a": [1, {"b": ']}\\"'}], "c": "{[", "d": []}).encode()
    assert not is_cut_off(text)
    assert all(is_cut_off(text[:end]) for end in range(1, len(text)))


@pytest.mark.parametrize("name", ["deep.json", "deep.hess", "deep.npz", "deep.rows"])
def test_a_stack_that_packages_have_enlarged_is_not_run_over(
    tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = sys.getrecursionlimit()
    path = tmp_path / name
    monkeypatch.chdir(tmp_path)
    path.write_text('{"atoms": ' + "[" * 10**6 + ', "hessian": 1')
    sys.setrecursionlimit(10**7)
    try:
        assert main(["report", name, "--output", "page.html"]) == 1
        assert main(["vibrations", name]) == 1
    finally:
        sys.setrecursionlimit(before)
