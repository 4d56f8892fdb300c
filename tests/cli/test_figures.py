"""Figures of many structures: what is named, in which order, and how large they get."""

import re
from collections.abc import Callable
from pathlib import Path

import ase.io
import matplotlib
import numpy as np
import pytest
from ase.build import bulk
from matplotlib.figure import Figure

from nearsight.figures import _save, _shorten_legend

Run = Callable[..., int]

FEW = ("--no-relax", "--mesh", "2", "2", "2", "--supercell", "2", "2", "2")


def curves(number: int) -> Figure:
    figure = Figure()
    axes = figure.subplots()
    heights = np.random.default_rng(0).permutation(number)
    for height in heights:
        axes.plot([0.0, 1.0], [0.0, float(height)], label=f"curve {height}")
    return figure


@pytest.mark.parametrize("number", [1, 10, 12, 13, 40, 200])
def test_a_legend_names_a_dozen_curves_at_most_and_the_first_and_last(number: int) -> None:
    figure = curves(number)
    [axes] = figure.axes
    _shorten_legend(axes)
    legend = axes.get_legend()
    assert legend is not None
    named = [int(text.get_text().split()[1]) for text in legend.get_texts()]
    assert len(named) == min(number, 12)
    assert {0, number - 1} <= set(named)
    if number > 10:
        assert named == sorted(named, reverse=True)
    left = re.search(r"(\d+) more", legend.get_title().get_text())
    assert (0 if left is None else int(left[1])) == number - len(named)


def test_colours_of_many_curves_are_in_the_order_of_the_curves() -> None:
    figure = curves(40)
    [axes] = figure.axes
    _shorten_legend(axes)
    ordered = sorted(axes.lines, key=lambda line: -line.get_ydata()[-1])
    colours = [matplotlib.colors.to_rgb(line.get_color()) for line in ordered]
    assert len(set(colours)) == 40
    brightness = [0.2126 * red + 0.7152 * green + 0.0722 * blue for red, green, blue in colours]
    assert (np.diff(brightness) > 0).all()


def test_a_figure_of_very_many_panels_can_still_be_written(tmp_path: Path) -> None:
    path = tmp_path / "tall.png"
    _save(Figure(figsize=(1.0, 500.0)), str(path))
    height = int.from_bytes(path.read_bytes()[20:24])
    assert 50_000 < height < 2**16


def test_models_and_structures_are_in_the_title(nearsight: Run, folder: Path) -> None:
    assert nearsight("heat-capacity", "copper.cif", *FEW, "--plot", "one.svg") == 0
    one = (folder / "one.svg").read_text(encoding="utf-8")
    assert "copper (Cu4), ase:emt" in one
    names = ("copper.cif", "aluminium.cif")
    assert nearsight("heat-capacity", *names, *FEW, "--plot", "two.svg") == 0
    two = (folder / "two.svg").read_text(encoding="utf-8")
    assert "2 structures, ase:emt" in two
    for command in ("vibrations", "phonons"):
        options = ("--no-relax",) if command == "vibrations" else FEW
        assert nearsight(command, "copper.cif", *options, "--plot", "three.svg") == 0
        three = (folder / "three.svg").read_text(encoding="utf-8")
        assert "copper (Cu4" in three
        assert "ase:emt" in three


def test_many_temperatures_are_a_curve_without_points(nearsight: Run, folder: Path) -> None:
    ase.io.write(folder / "cell.xyz", bulk("Al", "fcc", a=4.0))
    for temperatures, name in (("100:300:100", "few.svg"), ("0:300:5", "many.svg")):
        options = ("--temperature", temperatures, "--plot", name)
        assert nearsight("heat-capacity", "cell.xyz", *FEW, *options) == 0
    uses = [(folder / name).read_text().count("<use ") for name in ("few.svg", "many.svg")]
    assert uses[0] > uses[1]
