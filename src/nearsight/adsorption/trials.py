"""Trials of one sampling, with what became of each."""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

import numpy as np

from nearsight.adsorption.placements import Placements
from nearsight.adsorption.weights import Weights, weights_of
from nearsight.arrays import BoolArray, FloatArray
from nearsight.notebooks import ShownInNotebooks
from nearsight.structures.naming import paragraph


@dataclass(frozen=True, eq=False, repr=False)
class Trials(ShownInNotebooks):
    """Placements of a molecule, and its interaction energy in each; all arrays ``(n_trials,)``."""

    placements: Placements
    energies_eV: FloatArray
    """Interaction energies, inf where the molecule overlaps or the model has no number."""
    overlapping: BoolArray
    """Too near to atoms of the framework: not computed, weight zero."""
    rejected: BoolArray
    """The model gave what is no number: weight zero."""
    audited_eV: FloatArray
    """Energies of those overlapping ones that were computed nevertheless, inf where the model had
    no number, else NaN: they tell whether the radii are small enough, and are in no mean."""

    def __repr__(self) -> str:
        overlaps = f"{int(self.overlapping.sum())} overlap"
        return paragraph(self, f"{len(self)} insertions", overlaps)

    def __len__(self) -> int:
        return len(self.energies_eV)

    @property
    def audited(self) -> BoolArray:
        """Which overlapping ones were computed nevertheless."""
        audited: BoolArray = ~np.isnan(self.audited_eV)
        return audited

    @property
    def n_calls(self) -> int:
        """Structures that the model computed for them."""
        return int((~self.overlapping).sum() + self.audited.sum())

    def weights(self, temperature_K: float) -> Weights:
        """Return their weights at a temperature in K."""
        return weights_of(self.energies_eV, temperature_K, self.placements.densities)

    def with_energies(self, energies_eV: FloatArray) -> "Trials":
        """Return the same placements with other interaction energies, shape ``(n_trials,)``."""
        return replace(self, energies_eV=energies_eV)

    def part(self, trials: BoolArray) -> "Trials":
        """Return some of them, shape ``(n_trials,)``."""
        placed = self.placements
        return Trials(
            Placements(*(getattr(placed, each.name)[trials] for each in fields(Placements))),
            *(getattr(self, each.name)[trials] for each in fields(Trials)[1:]),
        )


def joined(parts: Sequence[Trials]) -> Trials:
    """Return the trials of several samplings of the same kind, one after the other."""
    placed = [
        np.concatenate([getattr(part.placements, each.name) for part in parts])
        for each in fields(Placements)
    ]
    others = [
        np.concatenate([getattr(part, each.name) for part in parts]) for each in fields(Trials)[1:]
    ]
    return Trials(Placements(*placed), *others)
