"""The part of the page about how far the sites of a structure see."""

from typing import Any

import numpy as np
from ase import Atoms
from numpy.typing import NDArray

from nearsight.locality.comparison import FAR_DISTANCES_A
from nearsight.locality.convergence import SiteConvergence
from nearsight.locality.group_matrices import atoms_not_shared
from nearsight.records.locality_results import LocalityResults
from nearsight.records.questions import LocalityRecord
from nearsight.reports import wording
from nearsight.reports.geometry import colored_viewer_data
from nearsight.reports.locality_figures import convergence_svg, interactions_svg
from nearsight.reports.palette import SCALE
from nearsight.reports.record_rows import provenance_rows
from nearsight.reports.sections import Section, head_values, overview_values
from nearsight.reports.templates import render

_LOWEST_EV_PER_A2 = 1e-3
"""Colours of what is felt less are all the same."""
_MOST_SITES_DRAWN = 12
"""Sites whose fragments are shown in 3D; more make a page slow to open."""


def locality_section(record: LocalityRecord, results: LocalityResults, number: int) -> Section:
    """Return the section of a structure whose locality was examined.

    Parameters
    ----------
    record
        What is recorded of it.
    results
        Those of the run.
    number
        Its place on the page, from 1 on, unique on it.
    """
    anchor = f"structure-{number}"
    sites = results.locality.sites
    shrunk = any(len(site.shells) > 1 for site in sites)
    threshold = record.threshold_eV_per_A2
    return Section(
        anchor=anchor,
        html=render(
            "locality.html.j2",
            **head_values(record, anchor),
            entry=results,
            what=f"Locality of a {wording.described(results.atoms)}, by {record.method}",
            sites=[_site_values(site, f"{anchor}-site-{site.site}") for site in sites],
            drawn=sites[:_MOST_SITES_DRAWN],
            convergence=convergence_svg(sites, threshold, f"{anchor}-convergence")
            if shrunk
            else None,
            scale=SCALE,
            far_distances_A=FAR_DISTANCES_A,
            provenance=provenance_rows(record),
        ),
        title=f"Locality of {wording.stem(results.name)}",
        subject="Locality",
        heat_capacities=(),
        imaginary=None,
        radius_A=record.common_radius_A,
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
        "interactions": interactions_svg(site, f"{anchor}-interactions")
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
