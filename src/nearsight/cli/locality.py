"""``nearsight locality``."""

import argparse
from pathlib import Path
from typing import Any

from ase import Atoms

from nearsight.cli.batch import Outcome, run_batch
from nearsight.cli.calculation import read_checked
from nearsight.cli.figures import locality_figure
from nearsight.cli.fragment_output import make_folder, sites_named, write_fragments
from nearsight.cli.locality_tables import print_comparison, print_locality
from nearsight.cli.names import require_different_stems
from nearsight.cli.options import DEFAULT_MODEL
from nearsight.cli.outputs import require_output_files
from nearsight.cli.tables import print_warnings
from nearsight.cli.work import WorkDirectory
from nearsight.hessian.methods import choose_kind
from nearsight.locality.comparison import compare_localities
from nearsight.locality.compute import locality, require_locality
from nearsight.locality.result import Locality
from nearsight.models.contract import Model
from nearsight.models.registry import load_model
from nearsight.records.locality_results import LocalityResults
from nearsight.records.making import locality_record
from nearsight.structures.fragments import Fragment
from nearsight.structures.reading import take_notes
from nearsight.structures.selection import structure_stem


def run(arguments: argparse.Namespace) -> int:
    """Run the command and return its exit status."""
    require_output_files(arguments)
    if arguments.out is not None:
        require_different_stems(arguments.structures)
    folder = None if arguments.out is None else make_folder(arguments.out)
    models = _load(arguments)
    drawn: list[tuple[str, Locality]] = []

    def one(path: str, work: WorkDirectory) -> Outcome:
        atoms = read_checked(path, arguments)
        notes = take_notes(atoms)
        for model in models[1:]:
            require_locality(atoms, model, **_what_is_cut(atoms, arguments))
        found = [_locality(path, atoms, model, arguments, work) for model in models]
        main = found[-1]
        compared = compare_localities(*found) if len(found) == 2 else None
        files: tuple[str | None, ...] = (None,) * len(main.fragments)
        if folder is not None:
            files = write_fragments(folder, path, main.fragments)
        entry = LocalityResults(path, main, files, compared, notes)
        if arguments.plot:
            stem = structure_stem(path)
            drawn.extend((f"{stem} by {each.provenance.model.name}", each) for each in found)

        def show() -> None:
            print_locality(entry)
            if compared is not None:
                print_comparison(compared)
            print_warnings(entry.warnings)

        record = locality_record(entry)
        return Outcome(record.to_json(), show, record)

    def draw() -> None:
        if drawn:
            locality_figure(arguments.plot, drawn)

    return run_batch(arguments, one, draw)


def _load(arguments: argparse.Namespace) -> list[Model]:
    """Return the model, the reference, or both in this order."""
    names = [name for name in (arguments.model, arguments.reference) if name is not None]
    models = []
    for name in names or [DEFAULT_MODEL]:
        model = load_model(
            name,
            dtype=arguments.dtype,
            device=arguments.device,
            trust=arguments.trust_checkpoint,
        )
        choose_kind(model, arguments.method, arguments.step)
        models.append(model)
    return models


def _what_is_cut(atoms: Atoms, arguments: argparse.Namespace) -> dict[str, Any]:
    return {
        "sites": sites_named(arguments.site, atoms),
        "own_groups": arguments.keep,
        "reference_radius_A": arguments.reference_radius,
    }


def _locality(
    path: str, atoms: Atoms, model: Model, arguments: argparse.Namespace, work: WorkDirectory
) -> Locality:
    def checkpoint(fragment: Fragment) -> Path:
        file = work.file(
            path,
            fragment.atoms,
            model,
            "rows",
            method=arguments.method,
            step=arguments.step,
            site=fragment.site,
        )
        work.done(file)
        return file

    return locality(
        atoms,
        model,
        **_what_is_cut(atoms, arguments),
        threshold_eV_per_A2=arguments.threshold,
        method=arguments.method,
        step_A=arguments.step,
        memory_budget_bytes=arguments.memory_budget_bytes,
        checkpoint=checkpoint,
    )
