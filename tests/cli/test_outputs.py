"""Results that would take each other's place, or that of what is read."""

import os
import time
from collections.abc import Callable
from pathlib import Path

import ase.io
import pytest
from ase.build import bulk

from nearsight.cli.main import main

Run = Callable[..., int]
HEAT = ("heat-capacity", "copper.cif", "--no-relax")


@pytest.fixture(autouse=True)
def nothing_is_computed(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a model was loaded")

    monkeypatch.setattr("nearsight.models.registry.load_model", refuse)


@pytest.fixture
def inputs(folder: Path) -> Path:
    """Add links, a BORN file and weights."""
    (folder / "link.json").symlink_to("r.json")
    (folder / "sub").mkdir()
    (folder / "here").symlink_to(".")
    (folder / "BORN").write_text("14.4\n" + "1 0 0 0 1 0 0 0 1\n" * 2)
    (folder / "weights.json").write_text("{}")
    (folder / "linked.html").hardlink_to(folder / "copper.cif")
    ase.io.write(folder / "parts-3.extxyz", bulk("Cu", cubic=True))
    return folder


@pytest.mark.parametrize(
    "command",
    [
        (*HEAT, "--json", "x.html", "--report", "x.html"),
        (*HEAT, "--json", "x.svg", "--plot", "./x.svg"),
        (*HEAT, "--json", "r.json", "--atomic-heat", "sub/../r.json", "--spectrum", "probing"),
        (*HEAT, "--json", "link.json", "--atomic-heat", "r.json", "--spectrum", "probing"),
        (*HEAT, "--json", "here/r.json", "--atomic-heat", "r.json", "--spectrum", "probing"),
        ("hessian", "copper.cif", "--output", "x.npz", "--json", "x.npz"),
        ("hessian", "copper.cif", "--json", "copper.hessian.npz"),
        ("phonons", "copper.cif", "--output", "p.yaml", "--json", f"{Path()}/p.yaml"),
        ("elastic", "copper.cif", "--output", "e.npz", "--json", "e.npz"),
        ("vibrations", "copper.cif", "--modes", "m.npz", "--json", "m.npz"),
        ("vibrations", "copper.cif", "--animate", "1", "2", "--json", "copper.mode-2.xyz"),
    ],
)
def test_two_results_are_not_one_file(
    command: tuple[str, ...], inputs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = sorted(inputs.rglob("*"))
    assert main([*command, "--model", "ase:emt"]) == 1
    assert "are the same file; give one of them another name" in capsys.readouterr().err
    assert sorted(inputs.rglob("*")) == before


@pytest.mark.parametrize(
    ("command", "read"),
    [
        ((*HEAT, "--json", "copper.cif"), "one of the structures"),
        ((*HEAT, "--json", "sub/../copper.cif"), "one of the structures"),
        ((*HEAT, "--report", "linked.html"), "one of the structures"),
        ((*HEAT, "--nac", "BORN", "--json", "BORN"), "what --nac names"),
        ((*HEAT, "--nac", "BORN", "--json", "here/BORN"), "what --nac names"),
        (
            (*HEAT, "--model", "sevennet:weights.json?x=1+d3", "--json", "weights.json"),
            "what --model names",
        ),
        (
            (
                "locality",
                "copper.cif",
                "--reference",
                "mace:weights.json",
                "--json",
                "weights.json",
            ),
            "what --reference names",
        ),
        (
            (
                *("models", "compare", "copper.cif", "--json", "weights.json"),
                *("--models", "ase:emt,mace:weights.json"),
            ),
            "what --models names",
        ),
        (
            ("examine", "ase:emt", "mace:weights.json", "--out", "e", "--log", "weights.json"),
            "one of the models",
        ),
        (("vibrations", "copper.cif", "--modes", "copper.cif"), "one of the structures"),
        (("phonons", "copper.cif", "--output", "copper.cif"), "one of the structures"),
        (("elastic", "copper.cif", "--output", "copper.cif"), "one of the structures"),
        (("fragment", "copper.cif", "--radius", "3", "--out", "f", "--json", "copper.cif"), "one"),
        ((*HEAT, "--json", ".nearsight"), "the folder of --work-dir"),
        (
            ("fragment", "copper.cif", "--radius", "3", "--out", "f", "--json", "sub/../f"),
            "the folder of --out",
        ),
        (("report", "linked.html", "--output", "here/linked.html"), "one of the structures"),
    ],
)
def test_what_is_read_keeps_its_place(
    command: tuple[str, ...], read: str, inputs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    content = {path: path.read_bytes() for path in inputs.iterdir() if path.is_file()}
    assert main(list(command)) == 1
    said = capsys.readouterr().err
    assert f"is {read}" in said
    assert "give the result another name" in said
    assert content == {path: path.read_bytes() for path in inputs.iterdir() if path.is_file()}


@pytest.mark.parametrize(
    "command",
    [
        ("locality", "parts.cif", "parts-3.extxyz", "--out", "."),
        ("fragment", "parts.cif", "--radius", "3", "--out", "sub/..", "--json", "parts-7.extxyz"),
    ],
)
def test_fragments_take_no_place(
    command: tuple[str, ...], inputs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    os.rename("copper.cif", "parts.cif")
    assert main(list(command)) == 1
    assert "has the name of a fragment of parts.cif" in capsys.readouterr().err


def test_a_mode_that_is_named_twice_is_written_once(nearsight: Run, folder: Path) -> None:
    with pytest.raises(AssertionError, match="a model was loaded"):
        nearsight("vibrations", "copper.cif", "--animate", "1", "1")


def test_devices_may_be_written_to_more_than_once(nearsight: Run, folder: Path) -> None:
    with pytest.raises(AssertionError, match="a model was loaded"):
        nearsight("hessian", "copper.cif", "--json", "/dev/null", "--output", "/dev/null")


def test_a_folder_that_knows_no_capitals(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ("hessian", "copper.cif", "--output", "Result", "--json", "rESULT")
    with pytest.raises(AssertionError, match="a model was loaded"):
        main(list(command))
    other = folder.parent / folder.name.swapcase()
    other.symlink_to(folder)  # as the same folder is found there under both names
    assert main(list(command)) == 1
    assert "are the same file" in capsys.readouterr().err


@pytest.mark.parametrize("length", [256, 5000])
def test_a_name_that_no_file_can_have_is_refused_at_once(
    length: int, nearsight: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    assert nearsight(*HEAT, "--json", "x" * length) == 1
    assert "cannot write xxx" in capsys.readouterr().err


def test_thousands_of_structures_are_checked_in_no_time(nearsight: Run, folder: Path) -> None:
    # Only the last one is there, and makes that a model is asked for.
    names = [*(f"{number}.cif" for number in range(3000)), "copper.cif"]
    started = time.process_time()
    with pytest.raises(AssertionError, match="a model was loaded"):
        nearsight("vibrations", *names, "--animate", "1", "2")
    assert time.process_time() - started < 20


@pytest.mark.parametrize("option", ["--json", "--report"])
def test_write_protected_results_are_found_before_the_calculation(
    option: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = folder / "kept.html"
    before.write_text("of last week")
    before.chmod(0o444)
    (folder / "link.html").symlink_to("kept.html")
    assert main([*HEAT, option, "link.html", "--model", "ase:emt"]) == 1
    assert "write-protected (mode 0444)" in capsys.readouterr().err
    assert before.read_text() == "of last week"
