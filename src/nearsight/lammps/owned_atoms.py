"""The atoms of LAMMPS as they are when it asks for forces."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from ase import Atoms

from nearsight.arrays import BoolArray, FloatArray, IntArray
from nearsight.lammps.library import Lammps, LammpsError

_IN_GROUP_ALL = 1


@dataclass(frozen=True, eq=False)
class OwnedAtoms:
    """Atoms that one rank owns, in LAMMPS' order, which changes from step to step."""

    tags: IntArray
    """Their numbers, shape ``(n_owned,)``."""
    types: IntArray
    """Counted from 1, shape ``(n_owned,)``."""
    groups: IntArray
    """Bits of the groups that they are in, shape ``(n_owned,)``."""
    positions_A: FloatArray
    """Shape ``(n_owned, 3)``."""

    @classmethod
    def of(cls, lammps: Lammps, tags: IntArray, positions_A: FloatArray) -> "OwnedAtoms":
        """Copy what LAMMPS has in the arrays of one rank."""
        n_owned = len(tags)
        types, groups = (
            np.zeros(0, dtype=int)
            if n_owned == 0
            else np.array(lammps.numpy.extract_atom(name)[:n_owned], dtype=int)
            for name in ("type", "mask")
        )
        return cls(np.array(tags, dtype=int), types, groups, np.array(positions_A))


@dataclass(frozen=True, eq=False)
class Present:
    """All atoms of all ranks that take part, by their numbers."""

    atoms: Atoms
    tags: IntArray
    """Shape ``(n_atoms,)``, ascending."""
    places: IntArray
    """Where each of them is among all atoms, rank after rank, shape ``(n_atoms,)``."""
    n_owned: tuple[int, ...]
    """Atoms of each rank."""
    hidden_tags: IntArray
    """Numbers of the atoms that a fix has taken out for the time of a trial, shape ``(n,)``."""
    hidden_groups: IntArray
    """Their groups, shape ``(n,)``."""
    hidden: Atoms
    """Those atoms, in the same order."""

    def by_rank(self, values: FloatArray) -> list[FloatArray]:
        """Return values of atoms, shape ``(n_atoms, ...)``, for each rank in its order.

        Atoms that do not take part have 0.
        """
        everywhere = np.zeros((sum(self.n_owned), *values.shape[1:]))
        everywhere[self.places] = values
        ends = np.cumsum(self.n_owned)[:-1]
        return np.split(everywhere, ends)


def present_atoms(of_ranks: Sequence[OwnedAtoms], numbers: IntArray, box: "Box") -> Present:
    """Put the atoms of all ranks together.

    `fix gcmc` and `fix widom` take the atoms of a trial deletion out of the group ``all``, which
    nothing else does, and leave them where they are: whoever counts them computes a deletion as if
    nothing had been deleted.

    Parameters
    ----------
    of_ranks
        The atoms of each rank.
    numbers
        The atomic number of each type, shape ``(n_types + 1,)``.
    box
        The cell.

    Raises
    ------
    LammpsError
        Atoms have no numbers of their own.
    """
    tags = np.concatenate([owned.tags for owned in of_ranks])
    groups = np.concatenate([owned.groups for owned in of_ranks])
    order = np.argsort(tags, kind="stable")
    if len(tags) and (tags[order[0]] < 1 or (np.diff(tags[order]) == 0).any()):
        raise LammpsError(
            "atoms in LAMMPS have no numbers of their own, by which they are told apart; leave "
            "`atom_modify id no` out of the script."
        )
    types = np.concatenate([owned.types for owned in of_ranks])
    positions_A = np.concatenate([owned.positions_A for owned in of_ranks]) - box.origin_A
    taking_part: BoolArray = (groups[order] & _IN_GROUP_ALL) != 0
    places, out = order[taking_part], order[~taking_part]
    return Present(
        atoms=box.filled(numbers[types[places]], positions_A[places]),
        tags=tags[places],
        places=places,
        n_owned=tuple(len(owned.tags) for owned in of_ranks),
        hidden_tags=tags[out],
        hidden_groups=groups[out],
        hidden=box.filled(numbers[types[out]], positions_A[out]),
    )


@dataclass(frozen=True, eq=False)
class Box:
    """The simulation box, as it is at this step."""

    origin_A: FloatArray
    """Its lower corner, shape ``(3,)``."""
    cell_A: FloatArray
    """Shape ``(3, 3)``."""
    periodic: BoolArray
    """Shape ``(3,)``."""
    changes: bool
    """Whether a fix changes it, by the pressure for instance."""

    @classmethod
    def of(cls, lammps: Lammps) -> "Box":
        """Ask LAMMPS."""
        low, high, xy, yz, xz, periodic, changes = lammps.extract_box()
        origin_A = np.array(low)
        cell_A = np.diag(np.array(high) - origin_A)
        cell_A[1, 0], cell_A[2, 0], cell_A[2, 1] = xy, xz, yz
        return cls(origin_A, cell_A, np.array(periodic, dtype=bool), bool(changes))

    def filled(self, numbers: IntArray, positions_A: FloatArray) -> Atoms:
        """Return atoms in it."""
        return Atoms(numbers=numbers, positions=positions_A, cell=self.cell_A, pbc=self.periodic)
