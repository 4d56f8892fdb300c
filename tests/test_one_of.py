"""Which tests `--one-of` lets run."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from .conftest import pytest_collection_modifyitems


def run_of(items: list[tuple[str, str, bool]], every: int) -> tuple[list[str], list[str]]:
    """Return which tests run and which are left out, each given by file, name and mark."""

    def item(file: str, name: str, *, is_slow: bool) -> Any:
        marks = {"slow": pytest.mark.slow} if is_slow else {}
        return SimpleNamespace(path=Path(file), name=name, get_closest_marker=marks.get)

    left_out: list[Any] = []

    def deselected(items: list[Any]) -> None:
        left_out.extend(items)

    hook = SimpleNamespace(pytest_deselected=deselected)
    config: Any = SimpleNamespace(getoption={"--one-of": every}.get, hook=hook)
    collected = [item(file, name, is_slow=is_slow) for file, name, is_slow in items]
    pytest_collection_modifyitems(config, collected)
    return [each.name for each in collected], [each.name for each in left_out]


TESTS = [
    *(("one.py", name, name == "a") for name in "abcdef"),
    *(("two.py", name, name != "i") for name in "ghij"),
]


def test_all_run_unless_it_is_given() -> None:
    assert run_of(TESTS, 1) == (list("abcdefghij"), [])


def test_the_first_of_so_many_run_and_no_slow_one() -> None:
    """Slow ones have no place: each file has its first test that is not slow."""
    run, left_out = run_of(TESTS, 3)
    assert run == ["b", "e", "i"]
    assert sorted(run + left_out) == list("abcdefghij")


def test_it_is_a_positive_number() -> None:
    with pytest.raises(pytest.UsageError, match="at least 1"):
        run_of(TESTS, 0)
