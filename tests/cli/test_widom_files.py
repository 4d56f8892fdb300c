"""What ``nearsight widom`` prints, draws and writes."""

import base64
import csv
import json
import re
from pathlib import Path

import numpy as np
import pytest
from ase.io.cube import read_cube

from nearsight.cli.main import main
from nearsight.units import BOLTZMANN_EV_PER_K
from widom_command import EDGE_A, FRAMEWORK, NO_OVERLAPS, TEMPERATURE_K, told, widom


def test_what_is_printed_drawn_and_written(
    argon_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = ("--plot", "w.svg", "--report", "w.html", "--csv", "w.csv", "--cube", "w.cube")
    record = told(argon_folder, "--insertions", "3000", *files, model="Spheres")
    printed = capsys.readouterr().out
    assert max(map(len, printed.splitlines())) <= 80
    [row] = record["henry"]
    value, error = row["coefficient_mol_per_kg_Pa"], row["coefficient_error_mol_per_kg_Pa"]
    power = int(np.floor(np.log10(value)))
    text = f"K_H = ({value / 10.0**power:.3f} ± {error / 10.0**power:.3f})e{power:+03d} mol/(kg Pa)"
    assert text in printed
    assert (argon_folder / "w.svg").read_text(encoding="utf-8").count(
        "Convergence of the Henry"
    ) == 1
    page = (argon_folder / "w.html").read_text(encoding="utf-8")
    for title in ("Convergence of the Henry coefficient", "Which interaction energies carry"):
        assert f"<h2>{title}" in page
    with (argon_folder / "w.csv").open(encoding="utf-8") as stream:
        [line] = csv.DictReader(stream)
    assert float(line["coefficient_mol_per_kg_Pa"]) == value
    with (argon_folder / "w.weights.csv").open(encoding="utf-8") as stream:
        shares = [float(each["share_of_weight"]) for each in csv.DictReader(stream)]
    assert sum(shares) == pytest.approx(1, abs=1e-4)
    with (argon_folder / "w.cube").open(encoding="utf-8") as stream:
        cube = read_cube(stream)
    # The free energy is that of <W>: its mean weight over the cell is <W> again.
    weights = np.exp(-cube["data"] / (BOLTZMANN_EV_PER_K * TEMPERATURE_K))
    assert weights.mean() == pytest.approx(np.exp(row["log_mean_weight"]), rel=1e-3)
    # Values stand in the middles of voxels, of which hardly one had no insertion.
    shape = np.array(cube["data"].shape)
    assert cube["origin"] == pytest.approx(0.5 * EDGE_A / shape, abs=1e-5)
    assert len(cube["atoms"]) == 1
    fractions = (np.argwhere(cube["data"] >= 5.0) + 0.5) / shape - [0.1, 0.2, 0.3]
    away = np.linalg.norm((fractions - np.rint(fractions)) * EDGE_A, axis=1)
    assert np.median(away) < 2.5
    # A record that is read has numbers, and no curves.
    assert main(["report", "record.json", "--output", "again.html"]) == 0
    assert "heat at zero loading" in (argon_folder / "again.html").read_text(encoding="utf-8")


def test_the_adsorption_information_format(argon_folder: Path) -> None:
    from gemmi import cif

    files = ("--aif", "w.aif", "--temperature", "300", "400")
    record = told(argon_folder, "--insertions", "3000", *files, model="Spheres")
    document = cif.read(str(argon_folder / "w.aif"))
    assert len(document) == 2
    for block, row in zip(document, record["henry"], strict=True):
        assert cif.as_number(block.find_value("_exptl_temperature")) == row["temperature_K"]
        value, per_cell = row["coefficient_mol_per_kg_Pa"], row["coefficient_per_cell_Pa"]
        named = block.find_value("_nearsight_henry_coefficient_mol_per_kg_Pa")
        assert cif.as_number(named) == pytest.approx(value, rel=1e-9)
        table = block.find(["_adsorp_pressure", "_adsorp_amount", "_nearsight_amount_error"])
        points = np.array([[cif.as_number(each) for each in line] for line in table])
        assert points[:, 1] == pytest.approx(value * points[:, 0], rel=1e-8)
        relative = row["coefficient_error_mol_per_kg_Pa"] / value
        assert points[:, 2] == pytest.approx(relative * points[:, 1], rel=1e-8)
        # As dilute as Henry's law is meant, and no pressure of a dense gas.
        assert points[-1, 0] == pytest.approx(min(1e4, 0.01 / per_cell))
    assert cif.as_string(document[0].find_value("_adsnt_material_id")) == "argon"
    few = ("--insertions", "300", "--temperature", "15", *NO_OVERLAPS, "--aif", "few.aif")
    told(argon_folder, *few, model="Spheres")
    block = cif.read(str(argon_folder / "few.aif")).sole_block()
    assert block.find_value("_nearsight_henry_coefficient_mol_per_kg_Pa") == "?"
    assert block.find_value("_nearsight_henry_coefficient_significant") == "no"
    assert not block.find_loop("_adsorp_pressure")


def test_files_of_one_framework_are_not_for_two(
    argon_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    FRAMEWORK.write("other.cif")
    two = ["widom", "argon.cif", "other.cif", "--model", "ase:host_and_guest:Spheres"]
    assert main([*two, "--aif", "w.aif"]) != 0
    assert "--aif" in capsys.readouterr().err
    assert widom("--aif", "argon.cif") != 0
    assert "argon.cif" in capsys.readouterr().err


def test_the_page_shows_where_the_gas_is(argon_folder: Path) -> None:
    told(
        argon_folder,
        *("--insertions", "3000", "--temperature", "150", "120", "--report", "w.html"),
        model="Spheres",
    )
    page = (argon_folder / "w.html").read_text(encoding="utf-8")
    [viewer] = re.findall(r'<script type="application/json" id="[^"]*-viewer">(.*?)</script>', page)
    half, above = json.loads(viewer)["surfaces"]
    assert "50% of Ar are within: free energy below -" in page
    assert "Structure and where the gas is" in page
    for surface in (half, above):
        vertices = np.frombuffer(base64.b64decode(surface["vertices"]), "<i2").reshape(-1, 3) / 100
        faces = np.frombuffer(base64.b64decode(surface["faces"]), "<u4")
        assert faces.max() == len(vertices) - 1
        assert vertices.min() >= 0
        assert vertices.max() <= EDGE_A
        # Argon is in the shell about the one argon of the framework.
        images = (np.array(list(np.ndindex(3, 3, 3))) - 1 + [0.1, 0.2, 0.3]) * EDGE_A
        away = np.linalg.norm(vertices[:, np.newaxis] - images, axis=2).min(axis=1)
        assert away.min() > 2.5
    # What the colours of the map stand for, and settings of several numbers.
    assert re.search(r'<p class="scale">excess chemical potential / eV <data value="-', page)
    assert "150.0, 120.0" in page
    # A record that is read has no trials of which surfaces could be.
    (argon_folder / "none.html").unlink(missing_ok=True)
    assert main(["report", "record.json", "--output", "none.html"]) == 0
    assert '"surfaces"' not in (argon_folder / "none.html").read_text(encoding="utf-8")
