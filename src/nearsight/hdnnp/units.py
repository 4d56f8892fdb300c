"""Units of potentials and of their data, by name, and potentials in other units."""

from dataclasses import replace

from nearsight.errors import MethodError
from nearsight.hdnnp.potential import (
    LENGTHS_A,
    ENERGIES_eV,
    Normalization,
    Potential,
    PotentialUnits,
)
from nearsight.hdnnp.symmetry_functions import SymmetryFunction

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


def in_units(potential: Potential, units: PotentialUnits) -> Potential:
    """Return the same potential with its numbers in other units.

    Radii and shifts, eta, atomic energies and the units of its training change together, so that
    physical energies and forces are the same to rounding.

    Parameters
    ----------
    potential
        Networks and statistics of symmetry functions, which have no unit, stay as they are.
    units
        Those that its numbers are to have.
    """
    if units == potential.units:
        return potential
    length = potential.units.length_A / units.length_A
    energy = potential.units.energy_eV / units.energy_eV
    before = potential.normalization
    return replace(
        potential,
        elements=tuple(
            replace(
                element,
                functions=tuple(_longer(one, length) for one in element.functions),
                atomic_energy=element.atomic_energy * energy,
            )
            for element in potential.elements
        ),
        normalization=Normalization(
            before.mean_energy * energy, before.conv_energy / energy, before.conv_length / length
        ),
        units=units,
    )


def _longer(function: SymmetryFunction, length: float) -> SymmetryFunction:
    """Return a function all lengths of which are multiplied by a factor."""
    cutoff = replace(function.cutoff, radius=function.cutoff.radius * length)
    return replace(
        function, eta=function.eta / length**2, shift=function.shift * length, cutoff=cutoff
    )
