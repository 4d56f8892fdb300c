import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from nearsight.cli.main import main
from nearsight.errors import StorageError
from nearsight.hessian import Hessian
from nearsight.records import Record
from nearsight.reports.sections import Section
from nearsight.reports.subjects.choice import section_of
from nearsight.storage import write_text

Run = Callable[..., int]


def _records(page: Path) -> list[dict[str, Any]]:
    """Return the records that a page embeds, in their order."""
    found = re.findall(
        r'<script type="application/json" class="record-data"[^>]*>(.*?)</script>',
        page.read_text(encoding="utf-8"),
        re.DOTALL,
    )
    return [json.loads(text) for text in found]


def test_page_holds_the_record_of_the_json(nearsight: Run, folder: Path) -> None:
    assert nearsight("heat-capacity", "copper.cif", "--json", "r.json", "--report", "r.html") == 0
    record = json.loads((folder / "r.json").read_text())
    assert _records(folder / "r.html") == [record]
    text = (folder / "r.html").read_text(encoding="utf-8")
    (row,) = record["heat_capacity"]
    assert f'<data value="{row["J_per_g_K"]}">{row["J_per_g_K"]:.5f}</data>' in text
    assert "relaxation converged" in text
    assert "nearsight heat-capacity copper.cif --json r.json --report r.html" in text


def test_vibrations_have_a_page_without_heat_capacities(nearsight: Run, folder: Path) -> None:
    assert nearsight("vibrations", "nitrogen.xyz", "--report", "v.html") == 0
    (record,) = _records(folder / "v.html")
    assert "heat_capacity" not in record
    text = (folder / "v.html").read_text(encoding="utf-8")
    assert "Vibrations of nitrogen" in text
    assert "Heat capacity at constant volume" not in text


def test_page_of_a_batch_lists_what_failed(nearsight: Run, folder: Path) -> None:
    structures = ("copper.cif", "empty.cif", "missing.cif", "nitrogen.xyz")
    status = nearsight(
        "heat-capacity", *structures, "--no-relax", "--report", "r.html", "--json", "r.json"
    )
    assert status == 1
    records = _records(folder / "r.html")
    assert records == json.loads((folder / "r.json").read_text())
    assert [record["structure"] for record in records] == list(structures)
    text = (folder / "r.html").read_text(encoding="utf-8")
    assert "2 calculated, 2 failed" in text
    assert "missing.cif does not exist; check the path for a typo." in text


def test_page_says_when_everything_failed(nearsight: Run, folder: Path) -> None:
    assert nearsight("heat-capacity", "empty.cif", "--report", "r.html") == 1
    assert "No result for empty" in (folder / "r.html").read_text(encoding="utf-8")
    assert nearsight("heat-capacity", "empty.cif", "no.cif", "--report", "r.html") == 1
    assert "0 calculated, 2 failed" in (folder / "r.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("command", "computing"),
    [
        ("heat-capacity", "nearsight.cli.heat_capacity.heat_capacity"),
        ("phonons", "nearsight.cli.phonons.phonons"),
        ("vibrations", "nearsight.cli.vibrations.vibrations"),
    ],
)
@pytest.mark.parametrize(
    ("target", "message"),
    [
        ("nowhere/r.html", "nowhere"),
        ("r.pdf", ".html"),
        ("-", ".html"),
        ("folder.html", "is a folder"),
        ("copper.html", "is one of the structures"),
    ],
)
def test_place_of_the_page_is_checked_before_any_computing(
    nearsight: Run,
    folder: Path,
    *,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    command: str,
    computing: str,
    target: str,
    message: str,
) -> None:
    def computed(*positional: object, **settings: object) -> None:
        raise AssertionError("the page was to be checked first")

    (folder / "folder.html").mkdir()
    (folder / "copper.html").symlink_to("copper.cif")
    monkeypatch.setattr(computing, computed)
    assert nearsight(command, "copper.cif", "--report", target) == 1
    errors = capsys.readouterr().err
    assert message in errors
    assert "Traceback" not in errors


def test_interrupted_run_leaves_a_page_with_what_is_done(
    nearsight: Run, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from nearsight.cli import heat_capacity

    compute = heat_capacity.heat_capacity

    def interrupted(path: str, *others: Any, **settings: Any) -> Any:
        if path == "nitrogen.xyz":
            raise KeyboardInterrupt
        return compute(path, *others, **settings)

    monkeypatch.setattr(heat_capacity, "heat_capacity", interrupted)
    # Two quick structures in a row: the second is not written before the end of the run.
    structures = ("copper.cif", "aluminium.cif", "nitrogen.xyz")
    assert nearsight("heat-capacity", *structures, "--no-relax", "--report", "r.html") == 130
    assert [r["structure"] for r in _records(folder / "r.html")] == list(structures[:2])
    text = (folder / "r.html").read_text(encoding="utf-8")
    assert "2 calculated, 0 failed, 1 not calculated yet" in text


def test_page_is_there_while_the_run_goes_on(
    nearsight: Run, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from nearsight.cli import heat_capacity

    compute = heat_capacity.heat_capacity
    seen = []

    def watched(path: str, *others: Any, **settings: Any) -> Any:
        page = folder / "r.html"
        seen.append(len(_records(page)) if page.exists() else 0)
        return compute(path, *others, **settings)

    monkeypatch.setattr(heat_capacity, "heat_capacity", watched)
    monkeypatch.setattr("nearsight.runs.pace._PAUSE_PER_WRITING", 0)
    monkeypatch.setattr("nearsight.runs.pace._SHORTEST_PAUSE_S", 0)
    structures = ("copper.cif", "aluminium.cif", "nitrogen.xyz")
    assert nearsight("heat-capacity", *structures, "--no-relax", "--report", "r.html") == 0
    assert seen == [0, 1, 2]


def test_section_that_cannot_be_made_costs_no_result(
    nearsight: Run,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def broken(record: Record, number: int, *budgets: int) -> Section:
        if number == 1:
            raise RuntimeError("a defect")
        return section_of(record, number, *budgets)

    monkeypatch.setattr("nearsight.runs.page.section_of", broken)
    arguments = ("copper.cif", "aluminium.cif", "--no-relax", "--json", "r.json")
    assert nearsight("heat-capacity", *arguments, "--report", "r.html") == 1
    assert all(r["heat_capacity"] for r in json.loads((folder / "r.json").read_text()))
    assert "Traceback" in capsys.readouterr().err
    undrawn, drawn = _records(folder / "r.html")
    assert "could not be made" in undrawn["error"]["message"]
    assert drawn["heat_capacity"]


@pytest.mark.parametrize("recovers", [True, False])
def test_results_that_cannot_be_written_stop_no_calculation(
    nearsight: Run,
    folder: Path,
    *,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    recovers: bool,
) -> None:
    refused: list[str] = []

    def full(path: str, text: str) -> None:
        if recovers and (path in refused or path == "r.json"):  # that is written once
            return write_text(path, text)
        refused.append(path)
        raise StorageError(f"cannot write {path}: No space left on device.")

    monkeypatch.setattr("nearsight.runs.json_file.write_text", full)
    monkeypatch.setattr("nearsight.runs.page.write_text", full)
    monkeypatch.setattr("nearsight.runs.pace._PAUSE_PER_WRITING", 0)
    monkeypatch.setattr("nearsight.runs.pace._SHORTEST_PAUSE_S", 0)
    options = ("--no-relax", "--report", "r.html", "--json", "r.json")
    status = nearsight("vibrations", "copper.cif", "aluminium.cif", *options)
    shown = capsys.readouterr()
    assert status == (0 if recovers else 1)
    assert "copper.cif" in shown.out
    assert "aluminium.cif" in shown.out
    assert "The run goes on" in shown.err
    assert "Traceback" not in shown.err
    assert (folder / "r.html").exists() == (folder / "r.json").exists() == recovers
    if recovers:
        assert len(_records(folder / "r.html")) == len(json.loads(Path("r.json").read_text())) == 2
    else:
        assert list((folder / ".nearsight").iterdir())  # and nothing is computed twice


def test_saved_hessians_have_a_page(
    nearsight: Run, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for structure in ("copper.cif", "nitrogen.xyz"):
        assert nearsight("hessian", structure) == 0
    (folder / "read-only").mkdir()
    monkeypatch.chdir(folder / "read-only")  # nothing but the page is written
    files = ["../copper.hessian.npz", "../nitrogen.hessian.npz"]
    options = ["--temperature", "150", "300", "--acoustic", "classical"]
    assert main(["report", *files, "--output", "../r.html", *options]) == 0
    assert not list((folder / "read-only").iterdir())
    copper, nitrogen = _records(folder / "r.html")
    assert [row["temperature_K"] for row in copper["heat_capacity"]] == [150.0, 300.0]
    assert copper["acoustic"] == "classical"
    hessian = Hessian.load(folder / "copper.hessian.npz")
    assert copper["hessian"] == hessian.summary()
    assert nitrogen["modes"]["n_rigid_body"] == 5
    monkeypatch.chdir(folder)
    assert nearsight("heat-capacity", "copper.hessian.npz", *options, "--json", "c.json") == 0
    expected = json.loads((folder / "c.json").read_text())
    assert copper["heat_capacity"] == expected["heat_capacity"]


def test_saved_hessian_of_any_name_has_a_page(nearsight: Run, folder: Path) -> None:
    assert nearsight("hessian", "copper.cif", "--no-relax", "--output", "copper.data") == 0
    assert main(["report", "copper.data", "--output", "r.html"]) == 0
    assert _records(folder / "r.html")[0]["formula"] == "Cu4"


def test_warnings_saved_with_a_hessian_are_on_its_page(nearsight: Run, folder: Path) -> None:
    assert nearsight("hessian", "copper.cif", "--max-steps", "1") == 0
    assert main(["report", "copper.hessian.npz", "--output", "r.html"]) == 0
    text = (folder / "r.html").read_text(encoding="utf-8")
    assert "Not converged after 1 step:" in text
    assert "structure with warnings" in text


def test_records_have_a_page_without_the_results_of_their_run(
    nearsight: Run, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    structures = ("copper.cif", "empty.cif", "nitrogen.xyz")
    assert nearsight("heat-capacity", *structures, "--no-relax", "--json", "r.json") == 1
    written = json.loads((folder / "r.json").read_text())
    lines = [json.dumps(record) for record in written]
    (folder / "r.jsonl").write_text("\n".join([*lines, lines[0][:100]]))
    capsys.readouterr()
    assert main(["report", "r.json", "--output", "of-list.html"]) == 0
    assert main(["report", "r.jsonl", "--output", "of-lines.html"]) == 0
    assert "the last line of r.jsonl, line 4, is cut off" in capsys.readouterr().err
    for page in ("of-list.html", "of-lines.html"):
        assert _records(folder / page) == written
        text = (folder / page).read_text(encoding="utf-8")
        assert "2 calculated, 1 failed" in text
        for record in (written[0], written[2]):
            (row,) = record["heat_capacity"]
            assert f'<data value="{row["J_per_g_K"]}">{row["J_per_g_K"]:.5f}</data>' in text
        assert '<input type="radio"' not in text  # no mode can be chosen
        assert "<td>ase:emt</td>" in text


def test_a_page_of_records_and_hessians(nearsight: Run, folder: Path) -> None:
    assert nearsight("hessian", "copper.cif", "--no-relax", "--json", "r.json") == 0
    assert main(["report", "r.json", "copper.hessian.npz", "--output", "r.html"]) == 0
    first, second = _records(folder / "r.html")
    assert (first["question"], second["question"]) == ("hessian", "heat-capacity")
    assert first["hessian"] == second["hessian"]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("r.json", '{"structure": "copper.cif"}', "the field `schema` is missing"),
        ("r.json", '{"schema": 99}', "`schema` is 99, and this version of Nearsight reads"),
        ("r.json", "[1, 2]", "record 1 of r.json cannot be read: it is no record"),
        ("r.json", "[]", "r.json holds no finished record"),
        ("r.json", 100_000 * "[" + 100_000 * "]", "nested too deeply"),
        ("r.json", '{"schema": 1, "question": "heat-cap', "r.json holds no finished record"),
        ("phonopy.yaml", "unit_cell:", "compute its heat capacity, with a --report."),
        ("notes.txt", "no JSON either", "computes nothing"),
        ("damaged.npz", "no archive", "not a readable hessian file"),
        ("missing.npz", None, "does not exist"),
        ("missing.json", None, "does not exist"),
    ],
)
def test_what_is_no_saved_hessian_is_explained(
    folder: Path,
    capsys: pytest.CaptureFixture[str],
    name: str,
    content: str | None,
    message: str,
) -> None:
    if content is not None:
        (folder / name).write_text(content)
    assert main(["report", name, "--output", "r.html"]) == 1
    errors = capsys.readouterr().err
    assert message in errors
    assert name in errors
    assert "Traceback" not in errors


def test_structure_given_to_report_is_explained(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["report", "copper.cif", "--output", "r.html"]) == 1
    assert "compute its heat capacity, with a --report, or save" in capsys.readouterr().err


def test_modes_are_no_hessian(
    nearsight: Run, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert nearsight("vibrations", "copper.cif", "--no-relax", "--modes", "m.npz") == 0
    assert main(["report", "m.npz", "--output", "r.html"]) == 1
    assert "'vibrations'" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--output", "nowhere/r.html"], "nowhere"),
        (["--output", "r.svg"], ".html"),
        (["--output", "r.html", "--temperature", "-5"], "-5"),
    ],
)
def test_mistakes_of_report_are_found_before_reading(
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    message: str,
) -> None:
    def read(path: str) -> None:
        raise AssertionError("the options were to be checked first")

    monkeypatch.setattr("nearsight.reports.reading.Hessian.load", read)
    assert main(["report", "any.npz", *arguments]) == 1
    assert message in capsys.readouterr().err
    assert not (folder / "r.html").exists()


def test_page_cannot_replace_its_hessian(
    nearsight: Run, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert nearsight("hessian", "copper.cif", "--no-relax", "--output", "copper.html") == 0
    before = os.stat(folder / "copper.html")
    assert main(["report", "copper.html", "--output", "copper.html"]) == 1
    assert "is one of the structures" in capsys.readouterr().err
    assert os.stat(folder / "copper.html") == before


def test_help_needs_neither_templates_nor_numbers() -> None:
    code = (
        "import sys; from nearsight.cli.main import command_parser; command_parser().format_help();"
        "print(*sorted(set(sys.modules) & {'jinja2', 'markupsafe', 'numpy', 'ase'}))"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == ""
