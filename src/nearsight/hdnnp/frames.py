"""A structure with its energy and forces, as potentials are trained and tested with."""

from dataclasses import dataclass

import numpy as np
from ase import Atoms

from nearsight.arrays import FloatArray
from nearsight.errors import StructureError

TRAIN, TEST = "train", "test"


@dataclass(frozen=True, eq=False)
class Frame:
    """One structure of a set of data.

    Raises
    ------
    StructureError
        Forces, charges or stress are of another shape, a number is not finite, or `split` is
        something else.

    Examples
    --------
    >>> from ase import Atoms
    >>> from ase.calculators.lj import LennardJones
    >>> from nearsight.training import Frame
    >>> pair = Atoms("Ar2", [[0, 0, 0], [0, 0, 1.1]], calculator=LennardJones())
    >>> frame = Frame(pair, pair.get_potential_energy(), pair.get_forces())
    >>> print(f"{frame.energy_eV:.3f} eV")
    -0.978 eV
    """

    atoms: Atoms
    """Positions and cell in Å, without a calculator."""
    energy_eV: float | None = None
    """Of all atoms together; None if it is not known."""
    forces_eV_per_A: FloatArray | None = None
    """Shape ``(n_atoms, 3)``; None if they are not known."""
    charge_e: float = 0.0
    """Of all atoms together."""
    atomic_charges_e: FloatArray | None = None
    """Shape ``(n_atoms,)``; None if they are not known."""
    comment: str = ""
    split: str | None = None
    """``train`` or ``test``, if that is laid down."""
    group: str | None = None
    """What it belongs to, such as the trajectory of which it is a frame."""
    stress_eV_per_A3: FloatArray | None = None
    """Shape ``(6,)``, Voigt order xx, yy, zz, yz, xz, xy, ASE's sign; None if it is not known.

    Extended XYZ has it; `input.data` has no place for it."""

    def __post_init__(self) -> None:
        n_atoms = len(self.atoms)
        for values, shape in (
            (self.forces_eV_per_A, (n_atoms, 3)),
            (self.atomic_charges_e, (n_atoms,)),
        ):
            if values is not None and values.shape != shape:
                raise StructureError(
                    f"{n_atoms} atoms have forces or charges of shape {values.shape}, not {shape}."
                )
        stress = self.stress_eV_per_A3
        if stress is not None and stress.shape != (6,):
            raise StructureError(f"a stress has six components, not shape {stress.shape}.")
        numbers = (self.atoms.positions, self.atoms.cell.array, self.charge_e, self.energy_eV)
        for number in (*numbers, self.forces_eV_per_A, self.atomic_charges_e, stress):
            if number is not None and not np.isfinite(number).all():
                raise StructureError(
                    "a position, energy, force, charge or stress is no finite number."
                )
        if self.split not in {None, TRAIN, TEST}:
            raise StructureError(f"a frame is to train or test with, not {self.split!r}.")
