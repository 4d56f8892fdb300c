"""Files, folders and patterns as structures of a command."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from nearsight.cli.main import main
from nearsight.errors import StructureError
from nearsight.structures.inputs import Inputs, expand_structures

Run = Callable[..., int]
QUICK = ("--no-relax", "--spectrum", "dense", "--json", "r.json")


@pytest.fixture
def cifs(folder: Path) -> Path:
    """A folder of structures with other files, and one below it."""
    (folder / "cifs" / "below").mkdir(parents=True)
    for name in ("b.cif", "a.cif", "below/c.cif", "frame[1].cif"):
        shutil.copy("copper.cif", f"cifs/{name}")
    (folder / "cifs" / "README").touch()
    return folder / "cifs"


def expand(*given: str) -> Inputs:
    return expand_structures(given)


@pytest.mark.usefixtures("cifs")
@pytest.mark.parametrize(
    ("given", "paths"),
    [
        (["cifs"], ["cifs/a.cif", "cifs/b.cif", "cifs/frame[1].cif"]),
        (["cifs/"], ["cifs/a.cif", "cifs/b.cif", "cifs/frame[1].cif"]),
        (["cifs/?.cif"], ["cifs/a.cif", "cifs/b.cif"]),
        (["cifs/b*"], ["cifs/b.cif", "cifs/below/c.cif"]),
        (["cifs/**/?.cif"], ["cifs/a.cif", "cifs/b.cif", "cifs/below/c.cif"]),
        (["cifs/**"], ["cifs/a.cif", "cifs/b.cif", "cifs/below/c.cif", "cifs/frame[1].cif"]),
        (["cifs/frame[1].cif"], ["cifs/frame[1].cif"]),
        (["cifs/frame[1].cif@1"], ["cifs/frame[1].cif@1"]),
        (["cifs/?.cif@1"], ["cifs/a.cif@1", "cifs/b.cif@1"]),
        (["missing.cif", "copper.cif"], ["missing.cif", "copper.cif"]),
    ],
)
def test_each_stands_for_its_files(given: list[str], paths: list[str]) -> None:
    assert list(expand(*given).paths) == paths


@pytest.mark.usefixtures("cifs")
def test_what_is_given_twice_is_taken_once() -> None:
    found = expand("cifs/b.cif", "cifs", "./cifs/a.cif")
    assert found.paths == ("cifs/b.cif", "cifs/a.cif", "cifs/frame[1].cif")
    assert found.repeated == ("cifs/b.cif", "./cifs/a.cif")
    assert found.notes == ("cifs: 3 files; 1 file left out",)


@pytest.mark.usefixtures("cifs")
def test_pattern_that_nothing_matches_is_refused() -> None:
    with pytest.raises(StructureError, match=r"no file matches cifs/\*\.xyz"):
        expand("copper.cif", "cifs/*.xyz")


def test_folder_is_computed(nearsight: Run, cifs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert nearsight("heat-capacity", str(cifs), f"{cifs}/a.cif", *QUICK) == 0
    records = json.loads(Path("r.json").read_text())
    assert [Path(record["structure"]).name for record in records] == [
        *("a.cif", "b.cif", "frame[1].cif")
    ]
    assert "given more than once and computed once: " in capsys.readouterr().err


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("empty", "the folder empty has no structure files: it holds nothing"),
        ("x*", "no file matc"),
    ],
)
def test_nothing_to_compute_is_an_error(
    nearsight: Run, folder: Path, given: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "empty").mkdir()
    assert nearsight("heat-capacity", given) == 1
    assert said in capsys.readouterr().err
    assert not (folder / ".nearsight").exists()


def test_report_takes_a_folder_of_saved_hessians(nearsight: Run, folder: Path) -> None:
    (folder / "saved").mkdir()
    for structure in ("copper.cif", "nitrogen.xyz"):
        assert nearsight("hessian", structure, "--no-relax") == 0
        stem = structure.partition(".")[0]
        shutil.move(f"{stem}.hessian.npz", "saved")
    assert main(["report", "saved", "--output", "r.html"]) == 0
    page = (folder / "r.html").read_text()
    assert "saved/copper.hessian.npz" in page
    assert "saved/nitrogen.hessian.npz" in page


def test_log_in_the_place_of_a_structure_of_a_folder_is_refused(
    nearsight: Run, cifs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = (cifs / "a.cif").read_bytes()
    assert nearsight("heat-capacity", "cifs", *QUICK, "--log", "cifs/a.cif") == 1
    assert "would take its place" in capsys.readouterr().err
    assert (cifs / "a.cif").read_bytes() == before
