"""The bar goes to standard error, and only where someone sees it."""

import sys

import pytest

from nearsight.progress import progress_bar


@pytest.fixture(autouse=True)
def capable_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """A terminal that can move its cursor, wherever the tests run."""
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)


def run(show: bool | None, total: int | None = 3) -> None:
    with progress_bar("Hessian rows", total, show=show) as advance:
        for done in range(1, 4):
            advance(done, f"row {done}")


@pytest.mark.parametrize("total", [3, None])
def test_bar_is_on_standard_error(capsys: pytest.CaptureFixture[str], total: int | None) -> None:
    run(show=True, total=total)
    output = capsys.readouterr()
    assert output.out == ""
    assert "Hessian rows" in output.err


@pytest.mark.parametrize(("terminal", "shown"), [(True, True), (False, False)])
def test_by_default_only_a_terminal_gets_it(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    terminal: bool,
    shown: bool,
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: terminal)
    run(show=None)
    assert ("Hessian rows" in capsys.readouterr().err) == shown


def test_it_can_be_forbidden(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    run(show=False)
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("show", [True, False])
def test_errors_pass_through(show: bool) -> None:
    def fail() -> None:
        with progress_bar("Hessian rows", 3, show=show) as advance:
            advance(1, "")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
