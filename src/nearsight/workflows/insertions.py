"""Insertions of a gas into a framework, or its snapshots, with what speaks for and against them."""

from collections.abc import Sequence
from pathlib import Path

from ase import Atoms

from nearsight.adsorption.framework import framework_of, needed_width_A
from nearsight.adsorption.gases import Gas
from nearsight.adsorption.interaction import Interaction
from nearsight.adsorption.kept_trials import KeptTrials
from nearsight.adsorption.known_offsets import known_offset
from nearsight.adsorption.quantum import thermal_wavelength_A
from nearsight.adsorption.result import Adsorption, henry_at
from nearsight.adsorption.sampling import Sampling, force_field, sample
from nearsight.adsorption.settings import InsertionSettings
from nearsight.adsorption.trials import joined
from nearsight.adsorption.wells import without_wells
from nearsight.adsorption.widom import precision_of
from nearsight.adsorption.zero import Zero, beside_force_field, zero_of
from nearsight.fingerprint import fingerprint
from nearsight.models.contract import RemarkingModel
from nearsight.models.versions import versions_behind
from nearsight.progress import Progress
from nearsight.provenance import Setting
from nearsight.remarks import Remark
from nearsight.workflows.context import Context
from nearsight.workflows.pockets_by_uff import PocketsByUFF

# What changes no trial, and so belongs to no kept work: more insertions go on with what is there.
_NOT_DECIDING = frozenset(
    ("insertions", "error", "temperatures_K", "gas", "learning", "map_axis", "block_pockets")
)


def inserted(
    context: Context,
    asked: InsertionSettings,
    gas: Gas,
    frames: Sequence[Atoms],
    pockets: PocketsByUFF,
) -> Adsorption:
    """Insert a gas, and return what that says, with everything that speaks for and against it.

    Parameters
    ----------
    context
        The model, and where trials are kept.
    asked
        How often, where, and until when.
    gas
        The molecule.
    frames
        The framework, or its snapshots.
    pockets
        Those of each.

    Raises
    ------
    NearsightError
        As `nearsight.adsorption.sampling.sample`.
    """
    zero, samplings = _sampled(context, asked, gas, frames)
    return _adsorption(samplings, zero, pockets, asked, context.progress)


def remarks_on(context: Context, framework: Atoms, loose: Sequence[str]) -> tuple[Remark, ...]:
    """Return what has to be known of a framework, by itself and by the model.

    Parameters
    ----------
    context
        The model, and what was remarked when the structure was read.
    framework
        One cell.
    loose
        Formulas of what is bonded to nothing.
    """
    model = context.model
    of_model = model.remarks_on_host(framework) if isinstance(model, RemarkingModel) else ()
    return (*context.remarks, *of_model, *_of_loose(loose))


def _of_loose(loose: Sequence[str]) -> tuple[Remark, ...]:
    """Return what is said of molecules in a framework that should be empty."""
    if not loose:
        return ()
    said = (
        f"The framework holds what is bonded to nothing ({', '.join(loose)}), which counts as part "
        f"of it: take solvent out for the empty one."
    )
    return (Remark("framework-not-empty", said),)


def _sampled(
    context: Context, asked: InsertionSettings, gas: Gas, frames: Sequence[Atoms]
) -> tuple[Zero, tuple[Sampling, ...]]:
    """Return where the model has its zero, and the trials in each snapshot."""
    model = context.model
    width_A = needed_width_A(gas, model) if asked.least_width_A is None else asked.least_width_A
    n_insertions = -(-asked.most_insertions // len(frames))
    zero, samplings = None, []
    for number, frame in enumerate(frames):
        interaction = Interaction(framework_of(frame, width_A), gas, model, context.resources)
        zero = zero or zero_of(interaction)
        files = _Files(context, asked, gas, frame, number)
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
        self, context: Context, asked: InsertionSettings, gas: Gas, frame: Atoms, number: int
    ) -> None:
        self._context, self._frame = context, frame
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
    asked: InsertionSettings,
    progress: Progress | bool | None,
) -> Adsorption:
    """Return what trials say, with everything that speaks for and against it."""
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
