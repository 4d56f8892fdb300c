"""From a framework and a gas to a Henry coefficient with its certificate."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from time import perf_counter

import numpy as np
from ase import Atoms

from nearsight.adsorption.framework import framework_of, loose_molecules, needed_width_A
from nearsight.adsorption.gases import Gas, gas_of, relaxed_gas
from nearsight.adsorption.interaction import Interaction
from nearsight.adsorption.kept_trials import KeptTrials
from nearsight.adsorption.known_offsets import known_offset
from nearsight.adsorption.quantum import thermal_wavelength_A
from nearsight.adsorption.result import Adsorption, henry_at
from nearsight.adsorption.sampling import Sampling, force_field, sample
from nearsight.adsorption.trials import joined
from nearsight.adsorption.wells import without_wells
from nearsight.adsorption.widom import precision_of
from nearsight.adsorption.zero import Zero, beside_force_field, zero_of
from nearsight.announcing import announces
from nearsight.dynamics.analysis.reading import read_trajectory
from nearsight.errors import MethodError, SettingError
from nearsight.fingerprint import fingerprint
from nearsight.models.contract import HostingModel, Model, RemarkingModel
from nearsight.models.versions import versions_behind
from nearsight.progress import Progress
from nearsight.provenance import Setting, record
from nearsight.records.adsorption_results import WidomResults
from nearsight.records.making_widom import widom_record
from nearsight.records.shared_fields import Run
from nearsight.records.widom_record import WidomRecord
from nearsight.remarks import Remark
from nearsight.resources import Resources
from nearsight.workflows.context import AnyModel, Context, begin
from nearsight.workflows.given import require_settings
from nearsight.workflows.insertion_checks import require_insertion, require_interaction
from nearsight.workflows.pockets_by_uff import PocketsByUFF, pockets_by_uff
from nearsight.workflows.settings import WidomSettings
from nearsight.workflows.source import Source, Structure
from nearsight.workflows.unfinished import Unfinished

_DEFAULT = WidomSettings()
# What changes no trial, and so belongs to no kept work: more insertions go on with what is there.
_NOT_DECIDING = frozenset(
    ("insertions", "error", "temperatures_K", "gas", "learning", "map_axis", "block_pockets")
)


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
    require_insertion(settings, context.given)  # all of this before a model is loaded
    gas = gas_of(asked.gas, context.model)
    require_interaction(frames, gas, context.model, asked)
    pockets = pockets_by_uff(frames, gas, asked)
    if asked.relax_gas:
        gas = relaxed_gas(gas, context.model, context.progress)
    zero, samplings = _sampled(context, settings, gas, frames)
    adsorption = _adsorption(samplings, zero, pockets, settings, context.progress)
    results = WidomResults(
        source.name,
        context.atoms,
        adsorption,
        record(context.model.identity, **_plain(settings)),
        {**_plain(settings), "gas": asked.gas},
        _remarks(context, frames, loose),
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


def _remarks(context: Context, frames: Sequence[Atoms], loose: Sequence[str]) -> tuple[Remark, ...]:
    model = context.model
    of_model = model.remarks_on_host(frames[0]) if isinstance(model, RemarkingModel) else ()
    return (*context.remarks, *of_model, *_of_loose(loose), *_of_hosts(frames, model))


def _of_loose(loose: Sequence[str]) -> tuple[Remark, ...]:
    """Return what is said of molecules in a framework that should be empty."""
    if not loose:
        return ()
    said = (
        f"The framework holds what is bonded to nothing ({', '.join(loose)}), which counts as part "
        f"of it: take solvent out for the empty one."
    )
    return (Remark("framework-not-empty", said),)


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


def _sampled(
    context: Context, settings: WidomSettings, gas: Gas, frames: Sequence[Atoms]
) -> tuple[Zero, tuple[Sampling, ...]]:
    """Return where the model has its zero, and the trials in each snapshot."""
    asked = settings.insertion
    model = context.model
    width_A = needed_width_A(gas, model) if asked.least_width_A is None else asked.least_width_A
    n_insertions = -(-asked.most_insertions // len(frames))
    zero, samplings = None, []
    for number, frame in enumerate(frames):
        interaction = Interaction(framework_of(frame, width_A), gas, model, context.resources)
        zero = zero or zero_of(interaction)
        files = _Files(context, settings, gas, frame, number)
        samplings.append(
            sample(
                interaction,
                asked,
                n_insertions,
                files.of,
                frame=number,
                progress=context.progress,
            )
        )
        context.unfinished.done(*files.paths)
    assert zero is not None
    return zero, tuple(samplings)


class _Files:
    """Where the trials of one snapshot are kept."""

    def __init__(
        self, context: Context, settings: WidomSettings, gas: Gas, frame: Atoms, number: int
    ) -> None:
        self._context, self._frame = context, frame
        asked = settings.insertion
        deciding = {
            name: value for name, value in asked.to_json().items() if name not in _NOT_DECIDING
        }
        of_gas = [gas.atoms.numbers.tolist(), gas.sites_A.round(9).tolist()]
        self._common: dict[str, Setting] = {**deciding, "molecule": of_gas, "frame": number}
        if asked.propose_by is not None:  # which may be a file that has changed
            proposing = force_field(asked.propose_by).identity
            self._common["proposing"] = proposing.checkpoint_sha256
        self._asked = asked
        self.paths: list[Path | None] = []

    def of(self, stage: str, round_: int) -> KeptTrials:
        """Return where the trials of a stage and of a round of it are kept."""
        context, asked = self._context, self._asked
        settings = {**self._common, "round": round_}
        n_learnt = asked.learning if stage == "insertions" else round_
        if stage == "insertions":
            settings["learning"] = asked.learning
        if asked.propose_by is not None or n_learnt:  # they are drawn by weights at a temperature
            settings["temperature_K"] = asked.temperatures_K[0]
        path = context.unfinished.file(context.name, self._frame, context.model, stage, **settings)
        identity = context.model.identity
        self.paths.append(path)
        return KeptTrials(
            path, fingerprint(self._frame, identity, settings), versions_behind(identity)
        )


def _adsorption(
    samplings: tuple[Sampling, ...],
    zero: Zero,
    by_uff: PocketsByUFF,
    settings: WidomSettings,
    progress: Progress | bool | None,
) -> Adsorption:
    """Return what trials say, with everything that speaks for and against it."""
    asked = settings.insertion
    temperatures_K = asked.temperatures_K
    first_K = temperatures_K[0]
    gas, model = samplings[0].interaction.gas, samplings[0].interaction.model
    report = by_uff.report(samplings, first_K, is_blocked=asked.block_pockets)
    if asked.block_pockets:
        samplings = by_uff.blocked(samplings)
    cleaned = tuple(
        without_wells(each.trials, each.interaction, first_K, pockets, progress=progress)
        for each, pockets in zip(samplings, by_uff.of_frames, strict=True)
    )
    trials = [each.trials for each in samplings]
    without = None
    if any(each.n_suspected for each in cleaned):
        honest = [each.trials for each in cleaned]
        without = tuple(henry_at(samplings, honest, each) for each in temperatures_K)
    return Adsorption(
        gas=gas,
        samplings=samplings,
        henry=tuple(henry_at(samplings, trials, each) for each in temperatures_K),
        precision=precision_of(joined(trials), first_K),
        settings=asked,
        zero=zero,
        beside=None
        if model.capabilities.pairwise
        else beside_force_field(samplings[0].interaction, samplings[0].trials),
        offset=known_offset(model.identity.name, gas.name),
        cleaned=cleaned,
        henry_without_wells=without,
        pockets=report,
        no_pockets=by_uff.reason,
        helium_void_fraction=by_uff.helium_void_fraction,
        wavelengths_A=tuple(thermal_wavelength_A(gas, each) for each in temperatures_K),
    )


def _plain(settings: WidomSettings) -> dict[str, Setting]:
    """Return settings that are not as they are by default, by name."""
    default = WidomSettings().insertion.to_json()
    given = settings.insertion.to_json()
    changed = {name: value for name, value in given.items() if value != default[name]}
    if settings.snapshots is not None:
        changed["snapshots"] = settings.snapshots
    return changed
