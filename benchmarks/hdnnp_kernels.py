"""What the compiled kernels of an HDNNP take: evaluation by size, Jacobians, local changes.

    python benchmarks/hdnnp_kernels.py [--repeats 21] [--units angstrom,eV] FOLDER MOLECULE CRYSTAL

The potential in a folder of n2p2's files is evaluated for a molecule, for a crystal, and for
supercells of it of up to 20,000 atoms. Printed are medians of processor time, with the search for
pairs and without, and the exponent of the number of atoms from 1,000 on; for the molecule what
descriptors, Jacobians and gradients take; and for supercells what the energy of three atoms that
move takes, some in a row, against the energy of the whole, alternately.
"""

import argparse
import platform
from collections.abc import Callable, Sequence
from itertools import product
from statistics import median
from time import process_time

import numpy as np
from ase import Atoms

from nearsight.hdnnp.files import read_potential
from nearsight.hdnnp.kernels.compiled_potential import CompiledPotential, compile_potential
from nearsight.hdnnp.kernels.descriptors import descriptors
from nearsight.hdnnp.kernels.evaluation import evaluate
from nearsight.hdnnp.kernels.jacobians import jacobian, loss_gradient, predict
from nearsight.hdnnp.kernels.local_energies import LocalEnergies
from nearsight.hdnnp.potential import PotentialUnits
from nearsight.structures import read_structure
from nearsight.structures.pairs import pairs_of

SIZES = (1_000, 2_000, 5_000, 10_000, 20_000)
FORCE_COMPONENTS = (1, 31, 63)
CHANGES = 20  # in a row, as a Monte Carlo simulation has them


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder")
    parser.add_argument("molecule")
    parser.add_argument("crystal")
    parser.add_argument("--repeats", type=int, default=21)
    parser.add_argument("--units", default="angstrom,eV")
    arguments = parser.parse_args()
    units = PotentialUnits(*arguments.units.split(","))
    potential = compile_potential(read_potential(arguments.folder, units))
    molecule, crystal = read_structure(arguments.molecule), read_structure(arguments.crystal)
    print(
        f"{int(potential.n_functions.sum())} symmetry functions up to {potential.cutoff_A:g} Å, "
        f"{len(potential.weights)} weights, {platform.processor() or 'CPU'}"
    )
    supercells = [supercell(crystal, size) for size in SIZES]
    by_size(potential, [molecule, crystal, *supercells], arguments.repeats)
    training(potential, molecule, arguments.repeats)
    for atoms in (crystal, *supercells[:2]):
        local_changes(potential, atoms, arguments.repeats)


def supercell(crystal: Atoms, n_atoms: int) -> Atoms:
    """Return the supercell whose number of atoms is nearest, the most cubic one of those."""
    counts = min(
        product(range(1, 12), repeat=3),
        key=lambda each: (abs(np.prod(each) * len(crystal) - n_atoms), max(each) - min(each)),
    )
    return crystal.repeat(counts)


def by_size(potential: CompiledPotential, structures: Sequence[Atoms], repeats: int) -> None:
    """Print what energies and forces take."""
    seconds = []
    for atoms in structures:
        pairs = pairs_of(atoms, potential.cutoff_A)
        n_repeats = max(3, repeats * 1_000 // (1_000 + len(atoms)))
        search, energy, forces = alternately(
            n_repeats,
            lambda atoms=atoms: pairs_of(atoms, potential.cutoff_A),
            lambda atoms=atoms, pairs=pairs: evaluate(
                potential, atoms.numbers, pairs, forces=False
            ),
            lambda atoms=atoms, pairs=pairs: evaluate(potential, atoms.numbers, pairs),
        )
        seconds.append(forces)
        print(
            f"{len(atoms):6} atoms  pairs {1e3 * search:8.2f} ms  energy {1e3 * energy:8.2f} ms  "
            f"energy and forces {1e3 * forces:8.2f} ms  {1e6 * forces / len(atoms):5.1f} us an atom"
        )
    sizes = [len(atoms) for atoms in structures[2:]]
    exponent = np.polyfit(np.log(sizes), np.log(seconds[2:]), 1)[0]
    print(f"exponent of the number of atoms {exponent:.3f}")


def training(potential: CompiledPotential, atoms: Atoms, repeats: int) -> None:
    """Print what descriptors and derivatives by weights take."""
    pairs = pairs_of(atoms, potential.cutoff_A)
    of_structure = descriptors(potential, atoms.numbers, pairs)
    random = np.random.default_rng(1)
    chosen = random.permutation(list(np.ndindex(len(atoms), 3)))
    by_forces = random.normal(size=(len(atoms), 3))
    works: dict[str, Callable[[], object]] = {
        "descriptors with derivatives": lambda: descriptors(potential, atoms.numbers, pairs),
        "energy and forces of descriptors": lambda: predict(potential, of_structure),
        "gradient of all forces": lambda: loss_gradient(potential, of_structure, 1.0, by_forces),
    }
    for count in FORCE_COMPONENTS:
        works[f"Jacobian, energy and {count} forces"] = lambda count=count: jacobian(
            potential, of_structure, chosen[:count]
        )
    for name, taken in zip(works, alternately(10 * repeats, *works.values()), strict=True):
        print(f"{name:<34} {1e3 * taken:6.3f} ms for {len(atoms)} atoms")
    print(f"descriptors hold {of_structure.n_bytes / 1e6:.2f} MB")


def local_changes(potential: CompiledPotential, atoms: Atoms, repeats: int) -> None:
    """Print what the energy takes of three neighbours that move together."""
    energies = LocalEnergies(potential, atoms)
    pairs = pairs_of(atoms, potential.cutoff_A)
    random = np.random.default_rng(2)
    centres: list[int] = []

    def changes() -> None:
        for _ in range(CHANGES):
            first = random.integers(len(atoms))
            near = pairs.second[pairs.first == first][:2]
            moved = np.unique(np.append(near, first))
            there = energies.positions_A[moved] + random.normal(size=3)
            start = process_time()
            change = energies.move(moved, there)
            taken.append(process_time() - start)
            centres.append(len(change.around.centres))

    taken: list[float] = []
    search, whole, _ = alternately(
        repeats,
        lambda: pairs_of(atoms, potential.cutoff_A),
        lambda: evaluate(potential, atoms.numbers, pairs, forces=False),
        changes,
    )
    here = median(taken)
    print(
        f"{len(atoms):6} atoms  {1e6 * here:6.0f} us for 3 that move, {median(centres):.0f} "
        f"energies; 1/{whole / here:.0f} of all, 1/{(whole + search) / here:.0f} with their pairs"
    )


def alternately(repeats: int, *works: Callable[[], object]) -> list[float]:
    """Return median seconds of processor time of each."""
    seconds: list[list[float]] = [[] for _ in works]
    for _ in range(repeats + 1):
        for work, taken in zip(works, seconds, strict=True):
            start = process_time()
            work()
            taken.append(process_time() - start)
    return [median(taken[1:]) for taken in seconds]  # the first call may compile


if __name__ == "__main__":
    main()
