"""What exact derivatives tell, where the answer is known in closed form."""

from collections.abc import Callable

import numpy as np
import pytest
from ase.build import molecule
from ase.neighborlist import neighbor_list

from nearsight.evaluation.exactness import computing
from nearsight.evaluation.exactness.reference import (
    REACTIONS,
    atomization_eV,
    reaction_eV,
    reference_energies,
)
from nearsight.evaluation.exactness.structures import alkane
from nearsight.models.contract import Model
from nearsight.progress import SeveralProgress


def test_the_work_of_a_swirl_is_its_strength_times_the_area(
    faulty: Callable[[str], Model],
) -> None:
    water = molecule("H2O")
    loop = computing.loop(faulty("Swirling"), water, 24, SeveralProgress())
    first, second = (each - each.mean(axis=0) for each in computing._two_directions(3))
    turning = first[:, 0] * second[:, 1] - first[:, 1] * second[:, 0]
    area = np.pi * 0.1**2 * turning.sum()
    assert loop.work_meV_per_atom == pytest.approx(1000 * 2 * 0.2 * area / 3, rel=1e-3)


def test_the_jacobian_of_a_swirl_is_known(faulty: Callable[[str], Model]) -> None:
    # 0.2 (x ∂_y - y ∂_x) about the mean of three atoms: each block has two entries of ±0.2.
    found = computing.jacobian(faulty("Swirling"), molecule("H2O"), SeveralProgress())
    projector = np.eye(3) - 1 / 3
    assert found.antisymmetric_eV_per_A2 == pytest.approx(
        0.2 * np.sqrt(2) * np.linalg.norm(projector), rel=1e-4
    )


def test_an_alkane_has_its_bonds() -> None:
    chain = alkane(16)
    assert chain.get_chemical_formula() == "C16H34"
    first, lengths = neighbor_list("id", chain, 1.6)
    bonds = np.bincount(first)
    assert (bonds == np.where(chain.numbers == 6, 4, 1)).all()
    assert set(np.round(lengths, 2)) == {1.10, 1.53}
    assert np.linalg.norm(chain.positions[15] - chain.positions[0]) > 18.0


# Atomization energies by PBE in kcal/mol: S. Kurth, J. P. Perdew, P. Blaha, Int. J. Quantum Chem.
# 1999, 75, 889, which are at other geometries.
PUBLISHED = {"H2": 104.6, "N2": 243.2, "O2": 143.7, "CO": 268.8, "H2O": 234.2, "CH4": 419.8}


def test_reference_energies_are_those_of_pbe() -> None:
    reference = reference_energies()
    found = atomization_eV(reference.atoms_eV, reference.molecules_eV)
    n_atoms = {"H2": 2, "N2": 2, "O2": 2, "CO": 2, "H2O": 3, "CH4": 5}
    for name, expected in PUBLISHED.items():
        if name in found:
            assert found[name] * n_atoms[name] == pytest.approx(expected * 0.0433641, abs=0.08)


def test_reactions_keep_their_atoms() -> None:
    from ase.formula import Formula

    for reaction, numbers in REACTIONS.items():
        left: dict[str, float] = {}
        for name, number in numbers.items():
            for element, count in Formula(name).count().items():
                left[element] = left.get(element, 0) + number * count
        assert not any(left.values()), reaction
    assert reaction_eV({"H2": 1.0}) == {}
