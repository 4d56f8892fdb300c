"""Many structures in one run: a failed one is a record, never a lost run."""

import argparse
import logging
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext, redirect_stdout
from dataclasses import dataclass
from functools import partial
from time import perf_counter

from nearsight import records
from nearsight.cli.wording import in_options
from nearsight.errors import MemoryBudgetError, NearsightError, StorageError, system_message
from nearsight.memory import is_out_of_memory, out_of_memory_message
from nearsight.progress import Progress, duration
from nearsight.runs.outputs import Outcome, RunFiles, RunOutputs
from nearsight.runs.told import Told
from nearsight.tables.closing import ClosingTable
from nearsight.terminal.logs import progress_for
from nearsight.terminal.streams import ended_by_package, say, say_defect, why_not_printed
from nearsight.workflows.settings import ReadingSettings
from nearsight.workflows.unfinished import Unfinished, keep_unfinished

logger = logging.getLogger("nearsight.cli")


@dataclass(frozen=True)
class Task:
    """One structure of a run."""

    path: str
    unfinished: Unfinished
    progress: Progress


def run_batch(
    arguments: argparse.Namespace,
    calculate: Callable[[Task], Outcome],
    draw: Callable[[], None] = lambda: None,
    reading: ReadingSettings | None = None,
) -> int:
    """Call `calculate` for each structure; see `run_each`.

    It gets a place for unfinished work, and where to tell how far it has come.
    `draw` makes the figure of all structures. Finished work is kept until that is done too.
    `reading` is how structures are read.
    """
    with keep_unfinished(arguments.work_dir) as unfinished:

        def one(path: str, position: str) -> Outcome:
            progress = progress_for(arguments, path, position)
            with unfinished.kept_on_failure():
                return calculate(Task(path, unfinished, progress))

        status = _run(arguments, one, reading)
        draw()
        return status


def run_each(arguments: argparse.Namespace, calculate: Callable[[str], Outcome]) -> int:
    """Call `calculate` for each structure, write the JSON and the report, and show the outcome.

    Nothing that goes wrong with one structure, be it that its numbers cannot be shown, ends the
    run for the others.

    Returns
    -------
    int
        Exit status: 1 if a structure failed.

    Raises
    ------
    StorageError
        The JSON or the report cannot be written at the end, or results are nowhere since they
        cannot be printed.
    """
    return _run(arguments, lambda path, _: calculate(path))


def _run(
    arguments: argparse.Namespace,
    calculate: Callable[[str, str], Outcome],
    reading: ReadingSettings | None = None,
) -> int:
    """Call `calculate` for each structure with its position; one alone has none."""
    files = RunFiles(
        json=arguments.json,
        jsonl=arguments.jsonl,
        append=arguments.append,
        csv=arguments.csv,
        report=arguments.report,
        structures=getattr(arguments, "save_structure", None),
        reading=reading or ReadingSettings(),
    )
    told, table = Told(_say, say_defect), ClosingTable()
    outputs = RunOutputs(files, arguments.structures, arguments.command_line, told)
    failed, n_structures = 0, len(arguments.structures)
    with outputs.finished_at_the_end():
        for number, path in enumerate(arguments.structures, start=1):
            position = f"{number} of {n_structures}" if n_structures > 1 else ""
            start = perf_counter()
            with _nothing_between_results(arguments):
                outcome = _attempt(path, partial(calculate, path, position))
            outcome = _recorded(path, outcome, outputs)
            written = outputs.add(path, outcome)
            shown = arguments.json == "-" or _shown(path, outcome)
            failed += "error" in outcome.record or not (written and shown)
            table.add(outcome.record)
            _log_end(path, position, outcome, perf_counter() - start)
    if arguments.json != "-":
        table.show()
    if failed and n_structures > 1:
        say(f"{failed} of {n_structures} structures failed.")
    _require_results_somewhere(arguments)
    return 1 if failed else 0


def _say(message: str) -> None:
    say(in_options(message))


def _log_end(path: str, position: str, outcome: Outcome, seconds: float) -> None:
    end = "failed" if "error" in outcome.record else "finished"
    wrote = f"; wrote {', '.join(outcome.files)}" if outcome.files else ""
    which = f"{path} ({position})" if position else path
    logger.info("%s: %s after %s%s", which, end, duration(seconds), wrote)


def _nothing_between_results(arguments: argparse.Namespace) -> AbstractContextManager[object]:
    """Let what a model prints go to standard error where JSON goes to standard output."""
    return redirect_stdout(sys.stderr) if arguments.json == "-" else nullcontext()


def _attempt(path: str, calculate: Callable[[], Outcome]) -> Outcome:
    try:
        return calculate()
    except (Exception, SystemExit) as error:
        # One boundary for everything, also a package that ends the program: in a long run the other
        # structures must go on.
        return _failure(path, error)


def _recorded(path: str, outcome: Outcome, outputs: RunOutputs) -> Outcome:
    """Add the record to the JSON, or in its place that this is not possible."""
    try:
        outputs.add_record(outcome.record)
    except (ValueError, TypeError) as error:
        outcome = _failure(path, error)
        outputs.add_record(outcome.record)
    return outcome


def _shown(path: str, outcome: Outcome) -> bool:
    """Print a result, and tell whether that was possible."""
    try:
        outcome.show()
    except Exception as error:
        # A defect of a table must not end the run, whose other results are sound.
        say(f"{path}: the calculation is finished, but its table could not be printed ({error}).")
        say_defect(error)
        return False
    why_not_printed()  # what is printed shall be there although the next structure takes long
    return True


def _failure(path: str, error: Exception | SystemExit) -> Outcome:
    kind = type(error)
    message = ended_by_package(error) if isinstance(error, SystemExit) else str(error)
    defect = not isinstance(error, NearsightError)
    if defect and is_out_of_memory(error):
        kind, message, defect = MemoryBudgetError, out_of_memory_message(error), False
    elif isinstance(error, OSError):
        kind, message, defect = StorageError, system_message(error), False
    shown = in_options(message)
    say(shown if shown.startswith(path) else f"{path}: {shown}")
    if defect:
        say_defect(error)
    failure = records.FailureRecord.of(path, kind.__name__, message)
    return Outcome(failure.to_json(), show=lambda: None)


def _require_results_somewhere(arguments: argparse.Namespace) -> None:
    """Check that results which cannot be printed stand in a JSON file.

    Raises
    ------
    StorageError
        They do not; unfinished and finished work is then kept.
    """
    reason = why_not_printed()
    if reason is not None and arguments.json in {None, "-"} and arguments.jsonl is None:
        raise StorageError(
            f"results could not be printed to standard output: {reason}. All structures are "
            f"computed; the same command shows them at once, or writes them with --json FILE."
        )
