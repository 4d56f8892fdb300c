"""From a framework and a gas to a Henry coefficient with its certificate."""

from collections.abc import Sequence
from dataclasses import replace
from time import perf_counter

import numpy as np
from ase import Atoms

from nearsight.adsorption.framework import framework_of, loose_molecules
from nearsight.adsorption.gases import gas_of, relaxed_gas
from nearsight.announcing import announces
from nearsight.dynamics.analysis.reading import read_trajectory
from nearsight.errors import MethodError, SettingError
from nearsight.models.contract import HostingModel, Model
from nearsight.progress import Progress
from nearsight.provenance import Setting, record
from nearsight.records.adsorption_results import WidomResults
from nearsight.records.making_widom import widom_record
from nearsight.records.shared_fields import Run
from nearsight.records.widom_record import WidomRecord
from nearsight.remarks import Remark
from nearsight.resources import Resources
from nearsight.workflows.adsorption_settings import WidomSettings
from nearsight.workflows.context import AnyModel, begin
from nearsight.workflows.given import require_settings
from nearsight.workflows.insertion_checks import require_insertion, require_interaction
from nearsight.workflows.insertions import inserted, remarks_on
from nearsight.workflows.pockets_by_uff import pockets_by_uff
from nearsight.workflows.source import Source, Structure
from nearsight.workflows.unfinished import Unfinished

_DEFAULT = WidomSettings()


@announces
def widom(
    structure: Structure,
    model: AnyModel | None = None,
    settings: WidomSettings = _DEFAULT,
    *,
    unfinished: Unfinished | None = None,
    resources: Resources | None = None,
    progress: Progress | bool | None = None,
) -> WidomRecord:
    """Insert a gas into a framework, and return its Henry coefficient with all that belongs to it.

    Parameters
    ----------
    structure, model, unfinished, resources, progress
        As for `nearsight.workflows.heat_capacity`. With `unfinished` an interrupted sampling goes
        on, and is then the unbroken one.
    settings
        Which gas, at which temperatures, how often. With `snapshots` the structure is a trajectory
        of a framework that moves.

    Returns
    -------
    WidomRecord
        Its ``results.adsorption`` has all trials.

    Raises
    ------
    NearsightError
        Something is wrong with the structure, the gas, the model, the settings, or the machine; or
        the model has no number for too many insertions.

    Examples
    --------
    >>> from ase import Atoms
    >>> from nearsight.workflows import InsertionSettings, WidomSettings, widom
    >>> framework = Atoms("C", cell=[9.0] * 3, pbc=True)
    >>> insertion = InsertionSettings(gas="CH4", temperatures_K=(300.0,), insertions=1000)
    >>> field = "forcefield:trappe+uff?coulomb=no"
    >>> record = widom(framework, field, WidomSettings(insertion=insertion))
    >>> (henry,) = record.henry
    >>> print(f"K_H {1e5 * henry.coefficient_mol_per_kg_Pa:.1f} mol/(kg bar)")
    K_H 1.5 mol/(kg bar)
    """
    require_settings(settings, WidomSettings)
    start = perf_counter()
    asked = settings.insertion
    source = Source.of(structure, settings.reading)
    frames = _snapshots(source, settings.snapshots)
    if frames is not None:
        source = replace(source, given=frames[0])
    context = begin(source, model, unfinished, resources, progress)
    frames = frames or [context.atoms]
    for frame in frames:
        framework_of(frame, 0.0)
    loose = loose_molecules(frames[0])
    require_insertion(asked, context.given)  # all of this before a model is loaded
    gas = gas_of(asked.gas, context.model)
    require_interaction(frames, gas, context.model, asked)
    pockets = pockets_by_uff(frames, gas, asked)
    if asked.relax_gas:
        gas = relaxed_gas(gas, context.model, context.progress)
    adsorption = inserted(context, asked, gas, frames, pockets)
    results = WidomResults(
        source.name,
        context.atoms,
        adsorption,
        record(context.model.identity, **_plain(settings)),
        {**_plain(settings), "gas": asked.gas},
        (*remarks_on(context, frames[0], loose), *_of_hosts(frames, context.model)),
    )
    return widom_record(results, Run(perf_counter() - start, asked=settings))


def _snapshots(source: Source, n_snapshots: int | None) -> list[Atoms] | None:
    """Return so many frames of a trajectory, evenly spread; None where none are asked for."""
    if n_snapshots is None:
        return None
    if source.given is not None:
        raise SettingError(
            "`snapshots` are of a trajectory, which is a file; leave it out for one structure.",
            "snapshots",
        )
    try:
        trajectory = read_trajectory(source.name, unwrapped=True)
    except MethodError:  # it does not tell its times, which do not count here
        trajectory = read_trajectory(source.name, unwrapped=True, interval_fs=1.0)
    if len(trajectory) < n_snapshots:
        raise SettingError(
            f"{source.name} has {len(trajectory)} frames, and `snapshots` is {n_snapshots}.",
            "snapshots",
        )
    at = np.linspace(0, len(trajectory) - 1, n_snapshots).round().astype(int)
    return [trajectory.frame(int(index)) for index in at]


def _of_hosts(frames: Sequence[Atoms], model: Model) -> tuple[Remark, ...]:
    """Return what is said of frameworks that move by a model that knows no energy of theirs."""
    if len(frames) == 1 or not isinstance(model, HostingModel):
        return ()
    said = (
        f"{model.identity.name} has no energy of the framework, which counts as the same in all "
        f"{len(frames)} snapshots: the Henry coefficient has its meaning, and the heat lacks how "
        f"the energy of the framework goes with what it takes up."
    )
    return (Remark("host-energy-missing", said),)


def _plain(settings: WidomSettings) -> dict[str, Setting]:
    """Return settings that are not as they are by default, by name."""
    default = WidomSettings().insertion.to_json()
    given = settings.insertion.to_json()
    changed = {name: value for name, value in given.items() if value != default[name]}
    if settings.snapshots is not None:
        changed["snapshots"] = settings.snapshots
    return changed
