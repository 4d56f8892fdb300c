"""Rigid gas molecules."""

import contextlib
import difflib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from ase import Atoms
from ase.data import chemical_symbols
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from nearsight.announcing import quietly
from nearsight.arrays import FloatArray
from nearsight.errors import ModelError, StructureError
from nearsight.models.contract import HostingModel, Model
from nearsight.progress import Progress
from nearsight.relaxation.relax import relax
from nearsight.relaxation.settings import RelaxationSettings
from nearsight.structures.bonds import find_bonds
from nearsight.structures.molecules import MOLECULE
from nearsight.structures.naming import paragraph
from nearsight.structures.pieces import whole_molecule
from nearsight.structures.reading import read_structure, take_notes
from nearsight.structures.selection import structure_stem

_HUBER_HERZBERG = "K. P. Huber, G. Herzberg, Constants of Diatomic Molecules, 1979"
_ATOM = "one atom"
_AT_REST_EV_PER_A = 1e-3


@dataclass(frozen=True, eq=False, repr=False)
class Gas:
    """A rigid molecule, with its centre of mass at the origin.

    Raises
    ------
    StructureError
        There are no atoms, or they have no mass.
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
        if not self.atoms.get_masses().sum() > 0:
            raise StructureError(f"{self.name} has no mass; give its atoms some.")
        centred = self.atoms.copy()
        centred.set_cell(None)
        centred.pbc = False
        centred.set_array(MOLECULE, np.ones(len(centred), dtype=np.int64))
        centred.positions -= centred.get_center_of_mass()
        object.__setattr__(self, "atoms", centred)

    def __repr__(self) -> str:
        n_atoms = len(self.atoms)
        return paragraph(
            self, self.name, f"{n_atoms} atom{'' if n_atoms == 1 else 's'}", self.source
        )

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
    close = difflib.get_close_matches(name, NAMES, n=1, cutoff=0.5)
    by_case = [known for known in NAMES if known.lower() == name.lower()]
    meant = "".join(f"did you mean {each}? " for each in (by_case or close)[:1])
    raise StructureError(
        f"there is no gas {name!r:.60}; {meant}There are {', '.join(NAMES)}, or give a file with "
        f"the molecule."
    )


def require_gas(named: str, *, own_molecules: bool) -> None:
    """Check that there is such a gas, as far as that is known before a model is loaded.

    Parameters
    ----------
    named
        A formula, or a file with the molecule.
    own_molecules
        Whether the model may have molecules of its own, by other names.

    Raises
    ------
    StructureError
        There is none, or the file has no molecule.
    """
    if _names_file(named):
        _in_file(named)
    elif not own_molecules:
        gas_named(named)


def gas_of(named: str, model: Model) -> Gas:
    """Return a gas by its formula, or the molecule in a file.

    A model that has sites of its own for a molecule, such as a force field, decides over them.

    Raises
    ------
    StructureError
        There is no such gas, or the file has no molecule.
    """
    if _names_file(named):
        return _in_file(named)
    if isinstance(model, HostingModel):
        with contextlib.suppress(ModelError):  # it knows the elements only, if that
            return Gas(named, model.molecule(named), f"sites of {model.identity.name}")
    return gas_named(named)


def _names_file(named: str) -> bool:
    return Path(named).is_file() or bool(Path(named).suffix)


def _in_file(path: str) -> Gas:
    """Return the molecule of a file, out of the box that it lies in."""
    with quietly():
        molecule = whole_molecule(read_structure(path))
    take_notes(molecule)
    _require_one(molecule, path)
    return Gas(structure_stem(path), molecule, f"the file {path}")


def _require_one(atoms: Atoms, path: str) -> None:
    """Check that bonds make one molecule of atoms, none of which lie in each other."""
    try:
        bonds = find_bonds(atoms)
    except StructureError as error:
        raise StructureError(f"{path}: {error}") from error
    graph = coo_matrix((np.ones(len(bonds)), (bonds.first, bonds.second)), shape=[len(atoms)] * 2)
    n_pieces, _ = connected_components(graph, directed=False)
    if n_pieces > 1:
        raise StructureError(
            f"{path} has {n_pieces} pieces that no bond connects, where one molecule is expected; "
            f"give a file with the gas alone."
        )


def relaxed_gas(gas: Gas, model: Model, progress: Progress | bool | None = None) -> Gas:
    """Return a gas in the geometry that a model gives it, alone and without a box.

    Raises
    ------
    ModelError
        The model does not know one of its elements, or cannot compute molecules.
    """
    if len(gas.atoms) == 1 or isinstance(model, HostingModel):  # of rigid molecules
        return gas
    relaxation = relax(
        gas.atoms, model, RelaxationSettings(fmax_eV_per_A=_AT_REST_EV_PER_A), progress=progress
    )
    return Gas(gas.name, relaxation.atoms, f"relaxed by {model.identity.name}")


def elements_of(gas: Gas) -> tuple[str, ...]:
    """Return the elements of a gas, by atomic number."""
    return tuple(chemical_symbols[number] for number in sorted(set(gas.atoms.numbers)))
