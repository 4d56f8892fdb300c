"""``nearsight lammps``."""

import argparse
import time
from collections.abc import Iterator

from nearsight.cli.request import requested
from nearsight.cli.shown_warnings import print_warnings
from nearsight.cli.wording import in_options
from nearsight.errors import NearsightError
from nearsight.lammps.library import start_lammps
from nearsight.lammps.ranks import Ranks
from nearsight.lammps.script import read_script
from nearsight.lammps.script_run import ScriptRun, run_script
from nearsight.lammps.settings import LammpsSettings
from nearsight.models.contract import Model
from nearsight.terminal.streams import say

_LET_THE_FIRST_SAY_S = 3.0
"""The process of rank 0 may have met the same error, and ends all when it has said so."""
_LET_OTHERS_SAY_S = 10.0
"""After which a process that has nothing to say ends all, if they are still there."""


def run(arguments: argparse.Namespace) -> int:
    """Run an input script, and return the exit status."""
    request = requested(arguments, LammpsSettings())
    script = read_script(arguments.script)
    lammps = start_lammps(list(_lammps_arguments(arguments)))
    ranks = Ranks(lammps)
    try:
        model = ranks.at_first(lambda: request.load(request.model))
        ended = run_script(lammps, script, model, request.settings)
    except NearsightError as error:
        if ranks.count == 1:
            raise
        # The others may wait for this process: all end, when one has said why.
        if ranks.is_to_say(error):
            if ranks.own:
                time.sleep(_LET_THE_FIRST_SAY_S)
            say(in_options(str(error)))
        else:
            time.sleep(_LET_OTHERS_SAY_S)
        ranks.abort()
        return 1
    lammps.close()
    if model is not None:
        _show(ended, model)
    return 0


def _lammps_arguments(arguments: argparse.Namespace) -> Iterator[str]:
    """Yield what LAMMPS is told at its start."""
    yield from ("-log", arguments.lammps_log)
    if arguments.quiet:
        yield from ("-screen", "none")
    for variable in arguments.var:
        yield from ("-var", *variable)


def _show(ended: ScriptRun, model: Model) -> None:
    searched = "" if ended.n_searches is None else f", and its pairs searched {ended.n_searches}"
    print(
        f"{model.identity.name} in LAMMPS {ended.lammps_version}: asked {ended.n_calls} times"
        f"{searched}, in {ended.seconds:.1f} s"
    )
    print_warnings(ended.warnings)
