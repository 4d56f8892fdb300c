import json
import warnings
from collections.abc import Mapping
from pathlib import Path

import pytest

from nearsight.errors import CheckpointError, NearsightWarning
from nearsight.records import Record, read, read_contents, readable_json, text_of, write
from nearsight.records.files import line_of


def _line(record: Record) -> bytes:
    return line_of(record.to_json())


def test_one_record_is_an_object_and_several_are_a_list(
    records: Mapping[str, Record], tmp_path: Path
) -> None:
    several = list(records.values())
    write(tmp_path / "one.json", several[0])
    write(tmp_path / "all.json", several)
    assert read(tmp_path / "one.json") == (several[0],)
    assert read(tmp_path / "all.json") == tuple(several)
    assert json.loads((tmp_path / "one.json").read_text()) == several[0].to_json()
    assert [r["question"] for r in json.loads((tmp_path / "all.json").read_text())] == [
        record.question for record in several
    ]


def test_lists_of_numbers_stand_in_one_line(records: Mapping[str, Record]) -> None:
    record = records["heat-capacity"]
    text = text_of(record)
    assert json.loads(text) == record.to_json()
    cell = record.to_json()["relaxed_structure"]["cell_A"]
    assert f"{json.dumps(cell[0])},\n" in text
    assert len(text.splitlines()) < 0.7 * len(json.dumps(record.to_json(), indent=2).splitlines())


def test_what_looks_like_numbers_in_a_text_stays() -> None:
    values = {"name": "a [\n  1,\n  2\n] b", "numbers": [1, -2.5e-7, None, True], "mixed": [1, "x"]}
    assert json.loads(readable_json(values)) == values
    assert '"numbers": [1, -2.5e-07, null, true]' in readable_json(values)
    assert '["Cu", "O"]' in readable_json({"symbols": ["Cu", "O"]})
    assert readable_json({"words": ["two words", "x"]}).count("\n") == 6


def test_lines_are_read_with_and_without_empty_ones(
    records: Mapping[str, Record], tmp_path: Path
) -> None:
    several = list(records.values())
    lines = b"\n".join(_line(record) for record in several)
    (tmp_path / "r.jsonl").write_bytes(lines)
    assert read(tmp_path / "r.jsonl") == tuple(several)
    (tmp_path / "one.jsonl").write_bytes(_line(several[0]))
    assert read(tmp_path / "one.jsonl") == (several[0],)


@pytest.mark.parametrize("share", [0.02, 0.5, 0.999])
@pytest.mark.parametrize("n_whole", [0, 1, 3])
def test_a_line_that_is_cut_off_is_told_and_costs_no_other(
    records: Mapping[str, Record], tmp_path: Path, n_whole: int, share: float
) -> None:
    several = list(records.values())[:n_whole]
    last = _line(records["heat-capacity"])
    whole = b"".join(map(_line, several))
    (tmp_path / "r.jsonl").write_bytes(whole + last[: max(12, int(share * len(last)) - 1)])
    with pytest.warns(NearsightWarning, match=f"line {n_whole + 1}, is cut off") as caught:
        assert read(tmp_path / "r.jsonl") == tuple(several)
    assert caught[0].filename == __file__
    [remark] = read_contents(tmp_path / "r.jsonl").remarks
    assert remark.code == "cut-off-line"


def test_a_last_line_without_its_end_is_whole(
    records: Mapping[str, Record], tmp_path: Path
) -> None:
    several = [records["energy"], records["failure"]]
    (tmp_path / "r.jsonl").write_bytes(b"".join(map(_line, several))[:-1])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert read(tmp_path / "r.jsonl") == tuple(several)


def test_a_damaged_line_before_the_last_is_no_cut(
    records: Mapping[str, Record], tmp_path: Path
) -> None:
    line = _line(records["energy"])
    (tmp_path / "r.jsonl").write_bytes(line + line[:-10] + b"\n" + line)
    with pytest.raises(CheckpointError, match=r"line 2 of .* is no JSON"):
        read(tmp_path / "r.jsonl")


def test_errors_name_file_record_and_field(records: Mapping[str, Record], tmp_path: Path) -> None:
    good, bad = (records["energy"].to_json() for _ in range(2))
    bad["n_atoms"] = "four"
    (tmp_path / "list.json").write_text(json.dumps([good, bad]))
    with pytest.raises(CheckpointError, match=r"record 2 of .*list\.json .*`n_atoms` is 'four'"):
        read(tmp_path / "list.json")
    (tmp_path / "lines.jsonl").write_text(f"{json.dumps(good)}\n\n{json.dumps(bad)}\n")
    with pytest.raises(CheckpointError, match=r"line 3 of .*lines\.jsonl .*`n_atoms` is 'four'"):
        read(tmp_path / "lines.jsonl")


def test_another_schema_is_refused_with_both_numbers(
    records: Mapping[str, Record], tmp_path: Path
) -> None:
    values = {**records["energy"].to_json(), "schema": 2}
    (tmp_path / "r.json").write_text(json.dumps(values))
    with pytest.raises(CheckpointError, match=r"r\.json .*`schema` is 2, .* of schema 1"):
        read(tmp_path / "r.json")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"no JSON",
        b"null",
        b"[[]]",
        b'{"schema": 1, "question": "energy"}',
        b'{"schema": 1, "question": "energy", "n_atoms": NaN}',
        100_000 * b"[" + 100_000 * b"]",
        b'{"schema": 1, "question": "failure", "structure": "a", "error": '
        + 5000 * b'{"a":'
        + b"1"
        + 5000 * b"}"
        + b"}",
        b'{"schema": ' + 5000 * b"9" + b"}",
        b"\xff\xfe\x00",
        b"PK\x03\x04",
    ],
)
def test_what_is_no_file_of_records_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "r.json").write_bytes(content)
    with pytest.raises(CheckpointError, match=r"r\.json"):
        read(tmp_path / "r.json")


def test_a_missing_file_and_a_folder_are_refused(tmp_path: Path) -> None:
    for path in (tmp_path / "none.json", tmp_path):
        with pytest.raises(CheckpointError, match="cannot be read"):
            read(path)
