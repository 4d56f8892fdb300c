# %% [markdown]
# # How far the atoms of MOF-5 see
#
# The seven kinds of sites of MOF-5 in fragments that shrink, by a reference method and by a
# machine-learned potential, beside table IV of M. Herbold and J. Behler, J. Chem. Phys. 2022, 156,
# 114106, doi:10.1063/5.0082952 (RPBE). The potential is compared with the reference on the same
# fragments, and the rows of the sites are timed against the dense Hessian of the cell.
#
#     python studies/locality_of_mof5.py MOF5.extxyz --work DIR --methods gfn1-xtb sevennet-0
#         [--reference-radius 10.5] [--figure FILE]
import argparse
import json
from collections.abc import Callable
from pathlib import Path
from time import process_time

import numpy as np
from matplotlib.figure import Figure

from nearsight.allocation import allocate_for_speed
from nearsight.fingerprint import fingerprint
from nearsight.hessian import hessian
from nearsight.locality import Locality, compare_localities, interactions, locality
from nearsight.locality.comparison import FAR_DISTANCES_A
from nearsight.locality.ranges import NEGLIGIBLE_EV_PER_A2
from nearsight.locality.site_derivatives import site_derivatives
from nearsight.models import Model, load_model
from nearsight.storage import write_text
from nearsight.structures import read_structure
from nearsight.structures.fragments import Fragment
from records import markdown_table

PUBLISHED_A = {
    "Zn1": 4.333,
    "O1": 5.165,
    "O2": 2.379,
    "C1": 8.502,
    "C2": 7.304,
    "C3": 3.817,
    "H1": 2.725,
}
"""Radii of converged fragments by RPBE, table IV."""
CELL_TOLERANCE_A = 1e-3
"""How well the structure must keep its space group for rows to follow from others."""


# %% [markdown]
# ## Sites by the names of the paper
def site_names(found: Locality) -> list[str]:
    """Return Zn1, O1 (the middle of a node), O2, C1 (carboxylate), C2, C3 and H1 for the sites."""
    atoms = found.atoms
    distances = atoms.get_all_distances(mic=True)
    names = []
    for site in found.sites:
        around = atoms.numbers[(distances[site.site] < 2.3) & (distances[site.site] > 0.1)]
        if site.element == "O":
            names.append("O1" if (around == 30).sum() == 4 else "O2")
        elif site.element == "C":
            near = atoms.numbers[(distances[site.site] < 1.6) & (distances[site.site] > 0.1)]
            hydrogen, oxygen = (near == 1).any(), (near == 8).any()
            names.append("C1" if oxygen else "C3" if hydrogen else "C2")
        else:
            names.append(f"{site.element}1")
    return names


# %% [markdown]
# ## Tables
def radius_table(found: dict[str, Locality]) -> str:
    """Return a line for each site: number of shell, atoms and radius of the converged fragment."""
    first = next(iter(found.values()))
    lines = []
    for index, name in enumerate(site_names(first)):
        line = [name, f"{PUBLISHED_A[name]:.3f}"]
        for each in found.values():
            site = each.sites[index]
            shell = site.converged
            line += [
                f"{shell.radius_A:.3f}",
                str(len(shell.fragment.atoms)),
                f"{shell.group_norm_eV_per_A2:.2f}, {shell.force_error_eV_per_A:.3f}",
                "-" if site.outermost_eV_per_A2 is None else f"{site.outermost_eV_per_A2:.3f}",
            ]
        lines.append(line)
    header = ["site", "RPBE, paper / Å"]
    for method in found:
        header += [f"{method} / Å", "atoms", "‖G'‖, ‖Δf‖", "outermost ‖h‖"]
    return markdown_table(header, lines)


def shell_tables(found: dict[str, Locality]) -> str:
    """Return every fragment of every site."""
    parts = []
    for method, each in found.items():
        for name, site in zip(site_names(each), each.sites, strict=True):
            lines = [
                [
                    str(len(shell.fragment.atoms)),
                    str(shell.fragment.n_caps),
                    f"{shell.radius_A:.3f}",
                    f"{shell.group_norm_eV_per_A2:.3f}",
                    f"{shell.force_error_eV_per_A:.4f}",
                    "converged" if shell is site.converged else "",
                ]
                for shell in site.shells
            ]
            header = ("atoms", "caps", "radius / Å", "‖G'‖ / eV/Å²", "‖Δf‖ / eV/Å", "")
            parts.append(f"\n{name}, {method}\n\n{markdown_table(header, lines)}")
    return "".join(parts)


def comparison_table(model: Locality, reference: Locality) -> str:
    """Return how strongly the model feels what is far away, over the reference."""
    compared = compare_localities(model, reference)
    lines = []
    for name, site in zip(site_names(model), compared.sites, strict=True):
        ratios = [site.far_ratio(distance) for distance in FAR_DISTANCES_A]
        lines.append(
            [
                name,
                f"{site.model_r_frag_A:.3f}",
                f"{site.reference_r_frag_A:.3f}",
                *("-" if ratio is None else f"{ratio:.2f}" for ratio in ratios),
                f"{site.unseen_eV_per_A2:.3f}",
            ]
        )
    beyond = [f"felt beyond {distance:g} Å" for distance in FAR_DISTANCES_A]
    return markdown_table(
        ("site", f"{compared.model} / Å", f"{compared.reference} / Å", *beyond, "out of reach"),
        lines,
    )


def figure(found: dict[str, Locality], path: Path) -> None:
    """Draw what each site feels over distance, and what fragments lose over their radius."""
    drawing = Figure(figsize=(9.6, 3.6 * len(found)), layout="constrained")
    panels = drawing.subplots(len(found), 2, squeeze=False)
    for (left, right), (method, each) in zip(panels, found.items(), strict=True):
        for name, site in zip(site_names(each), each.sites, strict=True):
            others = np.arange(len(site.distances_A)) != site.reference.site
            left.plot(
                site.distances_A[others],
                site.reference_norms_eV_per_A2[others],
                ".",
                ms=4,
                label=name,
            )
        left.axhline(NEGLIGIBLE_EV_PER_A2, color="0.5", lw=0.8, ls="--")
        left.set(
            title=method,
            yscale="log",
            ylim=(1e-5, None),
            xlabel="distance / Å",
            ylabel=r"$\|h_{AB}\|$ / eV Å$^{-2}$",
        )
        left.legend(ncols=2)
        each.plot(right)
        right.set_title(method)
    drawing.savefig(path, dpi=150)


# %% [markdown]
# ## The work
def seconds_of(work: Callable[[], object]) -> float:
    """Return what something takes in seconds of the processor."""
    start = process_time()
    work()
    return process_time() - start


def cost_row(found: Locality, model: Model, dense_site: str) -> list[str]:
    """Return what rows of sites cost beside dense Hessians: of one fragment, and of the cell.

    The dense Hessian of the fragment is computed, that of the cell is told by its rows.
    """
    fragment = found.sites[site_names(found).index(dense_site)].converged.fragment
    own = seconds_of(lambda: site_derivatives(fragment, model))
    dense = seconds_of(lambda: hessian(fragment.atoms, model))
    start = process_time()
    cell = interactions(found.atoms, model, row_symmetry_A=CELL_TOLERANCE_A)
    of_cell = process_time() - start
    n_rows = 3 * len(found.atoms)
    of_whole = of_cell / cell.rows_needed * n_rows
    return [
        f"{len(fragment.atoms)} atoms: {own:.1f} s, {dense:.1f} s, {dense / own:.0f}",
        f"{cell.rows_needed} of {n_rows} rows: {of_cell:.0f} s, {of_whole:.0f} s, "
        f"{of_whole / of_cell:.0f}",
    ]


def main() -> None:
    """Examine what is not there yet, and print the tables."""
    parser = argparse.ArgumentParser(description="How far the atoms of MOF-5 see.")
    parser.add_argument("structure", type=Path)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--methods", nargs="+", default=["gfn1-xtb", "sevennet-0"])
    parser.add_argument("--reference-radius", type=float, default=12.0)
    parser.add_argument("--dtype", default="float64")
    parser.add_argument("--figure", type=Path)
    parser.add_argument("--dense-site", default="Zn1", help="whose fragment is computed in full")
    arguments = parser.parse_args()
    allocate_for_speed()
    arguments.work.mkdir(parents=True, exist_ok=True)
    atoms = read_structure(arguments.structure)
    found: dict[str, Locality] = {}
    models: dict[str, Model] = {}
    for method in arguments.methods:
        model = models[method] = load_model(method, dtype=arguments.dtype)

        def checkpoint_of(fragment: Fragment, model: Model = model) -> Path:
            digests = fingerprint(fragment.atoms, model.identity, {"site": fragment.site})
            return arguments.work / f"{'-'.join(one[:10] for one in digests.values())}.rows"

        found[method] = locality(
            atoms,
            model,
            reference_radius_A=arguments.reference_radius,
            checkpoint_of=checkpoint_of,
        )
        write_text(arguments.work / f"{method}.json", json.dumps(found[method].summary(), indent=1))
        print(
            f"{method}: range of forces {found[method].force_range_A:.3f} Å, "
            f"{len(found[method].fragments)} fragments cover all sites: "
            f"{[len(fragment.atoms) for fragment in found[method].fragments]} atoms",
            flush=True,
        )
    if arguments.figure:
        figure(found, arguments.figure)
    print(radius_table(found))
    if len(found) == 2:
        reference, model_found = found.values()
        print(comparison_table(model_found, reference))
    print(shell_tables(found))
    header = (
        "method",
        f"fragment of {arguments.dense_site}: rows of the site, dense Hessian, ratio",
        "cell: irreducible rows, every row, ratio",
    )
    rows = [
        [name, *cost_row(each, models[name], arguments.dense_site)] for name, each in found.items()
    ]
    print(markdown_table(header, rows))


if __name__ == "__main__":
    main()
