"""Symmetry functions that suit data: a few for each combination of elements that occurs in it."""

import math
from collections.abc import Mapping, Sequence
from itertools import combinations_with_replacement

import numpy as np
from ase.data import atomic_numbers, chemical_symbols

from nearsight.hdnnp.cutoff_functions import CutoffFunction
from nearsight.hdnnp.symmetry_functions import (
    NARROW,
    WIDE,
    AngularFunction,
    RadialFunction,
    SymmetryFunction,
    network_order,
)
from nearsight.structures.neighbours import neighbour_pairs
from nearsight.training.labelled import LabelledStructure
from nearsight.training.settings import FunctionSettings

Pair = tuple[str, str]
"""Two elements, in the order of their atomic numbers."""
_MOST = 1000
"""No atomic number is as large."""


def pair_of(first: str, second: str) -> Pair:
    """Return two elements in the order of their atomic numbers."""
    one, other = sorted((first, second), key=lambda symbol: atomic_numbers[symbol])
    return one, other


def shortest_distances_A(
    structures: Sequence[LabelledStructure], cutoff_A: float
) -> dict[Pair, float]:
    """Return the shortest distance in Å of each pair of elements that comes closer than a cutoff.

    Parameters
    ----------
    structures
        What is learnt, such as `LabelledData.structures`; pairs are counted with periodic images.
    cutoff_A
        Pairs that never come closer than that, in Å, are left out.

    Raises
    ------
    StructureError
        Atoms lie on images of their own.

    Examples
    --------
    >>> from ase import Atoms
    >>> from ase.calculators.lj import LennardJones
    >>> from nearsight.training import Frame, labelled_data, shortest_distances_A
    >>> pair = Atoms("Ar2", [[0, 0, 0], [0, 0, 1.1]], calculator=LennardJones())
    >>> frame = Frame(pair, pair.get_potential_energy(), pair.get_forces())
    >>> shortest = shortest_distances_A(labelled_data([frame]).structures, cutoff_A=3.0)
    >>> for symbols, distance_A in shortest.items():
    ...     print(symbols, f"{distance_A:.1f} Å")
    ...
    ('Ar', 'Ar') 1.1 Å
    """
    shortest: dict[Pair, float] = {}
    for each in structures:
        i, j, shifts = neighbour_pairs(each.atoms, cutoff_A)
        distances = np.linalg.norm(
            each.atoms.positions[j] + shifts - each.atoms.positions[i], axis=1
        )
        lighter, heavier = np.sort([each.atoms.numbers[i], each.atoms.numbers[j]], axis=0)
        kinds, of_pair = np.unique(_MOST * lighter + heavier, return_inverse=True)
        least = np.full(len(kinds), math.inf)
        np.minimum.at(least, of_pair, distances)
        for kind, distance in zip(kinds.tolist(), least.tolist(), strict=True):
            pair = (chemical_symbols[kind // _MOST], chemical_symbols[kind % _MOST])
            shortest[pair] = min(shortest.get(pair, math.inf), distance)
    return shortest


def inflection_eta(distance: float, cutoff: float) -> float:
    """Return eta for which exp(-eta r²) (cos(pi r / cutoff) + 1) / 2 has its inflection at r.

    It is positive below half the cutoff, 0 there, and in 1/length².
    """
    if distance >= cutoff / 2:
        return 0.0
    x = math.pi * distance / cutoff
    value, slope = (math.cos(x) + 1.0) / 2.0, -math.sin(x) * math.pi / (2.0 * cutoff)
    curvature = -math.cos(x) * math.pi**2 / (2.0 * cutoff**2)
    # The second derivative is exp(-eta r²) times a polynomial of second order in eta.
    square, linear = 4.0 * distance**2 * value, 2.0 * value + 4.0 * distance * slope
    root = math.sqrt(max(linear**2 - 4.0 * square * curvature, 0.0))
    return max((linear + root) / (2.0 * square), 0.0)


def propose_functions(
    symbols: Sequence[str],
    shortest_A: Mapping[Pair, float],
    settings: FunctionSettings,
    reaches_A: Mapping[Pair, float] | None = None,
) -> dict[str, tuple[SymmetryFunction, ...]]:
    """Return symmetry functions of each element, in the order in which its network takes them.

    As many as M. Herbold and J. Behler have (Phys. Chem. Chem. Phys. 2023, 25, 12979): five radial
    and eight angular ones for each combination of elements. Radial ones are not shifted; their
    inflection points are evenly spaced from half the cutoff, where eta is 0, down to the shortest
    distance of the pair in the data, or to a quarter of the cutoff if the pair never comes so
    close. Angular ones have eta 0, zeta 1, 2, 4 and 8, and lambda 1 and
    -1. (The numbers are the paper's; parameters are chosen here.)

    Parameters
    ----------
    symbols
        The elements.
    shortest_A
        See `shortest_distances_A`; a pair that is not in it comes never close and has no functions.
    settings
        Cutoff and numbers.
    reaches_A
        For pairs of elements the distance beyond which their interactions are negligible, as
        `nearsight.locality` tells it (0 where all are): radial functions with inflection points
        beyond it are left out, and all functions of a pair that never comes as close as that. A
        pair that is not in it has all.

    Examples
    --------
    >>> from nearsight.training import FunctionSettings, propose_functions
    >>> shortest_A = {("Cu", "Cu"): 2.5}
    >>> functions = propose_functions(["Cu"], shortest_A, FunctionSettings(cutoff_A=5.0))
    >>> len(functions["Cu"])
    13
    """
    cutoff = CutoffFunction(settings.cutoff_function, 0.0, settings.cutoff_radius_A)
    reaches = {pair_of(*pair): reach for pair, reach in (reaches_A or {}).items()}
    kind = NARROW if settings.angular == "narrow" else WIDE

    def distances(first: str, second: str) -> list[float]:
        """Return the inflection points of a pair; none where it has no functions."""
        pair = pair_of(first, second)
        if pair not in shortest_A:
            return []
        nearest = min(shortest_A[pair], settings.cutoff_radius_A / 4)
        points = np.linspace(settings.cutoff_radius_A / 2, nearest, settings.n_radial)
        reach = reaches.get(pair, math.inf)
        if reach < shortest_A[pair]:
            return []
        # The nearest stays in any case, since the pair interacts there.
        return [float(r) for r in points if r <= reach] or [nearest]

    proposed = {}
    for centre in symbols:
        functions: list[SymmetryFunction] = []
        near = [symbol for symbol in symbols if distances(centre, symbol)]
        for neighbour in near:
            etas = {
                inflection_eta(r, settings.cutoff_radius_A) for r in distances(centre, neighbour)
            }
            functions += [
                RadialFunction(centre, neighbour, eta, 0.0, cutoff) for eta in sorted(etas)
            ]
        for neighbours in combinations_with_replacement(near, 2):
            functions += [
                AngularFunction(kind, centre, neighbours, 0.0, sign, zeta, 0.0, cutoff)
                for zeta in settings.zetas
                for sign in (-1, 1)
            ]
        proposed[centre] = tuple(sorted(functions, key=network_order))
    return proposed
