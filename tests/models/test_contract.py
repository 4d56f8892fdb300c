"""The checks that the contract offers to every family."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from ase import Atoms

from nearsight.errors import ModelError
from nearsight.models.contract import Evaluation, Model, require_elements, require_sound

ATOMS = Atoms("COH", positions=np.eye(3))
FINITE = Evaluation(-1.0, np.zeros((3, 3)), np.zeros(6), None)


def with_number(array: np.ndarray, where: Any, value: float) -> np.ndarray:
    changed = array.copy()
    changed[where] = value
    return changed


def test_unknown_elements_are_named_once_in_the_order_of_the_table(
    pair_model: Callable[..., Any],
) -> None:
    atoms = Atoms("AuCuCAu", positions=np.eye(4)[:, :3])
    with pytest.raises(ModelError, match="does not know Cu, Au; choose"):
        require_elements(atoms, pair_model())
    require_elements(atoms, pair_model(elements=None))
    require_elements(atoms, pair_model(elements=frozenset({6, 29, 79})))


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_first_number_that_is_not_finite_is_named(bad: float) -> None:
    require_sound(FINITE, ATOMS, "model")
    with pytest.raises(ModelError, match=f"model gave the energy {bad} for CHO"):
        require_sound(replace(FINITE, energy_eV=bad), ATOMS, "model")
    forces = with_number(FINITE.forces_eV_per_A, (1, 2), bad)
    with pytest.raises(ModelError, match=r"not finite on atom 1 \(O\)"):
        require_sound(replace(FINITE, forces_eV_per_A=forces), ATOMS, "model")
    stress = with_number(np.zeros(6), 3, bad)
    with pytest.raises(ModelError, match="stress that is not finite"):
        require_sound(replace(FINITE, stress_eV_per_A3=stress), ATOMS, "model")


def test_what_lacks_a_verb_is_no_model(pair_model: Callable[..., Any]) -> None:
    assert isinstance(pair_model(), Model)
    assert not isinstance(object(), Model)


@pytest.mark.parametrize("large", [1e300, -1e16])
def test_numbers_beyond_all_meaning_are_refused(large: float) -> None:
    with pytest.raises(ModelError, match="gave the energy"):
        require_sound(replace(FINITE, energy_eV=large), ATOMS, "model")
    forces = with_number(FINITE.forces_eV_per_A, (2, 0), large)
    with pytest.raises(ModelError, match="means nothing on atom 2"):
        require_sound(replace(FINITE, forces_eV_per_A=forces), ATOMS, "model")
    stress = with_number(np.zeros(6), 3, large)
    with pytest.raises(ModelError, match="a stress that is as large as"):
        require_sound(replace(FINITE, stress_eV_per_A3=stress), ATOMS, "model")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"forces_eV_per_A": np.zeros((2, 3))}, r"forces of shape \(2, 3\) for the 3 atoms of CHO"),
        ({"forces_eV_per_A": np.zeros(9)}, r"forces of shape \(9,\)"),
        ({"stress_eV_per_A3": np.zeros((3, 3))}, r"a stress of shape \(3, 3\)"),
        ({"atomic_energies_eV": np.zeros(4)}, r"atomic energies of shape \(4,\)"),
    ],
)
def test_shapes_are_those_of_the_structure(changes: dict[str, np.ndarray], said: str) -> None:
    with pytest.raises(ModelError, match=said):
        require_sound(replace(FINITE, **changes), ATOMS, "model")
