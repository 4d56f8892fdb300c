"""Models that tell what a change of a structure does from what is near it."""

from collections.abc import Sequence
from typing import Any, Protocol, runtime_checkable

from ase import Atoms
from numpy.typing import ArrayLike

from nearsight.arrays import IntArray
from nearsight.models.contract import Model


class LocalChange(Protocol):
    """A change of a structure that has not been made."""

    @property
    def difference_eV(self) -> float:
        """Energy of the structure after it less that before it."""
        ...


class ChangingStructure(Protocol):
    """A structure whose changes take only atoms within the cutoff of them.

    A change is computed by `move`, `insert` or `delete`, which leave the structure as it is, and
    made by `accept`.
    """

    @property
    def energy_eV(self) -> float:
        """Energy of the structure as it is."""
        ...

    def move(self, indices: Sequence[int] | IntArray, positions_A: ArrayLike) -> LocalChange:
        """Return what it does to put atoms at other positions, shape ``(n_moved, 3)`` in Å."""
        ...

    def insert(self, numbers: Sequence[int] | IntArray, positions_A: ArrayLike) -> LocalChange:
        """Return what it does to add atoms, which come behind the others."""
        ...

    def delete(self, indices: Sequence[int] | IntArray) -> LocalChange:
        """Return what it does to take atoms away; those behind them then move up."""
        ...

    def accept(self, change: Any) -> None:
        """Make the change, the last one that was computed or an earlier one since the last made."""
        ...


@runtime_checkable
class LocalModel(Model, Protocol):
    """A model whose energy is a sum over atoms, each seeing what is near it."""

    @property
    def computes_changes(self) -> bool:
        """Whether `changing` is there for this dtype and device."""
        ...

    def changing(self, atoms: Atoms) -> ChangingStructure:
        """Return a structure to be changed, which later changes of `atoms` leave as it is.

        Raises
        ------
        ModelError
            The model does not know an element, or computes only whole structures.
        StructureError
            A position or cell vector is not finite, or the cell vectors span no lattice.
        """
        ...
