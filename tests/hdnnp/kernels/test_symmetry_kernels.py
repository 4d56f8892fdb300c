"""Cutoff functions by their formulas, symmetry functions by hand."""

from math import cos, exp, pi, sqrt, tanh

import numpy as np
import pytest
from ase import Atoms

from hdnnp_potentials import SYMBOLS, element_potential, random_molecule, random_potential
from nearsight.hdnnp.cutoff_functions import CutoffFunction
from nearsight.hdnnp.kernels.compiled_potential import compile_potential
from nearsight.hdnnp.kernels.neighbourhoods import neighbourhoods
from nearsight.hdnnp.kernels.symmetry_kernels import cutoff_function, symmetry_functions
from nearsight.hdnnp.potential import Potential
from nearsight.hdnnp.symmetry_functions import (
    NARROW,
    WIDE,
    AngularFunction,
    RadialFunction,
    SymmetryFunction,
)
from nearsight.structures.pairs import pairs_of

RADIUS = 4.0
FORMULAS = {
    0: lambda x: 1.0,
    1: lambda x: (cos(pi * x) + 1) / 2,
    2: lambda x: tanh(1 - x) ** 3,
    3: lambda x: (tanh(1 - x) / tanh(1)) ** 3,
    4: lambda x: exp(1 - 1 / (1 - x**2)),
    5: lambda x: 1 - 3 * x**2 + 2 * x**3,
    6: lambda x: 1 - 10 * x**3 + 15 * x**4 - 6 * x**5,
    7: lambda x: 1 - 35 * x**4 + 84 * x**5 - 70 * x**6 + 20 * x**7,
    8: lambda x: 1 - 126 * x**5 + 420 * x**6 - 540 * x**7 + 315 * x**8 - 70 * x**9,
}


def at(kind: int, inner: float, distance: float) -> tuple[float, float]:
    cutoff = CutoffFunction(kind, inner, RADIUS)
    return cutoff_function(cutoff.kind, cutoff.start, cutoff.radius, distance)


@pytest.mark.parametrize("inner", [0.0, 0.4])
@pytest.mark.parametrize("kind", range(9))
def test_cutoff_functions_follow_their_formulas(kind, inner):
    start = CutoffFunction(kind, inner, RADIUS).start
    for x in (0.0, 0.1, 0.35, 0.5, 0.77, 0.99):
        distance = start + x * (RADIUS - start)
        assert at(kind, inner, distance)[0] == pytest.approx(FORMULAS[kind](x), abs=2e-14)
    assert at(kind, inner, RADIUS) == (0.0, 0.0)
    assert at(kind, inner, RADIUS + 1.0) == (0.0, 0.0)
    if start > 0:
        assert at(kind, inner, 0.9 * start) == (1.0, 0.0)


@pytest.mark.parametrize("inner", [0.0, 0.4])
@pytest.mark.parametrize("kind", range(1, 9))
def test_their_derivatives_are_those_of_differences(kind, inner):
    step = 1e-5
    for distance in (0.3, 1.7, 2.2, 3.0, 3.9):
        ahead, behind = at(kind, inner, distance + step)[0], at(kind, inner, distance - step)[0]
        slope = (ahead - behind) / (2 * step)
        assert at(kind, inner, distance)[1] == pytest.approx(slope, abs=1e-8)


@pytest.mark.parametrize("kind", range(1, 9))
def test_they_go_to_zero_with_their_first_derivative(kind):
    value, slope = at(kind, 0.0, RADIUS * (1 - 1e-7))
    assert abs(value) < 1e-12
    assert abs(slope) < 1e-5
    value, slope = at(kind, 0.0, np.nextafter(RADIUS, 0))
    assert np.isfinite([value, slope]).all()


def test_a_distance_that_is_not_a_number_is_seen():
    for kind in range(1, 9):
        assert np.isnan(at(kind, 0.0, float("nan"))[0])


def values_of(atoms: Atoms, functions: list[SymmetryFunction]) -> np.ndarray:
    """Return functions of the first atom, in their order."""
    random = np.random.default_rng(0)
    elements = []
    for symbol in SYMBOLS:
        own = [one for one in functions if one.centre == symbol]
        other = RadialFunction(symbol, "H", 1.0, 0.0, functions[0].cutoff)
        elements.append(element_potential(random, symbol, own or [other], "tl"))
    potential = compile_potential(Potential(tuple(elements)))
    of_atoms = potential.elements_of(atoms.numbers)
    hoods = neighbourhoods(potential, of_atoms, pairs_of(atoms, potential.cutoff_A))
    values = np.zeros((len(atoms), potential.n_inputs))
    symmetry_functions(potential.functions, hoods, values)
    return values[0, : len(functions)]


def test_functions_of_a_dimer_by_hand():
    cutoff = CutoffFunction(1, 0.0, RADIUS)
    r = 1.3
    f = (cos(pi * r / RADIUS) + 1) / 2
    functions = [
        RadialFunction("O", "H", 0.0, 0.0, cutoff),
        RadialFunction("O", "H", 0.7, 0.5, cutoff),
        RadialFunction("O", "C", 0.7, 0.5, cutoff),
        AngularFunction(WIDE, "O", ("H", "H"), 0.1, 1, 1.0, 0.0, cutoff),
    ]
    values = values_of(Atoms("OH", [[0, 0, 0], [0, r, 0]]), functions)
    assert values == pytest.approx([f, exp(-0.7 * (r - 0.5) ** 2) * f, 0.0, 0.0])


@pytest.mark.parametrize("zeta", [1.0, 2.0, 5.0, 16.0, 0.7, 3.5])
@pytest.mark.parametrize("sign", [1, -1])
def test_functions_of_a_trimer_by_hand(sign, zeta):
    cutoff, wider = CutoffFunction(1, 0.0, RADIUS), CutoffFunction(6, 0.1, 5.0)
    first, second = np.array([1.1, 0.2, 0.0]), np.array([-0.4, 1.5, 0.6])
    eta, shift = 0.09, 0.3
    distances = [float(np.linalg.norm(u)) for u in (first, second, first - second)]
    cosine = first @ second / (distances[0] * distances[1])
    angular = 2 ** (1 - zeta) * (1 + sign * cosine) ** zeta

    def leg(r: float, cutoff: CutoffFunction) -> float:
        return exp(-eta * (r - shift) ** 2) * at_of(cutoff, r)

    def at_of(cutoff: CutoffFunction, r: float) -> float:
        x = (r - cutoff.start) / (cutoff.radius - cutoff.start)
        return float(FORMULAS[cutoff.kind](x))

    values = values_of(
        Atoms("OHC", [np.zeros(3), first, second]),
        [
            # neighbours are given in the other order than that of their numbers
            AngularFunction(NARROW, "O", ("C", "H"), eta, sign, zeta, shift, cutoff),
            AngularFunction(WIDE, "O", ("H", "C"), eta, sign, zeta, shift, cutoff),
            AngularFunction(WIDE, "O", ("H", "C"), eta, sign, zeta, shift, wider),
            AngularFunction(NARROW, "O", ("H", "H"), eta, sign, zeta, shift, cutoff),
        ],
    )
    legs, wider_legs = ([leg(r, each) for r in distances] for each in (cutoff, wider))
    assert values == pytest.approx(
        [
            angular * legs[0] * legs[1] * legs[2],
            angular * legs[0] * legs[1],
            angular * wider_legs[0] * wider_legs[1],
            0.0,
        ]
    )


def test_neighbours_that_are_far_from_each_other_count_in_wide_functions_alone():
    cutoff = CutoffFunction(1, 0.0, 2.0)
    functions = [
        AngularFunction(kind, "O", ("H", "H"), 0.0, -1, 1.0, 0.0, cutoff) for kind in (NARROW, WIDE)
    ]
    narrow, wide = values_of(Atoms("OHH", [[0, 0, 0], [1.5, 0, 0], [-1.5, 0, 0]]), functions)
    assert narrow == 0.0
    assert wide == pytest.approx(2 * ((cos(pi * 0.75) + 1) / 2) ** 2)


def test_atoms_in_a_line_have_numbers():
    cutoff = CutoffFunction(1, 0.0, RADIUS)
    functions = [
        AngularFunction(WIDE, "C", ("O", "O"), 0.0, 1, zeta, 0.0, cutoff)
        for zeta in (0.7, 1.0, 2.5, 4.0)
    ]
    direction = np.array([1.0, 1.0, 1.0]) / sqrt(3)
    values = values_of(Atoms("COO", [np.zeros(3), 1.16 * direction, -1.16 * direction]), functions)
    assert values == pytest.approx(np.zeros(4), abs=1e-10)


def test_functions_do_not_depend_on_those_beside_them():
    """Groups share geometry, cutoff functions and powers: one function alone is the same."""
    atoms = random_molecule(4)
    while atoms.symbols[0] != "O":
        atoms = atoms[np.roll(np.arange(len(atoms)), 1)]
    functions = list(random_potential().elements[SYMBOLS.index("O")].functions)
    together = values_of(atoms, functions)
    alone = [values_of(atoms, [one])[0] for one in functions[::3]]
    assert together[::3] == pytest.approx(alone, rel=1e-12)
    assert (together != 0).sum() >= 20
