"""Unfinished work is listed, and removed on request: ours alone, and none that is in use."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from nearsight.cli.main import main

Run = Callable[..., int]
HOLD = """import sys
from nearsight.locking import hold
with hold(sys.argv[1]):
    print(1, flush=True)
    input()
"""


@pytest.fixture
def kept(nearsight: Run, interrupt_after: Callable[[int], None]) -> list[Path]:
    """Rows and the start of a relaxation, as interrupted commands leave them."""
    interrupt_after(10)
    assert nearsight("hessian", "copper.cif", "--no-relax") == 130
    interrupt_after(3)
    assert nearsight("hessian", "nitrogen.xyz") == 130
    files = sorted(Path(".nearsight").iterdir())
    assert [file.suffix for file in files] == [".rows", ".relaxation"]
    return files


@pytest.fixture
def in_use(kept: list[Path]) -> Iterator[Path]:
    """The rows, which another process works on."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(kept[0])],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "1\n"
    yield kept[0]
    process.communicate("\n")


def test_what_is_kept_is_listed_and_stays(
    kept: list[Path], capsys: pytest.CaptureFixture[str]
) -> None:
    before = [file.read_bytes() for file in kept]
    assert main(["clean"]) == 0
    head, copper, nitrogen, last = capsys.readouterr().out.splitlines()
    assert head.split() == ["structure", "what", "done", "size", "age"]
    assert copper.split()[:4] == ["copper", "Hessian", "4", "rows"]
    assert nitrogen.split()[:2] == ["nitrogen", "relaxation"]
    assert last.startswith("--remove removes 2 files (")
    assert [file.read_bytes() for file in kept] == before
    assert sorted(Path(".nearsight").iterdir()) == kept


@pytest.mark.usefixtures("kept")
def test_what_is_kept_is_removed_with_its_folder(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["clean", "--remove"]) == 0
    assert "Removed 2 files" in capsys.readouterr().out
    assert not Path(".nearsight").exists()
    assert main(["clean", "--remove"]) == 0
    assert "There is no unfinished work in .nearsight." in capsys.readouterr().out


def test_what_a_process_works_on_stays(in_use: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["clean"]) == 0
    listed = capsys.readouterr().out
    assert "  in use by process " in listed
    assert "--remove removes 1 file " in listed
    assert main(["clean", "--remove"]) == 0
    assert "Removed 1 file" in (said := capsys.readouterr().out)
    assert "1 file" in said.partition(";")[2]
    assert [file.name for file in Path(".nearsight").iterdir() if file.suffix == ".rows"] == [
        in_use.name
    ]


def test_files_of_others_stay(kept: list[Path], capsys: pytest.CaptureFixture[str]) -> None:
    folder = Path(".nearsight")
    key = kept[0].name.split("-")[1]
    others = {
        "notes.txt": b"mine",
        f"mine-{key}": b'{"kind": "nearsight", "n_atoms": 1}\n',
        "forged-0123456789ab.rows": b'{"kind": "rows of mine", "n_atoms": 1}\n',
        "forged-0123456789ab.relaxation": b"PK\x03\x04",
        "numbers-0123456789ab.rows": bytes(range(256)),
        "copy.rows": kept[0].read_bytes(),  # not as work is named
    }
    for name, content in others.items():
        (folder / name).write_bytes(content)
    (folder / "folder-0123456789ab.rows").mkdir()
    shutil.copy(kept[0], "outside.rows")
    (folder / "link-0123456789ab.rows").symlink_to("../outside.rows")
    os.mkfifo(folder / "pipe-0123456789ab.rows")
    assert main(["clean", "--remove"]) == 0
    assert f"{len(others) + 3} other things in .nearsight" in capsys.readouterr().out
    assert {name: (folder / name).read_bytes() for name in others} == others
    assert Path("outside.rows").read_bytes() == others["copy.rows"]
    assert not kept[0].exists()


def test_leftovers_of_killed_processes_are_removed(kept: list[Path]) -> None:
    (kept[0].parent / ".x.0123abcd.nearsight-part").touch()
    assert main(["clean", "--remove"]) == 0
    assert not kept[0].parent.exists()


def test_a_file_is_no_folder(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["clean", "--work-dir", "copper.cif"]) == 1
    assert "copper.cif cannot be listed: Not a directory" in capsys.readouterr().err


def test_no_name_spoils_the_table(kept: list[Path], capsys: pytest.CaptureFixture[str]) -> None:
    key = kept[0].name.removeprefix("copper-")
    kept[0].rename(kept[0].with_name(f"red\x1b[31m\n{'x' * 150}-{key}"))
    assert main(["clean"]) == 0
    shown = capsys.readouterr().out
    assert "\x1b" not in shown
    assert max(map(len, shown.splitlines())) <= 80
