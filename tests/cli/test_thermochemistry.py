"""``nearsight thermochemistry``: its numbers against the verb, its files, and what it refuses."""

import csv
import json
import re
from collections.abc import Callable
from pathlib import Path

import ase.io
import numpy as np
import pytest
from ase.build import bulk, molecule
from scipy import constants

from nearsight.records.results import HessianResults
from nearsight.vibrations.modes import vibrations
from nearsight.vibrations.molecules import molecular_thermochemistry
from nearsight.workflows import ThermochemistrySettings, hessian, thermochemistry

Run = Callable[..., int]


def computed() -> HessianResults:
    """Return the Hessian of nitrogen by the verb."""
    results = hessian("nitrogen.xyz", "ase:emt").results
    assert results is not None
    return results


def test_numbers_are_those_of_the_verb(
    nearsight: Run, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ("--temperature", "250", "298.15", "--pressure", "0.2MPa", "--json", "r.json")
    assert nearsight("thermochemistry", "nitrogen.xyz", *options) == 0
    output = capsys.readouterr().out
    gas = json.loads((folder / "r.json").read_text())["ideal_gas"]
    modes = vibrations(computed().hessian)
    verb = molecular_thermochemistry(modes, [250.0, 298.15], 2e5, symmetry_number=2)
    for row, entropy, gibbs in zip(
        gas["functions"], verb.entropy_J_per_mol_K, verb.gibbs_energy_kJ_per_mol, strict=True
    ):
        assert row["entropy_J_per_mol_K"] == pytest.approx(entropy, rel=1e-9)
        assert row["gibbs_energy_kJ_per_mol"] == pytest.approx(gibbs, rel=1e-9)
        assert f"{entropy:.4f}" in output
    assert (gas["point_group"], gas["symmetry_number"], gas["spin"]) == ("D∞h", 2, 0.0)
    assert gas["pressure_bar"] == pytest.approx(2.0)
    assert "linear, point group D∞h, symmetry number 2, spin S = 0" in " ".join(output.split())
    assert "pressure    2 bar" in output
    assert max(map(len, output.splitlines())) <= 80


def test_the_gibbs_energy_holds_the_potential_energy_of_the_relaxed_molecule(folder: Path) -> None:
    results = thermochemistry("nitrogen.xyz", "ase:emt").results
    assert results is not None
    relaxation = results.modes.relaxation
    assert relaxation is not None
    assert results.gas.potential_energy_eV == pytest.approx(relaxation.energy_after_eV, abs=1e-9)
    above = results.gas.gibbs_energy_kJ_per_mol[0] * 1e3 / constants.N_A / constants.e
    assert results.gas.gibbs_energy_eV[0] == pytest.approx(relaxation.energy_after_eV + above)


def test_a_symmetry_number_and_a_spin_may_be_given(
    nearsight: Run, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def entropy(*options: str) -> float:
        arguments = ("thermochemistry", "nitrogen.xyz", *options, "--json", "r.json")
        assert nearsight(*arguments) == 0
        [row] = json.loads((folder / "r.json").read_text())["ideal_gas"]["functions"]
        return float(row["entropy_J_per_mol_K"])

    found, auto = entropy(), entropy("--symmetry-number", "auto")
    assert auto == found
    given = entropy("--symmetry-number", "1", "--spin", "1")
    assert given - found == pytest.approx(constants.R * (np.log(2) + np.log(3)), rel=1e-5)
    assert "symmetry number 1 (as given)" in capsys.readouterr().out


def test_a_molecule_in_a_box_is_taken_out_of_it(nearsight: Run, folder: Path) -> None:
    boxed = molecule("N2", cell=[9.0, 9.0, 9.0], pbc=True)
    boxed.translate([0.0, 0.0, 8.8])
    boxed.wrap()
    ase.io.write(folder / "boxed.cif", boxed)
    assert nearsight("thermochemistry", "boxed.cif", "nitrogen.xyz", "--csv", "gas.csv") == 0
    with (folder / "gas.csv").open(newline="", encoding="utf-8") as file:
        boxed_row, free_row = csv.DictReader(file)
    for name in ("entropy_J_per_mol_K", "gibbs_energy_eV", "zero_point_energy_eV"):
        assert float(boxed_row[name]) == pytest.approx(float(free_row[name]), rel=1e-4)
    assert (boxed_row["structure"], free_row["model"]) == ("boxed.cif", "ase:emt")
    with (folder / "gas.modes.csv").open(newline="", encoding="utf-8") as file:
        assert [row["mode"] for row in csv.DictReader(file)] == ["0", "0"]


def test_a_saved_hessian_has_no_potential_energy(nearsight: Run, folder: Path) -> None:
    computed().hessian.save("n2.npz")
    assert nearsight("thermochemistry", "n2.npz", "--json", "r.json") == 0
    gas = json.loads((folder / "r.json").read_text())["ideal_gas"]
    assert gas["potential_energy_eV"] is None
    direct = thermochemistry("nitrogen.xyz", "ase:emt").results
    assert direct is not None
    assert gas["functions"][0]["enthalpy_kJ_per_mol"] == pytest.approx(
        direct.gas.enthalpy_kJ_per_mol[0], rel=1e-9
    )


@pytest.mark.parametrize(
    ("command", "message"),
    [
        ("NO.xyz", r"15 electrons, .* possible are 0\.5, 1\.5, 2\.5, .* set --spin"),
        ("nitrogen.xyz --spin 0.5", r"14 electrons, .* possible are 0, 1, 2"),
        ("nitrogen.xyz --spin 0.3", r"--spin is a multiple of one half, not 0\.3"),
        ("nitrogen.xyz --temperature 0", "--temperature is positive, not 0"),
        ("nitrogen.xyz --supercell 2 2 2", "unrecognized arguments"),
        ("nitrogen.xyz --pressure 1psi", "1psi is no pressure"),
        ("nitrogen.xyz --symmetry-number 0", "not a positive integer"),
        ("copper.cif --no-relax", "molecule"),
    ],
)
def test_what_is_no_gas_is_explained(
    nearsight: Run,
    folder: Path,
    capsys: pytest.CaptureFixture[str],
    command: str,
    message: str,
) -> None:
    ase.io.write(folder / "NO.xyz", molecule("NO"))
    try:
        status = nearsight("thermochemistry", *command.split())
    except SystemExit as ended:
        status = int(ended.code or 0)
    assert status != 0
    assert re.search(message, " ".join(capsys.readouterr().err.split()))


def test_a_crystal_in_memory_is_no_gas() -> None:
    with pytest.raises(Exception, match="molecule"):
        thermochemistry(bulk("Cu"), "ase:emt", ThermochemistrySettings())


def test_the_heat_capacity_of_a_molecule_names_the_command(
    nearsight: Run, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert nearsight("heat-capacity", "nitrogen.xyz") == 0
    assert "`nearsight thermochemistry`" in " ".join(capsys.readouterr().out.split())
