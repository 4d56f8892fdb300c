"""Rigid gas molecules."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from ase import Atoms
from ase.data import chemical_symbols

from nearsight.arrays import FloatArray
from nearsight.errors import StructureError
from nearsight.models.contract import Model
from nearsight.progress import Progress
from nearsight.relaxation.relax import relax
from nearsight.relaxation.settings import RelaxationSettings

_HUBER_HERZBERG = "K. P. Huber, G. Herzberg, Constants of Diatomic Molecules, 1979"
_ATOM = "one atom"
_AT_REST_EV_PER_A = 1e-3


@dataclass(frozen=True, eq=False, repr=False)
class Gas:
    """A rigid molecule, with its centre of mass at the origin.

    Raises
    ------
    StructureError
        There are no atoms, or a mass is not positive.
    """

    name: str
    """Its formula, or what a file is called."""
    atoms: Atoms
    """The molecule in no box."""
    source: str
    """Where its geometry comes from."""

    def __post_init__(self) -> None:
        if not len(self.atoms):
            raise StructureError(f"{self.name} has no atoms.")
        masses = self.atoms.get_masses()
        if not (masses > 0).all():
            raise StructureError(f"{self.name} has an atom without a mass; give it one.")
        centred = Atoms(self.atoms.numbers, self.atoms.positions, masses=masses)
        centred.positions -= centred.get_center_of_mass()
        object.__setattr__(self, "atoms", centred)

    def __repr__(self) -> str:
        return f"<Gas {self.name}, {len(self.atoms)} atoms: {self.source}>"

    @property
    def sites_A(self) -> FloatArray:
        """Positions of its atoms about the centre of mass in Å, shape ``(n_atoms, 3)``."""
        sites: FloatArray = self.atoms.positions.copy()
        return sites

    @property
    def radius_A(self) -> float:
        """Distance in Å of the farthest atom from the centre of mass."""
        return float(np.linalg.norm(self.atoms.positions, axis=1).max())


def _diatomic(symbols: str, length_A: float) -> Atoms:
    return Atoms(symbols, [[0, 0, 0], [0, 0, length_A]])


def _carbon_dioxide() -> Atoms:
    return Atoms("CO2", [[0, 0, 0], [0, 0, 1.16], [0, 0, -1.16]])


def _methane() -> Atoms:
    corners = np.array([[1, 1, 1], [1, -1, -1], [-1, 1, -1], [-1, -1, 1]])
    return Atoms("CH4", np.vstack([np.zeros(3), 1.0870 / np.sqrt(3) * corners]))


def _water() -> Atoms:
    half = np.radians(104.4776) / 2
    hydrogens = 0.9578 * np.array(
        [[np.sin(half), 0, np.cos(half)], [-np.sin(half), 0, np.cos(half)]]
    )
    return Atoms("OH2", np.vstack([np.zeros(3), hydrogens]))


_MOLECULES: Final = {
    "CO2": (_carbon_dioxide, "r_e of G. Graner, C. Rossetti, D. Bailly, Mol. Phys. 1986, 58, 627"),
    "N2": (lambda: _diatomic("N2", 1.09768), _HUBER_HERZBERG),
    "O2": (lambda: _diatomic("O2", 1.20752), _HUBER_HERZBERG),
    "H2": (lambda: _diatomic("H2", 0.74144), _HUBER_HERZBERG),
    "CO": (lambda: _diatomic("CO", 1.12832), _HUBER_HERZBERG),
    "CH4": (_methane, "r_0 of G. Herzberg, Electronic Spectra of Polyatomic Molecules, 1966"),
    "H2O": (_water, "r_e of A. R. Hoy, P. R. Bunker, J. Mol. Spectrosc. 1979, 74, 1"),
}
_NOBLE = ("He", "Ne", "Ar", "Kr", "Xe")

NAMES: Final = (*_MOLECULES, *_NOBLE)
"""Gases that are known by name."""


def gas_named(name: str) -> Gas:
    """Return a gas by its formula.

    Raises
    ------
    StructureError
        There is none of that name.
    """
    if name in _MOLECULES:
        make, source = _MOLECULES[name]
        return Gas(name, make(), source)
    if name in _NOBLE:
        return Gas(name, Atoms(name), _ATOM)
    raise StructureError(
        f"there is no gas {name!r}; there are {', '.join(NAMES)}, or give a file with the molecule."
    )


def relaxed_gas(gas: Gas, model: Model, progress: Progress | bool | None = None) -> Gas:
    """Return a gas in the geometry that a model gives it, alone and without a box.

    Raises
    ------
    ModelError
        The model does not know one of its elements, or cannot compute molecules.
    """
    if len(gas.atoms) == 1:
        return gas
    relaxation = relax(
        gas.atoms, model, RelaxationSettings(fmax_eV_per_A=_AT_REST_EV_PER_A), progress=progress
    )
    return Gas(gas.name, relaxation.atoms, f"relaxed by {model.identity.name}")


def elements_of(gas: Gas) -> tuple[str, ...]:
    """Return the elements of a gas, by atomic number."""
    return tuple(chemical_symbols[number] for number in sorted(set(gas.atoms.numbers)))
