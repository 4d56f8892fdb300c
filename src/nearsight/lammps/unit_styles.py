"""The units that LAMMPS computes in, as far as the model's can be converted into them."""

from dataclasses import dataclass

from nearsight.lammps.library import Lammps, LammpsError
from nearsight.units import KCAL_PER_MOL_IN_EV


@dataclass(frozen=True)
class UnitStyle:
    """One of the styles of the command ``units`` whose lengths are in Å."""

    name: str
    energy_eV: float
    """One unit of energy in eV; forces are in this unit per Å."""
    energy_name: str


UNIT_STYLES = {
    style.name: style
    for style in (
        UnitStyle("metal", 1.0, "eV"),
        UnitStyle("real", KCAL_PER_MOL_IN_EV, "kcal/mol"),
    )
}


def unit_style_of(lammps: Lammps) -> UnitStyle:
    """Return the units of a LAMMPS.

    Raises
    ------
    LammpsError
        They are none of those that can be converted.
    """
    name = lammps.extract_global("units")
    if name not in UNIT_STYLES:
        raise LammpsError(
            f"LAMMPS computes in the units {name}, and a model in eV and Å, which can be converted "
            f"into {' and '.join(UNIT_STYLES)} only; write `units metal` at the top of the script."
        )
    return UNIT_STYLES[name]
