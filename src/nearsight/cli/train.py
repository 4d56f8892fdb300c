"""``nearsight train``."""

import argparse
import logging

from nearsight.cli.batch import run_each
from nearsight.cli.outputs import require_output_files
from nearsight.cli.record_files import record_in
from nearsight.cli.request import requested
from nearsight.cli.shown_warnings import print_warnings
from nearsight.figures import potentials_figure
from nearsight.records import LocalityRecord, TrainingRecord
from nearsight.records.training_charts import training_figures
from nearsight.runs.outputs import Outcome
from nearsight.tables.training import EPOCHS_HEAD, epoch_line, print_training, training_tables
from nearsight.terminal.logs import print_above_bars, progress_for
from nearsight.training.learning_curve import EpochErrors
from nearsight.workflows.potential_settings import TrainSettings
from nearsight.workflows.train import train

_logger = logging.getLogger("nearsight.cli")


def run(arguments: argparse.Namespace) -> int:
    """Train, write the potentials, and return the exit status."""
    require_output_files(arguments)
    request = requested(arguments, TrainSettings())
    locality = None
    if arguments.locality is not None:
        locality = record_in(arguments.locality, LocalityRecord, "nearsight locality")

    heads = [EPOCHS_HEAD]

    def told(epoch: EpochErrors, member: int) -> None:
        several = request.settings.members > 1
        for line in [*heads, epoch_line(epoch, member if several else None)]:
            _logger.info("%s", line)
            print_above_bars(arguments, line)
        heads.clear()

    def one(_: str) -> Outcome:
        record = train(
            arguments.data,
            request.settings,
            out=arguments.out,
            locality=locality,
            resources=request.resources,
            progress=progress_for(arguments),
            told=told,
        )
        if arguments.plot:
            potentials_figure(arguments.plot, training_figures(record))
        return Outcome.of(record, lambda: _show(record), lambda: training_tables(record))

    names = {**vars(arguments), "structures": [", ".join(arguments.data)]}
    return run_each(argparse.Namespace(**names), one)


def _show(record: TrainingRecord) -> None:
    print_training(record)
    print_warnings(record.warnings)
