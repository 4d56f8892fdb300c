"""``nearsight hessian --plan``: which rows a Hessian would need, computing none."""

import argparse

from nearsight.cli.batch import run_each
from nearsight.cli.request import requested
from nearsight.cli.shown_warnings import print_warnings
from nearsight.errors import MethodError
from nearsight.hessian.rows.plan import plan
from nearsight.remarks import remarks_to_json
from nearsight.runs.outputs import Outcome
from nearsight.structures.supercell import make_supercell
from nearsight.structures.symmetry import symmetrize
from nearsight.tables.of_results import plan_table
from nearsight.tables.text import print_plan
from nearsight.workflows.settings import HessianSettings
from nearsight.workflows.source import Source


def run(arguments: argparse.Namespace) -> int:
    """Print the plan of each structure as it is in its file and return the exit status.

    Unless a model is named, it is the plan for one that keeps the whole space group.
    """
    request = requested(arguments, HessianSettings())
    settings = request.settings
    wanted = request.model_named and request.needs_model(arguments.structures)
    model = request.load(request.model) if wanted else None
    capabilities = None if model is None else model.capabilities

    def one(path: str) -> Outcome:
        source = Source.of(path, settings.reading)
        if source.is_finished:
            raise MethodError(
                f"{path} is a finished Hessian, which needs no plan; --recompute plans one of its "
                f"structure."
            )
        atoms, notes = source.read()
        if settings.relaxation.symmetrize_A is not None:
            atoms = symmetrize(atoms, settings.relaxation.symmetrize_A).atoms
        atoms = make_supercell(atoms, settings.supercell or (1, 1, 1))
        found = plan(atoms, capabilities, tolerance_A=settings.rows.row_symmetry_A)
        record = {
            "structure": path,
            "formula": str(atoms.get_chemical_formula()),
            "n_atoms": len(atoms),
            "model": None if model is None else model.identity.name,
            **found.summary(),
            "warnings": remarks_to_json(notes),
        }

        def show() -> None:
            print_plan(path, atoms, found, None if model is None else request.model.name)
            print_warnings(notes)

        return Outcome(record, show, tables=lambda: (plan_table(found),))

    return run_each(arguments, one)
