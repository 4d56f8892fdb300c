"""Where the atoms of a gas are: densities of kept configurations, folded onto one cell."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from ase import Atoms

from guests_in_a_cell import CELL_A, FRAMEWORK, N_SAMPLES, isotherm_of_centres
from nearsight.adsorption.gases import Gas, gas_named
from nearsight.adsorption.gcmc.guest_atoms import guest_atoms, kinds_of
from nearsight.adsorption.gcmc.guest_charts import density_chart, density_charts
from nearsight.adsorption.gcmc.settings import ExchangeSettings
from nearsight.adsorption.projection import hexagon_area
from nearsight.charts.chart import Points, Tiles
from nearsight.structures.molecules import SITE_TYPE

CO2 = gas_named("CO2")
ARGON = gas_named("Ar")
LAST = N_SAMPLES - 1
HERE = np.array([0.23, 0.71, 0.94])


def random_centres(n: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).uniform(-30, 30, (n, 3))  # of many cells


def test_the_integral_is_the_mean_number_of_atoms_in_a_cell() -> None:
    isotherm = isotherm_of_centres(
        {
            (LAST - i, chain): random_centres(n, i)
            for i, n in enumerate((3, 0, 5))
            for chain in (0, 1)
        }
    )
    found = list(guest_atoms(isotherm, CO2))
    assert [(each.kind, each.pressure_Pa) for each in found] == [
        ("C", 1e4),
        ("O", 1e4),
        ("C", 1e5),
        ("O", 1e5),
    ]
    for each in found:
        mean = (8 / 3) / 2 * (2 if each.kind == "O" else 1)  # of two cells
        grid = each.density(0.7)
        assert grid.n_configurations == 3
        assert grid.per_A3.shape == (9, 16, 18)
        volume_A3 = np.linalg.det(CELL_A) / (9 * 16 * 18)
        assert grid.per_A3.sum() * volume_A3 == pytest.approx(mean, rel=1e-12)
        assert grid.atoms_per_cell == pytest.approx(mean, rel=1e-12)
        assert each.atoms_per_cell == pytest.approx(mean, rel=1e-12)


def test_all_cells_are_folded_onto_one_of_any_angles() -> None:
    images = HERE + np.array([[0, 0, 0], [1, 0, 0], [-3, 2, 5]])
    isotherm = isotherm_of_centres({(LAST, 0): images @ CELL_A, (LAST, 1): []})
    first, empty = guest_atoms(isotherm, ARGON)
    grid = first.density()
    [voxel] = np.argwhere(grid.per_A3)
    for fraction, middles, place in zip(HERE, grid.fractions, voxel, strict=True):
        assert abs(middles[place] - fraction) <= 0.5 / len(middles)
        assert abs(middles.mean() - 0.5) < 1e-12
    assert grid.atoms_per_cell == pytest.approx(1.5)
    assert empty.density().per_A3.sum() == 0


def test_what_comes_before_equilibrium_does_not_count() -> None:
    isotherm = isotherm_of_centres({(5, 0): random_centres(9, 0), (LAST, 0): random_centres(2, 1)})
    point = isotherm.points[0]
    late = replace(point, loading=replace(point.loading, n_left_out=6))
    early = replace(point, loading=replace(point.loading, n_left_out=5))
    numbers = []
    for each in (late, early):
        [atoms] = guest_atoms(replace(isotherm, points=(each, isotherm.points[1])), ARGON)
        numbers.append(atoms.atoms_per_cell)
    assert numbers == [1.0, 11 / 2 / 2]


def test_kinds_are_elements_unless_sites_of_one_differ() -> None:
    assert {kind: which.tolist() for kind, which in kinds_of(CO2.atoms).items()} == {
        "C": [0],
        "O": [1, 2],
    }
    water = Atoms("OH2X", [[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 0.1]])
    water.set_array(SITE_TYPE, np.array(["O_w", "H_w", "H_w", "M_w"]))
    assert list(kinds_of(water)) == ["O", "H", "M_w"]
    ethanal = Atoms("CCO", [[0, 0, 0], [1.5, 0, 0], [2.5, 0, 0]])
    ethanal.set_array(SITE_TYPE, np.array(["CH3", "CHO", "O"]))
    assert list(kinds_of(Gas("C2H4O", ethanal, "").atoms)) == ["CH3", "CHO", "O"]


@pytest.mark.parametrize("axis", ["a", "b", "c", None])
def test_tiles_lie_where_the_framework_has_its_atoms(axis: str | None) -> None:
    """The gas is where magnesium is, in one or the other cell of the supercell."""
    place_A = FRAMEWORK.positions[0]
    centres = {(LAST, 0): [place_A, place_A + CELL_A[0] - 2 * CELL_A[1]], (LAST, 1): []}
    atoms, _ = guest_atoms(isotherm_of_centres(centres), ARGON)
    chart = density_chart(atoms, FRAMEWORK, axis, view_A=30.0)
    tiles, magnesium, oxygen = chart.marks
    assert isinstance(tiles, Tiles)
    assert isinstance(magnesium, Points)
    assert isinstance(oxygen, Points)
    assert (magnesium.label, oxygen.label) == ("Mg", "O")
    number = {"a": 0, "b": 1, "c": 2, None: 0}[axis]
    along = CELL_A[number] / np.linalg.norm(CELL_A[number])
    area_A2 = abs(np.linalg.det(CELL_A)) / np.linalg.norm(CELL_A[number])
    assert len(tiles.x) == pytest.approx(30.0**2 / area_A2, rel=0.35)
    middles = np.stack([tiles.x, tiles.y], axis=1)
    places = np.stack([magnesium.x, magnesium.y], axis=1)
    apart = np.linalg.norm(middles[:, np.newaxis] - places, axis=2)
    assert apart.min(axis=1).max() <= tiles.size / np.sqrt(3) + 1e-9
    assert len(middles) == len(places)
    np.testing.assert_allclose(tiles.values * hexagon_area(tiles.size), atoms.atoms_per_cell)
    # Neighbours are as far apart as lattice points seen along the axis, which no skewing leaves so.
    shifts = np.array(list(product(range(-2, 3), repeat=3))) @ CELL_A
    flat = np.linalg.norm(shifts - np.outer(shifts @ along, along), axis=1)
    between = np.linalg.norm(places[:, np.newaxis] - places, axis=2)
    assert between[between > 1e-6].min() == pytest.approx(flat[flat > 1e-6].min())


def test_there_are_charts_of_four_pressures_at_most() -> None:
    centres = {(LAST, chain): random_centres(2, chain) for chain in (0, 1)}
    one, other = guest_atoms(isotherm_of_centres(centres), ARGON)
    many = [replace(one, pressure_Pa=1e5 * bar) for bar in range(1, 11)]
    titles = [chart.title for chart in density_charts(many, FRAMEWORK)]
    assert [title.split(" at ")[1].split(" bar")[0] for title in titles] == ["1", "4", "7", "10"]
    assert len(density_charts([one, other], FRAMEWORK)) == 2
    assert density_charts([], FRAMEWORK) == ()


def test_a_long_run_keeps_some_ten_thousand_configurations() -> None:
    pressures = tuple(float(each) for each in range(1, 11))
    usual = ExchangeSettings(pressures_bar=pressures)
    assert usual.schedule(0).kept_every == 10
    for blocks in (400, 1234, 40_000):
        long = ExchangeSettings(pressures_bar=pressures, production_blocks=blocks)
        n_kept = long.n_samples // long.schedule(0).kept_every * long.chains * 10
        assert 15_000 < n_kept < 25_000
