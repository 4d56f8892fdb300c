"""From a structure to its Hessian, and to its normal modes."""

from collections.abc import Callable
from time import perf_counter

from nearsight.announcing import announces
from nearsight.progress import Progress
from nearsight.records.making import hessian_record, vibrations_record
from nearsight.records.questions import HessianRecord, VibrationsRecord
from nearsight.records.results import HarmonicResults, HessianResults
from nearsight.records.shared_fields import Run
from nearsight.resources import Resources
from nearsight.vibrations.modes import require_room_for_modes
from nearsight.vibrations.modes import vibrations as modes_of
from nearsight.workflows.context import AnyModel, begin
from nearsight.workflows.finished import finished_hessian
from nearsight.workflows.given import require_settings
from nearsight.workflows.second_derivatives import (
    SecondDerivatives,
    hessian_of,
    prepare_for_hessian,
)
from nearsight.workflows.settings import HessianSettings, VibrationsSettings
from nearsight.workflows.source import Source, Structure
from nearsight.workflows.unfinished import Unfinished

_DEFAULT = HessianSettings()
_DEFAULT_OF_MODES = VibrationsSettings()


@announces
def hessian(
    structure: Structure,
    model: AnyModel | None = None,
    settings: HessianSettings = _DEFAULT,
    *,
    unfinished: Unfinished | None = None,
    resources: Resources | None = None,
    progress: Progress | bool | None = None,
) -> HessianRecord:
    """Relax a structure and return its Hessian.

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
    >>> from nearsight.workflows import hessian
    >>> record = hessian(bulk("Cu", cubic=True), "ase:emt")
    >>> computed = record.results.hessian
    >>> computed.matrix_eV_per_A2.shape
    (4, 3, 4, 3)
    >>> print(f"{computed.matrix_eV_per_A2[0, 0, 0, 0]:.2f} eV/Å²")
    8.29 eV/Å²
    """
    require_settings(settings, HessianSettings)
    start = perf_counter()
    derivatives = _hessian(
        structure, model, settings, unfinished=unfinished, resources=resources, progress=progress
    )
    results = HessianResults(
        derivatives.name, derivatives.hessian, derivatives.relaxation, derivatives.settings
    )
    return hessian_record(results, Run(perf_counter() - start, asked=settings))


@announces
def vibrations(
    structure: Structure,
    model: AnyModel | None = None,
    settings: VibrationsSettings = _DEFAULT_OF_MODES,
    *,
    unfinished: Unfinished | None = None,
    resources: Resources | None = None,
    progress: Progress | bool | None = None,
) -> VibrationsRecord:
    """Relax a structure, compute its Hessian, and return its normal modes.

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
    >>> from ase.build import molecule
    >>> from nearsight.workflows import vibrations
    >>> record = vibrations(molecule("N2"), "ase:emt")
    >>> modes = record.results.vibrations
    >>> print(f"{modes.n_rigid_body} rigid-body modes, {modes.wavenumbers_per_cm[0]:.0f} cm⁻¹")
    5 rigid-body modes, 1231 cm⁻¹
    """
    require_settings(settings, VibrationsSettings)
    start = perf_counter()
    derivatives = _hessian(
        structure,
        model,
        settings,
        unfinished=unfinished,
        resources=resources,
        progress=progress,
        require_room=require_room_for_modes,
    )
    results = HarmonicResults(
        derivatives.name,
        derivatives.hessian,
        modes_of(derivatives.hessian),
        relaxation=derivatives.relaxation,
        settings=derivatives.settings,
        presentation=settings.presentation,
    )
    return vibrations_record(results, Run(perf_counter() - start, asked=settings))


def _hessian(
    structure: Structure,
    model: AnyModel | None,
    settings: HessianSettings,
    *,
    unfinished: Unfinished | None,
    resources: Resources | None,
    progress: Progress | bool | None,
    require_room: Callable[[int], object] | None = None,
) -> SecondDerivatives:
    source = Source.of(structure, settings.reading)
    if source.is_finished:
        return finished_hessian(source, settings, model)
    context = begin(source, model, unfinished, resources, progress)
    prepared = prepare_for_hessian(
        context, settings, dense=lambda _: True, require_room=require_room
    )
    return hessian_of(prepared, context, settings)
