"""``nearsight train``: files, options, settings of files, and what is printed."""

import csv
import json
from pathlib import Path

import pytest

from labelled_clusters import labelled_clusters
from nearsight.cli.main import main
from nearsight.hdnnp.born_mayer import BornMayer
from nearsight.hdnnp.files.extended_xyz import write_extended_xyz
from nearsight.hdnnp.files.reading import read_potential
from nearsight.hdnnp.zbl import ZBL

SMALL = [
    "--cutoff",
    "2.5",
    "--n-radial",
    "4",
    "--zetas",
    "1",
    "--hidden-layers",
    "4",
    "--epochs",
    "2",
]


@pytest.fixture(autouse=True)
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write_extended_xyz(labelled_clusters(), "data.extxyz")


def assert_narrow(*texts: str) -> None:
    """Check that no line takes more than eighty columns but the one with the command."""
    lines = [line for text in texts for line in text.splitlines()]
    assert all(len(line) <= 80 for line in lines if ": train data.extxyz --out" not in line)


def test_a_potential_is_trained_and_written(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", "data.extxyz", "--out", "out", *SMALL, "--json", "r.json"]) == 0
    printed = capsys.readouterr().out
    assert "36 to learn and 4 to test, of Ar" in printed
    assert "stopped after 2 epochs" in printed
    record = json.loads(Path("r.json").read_text(encoding="utf-8"))
    assert record["question"] == "train"
    [member] = record["members"]
    [of_test] = [
        each
        for each in member["epochs"][member["best_epoch"]]["errors"]
        if (each["set"], each["group"]) == ("test", "all")
    ]
    assert f"{of_test['force_RMSE_eV_per_A']:.4f}" in printed
    assert read_potential("out/best").symbols == ("Ar",)


def test_a_file_of_settings_counts_less_than_options(capsys: pytest.CaptureFixture[str]) -> None:
    Path("s.toml").write_text("[stopping]\nepochs = 7\n[network]\nseed = 5\n", encoding="utf-8")
    options = ["--out", "out", *SMALL, "--config", "s.toml", "--json", "-"]
    assert main(["train", "data.extxyz", *options]) == 0
    record = json.loads(capsys.readouterr().out)
    assert record["settings"]["stopping"]["epochs"] == 2
    assert record["settings"]["network"]["seed"] == 5


def test_the_same_command_with_more_epochs_goes_on(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", "data.extxyz", "--out", "out", *SMALL]) == 0
    assert main(["train", "data.extxyz", "--out", "out", *SMALL[:-1], "3"]) == 0
    assert "from epoch 2" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--test-share", "0.001"], "--test-share"),
        (["--atomic-energies", "Ar=low"], "--atomic-energies has 'Ar=low'"),
        (["--atomic-energies", "Xe=1.0"], "are of Xe, and the data has Ar"),
        (["--locality", "data.extxyz"], "data.extxyz"),
    ],
)
def test_what_is_wrong_is_said(
    options: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["train", "data.extxyz", "--out", "out", *SMALL, *options]) == 1
    assert message in " ".join(capsys.readouterr().err.split())


def test_everything_is_written(capsys: pytest.CaptureFixture[str]) -> None:
    files = ["--json", "r.json", "--csv", "r.csv", "--report", "r.html", "--plot", "r.png"]
    assert main(["train", "data.extxyz", "--out", "out", *SMALL, *files]) == 0
    assert "Learning curve of forces" in Path("r.html").read_text(encoding="utf-8")
    assert Path("r.png").stat().st_size > 10_000
    record = json.loads(Path("r.json").read_text(encoding="utf-8"))
    with Path("r.learning-curve.csv").open(encoding="utf-8") as file:
        rows = [
            row for row in csv.DictReader(file) if (row["set"], row["group"]) == ("test", "all")
        ]
    epochs = record["members"][0]["epochs"]
    assert [int(row["epoch"]) for row in rows] == [0, 1, 2]
    for row, epoch in zip(rows, epochs, strict=True):
        [errors] = [e for e in epoch["errors"] if (e["set"], e["group"]) == ("test", "all")]
        assert float(row["force_RMSE_eV_per_A"]) == errors["force_RMSE_eV_per_A"]
    with Path("r.symmetry-functions.csv").open(encoding="utf-8") as file:
        functions = list(csv.DictReader(file))
    n_functions = len(record["functions"]) + len(record["functions_left_out"])
    assert len(functions) == n_functions
    with Path("r.closer-than-data.csv").open(encoding="utf-8") as file:
        [of_pair] = csv.DictReader(file)
    assert float(of_pair["fall_eV"]) == record["members"][0]["approaches"][0]["fall_eV"]
    assert Path("r.pair-distances.csv").exists()
    assert main(["report", "r.json", "--output", "page.html"]) == 0
    assert "Learning curve of forces" in Path("page.html").read_text(encoding="utf-8")


def test_each_epoch_is_a_line_of_no_more_than_eighty_columns(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["train", "data.extxyz", "--out", "out", *SMALL]) == 0
    told = capsys.readouterr()
    lines = [line for line in told.err.splitlines() if " epoch " in line]
    assert [line.split("epoch")[1].split(":")[0].strip() for line in lines[-3:]] == ["0", "1", "2"]
    assert_narrow(told.err, told.out)
    assert main(["train", "data.extxyz", "--out", "other", *SMALL, "-q"]) == 0
    assert "epoch" not in capsys.readouterr().err


def test_each_epoch_of_each_member_is_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", "data.extxyz", "--out", "out", *SMALL, "--members", "2"]) == 0
    told = capsys.readouterr()
    lines = [line for line in told.err.splitlines() if " epoch " in line]
    for member in (1, 2):
        own = [line.split("epoch")[1] for line in lines if f"member {member}, epoch" in line]
        assert [line.split(":")[0].strip() for line in own] == ["0", "1", "2"]
    assert_narrow(told.err, told.out)
    assert "mean of 2 members" in told.out
    assert "hdnnp:out/member-2/best" in told.out


def test_what_networks_are_added_to_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    prior = ["--prior", "zbl", "--prior-inner", "0.8", "--prior-outer", "1.6"]
    assert main(["train", "data.extxyz", "--out", "out", *SMALL, *prior]) == 0
    printed = " ".join(capsys.readouterr().out.split())
    assert "repulsion of screened nuclei (zbl), which ends between 0.8 and 1.6 Å" in printed
    assert read_potential("out/best").repulsion == ZBL(0.8, 1.6)


def test_walls_are_said_with_what_two_atoms_do(capsys: pytest.CaptureFixture[str]) -> None:
    command = ["train", "data.extxyz", "--out", "out", *SMALL, "--prior", "repulsion"]
    assert main([*command, "--json", "r.json"]) == 0
    printed = " ".join(capsys.readouterr().out.split())
    [member] = json.loads(Path("r.json").read_text(encoding="utf-8"))["members"]
    walls, pairs = member["prior"]["walls"], member["approaches"]
    assert f"closest distances of {len(walls)} pairs of elements (repulsion)" in printed
    assert "closer than the data, energies of two atoms" in printed
    repulsion = read_potential("out/best").repulsion
    assert isinstance(repulsion, BornMayer)
    assert [wall.onset_A for wall in repulsion.walls] == [wall["onset_A"] for wall in walls]
    assert sorted(each["closest_A"] for each in pairs) == sorted(w["onset_A"] for w in walls)
