"""From a crystal to its elastic constants."""

from dataclasses import dataclass, replace
from typing import Any

from ase import Atoms

from nearsight.announcing import announces
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
from nearsight.progress import Progress
from nearsight.remarks import Remark, remarks_to_json
from nearsight.resources import Resources
from nearsight.vibrations.modes import require_room_for_modes
from nearsight.workflows.context import AnyModel, begin
from nearsight.workflows.finished import require_no_preparation
from nearsight.workflows.second_derivatives import (
    SecondDerivatives,
    prepare_for_hessian,
    row_arguments,
    rows_file,
    supercell_of,
)
from nearsight.workflows.settings import ElasticSettings
from nearsight.workflows.source import Source, Structure
from nearsight.workflows.unfinished import Unfinished

_DEFAULT = ElasticSettings()


@dataclass(frozen=True)
class ElasticResults:
    """One crystal: its elastic constants, and the second derivatives that they are from."""

    by_positions: SecondDerivatives
    """Those by positions alone, and where they are from."""
    generalised: GeneralisedHessian
    """Those by positions and strain."""
    tensor: ElasticTensor
    conventional_axes: bool
    """Whether the tensor refers to axes of the conventional cell."""

    @property
    def name(self) -> str:
        """What the structure is called, such as the path of its file."""
        return self.by_positions.name

    @property
    def atoms(self) -> Atoms:
        """The crystal."""
        return self.by_positions.atoms

    @property
    def warnings(self) -> tuple[Remark, ...]:
        """What must be known before the numbers are used."""
        return (*self.by_positions.hessian.warnings, *self.tensor.warnings)

    def to_json(self) -> dict[str, Any]:
        """Return the record, which is what the command line's ``--json`` writes."""
        return {
            **self.by_positions.to_json(),
            "strain_derivatives": self.generalised.summary(),
            "elasticity": {**self.tensor.summary(), "conventional_axes": self.conventional_axes},
            "warnings": remarks_to_json(self.warnings),
        }


@announces
def elastic(
    structure: Structure,
    model: AnyModel | None = None,
    settings: ElasticSettings = _DEFAULT,
    *,
    unfinished: Unfinished | None = None,
    resources: Resources | None = None,
    progress: Progress | bool | None = None,
) -> ElasticResults:
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
    """
    source = Source.of(structure, settings.reading)
    by_positions, generalised = _second_derivatives(
        source, model, settings, unfinished=unfinished, resources=resources, progress=progress
    )
    tensor = elastic_tensor(generalised)
    if settings.conventional_axes:
        tensor = tensor.turned(conventional_axes(tensor.atoms))
    return ElasticResults(by_positions, generalised, tensor, settings.conventional_axes)


def _second_derivatives(
    source: Source,
    model: AnyModel | None,
    settings: ElasticSettings,
    *,
    unfinished: Unfinished | None,
    resources: Resources | None,
    progress: Progress | bool | None,
) -> tuple[SecondDerivatives, GeneralisedHessian]:
    """Return second derivatives by positions, and by positions and strain."""
    if not source.reading.recompute and source.given is None:
        _require_strain(source.name)
    if source.is_finished:
        require_no_preparation(source.name, settings)
        saved = GeneralisedHessian.load(source.name)
        return SecondDerivatives(source.name, None, saved.hessian, {}), saved
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
    by_positions = SecondDerivatives(source.name, prepared.relaxation, with_notes, cell.settings)
    return by_positions, replace(generalised, hessian=with_notes)


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
