"""``nearsight trajectory``."""

import argparse

from nearsight.cli.batch import run_each
from nearsight.cli.names import require_one_structure
from nearsight.cli.outputs import require_output_files
from nearsight.cli.request import requested
from nearsight.cli.shown_warnings import print_warnings
from nearsight.cli.wording import in_options
from nearsight.figures import trajectory_figure
from nearsight.records.motion_records import TrajectoryRecord
from nearsight.records.trajectory_results import TrajectoryResults
from nearsight.runs.outputs import Outcome
from nearsight.tables.trajectories import print_trajectory, trajectory_tables
from nearsight.terminal.logs import progress_for
from nearsight.workflows import TrajectorySettings, trajectory


def run(arguments: argparse.Namespace) -> int:
    """Run the command and return its exit status."""
    for option, name in (("--samples", "read_samples"), ("--harmonic", "harmonic")):
        if getattr(arguments, name):
            require_one_structure(arguments, option)
    require_output_files(arguments)
    request = requested(arguments, TrajectorySettings())
    drawn: list[TrajectoryResults] = []

    def one(path: str) -> Outcome:
        record = trajectory(
            path,
            request.settings,
            samples=arguments.read_samples,
            harmonic=arguments.harmonic,
            resources=request.resources,
            progress=progress_for(arguments, path),
        )
        results = record.results
        assert results is not None
        if arguments.plot:
            drawn.append(results)
        return Outcome.of(record, lambda: _show(record), lambda: trajectory_tables(results))

    status = run_each(arguments, one)
    if drawn:
        trajectory_figure(arguments.plot, drawn)
    return status


def _show(record: TrajectoryRecord) -> None:
    print_trajectory(record, in_options)
    print_warnings(record.warnings)
