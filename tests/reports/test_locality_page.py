"""The page of a structure whose locality was examined."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from ase import Atoms

from nearsight.charts.chart import Limit, Line, Points
from nearsight.locality.comparison import compare_localities
from nearsight.locality.compute import locality
from nearsight.records import FailureRecord
from nearsight.records.locality_results import LocalityResults
from nearsight.records.locality_verdict import locality_verdict
from nearsight.records.verdict import Level
from nearsight.reports import render_report
from recorded import record_of, records_of

ReadPage = Callable[[str], Any]


@pytest.fixture
def entry(polyethylene: Atoms, pair_model: Callable[..., Any]) -> LocalityResults:
    """Both kinds of sites of polyethylene."""
    found = locality(polyethylene, pair_model(), reference_radius_A=7.0, method="rows")
    return LocalityResults("chain.cif", found, ("one.extxyz",) * len(found.fragments))


def levels(entry: LocalityResults) -> dict[str, Level]:
    return {check.finding: check.level for check in locality_verdict(entry).checks}


def test_numbers_of_the_page_are_those_of_the_record(
    entry: LocalityResults, read_page: ReadPage
) -> None:
    page = read_page(render_report(records_of([entry])))
    record = page.data["structure-1-record"]
    assert record == record_of(entry).to_json()
    radii = {site["r_frag_A"] for site in record["sites"]}
    assert radii | {record["force_range_A"], record["cutoff_A"]} <= set(page.values)
    for site in record["sites"]:
        for shell in site["shells"][1:]:
            assert f"{shell['radius_A']:.3f}" in page.words
            assert f"{shell['group_norm_eV_per_A2']:.3f}" in page.words
    assert "Locality of a crystal of 6 atoms per cell, by pair" in page.words


def test_fragments_of_the_record_are_those_of_the_files(entry: LocalityResults) -> None:
    made = record_of(entry).to_json()["fragments"]
    wanted = {"file", "centre", "n_atoms", "n_central", "charge", "spin"}
    assert made
    assert all(wanted <= set(each) for each in made)
    assert all(each["file"] == "one.extxyz" for each in made)
    assert all(0 < each["n_central"] < each["n_atoms"] for each in made)


def test_atoms_have_the_colours_of_what_is_felt_and_of_what_is_lost(
    entry: LocalityResults, read_page: ReadPage
) -> None:
    page = read_page(render_report(records_of([entry])))
    for site in entry.locality.sites:
        felt = page.data[f"structure-1-site-{site.site}-h-viewer"]
        lost = page.data[f"structure-1-site-{site.site}-g-viewer"]
        n_atoms = len(site.reference.atoms)
        assert len(felt["atom_colors"]) == len(lost["atom_colors"]) == n_atoms
        others = np.delete(np.arange(n_atoms), site.reference.site)
        strongest = others[np.argmax(site.reference_norms_eV_per_A2[others])]
        weakest = others[np.argmin(site.reference_norms_eV_per_A2[others])]
        assert felt["atom_colors"][strongest] != felt["atom_colors"][weakest]
        assert "h_eV_per_A2" in felt["extxyz"]
        last = site.shells[-1].group_norm_eV_per_A2
        assert f"{last:.8f}"[:6] in lost["extxyz"]
    ids = [a["id"] for _, a in page.tags if a.get("id")]
    assert len(ids) == len(set(ids))


def test_the_verdict_tells_what_is_not_converged(entry: LocalityResults) -> None:
    assert levels(entry) == {
        "fragments converged": Level.GOOD,
        "reference large enough": Level.GOOD,
    }
    sites = tuple(replace(site, threshold_eV_per_A2=1e-15) for site in entry.locality.sites)
    shells = tuple(replace(site, shells=site.shells[-2:]) for site in sites)
    strict = replace(entry, locality=replace(entry.locality, sites=shells))
    found = levels(strict)
    assert found["fragments not converged"] is Level.BAD
    assert found["reference small"] is Level.CAUTION


def test_a_reference_is_complete_only_where_nothing_is_left_out(entry: LocalityResults) -> None:
    sites = tuple(replace(site, shells=site.shells[:1]) for site in entry.locality.sites)
    alone = replace(entry, locality=replace(entry.locality, sites=sites))
    assert levels(alone)["reference small"] is Level.CAUTION
    whole = tuple(replace(site, reference_is_all=True) for site in sites)
    complete = replace(entry, locality=replace(entry.locality, sites=whole))
    assert levels(complete)["reference complete"] is Level.GOOD


def test_a_model_that_sees_less_far_is_told(entry: LocalityResults, read_page: ReadPage) -> None:
    compared = compare_localities(entry.locality, entry.locality)
    same = replace(entry, comparison=compared)
    assert levels(same)["model sees as far"] is Level.GOOD
    shorter = replace(compared, model_force_range_A=1.0)
    assert levels(replace(entry, comparison=shorter))["model sees less far"] is Level.CAUTION
    page = read_page(render_report(records_of([same])))
    assert "pair beside pair" in page.words
    assert page.data["structure-1-record"]["comparison"] == compared.summary()


def test_curves_and_dots_are_where_the_axes_say(entry: LocalityResults) -> None:
    [first, *_] = entry.locality.sites
    interactions = first.interactions_chart()
    points = interactions.series
    assert all(isinstance(mark, Points) for mark in points.values())
    symbols = np.array(first.reference.atoms.get_chemical_symbols())
    others = np.arange(len(symbols)) != first.reference.site
    for symbol in ("C", "H"):
        chosen = others & (symbols == symbol)
        assert points[symbol].x == pytest.approx(first.distances_A[chosen])
        floored = np.maximum(first.reference_norms_eV_per_A2[chosen], 1e-4)
        assert points[symbol].y == pytest.approx(floored)
    chart = entry.locality.chart()
    [limit] = [mark for mark in chart.marks if isinstance(mark, Limit)]
    assert (limit.value, limit.text) == (0.35, "threshold: 0.35 eV Å⁻²")
    for site in entry.locality.sites:
        line = chart.series[f"{site.element}{site.site}"]
        assert isinstance(line, Line)
        assert line.x == pytest.approx([shell.radius_A for shell in site.shells[1:]])
        norms = [max(shell.group_norm_eV_per_A2, 1e-4) for shell in site.shells[1:]]
        assert line.y == pytest.approx(norms)
        assert (chart.y.low <= line.y).all()
        assert (line.y <= chart.y.high).all()


def test_an_overview_has_radii_and_no_modes(entry: LocalityResults, read_page: ReadPage) -> None:
    failed = FailureRecord.of("broken.cif", "StructureError", "no capping is defined")
    page = read_page(render_report(records_of([entry, replace(entry, name="other.cif"), failed])))
    assert "Locality of 3 structures" in page.words
    assert "range of forces" in page.words
    assert "imaginary" not in page.words
