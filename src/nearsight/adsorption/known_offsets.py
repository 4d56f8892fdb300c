"""Offsets of interaction energies of known models, each with where it is from."""

from dataclasses import dataclass
from typing import Final

_GOLDDAC: Final = (
    "median over weak attraction in the 12 frameworks of GoldDAC's validation set that "
    "studies/interactions_in_golddac.py was run for (Lim, Park, Walsh, Kim, Matter 2025, 102203; "
    "PBE with dispersion)"
)


@dataclass(frozen=True)
class KnownOffset:
    """By how much interaction energies of a gas are off where attraction is weak."""

    offset_eV: float
    """Model minus reference."""
    source: str


_OFFSETS_EV: Final = {
    ("sevennet-0", "CO2"): -0.295,
    ("sevennet-0", "H2O"): -0.07,
    ("sevennet-0+d3", "CO2"): -0.537,
    ("sevennet-0+d3", "H2O"): -0.232,
    ("sevennet-l3i5", "CO2"): -0.429,
    ("sevennet-l3i5", "H2O"): -0.03,
    ("sevennet-l3i5+d3", "CO2"): -0.68,
    ("sevennet-l3i5+d3", "H2O"): -0.168,
    ("chgnet-0.2.0", "CO2"): -0.073,
    ("chgnet-0.2.0", "H2O"): -0.31,
    ("chgnet-0.2.0+d3", "CO2"): -0.29,
    ("chgnet-0.2.0+d3", "H2O"): -0.46,
    ("chgnet-0.3.0", "CO2"): -0.184,
    ("chgnet-0.3.0", "H2O"): -0.117,
    ("chgnet-0.3.0+d3", "CO2"): -0.417,
    ("chgnet-0.3.0+d3", "H2O"): -0.251,
    ("chgnet-r2scan", "CO2"): -0.368,
    ("chgnet-r2scan", "H2O"): -0.132,
    ("chgnet-r2scan+d3", "CO2"): -0.516,
    ("chgnet-r2scan+d3", "H2O"): -0.227,
    ("sevennet-mf-0?modal=pbe", "CO2"): -0.210,
    ("sevennet-mf-0?modal=pbe", "H2O"): -0.004,
    ("sevennet-mf-0?modal=pbe+d3", "CO2"): -0.472,
    ("sevennet-mf-0?modal=pbe+d3", "H2O"): -0.150,
    ("mace-dac-1", "CO2"): -0.025,  # this set chose its weights
    ("mace-dac-1", "H2O"): 0.049,
}


def known_offset(model: str, gas: str) -> KnownOffset | None:
    """Return the offset of a model, by its name with options; None if nobody has looked."""
    offset_eV = _OFFSETS_EV.get((model.lower(), gas))
    return None if offset_eV is None else KnownOffset(offset_eV, _GOLDDAC)
