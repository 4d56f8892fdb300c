"""The processes that LAMMPS is spread over, and how they talk to the one that has the model."""

from collections.abc import Callable
from typing import Any, TypeVar

from nearsight.lammps.library import INSTALL, Lammps, LammpsError

Sent = TypeVar("Sent")


class Ranks:
    """All processes of a LAMMPS; the model is in that of rank 0.

    Parameters
    ----------
    lammps
        A LAMMPS.

    Raises
    ------
    LammpsError
        It is in several processes, and they cannot talk to each other from Python.
    """

    def __init__(self, lammps: Lammps) -> None:
        self.count: int = lammps.extract_setting("world_size")
        self.own: int = lammps.extract_setting("world_rank")
        self._communicator: Any = None
        if self.count > 1:
            self._communicator = lammps.get_mpi_comm()
            if self._communicator is None:
                raise LammpsError(
                    f"LAMMPS runs in {self.count} processes, between which the Python package "
                    f"mpi4py sends atoms and forces, and it is not installed here: {INSTALL}."
                )

    def gather(self, own: Sent) -> list[Sent]:
        """Return what all ranks have, at rank 0; nothing elsewhere."""
        if self._communicator is None:
            return [own]
        return self._communicator.gather(own, root=0) or []

    def scatter(self, of_ranks: list[Sent]) -> Sent:
        """Return what rank 0 has for this one, itself where this is rank 0."""
        if self._communicator is None:
            return of_ranks[0]
        if self.own == 0:
            self._communicator.scatter([None, *of_ranks[1:]], root=0)
            return of_ranks[0]
        received: Sent = self._communicator.scatter(None, root=0)
        return received

    def share(self, own: Sent) -> Sent:
        """Return what rank 0 has, everywhere."""
        if self._communicator is None:
            return own
        received: Sent = self._communicator.bcast(own, root=0)
        return received

    def at_first(self, call: Callable[[], Sent]) -> Sent | None:
        """Call a function at rank 0, and return what it does there; fail everywhere if it fails."""
        result, failure = None, None
        if self.own == 0:
            try:
                result = call()
            except Exception as error:  # whatever it is, the other ranks must not wait
                failure = error
        if self.share(failure is not None):
            raise failure or LammpsError("the process of rank 0 failed, which says why.")
        return result

    def is_to_say(self, error: Exception) -> bool:
        """Tell whether this process is the one that says what went wrong in all, or in itself."""
        return self.own == 0 or f"ERROR on proc {self.own}:" in str(error.__cause__)

    def abort(self) -> None:
        """End all other processes, too, where there are any."""
        if self._communicator is not None:
            self._communicator.Abort(1)
