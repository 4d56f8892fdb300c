"""Units of potentials and of their data, by name, and potentials in other units."""

from nearsight.errors import MethodError
from nearsight.hdnnp.potential import LENGTHS_A, ENERGIES_eV, PotentialUnits

_SPELLINGS = {"å": "angstrom", "a": "angstrom", "ev": "eV", "ha": "hartree", "a0": "bohr"}


def units_named(text: str) -> PotentialUnits:
    """Return the units that are written as ``angstrom,eV`` or ``bohr,hartree``.

    Raises
    ------
    MethodError
        It is not a unit of length and one of energy that are known.
    """
    names = [_SPELLINGS.get(name.strip().lower(), name.strip()) for name in text.split(",")]
    known = {name.lower(): name for name in (*LENGTHS_A, *ENERGIES_eV)}
    names = [known.get(name.lower(), name) for name in names]
    if len(names) != 2:
        raise MethodError(
            f"units are one of length and one of energy with a comma between them, such as "
            f"angstrom,eV or bohr,hartree, not {text!r}."
        )
    return PotentialUnits(*names)


def name_of(units: PotentialUnits) -> str:
    """Return units as `units_named` reads them."""
    return f"{units.length},{units.energy}"
