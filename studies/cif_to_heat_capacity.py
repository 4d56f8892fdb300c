# %% [markdown]
# # What everything from a CIF to a heat capacity takes
#
# Ours: relaxation by `newton`, Hessian as `nearsight` computes it by itself, normal modes, heat
# capacity. Plain: relaxation by ASE's BFGS, all 3n rows of the same analytic Hessian one by one,
# and the same modes. The plain pipeline is run for the solids named by `--plain`. For the others it
# is what it would have taken: the force calls of BFGS in a table of `studies/relaxation.py` times
# the time of a force call of the relaxation by `newton`, and 3n times the time of a row, measured
# over a few rows of the relaxed structure; where it is run both numbers are given. All times are
# those of the processor; run it with one thread (OMP_NUM_THREADS=1), for which they are seconds.
#
#     python studies/cif_to_heat_capacity.py CIF... --records DIR [--plain NAME...]
#         [--counts studies/results/relaxation.md] [--model sevennet-0]
import argparse
import sys
from pathlib import Path
from time import process_time

import numpy as np
from ase import Atoms
from records import Record, by_stem, collect, markdown_table, without_errors

from nearsight.allocation import allocate_for_speed
from nearsight.hessian import Hessian, hessian
from nearsight.models import Model, load_model
from nearsight.relaxation import relax
from nearsight.structures import read_structure
from nearsight.vibrations import thermodynamics, vibrations
from relaxation import FMAX, MAX_STEPS, Counted

TEMPERATURE_K = 300.0
N_ROWS_TIMED = 9
WANTED = 0.6


# %% [markdown]
# ## One solid
def ours(path: Path, model: Model) -> Record:
    """Return what it takes with the defaults, and the relaxed structure."""
    counted = Counted(model)
    start = process_time()
    atoms = read_structure(path)
    found = relax(atoms, counted, fmax=FMAX, optimizer="newton", max_steps=MAX_STEPS)
    relaxed = process_time()
    H = hessian(found.atoms, model)
    with_hessian = process_time()
    results = capacity(H)
    end = process_time()
    return {
        "n_atoms": len(atoms),
        "converged": found.converged,
        "equivalents": counted.equivalents,
        "seconds_of_a_force_call": counted.seconds_of_forces / counted.force_calls,
        "seconds_of_a_row": row_seconds(found.atoms, model),
        "rows_computed": H.rows_computed,
        "method": H.method,
        "seconds": seconds(start, relaxed, with_hessian, end),
        "energy_eV_per_atom": found.energy_after_eV / len(atoms),
        "volume_change": found.atoms.cell.volume / atoms.cell.volume - 1,
        "positions_A": found.atoms.positions.tolist(),
        "cell_A": found.atoms.cell.array.tolist(),
        **results,
    }


def plain(path: Path, model: Model) -> Record:
    """Return what it takes with BFGS and every row one by one."""
    start = process_time()
    atoms = read_structure(path)
    found = relax(atoms, model, fmax=FMAX, optimizer="BFGS", max_steps=MAX_STEPS)
    relaxed = process_time()
    H = hessian(found.atoms, model, "rows", symmetry_tolerance_A=None)
    with_hessian = process_time()
    results = capacity(H)
    end = process_time()
    return {
        "converged": found.converged,
        "n_steps": found.n_steps,
        "rows_computed": H.rows_computed,
        "seconds": seconds(start, relaxed, with_hessian, end),
        "energy_eV_per_atom": found.energy_after_eV / len(atoms),
        **results,
    }


def capacity(H: Hessian) -> Record:
    """Return the heat capacity, and how many modes are imaginary."""
    modes = vibrations(H)
    found = thermodynamics(modes, TEMPERATURE_K)
    return {
        "n_imaginary": modes.n_imaginary,
        "heat_capacity_J_per_g_K": float(found.heat_capacity_J_per_g_K[0]),
    }


def seconds(start: float, relaxed: float, with_hessian: float, end: float) -> dict[str, float]:
    """Return the parts, and the whole."""
    return {
        "relaxation": relaxed - start,
        "hessian": with_hessian - relaxed,
        "modes": end - with_hessian,
        "all": end - start,
    }


def row_seconds(atoms: Atoms, model: Model) -> float:
    """Return what a row takes in a row of rows; the first, with its graph, is left out."""
    axes = np.eye(3)
    seeds = [(atom, axes[axis]) for atom in range(len(atoms)) for axis in range(3)]
    rows = model.rows(atoms, seeds[: N_ROWS_TIMED + 1])
    next(rows)
    start = process_time()
    n_rows = len(list(rows))
    return (process_time() - start) / n_rows


# %% [markdown]
# ## What the plain pipeline would have taken
def force_calls(text: str, optimizer: str = "BFGS") -> dict[str, int]:
    """Return the force calls of an optimizer by solid, from a table of `studies/relaxation.py`."""
    lines = [
        [cell.strip() for cell in line.strip("| ").split("|")]
        for line in text.splitlines()
        if line.startswith("|")
    ]
    headers = [index for index, line in enumerate(lines) if line[:2] == ["solid", "atoms"]]
    if not headers or optimizer not in lines[headers[0]]:
        sys.exit(f"there is no table with solids, atoms and {optimizer} in the file of --counts.")
    column = lines[headers[0]].index(optimizer)
    found = {}
    for line in lines[headers[0] + 2 :]:
        if len(line) != len(lines[headers[0]]):
            break
        if line[column] not in {"", "failed"}:
            found[line[0]] = int(line[column].split(",")[0])
    return found


def accounted(record: Record, n_force_calls: int) -> dict[str, float]:
    """Return the seconds of the plain pipeline from its force calls and rows."""
    relaxation = n_force_calls * record["seconds_of_a_force_call"]
    rows = 3 * record["n_atoms"] * record["seconds_of_a_row"]
    modes = record["seconds"]["modes"]
    return {
        "relaxation": relaxation,
        "hessian": rows,
        "modes": modes,
        "all": relaxation + rows + modes,
    }


# %% [markdown]
# ## Tables
def table(records: dict[str, Record], calls: dict[str, int]) -> str:
    """Return a line for each solid, and the medians."""
    lines = []
    for name, record in records.items():
        parts, there = record["seconds"], accounted(record, calls[name])
        lines.append(
            [
                name,
                str(record["n_atoms"]),
                f"{record['seconds_of_a_row'] / record['seconds_of_a_force_call']:.2f}",
                f"{record['equivalents']:.0f}, {calls[name]}",
                f"{record['rows_computed']} of {3 * record['n_atoms']}",
                f"{parts['relaxation']:.0f} + {parts['hessian']:.0f} = {parts['all']:.0f}",
                f"{there['relaxation']:.0f} + {there['hessian']:.0f} = {there['all']:.0f}",
                f"{parts['all'] / there['all']:.2f}",
                str(record["n_imaginary"]),
                f"{record['heat_capacity_J_per_g_K']:.4f}",
            ]
        )
    header = (
        "solid",
        "atoms",
        "row / force call",
        "force-call equivalents, ours, plain",
        "rows",
        "ours / s",
        "plain / s",
        "ours / plain",
        "imaginary",
        f"c_v({TEMPERATURE_K:.0f} K) / J/(g K)",
    )
    return markdown_table(header, lines)


def summary(records: dict[str, Record], calls: dict[str, int]) -> str:
    """Return median, range and the ratio of the sums of the parts and of all."""
    lines = []
    for part in ("relaxation", "hessian", "all"):
        both = [
            (record["seconds"][part], accounted(record, calls[name])[part])
            for name, record in records.items()
        ]
        ratios = np.array([a / b for a, b in both])
        sums = np.sum(both, axis=0)
        lines.append(
            [
                part,
                f"{np.median(ratios):.2f}",
                f"{ratios.min():.2f} to {ratios.max():.2f}",
                f"{sums[0] / sums[1]:.2f}",
                f"{np.count_nonzero(ratios <= WANTED)} of {len(ratios)}",
            ]
        )
    header = ("ours over plain", "median", "range", "of the sums", f"at most {WANTED:g}")
    return markdown_table(header, lines)


def plain_table(
    plains: dict[str, Record], records: dict[str, Record], calls: dict[str, int]
) -> str:
    """Return the plain pipeline as run beside what it was accounted for."""
    lines = []
    for name, found in plains.items():
        record = records[name]
        there, parts = accounted(record, calls[name]), found["seconds"]
        lines.append(
            [
                name,
                f"{parts['relaxation']:.0f} + {parts['hessian']:.0f} = {parts['all']:.0f}",
                f"{there['relaxation']:.0f} + {there['hessian']:.0f} = {there['all']:.0f}",
                f"{record['seconds']['all'] / parts['all']:.2f}",
                f"{found['heat_capacity_J_per_g_K']:.4f}",
                f"{record['heat_capacity_J_per_g_K']:.4f}",
            ]
        )
    header = ("solid", "plain as run / s", "as accounted / s", "ours / plain as run")
    return markdown_table((*header, "c_v, plain", "c_v, ours"), lines)


def main() -> None:
    """Calculate what is not there yet, and print the tables."""
    parser = argparse.ArgumentParser(description="What a heat capacity takes from its CIF on.")
    parser.add_argument("structures", nargs="+", type=Path)
    parser.add_argument("--records", type=Path, required=True)
    parser.add_argument("--model", default="sevennet-0")
    parser.add_argument("--plain", nargs="*", default=[], metavar="NAME")
    results = Path(__file__).parent / "results"
    parser.add_argument("--counts", type=Path, default=results / "relaxation.md")
    arguments = parser.parse_args()
    paths = by_stem(arguments.structures)
    calls = force_calls(arguments.counts.read_text(encoding="utf-8"))
    unknown = sorted({*paths, *arguments.plain} - set(calls)) + sorted(
        set(arguments.plain) - set(paths)
    )
    if unknown:
        sys.exit(f"{', '.join(unknown)}: not among the structures and in {arguments.counts}.")
    allocate_for_speed()
    model = load_model(arguments.model, device="cpu")
    # Memory is new and compilers work in the first calls.
    first = read_structure(next(iter(paths.values())))
    model.evaluate([first], stress=True)
    row_seconds(first, model)
    settings = {"model": arguments.model, "fmax": FMAX}
    records = without_errors(
        collect(arguments.records / "ours", paths, lambda name: ours(paths[name], model), settings)
    )
    plains = collect(
        arguments.records / "plain",
        [name for name in arguments.plain if name in records],
        lambda name: plain(paths[name], model),
        settings,
    )
    print(table(records, calls))
    print(summary(records, calls))
    if plains:
        print(plain_table(without_errors(plains), records, calls))


if __name__ == "__main__":
    main()
