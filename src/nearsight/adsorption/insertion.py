"""Insertions of a molecule into a framework, batch by batch, from numbers that a seed decides."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from nearsight.adsorption.interaction import Interaction
from nearsight.adsorption.overlaps import Overlaps
from nearsight.adsorption.placements import Placements
from nearsight.adsorption.trials import Trials
from nearsight.errors import ModelError

BATCH = 128
"""Trials of a batch, which are drawn by a generator of their own."""

_MOST_REJECTED = 0.05
"""Share of the computed trials for which a model may have no number."""
_ENOUGH_TO_JUDGE = 200

Draw = Callable[[int, np.random.Generator], Placements]
"""Draws so many placements."""


@dataclass(frozen=True, eq=False)
class Insertion:
    """How trials are drawn and computed."""

    interaction: Interaction
    overlaps: Overlaps
    draw: Draw
    seed: int
    audited_share: float
    """Of the overlapping trials, those that are computed nevertheless."""
    stream: tuple[int, ...] = ()
    """Tells samplings of the same seed apart."""

    def batch(self, number: int) -> Trials:
        """Draw and compute one batch, the same whenever it is asked for.

        Parameters
        ----------
        number
            Which one, from 0.
        """
        rng = np.random.default_rng([self.seed, *self.stream, number])
        placements = self.draw(BATCH, rng)
        sites_A = placements.sites_A(self.interaction.gas.sites_A)
        overlapping = self.overlaps.of(sites_A)
        audited = overlapping & (rng.random(BATCH) < self.audited_share)
        computed = ~overlapping | audited
        model_eV = np.full(BATCH, np.inf)
        model_eV[computed] = self.interaction.energies_eV(sites_A[computed])
        has_number = np.isfinite(model_eV)
        rejected = ~overlapping & ~has_number
        return Trials(
            placements,
            energies_eV=np.where(overlapping | rejected, np.inf, model_eV),
            overlapping=overlapping,
            rejected=rejected,
            audited_eV=np.where(audited, np.where(has_number, model_eV, np.inf), np.nan),
        )


def require_numbers(trials: Trials, interaction: Interaction) -> None:
    """Check that the model had a number for nearly all trials.

    Raises
    ------
    ModelError
        It had none for too many of them.
    """
    n_computed = int((~trials.overlapping).sum())
    n_rejected = int(trials.rejected.sum())
    if n_computed >= _ENOUGH_TO_JUDGE and n_rejected > _MOST_REJECTED * n_computed:
        reason = "" if interaction.refusal is None else f" The first time: {interaction.refusal}"
        raise ModelError(
            f"{interaction.model.identity.name} has no energy for {n_rejected} of {n_computed} "
            f"insertions; it is of no use for this gas here. Choose another model, or a larger "
            f"`overlap_share` if all of them are between atoms.{reason}"
        )
