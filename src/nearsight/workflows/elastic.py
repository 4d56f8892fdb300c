"""From a crystal to its elastic constants."""

from dataclasses import replace
from time import perf_counter

from ase import Atoms

from nearsight.announcing import announces
from nearsight.elasticity.axes import conventional_axes
from nearsight.elasticity.compute import elastic_tensor
from nearsight.errors import MethodError
from nearsight.hessian.files import is_hessian_of_other_program
from nearsight.hessian.files.phonopy_yaml import is_phonopy_file
from nearsight.hessian.strain import (
    GeneralisedHessian,
    first_derivatives,
    generalised_hessian,
)
from nearsight.progress import Progress
from nearsight.records.making import elastic_record
from nearsight.records.questions import ElasticRecord
from nearsight.records.results import ElasticResults
from nearsight.records.shared_fields import Run
from nearsight.resources import Resources
from nearsight.vibrations.modes import require_room_for_modes
from nearsight.workflows.context import AnyModel, begin
from nearsight.workflows.finished import require_no_preparation
from nearsight.workflows.given import require_settings
from nearsight.workflows.second_derivatives import (
    prepare_for_hessian,
    row_arguments,
    rows_file,
    supercell_of,
)
from nearsight.workflows.settings import ElasticSettings
from nearsight.workflows.source import Source, Structure
from nearsight.workflows.unfinished import Unfinished

_DEFAULT = ElasticSettings()


@announces
def elastic(
    structure: Structure,
    model: AnyModel | None = None,
    settings: ElasticSettings = _DEFAULT,
    *,
    unfinished: Unfinished | None = None,
    resources: Resources | None = None,
    progress: Progress | bool | None = None,
) -> ElasticRecord:
    """Relax a crystal tightly and return its elastic constants.

    Parameters
    ----------
    structure, model, unfinished, resources, progress
        As for `nearsight.workflows.heat_capacity`.
    settings
        How everything is computed.

    Raises
    ------
    NearsightError
        Something is wrong with the structure, the model, the settings, or the machine.

    Examples
    --------
    >>> from ase.build import bulk
    >>> from nearsight.workflows import elastic
    >>> record = elastic(bulk("Cu"), "ase:emt")
    >>> moduli = record.results.tensor.moduli
    >>> print(f"bulk {moduli.bulk_GPa.hill:.0f} GPa, shear {moduli.shear_GPa.hill:.0f} GPa")
    bulk 134 GPa, shear 57 GPa
    """
    require_settings(settings, ElasticSettings)
    start = perf_counter()
    source = Source.of(structure, settings.reading)
    results = _results(
        source, model, settings, unfinished=unfinished, resources=resources, progress=progress
    )
    return elastic_record(results, Run(perf_counter() - start, asked=settings))


def _results(
    source: Source,
    model: AnyModel | None,
    settings: ElasticSettings,
    *,
    unfinished: Unfinished | None,
    resources: Resources | None,
    progress: Progress | bool | None,
) -> ElasticResults:
    if not source.reading.recompute and source.given is None:
        _require_strain(source.name)
    if source.is_finished:
        require_no_preparation(source.name, settings)
        saved = GeneralisedHessian.load(source.name)
        return _in_asked_axes(ElasticResults(source.name, saved, elastic_tensor(saved)), settings)
    context = begin(source, model, unfinished, resources, progress)

    def require(atoms: Atoms) -> None:
        first_derivatives(atoms, context.model)  # a missing stress must not cost a relaxation

    prepared = prepare_for_hessian(
        context,
        settings,
        require=require,
        dense=lambda _: True,
        require_room=require_room_for_modes,
    )
    cell = supercell_of(prepared, context, settings)
    checkpoint = rows_file(cell.atoms, context, settings.rows)
    generalised = generalised_hessian(
        cell.atoms,
        context.model,
        by_positions=prepared.hessian,
        checkpoint=checkpoint,
        **row_arguments(settings.rows, context),
    )
    context.unfinished.done(checkpoint)
    notes = (*prepared.warnings, *generalised.hessian.warnings)
    with_notes = replace(generalised.hessian, warnings=notes)
    generalised = replace(generalised, hessian=with_notes)
    results = ElasticResults(
        source.name, generalised, elastic_tensor(generalised), prepared.relaxation, cell.settings
    )
    return _in_asked_axes(results, settings)


def _in_asked_axes(results: ElasticResults, settings: ElasticSettings) -> ElasticResults:
    """Return results with the tensor in the axes that were asked for."""
    if not settings.conventional_axes:
        return results
    tensor = results.tensor.turned(conventional_axes(results.tensor.atoms))
    return replace(results, tensor=tensor, conventional_axes=True)


def _require_strain(path: str) -> None:
    """Check that a file is not one of second derivatives without those by strain."""
    if is_phonopy_file(path):
        raise MethodError(
            f"{path} holds phonopy's force constants, which have no strain; give a structure, "
            f"saved second derivatives by positions and strain (.npz), or set `recompute` to take "
            f"its unit cell."
        )
    if is_hessian_of_other_program(path):
        raise MethodError(
            f"{path} is a Hessian by positions, which has no strain; give a structure, saved "
            f"second derivatives by positions and strain (.npz), or set `recompute` to take its "
            f"structure."
        )
