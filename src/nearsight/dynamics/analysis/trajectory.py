"""A trajectory as a value: what every analysis starts from."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from ase import Atoms
from ase.data import chemical_symbols

from nearsight.arrays import BoolArray, FloatArray, IntArray
from nearsight.dynamics.analysis.unwrapping import toroidal_paths_A
from nearsight.errors import MethodError
from nearsight.remarks import Remark
from nearsight.structures.naming import paragraph

_UNEVEN = 1e-4
"""Of the mean interval: times are written with a few digits."""


@dataclass(frozen=True, eq=False)
class Trajectory:
    """Frames of the same atoms in the same order, in the order of time."""

    numbers: IntArray = field(repr=False)
    """Atomic numbers, shape ``(n_atoms,)``."""
    masses_amu: FloatArray = field(repr=False)
    """Shape ``(n_atoms,)``."""
    positions_A: FloatArray = field(repr=False)
    """Unwrapped positions: those of a frame differ from the wrapped ones by lattice vectors of this
    frame's cell, shape ``(n_frames, n_atoms, 3)``. Paths through a changing cell: `paths_A`."""
    cells_A: FloatArray = field(repr=False)
    """Cell vectors as rows, zero where there is none, shape ``(n_frames, 3, 3)``."""
    pbc: BoolArray = field(repr=False)
    """Shape ``(3,)``."""
    times_fs: FloatArray = field(repr=False)
    """Shape ``(n_frames,)``, increasing."""
    velocities_A_per_fs: FloatArray | None = field(default=None, repr=False)
    """As the positions; None where the file has none."""
    energies_eV: FloatArray | None = field(default=None, repr=False)
    """Potential energies, shape ``(n_frames,)``; None where the file has none."""
    unwrapped: bool = True
    """Whether the file had unwrapped positions; else images were followed from frame to frame."""
    source: str = ""
    """The file."""
    warnings: tuple[Remark, ...] = ()
    """What must be known of it."""

    def __len__(self) -> int:
        return len(self.positions_A)

    def __repr__(self) -> str:
        formula = Atoms(self.numbers).get_chemical_formula()
        return paragraph(
            self,
            formula,
            f"{len(self)} frames, {self.times_fs[0]:g} to {self.times_fs[-1]:g} fs",
            self.source,
        )

    @property
    def n_atoms(self) -> int:
        """Number of atoms."""
        return len(self.numbers)

    @property
    def symbols(self) -> tuple[str, ...]:
        """The element of each atom."""
        return tuple(chemical_symbols[number] for number in self.numbers)

    @property
    def volumes_A3(self) -> FloatArray:
        """Volume of each frame, shape ``(n_frames,)``.

        Raises
        ------
        MethodError
            The structure is not periodic in three directions.
        """
        self.require_volume()
        volumes: FloatArray = np.abs(np.linalg.det(self.cells_A))
        return volumes

    @property
    def interval_fs(self) -> float:
        """Time between frames.

        Raises
        ------
        MethodError
            There is one frame, or frames are not evenly spaced.
        """
        if len(self) < 2:
            raise MethodError("one frame is no motion; take a trajectory of more frames.")
        steps = np.diff(self.times_fs)
        mean = float(steps.mean())
        uneven = np.abs(steps - mean) > _UNEVEN * mean
        if uneven.any():
            at = int(np.argmax(uneven))
            raise MethodError(
                f"frames {at + 1} and {at + 2} are {steps[at]:g} fs apart, others {mean:g} fs on "
                f"average; an analysis over time needs evenly spaced frames."
            )
        return mean

    def require_volume(self) -> None:
        """Check that there is a volume.

        Raises
        ------
        MethodError
            The structure is not periodic in three directions.
        """
        if not self.pbc.all():
            raise MethodError(
                f"{Atoms(self.numbers).get_chemical_formula()} is not periodic in three "
                f"directions and has no volume; take a trajectory of a crystal or a liquid."
            )

    def frame(self, index: int) -> Atoms:
        """Return one frame as a structure."""
        return Atoms(
            self.numbers,
            self.positions_A[index],
            cell=self.cells_A[index],
            pbc=self.pbc,
            masses=self.masses_amu,
        )

    def between(
        self, start_fs: float = -np.inf, end_fs: float = np.inf, every: int = 1
    ) -> "Trajectory":
        """Return a part of the trajectory, such as that after equilibration.

        Parameters
        ----------
        start_fs, end_fs
            The first and the last time in fs.
        every
            Take each such frame only, 1 for all.

        Raises
        ------
        MethodError
            No frame is left.
        """
        inside = np.flatnonzero((self.times_fs >= start_fs) & (self.times_fs <= end_fs))[::every]
        if len(inside) == 0:
            when = f"between {start_fs:g} and {end_fs:g} fs"
            if end_fs == np.inf:
                when = f"at {start_fs:g} fs or later"
            raise MethodError(
                f"no frame is {when}; the trajectory has "
                f"{self.times_fs[0]:g} to {self.times_fs[-1]:g} fs."
            )
        velocities, energies = self.velocities_A_per_fs, self.energies_eV
        return replace(
            self,
            positions_A=self.positions_A[inside],
            cells_A=self.cells_A[inside],
            times_fs=self.times_fs[inside],
            velocities_A_per_fs=None if velocities is None else velocities[inside],
            energies_eV=None if energies is None else energies[inside],
        )

    def of_atoms(self, atoms: Sequence[int] | IntArray) -> "Trajectory":
        """Return the trajectory of some atoms, by their indices."""
        chosen, velocities = np.asarray(atoms, dtype=np.int64), self.velocities_A_per_fs
        return replace(
            self,
            numbers=self.numbers[chosen],
            masses_amu=self.masses_amu[chosen],
            positions_A=self.positions_A[:, chosen],
            velocities_A_per_fs=None if velocities is None else velocities[:, chosen],
        )

    def paths_A(self, atoms: Sequence[int] | IntArray | None = None) -> FloatArray:
        """Return how far atoms have moved since the first frame, where the cell changes too.

        Parameters
        ----------
        atoms
            Their indices; all by default.

        Returns
        -------
        ndarray
            Paths in Å from the first positions, shape ``(n_frames, n_chosen, 3)``; see
            `nearsight.dynamics.analysis.unwrapping.toroidal_paths_A`.
        """
        chosen = slice(None) if atoms is None else np.asarray(atoms, dtype=np.int64)
        return toroidal_paths_A(self.positions_A[:, chosen], self.cells_A, self.pbc)

    def require_velocities(self) -> FloatArray:
        """Return the velocities in Å/fs, shape ``(n_frames, n_atoms, 3)``.

        Raises
        ------
        MethodError
            The trajectory has none.
        """
        if self.velocities_A_per_fs is None:
            raise MethodError(
                f"{self.source or 'the trajectory'} has no velocities; write them with the frames."
            )
        return self.velocities_A_per_fs
