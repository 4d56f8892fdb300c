"""``nearsight train``: files, options, settings of files, and what is printed."""

import json
from pathlib import Path

import pytest

from labelled_clusters import labelled_clusters
from nearsight.cli.main import main
from nearsight.hdnnp.files.extended_xyz import write_extended_xyz
from nearsight.hdnnp.files.reading import read_potential

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


def test_a_record_of_a_training_is_on_no_page_yet(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", "data.extxyz", "--out", "out", *SMALL, "--json", "r.json"]) == 0
    assert main(["report", "r.json", "--output", "page.html"]) == 1
    assert "leave its record out" in " ".join(capsys.readouterr().err.split())
