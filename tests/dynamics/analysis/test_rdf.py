"""g(r) of an ideal gas is one, that of a crystal has its shells, whatever the cell does."""

from collections.abc import Callable

import numpy as np
import pytest
from ase.build import bulk

from nearsight.charts.chart import Line
from nearsight.dynamics.analysis.rdf import radial_distribution
from nearsight.dynamics.analysis.trajectory import Trajectory
from nearsight.errors import MemoryBudgetError, MethodError, NearsightWarning


def ideal_gas(n_frames: int = 60, *, fluctuating: bool = False, n_atoms: int = 120) -> Trajectory:
    rng = np.random.default_rng(5)
    cell = np.array([[11.0, 0, 0], [2.0, 10.0, 0], [-1.0, 1.5, 12.0]])
    sizes = 1 + (0.2 * rng.uniform(-1, 1, n_frames) if fluctuating else np.zeros(n_frames))
    cells = sizes[:, np.newaxis, np.newaxis] * cell
    scaled = rng.uniform(-3, 3, (n_frames, n_atoms, 3))
    return Trajectory(
        numbers=np.array([6] * (n_atoms // 3) + [8] * (n_atoms - n_atoms // 3)),
        masses_amu=np.ones(n_atoms),
        positions_A=np.einsum("fai,fij->faj", scaled, cells),
        cells_A=cells,
        pbc=np.ones(3, dtype=bool),
        times_fs=np.arange(n_frames, dtype=float),
    )


def crystal(n_frames: int = 3) -> Trajectory:
    copper = bulk("Cu", a=3.61, cubic=True) * (3, 3, 3)
    return Trajectory(
        numbers=copper.numbers,
        masses_amu=copper.get_masses(),
        positions_A=np.repeat(copper.positions[np.newaxis], n_frames, axis=0),
        cells_A=np.repeat(copper.cell.array[np.newaxis], n_frames, axis=0),
        pbc=np.ones(3, dtype=bool),
        times_fs=np.arange(n_frames, dtype=float),
    )


@pytest.mark.parametrize("fluctuating", [False, True])
def test_an_ideal_gas_has_one_in_every_shell(fluctuating: bool) -> None:
    gas = ideal_gas(fluctuating=fluctuating)
    result = radial_distribution(gas, width_A=0.4, progress=False)
    n_atoms = gas.n_atoms
    # The scatter of a Poisson process: each pair of atoms is counted twice, so its variance too.
    shells = 4 * np.pi * result.distances_A**2 * result.width_A
    n_pairs = n_atoms**2 / 2 * shells * np.mean(1 / gas.volumes_A3) * len(gas)
    sigmas = (result.total - (1 - 1 / n_atoms)) * np.sqrt(n_pairs)
    assert np.abs(sigmas).max() < 4
    assert 0.5 < sigmas.std() < 1.6
    within = result.farthest_A
    expected = 80 * 4 / 3 * np.pi * within**3 * np.mean(1 / gas.volumes_A3)
    assert result.coordination_number("C", "O", within) == pytest.approx(expected, rel=0.02)
    assert result.total_error is not None
    assert np.median(np.abs(sigmas / np.sqrt(n_pairs)) / result.total_error) < 3


def test_a_crystal_has_its_shells_at_their_distances_with_their_numbers() -> None:
    result = radial_distribution(crystal(), progress=False)
    occupied = result.distances_A[result.total > 0]
    shells = 3.61 * np.sqrt(np.arange(1, 5) / 2)  # of fcc, up to half of the cell
    np.testing.assert_allclose(occupied, shells, atol=result.width_A / 2 * 1.0001)
    for number, radius in zip((12, 18, 42, 54), shells, strict=True):
        assert result.coordination_number("Cu", "Cu", radius + 0.1) == pytest.approx(number)
    # The integral of the density times g(r) is the same number.
    density = 4 / 3.61**3
    shell = 4 / 3 * np.pi * ((result.distances_A + 0.025) ** 3 - (result.distances_A - 0.025) ** 3)
    assert np.sum(density * shell * result.total) == pytest.approx(54)


def test_beyond_half_of_the_cell_images_count() -> None:
    with pytest.warns(NearsightWarning, match=r"beyond 5\.415 Å"):
        far = radial_distribution(crystal(1), farthest_A=8.0, progress=False)
    assert far.coordination_number("Cu", "Cu", 7.9) == pytest.approx(
        12 + 6 + 24 + 12 + 24 + 8 + 48 + 6 + 36
    )


def test_partial_functions_make_up_the_total_and_follow_the_names_of_elements() -> None:
    gas = ideal_gas(5)
    result = radial_distribution(gas, width_A=0.2, progress=False)
    cc, co, oo = (result.partial[pair] for pair in (("C", "C"), ("C", "O"), ("O", "O")))
    share = 1 / 3
    total = share**2 * cc + 2 * share * (1 - share) * co + (1 - share) ** 2 * oo
    np.testing.assert_allclose(result.total, total, atol=1e-12)
    farthest = result.farthest_A
    assert 40 * result.coordination_number("C", "O", farthest) == pytest.approx(
        80 * result.coordination_number("O", "C", farthest)
    )


def test_what_has_no_density_and_what_is_no_length_is_refused() -> None:
    gas = ideal_gas(2)
    with pytest.raises(MethodError, match="not periodic in three"):
        radial_distribution(
            Trajectory(
                gas.numbers,
                gas.masses_amu,
                gas.positions_A,
                gas.cells_A,
                np.array([True, True, False]),
                gas.times_fs,
            )
        )
    for bad in ({"width_A": 0.0}, {"farthest_A": -1.0}, {"width_A": 9.0}, {"farthest_A": np.inf}):
        with pytest.raises(MethodError, match="shells of"):
            radial_distribution(gas, **bad)
    result = radial_distribution(gas, width_A=0.5, progress=False)
    with pytest.raises(MethodError, match="elements are C, O"):
        result.coordination_number("C", "N", 1.0)
    with pytest.raises(MethodError, match="is not between 0 and"):
        result.coordination_number("C", "O", 50.0)


def test_the_chart_has_a_curve_for_each_two_elements_and_is_drawn() -> None:
    from matplotlib.figure import Figure

    result = radial_distribution(ideal_gas(3), width_A=0.3, progress=False)
    assert list(result.chart().series) == ["C-C", "C-O", "O-O", "total"]
    axes = Figure().add_subplot()
    result.plot(axes)
    assert axes.get_ylabel() == "g(r)"


def test_more_pairs_than_there_is_room_for_are_refused(
    make_trajectory: Callable[..., Trajectory],
) -> None:
    cells = np.repeat(10 * np.eye(3)[np.newaxis], 2, axis=0)
    gas = make_trajectory(10 * np.random.default_rng(0).random((2, 50, 3)), cells_A=cells)
    with pytest.raises(MemoryBudgetError, match=r"up to 10000 Å would take .*`farthest_A`"):
        radial_distribution(gas, farthest_A=1e4, progress=False)


def test_peaks_of_bonds_do_not_hide_what_is_between_molecules(
    make_trajectory: Callable[..., Trajectory],
) -> None:
    rng = np.random.default_rng(1)
    middles = 20 * rng.random((40, 20, 3))
    ends = rng.normal(size=(40, 20, 3))
    ends *= 0.55 / np.linalg.norm(ends, axis=2, keepdims=True)
    cells = np.repeat(20 * np.eye(3)[np.newaxis], 40, axis=0)
    dumbbells = np.concatenate([middles + ends, middles - ends], axis=1)
    g = radial_distribution(make_trajectory(dumbbells, cells_A=cells), progress=False)
    chart = g.chart()
    assert g.total.max() > 50
    assert 1.0 < chart.y.high < 10
    assert "cut off" in chart.y.label
    [line] = [mark for mark in chart.marks if isinstance(mark, Line)]
    far = g.distances_A > 3
    np.testing.assert_array_equal(line.y[far], g.total[far])
    assert line.y.max() == chart.y.high
