"""False wells: places that carry weight although no molecule can be there.

A model that never saw atoms so near to each other may give them any energy, and one deep false well
outweighs all that is true. What carries the weight is looked at: how near the molecule is to atoms
of the framework, how hard it is pushed, and whether it could have come there.
"""

import contextlib
from dataclasses import dataclass, fields

import numpy as np
from ase import Atoms
from ase.data import covalent_radii
from scipy.special import logsumexp

from nearsight.adsorption.interaction import Interaction
from nearsight.adsorption.pockets import Pockets
from nearsight.adsorption.trials import Trials
from nearsight.arrays import BoolArray, FloatArray, IntArray
from nearsight.errors import MemoryBudgetError, MissingPropertyError
from nearsight.models.batches import in_batches
from nearsight.models.contract import Evaluation, forces_of
from nearsight.notebooks import ShownInNotebooks
from nearsight.progress import Progress, as_progress
from nearsight.structures.host_pairs import HostPairs
from nearsight.structures.metals import METALS
from nearsight.structures.naming import paragraph

NEAREST = 1.3
"""Contacts of nonmetals nearer than that share of the sum of their covalent radii are suspected: a
hydrogen bond is at 1.6 of it and more, and what is nearer is bound, which no rigid molecule is."""
NEAREST_TO_METAL = 0.9
"""The same where one of the two is a metal: a molecule at an open metal site is bound to it (CO2 at
Mg at 1.03 of the sum and more, water at 1.0, CO at Ni at 0.93)."""
LARGEST_FORCE_EV_PER_A = 3.0
"""A larger force on an atom of the molecule, beside that which it has alone, is suspected: at room
temperature a tenth of it is usual."""
_MOST_EXAMINED = 50
_WEIGHT_EXAMINED = 0.99
_MOST_IN_ALL = 300


@dataclass(frozen=True, eq=False, repr=False)
class Wells(ShownInNotebooks):
    """What was seen of the trials that carry the weight; arrays ``(n_examined,)``."""

    trials: IntArray
    """Which ones, the heaviest first."""
    contacts: FloatArray
    """Distance over the sum of covalent radii for the two atoms that are nearest for what they are,
    inf where no atom is near."""
    near: BoolArray
    """Whether these are nearer than two such atoms are."""
    forces_eV_per_A: FloatArray
    """Largest force on an atom of the molecule, less what it has alone; NaN where it was not
    computed, since the trial is suspected anyway, the memory is too small or the model has no
    forces at all, and inf where it has none in this place."""
    blocked: BoolArray
    """Whether it lies in a pocket."""

    def __repr__(self) -> str:
        suspected = f"{int(self.suspected.sum())} suspected"
        return paragraph(self, f"{len(self.trials)} insertions", suspected)

    @property
    def suspected(self) -> BoolArray:
        """Which of them no molecule would be in."""
        suspected: BoolArray = self.near | self.pushed | self.blocked
        return suspected

    @property
    def unknown(self) -> BoolArray:
        """Which of them might be pushed: their force was not computed."""
        unknown: BoolArray = np.isnan(self.forces_eV_per_A) & ~self.suspected
        return unknown

    @property
    def pushed(self) -> BoolArray:
        """Which of them the framework pushes hard."""
        pushed: BoolArray = self.forces_eV_per_A >= LARGEST_FORCE_EV_PER_A
        return pushed

    def reasons(self, place: int) -> tuple[str, ...]:
        """Return why one of them is suspected, in words."""
        said = []
        if self.near[place]:
            said.append(f"atoms at {self.contacts[place]:.2f} of the sum of their covalent radii")
        if np.isposinf(self.forces_eV_per_A[place]):
            said.append("the model has no force")
        elif self.pushed[place]:
            said.append(f"a force of {self.forces_eV_per_A[place]:.1f} eV/Å")
        if self.blocked[place]:
            said.append("in a pocket that the gas cannot enter")
        return tuple(said)


@dataclass(frozen=True, eq=False)
class Cleaned:
    """Trials without what was suspected."""

    trials: Trials
    """The same ones; suspected ones have no weight."""
    examined: Wells
    """All that was looked at."""
    is_clean: bool
    """Whether nothing suspected is left among what carries the weight."""
    share_examined: float
    """Part of the weight that is left which those have that were looked at."""

    @property
    def n_suspected(self) -> int:
        """How many were suspected."""
        return int(self.examined.suspected.sum())


def examine(
    trials: Trials,
    interaction: Interaction,
    temperature_K: float,
    pockets: Pockets | None = None,
) -> Wells:
    """Look at the trials that carry the weight.

    Parameters
    ----------
    trials
        All of a sampling.
    interaction
        The model, which computes forces of the heaviest ones.
    temperature_K
        At which weight counts.
    pockets
        Of the framework's cell; None if none are known.
    """
    return _examined(_heaviest(trials, temperature_K), trials, interaction, pockets, False)


def _examined(
    chosen: IntArray,
    trials: Trials,
    interaction: Interaction,
    pockets: Pockets | None,
    progress: Progress | bool | None,
) -> Wells:
    sites_A = trials.placements.sites_A(interaction.gas.sites_A)[chosen]
    blocked = np.zeros(len(chosen), dtype=bool)
    if pockets is not None:
        to_fractions = np.linalg.inv(interaction.framework.cell.cell.array)
        blocked = pockets.is_blocked(trials.placements.centres_A[chosen] @ to_fractions)
    contacts, near = _contacts(interaction, sites_A)
    forces: FloatArray = np.full(len(chosen), np.nan)
    in_doubt = ~near & ~blocked
    with contextlib.suppress(MissingPropertyError):  # a model of energies alone: unknown
        forces[in_doubt] = _forces(interaction, sites_A[in_doubt], progress)
    return Wells(chosen, contacts, near, forces, blocked)


def without_wells(
    trials: Trials,
    interaction: Interaction,
    temperature_K: float,
    pockets: Pockets | None = None,
    *,
    progress: Progress | bool | None = False,
) -> Cleaned:
    """Return trials in which suspected ones have no weight.

    What lay behind them comes to light when they are gone, and is looked at, too; none is looked at
    twice.

    Parameters
    ----------
    trials, interaction, temperature_K, pockets
        As in `examine`.
    progress
        Where progress goes; True for a bar.
    """
    known = Wells(*(np.zeros(0, dtype) for dtype in (np.int64, float, bool, float, bool)))
    while len(known.trials) < _MOST_IN_ALL:
        heaviest = _heaviest(trials, temperature_K)
        new = heaviest[~np.isin(heaviest, known.trials)]
        if not len(new):
            return Cleaned(trials, known, True, _share(trials, heaviest, temperature_K))
        known = _both(known, _examined(new, trials, interaction, pockets, progress))
        energies_eV = trials.energies_eV.copy()
        energies_eV[known.trials[known.suspected]] = np.inf
        trials = trials.with_energies(energies_eV)
    return Cleaned(trials, known, False, _share(trials, known.trials, temperature_K))


def _both(first: Wells, second: Wells) -> Wells:
    return Wells(
        *(
            np.concatenate([getattr(first, each.name), getattr(second, each.name)])
            for each in fields(Wells)
        )
    )


def _heaviest(trials: Trials, temperature_K: float) -> IntArray:
    """Return the trials that carry nearly all weight, the heaviest first."""
    logs = trials.weights(temperature_K).logarithms
    order = np.argsort(-logs, kind="stable")[:_MOST_EXAMINED]
    order = order[logs[order] > -np.inf]
    if not len(order):
        return order
    shares = np.exp(logs[order] - logsumexp(logs))
    before = np.cumsum(shares) - shares
    carrying: IntArray = order[before < _WEIGHT_EXAMINED]
    return carrying


def _share(trials: Trials, chosen: IntArray, temperature_K: float) -> float:
    """Return the part of all weight that some trials have; 0 if there is none."""
    logs = trials.weights(temperature_K).logarithms
    if not (logs[chosen] > -np.inf).any():
        return 0.0
    return float(np.exp(logsumexp(logs[chosen]) - logsumexp(logs)))


def _contacts(interaction: Interaction, sites_A: FloatArray) -> tuple[FloatArray, BoolArray]:
    """Return the closest contact of each trial, and whether it is too close."""
    host, numbers = interaction.framework.atoms, interaction.gas.atoms.numbers
    is_metal = np.isin(numbers, list(METALS))[:, np.newaxis] | np.isin(host.numbers, list(METALS))
    limits = np.where(is_metal, NEAREST_TO_METAL, NEAREST)
    sums_A = covalent_radii[numbers][:, np.newaxis] + covalent_radii[host.numbers]
    around = HostPairs(host, 2 * float(sums_A.max()))
    site, atom, distances_A = around.neighbours(sites_A.reshape(-1, 3))
    contacts: FloatArray = np.full(len(sites_A), np.inf)
    n_atoms = len(numbers)
    shares = distances_A / sums_A[site % n_atoms, atom]
    over_limits = shares / limits[site % n_atoms, atom]
    order = np.argsort(-over_limits, kind="stable")
    contacts[site[order] // n_atoms] = shares[order]  # the last one counts
    near: BoolArray = np.zeros(len(sites_A), dtype=bool)
    near[site[over_limits < 1] // n_atoms] = True
    return contacts, near


def _forces(
    interaction: Interaction, sites_A: FloatArray, progress: Progress | bool | None
) -> FloatArray:
    """Return the largest force on an atom of the molecule that the framework makes.

    NaN where there is no memory for it, or the model has no forces at all; inf where it has none
    in this place.
    """
    gas, model = interaction.gas.atoms, interaction.model
    together = in_batches(model, map(interaction.with_guest, sites_A), interaction.resources)
    apart = in_batches(model, (_placed(gas, sites) for sites in sites_A), interaction.resources)
    largest: FloatArray = np.full(len(sites_A), np.inf)
    with as_progress(progress).task("forces of insertions", len(sites_A)) as advance:
        for place, (both, alone) in enumerate(zip(together, apart, strict=True)):
            if isinstance(both, Evaluation) and isinstance(alone, Evaluation):
                difference = forces_of(both)[-len(gas) :] - forces_of(alone)
                largest[place] = np.linalg.norm(difference, axis=1).max()
            elif isinstance(both, MemoryBudgetError) or not isinstance(alone, Evaluation):
                largest[place] = np.nan  # no fault of the place
            advance(place + 1, "")
    return largest


def _placed(gas: Atoms, sites_A: FloatArray) -> Atoms:
    placed: Atoms = gas.copy()
    placed.positions = sites_A
    return placed
