"""Random parameters of elements, pairs and triples of them, and how they are distributed.

Each is drawn for its elements alone, so that it is the same whatever other elements there are, in
whatever order: the raw 64-bit numbers of PCG64, seeded by NumPy's `SeedSequence` with the five
numbers (seed, kind, Z₁, Z₂, Z₃), of which the upper 53 bits are a number u from 0 to 1. NumPy keeps
both streams the same over versions and platforms, unlike those of its distributions.

==================  ==========  ==================================================================
of                  drawn for   uniform in
==================  ==========  ==================================================================
bond length L       pair        (R_a + R_b) times 0.95 to 1.05; R the covalent radius, at least
                                0.6 Å
depth D             pair        0.6 to 1.6 eV
steepness s = α L   pair        3.5 to 4.5
ripples             pair        three of -0.1 to 0.1
share of density    a sees b    0.5 to 1.5
embedding A         element     0.5 to 2 eV
charge              element     -1 to 1 e
strength of angles  centre and  1 to 3 eV
its cosine          two arms    -0.6 to 0.3
==================  ==========  ==================================================================

For nine of ten seeds the force constant of a bond, 2 D α², is 9 to 28 eV/Å² between C and O
(1.4 Å), 5 to 13 eV/Å² between O and Mg (2.1 Å), and 3 to 8 eV/Å² between two Cu (2.6 Å).

Covalent radii: B. Cordero et al., Dalton Trans. 2008, 2832, doi 10.1039/b801115j, those of ASE.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import combinations_with_replacement

import numpy as np
from ase.data import chemical_symbols, covalent_radii

from nearsight.arrays import FloatArray
from nearsight.errors import ModelError
from nearsight.models.families.synthetic.options import SyntheticOptions

ELEMENTS = frozenset(range(1, 97))
"""Those with a covalent radius."""

N_RIPPLES = 3
_ELEMENT, _PAIR, _DENSITY, _TRIPLE = range(1, 5)
_LEAST_RADIUS_A = 0.6
_RANDOM_BITS = 53


@dataclass(frozen=True, eq=False)
class Tables:
    """Parameters of some elements, by the index of each."""

    pairs: FloatArray
    """L in Å, D in eV, α in 1/Å, share of density of the second atom at the first, and ripples,
    shape ``(n_elements, n_elements, 4 + N_RIPPLES)``."""
    elements: FloatArray
    """Embedding in eV and charge in e, with their factors, shape ``(n_elements, 2)``."""
    triples: FloatArray
    """Strength in eV, with its factor, and cosine of a centre with two arms, shape
    ``(n_elements, n_elements, n_elements, 2)``."""


def tables_of(numbers: Sequence[int], options: SyntheticOptions) -> Tables:
    """Return the parameters of elements.

    Parameters
    ----------
    numbers
        Atomic numbers, each once.
    options
        The potential.

    Raises
    ------
    ModelError
        A bond is longer than the cutoff.
    """
    n = len(numbers)
    pairs = np.empty((n, n, 4 + N_RIPPLES))
    triples = np.zeros((n, n, n, 2))
    for a, b in combinations_with_replacement(range(n), 2):
        length_A, depth_eV, per_A, *ripples = _pair(options.seed, numbers[a], numbers[b])
        _require_within(length_A, (numbers[a], numbers[b]), options)
        for centre, other in ((a, b), (b, a)):
            [share] = _uniform(options.seed, _DENSITY, (numbers[centre], numbers[other], 0), 1)
            pairs[centre, other] = [length_A, depth_eV, per_A, 0.5 + share, *ripples]
        for centre in range(n if options.angles else 0):
            strength_eV, cosine = _triple(options.seed, numbers[centre], numbers[a], numbers[b])
            triples[centre, a, b] = triples[centre, b, a] = options.angles * strength_eV, cosine
    factors = (options.embedding, options.charges)
    elements = np.array([_element(options.seed, number) for number in numbers]) * factors
    return Tables(pairs, elements, triples)


@cache
def _pair(seed: int, one: int, other: int) -> tuple[float, ...]:
    """Return L in Å, D in eV, α in 1/Å, and the ripples."""
    drawn = _uniform(seed, _PAIR, (*sorted((one, other)), 0), 3 + N_RIPPLES)
    radii_A = [max(float(covalent_radii[each]), _LEAST_RADIUS_A) for each in (one, other)]
    length_A = sum(radii_A) * (0.95 + 0.1 * drawn[0])
    ripples = [0.2 * each - 0.1 for each in drawn[3:]]
    return (length_A, 0.6 + drawn[1], (3.5 + drawn[2]) / length_A, *ripples)


@cache
def _element(seed: int, number: int) -> tuple[float, float]:
    """Return the embedding in eV and the charge in e."""
    embedding, charge = _uniform(seed, _ELEMENT, (number, 0, 0), 2)
    return 0.5 + 1.5 * embedding, 2 * charge - 1


@cache
def _triple(seed: int, centre: int, one: int, other: int) -> tuple[float, float]:
    """Return the strength in eV and the cosine."""
    strength, cosine = _uniform(seed, _TRIPLE, (centre, *sorted((one, other))), 2)
    return 1 + 2 * strength, 0.9 * cosine - 0.6


def _uniform(seed: int, kind: int, numbers: tuple[int, ...], count: int) -> list[float]:
    """Return numbers from 0 to 1 that depend on nothing else."""
    generator = np.random.PCG64(np.random.SeedSequence([seed, kind, *numbers]))
    raw = generator.random_raw(count)
    return [int(each >> np.uint64(64 - _RANDOM_BITS)) / 2**_RANDOM_BITS for each in raw]


def _require_within(length_A: float, numbers: tuple[int, int], options: SyntheticOptions) -> None:
    if length_A < options.cutoff_A:
        return
    one, other = (chemical_symbols[number] for number in numbers)
    raise ModelError(
        f"cutoff_A={options.cutoff_A:g} of synthetic:{options.seed} is too short for {one} and "
        f"{other}, whose bond is {length_A:.2f} Å long there; make it larger, such as "
        f"cutoff_A={np.ceil(1.5 * length_A):g}."
    )
