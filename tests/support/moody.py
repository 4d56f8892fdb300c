"""A cheap model that does to its worker what the structure says, for tests of campaigns."""

import os
import signal
import time
from pathlib import Path
from typing import Any

import numpy as np
from ase.calculators.calculator import Calculator, all_changes

TERMINATED, KILLED, SILENT, GREEDY, FAILING, LARGE = "He", "Ne", "Ar", "Kr", "Xe", "Rn"
"""Elements that end the worker by SIGTERM once or by SIGKILL, let it hang, ask for more memory than
there is, fail, or take ever more memory."""
_FIRST_TIME = ".terminated"


class Moody(Calculator):
    """Springs to the middle of the cell.

    Parameters
    ----------
    stiffness
        In eV/Å².
    nap
        How long each call takes, in s.
    folder
        Where calls are noted, one line each: the process and the formula.
    takes_MiB
        Memory that each call takes during its nap.
    """

    implemented_properties = ("energy", "forces", "stress")  # as ASE has it

    def __init__(
        self, stiffness: float = 0.1, nap: float = 0.0, folder: str = "", takes_MiB: int = 0
    ) -> None:
        super().__init__()
        self._stiffness, self._nap, self._folder = stiffness, nap, folder
        self._n_numbers = takes_MiB * 2**17
        self._taken: list[np.ndarray] = []
        self.parameters = {"stiffness": stiffness}

    def calculate(
        self, atoms: Any = None, properties: Any = ("energy",), system_changes: Any = all_changes
    ) -> None:
        super().calculate(atoms, properties, system_changes)
        if self._folder:
            with Path(self._folder, "calls").open("a", encoding="ascii") as file:
                file.write(f"{os.getpid()} {self.atoms.get_chemical_formula()}\n")
        _taken = np.ones(self._n_numbers)
        time.sleep(self._nap)
        self._behave(set(self.atoms.get_chemical_symbols()))
        middle = self.atoms.cell.sum(axis=0) / 2
        away = self.atoms.positions - middle
        self.results = {
            "energy": 0.5 * self._stiffness * float((away**2).sum()),
            "forces": -self._stiffness * away,
            "stress": np.zeros(6),
        }

    def _behave(self, symbols: set[str]) -> None:
        if TERMINATED in symbols:
            first = Path(self._folder, _FIRST_TIME)
            if not first.exists():
                first.touch()
                os.kill(os.getpid(), signal.SIGTERM)
                time.sleep(60.0)
        if KILLED in symbols:
            os.kill(os.getpid(), signal.SIGKILL)
        if SILENT in symbols:
            time.sleep(600.0)
        if GREEDY in symbols:
            raise MemoryError
        while LARGE in symbols:
            self._taken.append(np.ones(60_000_000))
            time.sleep(0.05)
        if FAILING in symbols:
            raise ValueError("this one fails")


class Unloadable(Calculator):
    """A model that cannot be made."""

    def __init__(self) -> None:
        raise RuntimeError("its weights are gone")
