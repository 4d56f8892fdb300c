import base64
from collections.abc import Callable
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk, molecule

from nearsight.records.results import HarmonicResults
from nearsight.reports.figures import (
    classical_limit_J_per_g_K,
    density_of_states_svg,
    heat_capacity_svg,
    mode_shares,
)
from nearsight.reports.geometry import find_bonds, modes_within, viewer_data
from nearsight.reports.palette import element_colors
from nearsight.reports.svg import Axis, Frame
from nearsight.vibrations import thermodynamics


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
    bonds = find_bonds(alpha_quartz)
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
    bonds = find_bonds(molecule("CH3CH2OH"))
    assert len(bonds.pairs) == 8
    assert bonds.images == []


def test_metal_is_not_buried_under_its_images() -> None:
    bonds = find_bonds(bulk("Cu", cubic=True).repeat(3))
    assert len(bonds.images) <= 2 * 108


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


def test_points_of_the_heat_capacity_lie_where_the_numbers_say(
    quartz_entry: HarmonicResults,
) -> None:
    thermal = quartz_entry.thermodynamics
    assert thermal is not None
    svg = heat_capacity_svg(quartz_entry.vibrations, thermal, "cv")
    root = ET.fromstring(str(svg))
    circles = [(float(c.get("cx", "")), float(c.get("cy", ""))) for c in root.iter("circle")]
    limit, _ = classical_limit_J_per_g_K(quartz_entry.vibrations)
    frame = Frame(Axis(0.0, 1000.0, ""), Axis(0.0, 1.14 * limit, ""))
    expected = [
        (frame.px(t), frame.py(c))
        for t, c in zip(thermal.temperatures_K, thermal.heat_capacity_J_per_g_K, strict=True)
    ]
    assert np.array(circles) == pytest.approx(np.array(expected), abs=0.06)
    values = [f"{value:.5f}" for value in thermal.heat_capacity_J_per_g_K]
    assert all(value in str(root.findtext("desc")) for value in values)


def test_curve_of_the_density_holds_every_mode(quartz_entry: HarmonicResults) -> None:
    """The area under the drawn curve, read back from its path, is the number of modes."""
    svg = str(density_of_states_svg(quartz_entry.vibrations, "dos"))
    root = ET.fromstring(svg)
    (path,) = [p.get("d", "") for p in root.iter("path") if p.get("class") == "total"]
    points = np.array([pair.split(",") for pair in path[1:].split("L")], dtype=float)
    low, high = float(root.get("data-low", "")), float(root.get("data-high", ""))
    left, right = float(root.get("data-left", "")), float(root.get("data-right", ""))
    x = low + (points[:, 0] - left) / (right - left) * (high - low)
    texts = [t for t in root.iter("text") if t.get("text-anchor") == "end"]
    first, last = texts[0], texts[-1]
    rise = float(last.text or "") - float(first.text or "")
    per_pixel = rise / (float(first.get("y", "")) - float(last.get("y", "")))
    y = (float(first.get("y", "")) - 4 - points[:, 1]) * per_pixel + float(first.text or "")
    area = np.trapezoid(y, x)
    assert area == pytest.approx(quartz_entry.vibrations.n_modes, rel=0.02)


def test_shares_of_the_elements_add_up(quartz_entry: HarmonicResults) -> None:
    shares = mode_shares(quartz_entry.vibrations)
    assert list(shares) == ["O", "Si"]
    assert np.sum(list(shares.values()), axis=0) == pytest.approx(np.ones(24))


@pytest.mark.parametrize(
    ("low", "high"), [(0.0, 1000.0), (0.0, 0.0371), (-1262.4, 4500.0), (0.0, 1.42), (12.0, 12.4)]
)
def test_ticks_are_round_few_and_inside(low: float, high: float) -> None:
    axis = Axis(low, high, "")
    ticks = axis.ticks()
    assert 2 <= len(ticks) <= 8
    assert all(low - 1e-9 <= tick <= high + 1e-9 for tick in ticks)
    labels = [axis.tick_label(tick) for tick in ticks]
    assert [float(label.replace("−", "-")) for label in labels] == pytest.approx(ticks)
    assert len(set(labels)) == len(labels)


def test_charts_are_described_for_those_who_do_not_see_them(
    quartz_entry: HarmonicResults,
) -> None:
    root = ET.fromstring(str(density_of_states_svg(quartz_entry.vibrations, "dos")))
    named = str(root.get("aria-labelledby")).split()
    assert [e.get("id") for e in root if e.tag in {"title", "desc"}] == named
    assert root.get("role") == "img"
    assert "24 vibrational states" in str(root.findtext("desc"))


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
    svg = str(density_of_states_svg(entry.vibrations, "dos"))
    assert all(f'stroke="{color}"' in svg for color in colors)
