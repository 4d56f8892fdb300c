"""How often a growing file is written."""

import json
from pathlib import Path

import pytest

from nearsight.runs.json_file import JsonOutput
from nearsight.runs.pace import Pace


class Clock:
    """A clock that only moves when it is told to."""

    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


@pytest.mark.parametrize(("writing_s", "pause_s"), [(0.01, 10.0), (0.5, 10.0), (3.0, 60.0)])
def test_a_pause_follows_that_is_long_beside_the_writing(writing_s: float, pause_s: float) -> None:
    clock = Clock()
    pace = Pace(clock)
    assert pace.is_due

    def write() -> None:
        clock.now_s += writing_s

    pace.write(write)
    clock.now_s += pause_s - 0.001
    assert not pace.is_due
    clock.now_s += 0.002
    assert pace.is_due


def test_a_writing_that_fails_is_not_tried_at_once_again() -> None:
    pace = Pace(Clock())

    def fail() -> None:
        raise OSError

    with pytest.raises(OSError):  # noqa: PT011  # whatever is raised passes through
        pace.write(fail)
    assert not pace.is_due


def test_many_records_are_written_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[int] = []
    monkeypatch.setattr(
        "nearsight.runs.json_file.write_text", lambda _, text: written.append(len(text))
    )
    output = JsonOutput(str(tmp_path / "r.json"), many=True)
    for index in range(600):
        output.add({"structure": f"{index}.cif", "numbers": [0.5] * 100})
        assert not written
    output.finish()
    assert len(written) == 1


@pytest.mark.parametrize("many", [True, False])
def test_the_file_is_what_was_added(tmp_path: Path, many: bool) -> None:
    records = [{"structure": "a\x1b", "x": [1.5, None]}, {"structure": "b", "x": {"y": "ü"}}]
    target = tmp_path / "r.json"
    output = JsonOutput(str(target), many=many)
    for record in records[: 2 if many else 1]:
        output.add(record)
    output.finish()
    assert json.loads(target.read_text("utf-8")) == (records if many else records[0])
