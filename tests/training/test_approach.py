"""Two atoms closer than the data: falls are found where they are put, and said."""

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from ase import Atoms

from nearsight.hdnnp.born_mayer import BornMayer, Wall
from nearsight.hdnnp.kernels.compiled_potential import compile_potential
from nearsight.hdnnp.kernels.evaluation import evaluate
from nearsight.hdnnp.networks import Layer, Network
from nearsight.hdnnp.potential import Potential
from nearsight.hdnnp.zbl import ZBL
from nearsight.structures.pairs import pairs_of
from nearsight.training.approach import Approach, approaches, falling
from plain_hdnnp import made_potential

NUCLEI = ZBL(1.0, 3.0)


@pytest.fixture(scope="module")
def silent() -> Potential:
    """Networks that say nothing, so that the repulsion is all there is."""
    made = made_potential(3, {"H": ((2,), "tl"), "O": ((2,), "tl")}, radii=(4.0,))
    elements = []
    for each in made.elements:
        layers = tuple(
            Layer(np.zeros_like(layer.weights), np.zeros_like(layer.biases), layer.activation)
            for layer in each.network.layers
        )
        elements.append(replace(each, network=Network(layers)))
    return replace(made, elements=tuple(elements))


def test_a_wall_rises_all_the_way(silent: Potential) -> None:
    wall = Wall(("H", "O"), 1.5, 4.0, 5.0)
    [each] = approaches(
        replace(silent, repulsion=BornMayer((wall,), NUCLEI)), {("H", "O"): wall.onset_A}
    )
    assert each == Approach(("H", "O"), 1.5, 0.0, 1.5)


def test_a_fall_is_the_largest_of_all_ways_inwards() -> None:
    """Networks with random weights, on a grid of our own: each distance with each farther one."""
    potential = made_potential(5, {"H": ((4,), "tl"), "O": ((3,), "tl")}, radii=(4.0,))
    compiled = compile_potential(potential)
    energies = []
    for r in np.linspace(2.0, 0.4, 401):
        atoms = Atoms("HO", [[0.0, 0.0, 0.0], [r, 0.0, 0.0]])
        pairs = pairs_of(atoms, compiled.cutoff_A)
        energies.append(evaluate(compiled, atoms.numbers, pairs, forces=False).energy_eV)
    fall = max(before - after for before, after in combinations(energies, 2))
    assert fall > 0.001
    [each] = approaches(potential, {("H", "O"): 2.0})
    assert each.fall_eV == pytest.approx(fall, rel=1e-3)


def test_pairs_come_in_the_order_of_elements(silent: Potential) -> None:
    shortest = {("O", "O"): 2.0, ("H", "H"): 1.0, ("H", "O"): 1.2}
    pairs = [each.elements for each in approaches(silent, shortest)]
    assert pairs == [("H", "H"), ("H", "O"), ("O", "O")]


def test_falls_are_said_with_their_pairs() -> None:
    pairs = (
        Approach(("H", "H"), 1.0, 0.0, 1.0),
        Approach(("H", "O"), 1.2, 0.5, 0.9),
        Approach(("O", "O"), 2.0, 3.25, 1.5),
        Approach(("C", "C"), 1.3, 0.01, 1.2),
    )
    [remark] = falling(pairs, "zbl")
    assert remark.code == "pairs-fall"
    assert "up to 3.2 eV (O-O from 2.00 to 1.50 Å; of O-O, H-O)" in str(remark)
    assert "`prior` repulsion" in str(remark)
    [remark] = falling(pairs, "repulsion")
    assert "`prior`" not in str(remark)
    assert falling(pairs[:1], "zbl") == ()
