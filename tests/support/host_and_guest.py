"""Calculators whose interaction of a guest with a host is known in closed form.

Which atoms are the guest is in the array ``molecule``; ``ase:host_and_guest:Spheres`` names one of
them on a command line.
"""

import numpy as np
from ase.calculators.calculator import Calculator, all_changes

from nearsight.structures.molecules import molecules_of

DEPTH_EV, SIZE_A = 0.05, 3.2


class HostAndGuest(Calculator):
    """No energy at all: an ideal gas."""

    implemented_properties = ("energy", "forces")

    def calculate(self, atoms=None, properties=None, system_changes=all_changes) -> None:
        super().calculate(atoms, properties, system_changes)
        is_guest = molecules_of(atoms) > 0
        energy = self.interaction_eV(atoms) if 0 < is_guest.sum() < len(atoms) else 0.0
        self.results = {"energy": energy, "forces": np.zeros((len(atoms), 3))}

    def interaction_eV(self, atoms) -> float:
        return 0.0

    def distances_A(self, atoms) -> np.ndarray:
        """Distances of guest atoms from the nearest images of host atoms."""
        is_guest = molecules_of(atoms) > 0
        guests, hosts = atoms.positions[is_guest], atoms.positions[~is_guest]
        vectors = guests[:, np.newaxis] - hosts
        edges = atoms.cell.lengths()  # of a rectangular cell
        return np.linalg.norm(vectors - edges * np.rint(vectors / edges), axis=2)


class TooLow(HostAndGuest):
    """An ideal gas whose zero is wrong: each molecule is 0.06 eV too low among others."""

    def interaction_eV(self, atoms) -> float:
        return -0.06 * float(molecules_of(atoms).max())


class FarTooLow(HostAndGuest):
    """The same by 0.3 eV, 12 k_B T at 300 K."""

    def interaction_eV(self, atoms) -> float:
        return -0.3 * float(molecules_of(atoms).max())


class HalfBlocked(HostAndGuest):
    """A wall in the lower half of each cell of 9 Å."""

    def interaction_eV(self, atoms) -> float:
        return 1000.0 if (atoms.positions[-1, 2] / 9.0) % 1.0 < 0.5 else 0.0


class Spheres(HostAndGuest):
    """Lennard-Jones with each host atom, and an offset."""

    def __init__(self, offset_eV: float = 0.0) -> None:
        super().__init__()
        self.offset_eV = offset_eV

    def interaction_eV(self, atoms) -> float:
        return float(lennard_jones_eV(self.distances_A(atoms)).sum()) + self.offset_eV


class WithHole(Spheres):
    """The same, with a false well in the wall."""

    def __init__(self, depth_eV: float = 2.0) -> None:
        super().__init__()
        self.depth_eV = depth_eV

    def interaction_eV(self, atoms) -> float:
        nearest = float(self.distances_A(atoms).min())
        in_hole = 1.9 < nearest < 2.0
        return -self.depth_eV if in_hole else super().interaction_eV(atoms)


class Interrupted(Spheres):
    """The same, and Ctrl-C after so many interactions of each process that sets how many."""

    calls_left: int | None = None

    def interaction_eV(self, atoms) -> float:
        kind = type(self)
        if kind.calls_left is not None:
            kind.calls_left -= 1
            if kind.calls_left < 0:
                raise KeyboardInterrupt
        return super().interaction_eV(atoms)


class Broken(HostAndGuest):
    """No number in half of all places."""

    def interaction_eV(self, atoms) -> float:
        return float("nan") if (atoms.positions[-1, 2] / 9.0) % 1.0 < 0.5 else 0.0


def lennard_jones_eV(distances_A: np.ndarray) -> np.ndarray:
    sixth = (SIZE_A / np.maximum(distances_A, 0.5)) ** 6
    return 4 * DEPTH_EV * (sixth**2 - sixth)
