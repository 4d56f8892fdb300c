"""Items are kept one by one, and one that fails leaves the others alone."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import pytest

from nearsight.errors import ModelDiedError, ModelError
from nearsight.evaluation import Failure, Work
from nearsight.evaluation.work import forget_failures, has_failures, keep_failure
from nearsight.records.described import Says


@dataclass(frozen=True)
class Square:
    value: Annotated[float, Says("The square.", "1")]


def squares(work: Work, calls: list[str], names: str = "1 2 3") -> tuple[dict, dict]:
    def square(name: str) -> Square:
        calls.append(name)
        return Square(1 / (2 - float(name)))

    return work.each("squares", names.split(), square, Square)


def test_an_item_that_fails_leaves_the_others_alone() -> None:
    done, failed = squares(Work(), [])
    assert done == {"1": Square(1.0), "3": Square(-1.0)}
    assert failed["2"].kind == "error"
    assert failed["2"].reason == "ZeroDivisionError"
    assert "test_work.py" in failed["2"].message


def test_nothing_is_computed_twice(tmp_path: Path) -> None:
    calls: list[str] = []
    first = squares(Work(tmp_path), calls)
    assert squares(Work(tmp_path), calls) == first
    assert calls == ["1", "2", "3"]
    squares(Work(tmp_path), calls, "3 4")
    assert calls == ["1", "2", "3", "4"]


def test_failures_alone_are_tried_again(tmp_path: Path) -> None:
    calls: list[str] = []
    work = Work(tmp_path)
    squares(work, calls)
    kept = [work.folder_of("squares", name) for name in "12"]
    assert has_failures(tmp_path)
    forget_failures(tmp_path)
    assert not has_failures(tmp_path)
    assert [each is not None and each.is_dir() for each in kept] == [True, False]
    squares(Work(tmp_path), calls)
    assert calls == ["1", "2", "3", "2"]


def test_what_is_damaged_is_computed_again(tmp_path: Path) -> None:
    calls: list[str] = []
    squares(Work(tmp_path), calls, "1 3")
    (tmp_path / "squares.1.json").write_text('{"result": {"val', encoding="utf-8")
    (tmp_path / "squares.3.json").write_text('{"result": {"value": "x"}}', encoding="utf-8")
    done, _ = squares(Work(tmp_path), calls, "1 3")
    assert done == {"1": Square(1.0), "3": Square(-1.0)}
    assert calls == ["1", "3", "1", "3"]


def test_what_is_begun_is_told_so_that_a_death_can_be_told(tmp_path: Path) -> None:
    begun: list[Path] = []
    squares(Work(tmp_path, begun=begun.append), [], "1")
    assert begun == [tmp_path / "squares.1.json"]
    keep_failure(tmp_path / "squares.5.json", Failure("crash", "was killed", "died at 5"))
    done, failed = squares(Work(tmp_path), [], "5 1")
    assert list(done) == ["1"]
    assert failed == {"5": Failure("crash", "was killed", "died at 5")}


def test_an_interruption_is_no_failure(tmp_path: Path) -> None:
    def interrupted(name: str) -> Square:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Work(tmp_path).each("squares", ["1"], interrupted, Square)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (ModelError("the model does not know Xe; choose another."), "refused"),
        (MemoryError(), "out of memory"),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory"), "out of memory"),
        (ValueError("shapes"), "error"),
    ],
)
def test_failures_have_a_kind(error: Exception, kind: str) -> None:
    def fail() -> Square:
        raise error

    failure = Work().once("thing", fail, Square)
    assert isinstance(failure, Failure)
    assert failure.kind == kind


DEAD = ModelDiedError(
    "the process of far was killed by SIGSEGV. No words.", "was killed by SIGSEGV"
)


def test_the_death_of_a_process_behind_this_one_is_a_crash() -> None:
    def fail() -> Square:
        raise ModelError("structure 3, He2: it failed.") from DEAD

    failure = Work().once("thing", fail, Square)
    assert isinstance(failure, Failure)
    assert (failure.kind, failure.reason) == ("crash", "was killed by SIGSEGV")


@pytest.mark.parametrize(
    "error",
    [
        DEAD,
        RuntimeError("CUDA error: device-side assert triggered"),
        RuntimeError("CUDA error: out of memory"),
        ValueError("shapes"),
    ],
)
def test_nothing_more_is_asked_of_a_process_that_has_lost_its_device(
    tmp_path: Path, error: Exception
) -> None:
    def ended(failure: Failure) -> None:
        raise KeyError(failure.message)

    def fail(_: str) -> Square:
        raise error

    work = Work(tmp_path, ended=ended)
    if error is not DEAD and "assert" not in str(error):
        assert set(work.each("squares", ["1", "2"], fail, Square)[1]) == {"1", "2"}
        return
    with pytest.raises(KeyError):
        work.each("squares", ["1", "2"], fail, Square)
    assert not has_failures(tmp_path)  # which item it was is kept by who ends the process


def test_a_number_that_is_none_is_a_failure_of_the_item(tmp_path: Path) -> None:
    failure = Work(tmp_path).once("thing", lambda: Square(float("nan")), Square)
    assert isinstance(failure, Failure)
    assert "nan" in failure.message


@pytest.mark.parametrize("name", ["NaCl (1)", "Mg(OH)2", "../1", "größer", "x" * 300])
def test_whatever_an_item_is_called_it_has_a_file_of_its_own(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "items"
    calls: list[str] = []

    def one(asked: str) -> Square:
        calls.append(asked)
        return Square(float(len(calls)))

    names = [name, f"{name}!", name.replace("(", "[")]
    first, _ = Work(folder).each("squares", names, one, Square)
    assert list(first) == list(dict.fromkeys(names))
    assert Work(folder).each("squares", names, one, Square) == (first, {})
    assert calls == list(first)
    kept = Work(folder).folder_of("runs", name)
    assert kept is not None
    assert kept.parent == folder
    assert {path.parent for path in tmp_path.rglob("*.json")} == {folder}


def test_what_takes_long_has_a_folder(tmp_path: Path) -> None:
    folder = Work(tmp_path).folder_of("runs", "300K")
    assert folder is not None
    assert folder.is_dir()
    assert folder.parent == tmp_path
    assert Work().folder_of("runs", "300K") is None
