"""``nearsight hdnnp test``: errors of a potential for labelled structures."""

import argparse

from nearsight.cli.batch import run_each
from nearsight.cli.outputs import require_output_files
from nearsight.cli.record_files import record_in
from nearsight.cli.request import requested
from nearsight.cli.shown_warnings import print_warnings
from nearsight.figures import potentials_figure
from nearsight.records.hdnnp_test_record import HdnnpTestRecord
from nearsight.records.training_record import TrainingRecord
from nearsight.runs.outputs import Outcome
from nearsight.tables.potential_errors import potential_errors_tables, print_hdnnp_test
from nearsight.terminal.logs import progress_for
from nearsight.workflows.hdnnp_test import hdnnp_test
from nearsight.workflows.potential_settings import HdnnpTestSettings


def run(arguments: argparse.Namespace) -> int:
    """Predict all structures, print tables of errors, and return the exit status."""
    require_output_files(arguments)
    settings = requested(arguments, HdnnpTestSettings()).settings
    training = None
    if arguments.training is not None:
        training = record_in(arguments.training, TrainingRecord, "nearsight train")
    name = ", ".join(arguments.data)

    def one(_: str) -> Outcome:
        record = hdnnp_test(
            arguments.potential,
            arguments.data,
            settings,
            training=training,
            progress=progress_for(arguments),
        )
        assert record.results is not None
        if arguments.plot:
            potentials_figure(arguments.plot, {name: record.results.charts().values()})
        return Outcome.of(
            record, lambda: _show(record), lambda: potential_errors_tables(record.errors)
        )

    return run_each(argparse.Namespace(**{**vars(arguments), "structures": [name]}), one)


def _show(record: HdnnpTestRecord) -> None:
    print_hdnnp_test(record)
    print_warnings(record.warnings)
