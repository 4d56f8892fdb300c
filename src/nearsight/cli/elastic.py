"""``nearsight elastic``."""

import argparse
from dataclasses import replace

from nearsight.cli.batch import Task, run_batch
from nearsight.cli.names import require_one_structure
from nearsight.cli.outputs import require_output_files
from nearsight.cli.request import requested
from nearsight.cli.shown_warnings import print_warnings
from nearsight.figures import youngs_modulus_figure
from nearsight.records.results import ElasticResults
from nearsight.remarks import Remark
from nearsight.runs.outputs import Outcome
from nearsight.tables import text
from nearsight.tables.elastic import print_elasticity
from nearsight.tables.of_results import elastic_tables
from nearsight.workflows import ElasticSettings, elastic


def run(arguments: argparse.Namespace) -> int:
    """Run the command and return its exit status."""
    require_output_files(arguments)
    if arguments.output:
        require_one_structure(arguments, "--output")
    request = requested(arguments, ElasticSettings())
    model = request.load_model(arguments.structures)
    drawn: list[ElasticResults] = []

    def one(task: Task) -> Outcome:
        record = request.answer(elastic, task, model)
        results = record.results
        assert results is not None
        if arguments.output:
            results.generalised.save(arguments.output)
        if arguments.plot and results.tensor.is_stable:
            drawn.append(results)
        elif arguments.plot:
            said = f"{arguments.plot} does not show it: it has no moduli."
            record = replace(record, warnings=(*record.warnings, Remark("not-drawn", said)))
        return Outcome.of(
            record,
            lambda: _show(results, record.warnings, arguments.output),
            lambda: elastic_tables(results.tensor),
            (arguments.output,),
        )

    def draw() -> None:
        if drawn:
            youngs_modulus_figure(arguments.plot, drawn)

    return run_batch(arguments, one, draw, request.settings.reading)


def _show(results: ElasticResults, warnings: tuple[Remark, ...], output: str | None) -> None:
    text.print_calculation(results)
    print_elasticity(results.tensor, conventional=results.conventional_axes)
    print_warnings(warnings)
    if output:
        print(f"\n  saved as {output}")
