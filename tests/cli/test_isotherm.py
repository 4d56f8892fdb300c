"""``nearsight isotherm``: physics through the whole command, its files, and what is refused."""

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ase.io import read
from ase.io.cube import read_cube

from host_and_guest import Interrupted, Spheres
from nearsight.adsorption.fugacity import bulk_gas
from nearsight.cli.main import main
from nearsight.units import BOLTZMANN_EV_PER_K, EV_IN_JOULE, GAS_CONSTANT_J_PER_MOL_K
from widom_command import EDGE_A, FRAMEWORK, TEMPERATURE_K, by_quadrature

PER_CELL_PA = EDGE_A**3 * 1e-30 / (BOLTZMANN_EV_PER_K * TEMPERATURE_K * EV_IN_JOULE)
SHORT = ("--chains", "2", "--equilibration-blocks", "2", "--insertions", "256")
OF_FIELD = ("--chains", "2", "--insertions", "512", "--samples", "30", "--moves", "20")


def isotherm(*options: str, model: str = "HostAndGuest") -> int:
    named = f"ase:host_and_guest:{model}" if ":" not in model else model
    of_gas = () if "--gas" in options else ("--gas", "Ar")
    asked = () if "--temperature" in options else ("--temperature", "300")
    return main(["isotherm", "argon.cif", "--model", named, *of_gas, *asked, "-q", *options])


def told(folder: Path, *options: str, model: str = "HostAndGuest") -> dict[str, Any]:
    assert isotherm(*options, "--json", "record.json", model=model) == 0
    record: dict[str, Any] = json.loads((folder / "record.json").read_text(encoding="utf-8"))
    return record


def level(record: dict[str, Any], code: str) -> str:
    [found] = [each["level"] for each in record["verdict"]["checks"] if each["code"] == code]
    return str(found)


def test_an_ideal_gas(argon_folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    options = ("--overlap-share", "0", "--moves", "8", "--samples", "20")
    record = told(
        argon_folder,
        *("--pressures", "3:8bar:lin2", *SHORT, "--production-blocks", "8", *options),
        *("--csv", "points.csv", "--aif", "points.aif"),
    )
    assert record["question"] == "isotherm"
    assert record["exchange"]["supercell"] == [2, 2, 2]
    void = record["helium_void_fraction"]
    mass_kg_per_mol = FRAMEWORK.get_masses().sum() * 1e-3
    for row, pressure_Pa in zip(record["isotherm"], (3e5, 8e5), strict=True):
        gas = bulk_gas("Ar", TEMPERATURE_K, pressure_Pa)
        assert row["pressure_Pa"] == pytest.approx(pressure_Pa)
        assert row["fugacity_Pa"] == pytest.approx(gas.fugacity_Pa)
        expected = row["fugacity_Pa"] * PER_CELL_PA
        error = row["molecules_per_cell_error"]
        assert abs(row["molecules_per_cell"] - expected) < 4 * error
        assert error < 0.15 * expected
        loading = row["loading_mol_per_kg"]
        assert loading == pytest.approx(row["molecules_per_cell"] / mass_kg_per_mol)
        assert row["loading_cm3_STP_per_g"] == pytest.approx(loading * 22.413970, rel=1e-6)
        volume_m3_per_kg = FRAMEWORK.get_volume() * 1e-30 * 6.02214076e23 / mass_kg_per_mol
        outside = gas.density_mol_per_m3 * void * volume_m3_per_kg
        assert row["excess_mol_per_kg"] == pytest.approx(loading - outside)
        assert row["heat_kJ_per_mol"] == pytest.approx(GAS_CONSTANT_J_PER_MOL_K * 0.3)
    assert level(record, "few-samples") == "good"
    printed = " ".join(capsys.readouterr().out.split())
    assert f"{record['isotherm'][1]['loading_mol_per_kg']:.4g} (" in printed
    with open("points.csv", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [float(row["loading_mol_per_kg"]) for row in rows] == [
        row["loading_mol_per_kg"] for row in record["isotherm"]
    ]
    with open("points.samples.csv", encoding="utf-8", newline="") as file:
        samples = list(csv.DictReader(file))
    assert len(samples) == 2 * 2 * (2 + 8) * 20
    text = Path("points.aif").read_text(encoding="utf-8")
    assert "_simltn_sampling 'Grand canonical Monte Carlo'" in text
    assert f"{record['isotherm'][1]['loading_mol_per_kg']:.12g}" in text


@pytest.mark.parametrize("how", ["one level", "two levels"])
def test_molecules_that_do_not_meet_follow_henrys_law(argon_folder: Path, how: str) -> None:
    """The cheap level has them meet, and is off in size and depth."""
    if how == "two levels":
        pytest.importorskip("torch")
        more = ("--cheap", "forcefield:uff?coulomb=no", "--moves", "15")
        blocks = ("--production-blocks", "10", "--equilibration-blocks", "3")
    else:
        more, blocks = ("--moves", "8"), ("--production-blocks", "8")
    record = told(
        argon_folder,
        *("--pressures", "0.3,3bar", "--equation", "ideal", *SHORT, "--samples", "30"),
        *(*blocks, *more),
        model="Spheres",
    )
    mean, heat = by_quadrature(TEMPERATURE_K)
    for row in record["isotherm"]:
        expected = mean * row["pressure_Pa"] * PER_CELL_PA
        assert abs(row["molecules_per_cell"] - expected) < 4 * row["molecules_per_cell_error"]
        assert row["molecules_per_cell_error"] < 0.4 * expected
        assert row["fugacity_Pa"] == row["pressure_Pa"]
        agreement = row["agreement"]
        assert (agreement is None) == (how == "one level")
        if agreement is not None:
            assert 0.2 < agreement["acceptance"] <= 1
            assert agreement["sigma_kT"] > 0
    dense = record["isotherm"][1]
    assert abs(dense["heat_kJ_per_mol"] - heat) < 4 * dense["heat_error_kJ_per_mol"]
    if how == "two levels":
        assert level(record, "levels-apart") == "good"
        assert record["exchange"]["cheap_scale"] != 1
        assert record["exchange"]["moves"] == 15


def test_a_force_field_measures_the_fugacity(argon_folder: Path) -> None:
    pytest.importorskip("torch")
    record = told(
        argon_folder,
        *("--pressures", "0.2", "30bar", *OF_FIELD),
        *("--equilibration-blocks", "4", "--production-blocks", "10"),
        model="forcefield:uff?coulomb=no",
    )
    for row in record["isotherm"]:
        measured, error = row["measured_fugacity_Pa"], row["measured_fugacity_error_Pa"]
        assert abs(measured - row["fugacity_Pa"]) < 4 * error
    assert record["isotherm"][1]["measured_fugacity_error_Pa"] < 0.1 * 30e5
    assert level(record, "fugacity-differs") == "good"
    assert level(record, "henry-differs") == "good"
    assert record["zero"]["by_construction"]


def test_it_goes_on_as_the_unbroken_one(
    argon_folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    options = ("--pressures", "2bar", *SHORT, "--production-blocks", "3", "--samples", "10")
    options = (*options, "--moves", "5", "--equation", "ideal", "--work-dir", "kept")
    options = (*options, "--cube", "ar.cube", "--trajectory", "ar.extxyz.gz")
    unbroken = told(argon_folder, *options, model="Interrupted")
    files = [Path("ar.300K.2bar.Ar.cube"), Path("ar.extxyz.gz")]
    written = [file.read_bytes() for file in files]
    for file in files:
        file.unlink()
    for n_calls in (450, 100, 60):
        monkeypatch.setattr(Interrupted, "calls_left", n_calls)
        assert isotherm(*options, model="Interrupted") == 130
    monkeypatch.setattr(Interrupted, "calls_left", None)
    assert "block" in capsys.readouterr().err
    assert list(Path("kept").glob("argon-*.gcmc"))
    resumed = told(argon_folder, *options, model="Interrupted")
    for name in ("isotherm", "exchange", "henry", "verdict"):
        assert resumed[name] == unbroken[name]
    assert [file.read_bytes() for file in files] == written
    assert not Path("kept").exists()


def test_a_page_and_a_figure(argon_folder: Path) -> None:
    record = told(
        argon_folder,
        *("--pressures", "1:50bar:log2", *SHORT, "--production-blocks", "2", "--samples", "20"),
        *("--moves", "3", "--plot", "figure.svg", "--report", "page.html"),
    )
    page = Path("page.html").read_text(encoding="utf-8")
    assert f"{record['isotherm'][1]['loading_mol_per_kg']:.4g} mol/kg (" in page
    assert "Molecules in the supercell at 50 bar" in page
    assert "Ar of the gas at 50 bar, along a" in page
    figure = Path("figure.svg").read_text(encoding="utf-8")
    assert "absolute loading / mol/kg" in figure
    assert "Ar of the gas at 1 bar, along a" in figure


def test_where_guests_are(argon_folder: Path) -> None:
    """Loadings and energies come out of the trajectory, and loadings of the densities."""
    record = told(
        argon_folder,
        *("--pressures", "20,60bar", *SHORT, "--production-blocks", "3", "--samples", "20"),
        *("--moves", "5", "--cube", "ar.cube", "--trajectory", "ar.extxyz"),
        model="Spheres",
    )
    frames = read("ar.extxyz", index=":")
    assert len(frames) == 2 * 2 * 6
    for row in record["isotherm"]:
        of_row = [each for each in frames if each.info["pressure_Pa"] == row["pressure_Pa"]]
        counted = [each for each in of_row if each.info["sample"] >= row["n_left_out"]]
        numbers = [each.arrays["molecule"].max(initial=0) for each in counted]
        with open(f"ar.300K.{row['pressure_Pa'] / 1e5:g}bar.Ar.cube", encoding="utf-8") as file:
            cube = read_cube(file)
        assert len(cube["atoms"]) == 1
        integral = cube["data"].mean() * EDGE_A**3
        assert integral == pytest.approx(np.mean(numbers) / 8, rel=1e-4)
        assert integral > 0
        for frame in of_row:
            frame.calc = Spheres()
            energy = frame.get_potential_energy() if len(frame) > 8 else 0.0
            assert frame.info["interaction_energy_eV"] == pytest.approx(energy, abs=1e-6)
            assert frame.info["n_molecules"] == len(frame) - 8


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ((), "--pressures has none; give at least one"),
        (("--pressures", "0bar"), "argument --pressures: 0 is not a positive number"),
        (("--pressures", "1psi"), "argument --pressures: 1psi is no pressure"),
        (("--pressures", "1", "1bar"), "--pressures has one twice"),
        (("--pressures", "1", "--temperature", "300", "310"), "an isotherm is at one temperature"),
        (("--pressures", "90bar", "--gas", "CO2", "--temperature", "298"), "CO2 is a liquid at"),
        (
            ("--pressures", "90bar", "--gas", "CO2", "--equation", "peng-robinson"),
            "CO2 is a liquid at 300 K",
        ),
        (("--pressures", "1", "--gas", "C02"), "did you mean CO2"),
        (("--pressures", "1", "--trajectory", "t.traj"), "is a file that ends in .extxyz"),
        (
            ("--pressures", "1", "--cube", "c.cube", "--samples", "3", "--production-blocks", "3"),
            "no configuration is kept",
        ),
        (("--pressures", "1", "--cheap", "ase:emt"), "does not tell cheaply what a move changes"),
        (
            ("--pressures", "1", "--cheap", "forcefield:uff", "--equilibration-blocks", "5"),
            "--equilibration-blocks is 5, too few to choose",
        ),
    ],
)
def test_what_is_refused_before_anything_is_computed(
    argon_folder: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    options: tuple[str, ...],
    said: str,
) -> None:
    """Ctrl-C by the first interaction would say that something was computed."""
    monkeypatch.setattr(Interrupted, "calls_left", 0)
    try:
        status = isotherm(*options, model="Interrupted")
    except SystemExit as error:  # of the parser
        status = int(error.code or 0)
    assert status not in {0, 130}
    assert said in " ".join(capsys.readouterr().err.split())


def test_a_cheap_level_with_other_sites_is_refused(
    argon_folder: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    pytest.importorskip("torch")
    options = ("--pressures", "1", "--gas", "N2", "--cheap", "forcefield:trappe+uff")
    assert isotherm(*options) != 0
    assert "choose a force field with these sites" in " ".join(capsys.readouterr().err.split())


def test_a_surrogate_says_how_it_went_with_the_number_of_moves_chosen(argon_folder: Path) -> None:
    pytest.importorskip("torch")
    record = told(
        argon_folder,
        *("--pressures", "3bar", "--chains", "1", "--insertions", "256", "--samples", "4"),
        *("--equilibration-blocks", "15", "--production-blocks", "6"),
        *("--cheap", "forcefield:uff?coulomb=no"),
        model="Spheres",
    )
    assert record["exchange"]["moves"] in {10, 30, 100, 300, 1000}
    assert np.isfinite(record["isotherm"][0]["agreement"]["effective_per_call"])
