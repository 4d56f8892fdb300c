"""From a structure to the next minimum of a model."""

import os
from time import perf_counter

from nearsight.announcing import announces
from nearsight.errors import SettingError
from nearsight.progress import Progress
from nearsight.records.making import relaxation_record
from nearsight.records.questions import RelaxationRecord
from nearsight.records.results import RelaxationResults
from nearsight.records.shared_fields import Run
from nearsight.resources import Resources
from nearsight.workflows.context import AnyModel, begin
from nearsight.workflows.given import require_settings
from nearsight.workflows.prepare import history, relaxed
from nearsight.workflows.settings import RelaxSettings
from nearsight.workflows.source import Source, Structure
from nearsight.workflows.unfinished import Unfinished

_DEFAULT = RelaxSettings()


@announces
def relax(
    structure: Structure,
    model: AnyModel | None = None,
    settings: RelaxSettings = _DEFAULT,
    *,
    trajectory: str | os.PathLike[str] | None = None,
    unfinished: Unfinished | None = None,
    resources: Resources | None = None,
    progress: Progress | bool | None = None,
) -> RelaxationRecord:
    """Relax a structure, and return where it ended and how.

    Parameters
    ----------
    structure, model, unfinished, resources, progress
        As for `nearsight.workflows.heat_capacity`.
    settings
        How everything is computed.
    trajectory
        A file to which each step is appended; see `nearsight.relaxation.relax`.

    Raises
    ------
    NearsightError
        Something is wrong with the structure, the model, the settings, or the machine.

    Examples
    --------
    >>> from ase.build import bulk
    >>> from nearsight.workflows import relax
    >>> record = relax(bulk("Cu"), "ase:emt")
    >>> record.relaxation.converged
    True
    >>> print(f"{record.energy_eV:.3f} eV and {record.volume_A3:.2f} Å³ a cell")
    -0.007 eV and 11.56 Å³ a cell
    """
    require_settings(settings, RelaxSettings)
    if not settings.relaxation.relax:
        raise SettingError("`relax` is false: nothing would be done; leave it out.", "relax")
    start = perf_counter()
    source = Source.of(structure, settings.reading)
    context = begin(source, model, unfinished, resources, progress)
    relaxation, _ = relaxed(context, settings.relaxation, trajectory=trajectory)
    asked = history(context, settings.relaxation, relaxation.optimizer)
    results = RelaxationResults(source.name, relaxation, asked, context.remarks)
    return relaxation_record(results, Run(perf_counter() - start, asked=settings))
