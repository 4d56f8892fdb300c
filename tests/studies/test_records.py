import json
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from nearsight.errors import StructureError

SETTINGS = {"model": "pair", "relax": True}


class Counting:
    """Stands for a calculation: remembers what it was asked for, and fails where it is told to."""

    def __init__(self, **failures: BaseException) -> None:
        self.asked: list[str] = []
        self.failures = failures

    def __call__(self, name: str) -> dict[str, Any]:
        self.asked.append(name)
        if name in self.failures:
            raise self.failures[name]
        return {"value": len(name)}


@pytest.fixture
def records(study: Callable[[str], ModuleType]) -> ModuleType:
    return study("records")


def test_finished_records_are_not_calculated_again(records: ModuleType, tmp_path: Path) -> None:
    first = records.collect(tmp_path / "new", ["a", "bb"], Counting(), SETTINGS)
    again = Counting()
    found = records.collect(tmp_path / "new", ["a", "bb", "ccc"], again, SETTINGS)
    assert again.asked == ["ccc"]
    assert found == first | {"ccc": {"settings": SETTINGS, "value": 3}}


def test_failure_is_a_record_and_stops_no_other(
    records: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wrong = Counting(a=StructureError("a.cif is empty"), bb=ZeroDivisionError("a defect"))
    found = records.collect(tmp_path, ["a", "bb", "ccc"], wrong, SETTINGS)
    assert wrong.asked == ["a", "bb", "ccc"]
    assert found["a"]["error"] == "StructureError: a.cif is empty"
    assert found["bb"]["error"] == "ZeroDivisionError: a defect"
    assert list(records.without_errors(found)) == ["ccc"]
    errors = capsys.readouterr().err
    assert errors.count("Traceback") == 1  # of the defect
    assert json.loads((tmp_path / "a.json").read_text()) == found["a"]


def test_failed_record_is_tried_again(records: ModuleType, tmp_path: Path) -> None:
    records.collect(tmp_path, ["a", "bb"], Counting(a=StructureError("empty")), SETTINGS)
    again = Counting()
    assert records.collect(tmp_path, ["a", "bb"], again, SETTINGS)["a"]["value"] == 1
    assert again.asked == ["a"]


@pytest.mark.parametrize("damage", [b"", b'{"value": 1', b"\xff\xfe"])
def test_damaged_record_is_calculated_again(
    records: ModuleType, tmp_path: Path, damage: bytes
) -> None:
    records.collect(tmp_path, ["a", "bb"], Counting(), SETTINGS)
    (tmp_path / "a.json").write_bytes(damage)
    again = Counting()
    assert records.collect(tmp_path, ["a", "bb"], again, SETTINGS)["a"]["value"] == 1
    assert again.asked == ["a"]
    assert records.read(tmp_path / "a.json") == {"settings": SETTINGS, "value": 1}


def test_interrupted_study_goes_on_where_it_was(records: ModuleType, tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        records.collect(tmp_path, ["a", "bb", "ccc"], Counting(bb=KeyboardInterrupt()), SETTINGS)
    again = Counting()
    assert len(records.collect(tmp_path, ["a", "bb", "ccc"], again, SETTINGS)) == 3
    assert again.asked == ["bb", "ccc"]


def test_records_of_other_settings_are_not_taken_for_these(
    records: ModuleType, tmp_path: Path
) -> None:
    records.collect(tmp_path, ["a"], Counting(), SETTINGS)
    again = Counting()
    with pytest.raises(SystemExit, match="another folder"):
        records.collect(tmp_path, ["a"], again, SETTINGS | {"relax": False})
    assert again.asked == []


def test_two_files_of_one_name_stop_the_study(records: ModuleType) -> None:
    paths = [Path("a/mgo.cif"), Path("b/mgo.cif")]
    assert records.by_stem([paths[0], paths[0]]) == {"mgo": paths[0]}
    with pytest.raises(SystemExit, match=r"a/mgo\.cif have the same name"):
        records.by_stem(paths)


def test_study_in_which_all_failed_stops(records: ModuleType) -> None:
    with pytest.raises(SystemExit, match="every structure failed"):
        records.without_errors({"a": {"error": "empty"}})


def test_cells_cannot_break_the_table(records: ModuleType) -> None:
    table = records.markdown_table(["name", "reason"], [["a", "|f| > 1\nand more"]])
    assert table.splitlines() == [
        "| name | reason |",
        "| --- | --- |",
        "| a | \\|f\\| > 1 and more |",
    ]
