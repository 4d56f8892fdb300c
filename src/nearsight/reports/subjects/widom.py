"""A gas that was inserted into a framework."""

from collections.abc import Sequence

from markupsafe import Markup

from nearsight.records.adsorption_parts import HenryPart
from nearsight.records.widom_record import InsertionRecord, WidomRecord
from nearsight.reports import wording
from nearsight.reports.provenance import Lines
from nearsight.reports.subjects.subject import Figure, Subject, Surface

_NOTES = (
    "The mean over all insertions so far, with its standard error.",
    "Where all of the weight is at low energies, few insertions carry it.",
    "Of what lies behind each tile, at all heights; white is above 5 eV, as walls are, or "
    "had no insertion.",
)
_LOOKS = {0.0: ("#2f7de1", 1.0), 1.0: ("#e0892f", 0.5)}
"""Colour and opacity of surfaces by how many k_B T they are above the first."""


def insertion_lines(record: InsertionRecord) -> Lines:
    """Return what insertions into a framework say, as labelled lines."""
    part = record.insertion
    times = " × ".join(map(str, part.supercell))
    lines: Lines = [
        ("gas", f"{record.gas.name} ({record.gas.source})"),
        (
            "insertions",
            f"{part.n_insertions} {part.places}, in {times} cells; {part.counts}",
        ),
    ]
    if part.n_frames > 1:
        lines.append(("snapshots", f"{part.n_frames}"))
    for row in record.henry:
        lines += _henry(row, f"at {row.temperature_K:g} K")
    for row in record.henry_without_wells or ():
        lines += _henry(row, f"at {row.temperature_K:g} K without suspected insertions")
    if record.helium_void_fraction is not None:
        lines.append(("helium void fraction (UFF, 298 K)", f"{record.helium_void_fraction:.3f}"))
    return [*lines, *_zero(record), *_places(record)]


def _zero(record: InsertionRecord) -> Lines:
    zero = record.zero
    lines: Lines = []
    widest = "no number" if zero.widest_eV is None else f"{zero.widest_eV:+.3f} eV"
    by_uff = "" if zero.widest_uff_eV is None else f" (UFF {zero.widest_uff_eV:+.3f} eV)"
    lines.append(
        (
            "zero of energies",
            f"molecule alone; {widest}{by_uff} at {zero.widest_distance_A:.1f} Å from all atoms",
        )
    )
    if zero.difference_from_uff_eV is not None:
        lines.append(
            (
                "beside UFF at weak attraction",
                f"{zero.difference_from_uff_eV:+.3f} ± {zero.difference_error_eV or 0:.3f} eV "
                f"(median)",
            )
        )
    if zero.in_box_eV is not None:
        change = zero.in_box_eV - zero.alone_eV
        lines.append(("in an empty cell of 25 Å", f"{change:+.4f} eV"))
    if zero.offset is None:
        said = "none, as a sum over pairs" if zero.by_construction else "unknown"
        lines.append(("offset of the model", said))
    else:
        offset = zero.offset
        lines.append(("offset of the model", f"{offset.offset_eV:+.3f} eV, {offset.source}"))
        for row, factor, value in zip(
            record.henry, offset.factors, offset.coefficients_mol_per_kg_Pa, strict=True
        ):
            if factor is not None and value is not None and row.significant:
                said = Markup("{} mol/(kg Pa), a factor of {}").format(
                    wording.scientific(value, 2), wording.scientific(factor, 1)
                )
                lines.append((f"K_H at {row.temperature_K:g} K with it taken off", said))
    return lines


def _places(record: InsertionRecord) -> Lines:
    lines: Lines = []
    if record.pockets is not None:
        pockets = record.pockets
        lines.append(
            (
                "pockets",
                f"{pockets.n_pockets} beside {pockets.n_channels} channels, by {pockets.method}; "
                f"{pockets.share_blocked:.1%} of the weight",
            )
        )
    for well in record.wells.suspected[:5]:
        lines.append(
            (
                f"suspected insertion {well.insertion}",
                f"{well.energy_eV:.2f} eV: {'; '.join(well.reasons)}",
            )
        )
    return lines


def _henry(row: HenryPart, when: str) -> Lines:
    value, error = row.coefficient_mol_per_kg_Pa, row.coefficient_error_mol_per_kg_Pa
    if not row.significant or value is None:
        return [(f"K_H {when}", "none: too few insertions carry the weight")]
    shown = wording.scientific(value, 3)
    said = Markup("{} mol/(kg Pa)").format(shown)
    if error is not None:
        said = Markup("{} ± {} mol/(kg Pa)").format(shown, wording.scientific(error, 1))
    lines: Lines = [(f"K_H {when}", said)]
    cell, potential = row.coefficient_per_cell_Pa, row.excess_chemical_potential_kJ_per_mol
    if cell is not None:
        per_cell = Markup("{} molecules/(cell Pa)").format(wording.scientific(cell, 3))
        lines.append((f"the same {when}", per_cell))
    if potential is not None:
        lines.append(
            (
                f"excess chemical potential {when}",
                _in_kJ(potential, row.excess_chemical_potential_error_kJ_per_mol),
            )
        )
    if row.heat_kJ_per_mol is not None:
        lines.append(
            (
                f"heat at zero loading {when}",
                _in_kJ(row.heat_kJ_per_mol, row.heat_error_kJ_per_mol),
            )
        )
    lines.append(
        (
            f"effective insertions {when}",
            f"{row.n_effective:.4g}; the heaviest 1 % have {row.heaviest_share:.0%} of the weight",
        )
    )
    return lines


def _in_kJ(value: float, error: float | None) -> str:
    return f"{value:.2f} kJ/mol" if error is None else f"{value:.2f} ± {error:.2f} kJ/mol"


def _charts(record: WidomRecord) -> Sequence[Figure]:
    if record.results is None:
        return ()
    return list(zip(record.results.charts(), _NOTES, strict=False))


def _surfaces(record: WidomRecord) -> Sequence[Surface]:
    """Return where half of the molecules are, and what is one k_B T above."""
    from nearsight.adsorption.isosurface import free_energy_surfaces  # takes its time

    if record.results is None:
        return ()
    surfaces = free_energy_surfaces(record.results.adsorption, tuple(_LOOKS))
    gas, row = record.gas.name, record.henry[0]
    of_first = " of the first snapshot" if record.insertion.n_frames > 1 else ""
    return [
        Surface(
            mesh=surface.mesh,
            color=color,
            opacity=opacity,
            label=f"{surface.share:.0%} of {gas} are within{of_first}: free energy below "
            f"{surface.level_eV:.3f} eV at {row.temperature_K:g} K and low pressure",
        )
        for surface, (color, opacity) in zip(surfaces, _LOOKS.values(), strict=False)
    ]


SUBJECT = Subject(
    what="Gas in a framework",
    plural="Gas in frameworks",
    numbers=insertion_lines,
    charts=_charts,
    surfaces=_surfaces,
)
