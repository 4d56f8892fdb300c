"""Charge and spin of methods with electrons."""

import contextlib

import pytest
from ase import Atoms
from ase.build import molecule

from nearsight.errors import ModelError
from nearsight.models.electrons import charge_and_multiplicity, require_electrons


def test_a_neutral_singlet_is_the_default() -> None:
    assert charge_and_multiplicity("m", {}) == (0, 1)
    assert charge_and_multiplicity("m", {"charge": "-2", "spin": "3"}) == (-2, 3)


@pytest.mark.parametrize("options", [{"spin": "0"}, {"spin": "-1"}, {"charge": "0.5"}])
def test_what_is_none_is_refused(options: dict[str, str]) -> None:
    with pytest.raises(ModelError, match=r"no multiplicity|no whole number"):
        charge_and_multiplicity("m", options)


@pytest.mark.parametrize(
    ("charge", "multiplicities"),
    [(0, {1, 3, 5, 7, 9, 11}), (1, {2, 4, 6, 8, 10}), (-1, {2, 4, 6, 8, 10, 12}), (9, {2})],
)
def test_electrons_that_can_be_paired_so(charge: int, multiplicities: set[int]) -> None:
    possible = set()
    for multiplicity in range(1, 15):
        with contextlib.suppress(ModelError):
            require_electrons(molecule("H2O"), 10, charge, multiplicity, "m")
            possible.add(multiplicity)
    assert possible == multiplicities


@pytest.mark.parametrize(
    ("charge", "multiplicity", "remedy"),
    [(0, 2, "spin=1"), (1, 1, "spin=2"), (0, 13, "spin=1"), (10, 1, "another charge")],
)
def test_electrons_that_cannot(charge: int, multiplicity: int, remedy: str) -> None:
    with pytest.raises(ModelError, match=remedy):
        require_electrons(Atoms("OH2"), 10, charge, multiplicity, "m")
