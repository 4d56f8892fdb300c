"""What an isotherm is asked for beside the gas and its insertions: pressures, and how long."""

from dataclasses import dataclass
from typing import Annotated

from nearsight.adsorption.equations_of_state import EQUATIONS
from nearsight.adsorption.gcmc.schedule import Schedule
from nearsight.errors import MethodError, SettingError
from nearsight.settings import POSITIVE, Help, OneOf, Range, Settings

_CANDIDATES = (10, 30, 100, 300, 1000)
_KEPT_EVERY = 10
_MOST_KEPT = 20_000
"""Configurations of all chains: 56 bytes a molecule, of hundreds of which they are 1 GB at most."""


@dataclass(frozen=True, kw_only=True)
class ExchangeSettings(Settings):
    """With which gas outside molecules are exchanged, by what, and for how long."""

    pressures_bar: Annotated[
        tuple[float, ...],
        Help(
            "pressures such as 0.1bar or 15kPa, with commas between several, start:stop:log10 for "
            "ten that are even in their logarithm, start:stop:lin10, or a file with one a line; "
            "a bare number is in the unit of the next one, or in bar",
            "P",
        ),
        POSITIVE,
    ] = ()
    equation: Annotated[
        str,
        Help(
            "equation of state of the gas outside: its reference equation, that of Peng and "
            "Robinson, or the ideal gas"
        ),
        OneOf(EQUATIONS),
    ] = "reference"
    cheap: Annotated[
        str | None,
        Help(
            "let a force field, such as forcefield:trappe+uff, make many moves, which the model "
            "takes or leaves as one; loadings stay those of the model",
            "NAME",
        ),
    ] = None
    chains: Annotated[int, Help("independent configurations at each pressure", "N"), POSITIVE] = 4
    equilibration_blocks: Annotated[
        int, Help("blocks that only adapt moves, and are in no mean", "N"), Range(least=1)
    ] = 20
    production_blocks: Annotated[int, Help("blocks of which means are", "N"), POSITIVE] = 40
    samples: Annotated[int, Help("samples of each configuration in a block", "N"), POSITIVE] = 50
    moves: Annotated[
        int | None,
        Help(
            "moves of each configuration from one sample to the next (default: 50; with a cheap "
            "level the best of some numbers, chosen in equilibration)",
            "N",
        ),
        POSITIVE,
    ] = None
    at_once: Annotated[
        int, Help("configurations that the model computes together", "N"), POSITIVE
    ] = 1

    def __post_init__(self) -> None:
        super().__post_init__()
        if len(set(self.pressures_bar)) < len(self.pressures_bar):
            raise SettingError("`pressures_bar` has one twice; give each once.", "pressures_bar")
        try:
            self.schedule(0)
        except MethodError:
            fewest = 3 * len(_CANDIDATES)
            raise SettingError(
                f"`equilibration_blocks` is {self.equilibration_blocks}, too few to choose how "
                f"many moves the cheap level makes; give {fewest} or more, or `moves`.",
                "equilibration_blocks",
            ) from None

    def schedule(self, seed: int) -> Schedule:
        """Return how long chains are sampled."""
        two_levels = self.cheap is not None
        return Schedule(
            equilibration_blocks=self.equilibration_blocks,
            production_blocks=self.production_blocks,
            samples=self.samples,
            steps=self.moves or 50,
            candidate_steps=_CANDIDATES if two_levels and self.moves is None else (),
            fitted=two_levels,
            kept_every=max(_KEPT_EVERY, self._n_configurations // _MOST_KEPT),
            seed=seed,
        )

    @property
    def n_samples(self) -> int:
        """Samples of each chain in production."""
        return self.production_blocks * self.samples

    @property
    def _n_configurations(self) -> int:
        return self.n_samples * self.chains * max(len(self.pressures_bar), 1)
