"""The values that a force field is made of: types of sites, pairs, molecules, and how it is cut."""

import math
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal, get_args

import numpy as np

from nearsight.arrays import FloatArray
from nearsight.errors import ModelError

Truncation = Literal["cut", "shifted", "force-shifted"]
Mixing = Literal["lorentz-berthelot", "geometric"]

ChargesOf = Literal["types", "structure", "eeq"]

DEFAULT_CUTOFF_A: Final = 12.0
DEFAULT_ACCURACY: Final = 1e-8

_NAMED = 12


@dataclass(frozen=True)
class LennardJones:
    """E(r) = 4 ε [(σ/r)¹² - (σ/r)⁶]."""

    epsilon_eV: float
    sigma_A: float

    def __post_init__(self) -> None:
        if not (0 <= self.epsilon_eV < np.inf and 0 < self.sigma_A < np.inf):
            raise ModelError(
                f"a Lennard-Jones interaction of {self.epsilon_eV:g} eV and {self.sigma_A:g} Å is "
                f"none; its depth is 0 or more and its diameter above 0."
            )


NO_INTERACTION: Final = LennardJones(0.0, 1.0)
"""That of a site which has a charge only."""


@dataclass(frozen=True)
class Buckingham:
    """E(r) = A exp(-B r) - C/r⁶ outside a hard core.

    Towards r = 0 the function falls to -∞ behind a maximum. Inside the core it is
    E(core) (core/r)¹² instead, which is continuous and repels.
    """

    a_eV: float
    b_per_A: float
    c_eV_A6: float
    core_A: float | None = None
    """Radius of the core in Å; None for the place of the maximum."""

    def __post_init__(self) -> None:
        positive = self.a_eV > 0 and self.b_per_A > 0 and self.c_eV_A6 >= 0
        if not positive or not np.isfinite([self.a_eV, self.b_per_A, self.c_eV_A6]).all():
            raise ModelError(
                f"a Buckingham interaction of A = {self.a_eV:g} eV, B = {self.b_per_A:g} 1/Å and "
                f"C = {self.c_eV_A6:g} eV Å⁶ is none; A and B are above 0, C is 0 or more."
            )
        if self.core_A is None:
            object.__setattr__(self, "core_A", self._maximum_A())
        if not self.core_energy_eV > 0:
            raise ModelError(
                f"at the hard core of {self.core_A:g} Å the Buckingham interaction is "
                f"{self.core_energy_eV:g} eV, and does not repel; choose a core_A where it does."
            )

    @property
    def core_energy_eV(self) -> float:
        """Energy at the surface of the core."""
        r = self.core_A
        assert r is not None
        return float(self.a_eV * np.exp(-self.b_per_A * r) - self.c_eV_A6 / r**6)

    def _maximum_A(self) -> float:
        """Return where the force vanishes nearest to r = 0: A B exp(-B r) r⁷ = 6 C."""
        if self.c_eV_A6 == 0:
            return 1e-3  # there is none: it repels everywhere
        from scipy.optimize import brentq

        def slope(r: float) -> float:
            decay = math.exp(-self.b_per_A * r)
            return 6 * self.c_eV_A6 - self.a_eV * self.b_per_A * decay * r**7

        middle = 7 / self.b_per_A  # where the second term is largest
        if slope(middle) >= 0:
            raise ModelError(
                f"the Buckingham interaction of A = {self.a_eV:g} eV, B = {self.b_per_A:g} 1/Å and "
                f"C = {self.c_eV_A6:g} eV Å⁶ attracts at every distance; correct it, or give a "
                f"core_A."
            )
        return float(brentq(slope, 1e-6, middle))


Pair = LennardJones | Buckingham


@dataclass(frozen=True)
class SiteType:
    """One type of sites."""

    pair: Pair | None = None
    """Interaction with its own kind; None if the force field has none for it."""
    charge_e: float | None = None
    """Charge in e; None where it is that of the atom (ASE's initial charges)."""
    mass_amu: float | None = None
    """Mass of the site; None for that of its element."""
    neighbours: tuple[str, ...] | None = None
    """Elements or types of all atoms that a framework atom of this type is bonded to, by which it
    is told from others of its element (`environments`)."""
    element: str | None = None
    """Element that a site of a molecule is shown as, ``X`` for none; None for the one whose symbol
    the type has as its name."""

    @property
    def epsilon_eV(self) -> float:
        """Depth of a Lennard-Jones interaction."""
        assert isinstance(self.pair, LennardJones)
        return self.pair.epsilon_eV


@dataclass(frozen=True, eq=False)
class Molecule:
    """A rigid molecule that a force field knows."""

    types: tuple[str, ...]
    """Type of each of its sites."""
    positions_A: FloatArray
    """Shape ``(n_sites, 3)``."""
    source: str = ""

    def __post_init__(self) -> None:
        if (
            self.positions_A.shape != (len(self.types), 3)
            or not np.isfinite(self.positions_A).all()
        ):
            raise ModelError(
                f"the {len(self.types)} sites of a molecule of {', '.join(self.types)} are at "
                f"{self.positions_A.tolist()} Å; give each x, y and z."
            )


@dataclass(frozen=True)
class Ending:
    """What becomes of a pair at its cutoff."""

    truncation: Truncation = "cut"
    """Nothing; the energy is shifted to 0 there; the force, too."""
    tail: bool = False
    """Whether what is beyond the cutoff is added for a uniform distribution of sites."""

    def __post_init__(self) -> None:
        _require_one_of("truncation", self.truncation, Truncation)
        if self.tail and self.truncation != "cut":
            raise ModelError(
                f"tail=yes goes with truncation=cut, not {self.truncation}: a shifted interaction "
                f"is another one, and has nothing beyond its cutoff."
            )


@dataclass(frozen=True)
class Treatment:
    """How interactions end, mix and are summed up."""

    cutoff_A: float = DEFAULT_CUTOFF_A
    """Of pairs, and of the sum in real space of Ewald's method."""
    truncation: Truncation = "cut"
    """As in `Ending`."""
    tail: bool = False
    """As in `Ending`."""
    mixing: Mixing = "lorentz-berthelot"
    """How unlike Lennard-Jones types interact where no pair is given."""
    coulomb: bool = True
    """Whether charges interact."""
    charges: ChargesOf = "types"
    """Whose charges count where both have some: of types, or the initial charges that a structure
    gives its framework and single atoms; or, of a rigid framework, those of EEQ (`equilibration`),
    whatever else it has."""
    accuracy: float = DEFAULT_ACCURACY
    """What both sums of Ewald's method leave out of a pair's 1/r, relative to it."""
    feynman_hibbs_K: float | None = None
    """Temperature of which Lennard-Jones interactions are the effective ones of quantum nuclei, to
    second order (`quantum`); None for classical ones."""

    def __post_init__(self) -> None:
        if not 0 < self.cutoff_A < np.inf:
            raise ModelError(f"cutoff_A is a length above 0 Å, not {self.cutoff_A:g}.")
        if not 1e-15 <= self.accuracy <= 1e-2:
            raise ModelError(f"accuracy is between 1e-15 and 0.01, not {self.accuracy:g}.")
        if self.feynman_hibbs_K is not None and not 0 < self.feynman_hibbs_K < np.inf:
            raise ModelError(
                f"feynman_hibbs_K is a temperature above 0 K, not {self.feynman_hibbs_K:g}."
            )
        _require_one_of("mixing", self.mixing, Mixing)
        _require_one_of("charges", self.charges, ChargesOf)
        assert self.ending  # which checks itself

    @property
    def ending(self) -> Ending:
        """What becomes of a pair at its cutoff."""
        return Ending(self.truncation, self.tail)


@dataclass(frozen=True)
class ForceField:
    """Types of sites with their interactions, and the molecules that are made of them."""

    types: Mapping[str, SiteType]
    pairs: Mapping[tuple[str, str], Pair] = field(default_factory=dict)
    """Interactions of two types, sorted by name, that do not follow from mixing."""
    molecules: Mapping[str, Molecule] = field(default_factory=dict)
    by_element: Mapping[str, str] = field(default_factory=dict)
    """Types of atoms of which a structure tells the element only, where they are not called so."""
    endings: Mapping[tuple[str, str], Ending] = field(default_factory=dict)
    """Of two types, sorted by name, that do not end as the treatment says."""
    treatment: Treatment = field(default_factory=Treatment)
    sources: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for pair in (*self.pairs, *self.endings):
            for name in pair:
                self._require_type(name, f"the pair {' and '.join(pair)}")
        for symbol, name in self.by_element.items():
            self._require_type(name, f"the element {symbol}")
        for name, molecule in self.molecules.items():
            for each in molecule.types:
                self._require_type(each, f"the molecule {name}")

    def ending(self, first: str, second: str) -> Ending:
        """Return what becomes of pairs of two types at their cutoff."""
        return self.endings.get(sorted_pair(first, second), self.treatment.ending)

    def type_of(self, symbol: str) -> str | None:
        """Return the type of atoms of an element of which nothing else is told; None for none."""
        return symbol if symbol in self.types else self.by_element.get(symbol)

    def element_of(self, name: str) -> str:
        """Return the symbol that sites of a type are shown as."""
        from ase.data import atomic_numbers

        stated = self.types[name].element
        return stated or (name if name in atomic_numbers else "X")

    def molecule_of(self, symbols: Counter[str]) -> str | None:
        """Return the name of the molecule whose sites have these elements; None for none, or two.

        Only one whose sites of the same element are of the same type: else elements do not tell.
        """
        found = []
        for name, molecule in self.molecules.items():
            elements = [self.element_of(each) for each in molecule.types]
            distinct = len(set(zip(elements, molecule.types, strict=True))) == len(set(elements))
            if distinct and Counter(elements) == symbols:
                found.append(name)
        return found[0] if len(found) == 1 else None

    def _require_type(self, name: str, what: str) -> None:
        if name not in self.types:
            raise ModelError(
                f"{what} needs the type {name}, which the force field does not have; it has "
                f"{some_of(self.types)}."
            )


def merged(parts: Sequence[ForceField]) -> ForceField:
    """Return the types, pairs and molecules of several force fields as one.

    Raises
    ------
    ModelError
        Two have the same type or molecule, or different types for one element.
    """
    first, *others = parts
    for other in others:
        for what in ("types", "molecules", "by_element"):
            twice = set(getattr(first, what)) & set(getattr(other, what))
            if twice:
                raise ModelError(
                    f"two of the force fields have {' and '.join(sorted(twice))} ({what}); "
                    f"rename them in one."
                )
        first = ForceField(
            types={**first.types, **other.types},
            pairs={**first.pairs, **other.pairs},
            molecules={**first.molecules, **other.molecules},
            by_element={**first.by_element, **other.by_element},
            endings={**first.endings, **other.endings},
            sources=(*first.sources, *other.sources),
        )
    return first


def sorted_pair(first: str, second: str) -> tuple[str, str]:
    """Return two types in the order in which `ForceField.pairs` has them."""
    return (first, second) if first <= second else (second, first)


def some_of(names: Collection[str]) -> str:
    """Return a list of names for a message, cut where it is long."""
    listed = ", ".join(list(names)[:_NAMED])
    return listed + (", ..." if len(names) > _NAMED else "")


def _require_one_of(name: str, value: str, known: object) -> None:
    if value not in get_args(known):
        raise ModelError(f"{name}={value} is not possible; choose {', '.join(get_args(known))}.")
