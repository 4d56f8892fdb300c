# %% [markdown]
# # What everything from a CIF to a heat capacity takes
#
# Ours: relaxation by `newton`, the Hessian as `nearsight` computes it by itself, normal modes, heat
# capacity. Plain: relaxation by ASE's BFGS, all 3n rows of the analytic Hessian one by one, then
# the same. Both are counted in force calls: those of the relaxations are in a table of
# `studies/relaxation.py`, and a row is as many as would have taken its time. That ratio is measured
# here for each solid, in turns with force calls, at the structure of the CIF; so is the graph that
# both build, and what the automatic choice spends on trying batches of rows. For the solids named
# by `--run` both pipelines are run as well, and timed. All times are those of the processor; run it
# with one thread (OMP_NUM_THREADS=1), for which they are seconds.
#
#     python studies/cif_to_heat_capacity.py CIF... --records DIR [--run NAME...]
#         [--counts studies/results/relaxation.md] [--model sevennet-0]
import argparse
import sys
from pathlib import Path
from time import process_time

import numpy as np

from nearsight.allocation import allocate_for_speed
from nearsight.hessian import Hessian, hessian, plan
from nearsight.hessian.rows.sum_rule import rows_left_out
from nearsight.models import Model, load_model
from nearsight.relaxation import RelaxationSettings, relax
from nearsight.structures import read_structure
from nearsight.vibrations import thermodynamics, vibrations
from records import Record, by_stem, collect, markdown_table, without_errors
from relaxation import FMAX, MAX_STEPS

TEMPERATURE_K = 300.0
N_TIMED = 6
N_IN_BATCHES = 4
"""Rows that the automatic choice computes in batches, where these turn out to be no faster."""
WANTED = 0.6
OURS, PLAIN = "newton", "BFGS"
Calls = dict[str, dict[str, int]]
"""Force-call equivalents of each optimizer by solid."""


# %% [markdown]
# ## What a row costs
def costs(path: Path, model: Model) -> Record:
    """Return the rows to compute, and the times of a force call with stress, a row and batches."""
    atoms = read_structure(path)
    planned = plan(atoms, model.capabilities)
    axes = np.eye(3)
    seeds = [(atom, axes[axis]) for atom in range(len(atoms)) for axis in range(3)]
    next(model.rows(atoms, seeds))  # memory is new
    model.evaluate([atoms], stress=True)
    start = process_time()
    rows = model.rows(atoms, seeds)
    next(rows)
    first_row = process_time() - start
    of_calls, of_rows = [], []
    for _ in range(N_TIMED):
        start = process_time()
        model.evaluate([atoms], stress=True)
        between = process_time()
        next(rows)
        of_rows.append(process_time() - between)
        of_calls.append(between - start)
    start = process_time()
    batches = list(model.rows(atoms, seeds[:N_IN_BATCHES], batch_size=2))
    in_batches = process_time() - start
    assert len(batches) == N_IN_BATCHES
    return {
        "n_atoms": len(atoms),
        "rows_to_compute": planned.rows_needed - len(rows_left_out(planned)),
        "seconds_of_the_first_row": first_row,
        "seconds_of_rows_in_batches": in_batches,
        "seconds_of_a_force_call": float(np.median(of_calls)),
        "seconds_of_a_row": float(np.median(of_rows)),
    }


# %% [markdown]
# ## Both pipelines
def pipeline(path: Path, model: Model, optimizer: str) -> Record:
    """Run everything from the CIF to the heat capacity."""
    start = process_time()
    atoms = read_structure(path)
    found = relax(
        atoms,
        model,
        RelaxationSettings(fmax_eV_per_A=FMAX, optimizer=optimizer, max_steps=MAX_STEPS),
    )
    relaxed = process_time()
    if optimizer == PLAIN:
        H = hessian(found.atoms, model, "rows", row_symmetry_A=None)
    else:
        H = hessian(found.atoms, model)
    with_hessian = process_time()
    results = capacity(H)
    end = process_time()
    return {
        "converged": found.converged,
        "n_steps": found.n_steps,
        "rows_computed": H.rows_computed,
        "seconds": {
            "relaxation": relaxed - start,
            "hessian": with_hessian - relaxed,
            "modes": end - with_hessian,
            "all": end - start,
        },
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


# %% [markdown]
# ## Counted in force calls
def force_calls(text: str) -> Calls:
    """Return the force-call equivalents in a table of `studies/relaxation.py`."""
    lines = iter(text.splitlines())
    header = next((cells for cells in map(_cells, lines) if cells[:2] == ["solid", "atoms"]), [])
    if not {OURS, PLAIN} <= set(header):
        sys.exit(f"there is no table with {PLAIN} and {OURS} in the file of --counts.")
    found: Calls = {}
    next(lines)  # what Markdown draws below a header
    for line in lines:
        if not line.startswith("|"):
            break
        cells = dict(zip(header, _cells(line), strict=True))
        if all(cells[each][:1].isdigit() for each in (OURS, PLAIN)):
            found[cells["solid"]] = {each: int(cells[each].split(",")[0]) for each in (OURS, PLAIN)}
    return found


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.split("|")[1:-1]]


def totals(record: Record, calls: dict[str, int]) -> tuple[float, float, float]:
    """Return ours, plain, and plain with central differences of forces in place of rows."""
    call, row_s = record["seconds_of_a_force_call"], record["seconds_of_a_row"]
    row = row_s / call
    graph = (record["seconds_of_the_first_row"] - row_s) / call
    trying_batches = (record["seconds_of_rows_in_batches"] - N_IN_BATCHES * row_s) / call
    n_rows = 3 * record["n_atoms"]
    return (
        calls[OURS] + graph + trying_batches + row * record["rows_to_compute"],
        calls[PLAIN] + graph + row * n_rows,
        calls[PLAIN] + 2.0 * n_rows,
    )


# %% [markdown]
# ## Tables
def table(records: dict[str, Record], calls: Calls) -> str:
    """Return a line for each solid."""
    lines = []
    for name, record in records.items():
        ours, plain, differences = totals(record, calls[name])
        lines.append(
            [
                name,
                str(record["n_atoms"]),
                f"{record['seconds_of_a_row'] / record['seconds_of_a_force_call']:.2f}",
                f"{record['rows_to_compute']} of {3 * record['n_atoms']}",
                f"{calls[name][OURS]} + {ours - calls[name][OURS]:.0f} = {ours:.0f}",
                f"{calls[name][PLAIN]} + {plain - calls[name][PLAIN]:.0f} = {plain:.0f}",
                f"{ours / plain:.2f}",
                f"{ours / differences:.2f}",
            ]
        )
    header = ("solid", "atoms", "row / force call", "rows", "ours", "plain", "ours / plain")
    return markdown_table((*header, "ours / plain with differences"), lines)


def summary(records: dict[str, Record], calls: Calls) -> str:
    """Return the median of the ratios, their range, and how many are as wanted."""
    lines = []
    counted = np.array([totals(record, calls[name]) for name, record in records.items()])
    for column, label in ((1, "every row one by one"), (2, "central differences, 6n force calls")):
        ratios = counted[:, 0] / counted[:, column]
        lines.append(
            [
                label,
                f"{np.median(ratios):.3f}",
                f"{ratios.min():.2f} to {ratios.max():.2f}",
                f"{counted[:, 0].sum() / counted[:, column].sum():.3f}",
                f"{np.count_nonzero(ratios <= WANTED)} of {len(ratios)}",
            ]
        )
    header = ("ours over plain, whose Hessian is", "median", "range", "of the sums")
    return markdown_table((*header, f"at most {WANTED:g}"), lines)


def run_table(run: dict[str, dict[str, Record]], records: dict[str, Record], calls: Calls) -> str:
    """Return both pipelines as run."""
    lines = []
    for name, of in run.items():
        ours, plain, _ = totals(records[name], calls[name])
        parts = {each: of[each]["seconds"] for each in (OURS, PLAIN)}
        lines.append(
            [
                name,
                *(
                    f"{each['relaxation']:.0f} + {each['hessian']:.0f} = {each['all']:.0f}"
                    for each in parts.values()
                ),
                f"{parts[OURS]['all'] / parts[PLAIN]['all']:.2f}",
                f"{ours / plain:.2f}",
                *(str(of[each]["n_imaginary"]) for each in (OURS, PLAIN)),
                *(f"{of[each]['heat_capacity_J_per_g_K']:.4f}" for each in (OURS, PLAIN)),
            ]
        )
    header = ("solid", "ours / s", "plain / s", "ours / plain", "as counted above")
    modes = ("imaginary, ours", "imaginary, plain", "c_v / J/(g K), ours", "c_v, plain")
    return markdown_table((*header, *modes), lines)


def main() -> None:
    """Calculate what is not there yet, and print the tables."""
    parser = argparse.ArgumentParser(description="What a heat capacity takes from its CIF on.")
    parser.add_argument("structures", nargs="+", type=Path)
    parser.add_argument("--records", type=Path, required=True)
    parser.add_argument("--model", default="sevennet-0")
    parser.add_argument("--run", nargs="*", default=[], metavar="NAME")
    results = Path(__file__).parent / "results"
    parser.add_argument("--counts", type=Path, default=results / "relaxation.md")
    arguments = parser.parse_args()
    paths = by_stem(arguments.structures)
    calls = force_calls(arguments.counts.read_text(encoding="utf-8"))
    unknown = sorted(set(paths) - set(calls)) + sorted(set(arguments.run) - set(paths))
    if unknown:
        sys.exit(f"{', '.join(unknown)}: not among the structures and in {arguments.counts}.")
    allocate_for_speed()
    model = load_model(arguments.model, device="cpu")
    settings = {"model": arguments.model, "fmax": FMAX}
    records = without_errors(
        collect(
            arguments.records / "costs", paths, lambda name: costs(paths[name], model), settings
        )
    )
    run: dict[str, dict[str, Record]] = {name: {} for name in arguments.run if name in records}
    for optimizer in (OURS, PLAIN):

        def calculate(name: str, optimizer: str = optimizer) -> Record:
            return pipeline(paths[name], model, optimizer)

        for name, record in collect(
            arguments.records / optimizer, list(run), calculate, settings
        ).items():
            run[name][optimizer] = record
    print(table(records, calls))
    print(summary(records, calls))
    finished = {
        name: of for name, of in run.items() if not any("error" in each for each in of.values())
    }
    if finished:
        print(run_table(finished, records, calls))


if __name__ == "__main__":
    main()
