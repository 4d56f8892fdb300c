import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from ase.calculators.emt import EMT
from ase.vibrations import VibrationsData

from json_warnings import messages
from nearsight.units import BOLTZMANN_EV_PER_K, EV_IN_JOULE, EV_IN_PER_CM

Run = Callable[..., int]

DENSE = ("--spectrum", "dense")


def test_json_has_the_promised_fields(nearsight: Run, folder: Path) -> None:
    assert nearsight("heat-capacity", "copper.cif", *DENSE, "--json", "result.json") == 0
    record = json.loads((folder / "result.json").read_text())
    assert record["structure"] == "copper.cif"
    assert record["formula"] == "Cu4"
    assert record["n_atoms"] == 4
    assert record["model"] == {
        "name": "ase:emt",
        "checkpoint_sha256": None,
        "dtype": "unknown",
        "device": "cpu",
        "family": "ase",
        "options": {"asap_cutoff": False},
    }
    assert record["relaxation"].keys() >= {"converged", "steps", "fmax_eV_per_A"}
    assert record["relaxation"]["converged"] is True
    assert record["hessian"].keys() >= {
        "method",
        "rows_computed",
        "rows_total",
        "seconds",
        "peak_memory_bytes",
        "asymmetry_eV_per_A2",
        "sum_rule_eV_per_A2",
    }
    assert record["hessian"]["rows_total"] == 12
    of_modes = {"wavenumbers_per_cm", "frequencies_THz", "n_rigid_body", "n_imaginary"}
    assert record["modes"].keys() == of_modes
    assert len(record["modes"]["wavenumbers_per_cm"]) == 12
    assert record["heat_capacity"][0].keys() == {
        "temperature_K",
        "J_per_g_K",
        "J_per_molatom_K",
        "J_per_K_per_cell",
    }
    assert record["acoustic"] == "exclude"
    assert record["versions"].keys() >= {"python", "nearsight", "ase", "numpy"}


def test_heat_capacity_follows_from_the_printed_wavenumbers(nearsight: Run, folder: Path) -> None:
    arguments = ("copper.cif", *DENSE, "--temperature", "150")
    assert nearsight("heat-capacity", *arguments, "--json", "r.json") == 0
    record = json.loads((folder / "r.json").read_text())
    wavenumbers = np.sort(np.abs(record["modes"]["wavenumbers_per_cm"]))[3:]
    x = wavenumbers / EV_IN_PER_CM / (BOLTZMANN_EV_PER_K * 150.0)
    c = BOLTZMANN_EV_PER_K * np.sum(x**2 * np.exp(x) / np.expm1(x) ** 2)
    assert record["heat_capacity"][0]["J_per_K_per_cell"] == pytest.approx(
        c * EV_IN_JOULE, rel=1e-9
    )


def test_wavenumbers_are_those_of_differences_by_hand(nearsight: Run, folder: Path) -> None:
    """Second route: forces of EMT, differenced here, diagonalised by ASE."""
    import ase.io

    arguments = ("copper.cif", *DENSE, "--no-relax")
    assert nearsight("heat-capacity", *arguments, "--json", "r.json") == 0
    record = json.loads((folder / "r.json").read_text())
    atoms = ase.io.read("copper.cif")
    atoms.calc = EMT()
    rows = []
    for index in range(12):
        forces = []
        for sign in (1, -1):
            moved = atoms.copy()
            moved.calc = EMT()
            moved.positions[index // 3, index % 3] += sign * 0.01
            forces.append(moved.get_forces())
        rows.append(-(forces[0] - forces[1]).ravel() / 0.02)
    hessian = np.array(rows)
    data = VibrationsData(atoms, ((hessian + hessian.T) / 2).reshape(4, 3, 4, 3))
    expected = data.get_frequencies().real[3:]
    found = np.array(record["modes"]["wavenumbers_per_cm"])
    assert np.sort(np.abs(found))[3:] == pytest.approx(np.sort(expected), rel=1e-5)


def test_table_fits_80_columns(nearsight: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert nearsight("heat-capacity", "copper.cif", "--symmetrize", "0.2") == 0
    output = capsys.readouterr().out
    assert "Fm-3m" in output
    assert "J/(g K)" in output
    assert max(len(line) for line in output.splitlines()) <= 80


def test_json_on_standard_output_is_nothing_but_json(
    nearsight: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    assert nearsight("heat-capacity", "aluminium.cif", "--json", "-") == 0
    assert json.loads(capsys.readouterr().out)["formula"] == "Al4"


def test_failed_structure_is_a_record_and_the_others_go_on(
    nearsight: Run, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    structures = ("copper.cif", "empty.cif", "missing.cif", "aluminium.cif")
    assert nearsight("heat-capacity", *structures, "--json", "all.json") == 1
    records = json.loads((folder / "all.json").read_text())
    assert [record["structure"] for record in records] == list(structures)
    assert records[1]["error"]["type"] == "StructureError"
    assert "empty" in records[1]["error"]["message"]
    assert "does not exist" in records[2]["error"]["message"]
    assert records[3]["heat_capacity"]
    errors = capsys.readouterr().err
    assert "2 of 4 structures failed" in errors
    assert "Traceback" not in errors


def test_defect_keeps_its_traceback_and_the_others_go_on(
    nearsight: Run, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(hessian: object) -> None:
        raise RuntimeError("a defect")

    monkeypatch.setattr("nearsight.workflows.harmonic.vibrations", broken)
    assert nearsight("heat-capacity", "copper.cif") == 1
    assert "Traceback" in capsys.readouterr().err


def test_unconverged_relaxation_is_flagged_in_every_output(
    nearsight: Run, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status = nearsight(
        "heat-capacity", "copper.cif", "--max-steps", "1", "--json", "r.json", "--plot", "c.svg"
    )
    assert status == 0
    record = json.loads((folder / "r.json").read_text())
    assert record["relaxation"]["converged"] is False
    assert any("converged" in warning for warning in messages(record))
    output = capsys.readouterr().out
    assert "NOT CONVERGED" in output
    assert "Warning" in output
    assert "NOT CONVERGED" in _text_of(folder / "c.svg")


def test_unrelaxed_structure_is_flagged(nearsight: Run, folder: Path) -> None:
    assert nearsight("heat-capacity", "copper.cif", "--no-relax", "--json", "r.json") == 0
    record = json.loads((folder / "r.json").read_text())
    assert record["relaxation"] is None
    assert any("not relaxed" in warning for warning in messages(record))


def test_supercell_adds_to_the_heat_capacity_per_gram(nearsight: Run, folder: Path) -> None:
    """Acoustic modes, left out, weigh less in a larger cell."""
    hot = ("heat-capacity", "copper.cif", *DENSE, "--temperature", "5000")
    assert nearsight(*hot, "--json", "1.json") == 0
    assert nearsight(*hot, "--supercell", "2", "1", "1", "--json", "2.json") == 0
    small, large = (json.loads((folder / name).read_text()) for name in ("1.json", "2.json"))
    assert large["n_atoms"] == 2 * small["n_atoms"]
    ratio = large["heat_capacity"][0]["J_per_g_K"] / small["heat_capacity"][0]["J_per_g_K"]
    # classical limit: (3·8 - 3)/(3·8) against (3·4 - 3)/(3·4)
    assert ratio == pytest.approx((21 / 24) / (9 / 12), rel=1e-3)


def test_symmetrizing_reports_its_energy(nearsight: Run, folder: Path) -> None:
    assert nearsight("heat-capacity", "copper.cif", "--symmetrize", "0.2", "--json", "r.json") == 0
    symmetrization = json.loads((folder / "r.json").read_text())["symmetrization"]
    assert symmetrization["space_group"] == "Fm-3m"
    assert symmetrization["energy_change_eV_per_atom"] < 0


def test_plot_is_drawn(nearsight: Run, folder: Path) -> None:
    options = ("--mesh", "8", "8", "8", "--plot", "c.png")
    assert nearsight("heat-capacity", "copper.cif", "aluminium.cif", *options) == 0
    assert (folder / "c.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["copper.cif", "--plot", "c.txt"], ".png"),
        (["copper.cif", "--json", "nowhere/r.json"], "nowhere"),
        (["copper.cif", "--temperature", "-5"], "-5"),
        (["copper.cif", "--method", "magic"], "magic"),
        (["copper.cif", "--method", "rows"], "differentiated"),
        (["copper.cif", "--memory", "1e-9"], "budget"),
        (["nitrogen.xyz", "--supercell", "2", "1", "1"], "not periodic"),
        (["nitrogen.xyz", "--symmetrize", "0.01"], "periodic"),
    ],
)
def test_mistakes_are_explained_without_a_traceback(
    nearsight: Run,
    arguments: list[str],
    message: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert nearsight("heat-capacity", *arguments) == 1
    errors = capsys.readouterr().err
    assert message in errors
    assert "Traceback" not in errors


def test_element_unknown_to_the_model_is_named(
    nearsight: Run, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    import ase.io
    from ase.build import bulk

    ase.io.write(folder / "silicon.cif", bulk("Si"))
    assert nearsight("heat-capacity", "silicon.cif") == 1
    errors = capsys.readouterr().err
    assert "Si" in errors
    assert "Traceback" not in errors


def _text_of(svg: Path) -> str:
    # Matplotlib draws text as shapes and keeps the words as comments.
    return svg.read_text()


def test_small_cell_and_molecule_are_told_what_is_left_out(nearsight: Run, folder: Path) -> None:
    structures = ("copper.cif", "nitrogen.xyz")
    assert nearsight("heat-capacity", *structures, *DENSE, "--json", "r.json") == 0
    copper, nitrogen = json.loads((folder / "r.json").read_text())
    assert any("3 of 12 modes are acoustic" in warning for warning in messages(copper))
    assert any("vibrations of the molecule only" in warning for warning in messages(nitrogen))


def test_fixed_cell_keeps_the_cell(nearsight: Run, folder: Path) -> None:
    import ase.io

    from nearsight.hessian import Hessian

    assert nearsight("hessian", "copper.cif", "--fixed-cell", "--json", "r.json") == 0
    record = json.loads((folder / "r.json").read_text())
    assert record["settings"]["fixed_cell"] is True
    before = ase.io.read("copper.cif").cell.array
    assert Hessian.load("copper.hessian.npz").atoms.cell.array == pytest.approx(before)
    assert nearsight("hessian", "copper.cif") == 0
    assert Hessian.load("copper.hessian.npz").atoms.get_volume() < 0.99 * abs(np.linalg.det(before))


@pytest.mark.parametrize("arguments", [["--method", "magic"], ["--method", "rows"]])
def test_impossible_method_costs_no_relaxation(
    nearsight: Run, arguments: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def relaxed(*positional: object, **settings: object) -> None:
        raise AssertionError("the method was to be checked first")

    monkeypatch.setattr("nearsight.workflows.prepare.relax", relaxed)
    assert nearsight("heat-capacity", "copper.cif", *arguments) == 1


def test_output_that_breaks_costs_no_result(
    nearsight: Run, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*arguments: object) -> None:
        raise BrokenPipeError

    monkeypatch.setattr("nearsight.tables.text.print_calculation", broken)
    assert nearsight("heat-capacity", "copper.cif", "--json", "r.json") == 1
    assert json.loads((folder / "r.json").read_text())["heat_capacity"]
