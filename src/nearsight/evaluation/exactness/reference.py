"""Energies of atoms and molecules by PBE, and the reactions between the latter."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources

from nearsight.bounded_json import parse_json

REACTIONS: Mapping[str, Mapping[str, float]] = {
    "2 H2 + O2 → 2 H2O": {"H2": -2, "O2": -1, "H2O": 2},
    "CO2 + 4 H2 → CH4 + 2 H2O": {"CO2": -1, "H2": -4, "CH4": 1, "H2O": 2},
    "CO + H2O → CO2 + H2": {"CO": -1, "H2O": -1, "CO2": 1, "H2": 1},
    "N2 + 3 H2 → 2 NH3": {"N2": -1, "H2": -3, "NH3": 2},
    "CH4 + 2 O2 → CO2 + 2 H2O": {"CH4": -1, "O2": -2, "CO2": 1, "H2O": 2},
}
"""How many molecules are made, or used up where the number is negative."""


@dataclass(frozen=True, kw_only=True)
class ReferenceEnergies:
    """Energies in eV by PBE."""

    atoms_eV: Mapping[str, float]
    molecules_eV: Mapping[str, float]


@cache
def reference_energies() -> ReferenceEnergies:
    """Return the energies that `studies/pbe_molecules.py` computed."""
    values = parse_json(resources.files(__package__).joinpath("pbe.json").read_text("utf-8"))
    return ReferenceEnergies(atoms_eV=values["atoms_eV"], molecules_eV=values["molecules_eV"])


def atomization_eV(
    atoms_eV: Mapping[str, float], molecules_eV: Mapping[str, float]
) -> dict[str, float]:
    """Return what it takes to part each molecule into atoms, per atom, where all are known."""
    from ase.formula import Formula

    found = {}
    for name, energy in molecules_eV.items():
        counts = Formula(name).count()
        if all(element in atoms_eV for element in counts):
            separate = sum(count * atoms_eV[element] for element, count in counts.items())
            found[name] = (separate - energy) / sum(counts.values())
    return found


def reaction_eV(molecules_eV: Mapping[str, float]) -> dict[str, float]:
    """Return the energy of each reaction whose molecules are all known."""
    return {
        reaction: sum(n * molecules_eV[name] for name, n in numbers.items())
        for reaction, numbers in REACTIONS.items()
        if all(name in molecules_eV for name in numbers)
    }
