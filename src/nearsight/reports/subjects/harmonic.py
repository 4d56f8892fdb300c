"""The part of the page about modes and phonons that were computed, which move on it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from markupsafe import Markup

from nearsight.charts.palette import element_colors
from nearsight.records.base import CalculatedRecord
from nearsight.records.results import HarmonicResults
from nearsight.reports import wording
from nearsight.reports.geometry import modes_within, viewer_data
from nearsight.reports.sections import Section, Slot, overview_values
from nearsight.reports.svg import draw
from nearsight.reports.templates import render
from nearsight.vibrations.density_of_states import modes_chart
from nearsight.vibrations.frequency_units import FREQUENCY_UNITS, FrequencyUnit
from nearsight.vibrations.heat_capacity_chart import heat_capacity_chart
from nearsight.vibrations.mesh_density_of_states import phonons_chart
from nearsight.vibrations.modes import Vibrations
from nearsight.vibrations.shown_functions import shown_functions


@dataclass(frozen=True)
class ModeRow:
    """One line of the table of modes."""

    index: int
    frequency: float
    """In the unit of the page; negative for an imaginary mode."""
    shares: tuple[tuple[str, str, float], ...]
    """Symbol, colour and share of each element, the largest share first."""
    animated: bool

    @property
    def text(self) -> str:
        """The shares in words, those below one percent left out."""
        named = [f"{name} {100 * share:.0f} %" for name, _, share in self.shares if share >= 0.01]
        return ", ".join(named[:3])


def harmonic_section(record: CalculatedRecord, results: HarmonicResults, slot: Slot) -> Section:
    """Return the section of a structure whose modes are known."""
    thermal = results.thermodynamics
    return Section(
        anchor=slot.anchor,
        html=render(
            "section.html.j2",
            **slot.values,
            entry=results,
            **_numbers(results),
            figures=_figures(results, slot.anchor),
            **_motion(results, slot.mode_budget_bytes),
        ),
        title=("Heat capacity of " if thermal else "Vibrations of ") + wording.stem(results.name),
        subject="Heat capacities" if thermal else "Vibrations",
        heat_capacities=tuple(thermal.heat_capacity_summary()) if thermal else (),
        imaginary=wording.imaginary(results.vibrations, results.phonons),
        **overview_values(record),
    )


def _numbers(results: HarmonicResults) -> dict[str, Any]:
    """Return the words and tables of a section."""
    vibrations, thermal = results.vibrations, results.thermodynamics
    return {
        "what": _what_was_computed(results),
        "unit": "cell" if vibrations.atoms.pbc.any() else "molecule",
        "thermal_rows": thermal.heat_capacity_summary() if thermal else [],
        "convention": thermal.acoustic if thermal else None,
        "acoustic": _acoustic(results),
        "error_bars": None,
        "functions": None
        if thermal is None
        else shown_functions(thermal, results.presentation.per or "formula"),
        "frequency": _unit_of(results),
        "modes_summary": _modes_summary(results),
    }


def _figures(results: HarmonicResults, anchor: str) -> list[tuple[str, Markup, str]]:
    """Return heading, drawing and note of each figure."""
    vibrations, thermal, unit = results.vibrations, results.thermodynamics, _unit_of(results)
    figures = []
    if thermal is not None and (vibrations.n_modes > 0 or results.phonons):
        heat = heat_capacity_chart(results.spectrum, thermal)
        figures.append(("Heat capacity over temperature", draw(heat, f"{anchor}-cv"), ""))
    density = None
    if results.phonons is not None:
        elements = None if results.projected is None else results.projected.by_element_per_THz
        density = phonons_chart(results.phonons, unit, elements)
    elif vibrations.n_modes > 0:
        density = modes_chart(vibrations, unit)
    if density is not None:
        figures.append(("Density of states", draw(density, f"{anchor}-dos"), ""))
    if results.bands is not None:
        figures.append(("Phonon bands", draw(results.bands.chart(unit), f"{anchor}-bands"), ""))
    if results.convergence is not None:
        supercells = draw(results.convergence.chart(), f"{anchor}-supercells")
        temperatures = ", ".join(f"{each:g}" for each in results.convergence.temperatures_K)
        note = (
            f"Relative to the largest one, at {temperatures} K; grey: the tolerance of "
            f"{100 * results.convergence.tolerance:g} %."
        )
        figures.append(("Heat capacity over growing supercells", supercells, note))
    return figures


def _motion(results: HarmonicResults, mode_budget_bytes: int) -> dict[str, Any]:
    """Return the viewer of a section, and the modes that choose what moves in it."""
    vibrations, unit = results.vibrations, _unit_of(results)
    n_moving = modes_within(vibrations, mode_budget_bytes)
    colors = element_colors(set(vibrations.atoms.get_chemical_symbols()))
    return {
        "elements": list(colors.items()),
        "viewer": viewer_data(vibrations, n_moving),
        "modes": _mode_rows(vibrations, n_moving, unit, colors),
        "left_out": _left_out(vibrations, n_moving, mode_budget_bytes, unit),
    }


def _what_was_computed(results: HarmonicResults) -> str:
    about = "heat capacity" if results.thermodynamics else "normal modes"
    source = "phonons over the Brillouin zone" if results.phonons else "Hessian"
    pieces = (results.phonons or results.vibrations).pieces
    return (
        f"Harmonic {about} of {wording.substance(results.atoms, pieces)}, from its {source} with "
        f"{results.hessian.provenance.model.name}"
    )


def _unit_of(results: HarmonicResults) -> FrequencyUnit:
    return FREQUENCY_UNITS[results.presentation.frequency_unit]


def _acoustic(results: HarmonicResults) -> str | None:
    if results.thermodynamics is None:
        return None
    if results.phonons is not None:
        return wording.mesh_words(results.phonons, results.thermodynamics)
    return wording.acoustic_words(
        results.thermodynamics, results.vibrations.pieces, results.vibrations.n_rigid_body
    )


def _modes_summary(results: HarmonicResults) -> str:
    vibrations = results.vibrations
    wavenumbers = vibrations.wavenumbers_per_cm
    real = wavenumbers[wavenumbers > 0]
    span = f" from {_unit_of(results).span(real[0], real[-1])}" if len(real) else ""
    where = "At Γ of the primitive cell: " if results.phonons else ""
    return (
        f"{where}{len(real)} real{span}, {vibrations.n_imaginary} imaginary; beside them "
        f"{wording.rigid_body_words(vibrations.pieces, vibrations.n_rigid_body)}."
    )


def _mode_rows(
    vibrations: Vibrations, n_moving: int, unit: FrequencyUnit, colors: Mapping[str, str]
) -> list[ModeRow]:
    shares = mode_shares(vibrations)
    rows = []
    frequencies = unit.of_wavenumbers(vibrations.wavenumbers_per_cm)
    for index, frequency in enumerate(frequencies.tolist()):
        of_mode = [(symbol, color, shares[symbol][index]) for symbol, color in colors.items()]
        of_mode.sort(key=lambda share: -share[2])
        rows.append(ModeRow(index, frequency, tuple(of_mode), index < n_moving))
    return rows


def mode_shares(vibrations: Vibrations) -> dict[str, list[float]]:
    """Return what the atoms of each element have of each mode, Σ_A |e_A|², from 0 to 1."""
    weights = np.sum(vibrations.modes**2, axis=2)
    symbols = np.array(vibrations.atoms.get_chemical_symbols())
    return {
        symbol: weights[:, symbols == symbol].sum(axis=1).tolist()
        for symbol in sorted(set(symbols.tolist()))
    }


def _left_out(
    vibrations: Vibrations, n_moving: int, budget_bytes: int, unit: FrequencyUnit
) -> str | None:
    n_modes = vibrations.n_modes
    if n_moving == n_modes:
        return None
    kept = "No mode moves"
    if n_moving:
        last = unit.text(vibrations.wavenumbers_per_cm[n_moving - 1])
        kept = f"The lowest {n_moving} of {n_modes} modes move, those up to {last}"
    return (
        f"{kept}; the motion of the other {n_modes - n_moving} was left out to keep this part of "
        f"the page below {wording.size(budget_bytes)}. The workflow vibrations writes "
        f"any of them to a file on request."
    )
