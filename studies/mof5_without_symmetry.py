# %% [markdown]
# # The heat capacity of 6,784 atoms
#
# MOF-5 in 4x4x4 primitive cells. Perfect, it has a space group, so that few rows of the Hessian and
# a mesh of q-points give the heat capacity in another way: the modes at the q-points of the mesh
# 4x4x4 are those of the supercell at Γ. With some of the linkers missing at random
# (`mof5_cells.py`) it has none, and only probing is left.
#
#     python studies/mof5_without_symmetry.py MOF5.extxyz --model mace:MODEL --records DIR
#         [--repeat 4] [--missing 0.1] [--dtype float64] [--products auto] [--radius 4]
#
# Every finished row, product and relaxation is kept in DIR, and the same command goes on from
# there. A small model that imitates a large one on this material (`mof5_training_data.py`) is the
# cheapest.
import argparse
from collections.abc import Callable
from pathlib import Path
from time import perf_counter

import numpy as np
from ase import Atoms
from mof5_cells import phenylene_rings, without_linkers

from nearsight.allocation import allocate_for_speed
from nearsight.hessian import HessianOperator, force_constants
from nearsight.models import Model, load_model
from nearsight.relaxation import RelaxationSettings, relax
from nearsight.structures import make_supercell, read_structure
from nearsight.vibrations import phonon_mesh, probe_heat_capacity, thermodynamics
from records import Record, collect, markdown_table

TEMPERATURES_K = (200.0, 300.0)


# %% [markdown]
# ## Two routes for the perfect solid
def by_mesh(primitive: Atoms, model: Model, arguments: argparse.Namespace) -> Record:
    """Return the heat capacity from the modes at the q-points of the supercell."""
    repeats = 3 * [arguments.repeat]
    found = force_constants(
        primitive, model, repeats, checkpoint=arguments.records / "rows.checkpoint"
    )
    mesh = phonon_mesh(found, repeats)
    heat = thermodynamics(mesh, TEMPERATURES_K, "classical")
    return {
        "heat_capacity_J_per_g_K": heat.heat_capacity_J_per_g_K.tolist(),
        "n_atoms": len(primitive) * arguments.repeat**3,
        "work": f"{found.rows_needed} rows",
        "lowest_wavenumber_per_cm": float(mesh.wavenumbers_per_cm.min()),
        "share_imaginary": mesh.share_imaginary,
    }


def by_probing(atoms: Atoms, model: Model, name: str, arguments: argparse.Namespace) -> Record:
    """Return the heat capacity from products with the Hessian of the supercell."""
    hessian = HessianOperator(atoms, model, arguments.products)
    heat = probe_heat_capacity(
        hessian,
        TEMPERATURES_K,
        "classical",
        radius_A=arguments.radius,
        checkpoint=arguments.records / f"{name}.products",
    )
    return {
        "heat_capacity_J_per_g_K": heat.heat_capacity_J_per_g_K.tolist(),
        "error_bar_J_per_g_K": heat.error_bar_J_per_g_K.tolist(),
        "n_atoms": len(atoms),
        "work": f"{heat.n_products} {heat.method.name} products, {heat.n_colours} colours",
        "memory_GB": [heat.method.predicted_memory_bytes / 1e9, heat.peak_memory_bytes / 1e9],
        "warnings": list(heat.warnings),
    }


# %% [markdown]
# ## Linkers missing at random
def relaxed_defective(primitive: Atoms, model: Model, arguments: argparse.Namespace) -> Atoms:
    """Return the supercell without some linkers, relaxed in its cell."""
    supercell = make_supercell(primitive, 3 * [arguments.repeat])
    n_linkers = len(phenylene_rings(supercell))
    n_missing = round(arguments.missing * n_linkers)
    missing = np.random.default_rng(0).choice(n_linkers, n_missing, replace=False)
    print(f"{n_missing} of {n_linkers} linkers are missing", flush=True)
    relaxation = relax(
        without_linkers(supercell, missing.tolist()),
        model,
        RelaxationSettings(cell="fixed", optimizer="LBFGS"),
        checkpoint=arguments.records / "defective.relaxation",
    )
    print(
        f"relaxed in {relaxation.n_steps} steps, largest force {relaxation.fmax_eV_per_A:.4f} eV/Å"
    )
    return relaxation.atoms


def timed(work: Callable[[], Record]) -> Record:
    """Return a record with the seconds that it took in this process."""
    start = perf_counter()
    record = work()
    return {**record, "seconds": perf_counter() - start}


def main() -> None:
    """Calculate what is not there yet, and print the table."""
    parser = argparse.ArgumentParser(description="The heat capacity of MOF-5 without symmetry.")
    parser.add_argument("structure", type=Path)
    parser.add_argument("--model", required=True)
    parser.add_argument("--records", type=Path, required=True)
    parser.add_argument("--repeat", type=int, default=4)
    parser.add_argument("--missing", type=float, default=0.1, help="share of the linkers")
    parser.add_argument("--dtype", default="float64")
    parser.add_argument("--products", default="auto")
    parser.add_argument("--radius", type=float, default=4.0, help="probing radius in Å")
    arguments = parser.parse_args()
    allocate_for_speed()
    arguments.records.mkdir(parents=True, exist_ok=True)
    model = load_model(arguments.model, dtype=arguments.dtype, device="cpu", trust=True)
    primitive = relax(
        read_structure(arguments.structure),
        model,
        RelaxationSettings(fmax_eV_per_A=1e-3, symmetrize_A=0.01),
        checkpoint=arguments.records / "primitive.relaxation",
    ).atoms

    def calculate(name: str) -> Record:
        print(f"{name} ...", flush=True)
        if name == "mesh":
            return timed(lambda: by_mesh(primitive, model, arguments))
        if name == "perfect":
            atoms = make_supercell(primitive, 3 * [arguments.repeat])
        else:
            atoms = relaxed_defective(primitive, model, arguments)
        return timed(lambda: by_probing(atoms, model, name, arguments))

    settings = {
        name: getattr(arguments, name)
        for name in ("model", "repeat", "missing", "dtype", "products", "radius")
    }
    records = collect(arguments.records, ("mesh", "perfect", "defective"), calculate, settings)
    print(markdown_table(HEADER, [line(name, record) for name, record in records.items()]))


HEADER = ("solid", "atoms", "work", "minutes", "memory / GB", "T / K", "c_v / J/(g K)", "±")


def line(name: str, record: Record) -> list[str]:
    """Return a line of the table."""
    predicted, peak = record.get("memory_GB", (None, None))
    bars = record.get("error_bar_J_per_g_K", [None] * len(TEMPERATURES_K))
    return [
        {"mesh": "perfect, mesh", "perfect": "perfect, probing"}.get(name, name),
        str(record["n_atoms"]),
        record["work"],
        f"{record['seconds'] / 60:.1f}",
        "" if peak is None else f"{peak:.1f} ({predicted:.1f} predicted)",
        ", ".join(f"{temperature:g}" for temperature in TEMPERATURES_K),
        ", ".join(f"{value:.5f}" for value in record["heat_capacity_J_per_g_K"]),
        ", ".join("" if bar is None else f"{bar:.5f}" for bar in bars),
    ]


if __name__ == "__main__":
    main()
