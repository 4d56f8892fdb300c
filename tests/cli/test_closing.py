"""One line for each of several structures."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from nearsight.records.base import CalculatedRecord
from nearsight.records.questions import QUESTIONS
from nearsight.tables.closing import _ANSWERS, ClosingTable, answer_of
from nearsight.tables.lines import columns

Run = Callable[..., int]


def table_of(records: list[dict[str, Any]], capsys: pytest.CaptureFixture[str]) -> list[str]:
    table = ClosingTable()
    for record in records:
        table.add(record)
    table.show()
    return capsys.readouterr().out.strip().splitlines()


def heat(name: str, level: str = "good") -> dict[str, Any]:
    row = {"temperature_K": 300.0, "J_per_g_K": 0.367730, "J_per_molatom_K": 23.4}
    verdict = {"level": level}
    heat = {"heat_capacity": [row], "verdict": verdict}
    return {"question": "heat-capacity", "structure": name, "formula": "Cu4", **heat}


def test_each_structure_has_name_formula_number_and_verdict(
    capsys: pytest.CaptureFixture[str],
) -> None:
    lines = table_of([heat("a.cif"), heat("long/path/b.cif", "caution")], capsys)
    assert lines[0].split() == ["structure", "formula", "result", "verdict"]
    assert lines[1] == "a.cif            Cu4      c_v 0.36773 J/(g K), 300 K  passed"
    assert lines[2].startswith("long/path/b.cif  Cu4      c_v 0.36773 J/(g K), 300 K  caution")


def test_failed_structure_has_its_reason(capsys: pytest.CaptureFixture[str]) -> None:
    error = {"type": "StructureError", "message": "b.cif: It contains no atoms; check it."}
    lines = table_of([heat("a.cif"), {"structure": "b.cif", "error": error}], capsys)
    assert lines[2] == "b.cif      failed: It contains no atoms; check it."


@pytest.mark.parametrize(
    "name", ["x" * 200 + ".cif", "銅の構造ファイル" * 9 + ".cif", "red\x1b[31m\nforged.cif"]
)
def test_no_name_leaves_its_line(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    error = {"type": "StructureError", "message": f"{name} is\nno structure " + "at all " * 40}
    failed = {"structure": name, "error": error}
    lines = table_of([heat(name), heat("a.cif"), failed], capsys)
    assert len(lines) == 4
    assert all(columns(line) <= 80 for line in lines)
    assert "\x1b" not in "".join(lines)
    assert lines[1].endswith("passed")


def test_one_structure_needs_no_table(capsys: pytest.CaptureFixture[str]) -> None:
    assert table_of([heat("a.cif")], capsys) == []


MODES = {"wavenumbers_per_cm": [-90.0, 300.04], "frequencies_THz": [-2.7, 8.995]}


@pytest.mark.parametrize(
    ("question", "parts", "answer"),
    [
        ("elastic", {"elasticity": {"moduli": {"bulk_GPa": {"hill": 140.13}}}}, "K 140.1 GPa"),
        ("elastic", {"elasticity": {"moduli": None, "stability": "unstable"}}, "unstable"),
        ("vibrations", {"modes": {**MODES, "n_imaginary": 1}}, "up to 300.0 cm⁻¹, 1 imaginary"),
        (
            "vibrations",
            {"modes": {**MODES, "n_imaginary": 0}, "frequency_unit": "THz"},
            "up to 8.99 THz",
        ),
        ("locality", {"force_range_A": 6.25}, "range of forces 6.25 Å"),
        ("hessian", {"hessian": {"rows_total": 66}}, "66 rows"),
        ("energy", {"energy_eV_per_atom": -3.12345}, "-3.1235 eV/atom"),
        (
            "trajectory",
            {
                "diffusion": [
                    {"kind": "Si", "diffusive": False, "value_m2_per_s": 1e-13},
                    {"kind": "CO2", "diffusive": True, "value_m2_per_s": 1.234e-8},
                ]
            },
            "D(CO2) 1.23e-08 m²/s",
        ),
        ("trajectory", {"diffusion": [], "frames": {"n_frames": 12}}, "12 frames"),
        ("md", {"dynamics": {"temperature_K": 300.04}}, "300.0 K"),
        (
            "thermal-expansion",
            {
                "thermal_expansion": [
                    {"temperature_K": 300.0, "volumetric_expansion_per_K": 3.118e-5}
                ]
            },
            "α 3.12e-05 1/K, 300 K",
        ),
        ("relax", {"relaxation": {"energy_change_eV_per_atom": -0.00135}}, "-1.35 meV/atom"),
        ("heat-capacity", {"heat_capacity": []}, ""),
    ],
)
def test_number_is_what_the_question_was_about(
    question: str, parts: dict[str, Any], answer: str
) -> None:
    assert answer_of({"question": question, **parts}) == answer


def test_every_question_about_a_structure_has_a_number() -> None:
    about_one = {name for name, kind in QUESTIONS.items() if issubclass(kind, CalculatedRecord)}
    assert set(_ANSWERS) == about_one


@pytest.mark.parametrize(
    ("command", "answer"),
    [
        ("heat-capacity --spectrum dense", "J/(g K), 300 K"),
        ("vibrations", "cm⁻¹"),
        ("hessian", "12 rows"),
        ("hessian --plan", "rows needed"),
        ("elastic", "GPa"),
        ("energy", "eV/atom"),
    ],
)
def test_every_command_has_its_number(
    nearsight: Run, command: str, answer: str, capsys: pytest.CaptureFixture[str]
) -> None:
    unrelaxed = () if command == "energy" else ("--no-relax",)
    nearsight(*command.split(), "copper.cif", "aluminium.cif", "missing.cif", *unrelaxed)
    head, *lines = capsys.readouterr().out.splitlines()[-4:]
    assert head.startswith("structure")
    assert all(answer in line for line in lines[:2])
    assert "failed: does not exist" in lines[2]


def test_json_on_standard_output_stays_alone(
    nearsight: Run, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ("--no-relax", "--json", "-")
    assert nearsight("hessian", "copper.cif", "aluminium.cif", *options) == 0
    assert "verdict\n" not in capsys.readouterr().out
    assert (folder / "copper.hessian.npz").exists()
