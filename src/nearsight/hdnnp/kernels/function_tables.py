"""Symmetry functions of a potential, grouped by what they share."""

from collections.abc import Iterable, Sequence
from itertools import groupby, product

import numpy as np

from nearsight.arrays import FloatArray, IntArray
from nearsight.hdnnp.cutoff_functions import CutoffFunction
from nearsight.hdnnp.kernels.symmetry_kernels import FunctionTables
from nearsight.hdnnp.potential import Potential
from nearsight.hdnnp.symmetry_functions import (
    NARROW,
    AngularFunction,
    RadialFunction,
    SymmetryFunction,
)

_Leg = tuple[CutoffFunction, float, float]
_Numbered = tuple[int, AngularFunction]


def function_tables(potential: Potential) -> FunctionTables:
    """Return the tables by which kernels go through the functions of a potential."""
    symbols = potential.symbols
    functions = [each.functions for each in potential.elements]
    cutoffs = sorted({one.cutoff for several in functions for one in several})
    number = {cutoff: index for index, cutoff in enumerate(cutoffs)}
    radial = [
        _radial_of(functions[centre], symbols[neighbour])
        for centre, neighbour in product(range(len(symbols)), repeat=2)
    ]
    legs = [sorted({_leg(one) for one in several if _angular(one)}) for several in functions]
    triples = [
        _angular_of(functions[centre], symbols[first], symbols[second], legs[centre])
        for centre, first, second in product(range(len(symbols)), repeat=3)
    ]
    shapes = [sorted({(one.zeta, one.sign) for _, one in triple}) for triple in triples]
    groups = [_groups(triple) for triple in triples]
    flat_groups = [group for several in groups for group in several]
    touched, as_first, as_second = _touched(radial, triples, len(symbols))
    return FunctionTables(
        cutoff_kinds=_integers(each.kind for each in cutoffs),
        cutoff_starts=_floats(each.start for each in cutoffs),
        cutoff_radii=_floats(each.radius for each in cutoffs),
        reaches=_floats(max(one.cutoff.radius for one in several) for several in functions),
        radial_ranges=_ranges(radial),
        radial_inputs=_integers(index for several in radial for index, _ in several),
        radial_etas=_floats(one.eta for several in radial for _, one in several),
        radial_shifts=_floats(one.shift for several in radial for _, one in several),
        radial_cutoffs=_integers(number[one.cutoff] for several in radial for _, one in several),
        leg_ranges=_ranges(legs),
        leg_etas=_floats(eta for several in legs for _, eta, _ in several),
        leg_shifts=_floats(shift for several in legs for _, _, shift in several),
        leg_cutoffs=_integers(number[cutoff] for several in legs for cutoff, _, _ in several),
        triple_reaches=_floats(_reach(triple) for triple in triples),
        shape_ranges=_ranges(shapes),
        shape_zetas=_floats(zeta for several in shapes for zeta, _ in several),
        shape_powers=_integers(
            int(zeta) if zeta == int(zeta) else 0 for several in shapes for zeta, _ in several
        ),
        shape_signs=_floats(sign for several in shapes for _, sign in several),
        group_ranges=_ranges(groups),
        group_legs=_integers(
            legs[symbols.index(group[0][1].centre)].index(_leg(group[0][1]))
            for group in flat_groups
        ),
        group_narrow=np.array([group[0][1].kind == NARROW for group in flat_groups], dtype=bool),
        angular_ranges=_ranges(flat_groups),
        angular_inputs=_integers(index for group in flat_groups for index, _ in group),
        angular_shapes=_integers(
            own.index((one.zeta, one.sign))
            for triple, own in zip(triples, shapes, strict=True)
            for _, one in triple
        ),
        touched_ranges=_ranges(touched),
        touched_inputs=_integers(index for several in touched for index in several),
        touched_as_first=_integers(as_first),
        touched_as_second=_integers(as_second),
    )


def _angular(function: SymmetryFunction) -> bool:
    return isinstance(function, AngularFunction)


def _leg(function: SymmetryFunction) -> _Leg:
    return function.cutoff, function.eta, function.shift


def _radial_of(
    functions: Sequence[SymmetryFunction], neighbour: str
) -> list[tuple[int, RadialFunction]]:
    """Return the radial functions of such neighbours, with their inputs, by their cutoffs."""
    chosen = [
        (index, one)
        for index, one in enumerate(functions)
        if isinstance(one, RadialFunction) and one.neighbour == neighbour
    ]
    return sorted(chosen, key=lambda each: _leg(each[1]))


def _angular_of(
    functions: Sequence[SymmetryFunction], first: str, second: str, legs: list[_Leg]
) -> list[_Numbered]:
    """Return the angular functions of such neighbours, with their inputs, group by group."""
    chosen = [
        (index, one)
        for index, one in enumerate(functions)
        if isinstance(one, AngularFunction) and one.neighbours == (first, second)
    ]
    return sorted(chosen, key=lambda each: (legs.index(_leg(each[1])), each[1].kind, each[1].zeta))


def _groups(triple: list[_Numbered]) -> list[list[_Numbered]]:
    """Return the functions that share a leg and a kind, which come together."""
    grouped = groupby(triple, key=lambda each: (_leg(each[1]), each[1].kind))
    return [list(group) for _, group in grouped]


def _reach(triple: list[_Numbered]) -> float:
    """Return how far apart neighbours may be to count: for wide functions as far as they will."""
    if any(one.kind != NARROW for _, one in triple):
        return float("inf")
    return max((one.cutoff.radius for _, one in triple), default=0.0)


def _touched(
    radial: list[list[tuple[int, RadialFunction]]], triples: list[list[_Numbered]], n_elements: int
) -> tuple[list[list[int]], list[int], list[int]]:
    """Return the inputs that neighbours of each kind have a part in, and where triples begin."""
    touched = [[index for index, _ in several] for several in radial]
    as_first, as_second = [], []
    for triple, (centre, first, second) in zip(
        triples, product(range(n_elements), repeat=3), strict=True
    ):
        inputs = [index for index, _ in triple]
        one, other = touched[centre * n_elements + first], touched[centre * n_elements + second]
        as_first.append(len(one))
        one.extend(inputs)
        # Two neighbours of one element touch the same functions.
        as_second.append(len(other) if first != second else as_first[-1])
        if first != second:
            other.extend(inputs)
    return touched, as_first, as_second


def _ranges(lists: Sequence[Sequence[object]]) -> IntArray:
    return np.cumsum([0, *map(len, lists)], dtype=np.int64)


def _integers(values: Iterable[int]) -> IntArray:
    return np.fromiter(values, np.int64)


def _floats(values: Iterable[float]) -> FloatArray:
    return np.fromiter(values, np.float64)
