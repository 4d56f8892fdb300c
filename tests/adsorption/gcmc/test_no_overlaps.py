"""What overlaps, beside the rule for single insertions."""

import numpy as np
import pytest
from ase import Atoms

from nearsight.adsorption.gases import gas_named
from nearsight.adsorption.gcmc.guests import NO_MOLECULES, Configuration, Guests
from nearsight.adsorption.gcmc.moves import INSERTION, Probabilities, StepSizes, draw, propose
from nearsight.adsorption.gcmc.no_overlaps import NoOverlaps
from nearsight.adsorption.overlaps import Overlaps
from nearsight.adsorption.pockets import Pockets
from nearsight.errors import MethodError
from nearsight.structures.supercell import make_supercell

GAS = gas_named("CO2")
CELL = [[9.0, 0.0, 0.0], [2.5, 8.5, 0.0], [-1.5, 2.0, 9.5]]
HOST = Atoms(
    "MgOMgO",
    scaled_positions=[[0.0, 0.0, 0.0], [0.5, 0.1, 0.0], [0.1, 0.5, 0.05], [0.0, 0.1, 0.5]],
    cell=CELL,
    pbc=True,
)
N_CHAINS = 400


def insertions(guests: Guests, cell_A: np.ndarray) -> object:
    rngs = [np.random.default_rng([0, chain]) for chain in range(N_CHAINS)]
    draws = draw(rngs, 1, Probabilities(), cell_A)
    draws.kinds[:] = INSERTION
    return propose(guests, draws, 0, StepSizes.first(N_CHAINS))


def test_insertions_into_an_empty_framework_as_in_widom() -> None:
    supercell = make_supercell(HOST, (2, 1, 1))
    guests = Guests.of([NO_MOLECULES] * N_CHAINS, GAS.sites_A)
    proposals = insertions(guests, supercell.cell.array)
    rule = NoOverlaps(supercell.cell.array, GAS.atoms.numbers, 0.9, HOST)
    allowed = rule.allows(guests, proposals, proposals.possible)
    overlapping = Overlaps(supercell, GAS.atoms.numbers, 0.9).of(proposals.sites_A)
    np.testing.assert_array_equal(allowed, ~overlapping)
    assert 50 < overlapping.sum() < 350


def test_guests_overlap_with_each_other_as_with_a_framework_made_of_them() -> None:
    rng = np.random.default_rng(3)
    cell_A = np.array(CELL)
    there = Configuration(rng.uniform(-1, 2, (4, 3)) @ cell_A, rng.standard_normal((4, 4)))
    quaternions = there.quaternions / np.linalg.norm(there.quaternions, axis=1, keepdims=True)
    there = Configuration(there.centres_A, quaternions)
    guests = Guests.of([there] * N_CHAINS, GAS.sites_A)
    proposals = insertions(guests, cell_A)
    rule = NoOverlaps(cell_A, GAS.atoms.numbers, 1.2)
    allowed = rule.allows(guests, proposals, proposals.possible)
    of_guests = Atoms(
        np.tile(GAS.atoms.numbers, 4),
        positions=there.sites_A(GAS.sites_A).reshape(-1, 3),
        cell=CELL,
        pbc=True,
    )
    overlapping = Overlaps(of_guests, GAS.atoms.numbers, 1.2).of(proposals.sites_A)
    np.testing.assert_array_equal(allowed, ~overlapping)
    assert 50 < overlapping.sum() < 350


def test_pockets_are_kept_free() -> None:
    guests = Guests.of([NO_MOLECULES] * N_CHAINS, GAS.sites_A)
    proposals = insertions(guests, np.array(CELL))
    regions = np.ones((2, 1, 1), dtype=np.int64)
    regions[1] = 2
    rule = NoOverlaps(
        np.array(CELL), GAS.atoms.numbers, 0.0, HOST, Pockets(regions, dimensions=(1, 0))
    )
    allowed = rule.allows(guests, proposals, proposals.possible)
    fractions = proposals.centres_A @ np.linalg.inv(CELL)
    np.testing.assert_array_equal(allowed, fractions[:, 0] < 0.5)


def test_what_is_no_rule_is_refused() -> None:
    with pytest.raises(MethodError, match="`overlap_share` is 0 or more"):
        NoOverlaps(np.array(CELL), GAS.atoms.numbers, -1.0)
    with pytest.raises(MethodError, match="pockets are those of a framework"):
        NoOverlaps(
            np.array(CELL), GAS.atoms.numbers, 0.9, None, Pockets(np.ones((1, 1, 1), int), (1,))
        )
