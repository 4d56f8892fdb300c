"""HDNNPs of each cutoff, activation, scaling and unit, with random weights."""

import numpy as np
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

EVERY_ACTIVATION = "ltsSprgceh"


def random_potential(
    symbols: tuple[str, ...] = ("H", "C", "O"),
    cutoffs: tuple[CutoffFunction, ...] = (CutoffFunction(2, 0.0, 4.0),),
    *,
    activations: str = "tt",
    scaling: Scaling = Scaling(),  # noqa: B008
    units: PotentialUnits = PotentialUnits(),  # noqa: B008
    normalization: Normalization = Normalization(0.3, 2.0, 1.5),  # noqa: B008
    seed: int = 0,
) -> Potential:
    """Return a potential that has every kind of function with every one of the cutoffs.

    Its networks have a layer of four nodes for each letter of `activations`.
    """
    rng = np.random.default_rng(seed)
    ordered = sorted(symbols, key=atomic_numbers.__getitem__)
    elements = []
    for symbol in ordered:
        functions = tuple(sorted(_functions(symbol, ordered, cutoffs), key=network_order))
        elements.append(
            ElementPotential(
                symbol=symbol,
                functions=functions,
                statistics=_statistics(len(functions), rng),
                network=_network(len(functions), activations, rng),
                atomic_energy=float(rng.normal()),
            )
        )
    return Potential(tuple(elements), scaling, normalization, units)


def _functions(
    centre: str, symbols: list[str], cutoffs: tuple[CutoffFunction, ...]
) -> list[SymmetryFunction]:
    functions: list[SymmetryFunction] = []
    for cutoff in cutoffs:
        for place, one in enumerate(symbols):
            functions.append(RadialFunction(centre, one, 0.2, 0.0, cutoff))
            functions.append(RadialFunction(centre, one, 3.0, 1.1, cutoff))
            for other in symbols[place:]:
                pair = (one, other)
                functions += [
                    AngularFunction(NARROW, centre, pair, 0.02, -1, 1.0, 0.0, cutoff),
                    AngularFunction(NARROW, centre, pair, 0.1, 1, 4.0, 0.3, cutoff),
                    AngularFunction(WIDE, centre, pair, 0.05, 1, 2.5, 0.0, cutoff),
                    AngularFunction(WIDE, centre, pair, 0.02, -1, 2.0, 0.5, cutoff),
                ]
    return functions


def _statistics(n_functions: int, rng: np.random.Generator) -> FunctionStatistics:
    smallest = rng.uniform(0.0, 0.2, n_functions)
    largest = smallest + rng.uniform(0.5, 2.0, n_functions)
    return FunctionStatistics(
        smallest=smallest,
        largest=largest,
        mean=(smallest + largest) / 2 + 0.05,
        sigma=(largest - smallest) / 4,
    )


def _network(n_inputs: int, activations: str, rng: np.random.Generator) -> Network:
    sizes = [n_inputs, *[4] * len(activations), 1]
    return Network(
        tuple(
            Layer(
                weights=rng.normal(size=(n_nodes, n_before)) / np.sqrt(n_before),
                biases=rng.normal(size=n_nodes) / 2,
                activation=activation,
            )
            for n_before, n_nodes, activation in zip(
                sizes, sizes[1:], activations + "l", strict=False
            )
        )
    )
