"""``nearsight locality``: output, files, interruption, and what it refuses."""

import json
from collections.abc import Callable
from dataclasses import replace
from importlib import import_module
from pathlib import Path

import ase.io
import pytest
from ase import Atoms

from nearsight.cli.main import main
from nearsight.models import load_model

Run = Callable[..., int]


@pytest.fixture
def butane(folder: Path, alkane: Callable[[int], Atoms]) -> str:
    """The name of a file of butane."""
    ase.io.write(folder / "butane.xyz", alkane(4))
    return "butane.xyz"


def test_table_json_figure_page_and_fragments(
    nearsight: Run, butane: str, capsys: pytest.CaptureFixture[str]
) -> None:
    files = ["--json", "b.json", "--plot", "b.png", "--report", "b.html", "--out", "fragments"]
    assert nearsight("locality", butane, "--site", "C0", "3", *files) == 0
    output = capsys.readouterr().out
    assert max(len(line) for line in output.splitlines()) <= 80
    assert "C0" in output
    assert "<-- converged" in output
    record = json.loads(Path("b.json").read_text())
    assert record["method"] == "ase:emt"
    assert [site["index"] for site in record["sites"]] == [0, 3]
    sizes = [shell["n_atoms"] for shell in record["sites"][0]["shells"]]
    assert sizes == [14, 11, 8, 5]
    assert record["force_range_A"] == max(site["r_frag_A"] for site in record["sites"])
    assert f"reach {record['force_range_A']:.3f} Å: fragments of that radius are enough" in output
    for fragment in record["fragments"]:
        assert len(ase.io.read(fragment["file"])) == fragment["n_atoms"]
        assert fragment["centre"] in output
    assert Path("b.png").read_bytes().startswith(b"\x89PNG")
    assert "Locality of butane" in Path("b.html").read_text()
    assert not Path(".nearsight").exists()


def test_a_model_beside_a_reference(
    nearsight: Run, butane: str, capsys: pytest.CaptureFixture[str]
) -> None:
    given = ["--reference", "ase:emt", "--site", "C0", "--json", "-"]
    assert nearsight("locality", butane, *given) == 0
    compared = json.loads(capsys.readouterr().out)["comparison"]
    [site] = compared["sites"]
    assert site["model_r_frag_A"] == site["reference_r_frag_A"]
    assert site["far_ratios"]["3"] == pytest.approx(1.0)


def test_a_reference_alone_is_no_comparison(
    butane: str, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["locality", butane, "--reference", "ase:emt", "--site", "0", "--json", "-"]
    assert main([*arguments, "--threshold", "1e9"]) == 0
    record = json.loads(capsys.readouterr().out)
    assert record["comparison"] is None
    [site] = record["sites"]
    assert site["r_frag_A"] == site["shells"][-1]["radius_A"]


def test_a_reference_that_cannot_is_found_before_the_model_works(
    nearsight: Run, butane: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    without_hydrogen = load_model("ase:emt")
    known = replace(without_hydrogen.capabilities, elements=frozenset({6}))
    monkeypatch.setattr(without_hydrogen, "capabilities", known)
    models = {"ase:emt": load_model("ase:emt"), "carbon": without_hydrogen}
    monkeypatch.setattr("nearsight.models.registry.load_model", lambda name, **_: models[name])
    monkeypatch.setattr(
        import_module("nearsight.workflows.locality"), "locality_of", None
    )  # must not be called
    assert nearsight("locality", butane, "--site", "C0", "--reference", "carbon") == 1
    assert "does not know H" in capsys.readouterr().err


def test_after_an_interruption_finished_rows_are_not_computed_again(
    nearsight: Run,
    butane: str,
    interrupt_after: Callable[[int], None],
    capsys: pytest.CaptureFixture[str],
) -> None:
    given = ["locality", butane, "--site", "C0", "--json"]
    interrupt_after(20)
    assert nearsight(*given, "one.json") == 130
    kept = list(Path(".nearsight").glob("*.rows"))
    assert kept
    assert nearsight(*given, "two.json") == 0
    assert not Path(".nearsight").exists()
    assert nearsight(*given, "three.json") == 0
    capsys.readouterr()
    two, three = (json.loads(Path(f"{name}.json").read_text()) for name in ("two", "three"))
    assert two.pop("seconds") > 0 < three.pop("seconds")
    assert two == three


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--site", "C99"], "no atom 99"),
        (["--site", "H0"], "atom 0, counted from 0, is C"),
        (["--site", "carbon"], "carbon is no site"),
        (["--out", "butane.xyz"], "cannot make the folder"),
        (["--method", "rows"], "cannot be differentiated twice"),
    ],
)
def test_mistakes_are_named(
    nearsight: Run,
    butane: str,
    options: list[str],
    message: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    sites = [] if "--site" in options else ["--site", "C0"]
    assert nearsight("locality", butane, *sites, *options) == 1
    assert message in " ".join(capsys.readouterr().err.split())


def test_a_metal_fails_and_the_others_go_on(
    nearsight: Run, butane: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert nearsight("locality", "copper.cif", butane, "--site", "0", "--json", "m.json") == 1
    failed, done = json.loads(Path("m.json").read_text())
    assert failed["error"]["type"] == "StructureError"
    assert "no capping is defined" in failed["error"]["message"]
    assert done["sites"][0]["element"] == "C"
    assert "1 of 2 structures failed" in capsys.readouterr().err


def test_fragments_of_two_structures_do_not_overwrite_each_other(
    nearsight: Run, butane: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "other").mkdir()
    (folder / "other" / butane).write_bytes((folder / butane).read_bytes())
    assert nearsight("locality", butane, f"other/{butane}", "--out", "fragments") == 1
    assert "the same file name (butane)" in " ".join(capsys.readouterr().err.split())
    assert not Path("fragments").exists()
