# %% [markdown]
# # Heat capacities of porous solids against DFT
#
# Each solid is relaxed, atoms and cell, its Hessian is computed by automatic differentiation, and
# its heat capacity at 300 K is compared with DFT (PBE-D3 at Γ, Moosavi et al., Nat. Mater. 2022,
# 21, 1419, doi 10.1038/s41563-022-01374-3) and with the published MACE-MP-0+D3 values of
# Gönnheimer, Reuter and Margraf, J. Chem. Theory Comput. 2025, 21, 4742
# (doi 10.1021/acs.jctc.4c01790), whose figures 5 and 6 this repeats with other models, in all
# three conventions for the acoustic modes.
#
#     python studies/heat_capacity_of_porous_solids.py DATA --records FOLDER
#         [--models sevennet-0 sevennet-0+d3] [--max-atoms 60] [--name NAME]
#
# DATA holds `reference.csv` with the columns name, n_atoms, dft_300K and mace_mp_0_d3_300K in
# J/(g K), and `structures/NAME.cif`. There is one record per solid in FOLDER/MODEL, and its Hessian
# beside it; the study goes on from those that are there. Relaxation starts from the file for the
# first model, and for every other one from the minimum of the first, which is near and saves half
# of the work.
import argparse
import csv
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from ase import Atoms
from matplotlib.figure import Figure
from numpy.typing import NDArray

from nearsight.evaluation.porous.references import HALF_A_CELL
from nearsight.hessian import Hessian
from nearsight.models import Model, load_model
from nearsight.structures import read_structure
from nearsight.vibrations import Vibrations, fit_scale_factor_to_heat_capacity, thermodynamics
from nearsight.vibrations import vibrations as modes_of
from nearsight.vibrations.settings import Acoustic
from nearsight.workflows import (
    RelaxationSettings,
    RowSettings,
    VibrationsSettings,
    keep_unfinished,
    vibrations,
)
from records import Record, collect, file_name, markdown_table, without_errors

TEMPERATURE_K = 300.0
ACOUSTIC: tuple[Acoustic, ...] = ("exclude", "classical", "as-computed")
SETTINGS = VibrationsSettings(
    relaxation=RelaxationSettings(max_steps=1500), rows=RowSettings(method="rows")
)
PUBLISHED = "MACE-MP-0+D3, published"


@dataclass(frozen=True)
class Solid:
    """One line of the reference table."""

    name: str
    n_atoms: int
    dft_J_per_g_K: float
    published_J_per_g_K: float


def read_reference(data: Path, max_atoms: int) -> list[Solid]:
    """Return the solids with at most `max_atoms` atoms, the smallest first."""
    with open(data / "reference.csv", newline="", encoding="utf-8") as file:
        solids = [
            Solid(
                row["name"],
                int(row["n_atoms"]),
                float(row["dft_300K"]),
                float(row["mace_mp_0_d3_300K"]),
            )
            for row in csv.DictReader(file)
        ]
    return sorted(
        (solid for solid in solids if solid.n_atoms <= max_atoms), key=lambda solid: solid.n_atoms
    )


# %% [markdown]
# ## One solid
def calculate(name: str, atoms: Atoms, model: Model, folder: Path) -> Record:
    """Relax, compute the Hessian, keep it, and return the record."""
    with keep_unfinished(folder / "unfinished") as unfinished:
        record = vibrations(atoms, model, SETTINGS, unfinished=unfinished)
        record.results.hessian.save(folder / f"{name}.hessian.npz")
    steps = record.relaxation.steps
    print(f"{name}: {len(atoms)} atoms, {steps} steps, {record.seconds:.0f} s", flush=True)
    values = record.to_json()
    kept = ("n_atoms", "model", "relaxation", "hessian", "modes", "seconds", "versions")
    return {
        "structure": name,
        **{each: values[each] for each in kept},
        "heat_capacity_J_per_g_K": {
            convention: capacity(record.results.vibrations, convention) for convention in ACOUSTIC
        },
    }


def capacity(modes: Vibrations, convention: Acoustic) -> float:
    """Return the heat capacity in J/(g K)."""
    return float(thermodynamics(modes, TEMPERATURE_K, convention).heat_capacity_J_per_g_K[0])


# %% [markdown]
# ## All of them, in one table
def main() -> None:
    """Calculate what is missing, and write the tables and the figure."""
    parser = argparse.ArgumentParser(description="Heat capacities of porous solids against DFT")
    parser.add_argument("data", type=Path)
    parser.add_argument("--models", nargs="+", default=["sevennet-0", "sevennet-0+d3"])
    parser.add_argument("--labels", nargs="+", help="what to call the models, in their order")
    parser.add_argument("--trust-checkpoint", action="store_true")
    parser.add_argument("--max-atoms", type=int, default=60)
    parser.add_argument("--name", default="heat_capacity_of_porous_solids", help="of the results")
    parser.add_argument("--records", type=Path, required=True)
    parser.add_argument("--results", type=Path, default=Path(__file__).parent / "results")
    arguments = parser.parse_args()
    solids = {solid.name: solid for solid in read_reference(arguments.data, arguments.max_atoms)}
    labels = arguments.labels or arguments.models
    first = arguments.records / file_name(labels[0])
    found: dict[str, dict[str, Record]] = {}
    for name, label in zip(arguments.models, labels, strict=True):
        model = load_model(name, trust=arguments.trust_checkpoint)
        folder = arguments.records / file_name(label)

        def one(solid: str, model: Model = model, folder: Path = folder) -> Record:
            minimum = first / f"{solid}.hessian.npz"
            if folder != first and minimum.is_file():
                atoms = Hessian.load(minimum).atoms
            else:
                atoms = read_structure(arguments.data / "structures" / f"{solid}.cif")
            return calculate(solid, atoms, model, folder)

        found[label] = without_errors(collect(folder, solids, one, {"model": name}))
    # A comparison of models is one over the same solids.
    common = [solid for name, solid in solids.items() if all(name in of for of in found.values())]
    compared = [solid for solid in common if solid.name not in HALF_A_CELL]
    if not compared:
        sys.exit("no solid was calculated by every model; there is nothing to compare.")
    arguments.results.mkdir(exist_ok=True)
    stem = arguments.results / arguments.name
    stem.with_suffix(".md").write_text(
        report(solids, common, compared, found, arguments.records), encoding="utf-8"
    )
    draw(compared, found).savefig(stem.with_suffix(".png"), dpi=150)
    print(f"wrote {stem}.md and {stem}.png")


def report(
    solids: dict[str, Solid],
    common: list[Solid],
    compared: list[Solid],
    found: dict[str, dict[str, Record]],
    records: Path,
) -> str:
    """Return the committed tables."""
    reference = np.array([solid.dft_J_per_g_K for solid in compared])
    published = np.array([solid.published_J_per_g_K for solid in compared])
    summary = [[PUBLISHED, "exclude", *statistics(published, reference), ""]]
    for model, of_model in found.items():
        folder = records / file_name(model)
        modes = [modes_of(Hessian.load(folder / f"{solid.name}.hessian.npz")) for solid in compared]
        for convention in ACOUSTIC:
            values = capacities(of_model, compared, convention)
            fit = fit_scale_factor_to_heat_capacity(modes, reference, TEMPERATURE_K, convention)
            scaled = f"{fit.factor:.3f} ({fit.rms_residual:.1%})"
            summary.append([model, convention, *statistics(values, reference), scaled])
    left_out = sorted({solid.name for solid in common} & HALF_A_CELL)
    failed = sorted(
        {f"{name} ({model})" for model, of in found.items() for name in solids if name not in of}
    )
    unconverged = sorted(
        f"{solid.name} ({model})"
        for model, of_model in found.items()
        for solid in common
        if not of_model[solid.name]["relaxation"]["converged"]
    )
    return (
        f"# Heat capacities of porous solids at {TEMPERATURE_K:.0f} K against DFT\n\n"
        f"{len(compared)} solids of {compared[0].n_atoms} to {compared[-1].n_atoms} atoms; "
        f"deviation from PBE-D3 in J/(g K).\nLeft out of the statistics, because their DFT value "
        f"carries the mass of half a cell: {', '.join(left_out) or 'none'}.\n"
        f"Failed: {', '.join(failed) or 'none'}. "
        f"Not converged: {', '.join(unconverged) or 'none'}.\n\n"
        + markdown_table(
            ["model", "acoustic", "MAE", "ME", "mean |rel|", "mean rel", "best factor (rms)"],
            summary,
        )
        + "\nThe best factor multiplies all wavenumbers and minimises the relative deviation, "
        "whose\nroot mean square is in brackets.\n\n## Each solid, J/(g K)\n\n"
        + markdown_table(*each_solid(common, found))
    )


def each_solid(
    common: list[Solid], found: dict[str, dict[str, Record]]
) -> tuple[list[str], list[list[str]]]:
    """Return header and rows of the table with one line per solid."""
    header = ["solid", "atoms", "DFT", "MACE publ."]
    for model in found:
        header += [f"{model} {convention}" for convention in ACOUSTIC] + ["imaginary"]
    rows = []
    for solid in common:
        row = [solid.name, str(solid.n_atoms)]
        row += [f"{solid.dft_J_per_g_K:.4f}", f"{solid.published_J_per_g_K:.4f}"]
        for of_model in found.values():
            record = of_model[solid.name]
            row += [f"{record['heat_capacity_J_per_g_K'][key]:.4f}" for key in ACOUSTIC]
            row.append(str(record["modes"]["n_imaginary"]))
        rows.append(row)
    return header, rows


def capacities(
    records: dict[str, Record], solids: list[Solid], convention: str
) -> NDArray[np.float64]:
    """Return the heat capacity of each solid in J/(g K)."""
    return np.array(
        [records[solid.name]["heat_capacity_J_per_g_K"][convention] for solid in solids]
    )


def statistics(values: NDArray[np.float64], reference: NDArray[np.float64]) -> list[str]:
    """Return mean absolute, mean, mean absolute relative and mean relative deviation as text."""
    deviation, relative = values - reference, values / reference - 1
    return [
        f"{np.abs(deviation).mean():.4f}",
        f"{deviation.mean():+.4f}",
        f"{np.abs(relative).mean():.2%}",
        f"{relative.mean():+.2%}",
    ]


def draw(solids: list[Solid], found: dict[str, dict[str, Record]]) -> Figure:
    """Return the figure: parity with DFT, and how many imaginary modes there are."""
    figure = Figure(figsize=(9, 4), layout="constrained")
    left, right = figure.subplots(1, 2)
    reference = np.array([solid.dft_J_per_g_K for solid in solids])
    published = np.array([solid.published_J_per_g_K for solid in solids])
    limits = [0.95 * reference.min(), 1.05 * published.max()]
    left.plot(limits, limits, color="grey", linewidth=1)
    left.plot(reference, published, "x", color="grey", label=PUBLISHED)
    for model, marker in zip(found, "osD^v", strict=False):
        values = capacities(found[model], solids, "exclude")
        left.plot(reference, values, marker, markersize=4, alpha=0.8, label=model)
    left.set_xlabel("c$_v$ (DFT), J/(g K)")
    left.set_ylabel("c$_v$ (model), J/(g K)")
    left.set_title(f"{TEMPERATURE_K:.0f} K, acoustic modes excluded", fontsize=10)
    left.legend(fontsize=8)
    counts = [
        [of_model[solid.name]["modes"]["n_imaginary"] for solid in solids]
        for of_model in found.values()
    ]
    bins = np.arange(max(3, *map(max, counts)) + 2) - 0.5
    right.hist(counts, bins=list(bins), label=list(found))
    right.set_xticks(range(len(bins) - 1))
    right.set_xlabel("imaginary modes of the relaxed solid")
    right.set_ylabel("solids")
    right.legend(fontsize=8)
    return figure


if __name__ == "__main__":
    main()
