"""In which units results are shown, whichever way: printed, drawn, or on a page."""

from dataclasses import dataclass
from typing import Annotated

from nearsight.settings import Help, OneOf, Settings


@dataclass(frozen=True, kw_only=True)
class PresentationSettings(Settings):
    """Units of what is shown; JSON has all of them by name.

    Examples
    --------
    >>> from nearsight.vibrations import PresentationSettings
    >>> settings = PresentationSettings(frequency_unit="THz", per="formula")
    >>> settings.frequency_unit
    'THz'
    """

    frequency_unit: Annotated[
        str, Help("show modes and phonons in cm-1 or in THz"), OneOf(("cm-1", "THz"))
    ] = "cm-1"
    per: Annotated[
        str | None,
        Help(
            "show c_v, entropy, internal and free energy per mole of formula units, per gram, per "
            "mole of atoms, or per cell (default: formula, where they are shown)"
        ),
        OneOf(("formula", "gram", "atom", "cell")),
    ] = None
