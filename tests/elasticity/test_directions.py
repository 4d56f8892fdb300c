import numpy as np
import pytest

from nearsight.elasticity import elastic_moduli, rotate_tensor, youngs_modulus, youngs_modulus_range
from nearsight.errors import StructureError

COPPER = np.diag([47.0] * 3 + [75.4] * 3)
COPPER[:3, :3] += 121.4


def of_cubic(tensor: np.ndarray, n: np.ndarray) -> float:
    """Nye: 1/E = s11 - 2 (s11 - s12 - s44/2) (n1² n2² + n2² n3² + n3² n1²)."""
    s = np.linalg.inv(tensor)
    x, y, z = (n / np.linalg.norm(n)) ** 2
    return 1 / (s[0, 0] - 2 * (s[0, 0] - s[0, 1] - s[3, 3] / 2) * (x * y + y * z + z * x))


def test_isotropic_solid_is_as_stiff_along_every_direction() -> None:
    tensor = np.diag([120.0] * 3 + [60.0] * 3)
    tensor[:3, :3] += 60.0
    directions = np.random.default_rng(1).normal(size=(50, 3))
    hill = elastic_moduli(tensor).youngs_GPa.hill
    assert youngs_modulus(tensor, directions) == pytest.approx(np.full(50, hill))


def test_cubic_crystal_follows_the_textbook() -> None:
    directions = np.random.default_rng(2).normal(size=(20, 3))
    wanted = [of_cubic(COPPER, n) for n in directions]
    assert youngs_modulus(COPPER, directions) == pytest.approx(np.array(wanted))


def test_extremes_of_a_cubic_crystal_are_along_edge_and_diagonal(turn: np.ndarray) -> None:
    found = youngs_modulus_range(rotate_tensor(COPPER, turn))
    assert found.smallest_GPa == pytest.approx(of_cubic(COPPER, np.array([1, 0, 0])), rel=1e-9)
    assert found.largest_GPa == pytest.approx(of_cubic(COPPER, np.array([1, 1, 1])), rel=1e-9)
    edge, diagonal = found.smallest_direction @ turn, found.largest_direction @ turn
    assert np.sort(np.abs(edge)) == pytest.approx(np.array([0, 0, 1]), abs=1e-4)
    assert np.abs(diagonal) == pytest.approx(np.full(3, 3**-0.5), abs=1e-4)


def test_no_direction_lies_outside_the_range() -> None:
    random = np.random.default_rng(6)
    root = random.normal(size=(6, 6))
    tensor = root @ root.T + np.eye(6)
    found = youngs_modulus_range(tensor)
    values = youngs_modulus(tensor, random.normal(size=(20000, 3)))
    assert found.smallest_GPa <= values.min() * (1 + 1e-12)
    assert found.largest_GPa >= values.max() * (1 - 1e-12)
    assert youngs_modulus(tensor, found.largest_direction) == pytest.approx(found.largest_GPa)


def test_unstable_tensor_is_refused() -> None:
    with pytest.raises(StructureError, match="unstable"):
        youngs_modulus_range(-COPPER)
