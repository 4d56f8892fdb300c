"""Heats over loading that follow from sampled isotherms at several temperatures."""

from collections.abc import Sequence
from dataclasses import dataclass

from nearsight.adsorption.clausius_clapeyron import IsostericHeats
from nearsight.adsorption.gcmc.isotherm import Isotherm
from nearsight.errors import MethodError


@dataclass(frozen=True)
class NoHeats:
    """That there are none."""

    reason: str
    """Why, in a sentence."""


def isosteric_heats(isotherms: Sequence[Isotherm]) -> IsostericHeats | NoHeats:
    """Return heats by Clausius and Clapeyron from the best fit at each temperature.

    Parameters
    ----------
    isotherms
        Of one gas in one framework, one for each temperature.
    """
    fits = []
    for isotherm in isotherms:
        best = isotherm.fits.best
        if best is None:
            return NoHeats(f"no fit describes the isotherm at {isotherm.temperature_K:g} K.")
        fits.append(best)
    try:
        return IsostericHeats([each.temperature_K for each in isotherms], fits)
    except MethodError as error:
        return NoHeats(str(error))
