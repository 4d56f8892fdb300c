"""What comes of a run: the numbers of all samples, and some configurations."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from nearsight.adsorption.gcmc.chains import Counts
from nearsight.adsorption.gcmc.guests import Configuration
from nearsight.adsorption.gcmc.learning import Learnt
from nearsight.adsorption.gcmc.moves import StepSizes
from nearsight.adsorption.gcmc.two_levels import CompositeCounts
from nearsight.arrays import FloatArray, IntArray
from nearsight.notebooks import ShownInNotebooks
from nearsight.structures.naming import paragraph


@dataclass(frozen=True, eq=False)
class Samples:
    """Numbers of each sample, in the order in which they came, shape ``(n_samples, n_chains)``."""

    counts: IntArray
    """Molecules."""
    energies_eV: FloatArray
    """Interaction energies that the chains sample: of the costly level, if there are two."""
    cheap_eV: FloatArray
    """Those of the cheap level, neither scaled nor with its constant; the same if there is one."""
    steps: IntArray
    """Moves since the sample before, shape ``(n_samples,)``."""
    calls: IntArray
    """Energies of what decides that were computed since then for all chains, shape
    ``(n_samples,)``: a proposal of a cheap level that changes nothing needs none."""

    @classmethod
    def none(cls, n_chains: int) -> "Samples":
        """Return those before the first."""
        empty = np.empty((0, n_chains))
        none = np.empty(0, dtype=np.int64)
        return cls(empty.astype(np.int64), empty, empty.copy(), none, none.copy())

    def __len__(self) -> int:
        return len(self.counts)

    def part(self, which: slice) -> "Samples":
        """Return some of them."""
        return Samples(*(array[which] for array in vars(self).values()))

    def __add__(self, later: "Samples") -> "Samples":
        pairs = zip(vars(self).values(), vars(later).values(), strict=True)
        return Samples(*(np.concatenate(pair) for pair in pairs))


@dataclass(frozen=True, eq=False)
class KeptConfiguration:
    """The configuration of one chain at one sample."""

    sample: int
    """Counted from the first of production."""
    chain: int
    configuration: Configuration


@dataclass(frozen=True, eq=False, repr=False)
class Sampled(ShownInNotebooks):
    """A run as far as it has come, always whole blocks."""

    n_blocks: int
    """Blocks that were made, of equilibration too."""
    configurations: tuple[Configuration, ...]
    """The present ones of all chains."""
    sizes: StepSizes
    """Step sizes, which equilibration adapted."""
    steps: int
    """Moves from one sample to the next."""
    scale: float
    per_molecule_eV: float
    """The cheap level that proposes: its energy times the scale, and this for each molecule."""
    equilibration: Samples
    """These are in no mean."""
    production: Samples
    kept: tuple[KeptConfiguration, ...]
    """Of production."""
    counts: Counts
    """Of moves in production."""
    composites: CompositeCounts | None
    """Of proposals to the costly level in production; None if there is none."""
    drift_eV: float
    """Largest difference so far of an energy that follows from all changes from a fresh one."""
    learnt: Learnt | None = None
    """What the cheap level was taught in equilibration; None if it is not trained."""

    def __repr__(self) -> str:
        of = f"{len(self.configurations)} chains, {len(self.production)} samples each"
        return paragraph(self, of, f"{self.n_blocks} blocks")


def start_of(configurations: Sequence[Configuration], steps: int, *, two_levels: bool) -> Sampled:
    """Return a run before its first block."""
    n_chains = len(configurations)
    return Sampled(
        n_blocks=0,
        configurations=tuple(configurations),
        sizes=StepSizes.first(n_chains),
        steps=steps,
        scale=1.0,
        per_molecule_eV=0.0,
        equilibration=Samples.none(n_chains),
        production=Samples.none(n_chains),
        kept=(),
        counts=Counts.none(n_chains),
        composites=CompositeCounts.none(n_chains) if two_levels else None,
        drift_eV=0.0,
    )
