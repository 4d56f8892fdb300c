"""What insertions of a gas are asked for."""

from dataclasses import dataclass
from typing import Annotated

from nearsight.errors import SettingError
from nearsight.settings import POSITIVE, Help, OneOf, Range, Settings

LEAST_UNIFORM_SHARE = 0.1
_USUAL_INSERTIONS = 10_000
_MOST_INSERTIONS = 100_000


@dataclass(frozen=True, kw_only=True)
class InsertionSettings(Settings):
    """Which gas is put into a framework, at which temperatures, and how often.

    Examples
    --------
    >>> from nearsight.adsorption.settings import InsertionSettings
    >>> settings = InsertionSettings(gas="CH4", temperatures_K=(298.0, 350.0), insertions=20_000)
    >>> settings.gas
    'CH4'
    """

    gas: Annotated[
        str, Help("formula of the gas, such as CO2 or N2, or a file with one molecule", "GAS")
    ] = "CO2"
    temperatures_K: Annotated[
        tuple[float, ...],
        Help(
            "temperatures in K, also as start:stop:step; insertions are made for the first one, "
            "and weighted for the others",
            "T",
        ),
        POSITIVE,
    ] = (298.15,)
    insertions: Annotated[
        int | None,
        Help(
            f"insertions, in batches of 128 (default: {_USUAL_INSERTIONS}, or {_MOST_INSERTIONS} "
            f"until an error is reached)",
            "N",
        ),
        POSITIVE,
    ] = None
    error: Annotated[
        float | None,
        Help(
            "stop when the standard error of the Henry coefficient is this share of it, such as "
            "5%, and two independent halves agree",
            "SHARE",
        ),
        POSITIVE,
    ] = None
    learning: Annotated[
        int,
        Help(
            "first insert so often, only to fit a sum over pairs to the model, and then mostly "
            "where that has weight; means stay the same",
            "N",
        ),
        Range(least=0),
    ] = 0
    propose_by: Annotated[
        str | None,
        Help(
            "choose places by a force field, such as forcefield:trappe+uff, mostly where it has "
            "weight, or where it has with what is learnt added to it; means stay the same",
            "NAME",
        ),
    ] = None
    uniform_share: Annotated[
        float,
        Help("share of the later insertions that is made anywhere nevertheless", "SHARE"),
        Range(least=LEAST_UNIFORM_SHARE),
    ] = 0.2
    overlap_share: Annotated[
        float,
        Help(
            "atoms nearer than this share of the sum of their covalent radii overlap: no weight, "
            "and no call of the model",
            "SHARE",
        ),
        Range(least=0),
    ] = 0.9
    audited_share: Annotated[
        float,
        Help("share of the overlapping insertions that is computed nevertheless", "SHARE"),
        Range(least=0),
    ] = 0.01
    least_width_A: Annotated[
        float | None,
        Help(
            "repeat the framework until it is so wide (default: the cutoff of the model, 12 Å of "
            "it at most, and the length of the gas; at least 12 Å)",
            "D",
        ),
        POSITIVE,
    ] = None
    relax_gas: Annotated[bool, Help("relax the molecule by the model first")] = False
    map_axis: Annotated[
        str | None,
        Help("cell vector along which the map is seen (default: the shortest)"),
        OneOf(("a", "b", "c")),
    ] = None
    block_pockets: Annotated[
        bool, Help("give no weight to places that the gas cannot come to from outside")
    ] = False
    seed: Annotated[int, Help("of the random numbers", "N"), Range(least=0)] = 0

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.temperatures_K:
            raise SettingError("`temperatures_K` has none; give at least one.", "temperatures_K")
        for name in ("uniform_share", "audited_share"):
            if getattr(self, name) > 1:
                raise SettingError(
                    f"`{name}` is a share, at most 1, not {getattr(self, name):g}.", name
                )
        if self.error is not None and self.error >= 1:
            raise SettingError(
                f"`error` is a share of the Henry coefficient below 1, such as 0.05, not "
                f"{self.error:g}.",
                "error",
            )

    @property
    def most_insertions(self) -> int:
        """After how many insertions it ends in any case."""
        usual = _USUAL_INSERTIONS if self.error is None else _MOST_INSERTIONS
        return self.insertions or usual
