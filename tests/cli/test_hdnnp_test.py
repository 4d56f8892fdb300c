"""``nearsight hdnnp test``: both formats, records, tables, figures, and what is refused."""

import contextlib
import csv
import json
from dataclasses import replace
from pathlib import Path

import pytest

from labelled_clusters import labelled_clusters
from nearsight.cli.main import main
from nearsight.hdnnp.files.extended_xyz import write_extended_xyz
from nearsight.hdnnp.files.input_data import write_input_data
from nearsight.hdnnp.potential import PotentialUnits

SMALL = (
    *("--cutoff", "2.5", "--n-radial", "4", "--zetas", "1"),
    *("--hidden-layers", "4", "--epochs", "2"),
)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with data, and a potential trained on it."""
    folder = tmp_path_factory.mktemp("trained")
    write_extended_xyz(labelled_clusters(), folder / "data.extxyz")
    with contextlib.chdir(folder):
        status = main(["train", "data.extxyz", "--out", "out", *SMALL, "--json", "record.json"])
    assert status == 0
    return folder


@pytest.fixture(autouse=True)
def inside(trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("data.extxyz", "out", "record.json"):
        (tmp_path / name).symlink_to(trained / name)


def errors_of(file: str, of_set: str) -> dict[str, float]:
    groups = json.loads(Path(file).read_text(encoding="utf-8"))["errors"]["groups"]
    [whole] = [each for each in groups if (each["set"], each["group"]) == (of_set, "all")]
    return whole


def test_errors_are_those_of_the_training(capsys: pytest.CaptureFixture[str]) -> None:
    """The training has them from stored descriptors, the test from an evaluation."""
    files = ["--training", "record.json", "--json", "r.json", "--csv", "r.csv", "--plot", "r.png"]
    assert main(["hdnnp", "test", "out/best", "data.extxyz", *files]) == 0
    printed = capsys.readouterr().out
    assert "potential   hdnnp:out/best, of Ar" in printed
    [member] = json.loads(Path("record.json").read_text(encoding="utf-8"))["members"]
    best = member["epochs"][member["best_epoch"]]["errors"]
    for of_set, n in (("train", 36), ("test", 4)):
        [learnt] = [e for e in best if (e["set"], e["group"]) == (of_set, "all")]
        tested = errors_of("r.json", of_set)
        assert tested["n_structures"] == learnt["n_structures"] == n
        for name in ("energy_RMSE_eV_per_atom", "force_RMSE_eV_per_A", "force_MAE_eV_per_A"):
            assert tested[name] == pytest.approx(learnt[name], rel=1e-6)
    with Path("r.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert {row["group"] for row in rows} == {"all", "run0", "run1", "run2", "run3"}
    assert all(len(line) <= 80 for line in printed.splitlines())
    assert Path("r.png").stat().st_size > 10_000
    assert Path("r.elements.csv").exists()


def test_input_data_gives_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    write_input_data(iter(labelled_clusters()), "input.data", PotentialUnits("bohr", "hartree"))
    assert main(["hdnnp", "test", "out/best", "input.data", "--json", "a.json"]) == 0
    assert main(["hdnnp", "test", "out/best", "data.extxyz", "--json", "b.json"]) == 0
    of_data, of_xyz = errors_of("a.json", "data"), errors_of("b.json", "data")
    for name, value in of_xyz.items():
        close = pytest.approx(value, rel=1e-6, abs=1e-9) if isinstance(value, float) else value
        assert of_data[name] == close


def test_energies_alone_are_tested(capsys: pytest.CaptureFixture[str]) -> None:
    frames = [replace(each, forces_eV_per_A=None) for each in labelled_clusters()]
    write_extended_xyz(frames, "energies.extxyz")
    files = ["--json", "a.json", "--csv", "a.csv", "--report", "a.html", "--plot", "a.png"]
    assert main(["hdnnp", "test", "out/best", "energies.extxyz", *files]) == 0
    assert "element" not in capsys.readouterr().out
    assert not Path("a.elements.csv").exists()
    assert main(["hdnnp", "test", "out/best", "data.extxyz", "--json", "b.json"]) == 0
    alone, beside = errors_of("a.json", "data"), errors_of("b.json", "data")
    assert alone["energy_RMSE_eV_per_atom"] == beside["energy_RMSE_eV_per_atom"]
    assert alone["force_RMSE_eV_per_A"] is None


def test_offsets_are_said(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["hdnnp", "test", "out/best", "data.extxyz", "--offsets", "--json", "r.json"]) == 0
    printed = " ".join(capsys.readouterr().out.split())
    assert "the mean energy error of each group is taken off" in printed
    assert json.loads(Path("r.json").read_text(encoding="utf-8"))["errors"]["without_offsets"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nowhere", "data.extxyz"], "nowhere is no folder"),
        (["out/best", "nothing.extxyz"], "nothing.extxyz"),
        (["out/best", "data.extxyz", "--training", "data.extxyz"], "data.extxyz"),
        (["out/best", "data.extxyz", "--csv", "data.extxyz"], "one of the files of data"),
        (["out/best", "data.extxyz", "--json", "record.json", "--training", "record.json"], "--t"),
        (["out/best", "other.extxyz", "--training", "record.json"], "kept for tests"),
        (["out/best", "helium.extxyz"], "no network for He"),
    ],
)
def test_what_is_wrong_is_said(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    write_extended_xyz(labelled_clusters(seed=1), "other.extxyz")
    write_extended_xyz(labelled_clusters(n=1, symbols="He5"), "helium.extxyz")
    assert main(["hdnnp", "test", *arguments]) == 1
    assert message in " ".join(capsys.readouterr().err.split())
