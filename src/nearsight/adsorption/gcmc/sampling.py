"""A run: blocks of equilibration, in which things are adapted, and blocks of production.

Every block begins afresh: energies, and whatever tells changes of them, are computed anew from the
configurations, and random numbers come from generators that seed, block and chain decide. So a run
that goes on from the end of a block is the unbroken one to the bit, and the difference of both
energies is the drift of the running one.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np

from nearsight.adsorption.gcmc.adapting import best_steps, fitted_to
from nearsight.adsorption.gcmc.chains import Chains, Counts, Walk, advance, begin
from nearsight.adsorption.gcmc.ensemble import Ensemble
from nearsight.adsorption.gcmc.guests import NO_MOLECULES, Configuration, wrapped
from nearsight.adsorption.gcmc.kept_samples import KeptSamples
from nearsight.adsorption.gcmc.learning import Learnt, Sums, Training, Watched
from nearsight.adsorption.gcmc.levels import Energies, Level, Rescaled
from nearsight.adsorption.gcmc.moves import Draws, Probabilities, draw
from nearsight.adsorption.gcmc.rules import Anywhere, Rule
from nearsight.adsorption.gcmc.samples import KeptConfiguration, Sampled, Samples, start_of
from nearsight.adsorption.gcmc.schedule import Schedule
from nearsight.adsorption.gcmc.two_levels import (
    CompositeCounts,
    TwoLevelChains,
    advance_two_levels,
    begin_two_levels,
)
from nearsight.arrays import FloatArray
from nearsight.errors import MethodError, ModelError
from nearsight.progress import Progress, as_progress

_KEPT_EVERY_S = 10.0
_ENOUGH_TO_JUDGE = 200
_STEPS_AT_ONCE = 1000
"""Random numbers of so many steps are drawn together, 150 kB for each chain."""


@dataclass(frozen=True, eq=False)
class System:
    """What is sampled."""

    ensemble: Ensemble
    """Of as many chains as it has fugacities; equal ones are replicas."""
    molecule_A: FloatArray
    """Atoms of a molecule about its centre of mass in Å, shape ``(n_atoms, 3)``."""
    level: Level
    """What gives energies; with a costly level, the cheap one that proposes."""
    costly: Energies | None = None
    """What decides over proposals of many moves, and what is sampled; None for one level."""
    rule: Rule = field(default_factory=Anywhere)
    """Which configurations have any weight."""
    probabilities: Probabilities = field(default_factory=Probabilities)
    training: Training | None = None
    """What makes the cheap level better in equilibration, on top of `level`; None for nothing."""
    per_molecule_eV: float = 0.0
    """Constant of a molecule of the cheap level, before equilibration fits one."""

    def proposing(self, run: Sampled) -> Level:
        """Return the one level, or the cheap one with all that was adapted."""
        level = self.level
        if self.training is not None and run.learnt is not None:
            level = self.training.level(run.learnt)
        return Rescaled(level, run.scale, run.per_molecule_eV)


def sample(
    system: System,
    schedule: Schedule,
    *,
    configurations: Sequence[Configuration] | None = None,
    kept: KeptSamples | None = None,
    progress: Progress | bool | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> Sampled:
    """Sample a grand canonical ensemble by one level, or by two.

    Parameters
    ----------
    system
        What is sampled.
    schedule
        For how long.
    configurations
        With which molecules each chain begins; None for none.
    kept
        Where the run is kept, and taken up from.
    progress
        Where progress goes; True for a bar.
    clock
        Tells the time in seconds, by which is decided when to keep the run.

    Raises
    ------
    ModelError
        A level has no number for too many configurations.
    MethodError
        The running energy has drifted, a chain cannot begin, or `candidate_steps` are given for one
        level.
    CheckpointError
        What is kept is damaged, or of another run.
    StorageError
        The run cannot be kept.
    """
    n_chains = system.ensemble.n_chains
    if configurations is None:
        configurations = [NO_MOLECULES] * n_chains
    if len(configurations) != n_chains:
        raise MethodError(
            f"there are {len(configurations)} configurations for {n_chains} chains; give one each."
        )
    if system.costly is None and (schedule.candidate_steps or schedule.fitted):
        raise MethodError(
            "candidate_steps and fitted are for two levels; give a costly level, or leave them out."
        )
    kept = kept or KeptSamples(None, {}, {})
    two_levels = system.costly is not None
    run = kept.resume()
    if run is None:
        run = start_of(configurations, schedule.steps, two_levels=two_levels)
        run = replace(run, per_molecule_eV=system.per_molecule_eV)
        if system.training is not None:
            run = replace(run, learnt=system.training.start())
    n_blocks = schedule.equilibration_blocks + schedule.production_blocks
    written, state = clock(), None
    try:
        with as_progress(progress).task("blocks", n_blocks, run.n_blocks) as tell:
            while run.n_blocks < n_blocks:
                run, state = _next_block(system, schedule, run, state)
                tell(run.n_blocks, "")
                if clock() - written >= _KEPT_EVERY_S:
                    kept.write(run)
                    written = clock()
    finally:  # an interruption, too
        if run.n_blocks:
            kept.write(run)
    return run


@dataclass(eq=False)
class _State:
    """All chains at the beginning of a block."""

    cheap: Chains
    both: TwoLevelChains | None


@dataclass(frozen=True, eq=False)
class _Block:
    """What came of one block."""

    samples: Samples
    kept: tuple[KeptConfiguration, ...]
    counts: Counts
    composites: CompositeCounts | None
    seen: Sums | None
    """What a cheap level can be taught by; None where it is not trained."""


def _begun(system: System, run: Sampled) -> _State:
    cheap = begin(run.configurations, system.molecule_A, system.proposing(run))
    both = None if system.costly is None else begin_two_levels(cheap, system.costly)
    return _State(cheap, both)


def _next_block(
    system: System, schedule: Schedule, run: Sampled, state: _State | None
) -> tuple[Sampled, _State | None]:
    """Return the run with one more block, and its chains if the next may go on with them."""
    state = state or _begun(system, run)
    equilibrates = run.n_blocks < schedule.equilibration_blocks
    if equilibrates:
        run = replace(run, steps=_steps_of(schedule, run.n_blocks))
    block = _sampled(system, schedule, run, state, keeps=not equilibrates)
    _require_numbers(block, schedule)
    guests = state.cheap.guests
    centred = tuple(wrapped(each, system.ensemble.cell_A) for each in guests.configurations())
    run = replace(run, n_blocks=run.n_blocks + 1, configurations=centred)
    fresh = _begun(system, run)
    drift = _drift_eV(state, fresh)
    if not drift <= schedule.largest_drift_eV:
        raise MethodError(
            f"the energy that follows from all changes of a block differs by {drift:.2g} eV from a "
            f"fresh one, more than largest_drift_eV {schedule.largest_drift_eV:g}: the level's "
            f"changes are not those of its energies, or not precise enough. Take double precision."
        )
    run = replace(run, drift_eV=max(run.drift_eV, drift))
    if not equilibrates:
        return _with_production(run, block), fresh
    adapted = _adapted(system, schedule, run, block)
    same = (adapted.scale, adapted.per_molecule_eV) == (run.scale, run.per_molecule_eV)
    return adapted, fresh if same and _knows_the_same(adapted, run) else None


def _sampled(
    system: System, schedule: Schedule, run: Sampled, state: _State, *, keeps: bool
) -> _Block:
    """Advance the chains by one block."""
    ensemble, costly = system.ensemble, system.costly
    walk = Walk(system.proposing(run), system.rule, ensemble, run.sizes)
    watched = None
    if costly is not None and system.training is not None and run.learnt is not None and not keeps:
        costly = watched = Watched(costly, partial(system.training.seen, run.learnt))
    shape = (schedule.samples, ensemble.n_chains)
    numbers = np.zeros(shape, dtype=np.int64)
    energies, cheap = np.zeros(shape), np.zeros(shape)
    n_calls = np.zeros(schedule.samples + 1, dtype=np.int64)
    kept: list[KeptConfiguration] = []
    rngs = [
        np.random.default_rng([schedule.seed, run.n_blocks, chain])
        for chain in range(ensemble.n_chains)
    ]
    for index in range(schedule.samples):
        log_uniform = np.log1p(-np.array([rng.random() for rng in rngs]))
        draws = _draws(system, rngs, run.steps)
        if state.both is None or costly is None:
            for part in draws:
                advance(state.cheap, walk, part)
        else:
            advance_two_levels(state.both, walk, costly, draws, log_uniform)
        guests = state.cheap.guests
        numbers[index] = guests.counts
        deciding = state.cheap.counts if state.both is None else state.both.counts
        n_calls[index + 1] = deciding.computed.sum()
        shifted = state.cheap.energies_eV - run.per_molecule_eV * guests.counts
        cheap[index] = shifted / run.scale
        energies[index] = cheap[index] if state.both is None else state.both.energies_eV
        number = len(run.production) + index + 1
        if keeps and number % schedule.kept_every == 0:
            kept += [
                KeptConfiguration(number - 1, chain, guests.configuration(chain))
                for chain in range(ensemble.n_chains)
            ]
    steps = np.full(schedule.samples, run.steps, dtype=np.int64)
    composites = None if state.both is None else state.both.counts
    samples = Samples(numbers, energies, cheap, steps, np.diff(n_calls))
    seen = None if watched is None else watched.sums
    return _Block(samples, tuple(kept), state.cheap.counts, composites, seen)


def _draws(system: System, rngs: list[np.random.Generator], n_steps: int) -> Iterator[Draws]:
    """Yield the random numbers of the steps, not more at a time than there is room for."""
    probabilities = system.probabilities.for_molecule(len(system.molecule_A))
    for begun in range(0, n_steps, _STEPS_AT_ONCE):
        some = min(_STEPS_AT_ONCE, n_steps - begun)
        yield draw(rngs, some, probabilities, system.ensemble.cell_A)


def _steps_of(schedule: Schedule, block: int) -> int:
    """Return how many moves make a sample in a block of equilibration."""
    candidates = schedule.candidate_steps
    position = block - (schedule.equilibration_blocks - len(candidates))
    return candidates[position] if position >= 0 else schedule.steps


def _adapted(system: System, schedule: Schedule, run: Sampled, block: _Block) -> Sampled:
    """Return a run with what a block of equilibration taught."""
    samples = run.equilibration + block.samples
    longest_A = float(np.linalg.norm(system.ensemble.cell_A, axis=1).min()) / 2
    candidates = schedule.candidate_steps
    n_before = schedule.equilibration_blocks - len(candidates)
    run = replace(run, equilibration=samples)
    if run.n_blocks <= n_before:
        sizes = run.sizes.adapted(block.counts.accepted, block.counts.tried, longest_A)
        run = replace(run, sizes=sizes)
    third = max(n_before // 3, 1)
    if system.training is not None and run.learnt is not None:
        run = replace(run, learnt=_taught(system.training, run, block, third))
    elif schedule.fitted and run.n_blocks in {third, 2 * third}:
        recent = samples.part(slice(-third * schedule.samples, None))
        scale, constant_eV = fitted_to(recent) or (run.scale, run.per_molecule_eV)
        run = replace(run, scale=scale, per_molecule_eV=constant_eV)
    if run.n_blocks == schedule.equilibration_blocks:
        steps = schedule.steps
        if candidates:
            tried = samples.part(slice(-len(candidates) * schedule.samples, None))
            steps = best_steps(tried, candidates)
        run = replace(run, steps=steps)
    return run


def _knows_the_same(one: Sampled, other: Sampled) -> bool:
    if one.learnt is None or other.learnt is None:
        return True
    return one.learnt.coefficients_eV is other.learnt.coefficients_eV


def _taught(training: Training, run: Sampled, block: _Block, third: int) -> Learnt | None:
    """Return what the cheap level knows after a block; in the last third it stays as it is."""
    learnt = run.learnt
    if learnt is None or block.seen is None or run.n_blocks > 2 * third:
        return learnt
    learnt = replace(learnt, sums=learnt.sums + block.seen)
    return training.fitted(learnt) if run.n_blocks % max(third // 2, 1) == 0 else learnt


def _with_production(run: Sampled, block: _Block) -> Sampled:
    composites = run.composites
    if composites is not None and block.composites is not None:
        composites = composites + block.composites
    return replace(
        run,
        production=run.production + block.samples,
        kept=run.kept + block.kept,
        counts=run.counts + block.counts,
        composites=composites,
    )


def _drift_eV(state: _State, fresh: _State) -> float:
    differences = [np.abs(state.cheap.energies_eV - fresh.cheap.energies_eV).max()]
    if state.both is not None and fresh.both is not None:
        differences.append(np.abs(state.both.energies_eV - fresh.both.energies_eV).max())
    return float(max(differences))


def _require_numbers(block: _Block, schedule: Schedule) -> None:
    """Check that levels had numbers for nearly all they were asked for in a block."""
    for counts, what in ((block.counts, "moves"), (block.composites, "proposals")):
        if counts is None:
            continue
        computed, failed = int(counts.computed.sum()), int(counts.failed.sum())
        if computed >= _ENOUGH_TO_JUDGE and failed > schedule.most_failed * computed:
            raise ModelError(
                f"there is no energy for {failed} of {computed} {what} of a block, a larger share "
                f"than most_failed {schedule.most_failed:g}; choose another model, or forbid "
                f"what it cannot compute by a larger `overlap_share`."
            )
