"""Energies as EMT itself gives them, and relaxed structures that are at rest for it."""

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import ase.io
import numpy as np
import pytest
from ase import units
from ase.calculators.emt import EMT

Command = Callable[..., int]


def records(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def test_energy_forces_and_stress_are_those_of_the_calculator(
    nearsight: Command, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = ["--json", "energy.json", "--csv", "energy.csv"]
    assert nearsight("energy", "copper.cif", "--forces", "--stress", *files) == 0
    copper = ase.io.read(folder / "copper.cif")
    copper.calc = EMT()
    record = records(folder / "energy.json")
    assert record["energy_eV"] == pytest.approx(copper.get_potential_energy(), rel=1e-9)
    largest = np.linalg.norm(copper.get_forces(), axis=1).max()
    assert record["fmax_eV_per_A"] == pytest.approx(largest, rel=1e-6)
    stress_GPa = np.abs(copper.get_stress()).max() / units.GPa
    assert record["max_stress_GPa"] == pytest.approx(stress_GPa, rel=1e-6)
    with open(folder / "energy.forces.csv", newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    forces = [[float(row[f"f{axis}_eV_per_A"]) for axis in "xyz"] for row in rows]
    np.testing.assert_allclose(forces, copper.get_forces(), atol=1e-9)
    shown = capsys.readouterr().out
    assert f"{record['energy_eV']:.6f} eV" in shown
    assert f"{copper.get_forces()[2, 1]:.6f}" in shown


def test_what_relax_writes_is_at_rest(nearsight: Command, folder: Path) -> None:
    out = ["--output-structures", "relaxed", "--json", "relax.json"]
    assert nearsight("relax", "copper.cif", "aluminium.cif", *out) == 0
    for record, name in zip(records(folder / "relax.json"), ("copper", "aluminium"), strict=True):
        atoms = ase.io.read(folder / "relaxed" / f"{name}.relaxed.cif")
        atoms.calc = EMT()
        assert np.linalg.norm(atoms.get_forces(), axis=1).max() < 0.01
        assert np.abs(atoms.get_stress()).max() / units.GPa < 0.2
        energy_eV = atoms.get_potential_energy()
        assert energy_eV == pytest.approx(record["relaxation"]["energy_after_eV"], abs=1e-5)


def test_a_crystal_under_pressure_pushes_back(nearsight: Command, folder: Path) -> None:
    command = ("relax", "aluminium.cif", "--fmax", "0.0005", "--pressure", "5")
    assert nearsight(*command, "--cell", "isotropic", "--json", "r.json") == 0
    record = records(folder / "r.json")
    assert record["relaxation"]["pressure_GPa"] == pytest.approx(5, abs=0.02)
    assert nearsight("relax", "aluminium.cif", "--fixed-cell", "--json", "f.json") == 0
    assert records(folder / "f.json")["relaxation"]["volume_change"] == 0


def test_a_trajectory_begins_with_the_file_and_ends_at_rest(
    nearsight: Command, folder: Path
) -> None:
    out = ["--trajectory", "steps.extxyz", "--json", "r.json"]
    assert nearsight("relax", "copper.cif", *out) == 0
    frames = ase.io.read(folder / "steps.extxyz", ":")
    relaxation = records(folder / "r.json")["relaxation"]
    assert len(frames) == relaxation["steps"] + 1
    given = ase.io.read(folder / "copper.cif")
    np.testing.assert_allclose(frames[0].positions, given.positions, atol=1e-6)
    assert frames[-1].get_potential_energy() == pytest.approx(relaxation["energy_after_eV"])


def test_more_cores_than_there_are_change_nothing(nearsight: Command, folder: Path) -> None:
    for name, cores in (("one", "1"), ("many", "9" * 40)):
        assert nearsight("energy", "copper.cif", "--json", f"{name}.json", "--cores", cores) == 0
    one, many = (records(folder / f"{name}.json") for name in ("one", "many"))
    assert one["energy_eV"] == many["energy_eV"]
