"""One sampling of a framework: where places are drawn from, and the trials that came of it."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from nearsight.adsorption.gases import gas_of
from nearsight.adsorption.insertion import Draw, Insertion
from nearsight.adsorption.interaction import Interaction
from nearsight.adsorption.kept_trials import KeptTrials
from nearsight.adsorption.overlaps import Overlaps
from nearsight.adsorption.placements import uniform_placements
from nearsight.adsorption.pockets import Pockets
from nearsight.adsorption.proposals import ChosenCandidates, everywhere, learnt_from
from nearsight.adsorption.settings import InsertionSettings
from nearsight.adsorption.trials import Trials
from nearsight.adsorption.widom import insert
from nearsight.errors import ModelError
from nearsight.models.contract import HostingModel
from nearsight.models.registry import load_model
from nearsight.progress import Progress
from nearsight.structures.molecules import as_framework
from nearsight.units import BOLTZMANN_EV_PER_K

LEARNT_WIDTH_A = 0.5
"""Standard deviation by which places that had weight are smeared."""
_FEWEST_CANDIDATES, _MOST_CANDIDATES = 16, 100
"""For each trial, of which a force field chooses one: as many as the variance of its weights over
their squared mean, so that the mean of the candidates is near to that of all."""
_FOR_MEAN = 2000

Keeping = Callable[[str], KeptTrials]
"""Returns where the trials of a stage are kept."""


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
    cell_A = interaction.framework.cell.cell.array
    temperature_K = settings.temperatures_K[0]
    insertion = Insertion(
        interaction,
        Overlaps(
            interaction.framework.atoms, interaction.gas.atoms.numbers, settings.overlap_share
        ),
        everywhere(cell_A),
        settings.seed,
        settings.audited_share,
        (2 * frame,),
    )
    n_learnt = 0
    if settings.learning:
        first = insert(
            replace(insertion, stream=(2 * frame + 1,)),
            temperature_K,
            settings.learning,
            checkpoint=keeping("learning"),
            progress=progress,
        )
        n_learnt = len(first)
        draw: Draw = learnt_from(
            first, temperature_K, cell_A, settings.uniform_share, LEARNT_WIDTH_A
        )
        insertion = replace(insertion, draw=draw)
    elif settings.propose_by is not None:
        insertion = replace(insertion, draw=_by_force_field(interaction, settings))
    trials = insert(
        insertion,
        temperature_K,
        n_insertions,
        relative_error=settings.error,
        checkpoint=keeping("insertions"),
        progress=progress,
    )
    return Sampling(interaction, trials, n_learnt)


def _by_force_field(interaction: Interaction, settings: InsertionSettings) -> ChosenCandidates:
    """Return what draws places by a force field, with its own sites for the gas."""
    assert settings.propose_by is not None
    model = force_field(settings.propose_by)
    host = interaction.framework.cell
    guest = gas_of(settings.gas, model)
    field = model.in_host(as_framework(host))
    cell_A = host.cell.array
    temperature_K = settings.temperatures_K[0]

    def cheap(sites_A: np.ndarray) -> np.ndarray:
        return field.energies_eV(guest.atoms, sites_A)

    some = uniform_placements(cell_A, _FOR_MEAN, np.random.default_rng([settings.seed, 2**31]))
    thermal_eV = BOLTZMANN_EV_PER_K * temperature_K
    weights = np.exp(np.minimum(-cheap(some.sites_A(guest.sites_A)) / thermal_eV, 300.0))
    scatter = weights.var() / weights.mean() ** 2 if weights.any() else 0.0
    return ChosenCandidates(
        cell_A,
        guest.sites_A,
        cheap,
        temperature_K,
        int(np.clip(scatter, _FEWEST_CANDIDATES, _MOST_CANDIDATES)),
        settings.uniform_share,
        float(weights.mean()),
    )


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
