"""What the border of a process costs: calls of a model in a worker against calls in this process.

    python benchmarks/worker_overhead.py [--calls 200] [--atoms 10 100 1000]

The model is E = ½ Σ r², which takes next to no time. Calls here and there alternate; medians and
their difference are printed as a table. Without arguments it takes some ten seconds.
"""

import argparse
import sys
from collections.abc import Callable, Iterator, Sequence
from statistics import median
from time import perf_counter

import numpy as np
from ase import Atoms

from nearsight.memory import PeakMemory
from nearsight.models.contract import Capabilities, Evaluation, Model, Seed
from nearsight.models.facts import Facts
from nearsight.models.worker import WorkerModel, server
from nearsight.models.worker.shared import shared_worker
from nearsight.provenance import ModelIdentity
from nearsight.structures.pairs import Pairs


class Springs:
    """Every atom on a spring."""

    identity = ModelIdentity("springs", "benchmark", None, "float64", "cpu")
    capabilities = Capabilities(None, None, None, True, True, True, True, True, True)
    facts = Facts()

    def evaluate(
        self,
        structures: Sequence[Atoms],
        *,
        forces: bool = True,
        stress: bool = False,
        pairs: Sequence[Pairs] | None = None,
    ) -> list[Evaluation]:
        """Return the energies and forces."""
        del stress, pairs
        energies = [(atoms.positions**2).sum(axis=1) / 2 for atoms in structures]
        return [
            Evaluation(float(energy.sum()), -atoms.positions if forces else None, None, energy)
            for atoms, energy in zip(structures, energies, strict=True)
        ]

    def rows(
        self, atoms: Atoms, seeds: Sequence[Seed], *, batch_size: int = 1
    ) -> Iterator[np.ndarray]:
        """Yield rows."""
        del batch_size
        for atom, direction in seeds:
            row = np.zeros((len(atoms), 3))
            row[atom] = direction
            yield row

    def linearize(
        self, atoms: Atoms, *, strain: bool = False, centres: np.ndarray | None = None
    ) -> Callable[[np.ndarray], np.ndarray]:
        """Return the products."""
        del atoms, strain, centres
        return np.array


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--calls", type=int, default=200)
    parser.add_argument("--atoms", type=int, nargs="+", default=[10, 100, 1000])
    arguments = parser.parse_args()
    here = Springs()
    command = (sys.executable, __file__, "serve")
    start = perf_counter()
    worker = shared_worker(command, "springs", dtype="float64", device="cpu", trust=False)
    there = WorkerModel(worker)
    print(f"started and loaded in {perf_counter() - start:.2f} s; milliseconds a call:\n")
    print("| atoms | call | here | in a worker | difference |")
    print("|---|---|---|---|---|")
    for n_atoms in arguments.atoms:
        mine, theirs = calls(here, n_atoms), calls(there, n_atoms)
        for name in mine:
            times = alternately((mine[name], theirs[name]), arguments.calls)
            print_line(n_atoms, name, times)
        with PeakMemory("cpu"):
            times = alternately((mine["evaluate"], theirs["evaluate"]), arguments.calls)
        print_line(n_atoms, "evaluate, memory measured", times)


def calls(model: Model, n_atoms: int) -> dict[str, Callable[[], object]]:
    """Return what is timed."""
    positions = np.random.default_rng(0).normal(size=(n_atoms, 3))
    atoms = Atoms(f"C{n_atoms}", positions=positions, cell=3 * [30.0], pbc=True)
    rows = model.rows(atoms, 100_000 * [(0, np.eye(3)[0])])  # more than are read
    multiply = model.linearize(atoms)
    return {
        "evaluate": lambda: model.evaluate([atoms]),
        "next row": lambda: next(rows),
        "product": lambda: multiply(positions[np.newaxis]),
    }


def alternately(
    contenders: tuple[Callable[[], object], Callable[[], object]], repeats: int
) -> tuple[float, float]:
    """Return the median time of each in milliseconds."""
    times: tuple[list[float], list[float]] = [], []
    for repeat in range(repeats + 5):
        for call, kept in zip(contenders, times, strict=True):
            start = perf_counter()
            call()
            if repeat >= 5:  # the first ones warm up
                kept.append(1000 * (perf_counter() - start))
    return median(times[0]), median(times[1])


def print_line(n_atoms: int, name: str, times: tuple[float, float]) -> None:
    """Print one line of the table."""
    here, there = times
    print(f"| {n_atoms} | {name} | {here:.3f} | {there:.3f} | {there - here:.3f} |", flush=True)


if __name__ == "__main__":
    if sys.argv[1:] == ["serve"]:
        sys.exit(server.main(lambda *_, **__: Springs()))
    main()
