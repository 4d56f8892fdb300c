"""``nearsight hessian --plan``: which rows a Hessian would need, computing none."""

import argparse

from nearsight.cli.batch import Outcome, run_each
from nearsight.cli.calculation import read_checked
from nearsight.cli.saved import is_finished
from nearsight.cli.tables import print_plan, print_warnings
from nearsight.errors import MethodError
from nearsight.hessian.plan import plan
from nearsight.models.registry import load_model
from nearsight.remarks import remarks_to_json
from nearsight.structures.reading import take_notes
from nearsight.structures.supercell import make_supercell
from nearsight.structures.symmetry import symmetrize


def run(arguments: argparse.Namespace) -> int:
    """Print the plan of each structure as it is in its file and return the exit status.

    Unless a model is named, it is the plan for one that keeps the whole space group.
    """
    model = None
    if arguments.model is not None:
        model = load_model(
            arguments.model,
            dtype=arguments.dtype,
            device=arguments.device,
            trust=arguments.trust_checkpoint,
        )
    capabilities = None if model is None else model.capabilities

    def one(path: str) -> Outcome:
        if is_finished(path, arguments):
            raise MethodError(
                f"{path} is a finished Hessian, which needs no plan; --recompute plans one of its "
                f"structure."
            )
        atoms = read_checked(path, arguments)
        notes = take_notes(atoms)
        if arguments.symmetrize:
            atoms = symmetrize(atoms, arguments.symmetrize).atoms
        atoms = make_supercell(atoms, arguments.supercell or [1, 1, 1])
        found = plan(atoms, capabilities, tolerance_A=arguments.symmetry_tolerance)
        record = {
            "structure": path,
            "formula": str(atoms.get_chemical_formula()),
            "n_atoms": len(atoms),
            "model": None if model is None else model.identity.name,
            **found.summary(),
            "warnings": remarks_to_json(notes),
        }

        def show() -> None:
            print_plan(path, atoms, found, arguments.model)
            print_warnings(notes)

        return Outcome(record, show)

    return run_each(arguments, one)
