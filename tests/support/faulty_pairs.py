"""A sound pair potential of molecules, and the same with one fault each.

Other processes import them by name.
"""

import ctypes
import os
import time
from typing import Any, ClassVar

import numpy as np
from ase.calculators.calculator import Calculator, all_changes
from ase.data import covalent_radii

CUTOFF_A = 4.5
DEPTH_EV, DECAY_PER_A = 3.0, 1.4
LENGTHS_A = {1: 0.75, 7: 1.10, 8: 1.22}
"""Near those of PBE, as a sound model would have them."""
STEP_A = 1e-5


class Sound(Calculator):
    """Morse wells that are switched off at a cutoff with every derivative."""

    implemented_properties: ClassVar[list[str]] = ["energy", "forces"]

    def calculate(
        self,
        atoms: Any = None,
        properties: Any = None,
        system_changes: Any = all_changes,
    ) -> None:
        super().calculate(atoms, properties or ["energy"], system_changes)
        first, second = np.nonzero(~np.eye(len(self.atoms), dtype=bool))
        vectors = self.atoms.positions[second] - self.atoms.positions[first]
        lengths = np.linalg.norm(vectors, axis=1)
        equilibrium = self._equilibrium_A(first, second)
        energies = self.pair_eV(lengths, vectors, equilibrium)
        forces = np.zeros((len(self.atoms), 3))
        np.add.at(forces, first, self.pair_gradient(lengths, vectors, equilibrium))
        self.results = {
            "energy": float(energies.sum() / 2) + self.alone_eV(),
            "forces": self.told(forces),
        }

    def _equilibrium_A(self, first: np.ndarray, second: np.ndarray) -> np.ndarray:
        halves = np.array([LENGTHS_A.get(n, 2 * covalent_radii[n]) / 2 for n in self.atoms.numbers])
        return halves[first] + halves[second]

    def pair_gradient(self, lengths: Any, vectors: Any, equilibrium: Any) -> np.ndarray:
        """Return the derivative of each pair's energy by the vector to the other atom."""
        columns = []
        for axis in np.eye(3):
            ahead, behind = vectors + STEP_A * axis, vectors - STEP_A * axis
            high, low = (
                self.pair_eV(np.linalg.norm(moved, axis=1), moved, equilibrium)
                for moved in (ahead, behind)
            )
            columns.append((high - low) / (2 * STEP_A))
        return np.stack(columns, axis=1)

    def pair_eV(self, lengths: Any, vectors: Any, equilibrium: Any) -> np.ndarray:
        return self.morse_eV(lengths, equilibrium) * self.switch(lengths)

    def morse_eV(self, lengths: Any, equilibrium: Any) -> np.ndarray:
        decay = np.exp(-DECAY_PER_A * (lengths - equilibrium))
        return DEPTH_EV * (decay**2 - 2 * decay)

    def switch(self, lengths: Any) -> np.ndarray:
        inside = np.minimum(lengths, CUTOFF_A - 1e-6)
        return np.exp(1 - 1 / (1 - (inside / CUTOFF_A) ** 2))

    def alone_eV(self) -> float:
        return 0.0

    def told(self, forces: np.ndarray) -> np.ndarray:
        return forces


class NoGradient(Sound):
    """Forces that are a tenth larger than the slope of the energy."""

    def told(self, forces: np.ndarray) -> np.ndarray:
        return 1.1 * forces


class Swirling(Sound):
    """Forces with a part that turns all atoms around: their Jacobian is not symmetric."""

    def told(self, forces: np.ndarray) -> np.ndarray:
        arms = self.atoms.positions - self.atoms.positions.mean(axis=0)
        return forces + 0.2 * np.cross([0.0, 0.0, 1.0], arms)


class CutOff(Sound):
    """An energy that ends at the cutoff as it is."""

    def switch(self, lengths: Any) -> np.ndarray:
        return np.where(lengths < CUTOFF_A, 1.0, 0.0)


class Directed(Sound):
    """Bonds that are stronger along z."""

    def pair_eV(self, lengths: Any, vectors: Any, equilibrium: Any) -> np.ndarray:
        return super().pair_eV(lengths, vectors, equilibrium) * (
            1 + 0.05 * (vectors[:, 2] / lengths) ** 2
        )


class Holed(Sound):
    """A hole within the repulsion."""

    def morse_eV(self, lengths: Any, equilibrium: Any) -> np.ndarray:
        hole = 60.0 * np.exp(-(((lengths - 0.5 * equilibrium) / 0.15) ** 2))
        return super().morse_eV(lengths, equilibrium) - hole


class Lonely(Sound):
    """An atom alone has another energy than one that is far from others."""

    def alone_eV(self) -> float:
        return 1.0 if len(self.atoms) == 1 else 0.0


class Kinked(Sound):
    """A curvature that jumps where atoms are twice as far from each other as in a bond."""

    def morse_eV(self, lengths: Any, equilibrium: Any) -> np.ndarray:
        beyond = np.maximum(lengths - 1.05 * equilibrium, 0.0)
        return super().morse_eV(lengths, equilibrium) + 5.0 * beyond**2


class Dying(Sound):
    """A model whose process ends at two helium atoms."""

    def calculate(self, atoms: Any = None, *others: Any) -> None:
        if atoms.get_chemical_formula() == "He2":
            ctypes.string_at(0)
        super().calculate(atoms, *others)


class Vanishing(Sound):
    """A model that dies at two helium atoms and cannot be loaded again."""

    def __init__(self) -> None:
        super().__init__()
        if os.path.exists(os.environ["VANISHED"]):
            raise RuntimeError("there is no model any more")

    def calculate(self, atoms: Any = None, *others: Any) -> None:
        if atoms.get_chemical_formula() == "He2":
            with open(os.environ["VANISHED"], "w", encoding="utf-8"):
                ctypes.string_at(0)
        super().calculate(atoms, *others)


class Shorted(Sound):
    """A model whose device answers nothing any more after two helium atoms."""

    is_broken = False

    def calculate(self, atoms: Any = None, *others: Any) -> None:
        if self.is_broken or atoms.get_chemical_formula() == "He2":
            self.is_broken = True
            raise RuntimeError("CUDA error: an illegal memory access was encountered")
        super().calculate(atoms, *others)


class Hanging(Sound):
    """A model that does not come back from two helium atoms."""

    def calculate(self, atoms: Any = None, *others: Any) -> None:
        if atoms.get_chemical_formula() == "He2":
            time.sleep(600)
        super().calculate(atoms, *others)


class Hungry(Sound):
    """A model that runs out of memory at two helium atoms."""

    def calculate(self, atoms: Any = None, *others: Any) -> None:
        if atoms.get_chemical_formula() == "He2":
            raise MemoryError("not enough for He2")
        super().calculate(atoms, *others)


class Counting(Sound):
    """A sound model that appends a line to a file for each structure."""

    def calculate(self, atoms: Any = None, *others: Any) -> None:
        super().calculate(atoms, *others)
        with open(os.environ["COUNTED"], "a", encoding="utf-8") as file:
            file.write(f"{atoms.get_chemical_formula()}\n")
