"""From a structure to its motion at a temperature, energy or pressure."""

import os
from pathlib import Path
from time import perf_counter

from nearsight.announcing import announces
from nearsight.dynamics.run import deciding, run_dynamics
from nearsight.progress import Progress
from nearsight.records.making import dynamics_record
from nearsight.records.motion_records import DynamicsRecord
from nearsight.records.results import DynamicsResults
from nearsight.records.shared_fields import Run
from nearsight.resources import Resources
from nearsight.workflows.context import AnyModel, begin
from nearsight.workflows.given import require_settings
from nearsight.workflows.settings import MolecularDynamicsSettings
from nearsight.workflows.source import Source, Structure
from nearsight.workflows.unfinished import Unfinished

_DEFAULT = MolecularDynamicsSettings()


@announces
def molecular_dynamics(
    structure: Structure,
    model: AnyModel | None = None,
    settings: MolecularDynamicsSettings = _DEFAULT,
    *,
    trajectory: str | os.PathLike[str] | None = None,
    samples: str | os.PathLike[str] | None = None,
    unfinished: Unfinished | None = None,
    resources: Resources | None = None,
    progress: Progress | bool | None = None,
) -> DynamicsRecord:
    """Move a structure, and return what its temperature, energy, volume and pressure did.

    Parameters
    ----------
    structure, model, unfinished, resources, progress
        As for `nearsight.workflows.heat_capacity`, but that velocities and constraints of the
        structure count, also those of a file. With `unfinished` a run that is interrupted goes on
        from its last checkpoint, to the bit.
    settings
        How everything moves.
    trajectory, samples
        Files that grow with the run; see `nearsight.dynamics.run_dynamics`.

    Returns
    -------
    DynamicsRecord
        Its ``results.dynamics`` has the samples, and the structure at the end.

    Raises
    ------
    NearsightError
        Something is wrong with the structure, the model, the settings, or the machine; or the run
        went wrong (`nearsight.dynamics.BrokenRunError`).

    Examples
    --------
    >>> from ase.build import bulk
    >>> from nearsight.workflows import DynamicsSettings, MolecularDynamicsSettings
    >>> from nearsight.workflows import molecular_dynamics
    >>> settings = MolecularDynamicsSettings(dynamics=DynamicsSettings(time_ps=0.1, timestep_fs=5))
    >>> record = molecular_dynamics(bulk("Cu", cubic=True), "ase:emt", settings)
    >>> run = record.results.dynamics
    >>> print(f"{run.n_steps} steps to {run.samples[-1].time_fs:.0f} fs")
    20 steps to 100 fs
    """
    require_settings(settings, MolecularDynamicsSettings)
    start = perf_counter()
    source = Source.of(structure, settings.reading, with_motion=True)
    context = begin(source, model, unfinished, resources, progress)
    places = {"trajectory": trajectory, "samples": samples}
    checkpoint = context.file(
        context.atoms,
        "dynamics",
        **deciding(context.atoms, settings.dynamics, settings.output, settings.keep_bonds),
        **{name: None if path is None else str(path) for name, path in places.items()},
    )
    # Samples of the whole run are needed at its end, whoever asked for a file of them.
    own = samples is None and checkpoint is not None
    if own:
        samples = Path(f"{checkpoint}.csv")
    dynamics = run_dynamics(
        context.atoms,
        context.model,
        settings.dynamics,
        settings.output,
        trajectory=trajectory,
        samples=samples,
        checkpoint=checkpoint,
        keep_bonds=settings.keep_bonds,
        progress=context.progress,
    )
    context.unfinished.done(checkpoint, Path(f"{checkpoint}.csv") if own else None)
    results = DynamicsResults(source.name, dynamics, dynamics.provenance.settings, context.remarks)
    return dynamics_record(results, Run(perf_counter() - start, asked=settings))
