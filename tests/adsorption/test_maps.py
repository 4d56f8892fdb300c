"""Maps of a gas: tiles along an axis, and free energies on a grid."""

import numpy as np
import pytest

from nearsight.adsorption.maps import free_energy_grid, map_along
from nearsight.adsorption.placements import Placements
from nearsight.adsorption.trials import Trials
from nearsight.charts.chart import Tiles
from nearsight.units import BOLTZMANN_EV_PER_K

CELL_A = np.array([[12.0, 0, 0], [3.0, 11.0, 0], [1.0, -2.0, 7.0]])
TEMPERATURE_K = 300.0
THERMAL_EV = BOLTZMANN_EV_PER_K * TEMPERATURE_K


def trials(n: int = 30_000, biased: bool = False) -> Trials:
    """Trials of a channel along c: a well in half of the cell along a, and a wall."""
    rng = np.random.default_rng(0)
    fractions = rng.random((n, 3))
    densities = np.ones(n)
    if biased:  # along a, twice as often in the lower half
        fractions[:, 0] = np.where(rng.random(n) < 2 / 3, 0, 0.5) + 0.5 * fractions[:, 0]
        densities = np.where(fractions[:, 0] < 0.5, 4 / 3, 2 / 3)
    energies = np.where(fractions[:, 0] < 0.5, -0.1, 0.05)
    energies[fractions[:, 1] > 0.8] = np.inf
    nothing = np.zeros(n, dtype=bool)
    placed = Placements(fractions @ CELL_A, np.tile([1.0, 0, 0, 0], (n, 1)), densities)
    return Trials(placed, energies, nothing, nothing, np.full(n, np.nan))


@pytest.mark.parametrize("biased", [False, True])
def test_tiles_have_the_potential_of_what_lies_behind_them(biased: bool) -> None:
    chart = map_along(trials(biased=biased), CELL_A, TEMPERATURE_K, "c", size_A=1.0, view_A=40.0)
    [tiles] = chart.marks
    assert isinstance(tiles, Tiles)
    middles = np.stack([tiles.x, tiles.y], axis=1)
    assert np.abs(middles).max() <= 20.0 + 1.0
    # Far from borders a tile is in one region, and both are there again in every cell.
    values = tiles.values
    assert np.isclose(values, -0.1, atol=1e-9).mean() > 0.25
    assert np.isclose(values, 0.05, atol=1e-9).mean() > 0.25
    assert (values > -0.1 - 1e-9).all()
    # A fifth is a wall, and left out but for tiles on its border.
    area = np.sqrt(3) / 2 * len(middles) / 40.0**2
    assert 0.8 < area < 0.95
    distances = np.linalg.norm(middles - middles[0], axis=1)
    assert np.sort(distances)[1] == pytest.approx(1.0)


def test_the_shortest_axis_is_the_one_along_which_is_looked() -> None:
    assert map_along(trials(2000), CELL_A, TEMPERATURE_K).title.endswith("along c")
    turned = CELL_A[[2, 0, 1]]
    assert map_along(trials(2000), turned, TEMPERATURE_K).title.endswith("along a")


@pytest.mark.parametrize("biased", [False, True])
def test_free_energies_have_the_mean_weight(biased: bool) -> None:
    some = trials(biased=biased)
    grid = free_energy_grid(some, CELL_A, TEMPERATURE_K, 1.0)
    assert grid.shape == (12, 11, 7)
    mean = np.exp(-grid / THERMAL_EV).mean()
    assert mean == pytest.approx(np.exp(some.weights(TEMPERATURE_K).log_mean), rel=1e-9)
    assert np.isposinf(grid[:, 9:]).all()
    lower, upper = (np.exp(-part / THERMAL_EV).mean() for part in (grid[:6, :8], grid[6:, :8]))
    assert -THERMAL_EV * np.log(lower) == pytest.approx(-0.1, abs=2e-3)
    assert -THERMAL_EV * np.log(upper) == pytest.approx(0.05, abs=2e-3)
