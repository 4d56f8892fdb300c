"""Figures of many structures: what is named, in which order, and how large they get."""

from collections.abc import Callable
from pathlib import Path

import ase.io
from ase.build import bulk
from matplotlib.figure import Figure

from nearsight.figures import _different, _save

Run = Callable[..., int]

FEW = ("--no-relax", "--mesh", "2", "2", "2", "--supercell", "2", "2", "2")


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


def test_structures_of_one_name_stay_apart() -> None:
    assert _different(["a (Cu)", "b", "a (Cu)", "a (Cu)"]) == [
        "a (Cu)",
        "b",
        "a (Cu) (2)",
        "a (Cu) (3)",
    ]
