"""Walls against the exponential that they are the end of, differences, and where they begin."""

import numpy as np
import pytest

from nearsight.errors import MethodError
from nearsight.hdnnp.born_mayer import BornMayer, Wall, wall_eV
from nearsight.hdnnp.zbl import ZBL

WALL = Wall(("H", "O"), 2.0, 5.0, 4.0)


def test_far_inside_it_is_the_exponential() -> None:
    """The terms that are taken off are a share of exp(-y) (1 + y + y²/2), here y = 40."""
    steep = Wall(("H", "O"), 2.0, 5.0, 40.0)
    energy, slope, curvature = wall_eV(steep, np.array([1.0]))[:, 0]
    assert energy == pytest.approx(5.0 * np.exp(40.0), rel=1e-14)
    assert slope == pytest.approx(-40.0 * energy, rel=1e-14)
    assert curvature == pytest.approx(1600.0 * energy, rel=1e-14)


def test_at_the_onset_it_is_the_next_term_of_the_series() -> None:
    """V = B (bx)³/6 (1 + bx/4 + ...): value, slope and curvature vanish at the onset."""
    x = np.array([1e-2, 1e-3])
    energy, slope, curvature = wall_eV(WALL, WALL.onset_A - x)
    cube = 5.0 * 4.0**3
    np.testing.assert_allclose(energy, cube * x**3 / 6, rtol=1.1e-2)
    np.testing.assert_allclose(slope, -cube * x**2 / 2, rtol=1.4e-2)
    np.testing.assert_allclose(curvature, cube * x, rtol=2.1e-2)
    assert not wall_eV(WALL, np.array([2.0, 2.5])).any()


def test_derivatives_are_differences() -> None:
    r, step = np.array([0.4, 1.0, 1.5, 1.9]), 1e-5
    _, slope, curvature = wall_eV(WALL, r)
    above, below = (wall_eV(WALL, r + sign * step) for sign in (1, -1))
    np.testing.assert_allclose((above[0] - below[0]) / (2 * step), slope, rtol=1e-7)
    np.testing.assert_allclose((above[1] - below[1]) / (2 * step), curvature, rtol=1e-7)


def test_it_falls_all_the_way() -> None:
    energies = wall_eV(WALL, np.linspace(0.05, 1.99, 300))[0]
    assert (np.diff(energies) < 0).all()


def test_pairs_without_a_wall_have_screened_nuclei() -> None:
    nuclei = ZBL(1.2, 3.9)
    both = BornMayer((WALL,), nuclei)
    np.testing.assert_array_equal(both.wall_table(("H", "O"))[0, 1], [2.0, 5.0, 4.0])
    np.testing.assert_array_equal(both.wall_table(("H", "O"))[1, 0], [2.0, 5.0, 4.0])
    assert not both.wall_table(("H", "O"))[[0, 1], [0, 1]].any()
    assert not both.table(("H", "O"))[0, 1].any()
    own, alone = both.table(("H", "O")), nuclei.table(("H", "O"))
    np.testing.assert_array_equal(own[[0, 1], [0, 1]], alone[[0, 1], [0, 1]])
    assert both.outer_A == 3.9
    assert BornMayer((Wall(("H", "O"), 4.1, 5.0, 4.0),), nuclei).outer_A == 4.1
    assert BornMayer((), nuclei).outer_A == 3.9


@pytest.mark.parametrize(
    ("elements", "parameters", "message"),
    [
        (("O", "H"), (2.0, 5.0, 4.0), "order of their atomic numbers"),
        (("H", "Xx"), (2.0, 5.0, 4.0), "two elements"),
        (("H",), (2.0, 5.0, 4.0), "two elements"),
        (("H", "O"), (0.0, 5.0, 4.0), "above 0"),
        (("H", "O"), (2.0, -5.0, 4.0), "above 0"),
        (("H", "O"), (2.0, 5.0, float("nan")), "above 0"),
    ],
)
def test_walls_are_those_of_two_elements(
    elements: tuple[str, str], parameters: tuple[float, float, float], message: str
) -> None:
    with pytest.raises(MethodError, match=message):
        Wall(elements, *parameters)


def test_no_pair_has_two_walls() -> None:
    with pytest.raises(MethodError, match="more than one wall of H-O"):
        BornMayer((WALL, WALL), ZBL(1.0, 2.0))
