"""What ``nearsight widom`` says for and against its numbers."""

from pathlib import Path

import numpy as np
import pytest
from ase.io import read

from nearsight.units import BOLTZMANN_EV_PER_K
from widom_command import NO_OVERLAPS, TEMPERATURE_K, by_quadrature, check_of, told


def test_a_false_well_is_taken_out_and_its_places_are_written(
    argon_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ("--insertions", "3000", "--overlap-share", "0.5")
    record = told(argon_folder, *options, "--wells", "wells.extxyz", model="WithHole")
    printed = " ".join(capsys.readouterr().out.split())
    assert check_of(record, "false-wells")["level"] == "bad"
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
    argon_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ("--insertions", "3000", "--overlap-share", "0.5", "--plot", "w.svg")
    record = told(argon_folder, *options, model="WithHole?depth_eV=60")
    [row], [without] = record["henry"], record["henry_without_wells"]
    assert row["coefficient_mol_per_kg_Pa"] is None
    assert row["excess_chemical_potential_kJ_per_mol"] == pytest.approx(-60 * 96.485, rel=0.01)
    assert "K_H is beyond all numbers" in capsys.readouterr().out
    honest, _ = by_quadrature(TEMPERATURE_K)
    assert abs(without["log_mean_weight"] - np.log(honest)) < 4 * without["log_mean_weight_error"]


def test_few_insertions_that_carry_the_weight_are_no_henry_coefficient(
    argon_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    record = told(
        argon_folder, "--insertions", "300", "--temperature", "15", *NO_OVERLAPS, model="Spheres"
    )
    [row] = record["henry"]
    assert not row["significant"]
    assert record["verdict"]["level"] == "bad"
    said = " ".join(capsys.readouterr().out.split())
    assert "no Henry coefficient: " in said
    assert "K_H =" not in said
    assert "(--learning)" in said


def test_a_model_without_zero_is_suspected(argon_folder: Path) -> None:
    record = told(argon_folder, "--insertions", "600", model="Spheres?offset_eV=-0.3")
    check = check_of(record, "zero-suspect")
    assert check["level"] == "caution"
    assert record["zero"]["widest_eV"] < -0.3
    # The offset multiplies every weight.
    honest = told(argon_folder, "--insertions", "600", model="Spheres")
    rows = [each["henry"][0] for each in (record, honest)]
    change = rows[0]["log_mean_weight"] - rows[1]["log_mean_weight"]
    assert change == pytest.approx(0.3 / (BOLTZMANN_EV_PER_K * TEMPERATURE_K))
    assert check_of(honest, "zero-suspect")["level"] == "good"


def test_a_light_gas_is_warned_of(argon_folder: Path) -> None:
    cold = told(argon_folder, "--gas", "He", "--insertions", "300", "--temperature", "77")
    check = check_of(cold, "quantum-gas")
    assert "0.99 Å" in check["detail"]
    assert cold["henry"][0]["thermal_wavelength_A"] == pytest.approx(0.994, abs=0.002)
    warm = told(argon_folder, "--gas", "He", "--insertions", "300")
    assert not [each for each in warm["verdict"]["checks"] if each["code"] == "quantum-gas"]
