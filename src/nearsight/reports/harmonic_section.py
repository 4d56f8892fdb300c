"""The part of the page about modes and phonons that were computed, which move on it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from nearsight.records.questions import HeatCapacityRecord, PhononsRecord, VibrationsRecord
from nearsight.records.results import HarmonicResults
from nearsight.reports import figures, phonon_figures, wording
from nearsight.reports.geometry import modes_within, viewer_data
from nearsight.reports.record_rows import provenance_rows
from nearsight.reports.sections import MODE_BUDGET_BYTES, Section, head_values, overview_values
from nearsight.reports.templates import render
from nearsight.vibrations.frequency_units import FREQUENCY_UNITS, FrequencyUnit
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


def harmonic_section(
    record: HeatCapacityRecord | PhononsRecord | VibrationsRecord,
    results: HarmonicResults,
    number: int,
    mode_budget_bytes: int = MODE_BUDGET_BYTES,
) -> Section:
    """Return the section of a structure whose modes are known.

    Parameters
    ----------
    record
        What is recorded of it.
    results
        Those of the run.
    number
        Its place on the page, from 1 on, unique on it.
    mode_budget_bytes
        How much of the page its moving modes may take; the lowest that fit are embedded.
    """
    anchor = f"structure-{number}"
    thermal = results.thermodynamics
    return Section(
        anchor=anchor,
        html=render(
            "section.html.j2",
            **head_values(record, anchor),
            entry=results,
            provenance=provenance_rows(record),
            **_numbers(results),
            **_drawings(results, anchor, mode_budget_bytes),
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


def _drawings(results: HarmonicResults, anchor: str, mode_budget_bytes: int) -> dict[str, Any]:
    """Return the charts of a section, its viewer, and the modes that choose what moves."""
    vibrations, thermal = results.vibrations, results.thermodynamics
    n_moving = modes_within(vibrations, mode_budget_bytes)
    unit = _unit_of(results)
    density = heat_capacity = bands = None
    if vibrations.n_modes > 0:
        density = figures.density_of_states_svg(vibrations, f"{anchor}-dos", unit)
    if results.phonons is not None:
        density = phonon_figures.phonon_density_svg(
            results.phonons, f"{anchor}-dos", unit, results.projected
        )
    if thermal is not None and (vibrations.n_modes > 0 or results.phonons):
        heat_capacity = figures.heat_capacity_svg(results.spectrum, thermal, f"{anchor}-cv")
    if results.bands is not None:
        bands = phonon_figures.bands_svg(results.bands, f"{anchor}-bands", unit)
    convergence = None
    if results.convergence is not None:
        convergence = phonon_figures.convergence_svg(results.convergence, f"{anchor}-supercells")
    return {
        "density": density,
        "bands": bands,
        "convergence": convergence,
        "heat_capacity": heat_capacity,
        "curves": []
        if results.phonons and not results.projected
        else figures.element_legend(vibrations),
        "elements": figures.element_legend(vibrations),
        "viewer": viewer_data(vibrations, n_moving),
        "modes": _mode_rows(vibrations, n_moving, unit),
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


def _mode_rows(vibrations: Vibrations, n_moving: int, unit: FrequencyUnit) -> list[ModeRow]:
    shares = figures.mode_shares(vibrations)
    colors = {symbol: color for symbol, color, _ in figures.element_legend(vibrations)}
    rows = []
    frequencies = unit.of_wavenumbers(vibrations.wavenumbers_per_cm)
    for index, frequency in enumerate(frequencies.tolist()):
        of_mode: Sequence[tuple[str, str, float]] = sorted(
            ((name, colors[name], values[index]) for name, values in shares.items()),
            key=lambda share: -share[2],
        )
        rows.append(ModeRow(index, frequency, tuple(of_mode), index < n_moving))
    return rows


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
