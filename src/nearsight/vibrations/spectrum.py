"""What heat needs to know of vibrations: eigenvalues, and how often each counts in a cell."""

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from ase import Atoms
from numpy.typing import NDArray

from nearsight.provenance import Provenance
from nearsight.remarks import Remark
from nearsight.structures.pieces import Pieces
from nearsight.vibrations.settings import Acoustic


@dataclass(frozen=True)
class Oscillators:
    """The eigenvalues that count in one cell."""

    eigenvalues_eV_per_A2_amu: NDArray[np.float64]
    """λ = ω², shape ``(n,)``; imaginary modes have negative ones."""
    weights: NDArray[np.float64]
    """How often each counts in one cell, shape ``(n,)``: 1, or less for a q-point of many."""
    n_rigid_body: float
    """Rigid-body modes per cell that are left out here."""


class Spectrum(Protocol):
    """Vibrations of one cell, at Γ or over the Brillouin zone."""

    @property
    def atoms(self) -> Atoms:
        """The cell, with the masses used."""
        ...

    @property
    def pieces(self) -> Pieces:
        """What pairs hold together in `atoms`."""
        ...

    @property
    def provenance(self) -> Provenance:
        """Where the force constants come from."""
        ...

    @property
    def warnings(self) -> tuple[Remark, ...]:
        """What makes these modes doubtful, in plain words; empty if nothing does."""
        ...

    @property
    def default_acoustic(self) -> Acoustic:
        """The convention for rigid-body modes that is used unless one is asked for."""
        ...

    def oscillators(self, acoustic: Acoustic) -> Oscillators:
        """Return the oscillators; without rigid-body modes unless `acoustic` is ``as-computed``."""
        ...

    def spectrum_summary(self) -> dict[str, Any]:
        """Return the ``spectrum`` object of the JSON output."""
        ...

    def remarks(self, acoustic: Acoustic) -> tuple[Remark, ...]:
        """Return what `acoustic` leaves out or makes doubtful, in plain words."""
        ...
