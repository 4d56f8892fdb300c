"""``nearsight locality``."""

import argparse
from dataclasses import replace

from nearsight.cli.batch import Task, run_batch
from nearsight.cli.outputs import require_output_files
from nearsight.cli.request import Request, requested
from nearsight.cli.shown_warnings import print_warnings
from nearsight.figures import locality_figure
from nearsight.hessian.rows.choice import require_rows
from nearsight.locality.result import Locality
from nearsight.models.contract import Model
from nearsight.records.locality_results import LocalityResults
from nearsight.runs.named_files import require_different_stems
from nearsight.runs.outputs import Outcome
from nearsight.structures.fragment_files import make_folder, write_fragments
from nearsight.structures.selection import structure_stem
from nearsight.tables.locality import print_comparison, print_locality
from nearsight.tables.of_results import locality_table
from nearsight.workflows import LocalitySettings, locality


def run(arguments: argparse.Namespace) -> int:
    """Run the command and return its exit status."""
    require_output_files(arguments)
    if arguments.out is not None:
        require_different_stems(arguments.structures)
    folder = None if arguments.out is None else make_folder(arguments.out)
    request = requested(arguments, LocalitySettings())
    settings, resources = request.settings, request.resources
    model, reference = _loaded(request, arguments)
    drawn: list[tuple[str, Locality]] = []

    def one(task: Task) -> Outcome:
        record = locality(
            task.path,
            model,
            settings,
            reference=reference,
            unfinished=task.unfinished,
            resources=resources,
            progress=task.progress,
        )
        results = record.results
        assert results is not None
        if folder is not None:
            files = write_fragments(folder, task.path, results.locality.fragments)
            results = replace(results, files=files)
            named = zip(record.fragments, files, strict=True)
            record = replace(
                record, fragments=tuple(replace(each, file=file) for each, file in named)
            )
        if arguments.plot:
            stem = structure_stem(task.path)
            each_of = results.localities
            drawn.extend((f"{stem} by {each.provenance.model.name}", each) for each in each_of)
        return Outcome.of(
            record, lambda: _show(results), lambda: (locality_table(results),), results.files
        )

    def draw() -> None:
        if drawn:
            locality_figure(arguments.plot, drawn)

    return run_batch(arguments, one, draw)


def _loaded(
    request: Request[LocalitySettings], arguments: argparse.Namespace
) -> tuple[Model | None, Model | None]:
    """Return model and reference; None for one that nobody asked for, or that nothing needs."""
    if not request.needs_model(arguments.structures):
        return None, None
    rows = request.settings.rows
    model = reference = None
    if arguments.reference is not None:
        reference = request.load(replace(request.model, name=arguments.reference))
        require_rows(reference, rows.method, rows.step_A)
    if reference is None or request.model_named:
        model = request.load(request.model)
        require_rows(model, rows.method, rows.step_A)
    return model, reference


def _show(results: LocalityResults) -> None:
    print_locality(results)
    if results.comparison is not None:
        print_comparison(results.comparison)
    print_warnings(results.warnings)
