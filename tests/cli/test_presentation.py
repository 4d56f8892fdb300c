"""Units by one switch: tables, figures, pages and files say the same."""

import csv
import json
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from scipy import constants

from nearsight.cli.main import main

Run = Callable[..., int]

FEW = ("--no-relax", "--mesh", "3", "3", "3", "--supercell", "2", "2", "2")
PER_CM = constants.c * 100 * 1e-12  # in THz


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize(("unit", "axis"), [("THz", "frequency"), ("cm-1", "wavenumber")])
def test_everything_that_shows_phonons_is_in_one_unit(
    nearsight: Run,
    phonon_folder: Path,
    capsys: pytest.CaptureFixture[str],
    unit: str,
    axis: str,
) -> None:
    symbol, other = ("THz", "cm⁻¹") if unit == "THz" else ("cm⁻¹", "THz")
    files = ("--json", "r.json", "--csv", "r.csv", "--plot", "r.svg", "--report", "r.html")
    options = (*FEW, "--bands", "GXM", "--band-points", "5", "--projected-dos", "--unit", unit)
    assert nearsight("phonons", "ordered.cif", *options, *files) == 0
    output = capsys.readouterr().out
    assert symbol in output
    assert other not in output
    page = (phonon_folder / "r.html").read_text(encoding="utf-8")
    assert f"{axis} / {symbol}" in page
    assert f"per {symbol}" in page
    assert not re.search(rf">[^<]*{other}[^<]*</text>", page)
    figure = (phonon_folder / "r.svg").read_text(encoding="utf-8")
    assert f"{axis} / {symbol}" in figure
    assert f"per {symbol}" in figure
    record = json.loads((phonon_folder / "r.json").read_text())
    assert record["frequency_unit"] == unit
    highest = max(np.max(each["wavenumbers_per_cm"]) for each in record["bands"]["segments"])
    digits = 3 if unit == "THz" else 1
    shown = highest * PER_CM if unit == "THz" else highest
    assert f"{shown:.{digits}f} {symbol}" in output


def test_files_hold_both_units_whatever_is_shown(nearsight: Run, phonon_folder: Path) -> None:
    options = (*FEW, "--bands", "--projected-dos", "--json", "r.json", "--csv", "r.csv")
    assert nearsight("phonons", "ordered.cif", *options) == 0
    record = json.loads((phonon_folder / "r.json").read_text())
    for segment in record["bands"]["segments"]:
        for in_THz, per_cm in zip(
            segment["frequencies_THz"], segment["wavenumbers_per_cm"], strict=True
        ):
            assert in_THz == pytest.approx([each * PER_CM for each in per_cm], abs=1e-9)
    bands = rows(phonon_folder / "r.bands.csv")
    n_points = sum(len(s["qpoints"]) for s in record["bands"]["segments"])
    assert len(bands) == 12 * n_points
    for row in bands[:: len(bands) // 20]:
        in_THz = float(row["frequency_THz"])
        assert in_THz == pytest.approx(float(row["wavenumber_per_cm"]) * PER_CM, abs=1e-9)
    density = rows(phonon_folder / "r.density-of-states.csv")
    for row in density[:: len(density) // 20]:
        parts = float(row["Au_states_per_THz"]) + float(row["Cu_states_per_THz"])
        assert parts == pytest.approx(float(row["total_states_per_THz"]), abs=1e-9)
    [first] = record["heat_capacity"]
    [row] = rows(phonon_folder / "r.csv")
    assert float(row["heat_capacity_J_per_g_K"]) == first["J_per_g_K"]
    assert float(row["zero_point_energy_eV_per_cell"]) == record["zero_point_energy_eV"]


@pytest.mark.parametrize(
    ("per", "heads"),
    [
        ("formula", "c_v / J/(mol K)   S / J/(mol K)   U / kJ/mol   F / kJ/mol"),
        ("gram", "c_v / J/(g K)     S / J/(g K)     U / kJ/g     F / kJ/g"),
        ("atom", "c_v / J/(mol K)   S / J/(mol K)   U / kJ/mol   F / kJ/mol"),
        ("cell", "c_v / meV/K       S / meV/K       U / eV       F / eV"),
    ],
)
def test_functions_are_per_what_is_asked_for(
    nearsight: Run, phonon_folder: Path, capsys: pytest.CaptureFixture[str], per: str, heads: str
) -> None:
    for command in ("phonons", "heat-capacity"):
        options = (*FEW, "--temperature", "0:600:300", "--per", per, "--json", "r.json")
        assert nearsight(command, "ordered.cif", *options) == 0
        output = capsys.readouterr().out
        assert heads in output
        assert max(map(len, output.splitlines())) <= 80
        record = json.loads((phonon_folder / "r.json").read_text())
        temperatures = [row["temperature_K"] for row in record["thermodynamics"]]
        assert temperatures == [0.0, 300.0, 600.0]
        cold = re.search(r"^ +0\.00((?: +[-\d.]+){4})$", output, flags=re.MULTILINE)
        assert cold is not None
        heat, entropy, energy, free = map(float, cold[1].split())
        assert heat == entropy == 0.0
        assert energy == free
        zero_point = record["zero_point_energy_kJ_per_molformula"]
        expected = {
            "formula": zero_point,
            "atom": zero_point / 4,
            "cell": record["zero_point_energy_eV"],
            "gram": zero_point / (196.96657 + 3 * 63.546),
        }[per]
        assert energy == pytest.approx(expected, abs=1e-3)


def test_modes_of_a_molecule_follow_the_switch(
    nearsight: Run, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert nearsight("vibrations", "nitrogen.xyz", "--csv", "m.csv", "--plot", "m.svg") == 0
    [row] = rows(folder / "m.csv")
    wavenumber = float(row["wavenumber_per_cm"])
    assert f"{wavenumber:9.2f}" in capsys.readouterr().out
    assert "wavenumber / cm⁻¹" in (folder / "m.svg").read_text(encoding="utf-8")
    assert nearsight("vibrations", "nitrogen.xyz", "--unit", "THz", "--plot", "m.svg") == 0
    output = capsys.readouterr().out
    assert "frequencies in THz" in output
    assert f"{wavenumber * PER_CM:9.4f}" in output
    assert "frequency / THz" in (folder / "m.svg").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--band-points", "5"], "--band-points is about --bands; ask for them too"),
        (
            ["--bands", "--band-points", "5", "--band-spacing", "0.01"],
            "give one of --band-points, --band-spacing, not both",
        ),
        (["--bands", "--band-points", "1"], "--band-points is 2 or more, not 1"),
        (["--bands", "GXQ"], "the point Q of the path 'GXQ' is not known for this lattice"),
        (["--unit", "meV"], "invalid choice: 'meV'"),
        (["--per", "mole"], "invalid choice: 'mole'"),
        (["--temperature", "300:0:50"], "300:0:50 ends below its start"),
        (["--csv", "nowhere/r.csv"], "the folder .* does not exist"),
    ],
)
def test_what_cannot_be_shown_is_explained(
    nearsight: Run,
    phonon_folder: Path,
    capsys: pytest.CaptureFixture[str],
    options: list[str],
    message: str,
) -> None:
    try:
        status = nearsight("phonons", "ordered.cif", *FEW, *options)
    except SystemExit as ended:
        status = int(ended.code or 0)
    assert status != 0
    assert re.search(message, " ".join(capsys.readouterr().err.split()))


def test_a_failed_structure_is_a_row_with_its_reason(nearsight: Run, folder: Path) -> None:
    options = ("--no-relax", "--mesh", "2", "2", "2", "--csv", "r.csv")
    assert nearsight("heat-capacity", "copper.cif", "empty.cif", "aluminium.cif", *options) == 1
    copper, empty, aluminium = rows(folder / "r.csv")
    assert [each["structure"] for each in (copper, empty, aluminium)] == [
        "copper.cif",
        "empty.cif",
        "aluminium.cif",
    ]
    assert "empty" in empty["error"]
    assert not copper["error"]
    assert float(aluminium["heat_capacity_J_per_g_K"]) > float(copper["heat_capacity_J_per_g_K"])


def test_tables_are_written_when_a_run_is_interrupted(
    nearsight: Run, folder: Path, interrupt_after: Callable[[int], None]
) -> None:
    options = ("--no-relax", "--method", "central-difference", "--csv", "v.csv")
    interrupt_after(28)
    assert nearsight("vibrations", "copper.cif", "aluminium.cif", *options) == 130
    written = rows(folder / "v.csv")
    assert {row["structure"] for row in written} == {"copper.cif"}
    assert len(written) == 9


def test_no_table_takes_the_place_of_another_file(
    nearsight: Run, phonon_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (phonon_folder / "r.bands.csv").write_bytes((phonon_folder / "ordered.cif").read_bytes())
    assert nearsight("phonons", "r.bands.csv", *FEW, "--bands", "--csv", "r.csv") == 1
    assert "would take its place" in " ".join(capsys.readouterr().err.split())
    assert nearsight("phonons", "ordered.cif", *FEW, "--csv", "r.csv", "--json", "r.bands.csv") == 1
    assert "are the same file" in " ".join(capsys.readouterr().err.split())


def test_a_csv_does_not_take_the_place_of_its_structure(
    nearsight: Run, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert nearsight("vibrations", "copper.cif", "--csv", "copper.cif") == 1
    assert "would take its place" in " ".join(capsys.readouterr().err.split())


def test_models_side_by_side_are_rows(nearsight: Run, folder: Path) -> None:
    names = "ase:emt,no-model,ase:lj"
    options = ["--models", names, "--csv", "c.csv", "--json", "c.json"]
    assert main(["models", "compare", "copper.cif", *options]) == 1
    written = rows(folder / "c.csv")
    assert [row["model"] for row in written] == names.split(",")
    records = json.loads((folder / "c.json").read_text())
    for row, record in zip(written, records, strict=True):
        assert bool(row["error"]) == ("error" in record)
        if "error" not in record:
            assert float(row["energy_eV_per_atom"]) == record["energy_eV_per_atom"]
            mean = -sum(record["stress_GPa"][:3]) / 3
            assert float(row["pressure_GPa"]) == pytest.approx(mean, rel=1e-12)
