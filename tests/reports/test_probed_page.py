"""The page of a structure whose heat capacity was probed: no Hessian, and no modes."""

import io
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from xml.etree import ElementTree as ET

import ase.io
import numpy as np
import pytest
from ase import Atoms
from numpy.testing import assert_allclose

from nearsight import units
from nearsight.charts.palette import SCALE, scale_colors
from nearsight.hessian.products.operator import HessianOperator
from nearsight.hessian.products.strategies import ProductMethod
from nearsight.models.engines.torch_model import TorchModel
from nearsight.records import FailureRecord
from nearsight.records.making import heat_capacity_record
from nearsight.records.probed_verdict import probed_verdict
from nearsight.records.results import HarmonicResults, ProbedResults
from nearsight.records.verdict import Level
from nearsight.remarks import Remark
from nearsight.reports import render_report
from nearsight.reports.subjects.choice import section_of
from nearsight.reports.svg import draw
from nearsight.vibrations import probe_heat_capacity
from nearsight.vibrations.probed_heat_capacity import ATOMIC_KEY, CLASSICAL_LIMIT_J_PER_MOL_K
from recorded import record_of, records_of

ReadPage = Callable[[str], Any]


def _levels(entry: ProbedResults) -> dict[str, Level]:
    return {check.finding: check.level for check in probed_verdict(entry).checks}


def _with_heat(entry: ProbedResults, **changes: Any) -> ProbedResults:
    return replace(entry, heat=replace(entry.heat, **changes))


def _with_shares(entry: ProbedResults, shares_J_per_mol_K: Any) -> ProbedResults:
    of_atoms = np.array(shares_J_per_mol_K) / units.EV_PER_CELL_IN_J_PER_MOL
    both = np.stack([of_atoms, 1.1 * of_atoms])
    return _with_heat(
        entry, atomic_heat_capacities_eV_per_K=both, heat_capacity_eV_per_K=both.sum(axis=1)
    )


def _with_error(entry: ProbedResults, relative: float) -> ProbedResults:
    """Return `entry` with that error bar at its second temperature, and a smaller one before."""
    bias = np.array([0.5, 1.0]) * relative * entry.heat.heat_capacity_eV_per_K
    return _with_heat(entry, bias_estimate_eV_per_K=bias, standard_error_eV_per_K=np.zeros(2))


# The page


def test_numbers_of_the_page_are_those_of_the_record(
    probed_entry: ProbedResults, read_page: ReadPage
) -> None:
    page = read_page(render_report(records_of([probed_entry])))
    record = page.data["structure-1-record"]
    assert record == record_of(probed_entry).to_json()
    assert record["spectrum"]["method"] == "probing"
    for row in record["heat_capacity"]:
        assert {row["J_per_g_K"], row["J_per_molatom_K"], row["J_per_K_per_cell"]} <= set(
            page.values
        )
        assert f"{row['J_per_g_K']:.5f}" in page.words
        error = 2 * row["standard_error_J_per_g_K"] + row["bias_estimate_J_per_g_K"]
        assert min(abs(value - error) for value in page.values) < 1e-12 * error
        assert f"{error:.5f}" in page.words
    assert "two standard errors of the random vectors and the bias of the Lanczos" in page.words


def test_error_below_the_last_digit_is_not_called_zero(
    probed_entry: ProbedResults, read_page: ReadPage
) -> None:
    tiny = np.full(2, 1e-12)
    exact = _with_heat(probed_entry, standard_error_eV_per_K=tiny, bias_estimate_eV_per_K=tiny)
    words = read_page(render_report(records_of([exact]))).words
    assert words.count("< 0.00001") == 2
    assert "0.00000" not in words


def test_everything_a_reader_needs_is_named(
    probed_entry: ProbedResults, read_page: ReadPage
) -> None:
    heat = probed_entry.heat
    words = " ".join(read_page(render_report(records_of([probed_entry]))).words.split())
    for needed in (
        "Harmonic heat capacity of a crystal of 216 atoms per cell, by probing its Hessian with",
        "Convention “classical”.",
        "The 3 acoustic modes at Γ, in which everything moves together, count k_B each",
        "Entropy and free energies do not follow",
        f"method{heat.method.name}",
        f"reason{heat.method.reason}",
        "probed becauserows are too many",
        f"products{heat.n_products}",
        f"colours{heat.n_colours}, by 3 vectors each",
        "probing radius4 Å",
        "Lanczos steps8 from each vector",
        "seed0",
        f"predicted memory{heat.method.predicted_memory_bytes / 2**20:.0f} MiB",
        f"peak memory{heat.peak_memory_bytes / 2**20:.0f} MiB",
        "relaxed firstyes",
        "acoustic modesclassical",
        heat.provenance.versions["numpy"],
    ):
        assert needed in words


def test_there_are_no_modes_to_choose(probed_entry: ProbedResults, read_page: ReadPage) -> None:
    page = read_page(render_report(records_of([probed_entry])))
    assert not [tag for tag, _ in page.tags if tag == "input"]
    assert not [a for _, a in page.tags if a.get("data-action") == "pause"]
    assert "modes" not in page.data["structure-1-viewer"]
    ids = [a["id"] for _, a in page.tags if a.get("id")]
    assert len(ids) == len(set(ids))


def test_scale_of_the_colours_ends_at_the_lowest_and_the_highest(
    probed_entry: ProbedResults, read_page: ReadPage
) -> None:
    text = render_report(records_of([probed_entry]))
    page = read_page(text)
    shares = page.data["structure-1-record"]["atomic_heat_capacity_J_per_molatom_K"][0]
    assert {min(shares), max(shares)} <= set(page.values)
    [scale] = re.findall(r'<p class="scale">.*?</p>', text, re.DOTALL)
    assert [float(value) for value in re.findall(r'<data value="([^"]+)"', scale)] == [
        min(shares),
        max(shares),
    ]
    assert f"linear-gradient(to right,{','.join(SCALE)})" in scale


def test_colours_follow_the_heat_of_the_atoms(
    probed_entry: ProbedResults, read_page: ReadPage
) -> None:
    shares = np.linspace(3.0, 24.0, 216)
    entry = _with_shares(probed_entry, shares)
    viewer = read_page(render_report(records_of([entry]))).data["structure-1-viewer"]
    colors = viewer["atom_colors"]
    assert (colors[0], colors[-1]) == (SCALE[0], SCALE[-1])
    reds = [int(color[1:3], 16) for color in colors]
    assert reds == sorted(reds)
    atoms = ase.io.read(io.StringIO(viewer["extxyz"]), format="extxyz")
    assert_allclose(atoms.arrays[ATOMIC_KEY], shares, atol=1e-6)
    assert atoms.info["temperature_K"] == 200.0


def test_structure_too_large_to_draw_is_left_out(
    probed_entry: ProbedResults, read_page: ReadPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("nearsight.reports.subjects.probed._MOST_DRAWN_ATOMS", 216)
    assert "structure-1-viewer" in read_page(render_report(records_of([probed_entry]))).data
    monkeypatch.setattr("nearsight.reports.subjects.probed._MOST_DRAWN_ATOMS", 215)
    page = read_page(render_report(records_of([probed_entry])))
    assert set(page.data) == {"structure-1-record"}
    assert not [a for _, a in page.tags if "data-viewer" in a or "data-structure" in a]
    assert "The structure in 3D is left out" in page.words
    assert "216 atoms" in page.words
    # what does not grow with the atoms stays
    assert [a for tag, a in page.tags if tag == "svg" and a.get("role") == "img"]


def test_overview_compares_probed_with_others(
    probed_entry: ProbedResults, quartz_entry: HarmonicResults, read_page: ReadPage
) -> None:
    failed = FailureRecord.of("empty.cif", "StructureError", "empty.cif is empty; write it again.")
    page = read_page(render_report(records_of([quartz_entry, probed_entry, failed])))
    assert "Heat capacities of 3 structures" in page.words
    assert "2 calculated, 1 failed" in page.words
    for value in probed_entry.heat.heat_capacity_J_per_g_K.tolist():
        assert page.values.count(value) == 2  # in the overview and in the section
    lines = [line.strip() for line in page.words.splitlines()]
    assert "none seen" in lines
    assert set(page.data) >= {"structure-1-viewer", "structure-2-viewer", "structure-3-record"}


def test_hostile_names_stay_text(probed_entry: ProbedResults, read_page: ReadPage) -> None:
    hostile = "</script><script>alert(1)</script>"
    entry = replace(probed_entry, name=hostile, spectrum_reason=hostile)
    page = read_page(render_report(records_of([entry])))
    assert page.data["structure-1-record"]["structure"] == hostile
    assert page.programs == read_page(render_report(records_of([probed_entry]))).programs


def test_molecule_has_a_page(pair_model: Callable[..., TorchModel], read_page: ReadPage) -> None:
    corners = 2.5 * np.array([[0, 0, 0], [1, 1, 0], [1, 0, 1], [0, 1, 1]]) / np.sqrt(2)
    operator = HessianOperator(Atoms("Mg4", positions=corners), pair_model(), "analytic")
    heat = probe_heat_capacity(operator, 400.0, "exclude", radius_A=20.0)
    entry = ProbedResults("cluster.xyz", heat)
    words = read_page(render_report(records_of([entry]))).words
    assert "a molecule of 4 atoms, by probing" in words
    assert "The 6 translations and rotations of the molecule are left out." in words
    assert _levels(entry)["vibrations only"] is Level.CAUTION
    assert _levels(entry)["relaxation not recorded"] is Level.UNKNOWN


# The chart


def test_bars_are_the_means_of_the_elements(probed_entry: ProbedResults) -> None:
    symbols = np.array(probed_entry.atoms.get_chemical_symbols())
    shares = np.where(symbols == "Mg", 10.0, 20.0) + np.resize([-1.0, 1.0, 0.0], 216)
    heat = _with_shares(probed_entry, shares).heat
    root = ET.fromstring(str(draw(heat.elements_chart(), "elements")))
    low, high, left, right = (
        float(root.get(f"data-{name}", "")) for name in ("low", "high", "left", "right")
    )
    assert low == 0.0

    def drawn_at(x: float) -> float:
        return low + (x - left) / (right - left) * (high - low)

    bars = {str(bar.get("fill")): bar for bar in root.iter("rect")}
    ends = [
        drawn_at(float(bar.get("x", "")) + float(bar.get("width", ""))) for bar in bars.values()
    ]
    circles = [drawn_at(float(circle.get("cx", ""))) for circle in root.iter("circle")]
    assert ends == pytest.approx([10.0, 20.0], abs=0.02)
    assert circles == pytest.approx([10.0, 20.0], abs=0.02)
    paths = {str(path.get("class")): str(path.get("d")) for path in root.iter("path")}
    start, end = re.findall(r"M([\d.]+),[\d.]+H([\d.]+)", paths["range"])[0]
    assert (drawn_at(float(start)), drawn_at(float(end))) == pytest.approx((19.0, 21.0), abs=0.02)
    [limit] = re.findall(r"M([\d.]+),", paths["limit"])
    assert drawn_at(float(limit)) == pytest.approx(24.943, abs=0.02)
    assert pytest.approx(24.943, abs=1e-3) == CLASSICAL_LIMIT_J_PER_MOL_K
    assert "Mg (108 atoms): 10.00, from 9.00 to 11.00" in str(root.findtext("desc"))


def test_values_below_zero_and_above_the_limit_are_within_the_chart(
    probed_entry: ProbedResults,
) -> None:
    heat = _with_shares(probed_entry, np.linspace(-1.0, 30.0, 216)).heat
    root = ET.fromstring(str(draw(heat.elements_chart(), "elements")))
    assert float(root.get("data-low", "")) < -1.0
    assert float(root.get("data-high", "")) > 30.0
    assert all(float(bar.get("width", "")) >= 0 for bar in root.iter("rect"))


# The colours


def test_equal_values_have_the_colour_of_the_middle() -> None:
    assert scale_colors(np.full(3, 7.0)) == [SCALE[1]] * 3


def test_scale_is_ordered_and_stands_out_from_the_stage_in_light_and_dark(
    contrast: Callable[[str, str], float],
) -> None:
    colors = scale_colors(np.linspace(0.0, 1.0, 33))
    assert (np.diff([contrast(color, "#000000") for color in colors]) > 0).all()
    assert min(contrast(color, "#f6f7f8") for color in colors) >= 3
    assert min(contrast(color, "#1c2024") for color in colors) >= 3


# The verdict


def test_probing_at_a_minimum_passes(probed_entry: ProbedResults) -> None:
    entry = _with_error(probed_entry, 1e-3)
    levels = _levels(entry)
    assert levels.pop("no imaginary modes seen") is Level.UNKNOWN  # few steps need not see all
    assert set(levels.values()) == {Level.GOOD}
    assert {"relaxation converged", "error bar small"} <= set(levels)
    assert probed_verdict(entry).short == "sound, as far as known"


@pytest.mark.parametrize(("n_imaginary", "level"), [(0, Level.GOOD), (2, Level.BAD)])
def test_modes_that_were_looked_for_are_judged(
    probed_entry: ProbedResults, read_page: ReadPage, n_imaginary: int, level: Level
) -> None:
    entry = _with_heat(probed_entry, n_imaginary=n_imaginary)
    [found] = [each for finding, each in _levels(entry).items() if "imaginary mode" in finding]
    assert found is level
    page = read_page(render_report(records_of([entry, probed_entry])))
    assert str(n_imaginary) in [line.strip() for line in page.words.splitlines()]
    assert "none seen" in page.words


def test_imaginary_modes_that_were_seen_are_a_problem(
    probed_entry: ProbedResults, read_page: ReadPage
) -> None:
    nodes = probed_entry.heat.nodes_eV_per_A2_amu.copy()
    nodes[5] = units.eigenvalues_from_wavenumbers([-12.3])[0]
    entry = _with_heat(probed_entry, nodes_eV_per_A2_amu=nodes)
    assert _levels(entry)["imaginary modes seen"] is Level.BAD
    page = read_page(render_report(records_of([entry, probed_entry])))
    assert "At −12.3 cm⁻¹ and perhaps below" in page.words
    assert "seen" in [line.strip() for line in page.words.splitlines()]


def test_rounding_of_rigid_motions_is_no_imaginary_mode(probed_entry: ProbedResults) -> None:
    nodes = probed_entry.heat.nodes_eV_per_A2_amu.copy()
    nodes[5] = units.eigenvalues_from_wavenumbers([-0.4])[0]
    entry = _with_heat(probed_entry, nodes_eV_per_A2_amu=nodes)
    assert _levels(entry)["no imaginary modes seen"] is Level.UNKNOWN


@pytest.mark.parametrize(
    ("relative", "finding", "level", "words"),
    [
        (0.99e-3, "error bar small", Level.GOOD, "0.099 % of the heat capacity at 298.15 K"),
        (1.01e-3, "error bar notable", Level.CAUTION, "0.1 % of"),
        (0.99e-2, "error bar notable", Level.CAUTION, "0.99 % of"),
        (1.01e-2, "error bar large", Level.BAD, "1 % of"),
        (7.0, "error bar large", Level.BAD, "more than 100 % of"),
    ],
)
def test_error_bar_is_judged_where_it_is_largest(
    probed_entry: ProbedResults, relative: float, finding: str, level: Level, words: str
) -> None:
    found = probed_verdict(_with_error(probed_entry, relative)).checks
    [check] = [check for check in found if check.finding == finding]
    assert check.level is level
    assert words in check.detail


def test_heat_capacity_of_nothing_has_no_small_error(probed_entry: ProbedResults) -> None:
    entry = _with_heat(probed_entry, heat_capacity_eV_per_K=np.zeros(2))
    assert _levels(entry)["error bar large"] is Level.BAD


def test_products_by_differences_call_for_care(
    probed_entry: ProbedResults, read_page: ReadPage
) -> None:
    assert "products by differences" not in _levels(probed_entry)
    method = ProductMethod("differences", "pair cannot be differentiated twice", 10**6, 1e-3)
    entry = _with_heat(probed_entry, method=method, difference_error=2e-4)
    assert _levels(entry)["products by differences"] is Level.CAUTION
    words = read_page(render_report(records_of([entry]))).words
    assert "over 0.001 Å and no derivatives: pair cannot be differentiated twice." in words
    assert "off by up to about 0.02 % of their largest element" in words
    assert "displacement" in words


def test_structure_is_judged_as_for_other_entries(probed_entry: ProbedResults) -> None:
    assert probed_entry.relaxation is not None
    unconverged = replace(probed_entry.relaxation, converged=False)
    assert (
        _levels(replace(probed_entry, relaxation=unconverged))["relaxation not converged"]
        is Level.BAD
    )
    unrelaxed = replace(probed_entry, relaxation=None, settings={"relax": False})
    assert _levels(unrelaxed)["not relaxed"] is Level.CAUTION
    remarked = replace(
        probed_entry, structure_warnings=(Remark("space-group-changed", "The symmetry changed."),)
    )
    assert _levels(remarked)["structure with warnings"] is Level.CAUTION
    assert "The symmetry changed." in section_of(heat_capacity_record(remarked), 1).html
    excluded = _with_heat(probed_entry, acoustic="exclude")
    assert _levels(excluded)["nearly all modes counted"] is Level.GOOD
