"""What a force call and a row of a Hessian cost with a model on a device, for plans of campaigns.

    python benchmarks/campaign_costs.py MODEL STRUCTURE... [--dtype float32] --machine NAME

Times are fitted to numbers of pairs within the model's cutoff, by least squares of relative
deviations. They are processor times of one thread on a CPU, which other work on the machine hardly
changes, and wall times on a GPU. What is printed is an entry of
``src/nearsight/campaigns/costs.toml``.
"""

import argparse
from collections.abc import Callable
from statistics import median
from time import perf_counter, process_time

import numpy as np
import psutil
from ase import Atoms

from nearsight.memory import PeakMemory
from nearsight.models import Model, load_model
from nearsight.resources import Resources
from nearsight.structures import read_structure
from nearsight.structures.pairs import pairs_of

REPEATS = 3
N_ROWS = 3


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model")
    parser.add_argument("structures", nargs="+")
    parser.add_argument("--dtype", default="float64")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--machine", required=True, help="such as 'AMD EPYC, one core'")
    arguments = parser.parse_args()
    Resources(cores=1).limit_threads()
    model = load_model(arguments.model, dtype=arguments.dtype, device=arguments.device)
    cutoff_A = model.capabilities.cutoff_A
    if cutoff_A is None:
        parser.error(f"{arguments.model} has no cutoff within which pairs could be counted.")
    model.evaluate([read_structure(arguments.structures[0])])
    loaded_bytes = psutil.Process().memory_info().rss
    measured = []
    for path in arguments.structures:
        atoms = read_structure(path)
        n_pairs = len(pairs_of(atoms, cutoff_A).first)
        call_s, row_s, row_bytes = measure(model, atoms)
        measured.append((n_pairs, call_s, row_s, row_bytes))
        print(
            f"# {path}: {len(atoms)} atoms, {n_pairs} pairs, {call_s:.3f} s a force call, "
            f"{row_s:.3f} s a row, {row_bytes / 2**20:.0f} MiB"
        )
    n_pairs, call_s, row_s, row_bytes = np.array(measured, dtype=np.float64).T
    base_s, pair_s = line(n_pairs, call_s)
    base_bytes, pair_bytes = line(n_pairs, row_bytes)
    print(
        f'[[cost]]\nmodel = "{arguments.model}"\ndtype = "{arguments.dtype}"\n'
        f'device = "{model.identity.device}"\nmachine = "{arguments.machine}"\n'
        f"loaded_bytes = {loaded_bytes}\ncutoff_A = {cutoff_A}\n"
        f"mirror_equivariant = {str(bool(model.capabilities.mirror_equivariant)).lower()}\n"
        f"force_call_s = {base_s:.3g}\nforce_call_s_per_pair = {pair_s:.3g}\n"
        f"row_in_force_calls = {np.median(row_s / call_s):.2f}\n"
        f"row_bytes = {base_bytes:.3g}\nrow_bytes_per_pair = {pair_bytes:.3g}"
    )


def measure(model: Model, atoms: Atoms) -> tuple[float, float, float]:
    """Return seconds of a force call and of a row, and the memory of rows in bytes."""
    clock = perf_counter if model.identity.device.startswith("cuda") else process_time
    model.evaluate([atoms])  # whatever is slow only once
    call_s = median(timed(lambda: model.evaluate([atoms]), clock) for _ in range(REPEATS))
    seeds = [(atom, np.eye(3)[0]) for atom in range(N_ROWS + 1)]
    with PeakMemory(model.identity.device) as memory:
        rows = iter(model.rows(atoms, seeds))
        next(rows)  # with the graph of the forces
        row_s = timed(lambda: list(rows), clock) / N_ROWS
    return call_s, row_s, float(memory.bytes)


def timed(function: Callable[[], object], clock: Callable[[], float]) -> float:
    """Return how long a call takes, in s."""
    start = clock()
    function()
    return clock() - start


def line(x: np.ndarray, y: np.ndarray) -> tuple[float, float]:
    """Return intercept and slope that fit best relative to `y`; no intercept below zero."""
    design = np.stack([np.ones_like(x), x], axis=1) / y[:, np.newaxis]
    intercept, slope = np.linalg.lstsq(design, np.ones_like(y), rcond=None)[0]
    if intercept < 0:
        intercept, slope = 0.0, float((x / y).sum() / ((x / y) ** 2).sum())
    return float(intercept), float(slope)


if __name__ == "__main__":
    main()
