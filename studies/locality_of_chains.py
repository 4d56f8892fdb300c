# %% [markdown]
# # How far a chain is felt
#
# Fragments of hexadecane, all-trans hexadecaoctaene, quinquephenyl (planar, and with rings at right
# angles) and a row of six nodes of MOF-5, which shrink towards one atom: its force error and the
# norm of the effective group matrix, beside tables I and II of M. Herbold and J. Behler, J. Chem.
# Phys. 2022, 156, 114106, doi:10.1063/5.0082952. The threshold Γ is fitted to the fragments of
# geometries scaled by 0.90 to 1.20.
#
#     python studies/locality_of_chains.py --records DIR [--method gfn2-xtb] [--rows auto]
#         [--step H] [--systems NAME ...] [--scales 1.0 ...] [--hexadecaoctaene FILE]
#         [--figure FILE]
import argparse
from dataclasses import replace
from pathlib import Path

import numpy as np
from ase import Atoms
from conjugated_chains import benzene, mof5_chain, quinquephenyl
from matplotlib.figure import Figure

from nearsight.errors import MethodError
from nearsight.locality import converge_site, fit_line
from nearsight.locality.settings import THRESHOLD_eV_per_A2
from nearsight.locality.threshold import FORCE_ERROR_EV_PER_A
from nearsight.models import Model, load_model
from nearsight.structures import read_structure
from nearsight.structures.fragments import Fragment
from nearsight.structures.groups import find_groups
from records import Record, collect, file_name, markdown_table

SCALES = (0.90, 0.95, 1.00, 1.05, 1.10, 1.15, 1.20)
SYSTEMS = (
    "hexadecane",
    "hexadecaoctaene",
    "quinquephenyl, planar",
    "quinquephenyl, orthogonal",
    "row of MOF-5",
)
NOT_SCALED = ("row of MOF-5",)
"""One geometry of it takes as long as all of the others together."""
WHOLE_A = 1000.0
STRUCTURES = Path(__file__).parent / "structures"

PUBLISHED = {
    "hexadecaoctaene": (
        (0.0045, 0.0124, 0.0264, 0.0532, 0.1111, 0.2663, 1.0192),
        (0.02, 0.04, 0.07, 0.14, 0.29, 0.71, 3.71),
    ),
}
"""‖Δf‖ in eV/Å and ‖G'‖ in eV/Å² of table I, RPBE, by the number of groups taken away."""


# %% [markdown]
# ## Chains, and the atom at which they are felt
def build(system: str, arguments: argparse.Namespace, model: Model) -> tuple[Atoms, int]:
    """Return a chain and its site: the first carbon atom, or one in the middle of MOF-5's row."""
    if system == "row of MOF-5":
        chain = mof5_chain(6)
        return chain, carboxylate_in_the_middle(chain)
    if system.startswith("quinquephenyl"):
        chain = quinquephenyl(benzene(model), 0.0 if "planar" in system else 90.0)
    else:
        chain = read_structure(getattr(arguments, system))
    return chain, end_carbon(chain)


def end_carbon(chain: Atoms) -> int:
    """Return the carbon atom that is farthest from the middle."""
    carbon = np.flatnonzero(chain.numbers == 6)
    middle = chain.positions[carbon].mean(axis=0)
    return int(carbon[np.argmax(np.linalg.norm(chain.positions[carbon] - middle, axis=1))])


def carboxylate_in_the_middle(chain: Atoms) -> int:
    """Return the carbon atom of a carboxylate on the linker in the middle of a row of nodes."""
    distances = chain.get_all_distances()
    oxygen = (distances < 1.4) & (chain.numbers == 8)
    zinc = chain.positions[chain.numbers == 30]
    middle = zinc.mean(axis=0)
    carboxylate = np.flatnonzero((chain.numbers == 6) & (oxygen.sum(axis=1) == 2))
    return int(
        carboxylate[np.argmin(np.linalg.norm(chain.positions[carboxylate] - middle, axis=1))]
    )


# %% [markdown]
# ## Fragments of one geometry
def measure(
    chain: Atoms,
    site: int,
    scale: float,
    model: Model,
    *,
    method: str,
    step_A: float | None,
    folder: Path,
) -> Record:
    """Return the fragments of a chain that was scaled as a whole, the reference left out.

    Finished rows are kept in a folder: a density functional takes its time for each.
    """

    def checkpoint_of(fragment: Fragment) -> Path:
        return folder / f"{scale:.2f}-{len(fragment.atoms)}.rows"

    scaled = chain.copy()
    scaled.positions *= scale
    # What is bonded is told by the chain at rest.
    groups = replace(find_groups(chain), atoms=scaled)
    folder.mkdir(parents=True, exist_ok=True)
    found = converge_site(
        groups,
        site,
        model,
        reference_radius_A=WHOLE_A,
        method=method,
        step_A=step_A,
        checkpoint_of=checkpoint_of,
    )
    return {
        "formula": chain.get_chemical_formula(),
        "site": site,
        "scale": scale,
        "n_atoms": [len(shell.fragment.atoms) for shell in found.shells[1:]],
        "radii_A": [shell.radius_A for shell in found.shells[1:]],
        "force_errors": [shell.force_error_eV_per_A for shell in found.shells[1:]],
        "group_norms": [shell.group_norm_eV_per_A2 for shell in found.shells[1:]],
        "method": found.computation.method,
        "seconds": found.computation.seconds,
    }


# %% [markdown]
# ## Tables
def fragment_table(system: str, record: Record, limit: float) -> str:
    """Return a line for each fragment at rest."""
    published = PUBLISHED.get(system)
    lines = []
    converged = True
    for index, (n_atoms, radius, error, norm) in enumerate(
        zip(
            record["n_atoms"],
            record["radii_A"],
            record["force_errors"],
            record["group_norms"],
            strict=True,
        )
    ):
        converged &= norm <= limit
        line = [str(index + 1), str(n_atoms), f"{radius:.3f}", f"{error:.4f}", f"{norm:.3f}"]
        if published:
            errors, norms = published
            line += [f"{errors[index]:.4f}", f"{norms[index]:.2f}"]
        lines.append([*line, "yes" if converged else "no"])
    header = ["g", "atoms", "radius / Å", "‖Δf‖ / eV/Å", "‖G'‖ / eV/Å²"]
    if published:
        header += ["‖Δf‖, RPBE of the paper", "‖G'‖, RPBE of the paper"]
    return markdown_table([*header, f"‖G'‖ ≤ {limit:g}"], lines)


def threshold(records: list[Record]) -> str:
    """Return Γ fitted to fragments, how many there are, and their scatter about the line."""
    pairs = [
        pair
        for one in records
        for pair in zip(one["force_errors"], one["group_norms"], strict=True)
    ]
    try:
        found = fit_line(pairs)
    except MethodError:
        return "no fragment near 0.15 eV/Å"
    return f"{found.group_norm_eV_per_A2:.2f} ({found.n_fragments}, {found.scatter_eV_per_A2:.3f})"


def threshold_table(records: dict[str, list[Record]]) -> str:
    """Return Γ of each system and of all, at rest and over all scaled geometries."""
    records = records | {"all": [one for of in records.values() for one in of]}
    lines = [
        [system, threshold([one for one in of if one["scale"] == 1.0]), threshold(of)]
        for system, of in records.items()
    ]
    return markdown_table(
        ("system", "Γ / eV/Å², at rest (fragments, scatter)", "Γ, scaled geometries"), lines
    )


def figure(records: dict[str, list[Record]], path: Path) -> None:
    """Draw ‖G'‖ over ‖Δf‖ for every fragment of every geometry."""
    drawing = Figure(figsize=(6.4, 4.8), layout="constrained")
    axes = drawing.subplots()
    for index, (system, of) in enumerate(records.items()):
        for one in of:
            at_rest = one["scale"] == 1.0
            axes.plot(
                one["force_errors"],
                one["group_norms"],
                "o" if at_rest else ".",
                color=f"C{index}",
                ms=5 if at_rest else 3,
                alpha=1.0 if at_rest else 0.5,
                label=system if at_rest else None,
            )
    axes.axvline(FORCE_ERROR_EV_PER_A, color="0.5", lw=0.8, ls="--")
    axes.axhline(THRESHOLD_eV_per_A2, color="0.5", lw=0.8, ls="--")
    axes.set(
        xscale="log",
        yscale="log",
        xlabel=r"$\|\Delta f\|$ / eV Å$^{-1}$",
        ylabel=r"$\|G'\|$ / eV Å$^{-2}$",
        xlim=(1e-4, None),
        ylim=(1e-4, None),
    )
    axes.legend()
    drawing.savefig(path, dpi=150)


def main() -> None:
    """Examine what is not there yet, and print the tables."""
    parser = argparse.ArgumentParser(description="How far a chain is felt.")
    for name in ("hexadecane", "hexadecaoctaene"):
        parser.add_argument(f"--{name}", type=Path, default=STRUCTURES / f"{name}_gfn2.xyz")
    parser.add_argument("--records", type=Path, required=True)
    parser.add_argument("--method", default="gfn2-xtb")
    parser.add_argument("--systems", nargs="+", default=SYSTEMS, choices=SYSTEMS)
    parser.add_argument("--rows", default="auto", help="how rows are computed")
    parser.add_argument("--step", type=float, help="displacement of differences in Å")
    parser.add_argument("--scales", nargs="+", type=float, default=SCALES)
    parser.add_argument("--threshold", type=float, default=THRESHOLD_eV_per_A2)
    parser.add_argument("--figure", type=Path)
    arguments = parser.parse_args()
    model = load_model(arguments.method)
    records: dict[str, list[Record]] = {}
    for system in arguments.systems:
        chain, site = build(system, arguments, model)
        scales = (1.0,) if system in NOT_SCALED else arguments.scales

        folder = arguments.records / file_name(arguments.method) / file_name(system)

        def calculate(
            name: str, chain: Atoms = chain, site: int = site, folder: Path = folder
        ) -> Record:
            how = {"method": arguments.rows, "step_A": arguments.step}
            return measure(chain, site, float(name), model, **how, folder=folder)

        names = [f"{scale:.2f}" for scale in scales]
        settings = {
            "method": arguments.method,
            "rows": arguments.rows,
            "step_A": arguments.step,
            "system": system,
        }
        found = collect(folder, names, calculate, settings)
        records[system] = [found[name] for name in names if "error" not in found[name]]
        at_rest = next(one for one in records[system] if one["scale"] == 1.0)
        print(f"## {system}, {at_rest['formula']}, site {at_rest['site']}\n")
        print(fragment_table(system, at_rest, arguments.threshold))
    if arguments.figure:
        figure(records, arguments.figure)
    print(threshold_table({name: of for name, of in records.items() if name not in NOT_SCALED}))


if __name__ == "__main__":
    main()
