import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import ase.io
import pytest
from ase.build import bulk

from json_warnings import messages
from nearsight.models.engines.torch_model import TorchModel

Run = Callable[..., int]

FEW = ("--no-relax", "--mesh", "2", "2", "2", "--supercell", "2", "2", "2")


@pytest.fixture
def heat(nearsight: Run, phonon_folder: Path) -> Callable[..., dict[str, Any]]:
    """Return a function: the record of a heat capacity."""

    def compute(*arguments: str) -> dict[str, Any]:
        assert nearsight("heat-capacity", *arguments, "--json", "r.json") == 0
        record: dict[str, Any] = json.loads((phonon_folder / "r.json").read_text())
        return record

    return compute


Heat = Callable[..., dict[str, Any]]


def test_json_of_phonons_has_the_promised_fields(heat: Heat) -> None:
    record = heat("aluminium.cif", *FEW)
    assert record["formula"] == "Al4"
    assert record["supercell"] == [2, 2, 2]
    assert record["mesh"] == [2, 2, 2]
    assert record["spectrum"].keys() == {
        "method",
        "reason",
        "mesh",
        "n_qpoints",
        "lowest_wavenumber_per_cm",
        "highest_wavenumber_per_cm",
        "share_imaginary",
        "share_imaginary_uninterpolated",
        "interpolation_effect",
        "boundary_eV_per_A2",
    }
    assert record["spectrum"]["method"] == "mesh"
    assert record["force_constants"].keys() >= {
        "method",
        "rows_needed",
        "rows_computed",
        "rows_total",
        "supercell_matrix",
        "n_atoms_supercell",
        "n_atoms_primitive",
        "sum_rule_eV_per_A2",
        "boundary_eV_per_A2",
    }
    assert record["force_constants"]["rows_needed"] == 3
    assert record["force_constants"]["rows_total"] == 3 * 4 * 8
    assert record["force_constants"]["boundary_eV_per_A2"] > 0
    assert record["modes"]["n_rigid_body"] == 3
    assert record["convergence"] is None


def test_json_of_modes_at_gamma_has_the_same_fields(heat: Heat) -> None:
    record = heat("aluminium.cif", "--no-relax", "--spectrum", "dense")
    assert record["supercell"] == [1, 1, 1]
    assert record["mesh"] is None
    assert record["spectrum"]["method"] == "dense"
    assert record["spectrum"]["reason"] == "`spectrum` dense was given"
    assert record["force_constants"] is None


@pytest.mark.parametrize(
    ("arguments", "method", "reason"),
    [
        (["primitive.xyz"], "mesh", "a crystal has phonons, not modes at Γ only"),
        (["primitive.xyz", "--spectrum", "mesh"], "mesh", "`spectrum` mesh was given"),
        (["primitive.xyz", "--mesh", "2", "2", "2"], "mesh", "`mesh` was given"),
        (["primitive.xyz", "--length", "6"], "mesh", "`length_A` was given"),
        (["primitive.xyz", "--spectrum", "dense"], "dense", "`spectrum` dense was given"),
        (["nitrogen.xyz"], "dense", "the structure is no crystal"),
        (["layer.xyz"], "dense", "the structure is no crystal"),
    ],
)
def test_spectrum_is_chosen_by_the_structure_and_the_options(
    heat: Heat, arguments: list[str], method: str, reason: str
) -> None:
    record = heat(*arguments, "--no-relax")
    assert record["spectrum"]["method"] == method
    assert record["spectrum"]["reason"] == reason
    assert (record["mesh"] is None) == (method == "dense")


def test_saved_hessian_is_taken_at_gamma_unless_a_mesh_is_asked_for(
    heat: Heat, nearsight: Run
) -> None:
    supercell = ("--no-relax", "--supercell", "3", "3", "3")
    assert nearsight("hessian", "primitive.xyz", *supercell) == 0
    at_gamma = heat("primitive.hessian.npz")
    assert at_gamma["spectrum"]["method"] == "dense"
    assert "saved Hessian" in at_gamma["spectrum"]["reason"]
    on_mesh = heat("primitive.hessian.npz", "--mesh", "5", "5", "5")
    computed = heat("primitive.xyz", *supercell, "--mesh", "5", "5", "5")
    assert on_mesh["mesh"] == computed["mesh"] == [5, 5, 5]
    assert _per_gram(on_mesh) == pytest.approx(_per_gram(computed), rel=1e-9)


def test_acoustic_modes_are_counted_on_a_mesh_and_left_out_at_gamma(heat: Heat) -> None:
    assert heat("primitive.xyz", *FEW)["acoustic"] == "classical"
    assert heat("primitive.xyz", "--no-relax", "--spectrum", "dense")["acoustic"] == "exclude"
    assert heat("nitrogen.xyz")["acoustic"] == "exclude"
    left_out = heat("primitive.xyz", *FEW, "--acoustic", "exclude")
    assert left_out["acoustic"] == "exclude"
    # 3 of 3·8 modes, and the classical limit at 5000 K
    hot = ("--temperature", "5000")
    counted = _per_gram(heat("primitive.xyz", *FEW, *hot))
    without = _per_gram(heat("primitive.xyz", *FEW, *hot, "--acoustic", "exclude"))
    assert without / counted == pytest.approx(21 / 24, rel=1e-3)


def test_mesh_of_the_supercell_has_the_modes_of_the_supercell(heat: Heat) -> None:
    """Second route: the q-points of a 3×3×3 mesh are the modes at Γ of a 3×3×3 supercell."""
    options = ("primitive.xyz", "--no-relax", "--supercell", "3", "3", "3")
    cold = ("--acoustic", "classical", "--temperature", "60", "300")
    on_mesh = heat(*options, *cold, "--mesh", "3", "3", "3")
    at_gamma = heat(*options, *cold, "--spectrum", "dense")
    assert at_gamma["n_atoms"] == 27 * on_mesh["n_atoms"]
    for one, other in zip(on_mesh["heat_capacity"], at_gamma["heat_capacity"], strict=True):
        assert one["J_per_g_K"] == pytest.approx(other["J_per_g_K"], rel=1e-7)


def test_default_supercell_is_as_wide_as_the_help_says(heat: Heat) -> None:
    record = heat("primitive.xyz", "--no-relax")
    # planes of {111} are a/√3 = 2.309 Å apart, 8 Å need four of them
    assert record["supercell"] == [4, 4, 4]
    assert heat("primitive.xyz", "--no-relax", "--length", "10")["supercell"] == [5, 5, 5]


def test_mesh_may_be_a_length(heat: Heat) -> None:
    record = heat("primitive.xyz", "--no-relax", "--mesh", "20")
    assert record["mesh"] == [9, 9, 9]  # 20 Å over 2.309 Å


def test_rows_follow_by_the_space_group_of_an_equivariant_model(
    heat: Heat,
    pair_model: Callable[..., TorchModel],
    phonon_folder: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("nearsight.models.registry.load_model", lambda *_, **__: pair_model())
    ase.io.write(phonon_folder / "diamond.cif", bulk("C", "diamond", a=3.57))
    few = (
        "--no-relax",
        "--mesh",
        "3",
        "3",
        "3",
        "--supercell",
        "2",
        "2",
        "2",
        "--temperature",
        "0",
    )
    symmetric = heat("diamond.cif", *few, "300")
    plain = heat("diamond.cif", *few, "300", "--no-symmetry")
    assert symmetric["force_constants"]["rows_computed"] == 1
    assert plain["force_constants"]["rows_computed"] == 6
    assert symmetric["spectrum"]["n_qpoints"] < plain["spectrum"]["n_qpoints"]
    assert _per_gram(symmetric, 1) == pytest.approx(_per_gram(plain, 1), rel=1e-9)


def test_slab_with_vacuum_is_a_crystal_that_is_repeated_along_its_layer(heat: Heat) -> None:
    record = heat("slab.cif", "--mesh", "20")
    assert record["supercell"] == [4, 4, 1]
    assert record["mesh"] == [9, 9, 1]
    assert record["spectrum"]["share_imaginary"] == 0
    (said,) = messages(record)
    assert "a layer in a periodic box" in said


def test_table_of_phonons_fits_80_columns(
    nearsight: Run, phonon_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ("ordered.cif", "slab.cif", "--mesh", "10", "--temperature", "0.5", "300", "1000")
    assert nearsight("heat-capacity", *arguments) == 0
    output = capsys.readouterr().out
    assert "3×3×3 mesh" in output
    assert "force constants in a 3×3×3 supercell" in output
    assert "mesh (--mesh was given)" in output
    assert not re.search(r"-0\.0+(?!\d)", output)
    assert max(len(line) for line in output.splitlines()) <= 80


def test_figure_tells_which_share_is_imaginary(nearsight: Run, phonon_folder: Path) -> None:
    stretched = bulk("Al", "fcc", a=5.2)
    ase.io.write(phonon_folder / "stretched.cif", stretched)
    assert nearsight("heat-capacity", "stretched.cif", *FEW, "--plot", "c.svg") == 0
    text = (phonon_folder / "c.svg").read_text()
    assert "stretched (Al, " in text
    assert " % imaginary)" in text


def _per_gram(record: dict[str, Any], index: int = 0) -> float:
    return float(record["heat_capacity"][index]["J_per_g_K"])
