"""From a structure to the energy that a model gives it, as it is."""

from time import perf_counter

from nearsight.announcing import announces
from nearsight.errors import MethodError
from nearsight.models.extrapolation import extrapolation_remarks
from nearsight.progress import Progress
from nearsight.provenance import record
from nearsight.records.making import energy_record
from nearsight.records.questions import EnergyRecord
from nearsight.records.results import EnergyResults
from nearsight.records.shared_fields import Run
from nearsight.resources import Resources
from nearsight.workflows.context import AnyModel, begin
from nearsight.workflows.given import require_settings
from nearsight.workflows.settings import EnergySettings
from nearsight.workflows.source import Source, Structure
from nearsight.workflows.unfinished import Unfinished

_DEFAULT = EnergySettings()


@announces
def energy(
    structure: Structure,
    model: AnyModel | None = None,
    settings: EnergySettings = _DEFAULT,
    *,
    unfinished: Unfinished | None = None,
    resources: Resources | None = None,
    progress: Progress | bool | None = None,
) -> EnergyRecord:
    """Return energy, forces and, on request, stress of a structure as it is.

    Parameters
    ----------
    structure, model, unfinished, resources, progress
        As for `nearsight.workflows.heat_capacity`.
    settings
        What is asked for.

    Raises
    ------
    NearsightError
        Something is wrong with the structure, the model, the settings, or the machine.

    Examples
    --------
    >>> from ase.build import bulk
    >>> from nearsight.workflows import energy
    >>> record = energy(bulk("Cu"), "ase:emt")
    >>> print(f"{record.energy_eV:.3f} eV, largest force {record.fmax_eV_per_A:.3f} eV/Å")
    -0.006 eV, largest force 0.000 eV/Å
    """
    require_settings(settings, EnergySettings)
    start = perf_counter()
    source = Source.of(structure, settings.reading)
    context = begin(source, model, unfinished, resources, progress)
    if settings.stress and not context.atoms.pbc.all():
        raise MethodError(
            f"`stress` is that of a crystal, but {context.atoms.get_chemical_formula()} is not "
            f"periodic in three directions; leave it out."
        )
    [evaluation] = context.model.evaluate([context.atoms], stress=settings.stress)
    provenance = record(context.model.identity, stress=settings.stress)
    results = EnergyResults(
        source.name,
        context.atoms,
        evaluation,
        provenance,
        {"molecule": settings.reading.molecule},
        (*context.remarks, *extrapolation_remarks(evaluation, context.model.identity.name)),
    )
    return energy_record(results, Run(perf_counter() - start, asked=settings))
