"""`widom` for a script: what the command prints, pockets, and what is refused."""

import json
from pathlib import Path

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk
from ase.io import write

from frameworks import sodalite
from host_and_guest import HostAndGuest, Spheres, WithHole
from nearsight.adsorption.settings import InsertionSettings
from nearsight.announcing import quietly
from nearsight.cli.main import main
from nearsight.errors import SettingError
from nearsight.models.calculator import ModelCalculator
from nearsight.models.contract import Model
from nearsight.models.engines.ase_model import AseModel
from nearsight.models.registry import load_model
from nearsight.records.widom_record import WidomRecord
from nearsight.workflows import EnergySettings, WidomSettings, widom

FRAMEWORK = Atoms("Ar", cell=[9.0] * 3, pbc=True)


def record_of(atoms: Atoms, model: Model, **asked: object) -> WidomRecord:
    settings = {"gas": "Ar", "temperatures_K": (300.0,), "insertions": 1000, **asked}
    with quietly():
        return widom(
            atoms, model, WidomSettings(insertion=InsertionSettings(**settings)), progress=False
        )


def codes(record: WidomRecord) -> dict[str, str]:
    return {check.code: check.level for check in record.verdict.checks}


def test_a_script_gets_what_the_command_line_gets(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    FRAMEWORK.write("argon.extxyz")
    options = ("--gas", "Ar", "--temperature", "300", "--insertions", "1000", "--json", "r.json")
    model = ("--model", "ase:host_and_guest:Spheres")
    assert main(["widom", "argon.extxyz", *model, *options, "-q"]) == 0
    of_command = WidomRecord.from_json(json.loads(Path("r.json").read_text(encoding="utf-8")))
    of_script = record_of(FRAMEWORK, AseModel(Spheres(), "spheres"))
    assert of_script.henry == of_command.henry
    assert of_script.insertion == of_command.insertion
    assert of_script.results is not None
    assert len(of_script.results.adsorption.trials) == 1024
    assert repr(of_script).startswith("<WidomRecord of Ar: widom of Ar (1 atom) with spheres; K_H ")


def test_other_insertions_have_other_numbers_and_the_same_mean() -> None:
    first, second = (
        record_of(FRAMEWORK, AseModel(Spheres(), "spheres"), seed=seed).henry[0] for seed in (0, 1)
    )
    assert first.log_mean_weight is not None
    assert second.log_mean_weight is not None
    difference = first.log_mean_weight - second.log_mean_weight
    assert 0 < abs(difference) < 4 * 2**0.5 * (first.log_mean_weight_error or 0)


def test_where_nothing_fits_there_is_no_henry_coefficient() -> None:
    record = record_of(bulk("Cu", cubic=True), AseModel(HostAndGuest(), "ideal"))
    [row] = record.henry
    assert row.log_mean_weight is None
    assert row.coefficient_mol_per_kg_Pa == 0
    assert not row.significant
    assert codes(record)["no-weight"] == "bad"
    assert record.insertion.n_calls == record.insertion.n_audited
    assert "no Henry coefficient" in repr(record)


def cage(n_atoms: int = 120, radius_A: float = 4.5, edge_A: float = 16.0) -> Atoms:
    """Carbon atoms spread over a sphere, too near to each other for anything to pass."""
    numbers = np.arange(n_atoms) + 0.5
    height = 1 - 2 * numbers / n_atoms
    angle = np.pi * (1 + np.sqrt(5)) * numbers
    flat = np.sqrt(1 - height**2)
    sphere = np.stack([flat * np.cos(angle), flat * np.sin(angle), height], axis=1)
    return Atoms(f"C{n_atoms}", radius_A * sphere + edge_A / 2, cell=[edge_A] * 3, pbc=True)


def test_a_pocket_is_told_and_blocked_on_request() -> None:
    pytest.importorskip("torch", reason="pockets are found by a force field")
    model = AseModel(HostAndGuest(), "ideal")
    told = record_of(cage(), model, gas="Ne")
    blocked = record_of(cage(), model, gas="Ne", block_pockets=True)
    for record in (told, blocked):
        assert record.pockets is not None
        assert (record.pockets.n_channels, record.pockets.n_pockets) == (1, 1)
        assert record.pockets.blocked == (record is blocked)
    share = told.pockets.share_blocked if told.pockets else 0.0
    assert 0.005 < share < 0.05
    before, after = (np.exp(record.henry[0].log_mean_weight or 0.0) for record in (told, blocked))
    assert after == pytest.approx((1 - share) * before)
    assert codes(blocked)["pockets"] == "good"


def test_what_contradicts_itself_is_refused() -> None:
    model = AseModel(HostAndGuest(), "ideal")
    with pytest.raises(SettingError, match="`snapshots` are of a trajectory"):
        widom(FRAMEWORK, model, WidomSettings(snapshots=3))
    with pytest.raises(SettingError, match="give `insertions` in place of `error`"):
        WidomSettings(snapshots=3, insertion=InsertionSettings(error=0.05))
    with pytest.raises(SettingError, match="settings are WidomSettings"):
        widom(FRAMEWORK, model, EnergySettings())  # type: ignore[arg-type]
    with pytest.raises(SettingError, match=r"WidomSettings\(insertion=InsertionSettings"):
        widom(FRAMEWORK, model, InsertionSettings())  # type: ignore[arg-type]


def test_a_heat_without_the_energy_of_the_host_is_told(tmp_path: Path) -> None:
    frames = [Atoms("Si", cell=[9.0 + 0.1 * n] * 3, pbc=True) for n in range(3)]
    write(tmp_path / "moving.extxyz", frames)
    asked = InsertionSettings(gas="Ar", temperatures_K=(300.0,), insertions=600)
    field = tmp_path / "argon.toml"
    field.write_text(
        'source = "made up"\n[treatment]\ncutoff_A = 8.0\ncoulomb = false\n[types]\n'
        "Si = { epsilon_K = 50.0, sigma_A = 3.0 }\nAr = { epsilon_K = 120.0, sigma_A = 3.4 }\n"
    )
    settings = WidomSettings(snapshots=3, insertion=asked)
    with quietly():
        record = widom(tmp_path / "moving.extxyz", f"forcefield:{field}", settings, progress=False)
        alone = widom(frames[0], f"forcefield:{field}", WidomSettings(insertion=asked))
    assert "host-energy-missing" in {remark.code for remark in record.warnings}
    assert "host-energy-missing" not in {remark.code for remark in alone.warnings}


def test_attraction_in_a_narrow_pore_is_no_error_of_the_zero() -> None:
    pytest.importorskip("torch", reason="a force field is the model")
    force_field = load_model("forcefield:uff?coulomb=no")
    by_construction = record_of(sodalite(), force_field, gas="Kr", insertions=256)
    # In the middle of a cage krypton is far from all atoms, and attracted by all of them.
    assert by_construction.zero.widest_distance_A > 4
    assert by_construction.zero.widest_eV == pytest.approx(-0.33, abs=0.01)
    levels = codes(by_construction)
    assert levels["zero-suspect"] == levels["offset"] == "good"
    assert by_construction.zero.by_construction
    # The same energies of a model that might be anything say nothing of its zero.
    same = AseModel(ModelCalculator(force_field), "anything")
    record = record_of(sodalite(), same, gas="Kr", insertions=256, least_width_A=8.0)
    # Krypton sees its own images in one cell, 8.8 Å away.
    assert record.zero.widest_eV == pytest.approx(by_construction.zero.widest_eV, abs=0.02)
    levels = codes(record)
    assert levels["zero-suspect"] == levels["offset"] == "unknown"
    [said] = [each for each in record.verdict.checks if each.code == "zero-suspect"]
    assert "the pore is too narrow" in said.detail


@pytest.mark.parametrize(
    ("depth_eV", "insertions", "level"), [(2.0, 3000, "bad"), (0.08, 300, "unknown")]
)
def test_false_wells_are_told_with_their_standard_errors(
    depth_eV: float, insertions: int, level: str
) -> None:
    model = AseModel(WithHole(depth_eV), "hole")
    record = record_of(FRAMEWORK, model, overlap_share=0.5, insertions=insertions)
    assert record.henry_without_wells is not None
    [all_of_them], [left] = record.henry, record.henry_without_wells
    assert all_of_them.log_mean_weight is not None
    assert left.log_mean_weight is not None
    change = left.log_mean_weight - all_of_them.log_mean_weight
    assert record.wells.change_sigmas == pytest.approx(abs(change) / left.log_mean_weight_error)
    assert change < np.log(0.98)
    assert codes(record)["false-wells"] == level
    assert (record.wells.change_sigmas > 3) == (level == "bad")


def test_where_the_model_has_no_number_at_the_widest_place_it_is_said() -> None:
    middle = Atoms("Ar", [[4.5] * 3], cell=[9.0] * 3, pbc=True)  # the widest place is a corner
    record = record_of(middle, AseModel(NoNumberInCorners(), "corners"))
    assert record.zero.widest_eV is None
    assert record.zero.widest_spread_eV is None
    assert record.insertion.n_rejected > 0
    assert json.loads(json.dumps(record.to_json(), allow_nan=False))["zero"]["widest_eV"] is None


class NoNumberInCorners(HostAndGuest):
    """An ideal gas without a number within 1 Å of the corners of a cell of 9 Å."""

    def interaction_eV(self, atoms) -> float:
        place = atoms.positions[-1] / 9.0
        near = np.linalg.norm(9.0 * (place - np.rint(place))) < 1.0
        return float("nan") if near else 0.0
