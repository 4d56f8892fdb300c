"""``nearsight elastic``."""

import argparse
from dataclasses import dataclass, replace

from ase import Atoms

from nearsight.cli import tables
from nearsight.cli.batch import Outcome, run_batch
from nearsight.cli.calculated import Calculated
from nearsight.cli.calculation import (
    hessian_settings,
    load_requested_model,
    prepare,
    rows_file,
    supercell_of,
)
from nearsight.cli.elastic_tables import print_elasticity
from nearsight.cli.figures import youngs_modulus_figure
from nearsight.cli.names import require_one_structure
from nearsight.cli.outputs import require_output_files
from nearsight.cli.saved import is_finished, require_no_preparation
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
from nearsight.records.making import elastic_record
from nearsight.records.results import ElasticResults
from nearsight.remarks import Remark
from nearsight.vibrations.modes import require_room_for_modes


@dataclass(frozen=True)
class _Strained:
    """One crystal with its second derivatives by positions and strain."""

    calculated: Calculated
    generalised: GeneralisedHessian


def run(arguments: argparse.Namespace) -> int:
    """Run the command and return its exit status."""
    require_output_files(arguments)
    if arguments.output:
        require_one_structure(arguments, "--output")
    model = load_requested_model(arguments)
    drawn: list[tuple[str, ElasticTensor]] = []

    def one(path: str, work: WorkDirectory) -> Outcome:
        found = _second_derivatives(path, model, arguments, work)
        if arguments.output:
            found.generalised.save(arguments.output)
        tensor = elastic_tensor(found.generalised)
        if arguments.conventional_axes:
            tensor = tensor.turned(conventional_axes(tensor.atoms))
        not_drawn: tuple[Remark, ...] = ()
        if arguments.plot and tensor.is_stable:
            drawn.append((found.calculated.label, tensor))
        elif arguments.plot:
            said = f"{arguments.plot} does not show it: it has no moduli."
            not_drawn = (Remark("not-drawn", said),)
        results = ElasticResults(
            path,
            found.generalised,
            tensor,
            found.calculated.relaxation,
            found.calculated.settings,
            conventional_axes=arguments.conventional_axes,
            further_warnings=not_drawn,
        )

        def show() -> None:
            _show(found, tensor, results.warnings, arguments)

        return Outcome(elastic_record(results).to_json(), show)

    def draw() -> None:
        if drawn:
            youngs_modulus_figure(arguments.plot, drawn)

    return run_batch(arguments, one, draw)


def _show(
    found: _Strained,
    tensor: ElasticTensor,
    warnings: tuple[Remark, ...],
    arguments: argparse.Namespace,
) -> None:
    tables.print_calculation(found.calculated)
    print_elasticity(tensor, conventional=arguments.conventional_axes)
    tables.print_warnings(warnings)
    if arguments.output:
        print(f"\n  saved as {arguments.output}")


def _second_derivatives(
    path: str, model: Model | None, arguments: argparse.Namespace, work: WorkDirectory
) -> _Strained:
    if is_phonopy_file(path) and not arguments.recompute:
        raise MethodError(
            f"{path} holds phonopy's force constants, which have no strain; give a structure, "
            f"what `nearsight elastic --output` saved (.npz), or --recompute to take its unit cell."
        )
    if is_hessian_of_other_program(path) and not arguments.recompute:
        raise MethodError(
            f"{path} is a Hessian by positions, which has no strain; give a structure, what "
            f"`nearsight elastic --output` saved (.npz), or --recompute to take its structure."
        )
    if model is None or is_finished(path, arguments):
        require_no_preparation(path, arguments)
        found = GeneralisedHessian.load(path)
        return _Strained(Calculated(path, None, found.hessian, {}), found)

    def require(atoms: Atoms) -> None:
        first_derivatives(atoms, model)  # a missing stress must not cost a relaxation

    prepared = prepare(
        path,
        model,
        arguments,
        work,
        require=require,
        dense=lambda _: True,
        require_room=require_room_for_modes,
    )
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
