"""What energies alone take, against energies with forces.

    python benchmarks/energies_alone.py [--model sevennet-0]... [--repeats 5] [--trust] STRUCTURE

A CO2 molecule is put where a crystal has most room. Both questions are asked alternately, each time
of slightly other positions, in both precisions. Medians and their ratios are printed. A model that
has no name is given by family and path (`random_models/` makes some): ``matgl:<folder>``.
"""

import argparse
import platform
from statistics import median
from time import perf_counter

import numpy as np
from ase import Atoms
from ase.build import molecule
from matscipy.neighbours import neighbour_list

from nearsight.models import Model, load_model
from nearsight.structures import read_structure

PRECISIONS = ("float32", "float64")
MOVES_A = 1e-3


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("structure")
    parser.add_argument("--model", action="append", dest="models")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--trust", action="store_true", help="files that run code may be loaded")
    parser.add_argument("--device", default="cpu")
    arguments = parser.parse_args()
    atoms = read_structure(arguments.structure)
    if atoms.pbc.any():
        atoms = with_guest(atoms)
    print(f"{atoms.get_chemical_formula()}, {len(atoms)} atoms, {platform.processor() or 'CPU'}")
    for name in arguments.models or ["sevennet-0"]:
        for dtype in PRECISIONS:
            model = load_model(name, dtype=dtype, device=arguments.device, trust=arguments.trust)
            alone, beside = measure(model, atoms, arguments.repeats)
            print(
                f"{name:<24} {dtype}  {alone:7.3f} s alone  {beside:7.3f} s with forces   "
                f"{beside / alone:.2f}x"
            )


def with_guest(host: Atoms) -> Atoms:
    """Return a crystal with a CO2 molecule around the point that is farthest from all atoms."""
    grid = np.linspace(0, 1, 16, endpoint=False)
    points = np.stack(np.meshgrid(grid, grid, grid), axis=-1).reshape(-1, 3) @ host.cell.array
    probes = Atoms(f"He{len(points)}", points, cell=host.cell, pbc=host.pbc)
    i, j, distance = neighbour_list("ijd", host + probes, 8.0)
    to_host = (i >= len(host)) & (j < len(host))
    nearest = np.full(len(points), np.inf)
    np.minimum.at(nearest, i[to_host] - len(host), distance[to_host])
    guest = molecule("CO2")
    guest.positions += points[np.argmax(nearest)] - guest.positions.mean(axis=0)
    return host + guest


def measure(model: Model, atoms: Atoms, repeats: int) -> tuple[float, float]:
    """Return the median seconds of energies alone, and of energies with forces."""
    random = np.random.default_rng(1)
    seconds: dict[bool, list[float]] = {False: [], True: []}
    for repeat in range(repeats + 1):
        for forces, taken in seconds.items():
            moved = atoms.copy()
            moved.positions += random.uniform(-MOVES_A, MOVES_A, size=moved.positions.shape)
            start = perf_counter()
            model.evaluate([moved], forces=forces)
            if repeat > 0:  # the first round warms up
                taken.append(perf_counter() - start)
    return median(seconds[False]), median(seconds[True])


if __name__ == "__main__":
    main()
