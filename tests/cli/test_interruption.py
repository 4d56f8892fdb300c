import json
import os
import signal
import sys
from argparse import Namespace
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from nearsight.cli.batch import Outcome, run_each
from nearsight.models import AseModel
from nearsight.terminal.interruption import interruptible, status_of

Run = Callable[..., int]

DENSE = ("--spectrum", "dense")
ALL_ROWS = (*DENSE, "--no-symmetry")


def _assert_same_modes(found: dict[str, Any], expected: dict[str, Any]) -> None:
    # EMT's neighbour list remembers earlier structures, which changes its sums in the last digits.
    wavenumbers = expected["modes"]["wavenumbers_per_cm"]
    assert found["modes"]["wavenumbers_per_cm"] == pytest.approx(wavenumbers, abs=1e-3)


def test_interrupted_hessian_goes_on(
    nearsight: Run,
    folder: Path,
    interrupt_after: Callable[[int], None],
    capsys: pytest.CaptureFixture[str],
) -> None:
    arguments = ("heat-capacity", "copper.cif", *DENSE, "--no-relax", "--json", "r.json")
    assert nearsight(*arguments) == 0
    expected = json.loads((folder / "r.json").read_text())

    interrupt_after(10)
    assert nearsight(*arguments) == 130
    said = capsys.readouterr().err
    assert "interrupted. Finished work is kept in .nearsight: copper-" in said
    assert ".rows (4 rows); the same calculation goes on from there." in said
    assert list((folder / ".nearsight").iterdir())

    assert nearsight(*arguments) == 0
    resumed = json.loads((folder / "r.json").read_text())
    assert 0 < resumed["hessian"]["rows_computed"] < 12
    _assert_same_modes(resumed, expected)
    assert not (folder / ".nearsight").exists()


def test_interrupted_relaxation_goes_on(
    nearsight: Run, folder: Path, interrupt_after: Callable[[int], None]
) -> None:
    arguments = ("heat-capacity", "copper.cif", "--json", "r.json")
    interrupt_after(4)
    assert nearsight(*arguments) == 130
    assert nearsight(*arguments) == 0
    record = json.loads((folder / "r.json").read_text())
    assert record["relaxation"]["converged"] is True
    assert not (folder / ".nearsight").exists()


def test_relaxation_is_not_repeated_when_the_hessian_was_interrupted(
    nearsight: Run, folder: Path, interrupt_after: Callable[[int], None]
) -> None:
    arguments = ("heat-capacity", "copper.cif", *DENSE, "--json", "r.json")
    assert nearsight(*arguments) == 0
    expected = json.loads((folder / "r.json").read_text())
    interrupt_after(expected["relaxation"]["steps"] + 12 + 2 * 4)  # four products by differences
    assert nearsight(*arguments) == 130
    kept = {path.suffix for path in (folder / ".nearsight").iterdir()}
    assert kept == {".relaxation", ".rows"}
    assert nearsight(*arguments) == 0
    resumed = json.loads((folder / "r.json").read_text())
    assert resumed["hessian"]["rows_computed"] < 12
    _assert_same_modes(resumed, expected)
    assert resumed["relaxation"] == expected["relaxation"]


def test_other_settings_do_not_meet_the_unfinished_work(
    nearsight: Run, folder: Path, interrupt_after: Callable[[int], None]
) -> None:
    interrupt_after(10)
    arguments = ("heat-capacity", "copper.cif", *DENSE, "--no-relax")
    assert nearsight(*arguments) == 130
    assert nearsight(*arguments, "--method", "forward-difference", "--json", "r.json") == 0
    record = json.loads((folder / "r.json").read_text())
    assert record["hessian"]["rows_computed"] == 12


def test_results_before_an_interruption_are_in_the_json(
    nearsight: Run, folder: Path, interrupt_after: Callable[[int], None]
) -> None:
    interrupt_after(40)
    arguments = ("aluminium.cif", "copper.cif", *ALL_ROWS, "--no-relax", "--json", "r.json")
    assert nearsight("heat-capacity", *arguments) == 130
    records = json.loads((folder / "r.json").read_text())
    assert [record["structure"] for record in records] == ["aluminium.cif"]


def test_work_directory_that_cannot_be_made_is_explained(
    nearsight: Run, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "occupied").touch()
    assert nearsight("heat-capacity", "copper.cif", "--work-dir", "occupied") == 1
    assert "--work-dir" in capsys.readouterr().err


def test_interrupted_batch_repeats_nothing(
    nearsight: Run, folder: Path, interrupt_after: Callable[[int], None]
) -> None:
    arguments = ("aluminium.cif", "copper.cif", *ALL_ROWS, "--no-relax", "--json", "r.json")
    interrupt_after(40)
    assert nearsight("heat-capacity", *arguments) == 130
    assert nearsight("heat-capacity", *arguments) == 0
    aluminium, copper = json.loads((folder / "r.json").read_text())
    assert aluminium["hessian"]["rows_computed"] == 0
    assert 0 < copper["hessian"]["rows_computed"] < 12
    assert not (folder / ".nearsight").exists()


def test_json_on_standard_output_survives_an_interruption(
    nearsight: Run, interrupt_after: Callable[[int], None], capsys: pytest.CaptureFixture[str]
) -> None:
    interrupt_after(40)
    arguments = ("aluminium.cif", "copper.cif", *ALL_ROWS, "--no-relax", "--json", "-")
    assert nearsight("heat-capacity", *arguments) == 130
    (aluminium,) = json.loads(capsys.readouterr().out)
    assert aluminium["formula"] == "Al4"


def test_unconverged_relaxation_goes_on_with_more_steps(nearsight: Run, folder: Path) -> None:
    assert nearsight("heat-capacity", "copper.cif", "--max-steps", "2") == 0
    assert nearsight("heat-capacity", "copper.cif", "--json", "r.json") == 0
    continued = json.loads((folder / "r.json").read_text())["relaxation"]
    assert continued["converged"] is True
    assert not (folder / ".nearsight").exists()


@pytest.mark.usefixtures("signals_are_heard")
def test_second_signal_does_not_disturb_what_is_said_of_the_first() -> None:
    with interruptible():
        try:
            with interruptible():  # the program's own context, and that of its commands
                os.kill(os.getpid(), signal.SIGTERM)
                pytest.fail("no signal was heard")
        except KeyboardInterrupt as interruption:
            os.kill(os.getpid(), signal.SIGTERM)
            status = status_of(interruption)
    assert status == 143
    assert signal.getsignal(signal.SIGTERM) is signal.default_int_handler


@pytest.mark.usefixtures("signals_are_heard")
def test_each_command_of_a_process_can_be_interrupted() -> None:
    for _ in range(2):
        with pytest.raises(KeyboardInterrupt), interruptible():
            os.kill(os.getpid(), signal.SIGTERM)


def test_names_of_kept_work_cannot_colour_the_terminal(
    nearsight: Run, interrupt_after: Callable[[int], None], capsys: pytest.CaptureFixture[str]
) -> None:
    interrupt_after(10)
    named = ("--work-dir", "\x1b[31mred")
    assert nearsight("heat-capacity", "copper.cif", *DENSE, "--no-relax", *named) == 130
    assert "kept in \\x1b[31mred: copper-" in capsys.readouterr().err


def test_results_that_cannot_be_written_do_not_hide_the_interruption(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "out").mkdir()

    def calculate(path: str) -> Outcome:
        if path == "second":
            raise KeyboardInterrupt
        (folder / "out").rmdir()
        return Outcome({"structure": path}, show=lambda: None)

    arguments = Namespace(
        json="out/r.json",
        **dict.fromkeys(("jsonl", "append", "csv", "report", "command_line")),
        structures=["first", "second"],
    )
    with pytest.raises(KeyboardInterrupt):
        run_each(arguments, calculate)
    assert "cannot write out/r.json" in capsys.readouterr().err.splitlines()[-1]


def test_model_that_ends_the_program_ends_one_structure(
    nearsight: Run,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    evaluate = AseModel.evaluate

    def ending(self: AseModel, structures: Any, **asked: Any) -> Any:
        if "Al" in structures[0].symbols:
            sys.stdout.write("giving up\n")
            raise SystemExit(0)
        return evaluate(self, structures, **asked)

    monkeypatch.setattr(AseModel, "evaluate", ending)
    arguments = ("aluminium.cif", "copper.cif", *DENSE, "--no-relax", "--json", "-")
    assert nearsight("heat-capacity", *arguments) == 1
    printed = capsys.readouterr()
    failed, sound = json.loads(printed.out)
    assert failed["error"]["message"] == "a package wanted to end the program (exit status 0)."
    assert sound["formula"] == "Cu4"
    assert "giving up" in printed.err


def test_one_row_is_no_rows(
    nearsight: Run, interrupt_after: Callable[[int], None], capsys: pytest.CaptureFixture[str]
) -> None:
    interrupt_after(3)  # one call before the rows, and two for the first
    assert nearsight("heat-capacity", "copper.cif", *ALL_ROWS, "--no-relax") == 130
    assert ".rows (1 row); the same calculation" in capsys.readouterr().err
