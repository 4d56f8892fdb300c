"""The part of the page about a heat capacity that was probed: there is no Hessian and no mode."""

from typing import Any

from nearsight import units
from nearsight.charts.palette import SCALE
from nearsight.records.base import CalculatedRecord
from nearsight.records.results import ProbedResults
from nearsight.records.spectra import ProbedSpectrum
from nearsight.reports import wording
from nearsight.reports.geometry import heat_viewer_data
from nearsight.reports.provenance import Group, Lines
from nearsight.reports.sections import Section, Slot, overview_values
from nearsight.reports.svg import draw
from nearsight.reports.templates import render
from nearsight.vibrations.probed_heat_capacity import ProbedHeatCapacity

_MOST_DRAWN_ATOMS = 5000
"""Balls and bonds of more atoms make a page slow to open and to turn."""


def probed_section(record: CalculatedRecord, results: ProbedResults, slot: Slot) -> Section:
    """Return the section of a structure whose heat capacity was probed."""
    return Section(
        anchor=slot.anchor,
        html=render(
            "probed.html.j2",
            **slot.values,
            entry=results,
            **_numbers(results),
            **_drawings(results.heat, slot.anchor),
        ),
        title=f"Heat capacity of {wording.stem(results.name)}",
        subject="Heat capacities",
        heat_capacities=tuple(results.heat.heat_capacity_summary()),
        imaginary=_imaginary(results.heat),
        **overview_values(record),
    )


def _numbers(results: ProbedResults) -> dict[str, Any]:
    """Return the words and tables of a section."""
    heat = results.heat
    return {
        "what": f"Harmonic heat capacity of {wording.substance(results.atoms, heat.pieces)}, by "
        f"probing its Hessian with {heat.provenance.model.name}",
        "unit": "cell" if results.atoms.pbc.any() else "molecule",
        "thermal_rows": heat.heat_capacity_summary(),
        "error_bars": heat.error_bar_J_per_g_K.tolist(),
        "convention": heat.acoustic,
        "acoustic": wording.acoustic_words(heat, heat.pieces, heat.n_rigid_body),
        "scatter": _scatter_words(heat),
    }


def _drawings(heat: ProbedHeatCapacity, anchor: str) -> dict[str, Any]:
    """Return the chart of a section, and its viewer with the scale of its colours."""
    drawn = heat.n_atoms <= _MOST_DRAWN_ATOMS
    shares = heat.atomic_heat_capacities_J_per_molatom_K[0]
    return {
        "by_element": draw(heat.elements_chart(), f"{anchor}-elements"),
        "viewer": heat_viewer_data(heat) if drawn else None,
        "scale": {"low": float(shares.min()), "high": float(shares.max()), "colors": SCALE},
        "left_out": None
        if drawn
        else (
            f"The structure in 3D is left out, to keep the page quick with {heat.n_atoms} atoms. "
            f"The workflow heat_capacity writes it to a file on request, with the heat "
            f"capacity of each atom."
        ),
    }


def _scatter_words(heat: ProbedHeatCapacity) -> str:
    """Say how far the value of a single atom may be off."""
    # What a pair of atoms adds is in the values of both, so that the variance of the sum is twice
    # the sum of the variances.
    per_atom = float(heat.standard_error_eV_per_K[0]) / (2 * heat.n_atoms) ** 0.5
    scatter = per_atom * units.EV_PER_CELL_IN_J_PER_MOL
    return (
        f"The random vectors scatter the value of a single atom by about {scatter:.2g} J/(mol K)."
    )


def _imaginary(heat: ProbedHeatCapacity) -> str:
    """Return how many imaginary modes there are, as far as they were looked for."""
    if heat.n_imaginary is not None:
        return str(heat.n_imaginary)
    return "seen" if heat.saw_imaginary else "none seen"


def products_group(spectrum: ProbedSpectrum) -> Group:
    """Return where products with the Hessian come from, and how they were taken."""
    lines: Lines = [("method", spectrum.products_method), ("reason", spectrum.products_reason)]
    if spectrum.reason is not None:
        lines.append(("probed because", spectrum.reason))
    if spectrum.step_A is not None:
        lines.append(("displacement", f"{spectrum.step_A:g} Å"))
    lines += [
        ("products", str(spectrum.products)),
        ("probing radius", f"{spectrum.probing_radius_A:g} Å"),
        ("colours", f"{spectrum.colours}, by 3 vectors each"),
        ("Lanczos steps", f"{spectrum.lanczos_steps} from each vector"),
        ("seed", str(spectrum.seed)),
        ("lowest seen", _wavenumber(spectrum.lowest_wavenumber_per_cm)),
        ("highest seen", _wavenumber(spectrum.highest_wavenumber_per_cm)),
        ("time", wording.seconds(spectrum.seconds)),
        ("predicted memory", wording.mebibytes(spectrum.predicted_memory_bytes)),
        ("peak memory", wording.mebibytes(spectrum.peak_memory_bytes)),
    ]
    return Group("Products", lines)


def _wavenumber(value_per_cm: float) -> str:
    return f"{value_per_cm:.1f} cm⁻¹".replace("-", "−")
