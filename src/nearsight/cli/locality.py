"""``nearsight locality``."""

import argparse
from dataclasses import replace

from nearsight.cli.batch import Outcome, run_batch
from nearsight.cli.figures import locality_figure
from nearsight.cli.fragment_output import make_folder, write_fragments
from nearsight.cli.locality_tables import print_comparison, print_locality
from nearsight.cli.names import require_different_stems
from nearsight.cli.outputs import require_output_files
from nearsight.cli.request import requested
from nearsight.cli.result_tables import locality_table
from nearsight.cli.tables import print_warnings
from nearsight.hessian.methods import choose_kind
from nearsight.locality.result import Locality
from nearsight.records.locality_results import LocalityResults
from nearsight.structures.selection import structure_stem
from nearsight.workflows import LocalitySettings, Unfinished, locality


def run(arguments: argparse.Namespace) -> int:
    """Run the command and return its exit status."""
    require_output_files(arguments)
    if arguments.out is not None:
        require_different_stems(arguments.structures)
    folder = None if arguments.out is None else make_folder(arguments.out)
    request = requested(arguments, LocalitySettings())
    settings, resources = request.settings, request.resources
    reference = None
    if arguments.reference is not None:
        reference = replace(request.model, name=arguments.reference).load(resources)
    model = None
    if reference is None or request.model_named:
        model = request.model.load(resources)
    for each in filter(None, (model, reference)):
        choose_kind(each, settings.rows.method, settings.rows.step_A)
    drawn: list[tuple[str, Locality]] = []

    def one(path: str, unfinished: Unfinished) -> Outcome:
        results = locality(
            path,
            model,
            settings,
            reference=reference,
            unfinished=unfinished,
            resources=resources,
        )
        if folder is not None:
            files = write_fragments(folder, path, results.locality.fragments)
            results = replace(results, files=files)
        if arguments.plot:
            stem = structure_stem(path)
            each_of = results.localities
            drawn.extend((f"{stem} by {each.provenance.model.name}", each) for each in each_of)
        return Outcome(
            results.to_json(),
            lambda: _show(results),
            results,
            tables=lambda: (locality_table(results),),
        )

    def draw() -> None:
        if drawn:
            locality_figure(arguments.plot, drawn)

    return run_batch(arguments, one, draw)


def _show(results: LocalityResults) -> None:
    print_locality(results)
    if results.comparison is not None:
        print_comparison(results.comparison)
    print_warnings(results.warnings)
