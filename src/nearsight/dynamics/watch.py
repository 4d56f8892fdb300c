"""What ends a run that has gone wrong: atoms that fly apart, and bonds that break."""

from dataclasses import dataclass

import numpy as np
from ase import Atoms

from nearsight.errors import NearsightError
from nearsight.structures.bonds import Bonds, find_bonds

HOTTEST = 20.0
"""Times the temperature that was asked for: no fluctuation of a few atoms goes as far."""

HOTTEST_K = 2e4
"""Nor does the heat of a structure that was not relaxed, however cold it was to begin."""

BROKEN = 1.5
"""Times its first length: no vibration stretches a bond as far."""


class BrokenRunError(NearsightError):
    """A run has left what its model, or its timestep, can describe."""


@dataclass(frozen=True)
class Watch:
    """What is looked at during a run."""

    hottest_K: float
    """Beyond this atoms fly apart."""
    bonds: Bonds | None
    """Those that must not break; None where none are looked at."""

    @classmethod
    def of(cls, atoms: Atoms, temperature_K: float, *, bonds: bool) -> "Watch":
        """Return what is looked at in a run of `atoms` up to a temperature in K.

        Raises
        ------
        StructureError
            Bonds are to be kept, and cannot be found.
        """
        hottest_K = max(HOTTEST * temperature_K, HOTTEST_K)
        return cls(hottest_K, find_bonds(atoms) if bonds else None)

    def require_together(self, temperature_K: float) -> None:
        """Check the temperature of the moment in K.

        Raises
        ------
        BrokenRunError
            Atoms fly apart.
        """
        if not temperature_K <= self.hottest_K:
            raise BrokenRunError(
                f"atoms fly apart: they are at {temperature_K:.3g} K. Take a shorter timestep "
                f"(`timestep_fs`), relax the structure first, or take a model that knows such "
                f"structures."
            )

    def require_bonds(self, atoms: Atoms) -> None:
        """Check the bonds of the start; positions must not have been carried back into the cell.

        Raises
        ------
        BrokenRunError
            One is broken, naming it.
        """
        if self.bonds is None:
            return
        bonds = self.bonds
        shifts = bonds.images @ atoms.cell.array
        between = atoms.positions[bonds.second] + shifts - atoms.positions[bonds.first]
        stretched = np.linalg.norm(between, axis=1) / bonds.lengths_A
        worst = int(stretched.argmax()) if len(stretched) else 0
        if len(stretched) and stretched[worst] > BROKEN:
            first, second = int(bonds.first[worst]), int(bonds.second[worst])
            raise BrokenRunError(
                f"the bond of atoms {first} ({atoms[first].symbol}) and {second} "
                f"({atoms[second].symbol}) is broken: it is {stretched[worst]:.2f} times as long "
                f"as at the start."
            )
