"""What LAMMPS adds to a step: a model behind `fix external` against ASE's velocity Verlet.

    python benchmarks/lammps_bridge.py [--steps 30] [--repeats 5] [--atoms 1000 10000]

The model holds each atom by a spring, which takes next to no time, so that what is left is the way
there and back. Runs here and there alternate; medians of CPU time and their difference are printed
as a table. Without arguments it takes some ten seconds of one core.
"""

import argparse
from collections.abc import Callable, Sequence
from statistics import median
from time import process_time

import numpy as np
from ase import Atoms, units
from ase.md.verlet import VelocityVerlet

from nearsight.lammps import attach, start_lammps
from nearsight.models.calculator import ModelCalculator
from nearsight.models.contract import Capabilities, Evaluation
from nearsight.models.facts import Facts
from nearsight.provenance import ModelIdentity
from nearsight.structures.pairs import Pairs

SPACING_A = 3.0
COLUMNS = ("atoms", "stress", "ASE / ms", "LAMMPS / ms", "difference / ms", "asked / ms")
ASKED_MS = {1000: 0.5, 10_000: 2.0}


class Springs:
    """Every atom on a spring."""

    identity = ModelIdentity("springs", "benchmark", None, "float64", "cpu")
    capabilities = Capabilities(None, None, None, True, True, False, True, False, True)
    facts = Facts()

    def __init__(self, places_A: np.ndarray) -> None:
        self.places_A = places_A

    def evaluate(
        self,
        structures: Sequence[Atoms],
        *,
        forces: bool = True,
        stress: bool = False,
        pairs: Sequence[Pairs] | None = None,
    ) -> list[Evaluation]:
        """Return the energy and forces."""
        del forces, pairs
        [atoms] = structures
        away = atoms.positions - self.places_A
        edges_A = atoms.cell.lengths()
        away -= edges_A * np.rint(away / edges_A)
        no_stress = np.zeros(6) if stress else None
        return [Evaluation(float((away**2).sum() / 2), -away, no_stress, None)]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, default=30)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--atoms", type=int, nargs="+", default=[1000, 10_000])
    arguments = parser.parse_args()
    print(f"| {' | '.join(COLUMNS)} |\n|{'---|' * len(COLUMNS)}")
    for n_atoms in arguments.atoms:
        for stress in (False, True):
            print(f"| {' | '.join(row(n_atoms, arguments, stress=stress))} |", flush=True)


def row(n_atoms: int, arguments: argparse.Namespace, *, stress: bool) -> list[str]:
    """Return the medians of both, and of the differences of runs beside each other."""
    ways = (steps_of_ase(n_atoms, stress=stress), steps_of_lammps(n_atoms))
    times: list[list[float]] = [[], []]
    for _ in range(arguments.repeats):
        for way, of_way in zip(ways, times, strict=True):
            start = process_time()
            way(arguments.steps)
            of_way.append(1e3 * (process_time() - start) / arguments.steps)
    differences = [there - here for here, there in zip(*times, strict=True)]
    asked = ASKED_MS.get(n_atoms)
    return [
        f"{n_atoms}",
        "in both" if stress else "in LAMMPS alone",
        *(f"{median(of_way):.3f}" for of_way in times),
        f"{median(differences):+.3f}",
        "" if asked is None else f"{asked:g}",
    ]


def crystal(n_atoms: int) -> Atoms:
    """Return copper on a simple cubic lattice of ten rows of ten atoms."""
    shape = (10, 10, n_atoms // 100)
    places_A = SPACING_A * (np.indices(shape).reshape(3, -1).T + 0.5)
    cell = SPACING_A * np.array(shape)
    return Atoms(f"Cu{len(places_A)}", positions=places_A, cell=cell, pbc=True)


def steps_of_ase(n_atoms: int, *, stress: bool) -> Callable[[int], None]:
    """Return what makes steps by ASE."""
    atoms = crystal(n_atoms)
    atoms.calc = ModelCalculator(Springs(atoms.positions.copy()))
    rng = np.random.default_rng(0)
    atoms.set_velocities(rng.normal(scale=0.01, size=(n_atoms, 3)))
    dynamics = VelocityVerlet(atoms, units.fs)
    if stress:
        dynamics.attach(atoms.get_stress)
    return dynamics.run


def steps_of_lammps(n_atoms: int) -> Callable[[int], None]:
    """Return what makes steps by LAMMPS."""
    atoms = crystal(n_atoms)
    lammps = start_lammps(("-log", "none", "-screen", "none", "-nocite"))
    x, y, z = atoms.cell.lengths()
    lammps.commands_string(
        f"units metal\natom_modify map yes\nregion box block 0 {x} 0 {y} 0 {z}\n"
        f"create_box 1 box\nmass 1 63.546\npair_style zero 2.0 nocoeff\npair_coeff * *\n"
        f"timestep 0.001\n"
    )
    lammps.create_atoms(n_atoms, None, [1] * n_atoms, atoms.positions.ravel().tolist())
    attached = attach(lammps, Springs(atoms.positions), ["Cu"])
    attached.command("velocity all create 300 7")
    attached.command("fix motion all nve")
    return lambda n_steps: attached.command(f"run {n_steps} post no")


if __name__ == "__main__":
    main()
