"""The entry point ``nearsight``: a command runs, and what happens when it fails."""

import argparse
import logging
import shlex
import sys
import textwrap
import warnings
from collections.abc import Sequence

import nearsight
from nearsight.allocation import allocate_for_speed
from nearsight.cli.commands import command_parser
from nearsight.cli.wording import in_options
from nearsight.errors import NearsightError, NearsightWarning, system_message
from nearsight.structures.inputs import Inputs, expand_structures
from nearsight.terminal.interruption import interruptible, status_of, tell
from nearsight.terminal.logs import told_as_asked
from nearsight.terminal.streams import (
    ended_by_package,
    guarded_streams,
    say,
    say_defect,
    why_not_printed,
)

_logger = logging.getLogger("nearsight")
_LONGEST_COMMAND = 200
_MOST_NAMED = 3


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit status.

    0: everything was computed; 1: something failed and is named; 2: the command was not understood;
    130, 143, 129: interrupted, by Ctrl-C, SIGTERM or the end of the terminal.
    """
    try:
        with interruptible():
            return _printing(arguments)
    except KeyboardInterrupt as interruption:
        tell(interruption)
        return status_of(interruption)


def _printing(arguments: Sequence[str] | None) -> int:
    """Run a command, whether or not it can print."""
    allocate_for_speed()
    given = sys.argv[1:] if arguments is None else list(arguments)
    with guarded_streams() as output:
        try:
            status = _run(given)
        except SystemExit as ended:  # --help, or a command line that is not understood
            if ended.code or why_not_printed() is None:
                raise
            status = 1
        reason = why_not_printed()
        if reason is not None:
            say(f"not everything could be printed to standard output: {reason}.")
    return status if output.failure is None else status or 1


def _run(given: Sequence[str]) -> int:
    """Parse and run a command, and say why it ended if it did not finish."""
    parsed = command_parser().parse_args(given)
    parsed.command_line = shlex.join(["nearsight", *given])
    try:
        names: list[str] = getattr(parsed, "structures", [])
        inputs = expand_structures(names, of_hessians=getattr(parsed, "of_hessians", False))
        if names:
            parsed.structures = list(inputs.paths)
        if parsed.log is not None:
            from nearsight.cli.outputs import require_log_apart  # which takes its time

            require_log_apart(parsed)
        with told_as_asked(parsed):
            _log_start(parsed, inputs)
            return _finished(parsed)
    except NearsightError as error:  # of the structures' names, or of the log itself
        say(in_options(str(error)))
        return 1


def _log_start(arguments: argparse.Namespace, inputs: Inputs) -> None:
    """Log what runs, of a command that takes structures or data: the others are done at once."""
    if inputs.repeated:
        names = ", ".join(inputs.repeated[:_MOST_NAMED])
        more = len(inputs.repeated) - _MOST_NAMED
        others = f" and {more} more" if more > 0 else ""
        say(f"given more than once and computed once: {names}{others}.")
    for note in inputs.notes:
        _logger.info("%s", note)
    if any(hasattr(arguments, name) for name in ("structures", "structure", "data", "script")):
        command = arguments.command_line.removeprefix("nearsight ")
        command = textwrap.shorten(command, _LONGEST_COMMAND, placeholder=" ...")
        _logger.info("Nearsight %s: %s", nearsight.__version__, command)


def _finished(parsed: argparse.Namespace) -> int:
    try:
        with warnings.catch_warnings():
            # They are printed beside the numbers that they are about.
            warnings.simplefilter("ignore", NearsightWarning)
            status: int = parsed.run(parsed)
    except NearsightError as error:
        say(in_options(str(error)))
        return 1
    except SystemExit as ended:
        say(ended_by_package(ended))
        say_defect(ended)
        return 1
    except Exception as error:
        from nearsight.memory import is_out_of_memory, out_of_memory_message  # which takes time

        if is_out_of_memory(error):
            say(out_of_memory_message(error))
        elif isinstance(error, OSError):
            say(system_message(error))
        else:
            raise
        return 1
    return status
