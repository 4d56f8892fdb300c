"""``nearsight phonons``."""

import argparse

import numpy as np

from nearsight.cli.batch import Task, run_batch
from nearsight.cli.names import require_one_structure
from nearsight.cli.outputs import require_output_files
from nearsight.cli.request import requested
from nearsight.cli.shown_warnings import print_warnings
from nearsight.figures import phonons_figure
from nearsight.hessian.files.phonopy_results import write_phonopy
from nearsight.records.results import HarmonicResults
from nearsight.runs.outputs import Outcome
from nearsight.structures.reduced_cell import reduced_basis
from nearsight.tables import text
from nearsight.tables.of_results import tables_of
from nearsight.vibrations.frequency_units import FREQUENCY_UNITS
from nearsight.workflows import PhononsSettings, phonons
from nearsight.workflows.finished import require_named_files
from nearsight.workflows.source import Source


def run(arguments: argparse.Namespace) -> int:
    """Run the command and return its exit status."""
    require_output_files(arguments)
    if arguments.output:
        require_one_structure(arguments, "--output")
    request = requested(arguments, PhononsSettings())
    settings = request.settings
    sources = [Source.of(path, settings.reading) for path in arguments.structures]
    require_named_files(sources, settings)
    model = request.load_model(arguments.structures)
    drawn: list[HarmonicResults] = []

    def one(task: Task) -> Outcome:
        record = request.answer(phonons, task, model)
        results = record.results
        assert results is not None
        if arguments.output:
            assert results.force_constants is not None
            write_phonopy(arguments.output, results.force_constants)
        if arguments.plot:
            drawn.append(results)
        return Outcome.of(
            record,
            lambda: _show(results, arguments.output),
            lambda: tables_of(results),
            (arguments.output,),
        )

    def draw() -> None:
        if drawn:
            phonons_figure(arguments.plot, drawn)

    return run_batch(arguments, one, draw, request.settings.reading)


def _show(results: HarmonicResults, output: str | None) -> None:
    mesh, thermal = results.phonons, results.thermodynamics
    assert mesh is not None
    assert thermal is not None
    text.print_calculation(results)
    unit = FREQUENCY_UNITS[results.presentation.frequency_unit]
    text.print_phonons(mesh, unit)
    if results.bands is not None:
        text.print_bands(results.bands, unit)
    text.print_thermodynamics(thermal)
    text.print_further_functions(thermal, results.presentation.per or "formula")
    print_warnings(results.warnings)
    if output:
        skewed = not np.array_equal(reduced_basis(mesh.atoms), np.eye(3))
        print(f"\n  saved for phonopy as {output}{', in the reduced cell' if skewed else ''}")
