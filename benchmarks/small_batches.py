"""Energies and forces of small structures at once, against one after the other.

    python benchmarks/small_batches.py STRUCTURE [--model sevennet-0] [--n 8] [--repeats 3]

All are the same structure with other positions. Both ways are asked alternately, on one core;
times are of the processor. What deviates is printed, too: a batch has other last digits.
"""

import argparse
import os
from statistics import median
from time import process_time

import numpy as np

from nearsight.models import load_model
from nearsight.resources import Resources
from nearsight.structures import read_structure


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("structure")
    parser.add_argument("--model", default="sevennet-0")
    parser.add_argument("--dtype", default="float32")
    parser.add_argument("--n", type=int, default=8)
    parser.add_argument("--repeats", type=int, default=3)
    arguments = parser.parse_args()
    Resources(cores=1).limit_threads()
    model = load_model(arguments.model, dtype=arguments.dtype, device="cpu")
    atoms = read_structure(arguments.structure)
    structures = [atoms.copy() for _ in range(arguments.n)]
    for seed, each in enumerate(structures):
        each.rattle(0.01, seed=seed)
    model.evaluate(structures)  # whatever is slow only once
    at_once_s, alone_s = [], []
    for _ in range(arguments.repeats):
        start = process_time()
        at_once = model.evaluate(structures)
        at_once_s.append(process_time() - start)
        start = process_time()
        alone = [model.evaluate([each])[0] for each in structures]
        alone_s.append(process_time() - start)
    deviation = max(
        float(np.abs(one.forces_eV_per_A - other.forces_eV_per_A).max())
        for one, other in zip(at_once, alone, strict=True)
    )
    print(
        f"{arguments.n} structures of {len(atoms)} atoms, {arguments.model}, {arguments.dtype}, "
        f"load average {os.getloadavg()[0]:.1f}: at once {median(at_once_s):.2f} s, one by one "
        f"{median(alone_s):.2f} s ({median(alone_s) / median(at_once_s):.2f}x), forces deviate by "
        f"{deviation:.0e} eV/Å"
    )


if __name__ == "__main__":
    main()
