"""A potential of Behler and Parrinello as a value: everything that decides its numbers."""

from dataclasses import dataclass

import numpy as np
from ase import units as ase_units
from ase.data import atomic_numbers

from nearsight.arrays import FloatArray
from nearsight.errors import MethodError
from nearsight.hdnnp.born_mayer import BornMayer
from nearsight.hdnnp.networks import Network
from nearsight.hdnnp.symmetry_functions import SymmetryFunction
from nearsight.hdnnp.zbl import ZBL

LENGTHS_A = {"angstrom": 1.0, "bohr": ase_units.Bohr}
ENERGIES_eV = {"eV": 1.0, "hartree": ase_units.Hartree}
_ROUNDING = 1e-9
SCALINGS = ("none", "range", "center", "range and center", "sigma")


@dataclass(frozen=True)
class PotentialUnits:
    """Units that numbers in the files of a potential have.

    Raises
    ------
    MethodError
        A unit that is not known.
    """

    length: str = "angstrom"
    energy: str = "eV"

    def __post_init__(self) -> None:
        for name, known in ((self.length, LENGTHS_A), (self.energy, ENERGIES_eV)):
            if name not in known:
                raise MethodError(f"the unit {name!r} is not known here; use {' or '.join(known)}.")

    @property
    def length_A(self) -> float:
        """The unit of length in Å."""
        return LENGTHS_A[self.length]

    @property
    def energy_eV(self) -> float:
        """The unit of energy in eV."""
        return ENERGIES_eV[self.energy]


@dataclass(frozen=True)
class Scaling:
    """How values of symmetry functions are brought to a common size before a network sees them.

    With low + (high - low) (G - a) / b: ``range`` has a = min and b = max - min; ``range and
    center`` a = mean and the same b; ``sigma`` a = mean and b = sigma; ``center`` is G - mean and
    ``none`` G itself.
    """

    kind: str = "range and center"
    low: float = 0.0
    high: float = 1.0

    def __post_init__(self) -> None:
        if self.kind not in SCALINGS:
            raise MethodError(f"there is no scaling {self.kind!r}; there are {SCALINGS}.")


@dataclass(frozen=True, eq=False)
class FunctionStatistics:
    """Values of the symmetry functions of one element over the training data, in their order."""

    smallest: FloatArray
    """Shape ``(n_functions,)``, as all of these."""
    largest: FloatArray
    mean: FloatArray
    sigma: FloatArray


@dataclass(frozen=True)
class Normalization:
    """Units of the training: E* = (E - N mean_energy) conv_energy, and r* = r conv_length.

    The length changes no value of a symmetry function, and so no number of a potential that is
    evaluated.
    """

    mean_energy: float = 0.0
    """Energy of each atom that is taken off first, in the unit of energy."""
    conv_energy: float = 1.0
    """In one over the unit of energy."""
    conv_length: float = 1.0
    """In one over the unit of length."""


@dataclass(frozen=True, eq=False)
class ElementPotential:
    """What belongs to one element."""

    symbol: str
    functions: tuple[SymmetryFunction, ...]
    """In the order in which the network takes them (`network_order`)."""
    statistics: FunctionStatistics
    network: Network
    atomic_energy: float = 0.0
    """Energy of the free atom, in the unit of energy, that is added to what the network gives."""

    def __post_init__(self) -> None:
        n_functions, n_inputs = len(self.functions), self.network.sizes[0]
        if n_functions != n_inputs:
            raise MethodError(
                f"{self.symbol} has {n_functions} symmetry functions, and its network has "
                f"{n_inputs} inputs."
            )
        shapes = {np.shape(each) for each in vars(self.statistics).values()}
        if shapes != {(n_functions,)}:
            raise MethodError(
                f"{self.symbol} has {n_functions} symmetry functions, and statistics of "
                f"{sorted(shapes)}."
            )


@dataclass(frozen=True, eq=False)
class Potential:
    """Networks and symmetry functions of all elements.

    The energy of a structure is the sum over its atoms of atomic_energy + mean_energy +
    network / conv_energy, in the unit of energy, and the repulsion of its pairs.
    """

    elements: tuple[ElementPotential, ...]
    """In the order of their atomic numbers."""
    scaling: Scaling = Scaling()
    normalization: Normalization = Normalization()
    units: PotentialUnits = PotentialUnits()
    repulsion: ZBL | BornMayer | None = None
    """What is added to the networks, in Å and eV; None for nothing."""

    def __post_init__(self) -> None:
        numbers = [atomic_numbers[each.symbol] for each in self.elements]
        if numbers != sorted(set(numbers)):
            raise MethodError("elements of a potential are those of rising atomic number, once.")
        if self.repulsion is not None:
            # Neighbours are those within the cutoff of an element's functions.
            reach_A = min(map(self._reach_A, self.elements))
            if self.repulsion.outer_A > reach_A * (1 + _ROUNDING):
                raise MethodError(
                    f"the repulsion reaches to {self.repulsion.outer_A:g} Å, beyond the symmetry "
                    f"functions of an element, which end at {reach_A:g} Å; let it end there."
                )

    @property
    def symbols(self) -> tuple[str, ...]:
        """Symbols of its elements."""
        return tuple(each.symbol for each in self.elements)

    @property
    def cutoff_A(self) -> float:
        """The largest cutoff radius in Å."""
        return max(map(self._reach_A, self.elements))

    def _reach_A(self, element: ElementPotential) -> float:
        """Return the largest cutoff radius of the functions of an element."""
        return self.units.length_A * max(one.cutoff.radius for one in element.functions)
