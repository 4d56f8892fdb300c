import json
import re
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nearsight.cli.main import main
from nearsight.errors import StorageError
from nearsight.hessian import Hessian
from nearsight.units import EV_IN_PER_CM, EV_IN_THZ

Run = Callable[..., int]
Phonons = Callable[..., dict[str, Any]]

FEW = ("--no-relax", "--mesh", "3", "3", "3", "--supercell", "2", "2", "2")


@pytest.fixture
def phonons(nearsight: Run, phonon_folder: Path) -> Phonons:
    """Return a function: the record of phonons."""

    def compute(*arguments: str) -> dict[str, Any]:
        assert nearsight("phonons", *arguments, "--json", "r.json") == 0
        record: dict[str, Any] = json.loads((phonon_folder / "r.json").read_text())
        return record

    return compute


def test_json_has_bands_and_thermodynamic_functions(phonons: Phonons) -> None:
    record = phonons("ordered.cif", *FEW, "--bands", "--temperature", "0", "300")
    assert record["supercell"] == [2, 2, 2]
    assert record["mesh"] == [3, 3, 3]
    assert record["spectrum"]["method"] == "mesh"
    assert record["acoustic"] == "classical"
    assert record["bands"].keys() == {"path", "primitive_cell_A", "segments"}
    assert record["bands"]["path"].startswith("Γ-X")
    for segment in record["bands"]["segments"]:
        n_points = len(segment["distances_per_A"])
        assert np.shape(segment["qpoints"]) == (n_points, 3)
        assert np.shape(segment["frequencies_THz"]) == (n_points, 12)
    cold, warm = record["thermodynamics"]
    assert [cold["temperature_K"], warm["temperature_K"]] == [0.0, 300.0]
    assert cold["entropy_J_per_molformula_K"] == 0.0
    # at 0 K both are the zero-point energy
    assert cold["free_energy_kJ_per_molformula"] == pytest.approx(
        cold["internal_energy_kJ_per_molformula"]
    )
    assert warm["entropy_J_per_molformula_K"] > 0
    assert warm["free_energy_kJ_per_molformula"] < cold["free_energy_kJ_per_molformula"]
    assert warm["internal_energy_kJ_per_molformula"] > cold["internal_energy_kJ_per_molformula"]


def test_bands_are_computed_only_when_they_are_asked_for(
    phonons: Phonons, monkeypatch: pytest.MonkeyPatch
) -> None:
    def computed(*positional: object, **settings: object) -> None:
        raise AssertionError("nobody asked for bands")

    monkeypatch.setattr(import_module("nearsight.workflows.phonons"), "band_structure", computed)
    assert phonons("primitive.xyz", *FEW)["bands"] is None


def test_heat_is_that_of_the_heat_capacity_command(
    phonons: Phonons, nearsight: Run, phonon_folder: Path
) -> None:
    record = phonons("ordered.cif", *FEW)
    assert nearsight("heat-capacity", "ordered.cif", *FEW, "--json", "c.json") == 0
    other = json.loads((phonon_folder / "c.json").read_text())
    (one,), (two,) = record["heat_capacity"], other["heat_capacity"]
    assert one["J_per_g_K"] == pytest.approx(two["J_per_g_K"], rel=1e-7)


def test_saved_file_opens_in_phonopy_with_the_same_phonons(
    phonons: Phonons, phonon_folder: Path
) -> None:
    """Second route: phonopy's own file, mesh and units."""
    import phonopy

    record = phonons("ordered.cif", *FEW, "--output", "ordered.yaml", "--temperature", "150")
    loaded = phonopy.load(phonon_folder / "ordered.yaml", log_level=0)
    frequencies = loaded.run_mesh([3, 3, 3], is_gamma_center=True).frequencies
    highest = record["spectrum"]["highest_wavenumber_per_cm"]
    assert frequencies.max() * EV_IN_PER_CM / EV_IN_THZ == pytest.approx(highest, rel=1e-5)
    thermal = loaded.run_thermal_properties(temperatures=[150.0], cutoff_frequency=1e-2)
    theirs = thermal.heat_capacity[0]
    (ours,) = record["heat_capacity"]
    # phonopy leaves the 3 modes at Γ out, each of them 1/27 of R for 4 atoms
    counted = ours["J_per_molatom_K"] - 3 * 8.314462618 / 27 / 4
    assert counted == pytest.approx(theirs / 4, rel=1e-4)


def test_saved_hessian_of_a_supercell_has_the_same_phonons(
    phonons: Phonons, nearsight: Run, phonon_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Second route: all rows of the supercell, from which the primitive cell is found."""
    options = ("--no-relax", "--supercell", "3", "3", "3")
    computed = phonons("primitive.xyz", *options, "--mesh", "4", "4", "4", "--bands")
    assert nearsight("hessian", "primitive.xyz", *options, "--no-symmetry") == 0
    assert Hessian.load("primitive.hessian.npz").rows_total == 81

    def no_model(*arguments: object, **settings: object) -> None:
        raise AssertionError("a saved Hessian needs no model")

    monkeypatch.setattr("nearsight.models.registry.load_model", no_model)
    arguments = ["primitive.hessian.npz", "--mesh", "4", "4", "4", "--bands", "--json", "s.json"]
    assert main(["phonons", *arguments]) == 0
    saved = json.loads((phonon_folder / "s.json").read_text())
    assert saved["bands"]["path"] == computed["bands"]["path"]
    for one, other in zip(saved["bands"]["segments"], computed["bands"]["segments"], strict=True):
        assert one["frequencies_THz"][-1] == pytest.approx(other["frequencies_THz"][-1], abs=1e-4)
    assert saved["heat_capacity"][0]["J_per_molatom_K"] == pytest.approx(
        computed["heat_capacity"][0]["J_per_molatom_K"], rel=1e-7
    )


def test_everything_is_shown_within_80_columns(
    nearsight: Run, phonon_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    structures = ("ordered.cif", "slab.cif", "copper.cif")
    options = (*FEW, "--bands", "--temperature", "0", "300", "1000")
    assert nearsight("phonons", *structures, *options) == 0
    output = capsys.readouterr().out
    for needed in (
        "phonons",
        "3×3×3 mesh",
        "bands",
        "Γ-X",
        "cm⁻¹",
        "S / J/(mol K)",
        "all per mole of AuCu3;",
        "all per mole of Cu (4 in the cell);",
        "Warning",
    ):
        assert needed in output
    assert not re.search(r"-0\.0+(?!\d)", output)
    assert max(len(line) for line in output.splitlines()) <= 80


@pytest.mark.parametrize("bands", [[], ["--bands"]])
def test_figure_names_every_structure(
    nearsight: Run, phonon_folder: Path, bands: list[str]
) -> None:
    structures = ("primitive.xyz", "ordered.cif")
    assert nearsight("phonons", *structures, *FEW, *bands, "--plot", "p.svg") == 0
    text = (phonon_folder / "p.svg").read_text()
    assert "primitive (Al)" in text
    assert "ordered (AuCu3)" in text
    assert ("U|K" in text) == bool(bands)


def test_page_shows_phonons_and_holds_the_record(nearsight: Run, phonon_folder: Path) -> None:
    arguments = ("ordered.cif", *FEW, "--bands", "--json", "r.json", "--report", "r.html")
    assert nearsight("phonons", *arguments) == 0
    record = json.loads((phonon_folder / "r.json").read_text())
    text = (phonon_folder / "r.html").read_text(encoding="utf-8")
    start = text.index('class="record-data"')
    content = text[text.index(">", start) + 1 : text.index("</script>", start)]
    assert json.loads(content) == record
    assert "phonons over the Brillouin zone" in text
    assert "Density of phonon states" in text


def test_born_charges_of_zero_change_nothing_and_others_split_the_optical_branches(
    phonons: Phonons, phonon_folder: Path
) -> None:
    arguments = ("ordered.cif", *FEW, "--bands")
    without = phonons(*arguments)
    _write_born(phonon_folder / "zero", charge=0.0)
    _write_born(phonon_folder / "charged", charge=1.5)
    zero = phonons(*arguments, "--nac", "zero")
    charged = phonons(*arguments, "--nac", "charged")
    assert _first_optical(zero) == pytest.approx(_first_optical(without), abs=1e-6)
    assert _first_optical(charged).max() > _first_optical(without).max() + 0.01


def _write_born(path: Path, charge: float) -> None:
    """Write a file for Cu3Au: Au at the corner, and one of three copper atoms."""
    corner = np.eye(3) * 3 * charge
    face = -np.eye(3) * charge
    lines = ["14.400", *(" ".join(f"{x:.6f}" for x in m.ravel()) for m in (np.eye(3) * 4, corner))]
    path.write_text("\n".join([*lines, " ".join(f"{x:.6f}" for x in face.ravel())]) + "\n")


def _first_optical(record: dict[str, Any]) -> Any:
    """Return all frequencies next to Γ on the first segment."""
    return np.array(record["bands"]["segments"][0]["frequencies_THz"][1])


def test_failed_structure_is_a_record_and_the_others_go_on(
    nearsight: Run, phonon_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    structures = ("nitrogen.xyz", "primitive.xyz", "empty.cif")
    assert nearsight("phonons", *structures, *FEW, "--json", "r.json") == 1
    nitrogen, primitive, empty = json.loads((phonon_folder / "r.json").read_text())
    assert "not periodic in three directions" in nitrogen["error"]["message"]
    assert primitive["heat_capacity"]
    assert empty["error"]["type"] == "StructureError"
    assert "2 of 3 structures failed" in capsys.readouterr().err


def test_interrupted_force_constants_go_on(
    nearsight: Run, phonon_folder: Path, interrupt_after: Callable[[int], None]
) -> None:
    arguments = ("phonons", "copper.cif", *FEW, "--json", "r.json")
    assert nearsight(*arguments) == 0
    expected = json.loads((phonon_folder / "r.json").read_text())
    assert expected["force_constants"]["rows_computed"] == 12
    interrupt_after(12)
    assert nearsight(*arguments) == 130
    assert [path.suffix for path in (phonon_folder / ".nearsight").iterdir()] == [".rows"]
    assert nearsight(*arguments) == 0
    resumed = json.loads((phonon_folder / "r.json").read_text())
    assert 0 < resumed["force_constants"]["rows_computed"] < 12
    for name in ("lowest", "highest"):
        field = f"{name}_wavenumber_per_cm"
        assert resumed["spectrum"][field] == pytest.approx(expected["spectrum"][field], abs=1e-3)
    assert not (phonon_folder / ".nearsight").exists()


def test_rows_are_kept_when_what_follows_from_them_fails(
    nearsight: Run, phonon_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*positional: object) -> None:
        raise StorageError("no room for the mesh")

    arguments = ("primitive.xyz", "ordered.cif", *FEW, "--json", "r.json")
    with monkeypatch.context() as patch:
        patch.setattr("nearsight.workflows.harmonic.phonon_mesh", full)
        assert nearsight("phonons", *arguments) == 1
    kept = [path.suffix for path in (phonon_folder / ".nearsight").iterdir()]
    assert kept == [".rows", ".rows"]
    assert nearsight("phonons", *arguments) == 0
    records = json.loads((phonon_folder / "r.json").read_text())
    assert [record["force_constants"]["rows_computed"] for record in records] == [0, 0]
    assert not (phonon_folder / ".nearsight").exists()
