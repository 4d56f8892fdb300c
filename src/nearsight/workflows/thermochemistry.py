"""From a molecule to enthalpy, entropy and Gibbs energy of its ideal gas."""

from dataclasses import replace
from time import perf_counter

from ase import Atoms

from nearsight.announcing import announces
from nearsight.models.contract import Model
from nearsight.progress import Progress
from nearsight.records.making import thermochemistry_record
from nearsight.records.questions import ThermochemistryRecord
from nearsight.records.results import HarmonicResults, ThermochemistryResults
from nearsight.records.shared_fields import Run
from nearsight.resources import Resources
from nearsight.units import BAR_IN_PA
from nearsight.vibrations.modes import require_room_for_modes
from nearsight.vibrations.modes import vibrations as modes_of
from nearsight.vibrations.molecules import molecular_thermochemistry
from nearsight.workflows.context import AnyModel, begin
from nearsight.workflows.finished import finished_hessian
from nearsight.workflows.given import require_settings
from nearsight.workflows.second_derivatives import (
    SecondDerivatives,
    hessian_of,
    prepare_for_hessian,
)
from nearsight.workflows.settings import ReadingSettings, ThermochemistrySettings
from nearsight.workflows.source import Source, Structure
from nearsight.workflows.unfinished import Unfinished

_DEFAULT = ThermochemistrySettings()


@announces
def thermochemistry(
    structure: Structure,
    model: AnyModel | None = None,
    settings: ThermochemistrySettings = _DEFAULT,
    *,
    unfinished: Unfinished | None = None,
    resources: Resources | None = None,
    progress: Progress | bool | None = None,
) -> ThermochemistryRecord:
    """Relax a molecule, and return the thermodynamic functions of its ideal gas.

    Parameters
    ----------
    structure, model, unfinished, resources, progress
        As for `nearsight.workflows.heat_capacity`.
    settings
        How everything is computed.

    Raises
    ------
    NearsightError
        Something is wrong with the molecule, the model, the settings, or the machine.

    Examples
    --------
    >>> from ase.build import molecule
    >>> from nearsight.workflows import thermochemistry
    >>> record = thermochemistry(molecule("N2"), "ase:emt")
    >>> functions = record.ideal_gas.functions[0]
    >>> print(f"S({functions.temperature_K} K) {functions.entropy_J_per_mol_K:.1f} J/(mol K)")
    S(298.15 K) 190.1 J/(mol K)
    """
    require_settings(settings, ThermochemistrySettings)
    start = perf_counter()
    source = Source.of(structure, settings.reading)
    if source.is_finished:
        unread = replace(settings, reading=ReadingSettings())
        results = _results(finished_hessian(source, unread, model), settings, None)
    else:
        context = begin(source, model, unfinished, resources, progress)
        prepared = prepare_for_hessian(
            context, settings, dense=lambda _: True, require_room=require_room_for_modes
        )
        derivatives = hessian_of(prepared, context, settings)
        results = _results(derivatives, settings, _energy_eV(derivatives.atoms, context.model))
    return thermochemistry_record(results, Run(perf_counter() - start, asked=settings))


def _energy_eV(atoms: Atoms, model: Model) -> float:
    [evaluation] = model.evaluate([atoms], forces=False)
    return evaluation.energy_eV


def _results(
    derivatives: SecondDerivatives,
    settings: ThermochemistrySettings,
    potential_energy_eV: float | None,
) -> ThermochemistryResults:
    modes = modes_of(derivatives.hessian)
    gas = molecular_thermochemistry(
        modes,
        settings.gas.temperatures_K,
        settings.gas.pressure_bar * BAR_IN_PA,
        symmetry_number=settings.gas.symmetry_number,
        spin=settings.gas.spin,
        charge=settings.gas.charge,
        potential_energy_eV=potential_energy_eV,
        ignore_imaginary=settings.gas.ignore_imaginary,
    )
    of_modes = HarmonicResults(
        derivatives.name,
        derivatives.hessian,
        modes,
        relaxation=derivatives.relaxation,
        settings=derivatives.settings,
        presentation=settings.presentation,
    )
    return ThermochemistryResults(of_modes, gas)
