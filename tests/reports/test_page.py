import base64
import hashlib
import json
import os
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nearsight.errors import StorageError
from nearsight.printable import printable
from nearsight.records import FailureRecord
from nearsight.records.making import heat_capacity_record
from nearsight.records.results import HarmonicResults
from nearsight.reports import render_report, write_report
from nearsight.reports.page import render_page
from nearsight.reports.subjects.choice import section_of
from nearsight.reports.templates import asset
from recorded import record_of, records_of

ReadPage = Callable[[str], Any]

EMPTY = FailureRecord.of("empty.cif", "StructureError", "empty.cif is empty; write it again.")


def test_numbers_of_the_page_are_those_of_the_record(
    quartz_entry: HarmonicResults, read_page: ReadPage
) -> None:
    page = read_page(render_report(records_of([quartz_entry])))
    record = page.data["structure-1-record"]
    assert record == record_of(quartz_entry).to_json()
    for row in record["heat_capacity"]:
        assert set(row.values()) <= set(page.values)
        assert f"{row['J_per_g_K']:.5f}" in page.words
        assert f"{row['J_per_molatom_K']:.4f}" in page.words
    vibrations = quartz_entry.vibrations.wavenumbers_per_cm
    assert set(vibrations.tolist()) <= set(page.values)
    assert set(vibrations.tolist()) <= set(record["modes"]["wavenumbers_per_cm"])


def test_everything_a_reader_needs_is_named(
    water_entry: HarmonicResults, read_page: ReadPage
) -> None:
    words = read_page(
        render_report(records_of([water_entry]), command="nearsight heat-capacity w.xyz")
    ).words
    relaxation = water_entry.relaxation
    assert relaxation is not None
    provenance = water_entry.hessian.provenance
    for needed in (
        "Harmonic heat capacity of a molecule of 3 atoms",
        "J/(g K)",
        "J/(mol-atoms K)",
        "J/K",
        "6 translations and rotations of the molecule are left out",
        f"{relaxation.fmax_eV_per_A:.4f} eV/Å",
        "meV/atom",
        provenance.model.name,
        provenance.model.dtype,
        provenance.versions["numpy"],
        water_entry.hessian.reason,
        f"{water_entry.hessian.rows_computed} of 9",
        "nearsight heat-capacity w.xyz",
        *(warning[1:] for warning in water_entry.warnings),
    ):
        assert needed in words


def test_page_loads_nothing(quartz_entry: HarmonicResults, read_page: ReadPage) -> None:
    text = render_report(records_of([quartz_entry, EMPTY]))
    page = read_page(text)
    loading = {"src", "srcset", "data", "poster", "action", "formaction", "background"}
    for tag, attributes in page.tags:
        assert not loading & attributes.keys(), (tag, attributes)
        if "href" in attributes:
            assert str(attributes["href"]).startswith(("#", "data:,"))
    styles = asset("report.css")
    assert "@import" not in styles
    assert "url(" not in styles
    program = asset("viewer.js") + asset("report.js")
    for word in ("fetch(", "XMLHttpRequest", "import(", "WebSocket", "http:", "https:"):
        assert word not in program
    (policy,) = [a["content"] for _, a in page.tags if a.get("http-equiv")]
    assert str(policy).startswith("default-src 'none';")
    assert "connect-src" not in str(policy)


def test_policy_allows_exactly_the_scripts_of_the_page(
    quartz_entry: HarmonicResults, read_page: ReadPage
) -> None:
    page = read_page(render_report(records_of([quartz_entry])))
    (policy,) = [str(a["content"]) for _, a in page.tags if a.get("http-equiv")]
    digests = [
        base64.b64encode(hashlib.sha256(program.encode()).digest()).decode()
        for program in page.programs
    ]
    assert re.findall(r"'sha256-([^']+)'", policy) == digests
    assert len(page.programs) == 3


@pytest.mark.parametrize("name", ["3Dmol-min.js", "viewer.js", "report.js", "report.css"])
def test_inlined_files_cannot_end_their_element(name: str) -> None:
    assert not re.search(r"</script|</style|<!--", asset(name), re.IGNORECASE)


def test_viewer_is_the_one_its_licence_names() -> None:
    licence = asset("3Dmol-LICENSE.txt")
    digest = hashlib.sha256(asset("3Dmol-min.js").encode()).hexdigest()
    assert digest in licence
    assert "University of Pittsburgh" in licence
    assert "Redistributions in binary form" in licence


@pytest.mark.parametrize(
    "hostile",
    [
        "<script>alert(1)</script>.cif",
        '"><img src=x onerror=alert(1)>.cif',
        "</script><script>alert(1)</script>",
        "<!--<script>",
        "{{ 7 * 7 }}.cif",
        "a&b'c\u2028d.cif",
    ],
)
def test_hostile_names_stay_text(
    quartz_entry: HarmonicResults, read_page: ReadPage, hostile: str
) -> None:
    failed = FailureRecord.of(hostile, "StructureError", f"{hostile} is empty")
    made = replace(quartz_entry, name=hostile, settings={hostile: hostile})
    plain = read_page(render_report(records_of([quartz_entry, EMPTY])))
    page = read_page(render_report(records_of([made, failed]), command=f"nearsight {hostile}"))
    assert page.data["structure-1-record"]["structure"] == hostile
    assert page.data["structure-2-record"]["structure"] == hostile
    assert printable(hostile) in page.words
    assert page.programs == plain.programs
    assert not [tag for tag, _ in page.tags if tag == "img"]


def test_failures_are_listed_with_their_reason(
    quartz_entry: HarmonicResults, read_page: ReadPage
) -> None:
    defect = FailureRecord.of("odd.cif", "ZeroDivisionError", "division by zero")
    page = read_page(render_report(records_of([quartz_entry, EMPTY, defect])))
    assert "1 calculated, 2 failed" in page.words
    assert page.words.count("empty.cif is empty; write it again.") == 2
    assert "follow the remedy" in page.words
    assert "a defect of Nearsight" in page.words
    assert page.data["structure-2-record"]["error"]["type"] == "StructureError"
    targets = {a["id"] for _, a in page.tags if a.get("id")}
    links = {str(a["href"])[1:] for tag, a in page.tags if tag == "a"}
    assert links <= targets


def test_a_run_in_which_all_failed_has_a_page(read_page: ReadPage) -> None:
    assert "No result for empty" in render_report(records_of([EMPTY]))
    page = read_page(render_report(records_of([EMPTY, replace(EMPTY, structure="other.cif")])))
    assert "0 calculated, 2 failed" in page.words
    assert "There is no result on this page" in page.words


def test_overview_compares_structures(
    quartz_entry: HarmonicResults, water_entry: HarmonicResults, read_page: ReadPage
) -> None:
    page = read_page(render_report(records_of([quartz_entry, water_entry])))
    for entry in (quartz_entry, water_entry):
        assert entry.thermodynamics is not None
        for value in entry.thermodynamics.heat_capacity_J_per_g_K.tolist():
            assert page.values.count(value) == 2  # in the overview and in the section
    ids = [a["id"] for _, a in page.tags if a.get("id")]
    assert len(ids) == len(set(ids))


def test_what_was_not_reached_is_named(quartz_entry: HarmonicResults, read_page: ReadPage) -> None:
    page = read_page(
        render_page(
            [section_of(heat_capacity_record(quartz_entry), 1)],
            pending=["late.cif"],
        )
    )
    assert "1 not calculated yet" in page.words
    assert "late.cif" in page.words


def test_page_without_thermodynamics_is_about_vibrations(
    quartz_entry: HarmonicResults, read_page: ReadPage
) -> None:
    page = read_page(render_report(records_of([replace(quartz_entry, thermodynamics=None)])))
    assert "Vibrations of quartz" in page.text
    assert "Heat capacity" not in page.words
    assert "heat_capacity" not in page.data["structure-1-record"]


def test_modes_that_do_not_fit_are_named(
    quartz_entry: HarmonicResults, read_page: ReadPage
) -> None:
    n_atoms, n_modes = quartz_entry.vibrations.n_atoms, quartz_entry.vibrations.n_modes
    page = read_page(
        render_report(records_of([quartz_entry]), mode_budget_bytes=4 * n_atoms * 5 + 3)
    )
    viewer = page.data["structure-1-viewer"]
    assert viewer["n_modes"] == 5
    assert len(viewer["modes"]) <= 4 * n_atoms * 5
    assert f"The lowest 5 of {n_modes} modes move" in page.words
    assert f"the other {n_modes - 5} was left out" in page.words
    radios = [a for tag, a in page.tags if tag == "input" and a.get("type") == "radio"]
    assert [int(str(a["value"])) for a in radios if "disabled" not in a] == list(range(5))
    assert len(radios) == n_modes


def test_atom_without_vibrations_has_a_page(
    make_entry: Callable[..., HarmonicResults], read_page: ReadPage
) -> None:
    from ase import Atoms

    for atoms in (Atoms("Si", cell=[9, 9, 9], pbc=True), Atoms("Si")):
        page = read_page(render_report(records_of([make_entry(atoms, "si.cif")])))
        assert "The structure has no vibrations" in page.words
        assert not [tag for tag, attributes in page.tags if attributes.get("role") == "img"]


def test_name_that_is_no_unicode_costs_no_page(
    tmp_path: Path, quartz_entry: HarmonicResults
) -> None:
    name = os.fsdecode(b"caf\xe9.cif")
    target = tmp_path / "page.html"
    write_report(
        target, records_of([replace(quartz_entry, name=name)]), command=f"nearsight {name}"
    )
    assert "caf\\xe9.cif" in target.read_text(encoding="utf-8")


def test_page_is_written_whole_or_not_at_all(
    tmp_path: Path, quartz_entry: HarmonicResults, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "page.html"
    write_report(target, records_of([quartz_entry]))
    before = target.read_text(encoding="utf-8")
    assert before.endswith("</html>")

    def full(file: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("nearsight.storage.os.fsync", full)
    with pytest.raises(StorageError, match="No space left"):
        write_report(target, records_of([EMPTY]))
    assert target.read_text(encoding="utf-8") == before
    assert list(tmp_path.iterdir()) == [target]


def test_report_of_nothing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="at least one record"):
        write_report(tmp_path / "page.html", records_of([]))
    assert not list(tmp_path.iterdir())


def test_record_is_embedded_to_the_last_digit(
    quartz_entry: HarmonicResults, read_page: ReadPage
) -> None:
    entry = replace(quartz_entry, settings={"value": float(np.nextafter(1.0, 2.0))})
    page = read_page(render_report(records_of([entry])))
    assert page.data["structure-1-record"] == json.loads(json.dumps(record_of(entry).to_json()))
    assert page.data["structure-1-record"]["settings"]["value"] > 1.0
