# %% [markdown]
# # How many rows of a Hessian symmetry leaves
#
# Rows of a Hessian follow from one another by space group and translation. How many are needed
# depends on how exactly a file keeps its symmetry, so that they are counted within 10⁻⁵ Å, as
# Nearsight does unless told otherwise, within 10⁻² Å, and for the structure moved onto the group
# that it has within 10⁻² Å, whose price is a change of the model's energy. A model without parity
# keeps rotations, but no mirror images, so that both counts are given: of the whole group, and of
# what this model keeps of it.
#
#     python studies/irreducible_rows.py STRUCTURE... --records FOLDER [--model sevennet-0]
#         [--timed NAME...]
#
# There is one record per solid in FOLDER/MODEL. For the solids named by `--timed` everything from
# the file to the heat capacity is also timed twice, as given and moved onto the group and kept
# there; their records are in FOLDER/MODEL-timed. The study goes on from the records that are there.
import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from time import perf_counter

import numpy as np
from ase import Atoms
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter

from nearsight.hessian import hessian, plan
from nearsight.models import Model, load_model
from nearsight.relaxation import RelaxationSettings, relax
from nearsight.structures import read_structure, symmetrize
from nearsight.structures.tolerances import EXACT_TOLERANCE_A
from nearsight.vibrations import thermodynamics, vibrations
from records import Record, by_stem, collect, file_name, markdown_table, without_errors

TOLERANCES_A = (EXACT_TOLERANCE_A, 1e-2)
NEEDED, NEEDED_BY_MODEL = "rows_needed", "rows_needed_by_model"
TEMPERATURE_K = 300.0
ROUTES = {"as given": None, "on its group": TOLERANCES_A[1]}


# %% [markdown]
# ## Counting
def count(path: Path, model: Model) -> Record:
    """Count rows at each tolerance, and say what moving onto the space group costs."""
    atoms = read_structure(path)
    moved = symmetrize(atoms, TOLERANCES_A[1])
    given, imposed = (model.evaluate([each])[0].energy_eV for each in (atoms, moved.atoms))
    return {
        "formula": atoms.get_chemical_formula(),
        "n_atoms": len(atoms),
        "model": model.identity.to_json(),
        "mirror_equivariant": model.capabilities.mirror_equivariant,
        "plans": {f"{tolerance:g}": planned(atoms, model, tolerance) for tolerance in TOLERANCES_A},
        "on_its_group": {
            **planned(moved.atoms, model, EXACT_TOLERANCE_A),
            "max_displacement_A": moved.max_displacement_A,
            "max_strain": moved.max_strain,
            "energy_change_eV_per_atom": (imposed - given) / len(atoms),
        },
    }


def planned(atoms: Atoms, model: Model, tolerance_A: float) -> Record:
    """Return the counts of one plan."""
    found = plan(atoms, tolerance_A=tolerance_A)
    kept = plan(atoms, model.capabilities, tolerance_A=tolerance_A)
    return {
        "space_group": found.space_group,
        "rows_total": found.rows_total,
        "rows_needed": found.rows_needed,
        "rows_needed_by_model": kept.rows_needed,
        "n_atoms_primitive": len(found.primitive_atoms),
    }


# %% [markdown]
# ## Timing
def time_both(path: Path, model: Model) -> Record:
    """Time both routes from the file to the heat capacity."""
    model.evaluate([read_structure(path)])  # memory is new and compilers work in the first call
    return {
        "model": model.identity.to_json(),
        "routes": {name: timed(path, model, tolerance) for name, tolerance in ROUTES.items()},
    }


def timed(path: Path, model: Model, tolerance_A: float | None) -> Record:
    """Return times and results of one route."""
    start = perf_counter()
    atoms = read_structure(path)
    relaxation = relax(atoms, model, RelaxationSettings(max_steps=1500, symmetrize_A=tolerance_A))
    relaxed = perf_counter()
    H = hessian(relaxation.atoms, model, "rows")
    with_hessian = perf_counter()
    modes = vibrations(H)
    capacity = thermodynamics(modes, TEMPERATURE_K).heat_capacity_J_per_g_K[0]
    end = perf_counter()
    return {
        "converged": relaxation.converged,
        "steps": relaxation.n_steps,
        "energy_eV_per_atom": relaxation.energy_after_eV / len(atoms),
        "space_group": H.space_group,
        "rows_total": H.rows_total,
        "rows_computed": H.rows_computed,
        "n_imaginary": modes.n_imaginary,
        "heat_capacity_J_per_g_K": float(capacity),
        "seconds": {
            "relaxation": relaxed - start,
            "hessian": with_hessian - relaxed,
            "all": end - start,
        },
    }


# %% [markdown]
# ## All of them
def main() -> None:
    """Calculate what is missing, and write the table and the figure."""
    parser = argparse.ArgumentParser(description="How many rows of a Hessian symmetry leaves")
    parser.add_argument("structures", nargs="+", type=Path)
    parser.add_argument("--model", default="sevennet-0")
    parser.add_argument("--timed", nargs="*", default=[], metavar="NAME")
    parser.add_argument("--records", type=Path, required=True)
    parser.add_argument("--results", type=Path, default=Path(__file__).parent / "results")
    arguments = parser.parse_args()
    paths = by_stem(arguments.structures)
    unknown = sorted(set(arguments.timed) - set(paths))
    if unknown:
        sys.exit(f"--timed names {', '.join(unknown)}, which is none of the structures.")
    model = load_model(arguments.model)
    folder = arguments.records / file_name(arguments.model)
    settings = {"model": arguments.model}
    records = without_errors(
        collect(folder, paths, lambda name: count(paths[name], model), settings)
    )
    timings = collect(
        folder.with_name(f"{folder.name}-timed"),
        arguments.timed,
        lambda name: time_both(paths[name], model),
        settings,
    )
    arguments.results.mkdir(exist_ok=True)
    stem = arguments.results / "irreducible_rows"
    failed = sorted(set(paths) - set(records))
    text = report(arguments.model, records, failed)
    if timings:
        text += timing_report(without_errors(timings))
    stem.with_suffix(".md").write_text(text, encoding="utf-8")
    draw(arguments.model, records).savefig(stem.with_suffix(".png"), dpi=150)
    print(f"wrote {stem}.md and {stem}.png")


def by_atoms(records: dict[str, Record]) -> list[tuple[str, Record]]:
    """Return the records, the smallest solid first."""
    return sorted(records.items(), key=lambda item: (item[1]["n_atoms"], item[0]))


def counts(record: Record) -> list[Record]:
    """Return the plan at each tolerance, and the one on the group."""
    return [*(record["plans"][f"{each:g}"] for each in TOLERANCES_A), record["on_its_group"]]


def shares(plans: Sequence[Record], key: str) -> list[str]:
    """Return how many plans need fewer rows than there are, and statistics of the shares needed."""
    needed = np.array([each[key] for each in plans])
    total = np.array([each["rows_total"] for each in plans])
    share = needed / total
    return [
        f"{np.count_nonzero(share < 1)} of {len(share)}",
        f"{np.median(share):.1%}",
        f"{share.mean():.1%}",
        f"{share.min():.1%}",
        f"{needed.sum() / total.sum():.1%}",
    ]


def report(model: str, records: dict[str, Record], failed: Sequence[str]) -> str:
    """Return the committed tables of counts."""
    ordered = by_atoms(records)
    labels = [f"within {each:g} Å" for each in TOLERANCES_A] + ["moved onto its group"]
    summary = []
    for index, label in enumerate(labels):
        plans = [counts(record)[index] for _, record in ordered]
        for what, key in (("whole group", NEEDED), (f"what {model} keeps", NEEDED_BY_MODEL)):
            summary.append([label, what, *shares(plans, key)])
    energies = 1000 * np.array(
        [record["on_its_group"]["energy_change_eV_per_atom"] for _, record in ordered]
    )
    rows = [
        [
            name,
            str(record["n_atoms"]),
            str(record["on_its_group"]["rows_total"]),
            *(
                cell
                for each in counts(record)[:2]
                for cell in (str(each["rows_needed"]), str(each["space_group"]))
            ),
            str(record["on_its_group"][NEEDED_BY_MODEL]),
            f"{record['on_its_group']['max_displacement_A']:.4f}",
            f"{1000 * record['on_its_group']['energy_change_eV_per_atom']:+.4f}",
        ]
        for name, record in ordered
    ]
    header = ["solid", "atoms", "rows"]
    for tolerance in TOLERANCES_A:
        header += [f"needed, {tolerance:g} Å", f"group, {tolerance:g} Å"]
    header += [f"needed on its group by {model}", "moved / Å", "ΔE / meV per atom"]
    return (
        f"# How many rows of a Hessian symmetry leaves\n\n"
        f"{len(ordered)} solids of {ordered[0][1]['n_atoms']} to {ordered[-1][1]['n_atoms']} "
        f"atoms. Moving them onto the group that they have within {TOLERANCES_A[1]:g} Å\nchanges "
        f"the energy of {model} by {energies.mean():+.4f} meV per atom on average, by "
        f"{np.abs(energies).max():.4f} at most.\nFailed: {', '.join(failed) or 'none'}.\n\n"
        + markdown_table(
            ["", "", "solids with fewer rows", "median", "mean", "least", "of all rows"], summary
        )
        + "\nShares are rows needed over all rows; the last column is that of all solids "
        "together.\n\n## Each solid\n\n" + markdown_table(header, rows)
    )


def timing_report(timings: dict[str, Record]) -> str:
    """Return the table of the timed solids."""
    rows = []
    for name, record in timings.items():
        given = record["routes"]["as given"]
        for route, found in record["routes"].items():
            seconds, capacity = found["seconds"], found["heat_capacity_J_per_g_K"]
            rows.append(
                [
                    name,
                    route,
                    str(found["space_group"]),
                    f"{found['steps']}{'' if found['converged'] else ' (not converged)'}",
                    f"{found['rows_computed']} of {found['rows_total']}",
                    f"{seconds['relaxation']:.0f}",
                    f"{seconds['hessian']:.0f}",
                    f"{seconds['all']:.0f} ({given['seconds']['all'] / seconds['all']:.2f}x)",
                    str(found["n_imaginary"]),
                    f"{capacity:.5f} ({capacity / given['heat_capacity_J_per_g_K'] - 1:+.3%})",
                ]
            )
    header = ["solid", "route", "group", "steps", "rows", "relaxation / s", "Hessian / s"]
    header += ["all / s (faster)", "imaginary", f"c_v({TEMPERATURE_K:.0f} K) / J/(g K)"]
    return "\n## From the file to the heat capacity\n\n" + markdown_table(header, rows)


def draw(model: str, records: dict[str, Record]) -> Figure:
    """Return the figure: rows needed over atoms."""
    figure = Figure(figsize=(6, 4), layout="constrained")
    ax = figure.subplots()
    atoms = [record["n_atoms"] for _, record in by_atoms(records)]
    ax.plot(atoms, [3 * each for each in atoms], color="grey", linewidth=1, label="all rows")
    for index, (tolerance, marker) in enumerate(zip(TOLERANCES_A, "x.", strict=True)):
        needed = [counts(record)[index][NEEDED] for _, record in by_atoms(records)]
        ax.plot(atoms, needed, marker, color=f"C{index}", label=f"needed within {tolerance:g} Å")
    by_model = [record["on_its_group"][NEEDED_BY_MODEL] for _, record in by_atoms(records)]
    style = {"color": "C2", "markerfacecolor": "none", "markersize": 5}
    ax.plot(atoms, by_model, "o", label=f"needed by {model} on its group", **style)
    ax.set_xscale("log")
    ax.set_yscale("log")
    ax.xaxis.set_minor_formatter(NullFormatter())
    ax.set_xticks([20, 50, 100, 200], ["20", "50", "100", "200"])
    ax.set_xlabel("atoms in the cell")
    ax.set_ylabel("rows of the Hessian")
    ax.legend(fontsize=8)
    return figure


if __name__ == "__main__":
    main()
