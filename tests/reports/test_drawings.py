import base64
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk, molecule

from nearsight.charts.chart import Limit, Line, Points, Ticks
from nearsight.charts.palette import element_colors
from nearsight.records.base import CalculatedRecord
from nearsight.records.results import HarmonicResults
from nearsight.reports import render_report
from nearsight.reports.geometry import drawn_bonds, modes_within, viewer_data
from nearsight.reports.subjects.harmonic import mode_shares
from nearsight.structures.bonds import find_bonds
from nearsight.vibrations import thermodynamics
from nearsight.vibrations.density_of_states import modes_chart
from nearsight.vibrations.heat_capacity_chart import (
    classical_limit_J_per_g_K,
    heat_capacity_chart,
    heat_capacity_curve,
)
from recorded import record_of


def test_modes_survive_the_bytes_they_are_packed_into(quartz_entry: HarmonicResults) -> None:
    vibrations = quartz_entry.vibrations
    data = viewer_data(vibrations, vibrations.n_modes)
    packed = np.frombuffer(base64.b64decode(data["modes"]), dtype=np.int8)
    found = packed.reshape(vibrations.modes.shape) / 127
    expected = vibrations.cartesian_modes()
    largest = np.linalg.norm(expected, axis=2).max(axis=1)[:, None, None]
    assert np.abs(found - expected / largest).max() <= 0.5 / 127 + 1e-12
    assert data["positions"] == pytest.approx(vibrations.atoms.positions.ravel(), abs=5.1e-4)


def test_budget_counts_bytes_of_the_page(quartz_entry: HarmonicResults) -> None:
    vibrations = quartz_entry.vibrations
    for budget in (0, 35, 36, 500, 10**9):
        n_modes = modes_within(vibrations, budget)
        assert len(viewer_data(vibrations, n_modes)["modes"]) <= max(budget, 0)
        assert n_modes == vibrations.n_modes or 4 * vibrations.n_atoms * (n_modes + 1) > budget


def test_every_silicon_of_quartz_has_its_four_oxygens(alpha_quartz: Atoms) -> None:
    bonds = drawn_bonds(alpha_quartz)
    symbols = alpha_quartz.get_chemical_symbols()
    symbols += [symbols[int(image[0])] for image in bonds.images]
    for atom in (index for index, symbol in enumerate(symbols[:9]) if symbol == "Si"):
        partners = [pair[1 - pair.index(atom)] for pair in bonds.pairs if atom in pair]
        assert [symbols[partner] for partner in partners] == ["O"] * 4
    places = [*alpha_quartz.positions.tolist()]
    places += [(alpha_quartz.positions[int(i)] + shift).tolist() for i, *shift in bonds.images]
    for one, other in bonds.pairs:
        assert np.linalg.norm(np.subtract(places[one], places[other])) < 1.8


def test_molecule_has_bonds_and_no_images() -> None:
    bonds = drawn_bonds(molecule("CH3CH2OH"))
    assert len(bonds.pairs) == 8
    assert bonds.images == []


def test_metal_is_not_buried_under_its_images() -> None:
    bonds = drawn_bonds(bulk("Cu", cubic=True).repeat(3))
    assert len(bonds.images) <= 2 * 108


def test_bonds_are_those_by_which_fragments_are_cut(alpha_quartz: Atoms) -> None:
    crystal = alpha_quartz.repeat((2, 1, 1))
    bonds, drawn = find_bonds(crystal), drawn_bonds(crystal)
    leaving = int(bonds.images.any(axis=1).sum())
    # One that leaves the cell is drawn from both ends.
    assert len(drawn.pairs) == len(bonds) + leaving
    places = [*crystal.positions.tolist()]
    places += [(crystal.positions[int(i)] + shift).tolist() for i, *shift in drawn.images]
    lengths = [np.linalg.norm(np.subtract(places[i], places[j])) for i, j in drawn.pairs]
    twice = np.repeat(bonds.lengths_A, 1 + bonds.images.any(axis=1))
    assert np.sort(lengths) == pytest.approx(np.sort(twice), abs=2e-3)


def test_atoms_that_nothing_bonds_are_drawn_with_the_reason(
    water_entry: HarmonicResults, read_page: Callable[[str], Any]
) -> None:
    drawn = drawn_bonds(Atoms("OC", [[0, 0, 0], [0, 0, 0.6]]))
    assert drawn.pairs == drawn.images == []
    assert "0.600 Å apart" in str(drawn.note)
    record = record_of(water_entry)
    assert isinstance(record, CalculatedRecord)
    page = read_page(render_report([record]))
    assert "without bonds" not in page.words
    oxygen, _, other = record.relaxed_structure.positions_A
    squeezed = (oxygen, (oxygen[0], oxygen[1], oxygen[2] + 0.55), other)
    structure = replace(record.relaxed_structure, positions_A=squeezed)
    page = read_page(render_report([replace(record, relaxed_structure=structure, results=None)]))
    assert "The structure is drawn without bonds: Atoms 0 (O) and 1 (H)" in page.words
    assert page.data["structure-1-viewer"]["bonds"] == []


def test_heat_capacity_tends_to_the_drawn_limit(quartz_entry: HarmonicResults) -> None:
    """Dulong and Petit: 3 R per mole of atoms, 60.084 g of SiO2 having three."""
    limit, name = classical_limit_J_per_g_K(quartz_entry.vibrations)
    assert limit == pytest.approx(3 * 3 * 8.314462618 / 60.083, rel=1e-4)
    assert "Dulong" in name
    hot = thermodynamics(quartz_entry.vibrations, 1e6, "classical").heat_capacity_J_per_g_K[0]
    imaginary = quartz_entry.vibrations.n_imaginary
    assert hot / limit == pytest.approx(1 - imaginary / 27, rel=1e-5)


def test_molecule_has_the_limit_of_its_vibrations(water_entry: HarmonicResults) -> None:
    limit, name = classical_limit_J_per_g_K(water_entry.vibrations)
    hot = thermodynamics(water_entry.vibrations, 1e6).heat_capacity_J_per_g_K[0]
    assert hot == pytest.approx(limit, rel=1e-4)
    assert "3 vibrations" in name


def test_heat_capacity_is_drawn_with_its_points_and_its_limit(
    quartz_entry: HarmonicResults,
) -> None:
    thermal, modes = quartz_entry.thermodynamics, quartz_entry.vibrations
    assert thermal is not None
    chart = heat_capacity_chart(modes, thermal)
    limit, line, points = chart.marks
    assert isinstance(limit, Limit)
    assert isinstance(line, Line)
    assert isinstance(points, Points)
    assert limit.value == classical_limit_J_per_g_K(modes)[0]
    assert points.x == pytest.approx(thermal.temperatures_K)
    assert points.y == pytest.approx(thermal.heat_capacity_J_per_g_K)
    # The points lie on the curve, which is c_v at other temperatures, too.
    assert np.interp(points.x, line.x, line.y) == pytest.approx(points.y, rel=1e-12)
    again = thermodynamics(modes, line.x[[10, 50, -1]]).heat_capacity_J_per_g_K
    assert line.y[[10, 50, -1]] == pytest.approx(again)
    assert (chart.x.low, chart.x.high) == (0.0, 1000.0)
    assert chart.y.high > max(line.y.max(), limit.value)
    values = [f"{value:.5f}" for value in thermal.heat_capacity_J_per_g_K]
    assert all(value in chart.description for value in values)
    [curve, _] = heat_capacity_curve(modes, thermal, 400.0).marks
    assert isinstance(curve, Line)
    assert curve.x[-1] == 400.0


def test_curve_of_the_density_holds_every_mode(quartz_entry: HarmonicResults) -> None:
    """The area under the drawn curve is the number of modes, and the elements share it."""
    chart = modes_chart(quartz_entry.vibrations)
    series = chart.series
    assert list(series) == ["O", "Si", "total"]
    total = series["total"]
    n_modes = quartz_entry.vibrations.n_modes
    assert np.trapezoid(total.y, total.x) == pytest.approx(n_modes, rel=1e-3)
    assert series["O"].y + series["Si"].y == pytest.approx(total.y, abs=1e-12)
    [ticks] = [mark for mark in chart.marks if isinstance(mark, Ticks)]
    assert ticks.x == pytest.approx(quartz_entry.vibrations.wavenumbers_per_cm)
    assert f"{n_modes} vibrational states" in chart.description


def test_shares_of_the_elements_add_up(quartz_entry: HarmonicResults) -> None:
    shares = mode_shares(quartz_entry.vibrations)
    assert list(shares) == ["O", "Si"]
    assert np.sum(list(shares.values()), axis=0) == pytest.approx(np.ones(24))


def test_colours_stand_out_from_light_and_dark(contrast: Callable[[str, str], float]) -> None:
    symbols = ["H", "C", "N", "O", "Si", "Al", "Zn", "Cu", "Zr", "Cl", "Pt", "U", "Ga", "Ge", "Xe"]
    for symbol, color in element_colors(symbols).items():
        assert contrast(color, "#ffffff") >= 3, (symbol, color)
        assert contrast(color, "#14171a") >= 3, (symbol, color)


def test_curves_of_one_element_have_one_colour_everywhere(
    make_entry: Callable[..., HarmonicResults], mgo: Atoms
) -> None:
    entry = make_entry(mgo, "mgo.cif")
    colors = viewer_data(entry.vibrations, 0)["colors"]
    series = modes_chart(entry.vibrations).series
    assert [series[symbol].color for symbol in ("Mg", "O")] == colors
