"""Finished rows survive interruptions, full disks and NaN, and serve no other calculation."""

import errno
import json
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ase import Atoms

from nearsight.errors import CheckpointError, ModelError, StorageError
from nearsight.hessian.matrix import hessian
from nearsight.hessian.rows.checkpoint import Origin, RowStore, count_rows
from nearsight.memory import Measured, Meter, Result
from nearsight.models.contract import Evaluation

ROWS = 27


class Stopping:
    """A model that stops, or answers with NaN, after some rows."""

    def __init__(self, model: Any, after: int, failure: BaseException | None = None) -> None:
        self.model = model
        self.identity, self.capabilities = model.identity, model.capabilities
        self.left, self.failure = after, failure
        self.asked: list[int] = []

    def evaluate(self, structures: Sequence[Atoms], **asked: Any) -> Any:
        return self.model.evaluate(structures, **asked)

    def rows(self, atoms: Atoms, seeds: Sequence[Any], *, batch_size: int = 1) -> Iterator[Any]:
        self.asked.append(len(seeds))
        for row in self.model.rows(atoms, seeds, batch_size=batch_size):
            self.left -= 1
            if self.left >= 0:
                yield row
            elif self.failure is not None:
                raise self.failure
            else:
                yield row * np.nan


class Scaled(Stopping):
    """A model whose curvature is wrong by a factor, under the name of the right one."""

    def __init__(self, model: Any, factor: float) -> None:
        super().__init__(model, ROWS)
        self.factor = factor

    def rows(self, atoms: Atoms, seeds: Sequence[Any], *, batch_size: int = 1) -> Iterator[Any]:
        for row in self.model.rows(atoms, seeds, batch_size=batch_size):
            yield self.factor * row


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the rows go."""
    return tmp_path / "hessian.rows"


@pytest.fixture
def interrupt(
    pair_model: Callable[..., Any], displaced_quartz: Atoms, path: Path
) -> Callable[[int], None]:
    """Return a function that computes some rows and is interrupted."""

    def run(after: int) -> None:
        model = Stopping(pair_model(), after, KeyboardInterrupt())
        with pytest.raises(KeyboardInterrupt):
            hessian(displaced_quartz, model, "rows", checkpoint=path)

    return run


def kept(path: Path) -> int:
    """Return the number of complete records after the header."""
    header, _, records = path.read_bytes().partition(b"\n")
    assert json.loads(header)["n_atoms"] == ROWS // 3
    return len(records) // (8 + 8 * ROWS + 4)


@pytest.mark.parametrize("after", [0, 1, 11, 26])
@pytest.mark.parametrize("method", ["rows", "central-difference"])
def test_resumed_hessian_is_the_uninterrupted_one_bit_for_bit(
    pair_model: Callable[..., Any], displaced_quartz: Atoms, path: Path, after: int, method: str
) -> None:
    whole = hessian(displaced_quartz, pair_model(), method)
    stopping: Any = Stopping(pair_model(), after, KeyboardInterrupt())
    if method != "rows":
        # one call measures the memory, then two make a row
        calls = iter(range(1 + 2 * after))

        def evaluate(structures: Sequence[Atoms], **asked: Any) -> Any:
            if next(calls, None) is None:
                raise KeyboardInterrupt
            return stopping.model.evaluate(structures, **asked)

        stopping.evaluate = evaluate
    with pytest.raises(KeyboardInterrupt):
        hessian(displaced_quartz, stopping, method, checkpoint=path)
    assert kept(path) == after
    counting = Stopping(pair_model(), ROWS)
    resumed = hessian(displaced_quartz, counting, method, checkpoint=path)
    assert resumed.rows_computed == ROWS - after
    if method == "rows":
        spot_check = [1] if after else []
        assert counting.asked == [*spot_check, ROWS - after]
    np.testing.assert_array_equal(resumed.matrix_eV_per_A2, whole.matrix_eV_per_A2)
    assert kept(path) == ROWS


def test_analytic_rows_are_analytic_rows(
    pair_model: Callable[..., Any],
    displaced_quartz: Atoms,
    path: Path,
    interrupt: Callable[[int], None],
) -> None:
    interrupt(20)
    resumed = hessian(displaced_quartz, pair_model(), "auto", checkpoint=path)
    assert (resumed.method, resumed.rows_computed) == ("rows", 7)
    path.unlink()
    interrupt(20)
    resumed = hessian(displaced_quartz, pair_model(), "batched", checkpoint=path)
    assert (resumed.method, resumed.rows_computed) == ("batched", 7)


@pytest.mark.parametrize("method", ["rows", "batched"])
def test_complete_checkpoint_needs_no_work(
    pair_model: Callable[..., Any], displaced_quartz: Atoms, path: Path, method: str
) -> None:
    whole = hessian(displaced_quartz, pair_model(), method, checkpoint=path)
    idle = Stopping(pair_model(), 1, AssertionError("no row but the spot check was to be computed"))
    again = hessian(displaced_quartz, idle, method, checkpoint=path)
    assert idle.asked == [1]
    assert (again.rows_computed, again.reason) == (0, "every row was in the checkpoint")
    np.testing.assert_array_equal(again.matrix_eV_per_A2, whole.matrix_eV_per_A2)


@pytest.mark.parametrize("factor", [1.05, 1.0005, 1 + 2e-6])
def test_model_that_hides_what_it_is_is_found_out(
    pair_model: Callable[..., Any],
    displaced_quartz: Atoms,
    path: Path,
    interrupt: Callable[[int], None],
    factor: float,
) -> None:
    interrupt(5)
    other = Scaled(pair_model(), factor)
    assert other.identity == pair_model().identity
    with pytest.raises(CheckpointError, match=r"another model than this pair.*: row 0 differs by"):
        hessian(displaced_quartz, other, "rows", checkpoint=path)
    assert kept(path) == 5


def test_rounding_makes_no_other_model(
    pair_model: Callable[..., Any],
    displaced_quartz: Atoms,
    path: Path,
    interrupt: Callable[[int], None],
) -> None:
    interrupt(5)
    resumed = hessian(displaced_quartz, Scaled(pair_model(), 1 + 1e-9), "rows", checkpoint=path)
    assert resumed.rows_computed == ROWS - 5


def test_less_free_memory_does_not_change_what_was_begun(
    pair_model: Callable[..., Any],
    displaced_quartz: Atoms,
    path: Path,
    interrupt: Callable[[int], None],
) -> None:
    class Filled(Meter):
        """For which a force call takes more than half of the budget."""

        def measure(self, work: Callable[[], Result], device: str) -> Measured[Result]:
            return Measured(work(), 0.0, 60_000)

    interrupt(5)
    anew = hessian(displaced_quartz, pair_model(), memory_budget_bytes=100_000, meter=Filled())
    assert anew.method == "fourth-order"
    resumed = hessian(
        displaced_quartz,
        pair_model(),
        memory_budget_bytes=100_000,
        checkpoint=path,
        meter=Filled(),
    )
    assert (resumed.method, resumed.rows_computed) == ("rows", ROWS - 5)


def test_other_structure_model_and_setting_are_refused_by_name(
    pair_model: Callable[..., Any],
    displaced_quartz: Atoms,
    path: Path,
    interrupt: Callable[[int], None],
) -> None:
    interrupt(5)
    content = path.read_bytes()
    moved, heavier = displaced_quartz.copy(), displaced_quartz.copy()
    moved.positions[0, 0] += 1e-12
    heavier.set_masses(heavier.get_masses() * 1.1)
    for other in (moved, heavier):
        with pytest.raises(CheckpointError, match=r"\(another structure\); delete it, or choose"):
            hessian(other, pair_model(), "rows", checkpoint=path)
    with pytest.raises(CheckpointError, match=r"\(another model\)"):
        hessian(displaced_quartz, pair_model("float32"), "rows", checkpoint=path)
    with pytest.raises(CheckpointError, match=r"\(another settings\)"):
        hessian(displaced_quartz, pair_model(), "central-difference", checkpoint=path)
    with pytest.raises(CheckpointError, match=r"\(another structure and model and settings\)"):
        hessian(moved, pair_model("float32"), "fourth-order", checkpoint=path)
    assert path.read_bytes() == content


def test_other_step_is_another_setting(
    pair_model: Callable[..., Any], displaced_quartz: Atoms, path: Path
) -> None:
    model = Stopping(pair_model(), 0)
    model.evaluate = lambda structures, **asked: [  # type: ignore[method-assign]
        replace(e, forces_eV_per_A=e.forces_eV_per_A * np.nan)
        for e in model.model.evaluate(structures, **asked)
    ]
    with pytest.raises(ModelError, match="not finite; the 0 rows"):
        hessian(displaced_quartz, model, "central-difference", step_A=0.01, checkpoint=path)
    with pytest.raises(CheckpointError, match="another settings"):
        hessian(displaced_quartz, pair_model(), "central-difference", checkpoint=path)


LENGTH = 8 + 8 * ROWS + 4


@pytest.mark.parametrize(
    "damaged",
    [
        pytest.param((lambda c: c[:-1] + bytes([c[-1] ^ 1]), 1, 4), id="a checksum that is wrong"),
        pytest.param(
            (lambda c: c[:-300] + bytes([c[-300] ^ 1]) + c[-299:], 2, 3), id="a flipped bit"
        ),
        pytest.param((lambda c: c[:-LENGTH] + bytes(LENGTH), 1, 4), id="a record of zeros"),
        pytest.param((lambda c: c[:-100] + bytes(100), 1, 4), id="half a record of zeros"),
        pytest.param((lambda c: c + bytes(5 * LENGTH + 7), 6, 5), id="a tail of zeros"),
        pytest.param((lambda c: c[:-LENGTH] + bytes(30), 1, 4), id="a part of a record, zeros"),
        pytest.param(
            (lambda c: c[: -4 * LENGTH] + bytes(4) + c[4 - 4 * LENGTH :], 4, 1), id="early"
        ),
        pytest.param(
            (lambda c: c[: -5 * LENGTH] + b"x" + c[-5 * LENGTH :], 6, 0), id="out of step"
        ),
    ],
)
def test_rows_before_a_damaged_record_are_kept_and_what_is_lost_is_said(
    request: pytest.FixtureRequest,
    pair_model: Callable[..., Any],
    displaced_quartz: Atoms,
    path: Path,
    damaged: tuple[Callable[[bytes], bytes], int, int],
) -> None:
    damage, lost, sound = damaged
    caplog = request.getfixturevalue("caplog")
    request.getfixturevalue("interrupt")(5)
    path.write_bytes(damage(path.read_bytes()))
    resumed = hessian(displaced_quartz, pair_model(), "rows", checkpoint=path)
    (note,) = resumed.warnings
    assert note in caplog.text
    assert f"{lost} record{'s' if lost > 1 else ''} at the end of" in note
    assert f"the {sound} before are sound" in note
    assert resumed.rows_computed == ROWS - sound
    whole = hessian(displaced_quartz, pair_model(), "rows")
    np.testing.assert_array_equal(resumed.matrix_eV_per_A2, whole.matrix_eV_per_A2)
    assert whole.warnings == ()
    assert kept(path) == ROWS
    again = hessian(displaced_quartz, pair_model(), "rows", checkpoint=path)
    assert (again.rows_computed, again.warnings) == (0, ())


def test_damaged_end_that_cannot_be_cut_off_is_explained(
    pair_model: Callable[..., Any],
    displaced_quartz: Atoms,
    path: Path,
    interrupt: Callable[[int], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    interrupt(5)
    path.write_bytes(path.read_bytes()[:-9])

    def refuse(path: Path, size: int) -> None:  # as for a read-only file of another user
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr("os.truncate", refuse)
    with pytest.raises(StorageError, match=r"\(1 record\) and cannot be cut off: Perm.*writable"):
        hessian(displaced_quartz, pair_model(), "rows", checkpoint=path)


def test_rows_that_somebody_removed_are_written_again(
    pair_model: Callable[..., Any], displaced_quartz: Atoms, path: Path
) -> None:
    model = Stopping(pair_model(), 9, KeyboardInterrupt())
    rows = model.rows

    def removing(atoms: Atoms, seeds: Sequence[Any], *, batch_size: int = 1) -> Iterator[Any]:
        for number, row in enumerate(rows(atoms, seeds, batch_size=batch_size)):
            if number == 6:
                path.unlink()
            yield row

    model.rows = removing  # type: ignore[method-assign]
    with pytest.raises(KeyboardInterrupt):
        hessian(displaced_quartz, model, "rows", checkpoint=path)
    assert kept(path) == 9
    assert hessian(displaced_quartz, pair_model(), "rows", checkpoint=path).rows_computed == 18


def test_other_versions_are_named(
    pair_model: Callable[..., Any],
    displaced_quartz: Atoms,
    path: Path,
    interrupt: Callable[[int], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    interrupt(5)
    monkeypatch.setattr("nearsight.__version__", "7.0")
    with pytest.raises(CheckpointError, match=r"versions \(nearsight .*, now 7\.0\).*delete it"):
        hessian(displaced_quartz, pair_model(), "rows", checkpoint=path)
    assert kept(path) == 5


@pytest.mark.parametrize("missing", [1, 12, 227])
def test_record_cut_short_is_computed_again(
    pair_model: Callable[..., Any],
    displaced_quartz: Atoms,
    path: Path,
    interrupt: Callable[[int], None],
    missing: int,
) -> None:
    interrupt(5)
    path.write_bytes(path.read_bytes()[:-missing])
    # What follows the cut is written at the right place: interrupt and resume once more.
    # One of the four rows is the spot check.
    model = Stopping(pair_model(), 4, KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        hessian(displaced_quartz, model, "rows", checkpoint=path)
    assert kept(path) == 7
    resumed = hessian(displaced_quartz, pair_model(), "rows", checkpoint=path)
    assert resumed.rows_computed == 20
    whole = hessian(displaced_quartz, pair_model(), "rows")
    np.testing.assert_array_equal(resumed.matrix_eV_per_A2, whole.matrix_eV_per_A2)


@pytest.mark.parametrize(
    "content",
    [
        b"My thesis\n",
        b"\x00\x01\x02",
        b"{}\n",
        b"[1]\n",
        b'{"kind": "x", "format": 1}\n',
        b"\n",
        b"[" * 100_000,
    ],
    ids=lambda content: repr(content[:10]),
)
def test_foreign_file_is_refused_and_left_alone(
    pair_model: Callable[..., Any], displaced_water: Atoms, path: Path, content: bytes
) -> None:
    path.write_bytes(content)
    with pytest.raises(CheckpointError, match="not a checkpoint of a Hessian; choose another path"):
        hessian(displaced_water, pair_model(), checkpoint=path)
    assert path.read_bytes() == content


def test_pipe_is_refused_instead_of_waited_for(
    pair_model: Callable[..., Any], displaced_water: Atoms, path: Path
) -> None:
    os.mkfifo(path)
    with pytest.raises(CheckpointError, match="not a checkpoint of a Hessian; choose another path"):
        hessian(displaced_water, pair_model(), checkpoint=path)
    assert count_rows(path) == 0


def test_checkpoint_of_another_format_is_refused(path: Path) -> None:
    header = {"kind": "nearsight hessian rows", "format": 99, "fingerprint": {"model": "a"}}
    path.write_text(json.dumps(header) + "\n")
    at_rest = Evaluation(0.0, np.zeros((1, 3)), None, None)
    with pytest.raises(CheckpointError, match="another format"):
        RowStore(path, Origin({"model": "a"}, {}, at_rest), 1)


def test_places_where_no_file_can_be_are_named(
    pair_model: Callable[..., Any], displaced_water: Atoms, tmp_path: Path
) -> None:
    with pytest.raises(CheckpointError, match=r"cannot read .*Is a directory"):
        hessian(displaced_water, pair_model(), checkpoint=tmp_path)
    file = tmp_path / "file"
    file.write_text("")
    with pytest.raises(StorageError, match=r"cannot make .*rows"):
        hessian(displaced_water, pair_model(), checkpoint=file / "rows")


def test_missing_folders_are_made(
    pair_model: Callable[..., Any], displaced_water: Atoms, tmp_path: Path
) -> None:
    path = tmp_path / "a" / "b" / "rows"
    model = Stopping(pair_model(), 2, KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        hessian(displaced_water, model, checkpoint=path)
    assert path.exists()


def test_full_disk_leaves_the_rows_before_it(
    pair_model: Callable[..., Any],
    displaced_quartz: Atoms,
    path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    real_open = Path.open
    appended = []

    class FullAfterHalf:
        def __init__(self, file: Any) -> None:
            self.file = file

        def __enter__(self) -> Any:
            return self

        def __exit__(self, *_: object) -> None:
            self.file.close()

        def seek(self, *where: int) -> None:
            self.file.seek(*where)

        def write(self, content: bytes) -> None:
            self.file.write(content[: len(content) // 2])
            raise OSError(errno.ENOSPC, "No space left on device")

    def filling(self: Path, mode: str = "r", *args: Any, **kwargs: Any) -> Any:
        file = real_open(self, mode, *args, **kwargs)
        if mode == "r+b":
            appended.append(self)
        return FullAfterHalf(file) if len(appended) > 6 else file

    with monkeypatch.context() as patch:
        patch.setattr(Path, "open", filling)
        message = "No space left on device. The 6 rows in it are intact; free some space"
        with pytest.raises(StorageError, match=message):
            hessian(displaced_quartz, pair_model(), "rows", checkpoint=path)
    resumed = hessian(displaced_quartz, pair_model(), "rows", checkpoint=path)
    assert resumed.rows_computed == ROWS - 6
    whole = hessian(displaced_quartz, pair_model(), "rows")
    np.testing.assert_array_equal(resumed.matrix_eV_per_A2, whole.matrix_eV_per_A2)


def test_rows_before_a_nan_are_kept(
    pair_model: Callable[..., Any], displaced_quartz: Atoms, path: Path
) -> None:
    with pytest.raises(ModelError, match=r"atom 2, direction y, is not finite; the 7 rows before"):
        hessian(displaced_quartz, Stopping(pair_model(), 7), "rows", checkpoint=path)
    assert kept(path) == 7
    resumed = hessian(displaced_quartz, pair_model(), "rows", checkpoint=path)
    assert resumed.rows_computed == ROWS - 7


def test_nan_without_a_checkpoint_is_refused_too(
    pair_model: Callable[..., Any], displaced_water: Atoms
) -> None:
    with pytest.raises(ModelError, match="atom 0, direction x, is not finite"):
        hessian(displaced_water, Stopping(pair_model(), 0))
