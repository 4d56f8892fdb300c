"""Random potentials of every kind, for what is true of all of them."""

from itertools import combinations_with_replacement, product

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
)
from nearsight.hdnnp.symmetry_functions import (
    NARROW,
    WIDE,
    AngularFunction,
    RadialFunction,
    SymmetryFunction,
    network_order,
)

SYMBOLS = ("H", "C", "O")
CUTOFFS = (CutoffFunction(6, 0.2, 3.5), CutoffFunction(1, 0.0, 4.0), CutoffFunction(2, 0.0, 3.0))


def random_potential(
    seed: int = 0,
    *,
    symbols: tuple[str, ...] = SYMBOLS,
    cutoffs: tuple[CutoffFunction, ...] = CUTOFFS,
    activations: str = "tpl",
) -> Potential:
    """Return a potential with radial, narrow and wide functions of several cutoffs and powers."""
    random = np.random.default_rng(seed)
    return Potential(
        tuple(
            element_potential(random, symbol, functions_of(symbol, symbols, cutoffs), activations)
            for symbol in sorted(symbols, key=atomic_numbers.__getitem__)
        ),
        normalization=Normalization(0.1, 2.0, 3.0),
    )


def functions_of(
    centre: str, symbols: tuple[str, ...], cutoffs: tuple[CutoffFunction, ...]
) -> list[SymmetryFunction]:
    functions: list[SymmetryFunction] = []
    for number, (neighbour, cutoff) in enumerate(product(symbols, cutoffs)):
        functions.extend(
            RadialFunction(centre, neighbour, eta, shift, cutoff)
            for eta, shift in ((0.0, 0.0), (0.3 + 0.1 * number, 0.0), (1.5, 1.2))
        )
    for number, neighbours in enumerate(combinations_with_replacement(symbols, 2)):
        cutoff, other = cutoffs[number % len(cutoffs)], cutoffs[(number + 1) % len(cutoffs)]
        functions.extend(
            AngularFunction(kind, centre, neighbours, eta, sign, zeta, shift, among)
            for kind, eta, sign, zeta, shift, among in (
                (NARROW, 0.0, 1, 1.0, 0.0, cutoff),
                (NARROW, 0.02, -1, 4.0, 0.0, other),
                (NARROW, 0.02, 1, 2.5, 0.0, other),
                (WIDE, 0.05, 1, 3.0, 0.4, cutoff),
                (WIDE, 0.02, -1, 1.0, 0.0, other),
            )
        )
    return sorted(functions, key=network_order)


def element_potential(
    random: np.random.Generator,
    symbol: str,
    functions: list[SymmetryFunction],
    activations: str,
) -> ElementPotential:
    n_functions = len(functions)
    smallest = random.uniform(0.0, 0.3, n_functions)
    width = random.uniform(0.5, 2.0, n_functions)
    sizes = (n_functions, *(6 + index for index in range(len(activations) - 1)), 1)
    return ElementPotential(
        symbol,
        tuple(functions),
        FunctionStatistics(
            smallest, smallest + width, smallest + 0.4 * width, random.uniform(0.5, 1, n_functions)
        ),
        Network(
            tuple(
                Layer(
                    random.normal(size=(n_nodes, n_inputs)) / np.sqrt(n_inputs),
                    random.normal(size=n_nodes),
                    activation,
                )
                for n_inputs, n_nodes, activation in zip(
                    sizes[:-1], sizes[1:], activations, strict=True
                )
            )
        ),
        atomic_energy=float(random.normal()),
    )


def random_molecule(seed: int = 0, n_atoms: int = 9, box_A: float = 5.0) -> Atoms:
    """Return atoms of all elements at random places, no two of them closer than 0.8 Å."""
    random = np.random.default_rng(seed)
    positions: list[np.ndarray] = []
    while len(positions) < n_atoms:
        place = random.uniform(0, box_A, 3)
        if all(np.linalg.norm(place - other) > 0.8 for other in positions):
            positions.append(place)
    symbols = [SYMBOLS[number % len(SYMBOLS)] for number in range(n_atoms)]
    return Atoms(random.permutation(symbols), positions)


def random_crystal(seed: int = 0, n_atoms: int = 6, box_A: float = 4.2) -> Atoms:
    """Return a crystal with a skewed cell, in which functions with CUTOFFS see images of atoms."""
    atoms = random_molecule(seed, n_atoms, box_A - 0.8)
    atoms.cell = box_A * np.array([[1.0, 0.0, 0.0], [0.2, 1.0, 0.0], [-0.1, 0.3, 1.0]])
    atoms.pbc = True
    return atoms
