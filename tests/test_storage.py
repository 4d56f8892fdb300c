"""Files that are written whole or not at all."""

import errno
import os
import stat
import subprocess
import sys
from pathlib import Path
from typing import IO

import numpy as np
import pytest

from nearsight.errors import StorageError
from nearsight.result_archives import load_archive, save_archive
from nearsight.storage import _keep_permissions, remove_leftovers, write_atomically, write_text


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file that is there already."""
    file = tmp_path / "result.npz"
    file.write_bytes(b"before")
    return file


def test_failure_while_writing_leaves_the_older_file(path: Path) -> None:
    for failure in (OSError(errno.ENOSPC, "No space left on device"), KeyboardInterrupt()):

        def write(file: IO[bytes], failure: BaseException = failure) -> None:
            file.write(b"half")
            raise failure

        expected = StorageError if isinstance(failure, OSError) else KeyboardInterrupt
        with pytest.raises(expected):
            write_atomically(path, write)
        assert path.read_bytes() == b"before"
        assert list(path.parent.iterdir()) == [path]


def test_failure_while_moving_leaves_the_older_file(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(self: Path, target: Path) -> None:
        raise OSError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(Path, "replace", refuse)
    with pytest.raises(StorageError, match=r"cannot write .*result\.npz: Permission denied\. Noth"):
        write_text(path, "after")
    assert path.read_bytes() == b"before"
    assert list(path.parent.iterdir()) == [path]


def test_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match=r"cannot write .*nowhere/a: No such file or directory"):
        write_text(tmp_path / "nowhere" / "a", "text")


def test_text_is_utf8_and_replaces_what_was_there(path: Path) -> None:
    write_text(path, "1 Å\n")
    assert path.read_bytes() == "1 Å\n".encode()


def test_files_have_the_permissions_of_any_other(tmp_path: Path) -> None:
    previous = os.umask(0o027)
    try:
        write_text(tmp_path / "a", "")
    finally:
        os.umask(previous)
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o640


@pytest.mark.parametrize("absolute", [True, False])
def test_a_link_stays_a_link(path: Path, absolute: bool) -> None:
    folder = path.parent / "elsewhere"
    folder.mkdir()
    link = folder / "link.npz"
    link.symlink_to(path if absolute else Path("..") / path.name)
    write_text(link, "after")
    assert link.is_symlink()
    assert path.read_bytes() == b"after"
    assert list(folder.iterdir()) == [link]
    assert sorted(path.parent.iterdir()) == [folder, path]


def test_a_link_to_nothing_yet_is_followed(tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "new")
    write_text(link, "text")
    assert link.is_symlink()
    assert (tmp_path / "new").read_bytes() == b"text"


def test_failure_behind_a_link_leaves_the_older_file(path: Path) -> None:
    link = path.parent / "link"
    link.symlink_to(path)

    def write(file: IO[bytes]) -> None:
        file.write(b"half")
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(StorageError, match=r"cannot write .*link: No space left"):
        write_atomically(link, write)
    assert path.read_bytes() == b"before"
    assert sorted(path.parent.iterdir()) == [link, path]


def test_a_pipe_is_written_to_and_stays_a_pipe(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        write_text(pipe, "text")
        assert os.read(reader, 100) == b"text"
        save_archive(pipe, "thing", {}, {"x": np.arange(3.0)})
        (tmp_path / "a.npz").write_bytes(os.read(reader, 65536))
    finally:
        os.close(reader)
    assert load_archive(tmp_path / "a.npz", "thing")[1]["x"].tolist() == [0.0, 1.0, 2.0]
    assert stat.S_ISFIFO(pipe.stat().st_mode)
    assert sorted(tmp_path.iterdir()) == [tmp_path / "a.npz", pipe]


def test_standard_output_is_written_to(tmp_path: Path) -> None:
    # What /dev/stdout is on Linux, where a failing test can do no harm.
    link = tmp_path / "stdout"
    link.symlink_to("/proc/self/fd/1")
    code = "import sys; from nearsight.storage import write_text; write_text(sys.argv[1], 'text')"
    done = subprocess.run([sys.executable, "-c", code, link], capture_output=True, check=True)
    assert done.stdout == b"text"
    assert link.is_symlink()


def test_a_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match=r"cannot write to .*: Is a directory"):
        write_text(tmp_path, "text")


def leftover(path: Path) -> Path:
    """Return what a process that was killed while it wrote `path` leaves."""
    code = (
        "import os, signal, sys; from nearsight.storage import write_atomically;"
        "write_atomically(sys.argv[1], lambda f: os.kill(os.getpid(), signal.SIGKILL))"
    )
    before = set(path.parent.iterdir())
    assert subprocess.run([sys.executable, "-c", code, path], check=False).returncode == -9
    (left,) = set(path.parent.iterdir()) - before
    return left


@pytest.mark.parametrize("name", ["r.json", "a[b]*?.json", "x" * 245])
def test_what_a_killed_process_left_is_removed_by_the_next(tmp_path: Path, name: str) -> None:
    path, other = tmp_path / name, tmp_path / "other.json"
    left, others = leftover(path), leftover(other)
    write_text(path, "whole")
    assert path.read_text() == "whole"
    assert not left.exists()
    assert sorted(tmp_path.iterdir()) == sorted([path, others])
    remove_leftovers(tmp_path)
    assert list(tmp_path.iterdir()) == [path]


def test_what_a_living_process_is_writing_stays(tmp_path: Path) -> None:
    path = tmp_path / "r.json"
    code = (
        "import sys; from nearsight.storage import write_atomically\n"
        "def write(file):\n"
        "    print('writing', flush=True); sys.stdin.readline(); file.write(b'theirs')\n"
        "write_atomically(sys.argv[1], write)"
    )
    command = [sys.executable, "-c", code, path]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "writing\n"
        write_text(path, "ours")
        remove_leftovers(tmp_path)
        assert len(list(tmp_path.iterdir())) == 2
        other.communicate("\n")
        assert other.returncode == 0
    assert path.read_text() == "theirs"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o664, 0o666])
def test_a_file_that_is_replaced_keeps_its_permissions(path: Path, mode: int) -> None:
    path.chmod(mode)

    def write(file: IO[bytes]) -> None:
        (temporary,) = path.parent.glob(".*")  # never more open than the file itself
        assert stat.S_IMODE(temporary.stat().st_mode) & ~mode == 0
        file.write(b"after")

    write_atomically(path, write)
    assert path.read_bytes() == b"after"
    assert stat.S_IMODE(path.stat().st_mode) == mode


@pytest.mark.skipif(os.geteuid() != 0, reason="only an administrator may give a file away")
def test_a_file_that_is_replaced_keeps_its_owner(path: Path) -> None:
    path.chmod(0o640)
    os.chown(path, 1234, 2345)
    write_text(path, "after")
    kept = path.stat()
    assert (kept.st_uid, kept.st_gid, stat.S_IMODE(kept.st_mode)) == (1234, 2345, 0o640)


def test_another_group_may_not_do_more_than_everybody(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path.chmod(0o664)
    before = path.stat()

    class OtherGroup:
        st_uid, st_gid, st_mode = before.st_uid, before.st_gid + 1, before.st_mode

    def refuse(descriptor: int, owner: int, group: int) -> None:
        raise PermissionError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr("os.fchown", refuse)
    with path.open("r+b") as file:
        _keep_permissions(file.fileno(), OtherGroup())  # type: ignore[arg-type]  # what is read of it
    assert stat.S_IMODE(path.stat().st_mode) == 0o644


def test_a_write_protected_file_is_not_replaced(path: Path) -> None:
    path.chmod(0o444)
    with pytest.raises(StorageError, match=r"write-protected \(mode 0444\).*chmod u\+w"):
        write_text(path, "after")
    assert path.read_bytes() == b"before"
    assert stat.S_IMODE(path.stat().st_mode) == 0o444
    assert list(path.parent.iterdir()) == [path]


def test_other_names_of_a_file_keep_what_was_there(path: Path) -> None:
    other = path.with_name("other.npz")
    other.hardlink_to(path)
    write_text(path, "after")
    assert path.read_bytes() == b"after"
    assert other.read_bytes() == b"before"


def test_the_mask_of_the_process_is_left_alone(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Another thread that makes a file meanwhile must not make it with other permissions.
    def refuse(mask: int) -> int:
        raise AssertionError("the mask was changed")

    monkeypatch.setattr("os.umask", refuse)
    write_text(path, "after")
    write_text(tmp_path / "new", "")
