"""Symmetry functions from data: where they bend, and which pairs have some."""

import numpy as np
import pytest
from ase import Atoms

from nearsight.hdnnp.symmetry_functions import AngularFunction, RadialFunction, network_order
from nearsight.training.labelled import LabelledData, LabelledStructure
from nearsight.training.proposing import (
    inflection_eta,
    pair_of,
    propose_functions,
    shortest_distances_A,
)
from nearsight.training.settings import FunctionSettings

SYMBOLS = ("H", "C", "O")
SHORTEST_A = {
    pair_of(a, b): 1.0 for a, b in ("HC", "HO", "CC", "CO", "OO")
}  # no two hydrogen atoms come close


def structure(atoms: Atoms) -> LabelledStructure:
    return LabelledStructure(0, atoms, 0.0, np.zeros((len(atoms), 3)))


def test_shortest_distances_are_those_of_the_data() -> None:
    chain = Atoms("HOHC", [[0, 0, 0], [0, 0, 1.1], [0, 0, 2.5], [0, 0, 7.5]])
    closer = Atoms("OH", [[0, 0, 0], [0, 0, 1.05]])
    shortest = shortest_distances_A([structure(chain), structure(closer)], 3.0)
    assert shortest == pytest.approx({("H", "O"): 1.05, ("H", "H"): 2.5})


def test_images_are_neighbours_too() -> None:
    cell = Atoms("C", cell=[2.0, 3.0, 4.0], pbc=True)
    assert shortest_distances_A([structure(cell)], 2.5) == pytest.approx({("C", "C"): 2.0})


@pytest.mark.parametrize("distance", [0.7, 1.0, 1.6, 2.0])
def test_summands_of_radial_functions_bend_where_they_should(distance: float) -> None:
    """Their slope, by central differences, is steepest there."""
    cutoff, eta = 4.359, inflection_eta(distance, 4.359)

    def summand(r: np.ndarray) -> np.ndarray:
        return np.exp(-eta * r**2) * (np.cos(np.pi * r / cutoff) + 1) / 2

    r = np.linspace(0.3, 4.0, 100_001)
    slopes = (summand(r + 1e-4) - summand(r - 1e-4)) / 2e-4
    assert r[slopes.argmin()] == pytest.approx(distance, abs=2e-4)


def test_eta_is_0_at_half_the_cutoff() -> None:
    assert inflection_eta(3.0, 6.0) == pytest.approx(0.0, abs=1e-12)


def test_numbers_are_those_of_the_paper() -> None:
    """Five radial and eight angular ones for each combination of elements that occurs."""
    proposed = propose_functions(SYMBOLS, SHORTEST_A, FunctionSettings())
    for centre, n_near in (("H", 2), ("C", 3), ("O", 3)):
        functions = proposed[centre]
        radial = [each for each in functions if isinstance(each, RadialFunction)]
        angular = [each for each in functions if isinstance(each, AngularFunction)]
        assert len(radial) == 5 * n_near
        assert len(angular) == 8 * n_near * (n_near + 1) // 2
        assert list(functions) == sorted(functions, key=network_order)
        assert len(set(functions)) == len(functions)
    assert all("H" not in each.neighbours for each in proposed["H"])


def test_pairs_that_do_not_interact_have_no_functions() -> None:
    reaches_A = {("O", "C"): 0.0, ("H", "C"): 9.0}
    proposed = propose_functions(SYMBOLS, SHORTEST_A, FunctionSettings(), reaches_A)
    assert {symbol for each in proposed["C"] for symbol in each.neighbours} == {"H", "C"}
    assert {symbol for each in proposed["O"] for symbol in each.neighbours} == {"H", "O"}
    all_of_h = propose_functions(SYMBOLS, SHORTEST_A, FunctionSettings())["H"]
    assert proposed["H"] == all_of_h


def test_functions_beyond_the_reach_of_a_pair_are_left_out() -> None:
    """Inflection points are 1, 1.29, 1.59, 1.88 and 2.18 Å; a quarter of 4.359 Å is farther."""
    proposed = propose_functions(SYMBOLS, SHORTEST_A, FunctionSettings(), {("C", "C"): 1.6})
    radial = [each for each in proposed["C"] if isinstance(each, RadialFunction)]
    etas = {symbol: [e.eta for e in radial if e.neighbour == symbol] for symbol in SYMBOLS}
    assert [len(each) for each in etas.values()] == [5, 3, 5]
    assert etas["C"] == etas["O"][2:]


def test_the_data_proposes(clusters: LabelledData) -> None:
    settings = FunctionSettings(cutoff_A=3.0, n_radial=2, zetas=(1.0,), angular="wide")
    shortest = shortest_distances_A(clusters.structures, 3.0)
    [(symbol, functions)] = propose_functions(clusters.symbols, shortest, settings).items()
    assert symbol == "Ar"
    assert [each.kind for each in functions] == [2, 2, 9, 9]
    assert 0.75 < shortest[("Ar", "Ar")] < 1.15
    assert functions[1].eta == pytest.approx(inflection_eta(0.75, 3.0))
