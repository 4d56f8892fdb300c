"""What an isotherm is asked for beside the gas and its insertions: pressures, and how long."""

from dataclasses import dataclass
from typing import Annotated

from nearsight.adsorption.equations_of_state import EQUATIONS
from nearsight.adsorption.gcmc.schedule import Schedule
from nearsight.errors import MethodError, SettingError
from nearsight.models.spec import PRECISIONS
from nearsight.settings import POSITIVE, Help, OneOf, Range, Settings

_CANDIDATES = (10, 30, 100, 300, 1000)
_CANDIDATES_OF_WHOLES = (3, 10, 30)
"""Where each move costs an energy of the whole configuration."""
_FEWEST_MEASURED = 20
_WALLS = "forcefield:uff?coulomb=no"
_LOCAL = ("forcefield:", "hdnnp:")
"""Families of which a move costs what is near the molecule."""
_KEPT_EVERY = 10
_MOST_KEPT = 20_000
"""Configurations of all chains: 56 bytes a molecule, of hundreds of which they are 1 GB at most."""


@dataclass(frozen=True, kw_only=True)
class ExchangeSettings(Settings):
    """With which gas outside molecules are exchanged, by what, and for how long.

    Examples
    --------
    >>> from nearsight.adsorption.gcmc.settings import ExchangeSettings
    >>> settings = ExchangeSettings(pressures_bar=(0.1, 1.0, 10.0), chains=2)
    >>> settings.pressures_bar
    (0.1, 1.0, 10.0)
    """

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
    critical_point: Annotated[
        tuple[float, ...],
        Help(
            "critical temperature in K, critical pressure in bar and acentric factor of the gas, "
            "for the equation of Peng and Robinson (default: those of its reference equation)",
            "X",
        ),
    ] = ()
    cheap: Annotated[
        str | None,
        Help(
            "let a cheap level make many moves, which the model takes or leaves as one; loadings "
            "stay those of the model: a force field, such as forcefield:trappe+uff, or a model "
            "of which one energy costs far less",
            "NAME",
        ),
    ] = None
    cheap_dtype: Annotated[
        str,
        Help("precision of the cheap level, which may be the model in single precision"),
        OneOf(PRECISIONS),
    ] = "float64"
    surrogate: Annotated[
        str | None,
        Help(
            "train: fit a sum over pairs to energies of the model, on top of the cheap level or "
            "of UFF without charges, in equilibration only; or a file (.npz) with what was "
            "trained before, which is trained and written if it is not there",
            "train|FILE",
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
    remove_offset: Annotated[
        bool,
        Help(
            "take the known offset of the model off the energy of each molecule, so that loadings "
            "are those at the pressures asked for"
        ),
    ] = False
    fugacity_insertions: Annotated[
        int | None,
        Help(
            "insertions into what was sampled at each pressure, which measure the fugacity that "
            "it has; those that do not overlap cost an energy of the model each (default: 20 into "
            "each configuration that is kept by a force field alone, none by other models)",
            "N",
        ),
        Range(least=0),
    ] = None
    at_once: Annotated[
        int,
        Help(
            "configurations that the model computes together; last digits depend on it, so that "
            "none is chosen by speed",
            "N",
        ),
        POSITIVE,
    ] = 1

    def __post_init__(self) -> None:
        super().__post_init__()
        if len(set(self.pressures_bar)) < len(self.pressures_bar):
            raise SettingError("`pressures_bar` has one twice; give each once.", "pressures_bar")
        self._require_critical_point()
        if self.cheap is None and self.cheap_dtype != "float64":
            raise SettingError("`cheap_dtype` is that of `cheap`; give that, too.", "cheap_dtype")
        if self.surrogate not in (None, "train") and not str(self.surrogate).endswith(".npz"):
            raise SettingError(
                f"`surrogate` is train, or a file that ends in .npz, not {self.surrogate!r:.60}.",
                "surrogate",
            )
        fewest = _FEWEST_MEASURED * self.chains
        if 0 < (self.fugacity_insertions or 0) < fewest:
            raise SettingError(
                f"`fugacity_insertions` is {self.fugacity_insertions}, which measures nothing; "
                f"give {_FEWEST_MEASURED} for each of the `chains`, {fewest}, or more.",
                "fugacity_insertions",
            )
        try:
            self.schedule(0)
        except MethodError:
            fewest = 3 * len(self._candidates)
            raise SettingError(
                f"`equilibration_blocks` is {self.equilibration_blocks}, too few to choose how "
                f"many moves the cheap level makes; give {fewest} or more, or `moves`.",
                "equilibration_blocks",
            ) from None

    def _require_critical_point(self) -> None:
        if not self.critical_point:
            return
        if self.equation != "peng-robinson":
            raise SettingError(
                "`critical_point` is for the `equation` peng-robinson; give that, too.",
                "critical_point",
            )
        if len(self.critical_point) != 3 or min(self.critical_point[:2]) <= 0:
            raise SettingError(
                "`critical_point` is a temperature in K, a pressure in bar and an acentric factor, "
                "such as 304.1 73.8 0.225.",
                "critical_point",
            )

    @property
    def proposing(self) -> str | None:
        """What proposes to the model; None for one level. What is trained needs walls beneath."""
        return self.cheap or (_WALLS if self.surrogate else None)

    @property
    def _candidates(self) -> tuple[int, ...]:
        """Numbers of moves of a proposal that are tried."""
        if self.proposing is None or self.moves is not None:
            return ()
        is_local = self.proposing.lower().startswith(_LOCAL)
        return _CANDIDATES if is_local else _CANDIDATES_OF_WHOLES

    def schedule(self, seed: int) -> Schedule:
        """Return how long chains are sampled."""
        return Schedule(
            equilibration_blocks=self.equilibration_blocks,
            production_blocks=self.production_blocks,
            samples=self.samples,
            steps=self.moves or 50,
            candidate_steps=self._candidates,
            fitted=self.proposing is not None,
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
