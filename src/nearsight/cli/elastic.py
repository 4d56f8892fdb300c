"""``nearsight elastic``."""

import argparse
from dataclasses import dataclass, replace

from ase import Atoms

from nearsight.cli import tables
from nearsight.cli.batch import Outcome, run_batch
from nearsight.cli.calculation import (
    Calculated,
    hessian_settings,
    is_finished,
    load_requested_model,
    prepare,
    require_no_preparation,
    rows_file,
    supercell_of,
)
from nearsight.cli.elastic_tables import print_elasticity
from nearsight.cli.figures import require_figure_file, youngs_modulus_figure
from nearsight.cli.json_output import require_writable
from nearsight.cli.names import require_one_structure
from nearsight.cli.work import WorkDirectory
from nearsight.elasticity.axes import conventional_axes
from nearsight.elasticity.compute import elastic_tensor
from nearsight.elasticity.result import ElasticTensor
from nearsight.errors import MethodError
from nearsight.hessian.generalised import (
    GeneralisedHessian,
    first_derivatives,
    generalised_hessian,
)
from nearsight.hessian.other_programs import is_hessian_of_other_program
from nearsight.hessian.phonopy_results import is_phonopy_file
from nearsight.models.contract import Model


@dataclass(frozen=True)
class _Strained:
    """One crystal with its second derivatives by positions and strain."""

    calculated: Calculated
    generalised: GeneralisedHessian


def run(arguments: argparse.Namespace) -> int:
    """Run the command and return its exit status."""
    require_writable(arguments.json, arguments.structures)
    require_figure_file(arguments.plot, arguments.structures)
    if arguments.output:
        require_one_structure(arguments, "--output")
        require_writable(arguments.output, arguments.structures)
    model = load_requested_model(arguments)
    drawn: list[tuple[str, ElasticTensor]] = []

    def one(path: str, work: WorkDirectory) -> Outcome:
        found = _second_derivatives(path, model, arguments, work)
        if arguments.output:
            found.generalised.save(arguments.output)
        tensor = elastic_tensor(found.generalised)
        if arguments.conventional_axes:
            tensor = tensor.turned(conventional_axes(tensor.atoms))
        warnings = (*found.calculated.hessian.warnings, *tensor.warnings)
        if arguments.plot and tensor.is_stable:
            drawn.append((found.calculated.label, tensor))
        elif arguments.plot:
            warnings = (*warnings, f"{arguments.plot} does not show it: it has no moduli.")

        def show() -> None:
            tables.print_calculation(found.calculated)
            print_elasticity(tensor, conventional=arguments.conventional_axes)
            tables.print_warnings(warnings)
            if arguments.output:
                print(f"\n  saved as {arguments.output}")

        record = {
            **found.calculated.record(),
            "strain_derivatives": found.generalised.summary(),
            "elasticity": {
                **tensor.summary(),
                "conventional_axes": arguments.conventional_axes,
            },
            "warnings": list(warnings),
        }
        return Outcome(record, show)

    status = run_batch(arguments, one)
    if drawn:
        youngs_modulus_figure(arguments.plot, drawn)
    return status


def _second_derivatives(
    path: str, model: Model | None, arguments: argparse.Namespace, work: WorkDirectory
) -> _Strained:
    if is_phonopy_file(path):
        raise MethodError(
            f"{path} holds phonopy's force constants, which have no strain; give a structure, or "
            f"what `nearsight elastic --output` saved (.npz)."
        )
    if is_hessian_of_other_program(path):
        raise MethodError(
            f"{path} is a Hessian by positions, which has no strain; give a structure, or what "
            f"`nearsight elastic --output` saved (.npz)."
        )
    if model is None or is_finished(path):
        require_no_preparation(path, arguments)
        found = GeneralisedHessian.load(path)
        return _Strained(Calculated(path, None, found.hessian, {}), found)

    def require(atoms: Atoms) -> None:
        first_derivatives(atoms, model)  # a missing stress must not cost a relaxation

    prepared = prepare(path, model, arguments, work, require=require, dense=lambda _: True)
    atoms, settings = supercell_of(prepared, arguments)
    checkpoint = rows_file(path, atoms, model, arguments, work)
    found = generalised_hessian(
        atoms,
        model,
        by_positions=prepared.hessian,
        checkpoint=checkpoint,
        **hessian_settings(arguments),
    )
    work.done(checkpoint)
    notes = (*prepared.warnings, *found.hessian.warnings)
    with_notes = replace(found.hessian, warnings=notes)
    calculated = Calculated(path, prepared.relaxation, with_notes, settings)
    return _Strained(calculated, replace(found, hessian=with_notes))
