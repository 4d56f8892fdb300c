import errno
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from nearsight.errors import CheckpointError, StorageError
from nearsight.records import FailureRecord, JsonLines, Record, read
from nearsight.records.files import line_of


def _line(record: Record) -> bytes:
    return line_of(record.to_json())


def test_records_are_there_as_soon_as_they_are_added(
    records: Mapping[str, Record], tmp_path: Path
) -> None:
    several = list(records.values())
    with JsonLines(tmp_path / "r.jsonl") as lines:
        for count, record in enumerate(several, start=1):
            lines.add(record)
            assert read(tmp_path / "r.jsonl") == tuple(several[:count])
    assert (tmp_path / "r.jsonl").read_bytes() == b"".join(map(_line, several))


def test_only_what_is_to_be_appended_to_may_be_there(
    records: Mapping[str, Record], tmp_path: Path
) -> None:
    path = tmp_path / "r.jsonl"
    with JsonLines(path) as lines:
        lines.add(records["energy"])
    before = path.read_bytes()
    with pytest.raises(StorageError, match="not empty"):
        JsonLines(path)
    assert path.read_bytes() == before
    with JsonLines(path, append=True) as lines:
        assert lines.structures == ("copper.cif",)
        lines.add(records["failure"])
    assert read(path) == (records["energy"], records["failure"])


def test_a_whole_line_without_its_end_is_kept(
    records: Mapping[str, Record], tmp_path: Path
) -> None:
    path = tmp_path / "r.jsonl"
    path.write_bytes(_line(records["energy"]).rstrip(b"\n"))
    with JsonLines(path, append=True) as lines:
        assert lines.structures == ("copper.cif",)
        lines.add(records["failure"])
    assert read(path) == (records["energy"], records["failure"])


def test_a_cut_off_line_is_replaced_when_records_follow(
    records: Mapping[str, Record], tmp_path: Path
) -> None:
    path = tmp_path / "r.jsonl"
    path.write_bytes(_line(records["energy"]) + _line(records["elastic"])[:500])
    with JsonLines(path, append=True) as lines:
        assert lines.structures == ("copper.cif",)
        lines.add(records["failure"])
    assert read(path) == (records["energy"], records["failure"])


@pytest.mark.parametrize(
    "content",
    [
        b"notes on copper\n",
        b"notes on copper",
        b'{"structure": "copper.cif"}\n',
        b'{"schema": 99, "structure": "copper.cif"}\n',
        b'[\n  {"schema": 1}\n]\n',
        b"{",
        b"\x00\x01",
    ],
)
def test_what_holds_no_records_is_not_touched(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "r.jsonl"
    path.write_bytes(content)
    for append in (True, False):
        if append and content == b"{":
            continue  # how every record begins
        with pytest.raises((CheckpointError, StorageError), match=r"r\.jsonl"):
            JsonLines(path, append=append)
        assert path.read_bytes() == content


def test_two_writers_do_not_mix(records: Mapping[str, Record], tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl"
    with JsonLines(path) as lines:
        lines.add(records["energy"])
        with pytest.raises(StorageError, match="another process is writing"):
            JsonLines(path, append=True)
    JsonLines(path, append=True).close()


def test_a_full_disk_cuts_no_record(
    records: Mapping[str, Record], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "r.jsonl"
    write = os.write

    def half(descriptor: int, data: bytes) -> int:
        if len(data) < 1000:
            raise OSError(errno.ENOSPC, "No space left on device")
        return write(descriptor, data[: len(data) - 500])

    with JsonLines(path) as lines:
        lines.add(records["energy"])
        monkeypatch.setattr(os, "write", half)
        with pytest.raises(StorageError, match=r"No space left.*free some space"):
            lines.add(records["heat-capacity"])
        monkeypatch.undo()
        assert read(path) == (records["energy"],)
        lines.add(records["failure"])
    assert read(path) == (records["energy"], records["failure"])


def test_a_pipe_gets_each_record_at_once(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    record = FailureRecord.of("a.cif", "StructureError", "it is empty.")
    reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    with JsonLines(path) as lines:
        for _ in range(2):
            lines.add(record)
            assert os.read(reader, 10_000) == _line(record)
    os.close(reader)


def test_a_place_that_is_none_is_told(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="cannot write"):
        JsonLines(tmp_path / "nowhere" / "r.jsonl")
    with pytest.raises(StorageError, match="cannot write"):
        JsonLines(tmp_path)


def test_a_number_that_is_none_writes_nothing(
    records: Mapping[str, Record], tmp_path: Path
) -> None:
    broken = replace(records["heat-capacity"], scale_factor=float("inf"))  # type: ignore[call-arg]
    with JsonLines(tmp_path / "r.jsonl") as lines:
        with pytest.raises(ValueError, match="scale_factor"):
            lines.add(broken)
        lines.add(records["failure"])
    assert read(tmp_path / "r.jsonl") == (records["failure"],)


def test_the_disk_is_waited_for_once_a_second(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[float] = []
    now = 0.0
    monkeypatch.setattr(os, "fsync", lambda _: synced.append(now))
    record = FailureRecord.of("a.cif", "StructureError", "it is empty.")
    with JsonLines(tmp_path / "r.jsonl", clock=lambda: now) as lines:
        for _ in range(100):
            now += 0.1
            lines.add(record)
    assert len(synced) == pytest.approx(11, abs=1)
    assert synced[-1] == now


WRITER = """
import sys
from nearsight.records import JsonLines, read
[record] = read(sys.argv[1])
with JsonLines(sys.argv[2]) as lines:
    while True:
        lines.add(record)
"""


def test_a_killed_process_leaves_whole_records(
    records: Mapping[str, Record], tmp_path: Path
) -> None:
    from nearsight.records import write

    write(tmp_path / "one.json", records["heat-capacity"])
    path = tmp_path / "r.jsonl"
    arguments = [sys.executable, "-c", WRITER, str(tmp_path / "one.json"), str(path)]
    with subprocess.Popen(arguments) as process:
        until = time.monotonic() + 60
        while (not path.exists() or path.stat().st_size < 100_000) and time.monotonic() < until:
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
    lines = path.read_bytes().split(b"\n")
    assert len(lines) > 5
    assert set(lines[:-1]) == {_line(records["heat-capacity"])[:-1]}
    with JsonLines(path, append=True) as more:  # the lock has died with the process
        assert set(more.structures) == {"folder/copper.cif"}


def test_the_price_of_a_record_does_not_grow(tmp_path: Path) -> None:
    """Bytes that are written in all are those of the records, however many there are."""
    record = FailureRecord.of("a.cif", "StructureError", "it is empty.")
    size = len(_line(record))
    with JsonLines(tmp_path / "r.jsonl") as lines:
        for _ in range(5000):
            lines.add(record)
    assert (tmp_path / "r.jsonl").stat().st_size == 5000 * size
