"""Bars are for terminals, lines for logs; both tell how long this run will still take."""

import logging
import sys

import pytest
from rich.cells import cell_len
from rich.text import Text

from nearsight.progress import (
    BarProgress,
    LogProgress,
    Progress,
    SeveralProgress,
    TimeLeft,
    as_progress,
    duration,
)


class Clock:
    """A clock that a test moves on."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(autouse=True)
def capable_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """A terminal that can move its cursor, wherever the tests run."""
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.delenv("NO_COLOR", raising=False)


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level(logging.INFO, logger="nearsight")
    return caplog


def run(progress: Progress | bool | None, total: int | None = 3) -> None:
    with as_progress(progress).task("Hessian rows", total) as advance:
        for done in range(1, 4):
            advance(done, f"row {done}")


@pytest.mark.parametrize("total", [3, None])
def test_bar_is_on_standard_error(capsys: pytest.CaptureFixture[str], total: int | None) -> None:
    run(True, total)
    output = capsys.readouterr()
    assert output.out == ""
    assert "Hessian rows" in output.err


@pytest.mark.parametrize(
    ("terminal", "kind", "shown"),
    [(True, "xterm", True), (False, "xterm", False), (True, "dumb", False)],
)
def test_by_default_only_a_terminal_gets_it(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    terminal: bool,
    kind: str,
    shown: bool,
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: terminal)
    monkeypatch.setenv("TERM", kind)
    run(None)
    assert ("Hessian rows" in capsys.readouterr().err) == shown


def test_it_can_be_forbidden(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    run(False)
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("progress", [True, False, LogProgress(logging.getLogger("nearsight"))])
def test_errors_pass_through(progress: Progress | bool) -> None:
    def fail() -> None:
        with as_progress(progress).task("Hessian rows", 3) as advance:
            advance(1, "")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()


def test_bar_names_the_structure_and_which_of_how_many(
    capsys: pytest.CaptureFixture[str],
) -> None:
    run(BarProgress("quartz.cif", "3 of 20"))
    assert "quartz.cif (3 of 20): Hessian rows" in capsys.readouterr().err


@pytest.mark.parametrize("label", ["a" * 300 + ".cif", "\x1b[31mred.cif", "[bold]name.cif"])
def test_no_name_of_a_structure_spoils_the_bar(
    capsys: pytest.CaptureFixture[str], label: str
) -> None:
    run(BarProgress(label, "3 of 20"))
    shown = capsys.readouterr().err
    assert label[-7:] + " (3 of 20): Hessian rows" in shown
    assert "3/3" in shown
    assert max(map(cell_len, Text.from_ansi(shown).plain.splitlines())) <= 80
    assert "\x1b[31mred" not in shown


def test_log_has_one_line_in_30_s_with_the_time_left(
    clock: Clock, log: pytest.LogCaptureFixture
) -> None:
    progress = LogProgress(logging.getLogger("nearsight"), "quartz.cif", "3 of 20", clock=clock)
    with progress.task("Hessian rows", 318) as advance:
        for done in range(1, 121):
            clock.now += 4.0
            advance(done, "")
    # The first when 30 s are over, with the row that ends then, and so on.
    assert len(log.messages) == 120 // 8
    assert log.messages[0] == "quartz.cif (3 of 20): Hessian rows 8 of 318, about 21 min left"
    assert log.messages[-1] == "quartz.cif (3 of 20): Hessian rows 120 of 318, about 13 min left"


def test_tasks_of_one_structure_share_their_30_s(
    clock: Clock, log: pytest.LogCaptureFixture
) -> None:
    progress = LogProgress(logging.getLogger("nearsight"), clock=clock)
    for _ in range(20):
        with progress.task("Relaxation step", None) as advance:
            clock.now += 2.9
            advance(7, "fmax 0.0123 eV/Å")
    assert log.messages == ["Relaxation step 7, fmax 0.0123 eV/Å"]


def test_quick_work_has_no_lines(clock: Clock, log: pytest.LogCaptureFixture) -> None:
    run(LogProgress(logging.getLogger("nearsight"), clock=clock))
    assert log.messages == []


def test_time_left_counts_only_what_this_run_did(clock: Clock) -> None:
    left = TimeLeft(300, 100, clock)
    assert left.seconds(100) is None
    clock.now += 60.0
    # 30 rows in 60 s, and 170 to go; a run that took the first 100 for its own would say 79 s.
    assert left.seconds(130) == pytest.approx(340.0)
    assert left.in_words(130) == "about 5.7 min left"


def test_there_is_no_time_left_of_what_has_no_end_or_has_reached_it(clock: Clock) -> None:
    clock.now += 60.0
    assert TimeLeft(None, 0, clock).in_words(5) == ""
    assert TimeLeft(5, 0, clock).in_words(5) == ""


def test_bar_after_resuming_tells_the_time_left(
    clock: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    with BarProgress(clock=clock).task("Hessian rows", 300, 100) as advance:
        clock.now += 60.0
        advance(130, "")
    shown = capsys.readouterr().err
    assert "130/300" in shown
    assert "about 5.7 min left" in shown


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.42, "0.4 s"),
        (59.6, "60 s"),
        (91, "1.5 min"),
        (840, "14 min"),
        (7200, "2.0 h"),
        (86400, "24 h"),
        (1e6, "12 days"),
    ],
)
def test_durations_have_the_unit_that_suits_them(seconds: float, words: str) -> None:
    assert duration(seconds) == words


def test_several_are_told_the_same(clock: Clock, log: pytest.LogCaptureFixture) -> None:
    logger = logging.getLogger("nearsight")
    both = SeveralProgress(
        LogProgress(logger, "a", clock=clock), LogProgress(logger, "b", clock=clock)
    )
    with both.task("Hessian rows", 4, 1) as advance:
        clock.now += 30.0
        advance(2, "note")
    assert log.messages == [
        "a: Hessian rows 2 of 4, about 60 s left, note",
        "b: Hessian rows 2 of 4, about 60 s left, note",
    ]
