"""Symmetry functions arranged in blocks that share their geometry.

All radial functions of one cutoff are a block, whatever elements they are about, and all angular
functions of one kind and cutoff. A block is computed for every pair or triple of atoms that a
function of it looks at, and summed separately for each atom and each element, or pair of elements,
of its neighbours. What an element's network takes are columns of the table that comes out.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from ase.data import atomic_numbers

from nearsight.hdnnp.cutoff_functions import CutoffFunction
from nearsight.hdnnp.potential import Potential
from nearsight.hdnnp.symmetry_functions import (
    RadialFunction,
    SymmetryFunction,
)

_Part = TypeVar("_Part")

Gaussian = tuple[float, float]
"""Eta and shift."""

Angle = tuple[int, float]
"""Sign and zeta."""


@dataclass(frozen=True)
class RadialBlock:
    """Radial functions of one cutoff."""

    cutoff: CutoffFunction
    gaussians: tuple[Gaussian, ...]
    centres: frozenset[tuple[int, int]]
    """Elements of centre and neighbour that a function is about, by their index."""

    @property
    def n_values(self) -> int:
        """Number of values of a pair."""
        return len(self.gaussians)


@dataclass(frozen=True)
class AngularBlock:
    """Angular functions of one kind and cutoff."""

    kind: int
    cutoff: CutoffFunction
    gaussians: tuple[Gaussian, ...]
    angles: tuple[Angle, ...]
    products: tuple[tuple[int, int], ...]
    """Which Gaussian stands with which angle in a function."""
    centres: frozenset[tuple[int, int, int]]
    """Elements of centre and neighbours that a function is about, by their index, in order."""

    @property
    def n_values(self) -> int:
        """Number of values of a triple."""
        return len(self.products)


@dataclass(frozen=True)
class Layout:
    """Blocks, and where each function is in the table that they make."""

    numbers: tuple[int, ...]
    """Atomic numbers of the elements, by which they are indexed."""
    radial: tuple[RadialBlock, ...]
    angular: tuple[AngularBlock, ...]
    columns: tuple[tuple[int, ...], ...]
    """For each element the columns of the table that are its functions, in their order."""


@dataclass
class _Collected:
    """What the functions of a block have between them, each once."""

    gaussians: dict[Gaussian, int] = field(default_factory=dict)
    angles: dict[Angle, int] = field(default_factory=dict)
    products: dict[tuple[int, int], int] = field(default_factory=dict)
    centres: set[tuple[int, ...]] = field(default_factory=set)

    def add(self, function: SymmetryFunction, elements: tuple[int, ...]) -> int:
        """Take a function in and return which value of the block it is."""
        self.centres.add(elements)
        gaussian = _index(self.gaussians, (function.eta, function.shift))
        if isinstance(function, RadialFunction):
            return gaussian
        angle = _index(self.angles, (function.sign, function.zeta))
        return _index(self.products, (gaussian, angle))

    @property
    def n_values(self) -> int:
        return len(self.products) or len(self.gaussians)


Key = tuple[int, CutoffFunction]


def layout_of(potential: Potential) -> Layout:
    """Return the arrangement of all functions of a potential."""
    index = {symbol: place for place, symbol in enumerate(potential.symbols)}
    collected: dict[Key, _Collected] = {}
    places: list[list[tuple[Key, int, int]]] = []
    for element in potential.elements:
        places.append([])
        for function in element.functions:
            key = (function.kind, function.cutoff)
            neighbours = tuple(index[symbol] for symbol in function.neighbours)
            block = collected.setdefault(key, _Collected())
            value = block.add(function, (index[element.symbol], *neighbours))
            places[-1].append((key, _slot(neighbours, len(index)), value))
    radial = {key: _radial(key, one) for key, one in collected.items() if not one.products}
    angular = {key: _angular(key, one) for key, one in collected.items() if one.products}
    starts, width = {}, 0
    for key, wide in [*((key, 1) for key in radial), *((key, len(index)) for key in angular)]:
        starts[key] = width
        width += len(index) * wide * collected[key].n_values
    return Layout(
        numbers=tuple(atomic_numbers[symbol] for symbol in potential.symbols),
        radial=tuple(radial.values()),
        angular=tuple(angular.values()),
        columns=tuple(
            tuple(starts[key] + slot * collected[key].n_values + value for key, slot, value in own)
            for own in places
        ),
    )


def _index(known: dict[_Part, int], one: _Part) -> int:
    return known.setdefault(one, len(known))


def _slot(neighbours: Sequence[int], n_elements: int) -> int:
    """Return the place of the sum over neighbours of these elements among those of an atom."""
    first, *others = neighbours
    return first if not others else first * n_elements + others[0]


def _radial(key: Key, block: _Collected) -> RadialBlock:
    return RadialBlock(
        cutoff=key[1],
        gaussians=tuple(block.gaussians),
        centres=frozenset((centre, other) for centre, other in block.centres),
    )


def _angular(key: Key, block: _Collected) -> AngularBlock:
    return AngularBlock(
        kind=key[0],
        cutoff=key[1],
        gaussians=tuple(block.gaussians),
        angles=tuple(block.angles),
        products=tuple(block.products),
        centres=frozenset((centre, one, other) for centre, one, other in block.centres),
    )
