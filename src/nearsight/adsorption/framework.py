"""The framework that a gas goes into, as large as a model and the gas need it."""

from dataclasses import dataclass

import numpy as np
from ase import Atoms

from nearsight.adsorption.gases import Gas
from nearsight.arrays import FloatArray
from nearsight.errors import StructureError
from nearsight.models.contract import HostingModel, Model
from nearsight.notebooks import ShownInNotebooks
from nearsight.structures.bonds import find_bonds
from nearsight.structures.checking import check_structure
from nearsight.structures.molecules import MOLECULE
from nearsight.structures.naming import paragraph
from nearsight.structures.pieces import pieces_of_pairs
from nearsight.structures.reduced_cell import cell_widths_A
from nearsight.structures.supercell import make_supercell

LEAST_WIDTH_A = 12.0
FARTHEST_A = 12.0
"""Beyond this cutoff what is left is dispersion: it decides over no width."""


@dataclass(frozen=True, eq=False, repr=False)
class Framework(ShownInNotebooks):
    """A rigid framework, repeated until a guest does not meet its own images."""

    cell: Atoms
    """As it was given."""
    atoms: Atoms
    """Its supercell, whose first atoms are those of the cell."""
    repeats: tuple[int, int, int]

    def __repr__(self) -> str:
        times = " × ".join(map(str, self.repeats))
        return paragraph(self, str(self.cell.get_chemical_formula()), f"{times} cells")

    @property
    def n_cells(self) -> int:
        """How many cells the supercell has."""
        return int(np.prod(self.repeats))

    @property
    def volume_A3(self) -> float:
        """Volume of the given cell in Å³."""
        return float(self.cell.get_volume())

    @property
    def mass_amu(self) -> float:
        """Mass of the given cell in amu."""
        return float(self.cell.get_masses().sum())


def framework_of(atoms: Atoms, width_A: float) -> Framework:
    """Return a framework whose faces are at least `width_A` apart.

    Parameters
    ----------
    atoms
        The framework, periodic in three directions and empty.
    width_A
        The distance up to which images of a guest must not come: the cutoff of the model and the
        length of the guest.

    Raises
    ------
    StructureError
        It is not periodic in three directions, or is no structure that a calculation can start
        from.
    """
    check_structure(atoms)
    if not atoms.cell.any():
        raise StructureError(
            f"{atoms.get_chemical_formula()} has no cell, as a molecule; a gas is put into a "
            f"crystal."
        )
    if not atoms.pbc.all():
        raise StructureError(
            f"{atoms.get_chemical_formula()} is not periodic in three directions; a gas is put "
            f"into a crystal."
        )
    widths_A = cell_widths_A(atoms.cell.array, atoms.pbc)
    repeats = np.maximum(1, np.ceil(width_A / widths_A - 1e-9)).astype(int)
    times = (int(repeats[0]), int(repeats[1]), int(repeats[2]))
    return Framework(atoms, make_supercell(atoms, times), times)


def with_guests(host: Atoms, gas: Gas, sites_A: FloatArray) -> Atoms:
    """Return a framework with molecules behind its own atoms, which are numbered from 1 on.

    Parameters
    ----------
    host
        The framework.
    gas
        The molecule.
    sites_A
        Places of all atoms in Å, shape ``(n_molecules, n_atoms, 3)``.
    """
    n_molecules, n_atoms = len(sites_A), len(gas.atoms)
    guests = gas.atoms[np.tile(np.arange(n_atoms), n_molecules)]
    guests.positions = sites_A.reshape(-1, 3)
    guests.set_array(MOLECULE, np.repeat(np.arange(1, n_molecules + 1), n_atoms))
    together: Atoms = host + guests
    return together


def loose_molecules(atoms: Atoms) -> tuple[str, ...]:
    """Return the formulas of what is bonded to no framework, such as solvent, each once.

    Empty where nothing goes on through the crystal, as in one of molecules.

    Raises
    ------
    StructureError
        Two atoms are closer than any bond is.
    """
    bonds = find_bonds(atoms)
    pieces = pieces_of_pairs(
        atoms,
        np.concatenate([bonds.first, bonds.second]),
        np.concatenate([bonds.second, bonds.first]),
        np.concatenate([bonds.images, -bonds.images]),
    )
    if not any(pieces.ranks):
        return ()
    formulas = [
        str(atoms[pieces.of_atom == piece].get_chemical_formula())
        for piece, rank in enumerate(pieces.ranks)
        if not rank
    ]
    return tuple(dict.fromkeys(formulas))


def needed_width_A(gas: Gas, model: Model) -> float:
    """Return how wide a supercell has to be for a gas and a model, in Å.

    Images of the molecule are beyond the model's cutoff then. That of dispersion, 50 Å, would
    multiply cells for energies of some meV, so that 12 Å are enough; a model that keeps host and
    guest apart needs no more than the cell that it was given.
    """
    return 0.0 if isinstance(model, HostingModel) else width_between_images_A(gas, model)


def width_between_images_A(gas: Gas, model: Model) -> float:
    """Return how wide a cell has to be for images of a molecule not to meet, in Å.

    They are beyond the cutoff of the model then, or 12 Å apart, as in `needed_width_A`.
    """
    cutoff_A = model.capabilities.cutoff_A
    reach_A = FARTHEST_A if cutoff_A is None else min(cutoff_A, FARTHEST_A)
    return max(LEAST_WIDTH_A, reach_A + 2 * gas.radius_A)
