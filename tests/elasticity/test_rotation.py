import numpy as np
import pytest

from nearsight.elasticity import rotate_tensor
from nearsight.structures.strain import VOIGT, strain_matrix


def voigt(matrix: np.ndarray) -> np.ndarray:
    return np.array([matrix[a, b] * (1 if a == b else 2) for a, b in VOIGT])


def test_energy_of_a_strain_does_not_depend_on_the_frame(turn: np.ndarray) -> None:
    random = np.random.default_rng(9)
    root, strain = random.normal(size=(6, 6)), random.normal(size=6)
    tensor = root @ root.T
    turned = voigt(turn @ strain_matrix(strain) @ turn.T)
    wanted = strain @ tensor @ strain
    assert turned @ rotate_tensor(tensor, turn) @ turned == pytest.approx(wanted)


def test_turns_follow_each_other(turn: np.ndarray) -> None:
    root = np.random.default_rng(5).normal(size=(6, 6))
    tensor = root + root.T
    twice = rotate_tensor(rotate_tensor(tensor, turn), turn)
    assert rotate_tensor(tensor, turn @ turn) == pytest.approx(twice)
    assert rotate_tensor(tensor, -np.eye(3)) == pytest.approx(tensor)
