"""``nearsight widom``: physics through the whole command, its files, and what is refused."""

import base64
import csv
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ase import Atoms
from ase.io import read, write
from ase.io.cube import read_cube

from host_and_guest import lennard_jones_eV
from nearsight.adsorption.insertion import BATCH, Insertion
from nearsight.cli.main import main
from nearsight.units import BOLTZMANN_EV_PER_K, EV_IN_JOULE, GAS_CONSTANT_J_PER_MOL_K

EDGE_A = 9.0
TEMPERATURE_K = 300.0
AMU_KG = 1.66053906892e-27
FRAMEWORK = Atoms("Ar", scaled_positions=[[0.1, 0.2, 0.3]], cell=[EDGE_A] * 3, pbc=True)
NO_OVERLAPS = ("--overlap-share", "0")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    FRAMEWORK.write("argon.cif")
    return tmp_path


def widom(*options: str, model: str = "HostAndGuest", framework: str = "argon.cif") -> int:
    named = f"ase:host_and_guest:{model}" if ":" not in model else model
    of_gas = () if "--gas" in options else ("--gas", "Ar")
    asked = ("--temperature", "300") if "--temperature" not in options else ()
    return main(["widom", framework, "--model", named, *of_gas, *asked, "-q", *options])


def told(folder: Path, *options: str, **others: str) -> dict[str, Any]:
    assert widom(*options, "--json", "record.json", **others) == 0
    record: dict[str, Any] = json.loads((folder / "record.json").read_text(encoding="utf-8"))
    return record


def check(record: dict[str, Any], code: str) -> dict[str, Any]:
    [found] = [each for each in record["verdict"]["checks"] if each["code"] == code]
    return found


def test_an_ideal_gas(folder: Path) -> None:
    record = told(folder, "--insertions", "2000", *NO_OVERLAPS, "--temperature", "300", "400")
    assert record["question"] == "widom"
    assert record["insertion"]["supercell"] == [2, 2, 2]  # 9 Å are narrower than 12 Å
    for row, temperature_K in zip(record["henry"], (300, 400), strict=True):
        per_cell = EDGE_A**3 * 1e-30 / (BOLTZMANN_EV_PER_K * temperature_K * EV_IN_JOULE)
        assert row["coefficient_per_cell_Pa"] == pytest.approx(per_cell, rel=1e-12)
        density = FRAMEWORK.get_masses().sum() * AMU_KG / (EDGE_A**3 * 1e-30)
        by_density = 1 / (GAS_CONSTANT_J_PER_MOL_K * temperature_K * density)
        assert row["coefficient_mol_per_kg_Pa"] == pytest.approx(by_density, rel=1e-9)
        assert row["heat_kJ_per_mol"] == pytest.approx(
            GAS_CONSTANT_J_PER_MOL_K * temperature_K / 1e3
        )
        assert row["excess_chemical_potential_kJ_per_mol"] == pytest.approx(0, abs=1e-12)
        assert row["n_effective"] == pytest.approx(16 * BATCH)
    assert record["zero"]["widest_distance_A"] == pytest.approx(EDGE_A * np.sqrt(3) / 2, abs=0.5)
    assert record["zero"]["widest_eV"] == 0
    assert check(record, "false-wells")["level"] == "good"
    assert record["zero"]["offset"] is None


def test_half_of_the_cell_is_blocked(folder: Path) -> None:
    record = told(folder, "--insertions", "4000", *NO_OVERLAPS, model="HalfBlocked")
    [row] = record["henry"]
    mean, error = np.exp(row["log_mean_weight"]), row["log_mean_weight_error"]
    assert abs(mean - 0.5) < 4 * 0.5 * error
    assert error == pytest.approx(1 / np.sqrt(4000), rel=0.5)
    assert row["heat_kJ_per_mol"] == pytest.approx(GAS_CONSTANT_J_PER_MOL_K * 0.3)
    assert record["insertion"]["n_calls"] == record["insertion"]["n_insertions"] == 32 * BATCH


def by_quadrature(temperature_K: float, offset_eV: float = 0.0) -> tuple[float, float]:
    """<W> and the heat in kJ/mol of one atom among spheres, from a grid over the cell."""
    n = 90
    axis = (np.arange(n) + 0.5) / n * EDGE_A
    points = np.stack(np.meshgrid(axis, axis, axis, indexing="ij"), axis=-1).reshape(-1, 3)
    hosts = np.array(list(np.ndindex(2, 2, 2))) * EDGE_A
    energies = np.full(len(points), offset_eV)
    for host in hosts:  # of the supercell, each by its nearest image
        vectors = points - host
        vectors -= 2 * EDGE_A * np.rint(vectors / (2 * EDGE_A))
        energies += lennard_jones_eV(np.linalg.norm(vectors, axis=1))
    thermal_eV = BOLTZMANN_EV_PER_K * temperature_K
    weights = np.exp(-energies / thermal_eV)
    mean_eV = float((energies * weights).sum() / weights.sum())
    return float(weights.mean()), 96.4853321 * (thermal_eV - mean_eV)


@pytest.mark.parametrize(
    "how", [(), ("--learning", "1500"), ("--propose-by", "forcefield:uff?coulomb=no")]
)
def test_spheres_that_attract_against_quadrature(folder: Path, how: tuple[str, ...]) -> None:
    if "--propose-by" in how:
        pytest.importorskip("torch")
    record = told(
        folder, "--insertions", "6000", "--temperature", "300", "200", *how, model="Spheres"
    )
    for row in record["henry"]:
        mean, heat = by_quadrature(row["temperature_K"])
        log, error = row["log_mean_weight"], row["log_mean_weight_error"]
        assert abs(log - np.log(mean)) < 4 * error
        assert error < 0.06
        assert abs(row["heat_kJ_per_mol"] - heat) < 4 * row["heat_error_kJ_per_mol"]
    part = record["insertion"]
    assert part["n_overlapping"] > 0
    assert part["n_learnt"] == (1536 if "--learning" in how else 0)
    assert check(record, "overlap-low")["level"] in {"good", "unknown"}
    assert check(record, "halves-differ")["level"] == "good"


def test_it_stops_at_the_error_that_was_asked_for(folder: Path) -> None:
    record = told(folder, "--error", "5%", model="Spheres")
    part = record["insertion"]
    assert part["relative_error"] <= part["error_asked"] == 0.05
    assert 2000 <= part["n_insertions"] < 20_000
    record = told(folder, "--error", "0.5%", "--insertions", "2500", model="Spheres")
    assert record["insertion"]["n_insertions"] == 20 * BATCH
    assert check(record, "error-not-reached")["level"] == "caution"


def test_a_false_well_is_taken_out_and_its_places_are_written(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ("--insertions", "3000", "--overlap-share", "0.5")
    record = told(folder, *options, "--wells", "wells.extxyz", model="WithHole")
    printed = " ".join(capsys.readouterr().out.split())
    assert check(record, "false-wells")["level"] == "bad"
    honest, _ = by_quadrature(TEMPERATURE_K)
    [with_wells], [without] = record["henry"], record["henry_without_wells"]
    assert with_wells["log_mean_weight"] > np.log(honest) + 20
    assert abs(without["log_mean_weight"] - np.log(honest)) < 4 * without["log_mean_weight_error"]
    assert "without suspected insertions: 300 K K_H = " in printed
    frames = read("wells.extxyz", ":")
    assert len(frames) == record["wells"]["n_suspected"] > 0
    assert {len(frame) for frame in frames} == {9}
    for frame in frames:
        assert 1.9 < frame.get_distances(8, range(8), mic=True).min() < 2.0
        assert frame.info["interaction_energy_eV"] == -2.0


def test_a_well_without_a_number_has_a_chemical_potential(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ("--insertions", "3000", "--overlap-share", "0.5", "--plot", "w.svg")
    record = told(folder, *options, model="WithHole?depth_eV=60")
    [row], [without] = record["henry"], record["henry_without_wells"]
    assert row["coefficient_mol_per_kg_Pa"] is None
    assert row["excess_chemical_potential_kJ_per_mol"] == pytest.approx(-60 * 96.485, rel=0.01)
    assert "K_H is beyond all numbers" in capsys.readouterr().out
    honest, _ = by_quadrature(TEMPERATURE_K)
    assert abs(without["log_mean_weight"] - np.log(honest)) < 4 * without["log_mean_weight_error"]


def test_few_insertions_that_carry_the_weight_are_no_henry_coefficient(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    record = told(
        folder, "--insertions", "300", "--temperature", "15", *NO_OVERLAPS, model="Spheres"
    )
    [row] = record["henry"]
    assert not row["significant"]
    assert record["verdict"]["level"] == "bad"
    said = " ".join(capsys.readouterr().out.split())
    assert "no Henry coefficient: " in said
    assert "K_H =" not in said
    assert "(--learning)" in said


def test_a_model_without_zero_is_suspected(folder: Path) -> None:
    record = told(folder, "--insertions", "600", model="Spheres?offset_eV=-0.3")
    found = check(record, "zero-suspect")
    assert found["level"] == "caution"
    assert record["zero"]["widest_eV"] < -0.3
    # The offset multiplies every weight.
    honest = told(folder, "--insertions", "600", model="Spheres")
    rows = [each["henry"][0] for each in (record, honest)]
    change = rows[0]["log_mean_weight"] - rows[1]["log_mean_weight"]
    assert change == pytest.approx(0.3 / (BOLTZMANN_EV_PER_K * TEMPERATURE_K))
    assert check(honest, "zero-suspect")["level"] == "good"


def test_a_light_gas_is_warned_of(folder: Path) -> None:
    cold = told(folder, "--gas", "He", "--insertions", "300", "--temperature", "77")
    found = check(cold, "quantum-gas")
    assert "0.99 Å" in found["detail"]
    assert cold["henry"][0]["thermal_wavelength_A"] == pytest.approx(0.994, abs=0.002)
    warm = told(folder, "--gas", "He", "--insertions", "300")
    assert not [each for each in warm["verdict"]["checks"] if each["code"] == "quantum-gas"]


def test_an_interrupted_command_goes_on_as_the_unbroken_one(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = ("--insertions", "1500", "--learning", "600")
    whole = told(folder, *options, model="Spheres")
    batch = Insertion.batch

    def interrupted(self: Insertion, number: int) -> object:
        if number == 7:
            raise KeyboardInterrupt
        return batch(self, number)

    monkeypatch.setattr(Insertion, "batch", interrupted)
    assert widom(*options, model="Spheres") == 130
    kept = sorted(each.suffix for each in (folder / ".nearsight").iterdir())
    assert [each for each in kept if each != ".lock"] == [".insertions", *4 * [".learning"]]

    def counted(self: Insertion, number: int) -> object:
        assert number >= 7  # all before is kept
        return batch(self, number)

    monkeypatch.setattr(Insertion, "batch", counted)
    again = told(folder, *options, model="Spheres")
    assert again["henry"] == whole["henry"]
    assert again["insertion"] == whole["insertion"]
    assert not (folder / ".nearsight").exists()


def test_kept_insertions_are_listed(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    batch = Insertion.batch

    def interrupted(self: Insertion, number: int) -> object:
        if number == 3:
            raise KeyboardInterrupt
        return batch(self, number)

    monkeypatch.setattr(Insertion, "batch", interrupted)
    assert widom("--insertions", "1500") == 130
    assert f"{3 * BATCH} insertions" in capsys.readouterr().err
    assert main(["clean"]) == 0
    assert f"{3 * BATCH} insertions" in " ".join(capsys.readouterr().out.split())


def test_snapshots_of_a_framework_that_moves(folder: Path) -> None:
    rng = np.random.default_rng(0)
    frames = []
    for _ in range(6):
        frame = Atoms("Ar", positions=rng.random((1, 3)) * EDGE_A, cell=[EDGE_A] * 3, pbc=True)
        frames.append(frame)
    write("moving.extxyz", frames)
    record = told(
        folder,
        *("--insertions", "3600", "--snapshots", "5"),
        model="Spheres",
        framework="moving.extxyz",
    )
    assert record["insertion"]["n_frames"] == 5
    mean, heat = by_quadrature(TEMPERATURE_K)  # moving one sphere as a whole changes nothing
    [row] = record["henry"]
    assert abs(row["log_mean_weight"] - np.log(mean)) < 4 * row["log_mean_weight_error"] + 1e-3
    assert abs(row["heat_kJ_per_mol"] - heat) < 4 * row["heat_error_kJ_per_mol"]
    # Errors are those between snapshots, wherever they are said.
    assert record["insertion"]["relative_error"] == row["log_mean_weight_error"]


def test_a_gas_from_a_file(folder: Path) -> None:
    Atoms("Ar2", positions=[[0, 0, 0], [0, 0, 2.0]]).write("pair.xyz")
    options = ("--gas", "pair.xyz", "--insertions", "600", *NO_OVERLAPS)
    record = told(folder, *options)
    assert record["gas"]["name"] == "pair"
    assert record["gas"]["symbols"] == ["Ar", "Ar"]
    np.testing.assert_allclose(record["gas"]["positions_A"], [[0, 0, -1], [0, 0, 1]], atol=1e-9)
    assert record["henry"][0]["log_mean_weight"] == pytest.approx(0, abs=1e-12)


def test_what_is_printed_drawn_and_written(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = ("--plot", "w.svg", "--report", "w.html", "--csv", "w.csv", "--cube", "w.cube")
    record = told(folder, "--insertions", "3000", *files, model="Spheres")
    printed = capsys.readouterr().out
    assert max(map(len, printed.splitlines())) <= 80
    [row] = record["henry"]
    value, error = row["coefficient_mol_per_kg_Pa"], row["coefficient_error_mol_per_kg_Pa"]
    power = int(np.floor(np.log10(value)))
    text = f"K_H = ({value / 10.0**power:.3f} ± {error / 10.0**power:.3f})e{power:+03d} mol/(kg Pa)"
    assert text in printed
    assert (folder / "w.svg").read_text(encoding="utf-8").count("Convergence of the Henry") == 1
    page = (folder / "w.html").read_text(encoding="utf-8")
    for title in ("Convergence of the Henry coefficient", "Which interaction energies carry"):
        assert f"<h2>{title}" in page
    with (folder / "w.csv").open(encoding="utf-8") as stream:
        [line] = csv.DictReader(stream)
    assert float(line["coefficient_mol_per_kg_Pa"]) == value
    with (folder / "w.weights.csv").open(encoding="utf-8") as stream:
        shares = [float(each["share_of_weight"]) for each in csv.DictReader(stream)]
    assert sum(shares) == pytest.approx(1, abs=1e-4)
    with (folder / "w.cube").open(encoding="utf-8") as stream:
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
    assert "heat at zero loading" in (folder / "again.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--gas", "co2"), "there is no gas 'co2'; did you mean CO2?"),
        (("--gas", "Xenon"), "there is no gas 'Xenon'; did you mean Xe?"),
        (("--gas", "no.xyz"), "no.xyz does not exist"),
        (("--temperature", "0"), "is positive"),
        (("--temperature", "-5"), "temperature"),
        (("--error", "150%"), "150% is no share such as 5% or 0.05"),
        (("--propose-by", "ase:emt"), "computes framework and molecule together"),
        (("--uniform-share", "0.05"), "--uniform-share is 0.1 or more"),
        (("--snapshots", "3", "--error", "5%"), "give --insertions in place of --error"),
        (("--snapshots", "3"), "has 1 frames, and --snapshots is 3"),
    ],
)
def test_mistakes_are_told(
    folder: Path, options: tuple[str, ...], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    if "--snapshots" in options and "--error" not in options:
        FRAMEWORK.write("argon.extxyz")
        options = (*options, "--insertions", "300")
    framework = "argon.extxyz" if (folder / "argon.extxyz").exists() else "argon.cif"
    try:
        status = widom(*options, framework=framework)
    except SystemExit as end:
        status = int(str(end.code))
    assert status in {1, 2}
    assert said in " ".join(capsys.readouterr().err.split())


def refused(folder: Path, atoms: Atoms, capsys: pytest.CaptureFixture[str], **others: Any) -> str:
    atoms.write(folder / "other.extxyz")
    assert widom("--insertions", "300", framework="other.extxyz", **others) == 1
    return " ".join(capsys.readouterr().err.split())


def test_frameworks_that_are_none_are_refused(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    molecule = Atoms("CO", positions=[[0, 0, 0], [0, 0, 1.13]])
    assert "a gas is put into a crystal" in refused(folder, molecule, capsys)
    layer = FRAMEWORK.copy()
    layer.pbc = [True, True, False]
    assert "is not periodic in three directions" in refused(folder, layer, capsys)
    twice = Atoms("Ar2", positions=[[0, 0, 0], [0, 0, 0.01]], cell=[9] * 3, pbc=True)
    assert "0.01" in refused(folder, twice, capsys)


def test_a_gas_that_the_model_does_not_know_is_refused(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    copper = Atoms("Cu", cell=[9] * 3, pbc=True)
    assert "Ar" in refused(folder, copper, capsys, model="ase:emt")


def test_missing_charges_are_told(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("torch")
    said = refused(folder, FRAMEWORK, capsys, model="forcefield:uff")
    assert "charge" in said


def test_a_model_without_numbers_is_refused(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert widom("--insertions", "1000", *NO_OVERLAPS, model="Broken") == 1
    said = " ".join(capsys.readouterr().err.split())
    assert "Broken has no energy for" in said


def test_the_adsorption_information_format(folder: Path) -> None:
    from gemmi import cif

    files = ("--aif", "w.aif", "--temperature", "300", "400")
    record = told(folder, "--insertions", "3000", *files, model="Spheres")
    document = cif.read(str(folder / "w.aif"))
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
    told(folder, *few, model="Spheres")
    block = cif.read(str(folder / "few.aif")).sole_block()
    assert block.find_value("_nearsight_henry_coefficient_mol_per_kg_Pa") == "?"
    assert block.find_value("_nearsight_henry_coefficient_significant") == "no"
    assert not block.find_loop("_adsorp_pressure")


def test_files_of_one_framework_are_not_for_two(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    FRAMEWORK.write("other.cif")
    two = ["widom", "argon.cif", "other.cif", "--model", "ase:host_and_guest:Spheres"]
    assert main([*two, "--aif", "w.aif"]) != 0
    assert "--aif" in capsys.readouterr().err
    assert widom("--aif", "argon.cif") != 0
    assert "argon.cif" in capsys.readouterr().err


def test_the_page_shows_where_the_gas_is(folder: Path) -> None:
    told(
        folder,
        *("--insertions", "3000", "--temperature", "150", "120", "--report", "w.html"),
        model="Spheres",
    )
    page = (folder / "w.html").read_text(encoding="utf-8")
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
    (folder / "none.html").unlink(missing_ok=True)
    assert main(["report", "record.json", "--output", "none.html"]) == 0
    assert '"surfaces"' not in (folder / "none.html").read_text(encoding="utf-8")
