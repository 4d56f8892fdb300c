"""One sampling of a framework: where places are drawn from, and the trials that came of it."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from nearsight.adsorption.gases import gas_of
from nearsight.adsorption.insertion import BATCH, Insertion
from nearsight.adsorption.interaction import Interaction
from nearsight.adsorption.kept_trials import KeptTrials
from nearsight.adsorption.overlaps import Overlaps
from nearsight.adsorption.pair_surrogate import Pairing, fit_pairs
from nearsight.adsorption.placements import PlacementEnergies
from nearsight.adsorption.pockets import Pockets
from nearsight.adsorption.proposals import chosen_by, everywhere
from nearsight.adsorption.settings import InsertionSettings
from nearsight.adsorption.trials import Trials, joined
from nearsight.adsorption.widom import insert
from nearsight.errors import ModelError
from nearsight.models.contract import HostingModel
from nearsight.models.registry import load_model
from nearsight.progress import Progress
from nearsight.structures.molecules import as_framework

Keeping = Callable[[str, int], KeptTrials]
"""Returns where the trials of a stage and of a round of it are kept."""


@dataclass(frozen=True, eq=False)
class Sampling:
    """Trials of a gas in one framework."""

    interaction: Interaction
    trials: Trials
    n_learnt: int
    """Trials before these, which only told where to draw from; they are in no mean."""


def sample(
    interaction: Interaction,
    settings: InsertionSettings,
    n_insertions: int,
    keeping: Keeping,
    *,
    frame: int = 0,
    progress: Progress | bool | None = None,
) -> Sampling:
    """Insert a gas as settings say.

    Parameters
    ----------
    interaction
        The model of the gas in the framework.
    settings
        How often, where, and until when.
    n_insertions
        How often at most, without what is only learnt from.
    keeping
        Where trials of a stage, ``learning`` or ``insertions``, are kept.
    frame
        Which snapshot of a framework this is.
    progress
        Where progress goes; True for a bar.

    Raises
    ------
    NearsightError
        As `insert`; or nothing is learnt, or what proposes has no weight anywhere.
    """
    temperature_K = settings.temperatures_K[0]
    insertion = Insertion(
        interaction,
        Overlaps(
            interaction.framework.atoms, interaction.gas.atoms.numbers, settings.overlap_share
        ),
        everywhere(interaction.framework.cell.cell.array),
        settings.seed,
        settings.audited_share,
        (2 * frame,),
    )
    base = None if settings.propose_by is None else _of_force_field(interaction, settings)
    if base is not None:
        insertion = _drawn_by(insertion, base, settings)
    n_learnt = 0
    if settings.learning:
        insertion, n_learnt = _learnt(insertion, base, settings, keeping, progress)
    trials = insert(
        insertion,
        temperature_K,
        max(n_insertions, 2 * BATCH),  # there are two halves
        relative_error=settings.error,
        checkpoint=keeping("insertions", 0),
        progress=progress,
    )
    return Sampling(interaction, trials, n_learnt)


def _drawn_by(
    insertion: Insertion, cheap: PlacementEnergies, settings: InsertionSettings
) -> Insertion:
    """Return insertions whose places are chosen by a cheap energy."""
    cell_A = insertion.interaction.framework.cell.cell.array
    temperature_K = settings.temperatures_K[0]
    draw = chosen_by(cheap, cell_A, temperature_K, settings.uniform_share, settings.seed)
    return replace(insertion, draw=draw)


def _learnt(
    insertion: Insertion,
    base: PlacementEnergies | None,
    settings: InsertionSettings,
    keeping: Keeping,
    progress: Progress | bool | None,
) -> tuple[Insertion, int]:
    """Return insertions whose places are chosen by what some before them taught, and how many.

    They are learnt from in rounds, each as large as all before it. It draws where these say that
    there is weight: where they are wrong, this is how it is seen.
    """
    interaction, temperature_K = insertion.interaction, settings.temperatures_K[0]
    learning = insertion.stream[0] + 1  # an odd number, as those in the means have even ones
    pairing = Pairing(interaction.framework.cell, interaction.gas)
    rounds: list[Trials] = []
    n_learnt = 0
    while n_learnt < settings.learning:
        n_trials = min(max(n_learnt, BATCH), settings.learning - n_learnt)
        rounds.append(
            insert(
                replace(insertion, stream=(learning, len(rounds))),
                temperature_K,
                n_trials,
                checkpoint=keeping("learning", len(rounds)),
                progress=progress,
            )
        )
        n_learnt += len(rounds[-1])
        surrogate = fit_pairs(joined(rounds), pairing, insertion.overlaps, temperature_K, base)
        insertion = _drawn_by(insertion, surrogate, settings)
    return insertion, n_learnt


def _of_force_field(interaction: Interaction, settings: InsertionSettings) -> PlacementEnergies:
    """Return the energies by a force field, with its own sites for the gas."""
    assert settings.propose_by is not None
    model = force_field(settings.propose_by)
    guest = gas_of(settings.gas, model)
    field = model.in_host(as_framework(interaction.framework.cell))
    return lambda placements: field.energies_eV(guest.atoms, placements.sites_A(guest.sites_A))


def force_field(name: str) -> HostingModel:
    """Return a model that tells the energies of guests in a host without computing the host.

    Raises
    ------
    ModelError
        It is none.
    """
    model = load_model(name, device="cpu")
    if not isinstance(model, HostingModel):
        raise ModelError(
            f"{name} computes framework and molecule together, which proposes nothing cheaply; "
            f"give a force field, such as forcefield:trappe+uff."
        )
    return model


def without_pockets(sampling: Sampling, pockets: Pockets) -> Sampling:
    """Return a sampling in which places inside pockets have no weight."""
    trials = sampling.trials
    to_fractions = np.linalg.inv(sampling.interaction.framework.cell.cell.array)
    blocked = pockets.is_blocked(trials.placements.centres_A @ to_fractions)
    energies_eV = np.where(blocked, np.inf, trials.energies_eV)
    return replace(sampling, trials=replace(trials, energies_eV=energies_eV))
