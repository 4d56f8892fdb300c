"""The part of the page about how far the sites of a structure see."""

from typing import Any

import numpy as np
from ase import Atoms
from numpy.typing import NDArray

from nearsight.charts.palette import SCALE
from nearsight.locality.comparison import FAR_DISTANCES_A
from nearsight.locality.convergence import SiteConvergence
from nearsight.locality.group_matrices import atoms_not_shared
from nearsight.records.questions import LocalityRecord
from nearsight.reports import wording
from nearsight.reports.geometry import colored_viewer_data
from nearsight.reports.provenance import Group, Lines
from nearsight.reports.sections import Section, Slot, overview_values
from nearsight.reports.subjects.subject import Subject
from nearsight.reports.svg import draw
from nearsight.reports.templates import render

_LOWEST_EV_PER_A2 = 1e-3
"""Colours of what is felt less are all the same."""
_MOST_SITES_DRAWN = 12
"""Sites whose fragments are shown in 3D; more make a page slow to open."""


def _drawn(record: LocalityRecord, slot: Slot) -> Section | None:
    """Return the section of a structure whose locality has just been examined."""
    results = record.results
    if results is None:
        return None
    locality, anchor = results.locality, slot.anchor
    shrunk = any(len(site.shells) > 1 for site in locality.sites)
    return Section(
        anchor=anchor,
        html=render(
            "locality.html.j2",
            **slot.values,
            entry=results,
            what=f"Locality of a {wording.described(results.atoms)}, by {record.method}",
            sites=[_site_values(site, f"{anchor}-site-{site.site}") for site in locality.sites],
            drawn=locality.sites[:_MOST_SITES_DRAWN],
            convergence=draw(locality.chart(), f"{anchor}-convergence") if shrunk else None,
            scale=SCALE,
            far_distances_A=FAR_DISTANCES_A,
        ),
        title=f"Locality of {wording.stem(results.name)}",
        subject="Locality",
        force_range_A=record.force_range_A,
        **overview_values(record),
    )


def _site_values(site: SiteConvergence, anchor: str) -> dict[str, Any]:
    """Return what the page shows of one site."""
    atoms = site.reference.atoms
    lost = _lost_with(site)
    return {
        "anchor": anchor,
        "label": f"{site.element}{site.site}",
        "site": site,
        "shells": list(enumerate(site.shells)),
        "interactions": draw(site.interactions_chart(), f"{anchor}-interactions")
        if len(atoms) > 1
        else None,
        "viewers": [
            _viewer("‖h‖", f"{anchor}-h", atoms, site.reference_norms_eV_per_A2, "h_eV_per_A2"),
            _viewer("‖G′‖", f"{anchor}-g", atoms, lost, "G_eV_per_A2"),
        ],
    }


def _viewer(
    label: str, anchor: str, atoms: Atoms, values: NDArray[np.float64], key: str
) -> dict[str, Any]:
    logarithms = np.log10(np.maximum(values, _LOWEST_EV_PER_A2))
    return {
        "label": label,
        "anchor": anchor,
        "low": 10.0 ** float(logarithms.min()),
        "high": 10.0 ** float(logarithms.max()),
        "data": colored_viewer_data(atoms, logarithms, {key: values}),
    }


def _lost_with(site: SiteConvergence) -> NDArray[np.float64]:
    """Return for each atom ‖G'‖ of the largest fragment that lacks it, shape ``(n_atoms,)``.

    Atoms that even the smallest fragment has get the largest of all.
    """
    atoms = site.reference.atoms
    norms = [shell.group_norm_eV_per_A2 for shell in site.shells]
    lost = np.full(len(atoms), max(norms))
    for shell, norm in zip(reversed(site.shells), reversed(norms), strict=True):
        removed, _ = atoms_not_shared(atoms, shell.fragment.atoms)
        lost[removed] = norm
    return lost


def _numbers(record: LocalityRecord) -> Lines:
    return [
        ("range of forces", f"{record.force_range_A:.2f} Å"),
        ("cutoff that follows", f"{record.cutoff_A:.2f} Å"),
    ]


def _rows_of_sites(record: LocalityRecord) -> list[Group]:
    if record.results is None:
        return []
    first = record.results.locality.sites[0].computation
    lines: Lines = [("method", first.method), ("reason", first.reason)]
    if first.step_A is not None:
        lines.append(("displacement", f"{first.step_A:g} Å"))
    return [Group("Rows of the sites", lines)]


def _conventions(record: LocalityRecord) -> Lines:
    return [
        ("threshold", f"{record.threshold_eV_per_A2:g} eV/Å²"),
        ("reference radius", f"{record.reference_radius_A:g} Å"),
    ]


SUBJECT = Subject(
    what="Locality",
    plural="Locality",
    numbers=_numbers,
    overview=lambda record: {"force_range_A": record.force_range_A},
    derivatives=_rows_of_sites,
    conventions=_conventions,
    drawn=_drawn,
)
