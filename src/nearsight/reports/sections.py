"""The part of the page that is about one structure, made once and kept as text."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from markupsafe import Markup

from nearsight.records.failure import FailureRecord
from nearsight.records.results import HarmonicResults
from nearsight.records.verdict import Level, verdict
from nearsight.reports import figures, phonon_figures, wording
from nearsight.reports.geometry import modes_within, viewer_data
from nearsight.reports.provenance_rows import provenance_rows
from nearsight.reports.templates import render
from nearsight.vibrations.frequency_units import FREQUENCY_UNITS, FrequencyUnit
from nearsight.vibrations.modes import Vibrations
from nearsight.vibrations.shown_functions import shown_functions

_MOST_COLUMNS = 5
"""Of heat capacities in the overview."""

MODE_BUDGET_BYTES = 2_000_000
"""How much of the page the moving modes of one structure may take."""


@dataclass(frozen=True)
class Section:
    """A finished part of the page, with what the overview says about it."""

    name: str
    anchor: str
    html: Markup
    title: str
    """What the page is called if this is all of it."""
    subject: str
    """What a page of several of its kind is about."""
    formula: str
    n_atoms: int | None
    model: str | None
    """What the numbers are from; None without numbers."""
    heat_capacities: tuple[Mapping[str, float], ...]
    """One object per temperature, as in the record; empty if none were asked for."""
    imaginary: str | None
    """How many modes are imaginary, or which share of those of the Brillouin zone."""
    level: Level
    verdict: str
    """In a word or two."""
    radius_A: float | None = None
    """Common radius of fragments, where that was asked for."""
    failed: FailureRecord | None = None

    @property
    def short_name(self) -> str:
        """The name without folders and, if there is a result, without suffixes."""
        return wording.stem(self.name) if self.failed is None else Path(self.name).name or self.name


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


def calculated_section(
    entry: HarmonicResults, number: int, mode_budget_bytes: int = MODE_BUDGET_BYTES
) -> Section:
    """Return the section of a structure that was calculated.

    Parameters
    ----------
    entry
        The structure and its results.
    number
        Its place on the page, from 1 on, unique on it.
    mode_budget_bytes
        How much of the page its moving modes may take; the lowest that fit are embedded.
    """
    anchor = f"structure-{number}"
    thermal = entry.thermodynamics
    found = verdict(entry)
    return Section(
        name=entry.name,
        anchor=anchor,
        html=render(
            "section.html.j2",
            entry=entry,
            anchor=anchor,
            name=wording.stem(entry.name),
            verdict=found,
            provenance=provenance_rows(entry),
            record=entry.to_json(),
            **_numbers(entry),
            **_drawings(entry, anchor, mode_budget_bytes),
        ),
        title=("Heat capacity of " if thermal else "Vibrations of ") + wording.stem(entry.name),
        subject="Heat capacities" if thermal else "Vibrations",
        formula=str(entry.atoms.get_chemical_formula()),
        n_atoms=len(entry.atoms),
        model=entry.hessian.provenance.model.name,
        heat_capacities=tuple(thermal.heat_capacity_summary()) if thermal else (),
        imaginary=wording.imaginary(entry.vibrations, entry.phonons),
        level=found.level,
        verdict=found.short,
    )


def _numbers(entry: HarmonicResults) -> dict[str, Any]:
    """Return the words and tables of a section."""
    vibrations, thermal = entry.vibrations, entry.thermodynamics
    return {
        "formula": wording.formula(str(entry.atoms.get_chemical_formula())),
        "what": _what_was_computed(entry),
        "unit": "cell" if vibrations.atoms.pbc.any() else "molecule",
        "thermal_rows": thermal.heat_capacity_summary() if thermal else [],
        "convention": thermal.acoustic if thermal else None,
        "acoustic": _acoustic(entry),
        "error_bars": None,
        "functions": None
        if thermal is None
        else shown_functions(thermal, entry.presentation.per or "formula"),
        "frequency": _unit_of(entry),
        "modes_summary": _modes_summary(entry),
    }


def _drawings(entry: HarmonicResults, anchor: str, mode_budget_bytes: int) -> dict[str, Any]:
    """Return the charts of a section, its viewer, and the modes that choose what moves."""
    vibrations, thermal = entry.vibrations, entry.thermodynamics
    n_moving = modes_within(vibrations, mode_budget_bytes)
    unit = _unit_of(entry)
    density = heat_capacity = bands = None
    if vibrations.n_modes > 0:
        density = figures.density_of_states_svg(vibrations, f"{anchor}-dos", unit)
    if entry.phonons is not None:
        density = phonon_figures.phonon_density_svg(
            entry.phonons, f"{anchor}-dos", unit, entry.projected
        )
    if thermal is not None and (vibrations.n_modes > 0 or entry.phonons):
        heat_capacity = figures.heat_capacity_svg(entry.spectrum, thermal, f"{anchor}-cv")
    if entry.bands is not None:
        bands = phonon_figures.bands_svg(entry.bands, f"{anchor}-bands", unit)
    convergence = None
    if entry.convergence is not None:
        convergence = phonon_figures.convergence_svg(entry.convergence, f"{anchor}-supercells")
    return {
        "density": density,
        "bands": bands,
        "convergence": convergence,
        "heat_capacity": heat_capacity,
        "curves": []
        if entry.phonons and not entry.projected
        else figures.element_legend(vibrations),
        "elements": figures.element_legend(vibrations),
        "viewer": viewer_data(vibrations, n_moving),
        "modes": _mode_rows(vibrations, n_moving, unit),
        "left_out": _left_out(vibrations, n_moving, mode_budget_bytes, unit),
    }


def failed_section(entry: FailureRecord, number: int) -> Section:
    """Return the section of a structure that gave no result."""
    anchor = f"structure-{number}"
    name = Path(entry.name).name or entry.name
    html = render("failure.html.j2", entry=entry, anchor=anchor, name=name, record=entry.to_json())
    return Section(
        name=entry.name,
        anchor=anchor,
        html=html,
        title=f"No result for {wording.stem(entry.name)}",
        subject="Results",
        formula="",
        n_atoms=None,
        model=None,
        heat_capacities=(),
        imaginary=None,
        level=Level.BAD,
        verdict="failed",
        failed=entry,
    )


def _what_was_computed(entry: HarmonicResults) -> str:
    about = "heat capacity" if entry.thermodynamics else "normal modes"
    source = "phonons over the Brillouin zone" if entry.phonons else "Hessian"
    pieces = (entry.phonons or entry.vibrations).pieces
    return (
        f"Harmonic {about} of {wording.substance(entry.atoms, pieces)}, from its {source} with "
        f"{entry.hessian.provenance.model.name}"
    )


def _acoustic(entry: HarmonicResults) -> str | None:
    if entry.thermodynamics is None:
        return None
    if entry.phonons is not None:
        return wording.mesh_words(entry.phonons, entry.thermodynamics)
    return wording.acoustic_words(
        entry.thermodynamics, entry.vibrations.pieces, entry.vibrations.n_rigid_body
    )


def _modes_summary(entry: HarmonicResults) -> str:
    vibrations = entry.vibrations
    wavenumbers = vibrations.wavenumbers_per_cm
    real = wavenumbers[wavenumbers > 0]
    span = f" from {_unit_of(entry).span(real[0], real[-1])}" if len(real) else ""
    where = "At Γ of the primitive cell: " if entry.phonons else ""
    return (
        f"{where}{len(real)} real{span}, {vibrations.n_imaginary} imaginary; beside them "
        f"{wording.rigid_body_words(vibrations.pieces, vibrations.n_rigid_body)}."
    )


def _unit_of(entry: HarmonicResults) -> FrequencyUnit:
    return FREQUENCY_UNITS[entry.presentation.frequency_unit]


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


def _some(temperatures: list[float]) -> list[float]:
    """Return as many temperatures as a table has room for, spread over all of them."""
    if len(temperatures) <= _MOST_COLUMNS:
        return temperatures
    last = len(temperatures) - 1
    return [temperatures[round(last * n / _MOST_COLUMNS)] for n in range(1, _MOST_COLUMNS + 1)]


def summary_values(sections: Sequence[Section]) -> dict[str, Any]:
    """Return what the head of the page says about all `sections`."""
    calculated = [section for section in sections if section.failed is None]
    temperatures = _some(
        sorted({row["temperature_K"] for section in calculated for row in section.heat_capacities})
    )
    has_modes = any(section.imaginary is not None for section in calculated)
    has_radii = any(section.radius_A is not None for section in calculated)
    return {
        "has_modes": has_modes,
        "has_radii": has_radii,
        "n_columns": 3 + len(temperatures) + has_modes + has_radii,
        "calculated": calculated,
        "failed": [section for section in sections if section.failed is not None],
        "temperatures": temperatures,
        "by_temperature": {
            section.anchor: {row["temperature_K"]: row for row in section.heat_capacities}
            for section in calculated
        },
    }
