"""Pages of records alone, as they are read from files."""

import json
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from nearsight.records import (
    FailureRecord,
    HeatCapacityRecord,
    LocalityRecord,
    Record,
    record_from_json,
)
from nearsight.records.base import CalculatedRecord
from nearsight.records.making import (
    phonons_record,
    relaxation_record,
    thermochemistry_record,
    vibrations_record,
)
from nearsight.records.questions import QUESTIONS
from nearsight.records.results import (
    HarmonicResults,
    ProbedResults,
    RelaxationResults,
    ThermochemistryResults,
)
from nearsight.records.structure import structure_part
from nearsight.reports import render_report
from nearsight.reports.numbers import share_of_page_bytes
from nearsight.reports.subjects.choice import SUBJECTS, section_of
from nearsight.vibrations import molecular_thermochemistry
from recorded import record_of

ReadPage = Callable[[str], Any]


def _read(record: Record) -> Record:
    """Return a record as one that has been written to a file and read again."""
    again = record_from_json(json.loads(json.dumps(record.to_json())))
    assert getattr(again, "results", None) is None
    return again


@pytest.fixture
def several(
    quartz_entry: HarmonicResults,
    water_entry: HarmonicResults,
    rocksalt_entry: HarmonicResults,
    unstable_entry: HarmonicResults,
    probed_entry: ProbedResults,
) -> list[Record]:
    assert water_entry.relaxation is not None
    relaxed = RelaxationResults("water.xyz", water_entry.relaxation, {"relax": True})
    return [
        record_of(quartz_entry),
        vibrations_record(replace(water_entry, thermodynamics=None)),
        phonons_record(rocksalt_entry),
        record_of(unstable_entry),
        record_of(probed_entry),
        relaxation_record(relaxed),
        FailureRecord.of("no.cif", "StructureError", "no.cif does not exist."),
    ]


def test_the_page_of_what_was_read_says_the_same(
    several: list[Record], read_page: ReadPage
) -> None:
    made = read_page(render_report(several))
    page = read_page(render_report([_read(record) for record in several]))
    for number, record in enumerate(several, start=1):
        assert page.data[f"structure-{number}-record"] == json.loads(json.dumps(record.to_json()))
        for warning in getattr(record, "warnings", ()):
            assert warning[1:] in page.words
        if (verdict := getattr(record, "verdict", None)) is not None:
            assert all(check.detail in page.words for check in verdict.checks)
    for record in several:
        for row in getattr(record, "heat_capacity", ()):
            assert {row.J_per_g_K, row.J_per_molatom_K} <= set(page.values) & set(made.values)
        for row in getattr(record, "thermodynamics", None) or ():
            assert row.entropy_J_per_molformula_K in page.values


def _overview(text: str) -> list[list[str]]:
    table = text[text.index('class="overview"') : text.index("</table>")]
    body = table[table.index("<tbody>") :]
    return [
        [
            re.sub(r"<[^>]*>", "", cell).strip()
            for cell in re.findall(r"<t[hd].*?</t[hd]>", row, re.S)
        ]
        for row in re.findall(r"<tr.*?</tr>", body, re.S)
    ]


def test_the_overview_is_the_same_and_names_the_models(several: list[Record]) -> None:
    rows = _overview(render_report([_read(record) for record in several]))
    assert rows == _overview(render_report(several))
    assert [row[2] for row in rows[:-1]] == ["pair"] * (len(several) - 1)
    assert rows[-1][1:] == ["failed", "no.cif does not exist."]


def test_nothing_moves_and_the_structure_is_shown(
    quartz_entry: HarmonicResults, read_page: ReadPage
) -> None:
    text = render_report([_read(record_of(quartz_entry))])
    assert '<input type="radio"' not in text
    viewer = read_page(text).data["structure-1-viewer"]
    assert "modes" not in viewer
    positions = np.reshape(viewer["positions"], (-1, 3))
    assert positions == pytest.approx(quartz_entry.atoms.positions, abs=6e-4)
    assert viewer["cell"] == np.round(quartz_entry.atoms.cell.array, 3).tolist()


def test_the_page_loads_and_runs_nothing_else(
    quartz_entry: HarmonicResults, read_page: ReadPage
) -> None:
    made = read_page(render_report([record_of(quartz_entry)]))
    page = read_page(render_report([_read(record_of(quartz_entry))]))
    assert page.programs == made.programs
    assert "http" not in " ".join(
        str(value) for _, attributes in page.tags for value in attributes.values()
    ).replace("http-equiv", "").replace("http://www.w3.org", "")


def test_hostile_words_of_a_record_stay_text(
    quartz_entry: HarmonicResults, read_page: ReadPage
) -> None:
    hostile = "</script><script>alert(1)</script>"
    record = _read(record_of(quartz_entry))
    assert isinstance(record, HeatCapacityRecord)
    spoilt = replace(
        record,
        structure=f"{hostile}.cif",
        formula=hostile,
        settings={hostile: hostile},
        versions={hostile: hostile},
        model=replace(record.model, name=hostile),
    )
    page = read_page(render_report([_read(spoilt), _read(record)]))
    assert page.programs == read_page(render_report([_read(record)])).programs
    assert page.data["structure-1-record"]["model"]["name"] == hostile


def test_what_does_not_fit_is_left_out_and_named(quartz_entry: HarmonicResults) -> None:
    record = _read(record_of(quartz_entry))
    whole = section_of(record, 1).html
    assert "left out to keep the page small" not in whole
    budget = len(whole)
    seen = set()
    while budget > 10:
        html = section_of(record, 1, budget_bytes=budget).html
        drawn, recorded = 'id="structure-1-viewer"' in html, 'class="record-data"' in html
        seen.add((drawn, recorded))
        [*said] = re.findall("The ([^.]*) left out to keep the page small", html)
        assert [("structure" in each, "record" in each) for each in said] == (
            [] if drawn and recorded else [(not drawn, not recorded)]
        )
        budget //= 2
    assert seen == {(True, True), (True, False), (False, False)}


def test_a_thousand_records_fit_into_a_page(quartz_entry: HarmonicResults) -> None:
    record = _read(record_of(quartz_entry))
    atoms = quartz_entry.atoms.repeat((3, 2, 2))
    assert isinstance(record, HeatCapacityRecord)
    large = replace(record, relaxed_structure=structure_part(atoms), n_atoms=len(atoms))
    of_each = len(section_of(large, 1000, budget_bytes=share_of_page_bytes(1000)).html)
    assert 1000 * of_each < 29_000_000


def test_locality_is_shown_by_its_numbers(
    polyethylene: Any, pair_model: Callable[..., Any], read_page: ReadPage
) -> None:
    from nearsight.locality.compute import locality
    from nearsight.records.locality_results import LocalityResults

    found = locality(polyethylene, pair_model(), reference_radius_A=7.0, method="rows")
    results = LocalityResults("chain.cif", found, ("one.extxyz",) * len(found.fragments))
    record = _read(record_of(results))
    assert isinstance(record, LocalityRecord)
    page = read_page(render_report([record]))
    assert f"{record.force_range_A:.2f} Å" in page.words
    assert f"{record.cutoff_A:.2f} Å" in page.words


def test_an_ideal_gas_is_shown_by_its_functions(
    water_entry: HarmonicResults, read_page: ReadPage
) -> None:
    modes = replace(water_entry, thermodynamics=None)
    gas = molecular_thermochemistry(water_entry.vibrations, [298.15, 500.0])
    page = read_page(
        render_report([_read(thermochemistry_record(ThermochemistryResults(modes, gas)))])
    )
    for temperature, entropy in zip((298.15, 500.0), gas.entropy_J_per_mol_K, strict=True):
        assert f"entropy at {temperature:g} K" in page.words
        assert f"{entropy:.3f} J/(mol K)" in page.words
    assert "C2v" in page.words


def test_every_question_has_a_subject() -> None:
    calculated = {kind for kind in QUESTIONS.values() if issubclass(kind, CalculatedRecord)}
    assert set(SUBJECTS) == calculated
