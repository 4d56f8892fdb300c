"""Potentials of Behler and Parrinello of all shapes, and their energies by formulas in plain NumPy.

It is slow and knows molecules only; what it says is a second route to every number of a file.
"""

import itertools
import math
from collections.abc import Sequence

import numpy as np
from ase import Atoms
from ase.data import atomic_numbers

from nearsight.hdnnp.cutoff_functions import CutoffFunction
from nearsight.hdnnp.networks import Layer, Network
from nearsight.hdnnp.potential import (
    ElementPotential,
    FunctionStatistics,
    Normalization,
    Potential,
    PotentialUnits,
    Scaling,
)
from nearsight.hdnnp.symmetry_functions import (
    NARROW,
    WIDE,
    AngularFunction,
    RadialFunction,
    SymmetryFunction,
    network_order,
)

ACTIVATIONS = {
    "l": lambda x: x,
    "t": np.tanh,
    "s": lambda x: 1 / (1 + np.exp(-x)),
    "S": lambda x: 1 - 1 / (1 + np.exp(-x)),
    "p": lambda x: np.log1p(np.exp(x)),
    "r": lambda x: np.maximum(x, 0),
    "g": lambda x: np.exp(-(x**2) / 2),
    "c": np.cos,
    "e": lambda x: np.exp(-x),
    "h": lambda x: x**2,
}


def made_potential(
    seed: int,
    layers: dict[str, tuple[Sequence[int], str]],
    *,
    scaling: Scaling = Scaling(),  # noqa: B008
    normalization: Normalization = Normalization(),  # noqa: B008
    units: PotentialUnits = PotentialUnits(),  # noqa: B008
    cutoff: tuple[int, float] = (2, 0.0),
    radii: Sequence[float] = (4.0, 5.5),
) -> Potential:
    """Return a potential with all kinds of functions, random parameters and all their digits.

    Parameters
    ----------
    layers
        Of each element, the nodes of its hidden layers and a letter for these and the output.
    """
    rng = np.random.default_rng(seed)
    symbols = sorted(layers, key=atomic_numbers.__getitem__)
    cutoffs = [CutoffFunction(*cutoff, radius) for radius in radii]
    elements = []
    for symbol in symbols:
        functions = sorted(_functions(rng, symbol, symbols, cutoffs), key=network_order)
        nodes, letters = layers[symbol]
        elements.append(
            ElementPotential(
                symbol,
                tuple(functions),
                _statistics(rng, len(functions)),
                _network(rng, (len(functions), *nodes, 1), letters),
                float(rng.normal(-30, 10)),
            )
        )
    return Potential(tuple(elements), scaling, normalization, units)


def _functions(
    rng: np.random.Generator,
    centre: str,
    symbols: Sequence[str],
    cutoffs: Sequence[CutoffFunction],
) -> list[SymmetryFunction]:
    functions: list[SymmetryFunction] = []
    for cutoff in cutoffs:
        for neighbour in symbols:
            functions += [
                RadialFunction(centre, neighbour, rng.uniform(0, 2), shift, cutoff)
                for shift in (0.0, rng.uniform(0.5, 2))
            ]
        for pair in itertools.combinations_with_replacement(symbols, 2):
            for kind, sign, shift in ((NARROW, 1, 0.0), (WIDE, -1, 0.0), (WIDE, 1, 0.7)):
                zeta = float(rng.choice([1.0, 2.0, 4.0, 3.3]))
                eta = rng.uniform(0, 0.2)
                functions.append(
                    AngularFunction(kind, centre, pair, eta, sign, zeta, shift, cutoff)
                )
    return functions


def _statistics(rng: np.random.Generator, n_functions: int) -> FunctionStatistics:
    smallest = rng.uniform(0, 0.5, n_functions)
    spread = rng.uniform(0.5, 2, n_functions)
    mean = smallest + spread * rng.uniform(0.2, 0.8, n_functions)
    return FunctionStatistics(smallest, smallest + spread, mean, spread * rng.uniform(0.1, 0.3))


def _network(rng: np.random.Generator, sizes: Sequence[int], letters: str) -> Network:
    return Network(
        tuple(
            Layer(rng.normal(0, 0.3, (after, before)), rng.normal(0, 0.3, after), letter)
            for (before, after), letter in zip(itertools.pairwise(sizes), letters, strict=True)
        )
    )


def energy_eV(potential: Potential, molecule: Atoms) -> float:
    """Return the energy of a molecule in eV."""
    shift, units = potential.normalization, potential.units
    positions = molecule.positions / units.length_A
    elements = {each.symbol: each for each in potential.elements}
    total = 0.0
    for centre, symbol in enumerate(molecule.symbols):
        element = elements[symbol]
        values = np.array(
            [_value(one, centre, positions, list(molecule.symbols)) for one in element.functions]
        )
        inputs = _scaled(values, element.statistics, potential.scaling)
        for layer in element.network.layers:
            inputs = ACTIVATIONS[layer.activation](layer.weights @ inputs + layer.biases)
        total += element.atomic_energy + shift.mean_energy + inputs[0] / shift.conv_energy
    return total * units.energy_eV


def _scaled(values: np.ndarray, known: FunctionStatistics, scaling: Scaling) -> np.ndarray:
    stretch = scaling.high - scaling.low
    spread = known.largest - known.smallest
    return {
        "none": values,
        "center": values - known.mean,
        "range": scaling.low + stretch * (values - known.smallest) / spread,
        "range and center": scaling.low + stretch * (values - known.mean) / spread,
        "sigma": scaling.low + stretch * (values - known.mean) / known.sigma,
    }[scaling.kind]


def _value(
    function: SymmetryFunction, centre: int, positions: np.ndarray, symbols: list[str]
) -> float:
    vectors = positions - positions[centre]
    distances = np.linalg.norm(vectors, axis=1)
    others = [index for index in range(len(symbols)) if index != centre]
    if isinstance(function, RadialFunction):
        return sum(
            math.exp(-function.eta * (distances[j] - function.shift) ** 2)
            * _cut(function.cutoff, distances[j])
            for j in others
            if symbols[j] == function.neighbour
        )
    total = 0.0
    for j, k in itertools.combinations(others, 2):
        if sorted((symbols[j], symbols[k])) != sorted(function.neighbours):
            continue
        legs = [distances[j], distances[k]]
        if function.kind == NARROW:
            legs.append(float(np.linalg.norm(positions[j] - positions[k])))
        cosine = vectors[j] @ vectors[k] / (distances[j] * distances[k])
        total += (
            2 ** (1 - function.zeta)
            * (1 + function.sign * cosine) ** function.zeta
            * math.exp(-function.eta * sum((leg - function.shift) ** 2 for leg in legs))
            * math.prod(_cut(function.cutoff, leg) for leg in legs)
        )
    return total


def _cut(cutoff: CutoffFunction, distance: float) -> float:
    x = (distance - cutoff.start) / (cutoff.radius - cutoff.start)
    if distance >= cutoff.radius:
        return 0.0
    if x <= 0 and cutoff.start:
        return 1.0
    share = 1 - distance / cutoff.radius
    return {
        0: lambda: 1.0,
        1: lambda: 0.5 * (math.cos(math.pi * x) + 1),
        2: lambda: math.tanh(share) ** 3,
        3: lambda: (math.tanh(share) / math.tanh(1)) ** 3,
        4: lambda: math.exp(1 - 1 / (1 - x**2)),
        5: lambda: (2 * x - 3) * x**2 + 1,
        6: lambda: ((15 - 6 * x) * x - 10) * x**3 + 1,
        7: lambda: (x * (x * (20 * x - 70) + 84) - 35) * x**4 + 1,
        8: lambda: (x * (x * ((315 - 70 * x) * x - 540) + 420) - 126) * x**5 + 1,
    }[cutoff.kind]()
