"""``nearsight isotherm``: physics through the whole command, its files, and what is refused."""

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ase.io import read
from ase.io.cube import read_cube
from gemmi import cif

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
        assert record["exchange"]["runs"][0]["cheap_scale"] != 1
        assert record["exchange"]["runs"][0]["moves"] == 15


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


def rows_of(name: str) -> list[dict[str, str]]:
    with open(name, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_several_temperatures_of_an_ideal_gas(
    argon_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each isotherm is a straight line, and all routes have the heat k_B T."""
    temperatures_K = (300.0, 360.0)
    record = told(
        argon_folder,
        *("--temperature", "300", "360", "--pressures", "10:40bar:lin3", "--equation", "ideal"),
        *(*SHORT, "--production-blocks", "5", "--overlap-share", "0", "--moves", "8"),
        *("--samples", "16", "--csv", "p.csv", "--aif", "p.aif", "--report", "page.html"),
    )
    assert [row["temperature_K"] for row in record["isotherm"]] == [300.0] * 3 + [360.0] * 3
    assert [run["temperature_K"] for run in record["exchange"]["runs"]] == [300.0, 360.0]
    for row in record["isotherm"]:
        per_cell_Pa = PER_CELL_PA * TEMPERATURE_K / row["temperature_K"]
        expected = row["fugacity_Pa"] * per_cell_Pa
        assert abs(row["molecules_per_cell"] - expected) < 4 * row["molecules_per_cell_error"]
    chosen = [fit for fit in record["fits"] if fit["chosen"]]
    assert [fit["function"] for fit in chosen] == ["henry", "henry"]
    for fit, temperature_K in zip(chosen, temperatures_K, strict=True):
        per_mol_kg = FRAMEWORK.get_masses().sum() * 1e-3
        expected = PER_CELL_PA * TEMPERATURE_K / temperature_K / per_mol_kg
        error = fit["henry_coefficient_error_mol_per_kg_Pa"]
        assert abs(fit["henry_coefficient_mol_per_kg_Pa"] - expected) < 4 * error
    assert "too few for it" in record["fits"][1]["reason"]
    heats = record["isosteric"]
    assert heats["temperature_K"] == pytest.approx(2 / (1 / 300 + 1 / 360))
    expected = GAS_CONSTANT_J_PER_MOL_K * 1e-3 * heats["temperature_K"]
    for row in heats["heats"]:
        assert abs(row["heat_kJ_per_mol"] - expected) < 4 * row["heat_error_kJ_per_mol"]
    assert level(record, "heats-differ") == "good"
    assert [row["temperature_K"] for row in rows_of("p.csv")] == ["300.0"] * 3 + ["360.0"] * 3
    assert len(rows_of("p.samples.csv")) == 2 * 3 * 2 * (2 + 5) * 16
    assert len(rows_of("p.fits.csv")) == 8
    assert (
        float(rows_of("p.heats.csv")[0]["heat_kJ_per_mol"]) == heats["heats"][0]["heat_kJ_per_mol"]
    )
    text = Path("p.aif").read_text(encoding="utf-8")
    assert text.count("data_") == 2
    assert text.count("_nearsight_fit_function henry") == 2
    page = Path("page.html").read_text(encoding="utf-8")
    assert "Isotherms at 300, 360 K" in page
    assert "Heat of adsorption" in page
    printed = capsys.readouterr().out
    assert max(map(len, printed.splitlines())) <= 80
    assert "  at 360 K\n" in printed
    assert "heat by Clausius and Clapeyron" in printed


def test_one_temperature_names_none_and_has_no_heats_by_others(
    argon_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    record = told(
        argon_folder,
        *("--pressures", "20bar", "--equation", "ideal", *SHORT, "--production-blocks", "2"),
        *("--samples", "20", "--moves", "4", "--overlap-share", "0"),
    )
    assert record["isosteric"] is None
    assert not any(fit["chosen"] for fit in record["fits"])
    printed = capsys.readouterr().out
    assert "  at 300 K" not in printed
    assert "1 pressure is too few" in " ".join(printed.split())


def test_several_temperatures_go_on_as_the_unbroken_ones(
    argon_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = ("--pressures", "2bar", *SHORT, "--production-blocks", "2", "--samples", "8")
    options = (*options, "--moves", "4", "--equation", "ideal", "--work-dir", "kept")
    options = (*options, "--temperature", "300", "350")
    unbroken = told(argon_folder, *options, model="Interrupted")
    for n_calls in (420, 150):
        monkeypatch.setattr(Interrupted, "calls_left", n_calls)
        assert isotherm(*options, model="Interrupted") == 130
    assert len(list(Path("kept").glob("argon-*.gcmc"))) == 2
    monkeypatch.setattr(Interrupted, "calls_left", None)
    resumed = told(argon_folder, *options, model="Interrupted")
    for name in ("isotherm", "exchange", "henry", "fits", "verdict"):
        assert resumed[name] == unbroken[name]
    numbers = [row["molecules_per_cell"] for row in resumed["isotherm"]]
    assert numbers[0] != numbers[1]
    assert not Path("kept").exists()


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


def test_a_trained_level_for_several_temperatures_goes_on_as_the_unbroken_one(
    argon_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("torch")
    options = ("--pressures", "2bar", "--temperature", "300", "350", "--equation", "ideal")
    options = (*options, *SHORT, "--equilibration-blocks", "3", "--production-blocks", "3")
    options = (*options, "--samples", "8", "--moves", "4", "--work-dir", "kept")
    unbroken = told(argon_folder, *options, "--surrogate", "a.npz", model="Interrupted")
    for n_calls in (330, 130):  # each time with what the certificate asks for
        monkeypatch.setattr(Interrupted, "calls_left", n_calls)
        assert isotherm(*options, "--surrogate", "b.npz", model="Interrupted") == 130
    assert len(list(Path("kept").glob("argon-*.gcmc"))) == 2
    monkeypatch.setattr(Interrupted, "calls_left", None)
    resumed = told(argon_folder, *options, "--surrogate", "b.npz", model="Interrupted")
    for name in ("isotherm", "henry", "fits", "verdict"):
        assert resumed[name] == unbroken[name]
    assert resumed["exchange"]["runs"] == unbroken["exchange"]["runs"]


def test_a_gas_of_a_critical_point_that_is_given(argon_folder: Path) -> None:
    record = told(
        argon_folder,
        *("--overlap-share", "0", "--moves", "4", "--samples", "10", *SHORT),
        *("--production-blocks", "2", "--pressures", "60bar", "--equation", "peng-robinson"),
        *("--critical-point", "190.6", "46", "0.011"),  # of methane
    )
    [row] = record["isotherm"]
    methane = bulk_gas("CH4", TEMPERATURE_K, 6e6, "peng-robinson").fugacity_Pa
    argon = bulk_gas("Ar", TEMPERATURE_K, 6e6, "peng-robinson").fugacity_Pa
    assert row["fugacity_Pa"] == pytest.approx(methane, rel=1e-3)
    assert abs(methane / argon - 1) > 0.05


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
        (("--pressures", "1", "--temperature", "300", "300"), "--temperature has one twice"),
        (
            ("--pressures", "50", "--gas", "CO2", "--temperature", "320", "280"),
            "CO2 is a liquid at 280 K",
        ),
        (("--pressures", "90bar", "--gas", "CO2", "--temperature", "298"), "CO2 is a liquid at"),
        (
            ("--pressures", "90bar", "--gas", "CO2", "--equation", "peng-robinson"),
            "CO2 is a liquid at 300 K",
        ),
        (
            ("--pressures", "1", "--critical-point", "150", "48", "0"),
            "--critical-point is for the --equation peng-robinson",
        ),
        (
            (
                *("--pressures", "1", "--equation", "peng-robinson"),
                *("--critical-point", "150", "48"),
            ),
            "--critical-point is a temperature in K",
        ),
        (("--pressures", "1", "--gas", "C02"), "did you mean CO2"),
        (("--pressures", "1", "--remove-offset"), "is not known: nobody has compared"),
        (("--pressures", "1", "--cheap", "ase:host_and_guest:Interrupted"), "is the model itself"),
        (("--pressures", "1", "--cheap", "sevennet-zero"), "there is no model 'sevennet-zero'"),
        (("--pressures", "1", "--cheap-dtype", "float32"), "--cheap-dtype is that of --cheap"),
        (("--pressures", "1", "--surrogate", "trian"), "is train, or a file that ends in .npz"),
        (("--pressures", "1", "--fugacity-insertions", "9"), "which measures nothing; give 20"),
        (("--pressures", "1", "--trajectory", "t.traj"), "is a file that ends in .extxyz"),
        (
            ("--pressures", "1", "--cube", "c.cube", "--samples", "3", "--production-blocks", "3"),
            "no configuration is kept",
        ),
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


def test_a_cheap_level_with_other_sites(argon_folder: Path) -> None:
    """Three sites propose for two atoms that interact with nothing."""
    pytest.importorskip("torch")
    record = told(
        argon_folder,
        *("--pressures", "3bar", "--gas", "N2", "--cheap", "forcefield:trappe+uff?coulomb=no"),
        *("--moves", "10", *SHORT, "--production-blocks", "8", "--samples", "30"),
        *("--overlap-share", "0"),
    )
    [row] = record["isotherm"]
    expected = row["fugacity_Pa"] * PER_CELL_PA
    assert abs(row["molecules_per_cell"] - expected) < 4 * row["molecules_per_cell_error"]
    assert 0.05 < row["agreement"]["acceptance"] < 1


def test_any_model_proposes_and_the_fugacity_is_measured(argon_folder: Path) -> None:
    """One with false wells for one without; insertions into samples cost calls of that."""
    record = told(
        argon_folder,
        *("--pressures", "3bar", "--equation", "ideal", "--cheap", "ase:host_and_guest:WithHole"),
        *("--moves", "5", *SHORT, "--production-blocks", "8", "--samples", "30"),
        *("--equilibration-blocks", "3", "--fugacity-insertions", "200"),
        model="Spheres",
    )
    mean, _ = by_quadrature(TEMPERATURE_K)
    [row] = record["isotherm"]
    expected = mean * 3e5 * PER_CELL_PA
    assert abs(row["molecules_per_cell"] - expected) < 4 * row["molecules_per_cell_error"]
    measured, error = row["measured_fugacity_Pa"], row["measured_fugacity_error_Pa"]
    assert abs(measured - 3e5) < 4 * error < 3e5
    assert level(record, "fugacity-differs") == "good"
    [run] = record["exchange"]["runs"]
    assert run["n_cheap_calls"] > run["n_calls"] > 200


def test_a_cheap_level_that_is_too_deep_for_anything_to_be_accepted(argon_folder: Path) -> None:
    """By 12 kT a molecule: samples alone, all of them empty, would never say so."""
    record = told(
        argon_folder,
        *("--pressures", "3bar", "--equation", "ideal", "--overlap-share", "0", "--moves", "10"),
        *("--cheap", "ase:host_and_guest:FarTooLow", *SHORT, "--samples", "20"),
        *("--production-blocks", "8"),
    )
    [row] = record["isotherm"]
    expected = 3e5 * PER_CELL_PA
    assert abs(row["molecules_per_cell"] - expected) < 4 * row["molecules_per_cell_error"]
    assert row["agreement"]["acceptance"] == 1


def test_a_trained_level_is_kept_for_other_pressures(
    argon_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("torch")
    options = (
        *("--equation", "ideal", *SHORT, "--samples", "20", "--production-blocks", "6"),
        *("--equilibration-blocks", "3", "--moves", "15", "--surrogate", "spheres.npz"),
    )
    first = told(argon_folder, "--pressures", "3bar", *options, model="Spheres")
    written = Path("spheres.npz").read_bytes()
    other = told(argon_folder, "--pressures", "0.3,6bar", *options, model="Spheres")
    assert Path("spheres.npz").read_bytes() == written
    mean, _ = by_quadrature(TEMPERATURE_K)
    for row in (*first["isotherm"], *other["isotherm"]):
        expected = mean * row["pressure_Pa"] * PER_CELL_PA
        assert abs(row["molecules_per_cell"] - expected) < 4 * row["molecules_per_cell_error"]
        assert row["agreement"]["acceptance"] > 0.8
    assert first["exchange"]["cheap"] == "forcefield:uff?coulomb=no"
    assert other["exchange"]["surrogate"] == "spheres.npz"
    assert isotherm("--pressures", "3bar", *options, model="WithHole") != 0
    assert "was trained for another model" in " ".join(capsys.readouterr().err.split())


def test_what_is_trained_for_a_molecule_of_several_atoms(argon_folder: Path) -> None:
    """On top of UFF, which knows no molecules; those of the model do not meet: Henry's law."""
    pytest.importorskip("torch")
    record = told(
        argon_folder,
        *("--gas", "CO2", "--pressures", "0.2bar", "--equation", "ideal", "--surrogate", "train"),
        *("--chains", "2", "--insertions", "256", "--moves", "15", "--samples", "20"),
        *("--equilibration-blocks", "6", "--production-blocks", "8"),
        model="Spheres",
    )
    assert record["exchange"]["cheap"] == "forcefield:uff?coulomb=no"
    [row], [henry] = record["isotherm"], record["henry"]
    expected = henry["coefficient_per_cell_Pa"] * row["fugacity_Pa"]
    of_insertions = henry["coefficient_error_per_cell_Pa"] * row["fugacity_Pa"]
    error = np.hypot(row["molecules_per_cell_error"], of_insertions)
    assert abs(row["molecules_per_cell"] - expected) < 4 * error < 0.8 * expected
    assert row["agreement"]["sigma_per_molecule_kT"] < 0.3
    assert row["agreement"]["acceptance"] > 0.6


@pytest.mark.parametrize("removed", [True, False])
def test_the_offset_of_a_model(
    argon_folder: Path, monkeypatch: pytest.MonkeyPatch, *, removed: bool
) -> None:
    """An ideal gas, each molecule of which is 0.06 eV too low: ten times as much at 300 K."""
    known = {("ase:host_and_guest:toolow", "Ar"): -0.06}
    monkeypatch.setattr("nearsight.adsorption.known_offsets._OFFSETS_EV", known)
    options = ("--remove-offset",) if removed else ()
    record = told(
        argon_folder,
        *("--pressures", "1bar", *SHORT, "--overlap-share", "0", "--equation", "ideal", *options),
        *("--moves", "8", "--samples", "20", "--production-blocks", "8", "--report", "page.html"),
        *("--aif", "p.aif"),
        model="TooLow",
    )
    [row] = record["isotherm"]
    of_energy = np.exp(0.06 / (BOLTZMANN_EV_PER_K * TEMPERATURE_K))
    expected = 1e5 * PER_CELL_PA * (1.0 if removed else of_energy)
    assert abs(row["molecules_per_cell"] - expected) < 4 * row["molecules_per_cell_error"]
    belongs_to = 1e5 * (1.0 if removed else of_energy)
    assert row["fugacity_without_offset_Pa"] == pytest.approx(belongs_to)
    heat = GAS_CONSTANT_J_PER_MOL_K * 0.3 + (0.0 if removed else 0.06 * 96.4853321)
    assert row["heat_kJ_per_mol"] == pytest.approx(heat)
    assert record["exchange"]["removed_offset_eV"] == (-0.06 if removed else 0.0)
    assert record["settings"].get("remove_offset", False) == removed
    assert level(record, "offset") == ("caution" if removed else "bad")
    assert level(record, "henry-differs") != "caution"
    [henry] = (
        cif.read("p.aif").sole_block().find_values("_nearsight_henry_coefficient_mol_per_kg_Pa")
    )
    of_loading = row["loading_mol_per_kg"] / row["molecules_per_cell"]
    coefficient = PER_CELL_PA * of_loading * (1.0 if removed else of_energy)
    assert float(henry) == pytest.approx(coefficient)  # of the energies that loadings are of
    assert ("offset taken off" in Path("page.html").read_text(encoding="utf-8")) == removed


def test_a_surrogate_says_how_it_went_with_the_number_of_moves_chosen(argon_folder: Path) -> None:
    pytest.importorskip("torch")
    record = told(
        argon_folder,
        *("--pressures", "3bar", "--chains", "1", "--insertions", "256", "--samples", "4"),
        *("--equilibration-blocks", "15", "--production-blocks", "6"),
        *("--cheap", "forcefield:uff?coulomb=no"),
        model="Spheres",
    )
    assert record["exchange"]["runs"][0]["moves"] in {10, 30, 100, 300, 1000}
    assert np.isfinite(record["isotherm"][0]["agreement"]["effective_per_call"])
