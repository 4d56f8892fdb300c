# %% [markdown]
# How precise are differences, and how precise is single precision?
#
# The Hessian of each solid by forward, central and fourth-order differences of the forces with
# steps from 10⁻² to 10⁻⁸ Å, in double and single precision, against automatic differentiation in
# double precision: largest and mean absolute deviation, and the number of imaginary modes that each
# of them finds. This is figure 3 of Gönnheimer, Reuter and Margraf, J. Chem. Theory Comput. 2025,
# 21, 4742 (doi 10.1021/acs.jctc.4c01790), with other models and one more scheme.
#
#     python studies/hessian_precision.py STRUCTURE... --model sevennet-0 --relax --records FOLDER
#
# There is one record per solid in FOLDER/MODEL; the study goes on from those that are there, and
# writes its table and figure from all of them.
import argparse
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import ase.io
import numpy as np
from ase import Atoms
from matplotlib.figure import Figure
from numpy.typing import NDArray

from nearsight.derivatives.differences import SCHEMES
from nearsight.hessian import Hessian, hessian
from nearsight.models import Model, load_model
from nearsight.relaxation import relax
from nearsight.structures import read_structure
from nearsight.vibrations import vibrations
from records import Record, by_stem, collect, file_name, markdown_table, without_errors

STEPS_A = tuple(10.0**-power for power in range(2, 9))
DTYPES = ("float64", "float32")
OFFSETS = sorted({offset for scheme in SCHEMES.values() for offset in scheme.offsets})


# %% [markdown]
# ## One solid
#
# All schemes share their displaced structures: five force calls, of which one at rest, give a row
# in three approximations.
def examine(atoms: Atoms, models: dict[str, Model]) -> Record:
    """Return deviations and imaginary modes of every scheme, step and precision."""
    exact = hessian(atoms, models["float64"], "rows", row_symmetry_A=None)
    single = hessian(atoms, models["float32"], "rows", row_symmetry_A=None)
    entries = [compare(single, exact, scheme="AD", dtype="float32", step_A=None)]
    for dtype, model in models.items():
        for step_A in STEPS_A:
            for scheme, matrix in differences(atoms, model, step_A).items():
                approximate = replace(exact, matrix_eV_per_A2=matrix)
                entries.append(
                    compare(approximate, exact, scheme=scheme, dtype=dtype, step_A=step_A)
                )
    return {
        "formula": atoms.get_chemical_formula(),
        "n_atoms": len(atoms),
        "model": models["float64"].identity.to_json(),
        "n_imaginary_exact": vibrations(exact).n_imaginary,
        "lowest_exact_per_cm": float(vibrations(exact).wavenumbers_per_cm[0]),
        "largest_element_eV_per_A2": float(np.abs(exact.matrix_eV_per_A2).max()),
        "entries": entries,
        "versions": dict(exact.provenance.versions),
    }


def compare(approximate: Hessian, exact: Hessian, **labels: Any) -> Record:
    """Return how far a Hessian is from the exact one, element by element and in its modes."""
    deviation = np.abs(approximate.matrix_eV_per_A2 - exact.matrix_eV_per_A2)
    return {
        **labels,
        "max_error_eV_per_A2": float(deviation.max()),
        "mean_error_eV_per_A2": float(deviation.mean()),
        "n_imaginary": vibrations(approximate).n_imaginary,
    }


def differences(atoms: Atoms, model: Model, step_A: float) -> dict[str, NDArray[np.float64]]:
    """Return the Hessian by each scheme of differences, shape ``(n_atoms, 3, n_atoms, 3)``."""
    [at_rest] = model.evaluate([atoms])
    matrices = {name: np.zeros((len(atoms), 3, len(atoms), 3)) for name in SCHEMES}
    for atom in range(len(atoms)):
        for axis in range(3):
            forces = {0: at_rest.forces_eV_per_A}
            for offset, displaced in displacements(atoms, atom, axis, step_A):
                [evaluation] = model.evaluate([displaced])
                forces[offset] = evaluation.forces_eV_per_A
            for name, scheme in SCHEMES.items():
                slope = sum(
                    weight * forces[offset]
                    for offset, weight in zip(scheme.offsets, scheme.weights, strict=True)
                )
                matrices[name][atom, axis] = -slope / step_A
    return matrices


def displacements(atoms: Atoms, atom: int, axis: int, step_A: float) -> Iterator[tuple[int, Atoms]]:
    """Yield every displaced structure that one row needs, with its offset in steps."""
    for offset in OFFSETS:
        if offset:
            displaced = atoms.copy()
            displaced.positions[atom, axis] += offset * step_A
            yield offset, displaced


# %% [markdown]
# ## All of them
def main() -> None:
    """Calculate what is missing, and write the table and the figure."""
    parser = argparse.ArgumentParser(description="Precision of Hessians by differences")
    parser.add_argument("structures", nargs="+", type=Path)
    parser.add_argument("--model", default="sevennet-0")
    parser.add_argument("--trust-checkpoint", action="store_true")
    parser.add_argument("--label", help="what to call the model in table and figure")
    parser.add_argument("--relax", action="store_true", help="relax each solid first")
    parser.add_argument("--records", type=Path, required=True)
    parser.add_argument("--results", type=Path, default=Path(__file__).parent / "results")
    arguments = parser.parse_args()
    models = {
        dtype: load_model(
            arguments.model, dtype=dtype, device="cpu", trust=arguments.trust_checkpoint
        )
        for dtype in DTYPES
    }
    label = arguments.label or arguments.model
    folder = arguments.records / file_name(label)
    paths = by_stem(arguments.structures)

    settings = {"model": arguments.model, "relax": arguments.relax}

    def calculate(name: str) -> Record:
        atoms = read_structure(paths[name])
        if arguments.relax:
            relaxation = relax(atoms, models["float64"])
            for warning in relaxation.warnings:
                print(f"{name}: {warning}", file=sys.stderr, flush=True)
            atoms = relaxation.atoms
            ase.io.write(folder / f"{name}-relaxed.extxyz", atoms)
        return examine(atoms, models)

    records = without_errors(collect(folder, paths, calculate, settings))
    arguments.results.mkdir(exist_ok=True)
    stem = arguments.results / f"hessian_precision_{file_name(label)}"
    stem.with_suffix(".md").write_text(report(label, records), encoding="utf-8")
    draw(label, records).savefig(stem.with_suffix(".png"), dpi=150)
    print(f"wrote {stem}.md and {stem}.png")


def means(records: dict[str, Record], **wanted: Any) -> tuple[float, float, float]:
    """Return the means over the solids: largest error, mean error, imaginary modes beside exact."""
    values = []
    for record in records.values():
        [entry] = [
            entry
            for entry in record["entries"]
            if all(entry[key] == value for key, value in wanted.items())
        ]
        spurious = abs(entry["n_imaginary"] - record["n_imaginary_exact"])
        values.append((entry["max_error_eV_per_A2"], entry["mean_error_eV_per_A2"], spurious))
    largest, mean, spurious = np.mean(values, axis=0)
    return float(largest), float(mean), float(spurious)


def report(label: str, records: dict[str, Record]) -> str:
    """Return the committed table."""
    solids = ", ".join(f"{name} ({record['n_atoms']} atoms)" for name, record in records.items())
    rows = [["float32", "AD", "", *written(means(records, dtype="float32", scheme="AD"))]]
    for dtype in DTYPES:
        for scheme in SCHEMES:
            for step_A in STEPS_A:
                found = means(records, dtype=dtype, scheme=scheme, step_A=step_A)
                rows.append([dtype, scheme, f"{step_A:.0e}", *written(found)])
    exact = ", ".join(f"{name} {record['n_imaginary_exact']}" for name, record in records.items())
    header = ["precision", "rows", "step / Å", "MaxE / eV/Å²", "MAE / eV/Å²", "wrong signs"]
    return (
        f"# Precision of Hessians of {label}\n\n"
        f"Deviation from automatic differentiation in float64, mean over {len(records)} solids:\n"
        f"{solids}.\nImaginary modes of the exact Hessian: {exact}; `wrong signs` is by how many\n"
        f"modes the count differs from that, on average over the solids.\n\n"
        f"{markdown_table(header, rows)}"
    )


def written(values: tuple[float, float, float]) -> list[str]:
    """Return the three means as text."""
    return [f"{values[0]:.2e}", f"{values[1]:.2e}", f"{values[2]:.1f}"]


def draw(label: str, records: dict[str, Record]) -> Figure:
    """Return the figure: error and imaginary modes over the step."""
    figure = Figure(figsize=(9, 4.2), layout="constrained")
    left, right = figure.subplots(1, 2)
    markers = dict(zip(SCHEMES, "osD", strict=True))
    colours = dict(zip(DTYPES, ("tab:blue", "tab:red"), strict=True))
    for dtype, colour in colours.items():
        for scheme, marker in markers.items():
            found = [means(records, dtype=dtype, scheme=scheme, step_A=step) for step in STEPS_A]
            style = {"marker": marker, "color": colour, "markersize": 4, "linewidth": 1}
            left.loglog(STEPS_A, [value[0] for value in found], label=f"{scheme}, {dtype}", **style)
            right.semilogx(STEPS_A, [value[2] for value in found], **style)
    single = means(records, dtype="float32", scheme="AD")
    left.axhline(single[0], color="tab:red", linestyle="--", label="AD, float32")
    left.set_ylabel("MaxE (eV/Å$^2$)")
    right.set_ylabel("imaginary modes: |found - exact|")
    for ax in (left, right):
        ax.set_xlabel("step (Å)")
    figure.legend(
        *left.get_legend_handles_labels(), loc="outside lower center", ncols=4, fontsize=7
    )
    figure.suptitle(f"{label}: mean over {len(records)} solids", fontsize=10)
    return figure


if __name__ == "__main__":
    main()
