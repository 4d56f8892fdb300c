"""The part of the page about a record alone: its numbers and the structure, at rest."""

import json
from typing import Any

from nearsight.records.base import CalculatedRecord
from nearsight.records.questions import (
    HeatCapacityRecord,
    LocalityRecord,
    PhononsRecord,
)
from nearsight.records.spectra import (
    DenseSpectrum,
    HeatCapacityRow,
    MeshSpectrum,
    ProbedHeatCapacityRow,
)
from nearsight.reports import wording
from nearsight.reports.geometry import structure_data
from nearsight.reports.palette import element_colors
from nearsight.reports.record_numbers import numbers_of
from nearsight.reports.record_rows import provenance_rows
from nearsight.reports.sections import Section, head_values, overview_values
from nearsight.reports.templates import render

SECTION_BUDGET_BYTES = 2_000_000
"""How much of the page the structure in 3D and the record of one structure may take together."""

_PAGE_BUDGET_BYTES = 14_000_000
"""How much of it all of them may take; the rest of a thousand sections takes about as much."""

_SUBJECTS = {
    "heat-capacity": ("Harmonic heat capacity", "Heat capacities"),
    "phonons": ("Phonons", "Phonons"),
    "vibrations": ("Normal modes", "Vibrations"),
    "hessian": ("Hessian", "Hessians"),
    "elastic": ("Elastic tensor", "Elastic tensors"),
    "locality": ("Locality", "Locality"),
    "relax": ("Relaxation", "Relaxations"),
    "energy": ("Energy", "Energies"),
    "thermochemistry": ("Thermochemistry", "Thermochemistry"),
}

_CONVENTIONS = {
    "exclude": "Rigid-body modes are left out.",
    "classical": "Rigid-body modes count with k_B each, to which their heat capacity tends.",
    "as-computed": "Rigid-body modes count with whatever wavenumber they were computed to have.",
}


def share_of_page_bytes(n_structures: int) -> int:
    """Return how much of a page the structure in 3D and the record of one of many may take."""
    return min(SECTION_BUDGET_BYTES, _PAGE_BUDGET_BYTES // max(1, n_structures))


def numbers_section(
    record: CalculatedRecord, number: int, budget_bytes: int = SECTION_BUDGET_BYTES
) -> Section:
    """Return the section of a structure of which the record is known and nothing else.

    Parameters
    ----------
    record
        The record.
    number
        Its place on the page, from 1 on, unique on it.
    budget_bytes
        How much of the page the structure in 3D and the record may take together. What takes more
        is left out, which the page says: first the record, then the structure.
    """
    anchor = f"structure-{number}"
    what, subject = _SUBJECTS[record.question]
    atoms = record.atoms
    head = head_values(record, anchor)
    embedded = _embedded(head["record"], structure_data(atoms), budget_bytes)
    return Section(
        anchor=anchor,
        html=render(
            "numbers.html.j2",
            **{**head, **embedded},
            what=f"{what} of a {wording.described(atoms)}, with {record.model.name}",
            unit="cell" if atoms.pbc.any() else "molecule",
            numbers=numbers_of(record),
            elements=list(element_colors(set(record.relaxed_structure.symbols)).items()),
            provenance=provenance_rows(record),
            **_heat(record),
        ),
        title=f"{what} of {wording.stem(record.structure)}",
        subject=subject,
        heat_capacities=tuple(_row(row) for row in getattr(record, "heat_capacity", ())),
        imaginary=_imaginary(record),
        radius_A=record.common_radius_A if isinstance(record, LocalityRecord) else None,
        **overview_values(record),
    )


def _embedded(record: dict[str, Any], viewer: dict[str, Any], budget_bytes: int) -> dict[str, Any]:
    """Return what of a record, and of its structure in 3D, fits into the page."""
    of_viewer = len(json.dumps(viewer))
    whole = of_viewer + len(json.dumps(record)) <= budget_bytes
    if of_viewer > budget_bytes:  # the same positions once more, for a file
        viewer = {**viewer, "extxyz": None}
    drawn = len(json.dumps(viewer)) <= budget_bytes
    missing = [*([] if drawn else ["structure in 3D"]), *([] if whole else ["record"])]
    said = f"The {' and the '.join(missing)} of it {'is' if len(missing) == 1 else 'are'} left out"
    return {
        "record": record if whole else None,
        "viewer": viewer if drawn else None,
        "left_out": f"{said} to keep the page small." if missing else None,
    }


def _row(row: HeatCapacityRow) -> dict[str, float]:
    return {"temperature_K": row.temperature_K, "J_per_g_K": row.J_per_g_K}


def _heat(record: CalculatedRecord) -> dict[str, Any]:
    """Return the tables of heat capacities and functions, which only some records have."""
    if not isinstance(record, HeatCapacityRecord | PhononsRecord):
        return {"thermal_rows": [], "error_bars": None, "functions": None}
    bars = [
        2 * row.standard_error_J_per_g_K + row.bias_estimate_J_per_g_K
        for row in record.heat_capacity
        if isinstance(row, ProbedHeatCapacityRow)
    ]
    scale = record.scale_factor
    scaled = "" if scale == 1.0 else f" Every wavenumber was scaled by {scale:g}."
    return {
        "thermal_rows": record.heat_capacity,
        "error_bars": bars or None,
        "convention": record.acoustic,
        "acoustic": f"{_CONVENTIONS[record.acoustic]}{scaled}",
        "functions": _functions(record) if record.thermodynamics else None,
    }


def _functions(record: HeatCapacityRecord | PhononsRecord) -> dict[str, Any]:
    """Return the thermodynamic functions as a record has them, per mole of formula units."""
    n = record.formula_units_per_cell
    return {
        "rows": [
            (
                row.temperature_K,
                row.heat_capacity_J_per_molformula_K,
                row.entropy_J_per_molformula_K,
                row.internal_energy_kJ_per_molformula,
                row.free_energy_kJ_per_molformula,
            )
            for row in record.thermodynamics or ()
        ],
        "entropy_unit": "J/(mol K)",
        "energy_unit": "kJ/mol",
        "amount": f"per mole of {record.formula_unit}{'' if n == 1 else f' ({n} in the cell)'}",
        "zero_point_energy": record.zero_point_energy_kJ_per_molformula,
    }


def _imaginary(record: CalculatedRecord) -> str | None:
    """Return how many modes are imaginary, or which share of those of the Brillouin zone."""
    spectrum = getattr(record, "spectrum", None)
    if spectrum is None:
        return None
    if isinstance(spectrum, MeshSpectrum):
        share = spectrum.share_imaginary
        return f"{100 * share:.2g} %" if share else "0"
    if isinstance(spectrum, DenseSpectrum) or spectrum.n_imaginary is not None:
        return str(spectrum.n_imaginary)
    return "seen" if "imaginary modes seen" in _findings(record) else "none seen"


def _findings(record: CalculatedRecord) -> set[str]:
    verdict = getattr(record, "verdict", None)
    return {check.finding for check in verdict.checks} if verdict else set()
