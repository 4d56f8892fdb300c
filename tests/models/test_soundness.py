"""What a model answers must be numbers of the right shape; errors name what is not."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from ase import Atoms

from nearsight.errors import ModelError
from nearsight.models.contract import Evaluation
from nearsight.models.soundness import require_all_sound, require_sound

ATOMS = Atoms("COH", positions=np.eye(3))
FINITE = Evaluation(-1.0, np.zeros((3, 3)), np.zeros(6), None)


def with_number(array: np.ndarray, where: Any, value: float) -> np.ndarray:
    changed = array.copy()
    changed[where] = value
    return changed


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


def test_the_structure_of_a_batch_is_named() -> None:
    bad_answer = replace(FINITE, energy_eV=np.nan)
    with pytest.raises(ModelError, match=r"^structure 1 of the batch, CHO: model gave the energy"):
        require_all_sound([FINITE, bad_answer], [ATOMS, ATOMS], "model")


def test_forces_that_were_not_asked_for_need_not_be_sound() -> None:
    require_sound(replace(FINITE, forces_eV_per_A=None), ATOMS, "model")
