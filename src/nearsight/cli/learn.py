"""``nearsight learn``."""

import argparse
import logging

from nearsight.cli.batch import run_each
from nearsight.cli.outputs import require_output_files
from nearsight.cli.record_files import record_in
from nearsight.cli.request import requested
from nearsight.cli.shown_warnings import print_warnings
from nearsight.figures import potentials_figure
from nearsight.records import LearningRecord, LocalityRecord
from nearsight.records.learning_charts import learning_charts
from nearsight.runs.outputs import Outcome
from nearsight.tables.learning import ROUNDS_HEAD, learning_tables, print_learning, round_line
from nearsight.terminal.logs import print_above_bars, progress_for
from nearsight.training.active.rounds import Round
from nearsight.workflows import LearnSettings, learn

_logger = logging.getLogger("nearsight.cli")


def run(arguments: argparse.Namespace) -> int:
    """Learn crystals from their fragments, and return the exit status."""
    require_output_files(arguments)
    request = requested(arguments, LearnSettings())
    locality = None
    if arguments.locality is not None:
        locality = record_in(arguments.locality, LocalityRecord, "nearsight locality")
    heads = list(ROUNDS_HEAD)

    def told(done: Round) -> None:
        for line in [*heads, round_line(done)]:
            _logger.info("%s", line)
            print_above_bars(arguments, line)
        heads.clear()

    def one(name: str) -> Outcome:
        record = learn(
            arguments.structures,
            request.model,
            request.settings,
            out=arguments.out,
            locality=locality,
            resources=request.resources,
            progress=progress_for(arguments),
            told=told,
        )
        if arguments.plot:
            potentials_figure(arguments.plot, {name: learning_charts(record).values()})
        return Outcome.of(record, lambda: _show(record), lambda: learning_tables(record))

    names = {**vars(arguments), "structures": [", ".join(arguments.structures)]}
    return run_each(argparse.Namespace(**names), one)


def _show(record: LearningRecord) -> None:
    print_learning(record)
    print_warnings(record.warnings)
