"""The part of the page about a record alone: its numbers and the structure, at rest."""

import json
from collections.abc import Sequence
from typing import Any

from ase import Atoms

from nearsight.charts.palette import element_colors
from nearsight.records.base import CalculatedRecord
from nearsight.reports import wording
from nearsight.reports.geometry import structure_data, surface_data
from nearsight.reports.provenance import Lines
from nearsight.reports.sections import Section, Slot, overview_values
from nearsight.reports.subjects.subject import Subject, Surface
from nearsight.reports.svg import draw
from nearsight.reports.templates import render

_NO_TABLES = {"thermal_rows": (), "error_bars": None, "functions": None}

SECTION_BUDGET_BYTES = 2_000_000
"""How much of the page the structure in 3D and the record of one structure may take together."""

_PAGE_BUDGET_BYTES = 14_000_000
"""How much of it all of them may take; the rest of a thousand sections takes about as much."""


def share_of_page_bytes(n_structures: int) -> int:
    """Return how much of a page the structure in 3D and the record of one of many may take."""
    return min(SECTION_BUDGET_BYTES, _PAGE_BUDGET_BYTES // max(1, n_structures))


def numbers_section(
    record: CalculatedRecord, subject: Subject[CalculatedRecord], slot: Slot
) -> Section:
    """Return the section of a structure that needs no template of its own.

    What takes more of the page than the slot has is left out, which the page says: first the
    record, then the structure.
    """
    atoms = record.atoms
    surfaces = subject.surfaces(record)
    embedded = _embedded(
        slot.values["record"], structure_data(atoms), _surfaces(surfaces, atoms), slot.budget_bytes
    )
    energy = record.energy_eV
    known: Lines = [] if energy is None else [("potential energy", wording.energy(energy))]
    return Section(
        anchor=slot.anchor,
        html=render(
            "numbers.html.j2",
            **{**slot.values, **embedded, **_NO_TABLES, **subject.tables(record)},
            what=f"{subject.what} of a {wording.described(atoms)}, with {record.model.name}",
            unit="cell" if atoms.pbc.any() else "molecule",
            numbers=[*known, *subject.numbers(record)],
            figures=[
                (chart.title, draw(chart, f"{slot.anchor}-figure-{place}"), note)
                for place, (chart, note) in enumerate(subject.charts(record), start=1)
            ],
            surfaces=surfaces if embedded["viewer"] and "surfaces" in embedded["viewer"] else (),
            elements=list(element_colors(set(record.relaxed_structure.symbols)).items()),
        ),
        title=f"{subject.what} of {wording.stem(record.structure)}",
        subject=subject.plural,
        **{**overview_values(record), **subject.overview(record)},
    )


def _surfaces(surfaces: Sequence[Surface], atoms: Atoms) -> list[dict[str, Any]]:
    return [
        surface_data(each.mesh, atoms.cell.array, each.color, each.opacity) for each in surfaces
    ]


def _embedded(
    record: dict[str, Any],
    viewer: dict[str, Any],
    surfaces: list[dict[str, Any]],
    budget_bytes: int,
) -> dict[str, Any]:
    """Return what of a record, of its structure in 3D and of surfaces there fits into the page."""
    of_surfaces = len(json.dumps(surfaces))
    without = surfaces and len(json.dumps([record, viewer])) + of_surfaces > budget_bytes
    if surfaces and not without:
        viewer = {**viewer, "surfaces": surfaces}
    of_viewer = len(json.dumps(viewer))
    whole = of_viewer + len(json.dumps(record)) <= budget_bytes
    if of_viewer > budget_bytes:  # the same positions once more, for a file
        viewer = {**viewer, "extxyz": None}
    drawn = len(json.dumps(viewer)) <= budget_bytes
    missing = [
        *(["isosurface"] if without and drawn else []),
        *([] if drawn else ["structure in 3D"]),
        *([] if whole else ["record"]),
    ]
    said = f"The {' and the '.join(missing)} of it {'is' if len(missing) == 1 else 'are'} left out"
    return {
        "record": record if whole else None,
        "viewer": viewer if drawn else None,
        "left_out": f"{said} to keep the page small." if missing else None,
    }
