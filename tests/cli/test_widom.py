"""``nearsight widom``: physics through the whole command."""

from pathlib import Path

import numpy as np
import pytest
from ase import Atoms
from ase.io import write

from nearsight.adsorption.insertion import BATCH
from nearsight.units import BOLTZMANN_EV_PER_K, EV_IN_JOULE, GAS_CONSTANT_J_PER_MOL_K
from widom_command import (
    EDGE_A,
    FRAMEWORK,
    NO_OVERLAPS,
    TEMPERATURE_K,
    by_quadrature,
    check_of,
    told,
)

AMU_KG = 1.66053906892e-27
UFF = ("--propose-by", "forcefield:uff?coulomb=no")


def test_an_ideal_gas(argon_folder: Path) -> None:
    record = told(argon_folder, "--insertions", "2000", *NO_OVERLAPS, "--temperature", "300", "400")
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
    assert check_of(record, "false-wells")["level"] == "good"
    assert record["zero"]["offset"] is None


def test_half_of_the_cell_is_blocked(argon_folder: Path) -> None:
    record = told(argon_folder, "--insertions", "4000", *NO_OVERLAPS, model="HalfBlocked")
    [row] = record["henry"]
    mean, error = np.exp(row["log_mean_weight"]), row["log_mean_weight_error"]
    assert abs(mean - 0.5) < 4 * 0.5 * error
    assert error == pytest.approx(1 / np.sqrt(4000), rel=0.5)
    assert row["heat_kJ_per_mol"] == pytest.approx(GAS_CONSTANT_J_PER_MOL_K * 0.3)
    assert record["insertion"]["n_calls"] == record["insertion"]["n_insertions"] == 32 * BATCH


@pytest.mark.parametrize(
    ("how", "drawn"),
    [
        ((), "uniform"),
        (("--learning", "500"), "learnt"),
        (UFF, f"by {UFF[1]}"),
        (("--learning", "500", *UFF), f"learnt on top of {UFF[1]}"),
    ],
)
def test_spheres_that_attract_against_quadrature(
    argon_folder: Path, how: tuple[str, ...], drawn: str
) -> None:
    if "--propose-by" in how:
        pytest.importorskip("torch")
    record = told(
        argon_folder, "--insertions", "6000", "--temperature", "300", "200", *how, model="Spheres"
    )
    for row in record["henry"]:
        mean, heat = by_quadrature(row["temperature_K"])
        log, error = row["log_mean_weight"], row["log_mean_weight_error"]
        assert abs(log - np.log(mean)) < 4 * error
        assert error < 0.06
        assert abs(row["heat_kJ_per_mol"] - heat) < 4 * row["heat_error_kJ_per_mol"]
    part = record["insertion"]
    assert part["n_overlapping"] > 0
    assert part["n_learnt"] == (512 if "--learning" in how else 0)
    assert part["drawn"] == drawn
    assert check_of(record, "overlap-low")["level"] in {"good", "unknown"}
    assert check_of(record, "halves-differ")["level"] == "good"


def test_it_stops_at_the_error_that_was_asked_for(argon_folder: Path) -> None:
    record = told(argon_folder, "--error", "5%", model="Spheres")
    part = record["insertion"]
    assert part["relative_error"] <= part["error_asked"] == 0.05
    assert 2000 <= part["n_insertions"] < 20_000
    record = told(argon_folder, "--error", "0.5%", "--insertions", "2500", model="Spheres")
    assert record["insertion"]["n_insertions"] == 20 * BATCH
    assert check_of(record, "error-not-reached")["level"] == "caution"


def test_snapshots_of_a_framework_that_moves(argon_folder: Path) -> None:
    rng = np.random.default_rng(0)
    frames = []
    for _ in range(6):
        frame = Atoms("Ar", positions=rng.random((1, 3)) * EDGE_A, cell=[EDGE_A] * 3, pbc=True)
        frames.append(frame)
    write("moving.extxyz", frames)
    record = told(
        argon_folder,
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


def test_a_gas_from_a_file(argon_folder: Path) -> None:
    Atoms("Ar2", positions=[[0, 0, 0], [0, 0, 2.0]]).write("pair.xyz")
    options = ("--gas", "pair.xyz", "--insertions", "600", *NO_OVERLAPS)
    record = told(argon_folder, *options)
    assert record["gas"]["name"] == "pair"
    assert record["gas"]["symbols"] == ["Ar", "Ar"]
    np.testing.assert_allclose(record["gas"]["positions_A"], [[0, 0, -1], [0, 0, 1]], atol=1e-9)
    assert record["henry"][0]["log_mean_weight"] == pytest.approx(0, abs=1e-12)
