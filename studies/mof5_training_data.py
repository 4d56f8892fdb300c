"""Snapshots of MOF-5 with and without missing linkers, labelled by another model.

    python studies/mof5_training_data.py MOF5.extxyz OUT_PREFIX [--model sevennet-0] [--seed 0]

A small model that imitates a large one on one material is the cheapest there is for large cells of
it (`mof5_without_symmetry.py`). For the primitive cell with none to three of its six linkers
missing: a relaxation at fixed cell, molecular dynamics at 300 and 500 K, and small random
displacements around the minimum, on which curvature depends most. Writes OUT_PREFIX.train.extxyz
and OUT_PREFIX.valid.extxyz with the keys REF_energy and REF_forces.
"""

import argparse
from collections.abc import Iterator

import numpy as np
from ase import Atoms, units
from ase.io import write
from ase.md.langevin import Langevin
from ase.md.velocitydistribution import thermalize_momenta
from ase.optimize import BFGS
from mof5_cells import phenylene_rings, without_linkers

from nearsight.models import load_model
from nearsight.models.calculator import ModelCalculator
from nearsight.structures import read_structure

MISSING: tuple[list[int], ...] = ([], [], [0], [3], [0, 1], [2, 5], [0, 2, 4])
N_STEPS = 120
EVERY = 6
RATTLES_A = (0.005, 0.01, 0.02, 0.04, 0.06, 0.08)


def snapshots(atoms: Atoms, temperature_K: float, seed: int) -> Iterator[Atoms]:
    """Yield labelled geometries; `atoms` has a calculator and ends at its minimum."""
    yield from _labelled([atoms.copy()], atoms.calc)
    BFGS(atoms, logfile=None).run(fmax=0.02, steps=150)
    minimum = atoms.copy()
    rng = np.random.default_rng(seed)
    rattled = []
    for size in RATTLES_A:
        moved = minimum.copy()
        moved.positions += rng.normal(scale=size, size=moved.positions.shape)
        rattled.append(moved)
    yield from _labelled([minimum, *rattled], atoms.calc)
    # Half of what is put in as motion becomes potential energy.
    thermalize_momenta(atoms, temperature_K=2 * temperature_K, rng=rng)
    dynamics = Langevin(
        atoms, units.fs, temperature_K=temperature_K, friction=0.01 / units.fs, fixcm=False, rng=rng
    )
    for _ in range(N_STEPS // EVERY):
        dynamics.run(EVERY)
        yield from _labelled([atoms.copy()], atoms.calc)


def _labelled(structures: list[Atoms], calculator: ModelCalculator) -> Iterator[Atoms]:
    for atoms in structures:
        atoms.calc = calculator
        energy, forces = atoms.get_potential_energy(), atoms.get_forces()
        atoms.calc = None
        atoms.info = {"REF_energy": energy}
        atoms.arrays["REF_forces"] = forces
        yield atoms


def main() -> None:
    """Make the snapshots and divide them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("structure")
    parser.add_argument("prefix")
    parser.add_argument("--model", default="sevennet-0")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    model = load_model(arguments.model, dtype="float32", device="cpu")
    perfect = read_structure(arguments.structure)
    print(f"{len(phenylene_rings(perfect))} linkers")
    train: list[Atoms] = []
    valid: list[Atoms] = []
    for number, missing in enumerate(MISSING):
        atoms = without_linkers(perfect, missing)
        atoms.calc = ModelCalculator(model)
        temperature = 500.0 if number % 2 else 300.0
        found = list(snapshots(atoms, temperature, arguments.seed + number))
        valid += found[5::10]
        train += [one for index, one in enumerate(found) if index % 10 != 5]
        print(f"missing {missing}: {len(found)} snapshots of {len(atoms)} atoms", flush=True)
        write(f"{arguments.prefix}.train.extxyz", train)
        write(f"{arguments.prefix}.valid.extxyz", valid)


if __name__ == "__main__":
    main()
