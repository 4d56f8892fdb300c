import json
import shutil
from collections.abc import Callable
from pathlib import Path

import ase.io
import numpy as np
import pytest

from json_warnings import messages
from nearsight.cli.main import main
from nearsight.hessian import Hessian
from nearsight.vibrations import Vibrations

Run = Callable[..., int]


def test_hessian_is_saved_and_vibrations_start_from_it(
    nearsight: Run, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert nearsight("hessian", "copper.cif", "--json", "h.json") == 0
    record = json.loads((folder / "h.json").read_text())
    hessian = Hessian.load(folder / record["file"])
    assert hessian.matrix_eV_per_A2.shape == (4, 3, 4, 3)
    assert record["hessian"]["asymmetry_eV_per_A2"] == hessian.asymmetry_eV_per_A2

    def no_model(*arguments: object, **settings: object) -> None:
        raise AssertionError("a saved Hessian needs no model")

    monkeypatch.setattr("nearsight.models.registry.load_model", no_model)
    assert main(["vibrations", record["file"], "--json", "v.json", "--modes", "modes.npz"]) == 0
    wavenumbers = json.loads((folder / "v.json").read_text())["modes"]["wavenumbers_per_cm"]
    saved = Vibrations.load(folder / "modes.npz")
    assert wavenumbers == pytest.approx(saved.all_wavenumbers_per_cm.tolist())


def test_modes_are_listed_drawn_and_animated(
    nearsight: Run, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert nearsight("vibrations", "nitrogen.xyz", "--plot", "dos.png", "--animate", "0") == 0
    output = capsys.readouterr().out
    assert "5 rigid-body" in output
    assert "wavenumbers in cm⁻¹" in output
    assert max(len(line) for line in output.splitlines()) <= 80
    assert (folder / "dos.png").read_bytes().startswith(b"\x89PNG")
    frames = ase.io.read(folder / "nitrogen.mode-0.xyz", ":")
    lengths = [frame.get_distance(0, 1) for frame in frames]
    assert np.ptp(lengths) > 0.01
    centres = [frame.get_center_of_mass() for frame in frames]
    assert np.ptp(centres, axis=0) == pytest.approx(np.zeros(3), abs=1e-6)


@pytest.mark.parametrize(
    ("command", "message"),
    [
        (["vibrations", "nitrogen.xyz", "--animate", "9"], "9"),
        (["vibrations", "damaged.npz"], "damaged.npz"),
        (["vibrations", "copper.cif", "nitrogen.xyz", "--modes", "m.npz"], "--modes"),
        (["hessian", "copper.cif", "nitrogen.xyz", "--output", "h.npz"], "--output"),
        (["hessian", "copper.cif", "--output", "nowhere/h.npz"], "nowhere"),
        (["hessian", "copper.cif", "below/copper.cif"], "same file name"),
        (["vibrations", "copper.cif", "below/copper.cif", "--animate", "0"], "same file name"),
        (["hessian", "copper.cif", "--output", "copper.cif"], "is one of the structures"),
        (["hessian", "copper.cif", "--json", "copper.cif"], "is one of the structures"),
        (["vibrations", "damaged.npz", "--supercell", "2", "1", "1"], "too late"),
    ],
)
def test_mistakes_are_explained_without_a_traceback(
    nearsight: Run,
    folder: Path,
    command: list[str],
    message: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (folder / "damaged.npz").write_bytes(b"PK\x03\x04 not an archive")
    (folder / "below").mkdir()
    shutil.copy("copper.cif", "below")
    assert nearsight(*command) == 1
    errors = capsys.readouterr().err
    assert message in errors
    assert "Traceback" not in errors


def test_saved_hessian_gives_a_heat_capacity_and_keeps_its_warnings(
    nearsight: Run, folder: Path
) -> None:
    assert nearsight("hessian", "copper.cif", "--max-steps", "1") == 0
    assert nearsight("heat-capacity", "copper.hessian.npz", "--json", "r.json") == 0
    record = json.loads((folder / "r.json").read_text())
    assert record["heat_capacity"][0]["J_per_g_K"] > 0
    assert any("converged" in warning for warning in messages(record))


def test_missing_hessian_is_a_record_and_the_others_go_on(nearsight: Run, folder: Path) -> None:
    assert nearsight("vibrations", "missing.npz", "copper.cif", "--json", "r.json") == 1
    missing, copper = json.loads((folder / "r.json").read_text())
    assert missing["error"]["type"] == "CheckpointError"
    assert copper["modes"]["n_rigid_body"] == 3
