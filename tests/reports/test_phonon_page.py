"""The page of a crystal whose heat capacity is from phonons over the Brillouin zone."""

import json
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from json_warnings import messages
from nearsight.charts.chart import Limit, Line, Points, Region, Ticks
from nearsight.records import PhononsRecord, record_from_json
from nearsight.records.harmonic_verdict import harmonic_verdict
from nearsight.records.making import phonons_record
from nearsight.records.results import HarmonicResults
from nearsight.records.verdict import Level
from nearsight.remarks import Remark
from nearsight.reports import render_report
from nearsight.reports.subjects.recorded_phonons import recorded_charts
from nearsight.units import eigenvalues_from_wavenumbers
from nearsight.vibrations import band_structure, thermodynamics
from nearsight.vibrations.frequency_units import FREQUENCY_UNITS
from nearsight.vibrations.heat_capacity_chart import classical_limit_J_per_g_K
from nearsight.vibrations.mesh_density_of_states import phonons_chart
from nearsight.vibrations.phonon_mesh import NOTABLE_INTERPOLATION, PhononMesh
from nearsight.vibrations.projected_density_of_states import projected_density_of_states
from nearsight.vibrations.supercell_convergence import ConvergenceStep, SupercellConvergence
from recorded import record_of, records_of

ReadPage = Callable[[str], Any]


def _levels(entry: HarmonicResults) -> dict[str, Level]:
    return {check.finding: check.level for check in harmonic_verdict(entry).checks}


def _with_effect(entry: HarmonicResults, effect: float) -> HarmonicResults:
    assert entry.phonons is not None
    phonons = replace(entry.phonons, interpolation_effect=effect)
    thermal = thermodynamics(phonons, 300.0, "classical")
    return replace(entry, phonons=phonons, thermodynamics=thermal)


@pytest.fixture(params=["rocksalt_entry", "metal_entry"])
def stable_entry(request: pytest.FixtureRequest) -> HarmonicResults:
    """A crystal of two atoms, and one of a single atom."""
    entry: HarmonicResults = request.getfixturevalue(request.param)
    return entry


def test_numbers_of_the_page_are_those_of_the_record(
    stable_entry: HarmonicResults, read_page: ReadPage
) -> None:
    page = read_page(render_report(records_of([stable_entry])))
    record = page.data["structure-1-record"]
    assert record == record_of(stable_entry).to_json()
    assert record["spectrum"]["method"] == "mesh"
    for row in record["heat_capacity"]:
        assert set(row.values()) <= set(page.values)
        assert f"{row['J_per_g_K']:.5f}" in page.words
    for row in record["thermodynamics"]:
        assert f"{row['entropy_J_per_molformula_K']:.4f}" in page.words
    assert record["formula_unit"] == stable_entry.atoms.symbols.formula.reduce()[0].format("hill")
    assert stable_entry.thermodynamics is not None
    assert f"All {stable_entry.thermodynamics.per_mole}." in page.words
    at_gamma = stable_entry.vibrations.wavenumbers_per_cm.tolist()
    assert set(at_gamma) <= set(page.values)


def test_cell_of_the_page_is_the_cell_of_the_file(
    rocksalt_entry: HarmonicResults, read_page: ReadPage
) -> None:
    page = read_page(render_report(records_of([rocksalt_entry])))
    assert page.data["structure-1-record"]["n_atoms"] == 8
    assert "a crystal of 8 atoms per cell, from its phonons over the Brillouin zone" in page.words
    assert "Mg4O4" in page.words
    # what moves is the primitive cell
    assert page.data["structure-1-viewer"]["n_modes"] == 3


@pytest.mark.parametrize(
    ("acoustic", "words"),
    [
        ("classical", "counted with k_B each"),
        ("exclude", "left out"),
        ("as-computed", "counted as they were computed"),
    ],
)
def test_mesh_and_its_point_at_gamma_are_put_into_words(
    rocksalt_entry: HarmonicResults, read_page: ReadPage, acoustic: Any, words: str
) -> None:
    assert rocksalt_entry.phonons is not None
    thermal = thermodynamics(rocksalt_entry.phonons, 300.0, acoustic, scale_factor=0.98)
    page = read_page(render_report(records_of([replace(rocksalt_entry, thermodynamics=thermal)])))
    (note,) = re.findall(r"The mean over a mesh of .*? scaled by 0\.98\.", page.words)
    assert "4 × 5 × 6 points of the Brillouin zone" in note
    assert "one of 120, the 3 acoustic modes are " + words in note


def test_where_force_constants_come_from_is_named(
    rocksalt_entry: HarmonicResults, read_page: ReadPage
) -> None:
    words = " ".join(read_page(render_report(records_of([rocksalt_entry]))).words.split())
    assert "Force constants" in words
    assert "rows needed2 of 192" in words
    assert "supercell2 × 2 × 2" in words
    assert "mesh of q-points4 × 5 × 6" in words
    assert "space group Fm-3m (225)" in words


def test_density_of_phonon_states_is_drawn_in_place_of_that_at_gamma(
    stable_entry: HarmonicResults, read_page: ReadPage
) -> None:
    page = read_page(render_report(records_of([stable_entry])))
    assert "Density of phonon states" in page.words
    assert "Vibrational density of states" not in page.words
    # no curve belongs to an element, but the atoms of the picture still have their colours
    assert "total" not in page.words
    for symbol in set(stable_entry.vibrations.atoms.get_chemical_symbols()):
        assert re.search(rf"(?<!\w){symbol}(?!\w)", page.words)


def test_atom_of_its_own_is_told_from_a_structure_without_vibrations(
    metal_entry: HarmonicResults, read_page: ReadPage
) -> None:
    words = read_page(render_report(records_of([metal_entry]))).words
    assert "One atom has no mode at Γ" in words
    assert "The structure has no vibrations" not in words
    assert "At Γ of the primitive cell: 0 real, 0 imaginary" in words


@pytest.mark.parametrize("name", ["rocksalt_entry", "metal_entry", "unstable_entry"])
def test_chart_begins_at_zero_unless_modes_are_imaginary(
    name: str, request: pytest.FixtureRequest
) -> None:
    phonons: PhononMesh = request.getfixturevalue(name).phonons
    chart = phonons_chart(phonons)
    assert chart.x.high > phonons.wavenumbers_per_cm.max()
    regions = [mark for mark in chart.marks if isinstance(mark, Region)]
    if name == "unstable_entry":
        assert chart.x.low < phonons.wavenumbers_per_cm.min() < -1
        assert regions == [Region(chart.x.low, 0.0, "imaginary")]
    else:
        assert chart.x.low == 0.0
        assert not regions
    [ticks] = [mark for mark in chart.marks if isinstance(mark, Ticks)]
    assert ticks.x == pytest.approx(phonons.gamma.wavenumbers_per_cm)


def test_heat_capacity_tends_to_the_law_of_dulong_and_petit(stable_entry: HarmonicResults) -> None:
    assert stable_entry.phonons is not None
    limit, name = classical_limit_J_per_g_K(stable_entry.phonons)
    assert "Dulong" in name
    hot = thermodynamics(stable_entry.phonons, 1e6, "classical").heat_capacity_J_per_g_K[0]
    assert hot == pytest.approx(limit, rel=1e-6)


# The verdict


def test_phonons_at_a_minimum_pass(rocksalt_entry: HarmonicResults) -> None:
    levels = _levels(_with_effect(rocksalt_entry, 1e-3))
    assert levels.pop("relaxation not recorded") is Level.UNKNOWN
    assert set(levels.values()) == {Level.GOOD}
    assert "no imaginary modes" in levels
    # nothing is said about modes at Γ, of which the heat capacity is not made
    assert not [finding for finding in levels if "acoustic" in finding]


@pytest.mark.parametrize(
    ("effect", "finding", "level"),
    [
        (0.0, "interpolation changes little", Level.GOOD),
        (-NOTABLE_INTERPOLATION, "interpolation changes little", Level.GOOD),
        (1.01 * NOTABLE_INTERPOLATION, "supercell small", Level.CAUTION),
        (-0.5, "supercell small", Level.CAUTION),
    ],
)
def test_what_interpolation_changes_is_judged(
    rocksalt_entry: HarmonicResults,
    read_page: ReadPage,
    *,
    effect: float,
    finding: str,
    level: Level,
) -> None:
    entry = _with_effect(rocksalt_entry, effect)
    assert _levels(entry)[finding] is level
    page = read_page(render_report(records_of([entry])))
    assert finding in page.words
    warned = any("the supercell of the force constants" in warning for warning in entry.warnings)
    assert warned == (level is not Level.GOOD)


def test_one_atom_in_a_supercell_of_its_own_is_too_small(
    make_phonon_entry: Callable[..., HarmonicResults], metal_entry: HarmonicResults
) -> None:
    assert metal_entry.force_constants is not None
    alone = make_phonon_entry(metal_entry.force_constants.unit_cell, (1, 1, 1))
    assert _levels(alone)["supercell small"] is Level.CAUTION


def test_share_of_imaginary_modes_is_a_problem(
    unstable_entry: HarmonicResults, rocksalt_entry: HarmonicResults, read_page: ReadPage
) -> None:
    assert unstable_entry.phonons is not None
    share = unstable_entry.phonons.share_imaginary
    assert 0 < share < 1
    text = f"{100 * share:.2g} %"
    assert _levels(unstable_entry)[f"{text} imaginary modes"] is Level.BAD
    page = read_page(render_report(records_of([unstable_entry, rocksalt_entry])))
    overview = [line.strip() for line in page.words.splitlines()]
    assert text in overview
    assert "0" in overview
    assert "not reliable" in page.words


def _curve(*, converged: bool, n_steps: int = 2) -> SupercellConvergence:
    steps = tuple(
        ConvergenceStep((n, n, n), n**3, np.array([0.5]), 0.01) for n in range(1, n_steps + 1)
    )
    return SupercellConvergence(np.array([300.0]), 0.001, steps, converged, "memory ran out")


@pytest.mark.parametrize(
    ("converged", "n_steps", "finding", "detail"),
    [
        (True, 2, "supercell converged", "agree within 0.1 %"),
        (False, 3, "supercell not converged", "differ by more than 0.1 %"),
        (False, 1, "supercell not converged", "Only one supercell"),
    ],
)
def test_growing_of_the_supercell_is_judged_and_recorded(
    rocksalt_entry: HarmonicResults,
    read_page: ReadPage,
    *,
    converged: bool,
    n_steps: int,
    finding: str,
    detail: str,
) -> None:
    curve = _curve(converged=converged, n_steps=n_steps)
    entry = replace(rocksalt_entry, convergence=curve)
    assert _levels(entry)[finding] is (Level.GOOD if converged else Level.CAUTION)
    page = read_page(render_report(records_of([entry])))
    assert finding in page.words
    assert detail in page.words
    assert page.data["structure-1-record"]["convergence"] == curve.summary()
    assert ("did not converge" in page.words) == (not converged)


def test_bands_and_what_they_warn_of_are_on_record(
    rocksalt_entry: HarmonicResults, read_page: ReadPage
) -> None:
    assert rocksalt_entry.force_constants is not None
    bands = band_structure(rocksalt_entry.force_constants, points_per_segment=3)
    doubtful = replace(bands, warnings=(Remark("path-not-definite", "the path is doubtful."),))
    page = read_page(render_report(records_of([replace(rocksalt_entry, bands=doubtful)])))
    record = page.data["structure-1-record"]
    assert record["bands"] == bands.summary()
    assert "the path is doubtful." in messages(record)
    assert "The path is doubtful." in page.words
    assert record_of(rocksalt_entry).to_json()["bands"] is None


def test_reason_of_the_spectrum_is_on_record(rocksalt_entry: HarmonicResults) -> None:
    entry = replace(rocksalt_entry, spectrum_reason="it was asked for")
    assert record_of(entry).to_json()["spectrum"]["reason"] == "it was asked for"
    assert record_of(rocksalt_entry).to_json()["spectrum"]["reason"] is None


@pytest.mark.parametrize(("wavenumber_per_cm", "level"), [(-9.0, Level.CAUTION), (9.0, Level.GOOD)])
def test_few_imaginary_modes_beside_gamma_call_for_care(
    rocksalt_entry: HarmonicResults, wavenumber_per_cm: float, level: Level
) -> None:
    phonons = rocksalt_entry.phonons
    assert phonons is not None
    eigenvalues = phonons.eigenvalues_eV_per_A2_amu.copy()
    eigenvalues[1, 0] = eigenvalues_from_wavenumbers(wavenumber_per_cm)
    weights = phonons.weights.copy()
    weights[1] = 1e-4
    softer = replace(phonons, eigenvalues_eV_per_A2_amu=eigenvalues, weights=weights)
    levels = _levels(replace(rocksalt_entry, phonons=softer))
    [found] = [level for finding, level in levels.items() if "imaginary modes" in finding]
    assert found is level


def test_few_imaginary_modes_at_points_of_the_supercell_are_a_problem(
    rocksalt_entry: HarmonicResults,
) -> None:
    phonons = rocksalt_entry.phonons
    assert phonons is not None
    eigenvalues = phonons.eigenvalues_eV_per_A2_amu.copy()
    eigenvalues[1, 0] = eigenvalues_from_wavenumbers(-9.0)
    weights = phonons.weights.copy()
    weights[1] = 1e-4
    broken = replace(
        phonons,
        eigenvalues_eV_per_A2_amu=eigenvalues,
        weights=weights,
        share_imaginary_uninterpolated=1 / 48,
    )
    levels = _levels(replace(rocksalt_entry, phonons=broken))
    [found] = [level for finding, level in levels.items() if "imaginary modes" in finding]
    assert found is Level.BAD


def test_no_warning_is_given_twice(unstable_entry: HarmonicResults, read_page: ReadPage) -> None:
    assert len(set(unstable_entry.warnings)) == len(unstable_entry.warnings)
    [about] = [text for text in unstable_entry.warnings if "imaginary" in text]
    assert read_page(render_report(records_of([unstable_entry]))).words.count(about[1:]) == 1


def test_bands_are_drawn_with_every_branch_and_every_label(
    rocksalt_entry: HarmonicResults, read_page: ReadPage
) -> None:
    assert rocksalt_entry.force_constants is not None
    bands = band_structure(rocksalt_entry.force_constants, points_per_segment=5)
    chart = bands.chart()
    assert len(chart.marks) == 6 * len(bands.segments)
    drawn = np.concatenate([mark.y for mark in chart.marks if isinstance(mark, Line)])
    of_bands = [np.maximum(each.wavenumbers_per_cm, 0.0).T.ravel() for each in bands.segments]
    assert drawn == pytest.approx(np.concatenate(of_bands))
    assert chart.x.names == bands.labels_by_distance()
    assert {"Γ", "X", "L", "U|K"} <= set(chart.x.names.values())
    page = read_page(render_report(records_of([replace(rocksalt_entry, bands=bands)])))
    assert "Phonon bands" in page.words
    assert "Phonon bands" not in read_page(render_report(records_of([rocksalt_entry]))).words


def test_a_record_that_was_read_has_its_bands_and_density(
    rocksalt_entry: HarmonicResults, read_page: ReadPage
) -> None:
    constants, phonons = rocksalt_entry.force_constants, rocksalt_entry.phonons
    assert constants is not None
    assert phonons is not None
    results = replace(
        rocksalt_entry,
        bands=band_structure(constants, points_per_segment=5),
        projected=projected_density_of_states(constants, phonons),
    )
    read = record_from_json(json.loads(json.dumps(phonons_record(results).to_json())))
    assert isinstance(read, PhononsRecord)
    density, bands = (chart for chart, _ in recorded_charts(read))
    assert results.bands is not None
    assert results.projected is not None
    expected = (
        results.bands.chart(),
        phonons_chart(phonons, by_element_per_THz=results.projected.by_element_per_THz),
    )
    for one, other in zip((bands, density), expected, strict=True):
        assert (one.x.low, one.x.high) == pytest.approx((other.x.low, other.x.high), abs=1e-6)
        lines = [[mark for mark in each.marks if isinstance(mark, Line)] for each in (one, other)]
        assert [each.label for each in lines[0]] == [each.label for each in lines[1]]
        for mine, its in zip(*lines, strict=True):
            assert mine.y == pytest.approx(its.y, abs=1e-6 * np.abs(its.y).max())
    assert bands.x.names == results.bands.labels_by_distance()
    words = read_page(render_report([read])).words
    assert "Phonon bands" in words
    assert "Density of phonon states" in words


def test_imaginary_modes_of_a_record_that_was_read_are_marked(
    unstable_entry: HarmonicResults,
) -> None:
    constants, phonons = unstable_entry.force_constants, unstable_entry.phonons
    assert constants is not None
    assert phonons is not None
    results = replace(unstable_entry, projected=projected_density_of_states(constants, phonons))
    read = record_from_json(json.loads(json.dumps(phonons_record(results).to_json())))
    assert isinstance(read, PhononsRecord)
    [(density, _)] = recorded_charts(read)
    assert [type(mark) for mark in density.marks].count(Region) == 1
    marks = phonons_chart(phonons).marks
    assert [type(mark) for mark in marks].count(Region) == 1


def test_imaginary_bands_are_drawn_below_zero(unstable_entry: HarmonicResults) -> None:
    assert unstable_entry.force_constants is not None
    bands = band_structure(unstable_entry.force_constants, points_per_segment=5)
    assert bands.lowest_THz < -1
    chart = bands.chart(FREQUENCY_UNITS["THz"])
    assert chart.y.low < bands.lowest_THz
    lowest = min(float(mark.y.min()) for mark in chart.marks if isinstance(mark, Line))
    assert lowest == pytest.approx(bands.lowest_THz)


def test_convergence_of_the_supercell_is_drawn(
    rocksalt_entry: HarmonicResults, read_page: ReadPage
) -> None:
    values = [[0.0, 0.98], [0.0, 1.01], [0.0, 1.0]]
    steps = tuple(
        ConvergenceStep((n, n, n), 8 * n**3, np.array(heat), 0.1)
        for n, heat in enumerate(values, start=1)
    )
    curve = SupercellConvergence(np.array([0.0, 300.0]), 0.015, steps, True, "two agree")
    np.testing.assert_allclose(curve.changes, [[0, -0.02], [0, 0.01], [0, 0]], atol=1e-15)
    chart = curve.chart()
    [points] = [mark for mark in chart.marks if isinstance(mark, Points)]  # nothing at 0 K
    assert list(points.notes) == [
        "8 atoms, 300 K: -2.000 %",
        "64 atoms, 300 K: +1.000 %",
        "216 atoms, 300 K: +0.000 %",
    ]
    assert points.y == pytest.approx([-2.0, 1.0, 0.0])
    assert [mark.value for mark in chart.marks if isinstance(mark, Limit)] == [-1.5, 1.5]
    page = read_page(render_report(records_of([replace(rocksalt_entry, convergence=curve)])))
    assert "Heat capacity over growing supercells" in page.words
    assert "at 0, 300 K; grey: the tolerance of 1.5 %" in page.words
