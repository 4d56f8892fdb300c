"""What both executors have in common: results, errors, warnings, and what they refuse."""

import warnings
from collections.abc import Iterator
from concurrent.futures import CancelledError, Executor, as_completed
from pathlib import Path
from threading import Lock

import pytest
from ase import Atoms
from ase.build import bulk

import tasks
from nearsight.announcing import announces
from nearsight.errors import ExecutionError, MethodError, NearsightWarning, SettingError
from nearsight.execution import InThisProcess, LocalProcesses, current_model, current_resources
from nearsight.models.spec import ModelSpec
from nearsight.remarks import Remark
from nearsight.resources import Resources

SHARE = Resources(cores=2, memory_bytes=2**30)


@pytest.fixture(scope="module", params=["in this process", "two processes"])
def executor(request: pytest.FixtureRequest) -> Iterator[Executor]:
    """Each kind of executor, with EMT as its model."""
    if request.param == "in this process":
        chosen: Executor = InThisProcess("ase:emt", SHARE)
    else:
        chosen = LocalProcesses(2, ModelSpec("ase:emt"), SHARE)
    with chosen:
        yield chosen


def test_results_come_in_order(executor: Executor) -> None:
    # The first takes longest, so that they would come in another order as they are done.
    seconds = [0.3, 0.0, 0.0, 0.0]
    assert list(executor.map(tasks.square_later, [3, 4, 5, 6], seconds)) == [9, 16, 25, 36]


def test_each_result_comes_once_as_it_is_done(executor: Executor) -> None:
    futures = {executor.submit(tasks.square, number): number for number in range(6)}
    done = list(as_completed(futures, timeout=60))
    assert len(done) == 6
    assert all(future.result() == futures[future] ** 2 for future in done)


def test_keywords_are_sent(executor: Executor) -> None:
    assert executor.submit(tasks.square, number=7).result() == 49


def test_error_is_the_one_that_was_raised(executor: Executor) -> None:
    with pytest.raises(SettingError, match="`step_A` is -1; it must be positive") as raised:
        executor.submit(tasks.fail, "setting").result()
    assert raised.value.setting == "rows.step_A"
    assert "tasks.py" in str(raised.value.__cause__)  # where it was raised, over there
    assert "in fail" in str(raised.value.__cause__)
    assert type(executor.submit(tasks.fail, "method").exception()) is MethodError
    assert type(executor.submit(tasks.fail, "defect").exception()) is ZeroDivisionError
    assert type(executor.submit(tasks.fail, "memory").exception()) is MemoryError


def test_error_that_cannot_be_rebuilt_is_told(executor: Executor) -> None:
    with pytest.raises(
        ExecutionError, match=r"fail\('unusual'\) failed with UnusualError: 3 times"
    ):
        executor.submit(tasks.fail, "unusual").result()


def test_a_failure_is_that_of_its_task(executor: Executor) -> None:
    futures = [executor.submit(tasks.fail, "method"), executor.submit(tasks.square, 3)]
    assert [type(future.exception()) for future in futures] == [MethodError, type(None)]
    results = executor.map(tasks.fail, ["method", "defect"])
    with pytest.raises(MethodError):
        next(results)


def test_remarks_are_raised_where_the_result_is_asked_for(executor: Executor) -> None:
    future = executor.submit(tasks.remark, "first")
    with pytest.warns(NearsightWarning, match="first") as told:
        assert future.result() == "first"
    (warning,) = told
    assert Path(warning.filename).name == "tasks.py"
    remark = warning.message.args[0]
    assert isinstance(remark, Remark)
    assert remark.code == "unrelaxed"
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert future.result() == "first"  # it was said once
        assert future.exception() is None


def test_filters_of_those_who_ask_count(executor: Executor) -> None:
    with warnings.catch_warnings():
        warnings.filterwarnings("error", category=NearsightWarning, module="tasks")
        with pytest.raises(NearsightWarning, match="second"):
            executor.submit(tasks.remark, "second").result()
        warnings.filterwarnings("ignore", category=NearsightWarning, module="tasks")
        assert executor.submit(tasks.remark, "third").result() == "third"


def test_warnings_of_failed_tasks_are_told_too(executor: Executor) -> None:
    future = executor.submit(tasks.warn_and_fail, "beware")
    with pytest.warns(RuntimeWarning, match="beware"), pytest.raises(MethodError):
        future.result()


def test_verbs_that_announce_take_warnings_over_themselves(executor: Executor) -> None:
    @announces
    def verb() -> str:
        return str(executor.submit(tasks.remark, "inside").result())

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert verb() == "inside"


def test_what_cannot_be_sent_is_refused_at_once(executor: Executor) -> None:
    with pytest.raises(ExecutionError, match=r"<lambda>.*top of a module"):
        executor.submit(lambda: 1)
    with pytest.raises(ExecutionError, match=r"square\(<.*lock.*plain values"):
        executor.submit(tasks.square, Lock())
    with pytest.raises(ExecutionError, match="top of a module"):
        list(executor.map(lambda item: item, [1, 2]))


def test_function_of_the_script_is_refused(
    executor: Executor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tasks.square, "__module__", "__main__")
    with pytest.raises(ExecutionError, match=r"square\(3\).*module of its own"):
        executor.submit(tasks.square, 3)


def test_what_cannot_be_sent_back_is_told(executor: Executor) -> None:
    with pytest.raises(ExecutionError, match=r"_thread\.lock, cannot be sent back.*plain values"):
        executor.submit(tasks.not_to_be_sent).result()
    with pytest.raises(ExecutionError, match="cannot be read here"):
        executor.submit(tasks.grudging).result()


def test_what_cannot_be_read_there_is_told(executor: Executor) -> None:
    with pytest.raises(ExecutionError, match="cannot be read by the process that is to run it"):
        executor.submit(tasks.square, tasks.Grudging()).result()


def test_long_arguments_are_cut_in_messages(executor: Executor) -> None:
    error = executor.submit(tasks.fail, kind=1000 * "x").exception()
    assert isinstance(error, ExecutionError)
    assert len(str(error)) < 250
    assert str(error).startswith("fail(kind='xxx")


def test_tasks_have_the_model_and_the_share(executor: Executor) -> None:
    copper: Atoms = bulk("Cu")
    expected = ModelSpec("ase:emt").load().evaluate([copper])[0].energy_eV
    assert executor.submit(tasks.energy, copper).result()[1] == expected
    resources = executor.submit(tasks.share).result()["resources"]
    n = 1 if isinstance(executor, InThisProcess) else 2
    assert resources == Resources(cores=2 // n, memory_bytes=2**30 // n)


def test_nothing_is_current_outside_of_tasks(executor: Executor) -> None:
    executor.submit(tasks.share).result()
    for ask in (current_model, current_resources):
        with pytest.raises(MethodError, match=r"no task of one runs; .*`submit` or `map`"):
            ask()


@pytest.mark.parametrize("n", [0, 2])
def test_executor_without_a_model_says_so(n: int) -> None:
    with LocalProcesses(n) if n else InThisProcess() as executor:
        error = executor.submit(tasks.energy, bulk("Cu")).exception()
    assert isinstance(error, MethodError)
    assert "the executor has none; set `model`" in str(error)


@pytest.mark.parametrize("n", [0, 2])
def test_no_task_is_taken_after_the_end(n: int) -> None:
    with LocalProcesses(n) if n else InThisProcess() as executor:
        done = executor.submit(tasks.square, 2)
    with pytest.raises(RuntimeError, match="after shutdown"):
        executor.submit(tasks.square, 3)
    assert done.result() == 4
    executor.shutdown(cancel_futures=True)  # again, which does nothing
    assert not isinstance(done.exception(), CancelledError)
