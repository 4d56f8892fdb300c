# %% [markdown]
# # One cell and the infinite crystal: bookkeeping or physics?
#
# Modes of one cell are modes at Γ, three of which are translations; in the infinite crystal nearly
# all of those become sound waves with a heat capacity. What is left out for them is bookkeeping and
# shrinks with the number of atoms; that Γ does not stand for the Brillouin zone is physics. Each
# solid is relaxed, its force constants are computed in a supercell (2x2x2), and from these follow
#
# - the modes of one cell at Γ, and those of the supercell at Γ, which are the modes of one cell on
#   the commensurate mesh, each in the three conventions for the acoustic modes;
# - phonons on converged meshes of q-points, from the force constants of the supercell and from
#   those of one cell, which are the same ones folded into it. Where Γ is one point of a mesh, its
#   acoustic modes count as classical, as those next to it nearly are.
#
# The heat capacity of an imaginary mode is nothing. Solids with one in the supercell are kept
# apart; one between its q-points is a defect of the interpolation, and counted in the tables.
#
#     python studies/finite_size.py STRUCTURE... --records FOLDER [--model sevennet-0]
#         [--symmetry-tolerance 0.01]
#
# Structures must be primitive cells. There is one record per solid in FOLDER/MODEL, and its force
# constants beside it; the study goes on from those that are there.
import argparse
from collections.abc import Sequence
from pathlib import Path
from time import perf_counter

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from nearsight import units
from nearsight.errors import StructureError
from nearsight.hessian import ForceConstants, from_hessian
from nearsight.models import Model, load_model
from nearsight.vibrations import PhononMesh, phonon_mesh, thermodynamics, vibrations
from nearsight.vibrations.settings import Acoustic
from nearsight.vibrations.spectrum import Spectrum
from nearsight.workflows import PhononsSettings, RelaxationSettings, keep_unfinished, phonons
from records import Record, by_stem, collect, file_name, markdown_table, without_errors

REPEATS = (2, 2, 2)
LENGTHS_A = (25.0, 50.0, 100.0)
TEMPERATURE_K = 300.0
FMAX_eV_PER_A = 0.005
ACOUSTIC: tuple[Acoustic, ...] = ("exclude", "classical", "as-computed")
CELLS = {"1x1x1": "one cell", "2x2x2": "2x2x2 cells"}
NEGLIGIBLE_PERCENT = 1e-6
"""Smaller changes of the mesh are drawn as this."""
IMAGINARY_PER_CM = -0.5
"""Below it a mode counts as imaginary; rounding makes others a little so."""


# %% [markdown]
# ## One solid
def calculate(path: Path, model: Model, folder: Path, tolerance_A: float | None) -> Record:
    """Relax a solid, compute its force constants, keep them, and describe every route to c_v."""
    start = perf_counter()
    settings = PhononsSettings(
        relaxation=RelaxationSettings(
            fmax_eV_per_A=FMAX_eV_PER_A, max_steps=1500, symmetrize_A=tolerance_A
        ),
        supercell=REPEATS,
    )
    with keep_unfinished(folder / "unfinished") as unfinished:
        record = phonons(path, model, settings, unfinished=unfinished)
        found = record.results.force_constants
        if len(found.primitive_atoms) < record.n_atoms:
            raise StructureError(
                f"{path} holds {record.n_atoms} atoms, but its primitive cell "
                f"{len(found.primitive_atoms)}; give the primitive cell."
            )
        found.save(folder / f"{path.stem}.force_constants.npz")
    values = record.to_json()
    kept = ("formula", "n_atoms", "model", "relaxation", "force_constants", "versions")
    seconds = perf_counter() - start
    print(f"{path.stem}: {record.n_atoms} atoms, {seconds:.0f} s", flush=True)
    return {**{name: values[name] for name in kept}, **routes(found), "seconds": seconds}


def routes(found: ForceConstants) -> Record:
    """Return every heat capacity that follows from the force constants of the supercell."""
    one_cell = found.at_gamma()
    folded = from_hessian(one_cell)
    commensurate = phonon_mesh(found, REPEATS)
    meshes = {f"{length:g}": phonon_mesh(found, length) for length in LENGTHS_A}
    from_one_cell = phonon_mesh(folded, LENGTHS_A[-1])
    at_gamma = {"1x1x1": vibrations(one_cell), "2x2x2": commensurate}
    return {
        "gamma": {
            cells: {convention: capacity(spectrum, convention) for convention in ACOUSTIC}
            for cells, spectrum in at_gamma.items()
        },
        "meshes": {length: describe(mesh) for length, mesh in meshes.items()},
        "mesh_from_one_cell": describe(from_one_cell),
        "boundary_eV_per_A2": {
            "1x1x1": folded.boundary_eV_per_A2,
            "2x2x2": found.boundary_eV_per_A2,
        },
        "lowest_commensurate_per_cm": lowest(commensurate),
    }


def lowest(commensurate: PhononMesh) -> float:
    """Return the lowest wavenumber in cm⁻¹, translations left out."""
    eigenvalues = commensurate.oscillators("exclude").eigenvalues_eV_per_A2_amu
    return float(units.wavenumbers_per_cm(eigenvalues).min())


def describe(mesh: PhononMesh) -> Record:
    """Return one mesh."""
    return {
        "mesh": list(mesh.mesh),
        "n_qpoints": len(mesh.weights),
        "lowest_wavenumber_per_cm": float(mesh.wavenumbers_per_cm.min()),
        "share_imaginary": mesh.share_imaginary,
        "heat_capacity_J_per_g_K": capacity(mesh, "classical"),
    }


def capacity(spectrum: Spectrum, convention: Acoustic) -> float:
    """Return the heat capacity in J/(g K)."""
    return float(thermodynamics(spectrum, TEMPERATURE_K, convention).heat_capacity_J_per_g_K[0])


# %% [markdown]
# ## All of them
def main() -> None:
    """Calculate what is missing, and write the tables and the figure."""
    parser = argparse.ArgumentParser(description="One cell and the infinite crystal")
    parser.add_argument("structures", nargs="+", type=Path)
    parser.add_argument("--model", default="sevennet-0")
    parser.add_argument(
        "--symmetry-tolerance",
        type=float,
        default=0.01,
        help="in Å: solids are moved onto the group they have within it and kept there; 0: none",
    )
    parser.add_argument("--records", type=Path, required=True)
    parser.add_argument("--results", type=Path, default=Path(__file__).parent / "results")
    arguments = parser.parse_args()
    model = load_model(arguments.model)
    paths = by_stem(arguments.structures)
    folder = arguments.records / file_name(arguments.model)
    tolerance = arguments.symmetry_tolerance or None
    records = without_errors(
        collect(
            folder,
            paths,
            lambda name: calculate(paths[name], model, folder, tolerance),
            {"model": arguments.model, "symmetry_tolerance_A": tolerance},
        )
    )
    arguments.results.mkdir(exist_ok=True)
    stem = arguments.results / "finite_size"
    failed = sorted(set(paths) - set(records))
    stem.with_suffix(".md").write_text(report(arguments.model, records, failed), encoding="utf-8")
    draw(arguments.model, records).savefig(stem.with_suffix(".png"), dpi=150)
    print(f"wrote {stem}.md and {stem}.png")


def converged(record: Record) -> float:
    """Return the heat capacity on the finest mesh."""
    return float(record["meshes"][f"{LENGTHS_A[-1]:g}"]["heat_capacity_J_per_g_K"])


def is_imaginary(record: Record) -> bool:
    """Return whether a mode of the supercell is imaginary, where nothing is interpolated."""
    return bool(record["lowest_commensurate_per_cm"] < IMAGINARY_PER_CM)


def by_atoms(records: dict[str, Record]) -> dict[str, Record]:
    """Return the records, the smallest solid first."""
    return dict(sorted(records.items(), key=lambda item: (item[1]["n_atoms"], item[0])))


def deviations(records: Sequence[Record], cells: str, convention: str) -> NDArray[np.float64]:
    """Return c_v at Γ over that of the crystal, less 1, for each solid."""
    return np.array([each["gamma"][cells][convention] / converged(each) - 1 for each in records])


def spread(values: NDArray[np.float64]) -> list[str]:
    """Return mean, standard deviation and largest deviation as text."""
    scatter = f"{values.std(ddof=1):.3%}" if len(values) > 1 else "-"
    return [f"{values.mean():+.3%}", scatter, f"{np.abs(values).max():.3%}"]


def report(model: str, records: dict[str, Record], failed: Sequence[str]) -> str:
    """Return the committed tables."""
    ordered = by_atoms(records)
    stable = [each for each in ordered.values() if not is_imaginary(each)]
    groups = {"all": list(ordered.values())}
    if 0 < len(stable) < len(ordered):
        groups = {"no imaginary mode": stable, **groups}
    summary = [
        [f"{which} ({len(of)})", label, convention, *spread(deviations(of, cells, convention))]
        for which, of in groups.items()
        for cells, label in CELLS.items()
        for convention in ACOUSTIC
    ]
    meshes = []
    for which, of in groups.items():
        for length in (f"{each:g}" for each in LENGTHS_A[:-1]):
            ratios = [each["meshes"][length]["heat_capacity_J_per_g_K"] for each in of]
            meshes.append([f"{which} ({len(of)})", f"2x2x2, {length} Å", *over(ratios, of)])
        ratios = [each["mesh_from_one_cell"]["heat_capacity_J_per_g_K"] for each in of]
        label = f"1x1x1, {LENGTHS_A[-1]:g} Å"
        meshes.append([f"{which} ({len(of)})", label, *over(ratios, of)])
    unconverged = [name for name, of in ordered.items() if not of["relaxation"]["converged"]]
    sizes = [each["n_atoms"] for each in ordered.values()]
    return (
        f"# One cell and the infinite crystal: c_v at {TEMPERATURE_K:.0f} K\n\n"
        f"{len(ordered)} solids of {sizes[0]} to {sizes[-1]} atoms, {model}, relaxed to "
        f"{FMAX_eV_PER_A:g} eV/Å.\nDeviations from the crystal: phonons on a mesh of length "
        f"{LENGTHS_A[-1]:g} Å from the force constants\nof 2x2x2 cells. "
        f"Failed: {', '.join(failed) or 'none'}. "
        f"Not converged: {', '.join(unconverged) or 'none'}.\n\n"
        + markdown_table(
            ["solids", "modes at Γ of", "acoustic", "mean", "scatter", "largest"], summary
        )
        + "\nScatter is the standard deviation over the solids. Imaginary modes contribute "
        "nothing to any of these.\n\n## Other meshes\n\n"
        + markdown_table(["solids", "force constants, mesh", "mean", "scatter", "largest"], meshes)
        + "\n## Each solid\n\n"
        + markdown_table(*each_solid(ordered))
        + "\nHeat capacities in J/(g K), in brackets with classical acoustic modes; boundary: the "
        "largest\nforce constants left at the boundary of the cell in eV/Å²; lowest: the lowest "
        "wavenumber in cm⁻¹\nof the modes of the supercell and of the finest mesh; imaginary: the "
        "share of the modes of that\nmesh, and of the one from the force constants of one cell.\n"
    )


def over(values: Sequence[float], records: Sequence[Record]) -> list[str]:
    """Return the spread of these heat capacities over those of the crystal."""
    return spread(np.array(values) / np.array([converged(each) for each in records]) - 1)


def each_solid(records: dict[str, Record]) -> tuple[list[str], list[list[str]]]:
    """Return header and rows of the table with one line per solid."""
    header = ["solid", "atoms", "rows", "crystal", "Γ of one cell", "Γ of 2x2x2"]
    header += ["boundary 1x1x1", "boundary 2x2x2", "lowest", "imaginary"]
    rows = []
    for name, record in records.items():
        constants = record["force_constants"]
        row = [name, str(record["n_atoms"])]
        row.append(f"{constants['rows_needed']} of {constants['rows_total']}")
        row.append(f"{converged(record):.5f}")
        for cells in CELLS:
            values = record["gamma"][cells]
            row.append(f"{values['exclude']:.5f} ({values['classical']:.5f})")
        row += [number(record["boundary_eV_per_A2"][cells]) for cells in CELLS]
        finest = record["meshes"][f"{LENGTHS_A[-1]:g}"]
        both = record["lowest_commensurate_per_cm"], finest["lowest_wavenumber_per_cm"]
        row.append(", ".join(f"{each:.1f}" for each in both))
        shares = finest["share_imaginary"], record["mesh_from_one_cell"]["share_imaginary"]
        row.append(", ".join(f"{each:.2%}" for each in shares))
        rows.append(row)
    return header, rows


def number(value: float | None) -> str:
    """Return a number that may be unknown as text."""
    return "-" if value is None else f"{value:.3f}"


def draw(model: str, records: dict[str, Record]) -> Figure:
    """Return the figure: deviations over atoms by convention, and over the length of the mesh."""
    figure = Figure(figsize=(10, 3.6), layout="constrained")
    axes = figure.subplots(1, 3)
    solids = list(by_atoms(records).values())
    for ax, (cells, label) in zip(axes, CELLS.items(), strict=False):
        draw_conventions(ax, solids, cells)
        ax.set_title(f"modes at Γ of {label}", fontsize=9)
    axes[1].sharey(axes[0])
    axes[0].legend(fontsize=7)
    axes[0].set_ylabel("c$_v$ / c$_v$(crystal) - 1 (%)")
    for index, record in enumerate(solids):
        values = [record["meshes"][f"{each:g}"]["heat_capacity_J_per_g_K"] for each in LENGTHS_A]
        changes = 100 * np.abs(np.array(values[:-1]) / converged(record) - 1)
        changes = np.maximum(changes, NEGLIGIBLE_PERCENT)  # rounding can make it 0
        axes[2].plot(LENGTHS_A[:-1], changes, ".-", color=f"C{index % 10}", linewidth=0.8)
    axes[2].set_xscale("log")
    axes[2].set_yscale("log")
    axes[2].set_xticks(LENGTHS_A[:-1], [f"{each:g}" for each in LENGTHS_A[:-1]])
    axes[2].minorticks_off()
    axes[2].set_xlabel("length of the mesh (Å)")
    axes[2].set_ylabel(f"|c$_v$ / c$_v$({LENGTHS_A[-1]:g} Å) - 1| (%)")
    axes[2].set_title(f"meshes, {model}", fontsize=9)
    return figure


def draw_conventions(ax: Axes, solids: Sequence[Record], cells: str) -> None:
    """Draw the deviations of each convention; open symbols have imaginary modes."""
    atoms = np.array([each["n_atoms"] for each in solids])
    filled = np.array([not is_imaginary(each) for each in solids])
    for index, (convention, marker) in enumerate(zip(ACOUSTIC, "osx", strict=True)):
        values = 100 * deviations(solids, cells, convention)
        color = f"C{index}"
        ax.plot(atoms[filled], values[filled], marker, color=color, label=convention, markersize=5)
        open_style = {"markerfacecolor": "none"} if marker != "x" else {"alpha": 0.4}
        ax.plot(atoms[~filled], values[~filled], marker, color=color, markersize=5, **open_style)
    ax.axhline(0.0, color="grey", linewidth=0.8)
    ax.set_xlabel("atoms in the cell")


if __name__ == "__main__":
    main()
