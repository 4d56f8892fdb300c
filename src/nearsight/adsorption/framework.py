"""The framework that a gas goes into, as large as a model and the gas need it."""

from dataclasses import dataclass

import numpy as np
from ase import Atoms

from nearsight.errors import StructureError
from nearsight.structures.checking import check_structure
from nearsight.structures.reduced_cell import cell_widths_A
from nearsight.structures.supercell import make_supercell


@dataclass(frozen=True, eq=False, repr=False)
class Framework:
    """A rigid framework, repeated until a guest does not meet its own images."""

    cell: Atoms
    """As it was given."""
    atoms: Atoms
    """Its supercell, whose first atoms are those of the cell."""
    repeats: tuple[int, int, int]

    def __repr__(self) -> str:
        times = " × ".join(map(str, self.repeats))
        return f"<Framework {self.cell.get_chemical_formula()}, {times} cells>"

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
    if not atoms.pbc.all():
        raise StructureError(
            f"{atoms.get_chemical_formula()} is not periodic in three directions; a gas is put "
            f"into a crystal."
        )
    widths_A = cell_widths_A(atoms.cell.array, atoms.pbc)
    repeats = np.maximum(1, np.ceil(width_A / widths_A - 1e-9)).astype(int)
    times = (int(repeats[0]), int(repeats[1]), int(repeats[2]))
    return Framework(atoms, make_supercell(atoms, times), times)
