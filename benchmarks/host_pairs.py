"""What the pairs of a framework with a moving guest take, kept against searched for anew.

    python benchmarks/host_pairs.py [--trials 64] [--repeats 7] STRUCTURE

A CO2 molecule is put at random places of a crystal. The graphs that a PyTorch model takes are made
of pairs that `HostPairs` finds, and of those of a fresh search, alternately, one by one and all
trials in one batch. Both have the same pairs, which is checked. Medians and their ratios are
printed.
"""

import argparse
import platform
from collections.abc import Callable
from functools import partial
from statistics import median
from time import perf_counter

import numpy as np
from ase import Atoms
from ase.build import molecule

from nearsight.models.graphs.neighbor_graph import neighbor_graph
from nearsight.structures import read_structure
from nearsight.structures.host_pairs import HostPairs
from nearsight.structures.pairs import Pairs, pairs_of

CUTOFFS_A = (4.0, 5.0, 6.0)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("structure")
    parser.add_argument("--trials", type=int, default=64)
    parser.add_argument("--repeats", type=int, default=7)
    arguments = parser.parse_args()
    host = read_structure(arguments.structure)
    trials = guests(host, arguments.trials)
    print(
        f"{arguments.trials} CO2 in {host.get_chemical_formula()}, {len(host)} atoms, "
        f"{platform.processor() or 'CPU'}"
    )
    for cutoff in CUTOFFS_A:
        compare(host, trials, cutoff, arguments.repeats)


def guests(host: Atoms, n_trials: int) -> list[np.ndarray]:
    """Return positions of CO2 at random places of the cell, turned at random."""
    random = np.random.default_rng(1)
    positions = []
    for _ in range(n_trials):
        guest = molecule("CO2")
        guest.rotate(random.uniform(0, 360), random.normal(size=3))
        positions.append(guest.positions + random.random(3) @ host.cell.array)
    return positions


def compare(host: Atoms, trials: list[np.ndarray], cutoff_A: float, repeats: int) -> None:
    """Print what pairs, graphs one by one and a graph of all take at a cutoff."""
    structures = [host + Atoms("CO2", positions) for positions in trials]
    hosts = HostPairs(host, cutoff_A)

    def kept() -> list[Pairs]:
        return [hosts.with_guests(positions) for positions in trials]

    def fresh() -> list[Pairs]:
        return [pairs_of(atoms, cutoff_A) for atoms in structures]

    for one, other in zip(kept(), fresh(), strict=True):
        assert same(one, other)
    contenders: dict[str, Callable[[Callable[[], list[Pairs]]], object]] = {
        "pairs": lambda find: find(),
        "graphs": lambda find: [
            neighbor_graph([atoms], [pairs])
            for atoms, pairs in zip(structures, find(), strict=True)
        ],
        "one graph": lambda find: neighbor_graph(structures, find()),
    }
    for what, make in contenders.items():
        ours, theirs = alternately(partial(make, kept), partial(make, fresh), repeats)
        print(
            f"{cutoff_A:g} Å  {what:<10} {1e6 * ours / len(trials):7.0f} us a trial with kept "
            f"pairs  {1e6 * theirs / len(trials):7.0f} us anew   {ours / theirs:.2f}"
        )


def same(one: Pairs, other: Pairs) -> bool:
    """Tell whether both have the same pairs, in whatever order."""
    first, second = (
        sorted(np.column_stack([each.first, each.second, each.shifts_A]).tolist())
        for each in (one, other)
    )
    return first == second


def alternately(
    ours: Callable[[], object], theirs: Callable[[], object], repeats: int
) -> tuple[float, float]:
    """Return the median seconds of both."""
    seconds: tuple[list[float], list[float]] = ([], [])
    for _ in range(repeats):
        for work, taken in zip((ours, theirs), seconds, strict=True):
            start = perf_counter()
            work()
            taken.append(perf_counter() - start)
    return median(seconds[0]), median(seconds[1])


if __name__ == "__main__":
    main()
