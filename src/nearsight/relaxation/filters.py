"""The coordinates in which ASE's optimizers move a structure."""

from typing import Any

import numpy as np
from ase import Atoms
from ase.filters import Filter, FrechetCellFilter

from nearsight.arrays import FloatArray
from nearsight.relaxation.frame import Frame
from nearsight.relaxation.strains import ALL_STRAINS


def movable(atoms: Atoms, strains: FloatArray) -> Atoms | Filter:
    """Return what an optimizer of ASE is given: atoms, or atoms and what of their cell may change.

    Parameters
    ----------
    atoms
        With a calculator.
    strains
        Those by which the cell may change, see `strains_of`.
    """
    if len(strains) == 0:
        return atoms
    if len(strains) == len(ALL_STRAINS):
        return FrechetCellFilter(atoms)
    return FrameFilter(atoms, strains)


class FrameFilter(Filter):
    """Atoms, and strains in one or two more rows: as in ASE's own, times the number of atoms.

    Parameters
    ----------
    atoms
        Moved in place.
    strains
        By which the cell changes, shape ``(1 to 5, 3, 3)``.
    """

    def __init__(self, atoms: Atoms, strains: FloatArray) -> None:
        super().__init__(atoms, indices=range(len(atoms)))
        self._frame = Frame(atoms.positions.copy(), atoms.cell.array.copy(), strains)
        self._x: FloatArray = np.zeros(self._frame.size)
        self._n_rows = -(-len(strains) // 3)

    def __len__(self) -> int:
        return len(self.atoms) + self._n_rows

    def get_positions(self) -> FloatArray:
        """Return places in the first cell and, in the last rows, strains."""
        rows = self._rows(self._x, len(self.atoms))
        rows[: -self._n_rows] += self._frame.positions_A
        return rows

    def set_positions(self, positions: FloatArray, **kwargs: Any) -> None:  # noqa: ARG002  # ASE's
        """Move atoms and cell to where `get_positions` would return these."""
        last = positions[-self._n_rows :].ravel()[: len(self._frame.strains)]
        self._x = np.concatenate(
            [
                (positions[: -self._n_rows] - self._frame.positions_A).ravel(),
                last / len(self.atoms),
            ]
        )
        self._frame.apply(self._x, self.atoms)

    def get_forces(self, *args: Any, **kwargs: Any) -> FloatArray:  # noqa: ARG002  # ASE's
        """Return minus the derivatives by `get_positions`."""
        return -self._rows(self._frame.gradient(self._x, self.atoms), 1 / len(self.atoms))

    def get_potential_energy(self, **kwargs: Any) -> float:  # noqa: ARG002  # ASE's
        """Return the energy of the atoms as they are now."""
        return float(self.atoms.get_potential_energy())

    def _rows(self, x: FloatArray, scale: float) -> FloatArray:
        strain = self._frame.strain(x)
        last = np.zeros(3 * self._n_rows)
        last[: len(strain)] = strain * scale
        return np.concatenate([self._frame.displacements(x), last.reshape(-1, 3)])
