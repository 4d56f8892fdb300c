"""``nearsight elastic``."""

import argparse

from nearsight.cli import tables
from nearsight.cli.batch import Outcome, Task, run_batch
from nearsight.cli.elastic_tables import print_elasticity
from nearsight.cli.figures import youngs_modulus_figure
from nearsight.cli.names import require_one_structure
from nearsight.cli.outputs import require_output_files
from nearsight.cli.request import requested
from nearsight.cli.result_tables import elastic_tables
from nearsight.remarks import Remark, remarks_to_json
from nearsight.workflows import ElasticSettings, elastic
from nearsight.workflows.elastic import ElasticResults


def run(arguments: argparse.Namespace) -> int:
    """Run the command and return its exit status."""
    require_output_files(arguments)
    if arguments.output:
        require_one_structure(arguments, "--output")
    request = requested(arguments, ElasticSettings())
    model = request.load_model(arguments.structures)
    drawn: list[ElasticResults] = []

    def one(task: Task) -> Outcome:
        results = request.answer(elastic, task, model)
        if arguments.output:
            results.generalised.save(arguments.output)
        undrawn = arguments.plot and not results.tensor.is_stable
        if arguments.plot and not undrawn:
            drawn.append(results)
        said = f"{arguments.plot} does not show it: it has no moduli."
        warnings = (*results.warnings, *([Remark("not-drawn", said)] if undrawn else ()))
        record = {**results.to_json(), "warnings": remarks_to_json(warnings)}
        return Outcome(
            record,
            lambda: _show(results, warnings, arguments.output),
            tables=lambda: elastic_tables(results.tensor),
        )

    def draw() -> None:
        if drawn:
            youngs_modulus_figure(arguments.plot, drawn)

    return run_batch(arguments, one, draw)


def _show(results: ElasticResults, warnings: tuple[Remark, ...], output: str | None) -> None:
    tables.print_calculation(results.by_positions)
    print_elasticity(results.tensor, conventional=results.conventional_axes)
    tables.print_warnings(warnings)
    if output:
        print(f"\n  saved as {output}")
