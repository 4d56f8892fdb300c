"""Rows that follow by symmetry against all rows, and against phonopy, with one model.

    python benchmarks/plans.py --structure MOF5.extxyz --crystal RSM0011.cif
        [--model sevennet-0] [--supercell 2x2x2] [--rows-sampled N]
        [--repeats 3] [--threads 2]

The structure (one with a space group, onto which it is moved within 1e-4 Å) has its Hessian from
the rows of a plan, from every row, and from phonopy's own displacements for the cell itself, with
symmetry and central differences. The crystal, taken as it is, has compact force constants of a
supercell against every row of that supercell; then the modes of the supercell at Γ against those of
the crystal on the commensurate mesh, and heat capacities from both. All of it on the CPU in
float64.

Each measurement is a process of its own: it loads the model, makes one force call, and then
measures wall time and memory on top of that. Contenders take turns, and medians are printed with
their ratios to the planned rows. With `--rows-sampled` only that many rows, drawn at random with a
fixed seed, stand for every row: their time is scaled to all, which is marked with a tilde, their
elements are what deviations are taken from, and the modes at Γ are those of the expanded rows.
"""

import argparse
import multiprocessing
import platform
from collections.abc import Callable
from dataclasses import dataclass, replace
from statistics import median
from typing import Any

import numpy as np
from ase import Atoms
from numpy.typing import NDArray

from nearsight import units
from nearsight.allocation import allocate_for_speed
from nearsight.hessian import ForceConstants, Hessian, force_constants, hessian
from nearsight.hessian.files.phonopy_objects import phonopy_atoms
from nearsight.memory import Measured, measure
from nearsight.models import Model, load_model
from nearsight.structures import read_structure, symmetrize
from nearsight.vibrations import phonon_mesh, thermodynamics, vibrations

FloatArray = NDArray[np.float64]

PLANNED = "nearsight, planned rows"
DENSE = "nearsight, every row"
PHONOPY = "phonopy, symmetry, central differences"
COMPACT = "nearsight, compact rows"
TEMPERATURES_K = (100.0, 300.0, 500.0)
LOWEST_THz = 0.1
"""Below it relative deviations of frequencies say nothing."""


@dataclass(frozen=True)
class Task:
    """What a process of its own measures."""

    contender: str
    model: str
    atoms: Atoms
    repeats: tuple[int, int, int]
    rows: tuple[int, ...]
    """Which of the rows 3 A + α stand for every row."""
    threads: int
    trust: bool


@dataclass(frozen=True)
class Done:
    """What a contender found."""

    values: Any
    """A `Hessian`, `ForceConstants`, or rows of shape ``(n_rows, n_atoms, 3)`` in eV/Å²."""
    work: str
    """What it computed, in words."""
    share: float = 1.0
    """The part of its work that was done."""


# --- the contenders ---


def _planned(task: Task, model: Model) -> Done:
    found = hessian(task.atoms, model, "rows", progress=False)
    return Done(found, f"{found.rows_computed} rows")


def _compact(task: Task, model: Model) -> Done:
    found = force_constants(task.atoms, model, task.repeats, method="rows", progress=False)
    return Done(found, f"{found.rows_computed} rows")


def _dense(task: Task, model: Model) -> Done:
    n_rows = 3 * len(task.atoms)
    if len(task.rows) == n_rows:
        found = hessian(task.atoms, model, "rows", row_symmetry_A=None, progress=False)
        return Done(found, f"{n_rows} rows")
    seeds = [(row // 3, np.eye(3)[row % 3]) for row in task.rows]
    rows = np.stack(list(model.rows(task.atoms, seeds)))
    return Done(rows, f"{len(seeds)} of {n_rows} rows", len(seeds) / n_rows)


def _phonopy(task: Task, model: Model) -> Done:
    from phonopy import Phonopy

    phonon = Phonopy(phonopy_atoms(task.atoms), np.eye(3, dtype=int), primitive_matrix=np.eye(3))
    phonon.generate_displacements(distance=0.01, is_plusminus=True)
    forces = []
    for cell in phonon.supercells_with_displacements:
        moved = Atoms(cell.numbers, cell.positions, cell=cell.cell, pbc=True)
        forces.append(model.evaluate([moved])[0].forces_eV_per_A)
    phonon.forces = forces
    phonon.produce_force_constants()
    return Done(phonon.force_constants.transpose(0, 2, 1, 3), f"{len(forces)} force calls")


CONTENDERS: dict[str, Callable[[Task, Model], Done]] = {
    PLANNED: _planned,
    DENSE: _dense,
    PHONOPY: _phonopy,
    COMPACT: _compact,
}


# --- measuring ---


def run_task(task: Task) -> Measured[Done]:
    """Load, warm up, measure; runs in a process of its own."""
    # As the command line of Nearsight does; here it serves every contender.
    allocate_for_speed()
    import torch

    torch.set_num_threads(task.threads)
    model = load_model(task.model, device="cpu", trust=task.trust)
    # One row too: the first one of a process is slower.
    list(model.rows(task.atoms, [(0, np.eye(3)[0])]))
    found = measure(lambda: CONTENDERS[task.contender](task, model), "cpu")
    return replace(found, seconds=found.seconds / found.result.share)


def measure_all(tasks: list[Task], repeats: int) -> dict[str, Measured[Done]]:
    """Return what every contender found, with the medians of time and memory."""
    found: dict[str, list[Measured[Done]]] = {task.contender: [] for task in tasks}
    spawn = multiprocessing.get_context("spawn")
    for _ in range(repeats):
        for task in tasks:
            with spawn.Pool(1) as pool:
                found[task.contender].append(pool.apply(run_task, (task,)))
    return {
        name: Measured(
            of[0].result,
            median(each.seconds for each in of),
            int(median(each.peak_memory_bytes for each in of)),
        )
        for name, of in found.items()
    }


def show_costs(found: dict[str, Measured[Done]]) -> None:
    """Print one table of times and memory; the first contender is the measure."""
    own = next(iter(found.values()))
    print(f"{'':<39}{'':<16}{'time / s':>10}{'ratio':>7}{'MB':>7}")
    for name, each in found.items():
        mark = "~" if each.result.share < 1 else ""
        seconds = mark + format(each.seconds, ".1f")
        ratio = each.seconds / own.seconds
        print(
            f"{name:<39}{each.result.work:<16}{seconds:>10}{ratio:7.2f}"
            f"{each.peak_memory_bytes / 1e6:7.0f}"
        )


def largest(deviation: FloatArray) -> str:
    """Return the largest element as text."""
    return f"{np.abs(deviation).max():.1e} eV/Å²"


# --- one cell ---


def compare_planned(arguments: argparse.Namespace) -> None:
    """Measure and print everything about the Hessian of one cell."""
    # What a file rounds breaks the symmetry by its last digits.
    atoms = symmetrize(read_structure(arguments.structure), 1e-4).atoms
    rows = chosen_rows(3 * len(atoms), arguments.rows_sampled)
    settings = (arguments.threads, arguments.trust_checkpoint)
    tasks = [
        Task(name, arguments.model, atoms, (1, 1, 1), rows, *settings)
        for name in (PLANNED, DENSE, PHONOPY)
    ]
    found = measure_all(tasks, arguments.repeats)
    expanded, dense, theirs = (found[name].result.values for name in (PLANNED, DENSE, PHONOPY))
    print(f"\n{arguments.structure}: {len(atoms)} atoms, {expanded.symmetry}")
    show_costs(found)
    matrix = expanded.matrix_eV_per_A2
    every = picked(dense, rows)
    print(f"largest element {np.abs(matrix).max():.3g} eV/Å²; largest deviations:")
    print(f"  expanded from every row   {largest(picked(matrix, rows) - every)}")
    print(f"  phonopy from every row    {largest(picked(theirs, rows) - every)}")
    own, other = capacities(expanded), capacities(replace(expanded, matrix_eV_per_A2=theirs))
    print(f"  c_v by phonopy over planned, less 1: {np.abs(other / own - 1).max():.1e}")
    if isinstance(dense, Hessian):
        print(
            f"  c_v by planned over every row, less 1: "
            f"{np.abs(own / capacities(dense) - 1).max():.1e}"
        )


def chosen_rows(n_rows: int, n_sampled: int | None) -> tuple[int, ...]:
    """Return all rows, or some of them drawn at random."""
    if n_sampled is None or n_sampled >= n_rows:
        return tuple(range(n_rows))
    drawn = np.random.default_rng(0).choice(n_rows, n_sampled, replace=False)
    return tuple(sorted(drawn.tolist()))


def picked(values: Hessian | FloatArray, rows: tuple[int, ...]) -> FloatArray:
    """Return these rows of a Hessian, or the rows themselves, ``(n_rows, n_atoms, 3)``."""
    matrix = values.matrix_eV_per_A2 if isinstance(values, Hessian) else values
    if matrix.ndim == 3:
        return matrix
    return matrix.reshape(-1, *matrix.shape[2:])[list(rows)]


def capacities(found: Hessian) -> FloatArray:
    """Return heat capacities at Γ in eV/K."""
    return thermodynamics(vibrations(found), TEMPERATURES_K).heat_capacity_eV_per_K


# --- a supercell ---


def compare_compact(arguments: argparse.Namespace) -> None:
    """Measure and print everything about the force constants of a supercell."""
    atoms = read_structure(arguments.crystal)
    a, b, c = (int(part) for part in arguments.supercell.split("x"))
    supercell = phonopys_supercell(atoms, (a, b, c))
    rows = chosen_rows(3 * len(supercell), arguments.rows_sampled)
    settings = (arguments.threads, arguments.trust_checkpoint)
    tasks = [
        Task(COMPACT, arguments.model, atoms, (a, b, c), (), *settings),
        Task(DENSE, arguments.model, supercell, (1, 1, 1), rows, *settings),
    ]
    found = measure_all(tasks, arguments.repeats)
    compact, dense = (found[name].result.values for name in (COMPACT, DENSE))
    print(
        f"\n{arguments.crystal}, {arguments.supercell}: {len(supercell)} atoms, {compact.symmetry}"
    )
    show_costs(found)
    full = expand(compact)
    print(f"largest element {np.abs(full).max():.3g} eV/Å²; largest deviation:")
    print(f"  expanded from every row   {largest(picked(full, rows) - picked(dense, rows))}")
    if not isinstance(dense, Hessian):
        print("the supercell at Γ: of the expanded rows, as every row was only sampled")
        one_cell = compact.at_gamma()
        dense = replace(one_cell, atoms=supercell, matrix_eV_per_A2=full)
    show_modes(compact, dense, (a, b, c))


def phonopys_supercell(atoms: Atoms, repeats: tuple[int, int, int]) -> Atoms:
    """Return the supercell with the atoms in phonopy's order, in which `expand` gives rows."""
    from phonopy import Phonopy

    # Its supercell is in this order whatever else it is told.
    cell = Phonopy(phonopy_atoms(atoms), np.diag(repeats), primitive_matrix=np.eye(3)).supercell
    return Atoms(cell.numbers, cell.positions, cell=cell.cell, pbc=True, masses=cell.masses)


def expand(compact: ForceConstants) -> FloatArray:
    """Return every row of the supercell in phonopy's order, ``(n, 3, n, 3)``, by phonopy."""
    from phonopy.harmonic.force_constants import compact_fc_to_full_fc

    phonon = compact.to_phonopy()
    full = compact_fc_to_full_fc(phonon.primitive, phonon.force_constants)
    return np.asarray(full, dtype=np.float64).transpose(0, 2, 1, 3)


def show_modes(compact: ForceConstants, dense: Hessian, repeats: tuple[int, int, int]) -> None:
    """Print how the supercell at Γ and the commensurate mesh differ, which they should not."""
    mesh, modes = phonon_mesh(compact, repeats), vibrations(dense)
    # Every q-point stands for as many as its weight says.
    times = np.round(mesh.weights * np.prod(repeats)).astype(int)
    on_mesh = np.sort(np.repeat(mesh.eigenvalues_eV_per_A2_amu, times, axis=0).ravel())
    at_gamma = np.sort(modes.unprojected_eigenvalues_eV_per_A2_amu)
    print("the supercell at Γ against the commensurate mesh of the crystal:")
    print(f"  eigenvalues             {np.abs(on_mesh - at_gamma).max():.1e} eV/(Å² amu) off")
    ours, theirs = (units.mode_energies(each) * units.EV_IN_THZ for each in (on_mesh, at_gamma))
    counted = theirs > LOWEST_THz
    relative = np.abs(ours[counted] / theirs[counted] - 1).max()
    print(
        f"  frequencies             {relative:.1e} relative, "
        f"{np.count_nonzero(counted)} of {len(theirs)} above {LOWEST_THz} THz"
    )
    # As computed, translations are noise of either sign, and no two routes have the same.
    for convention in ("exclude", "classical"):
        own, other = (
            thermodynamics(each, TEMPERATURES_K, convention).heat_capacity_J_per_g_K
            for each in (mesh, modes)
        )
        print(f"  c_v, {convention:<19}{np.abs(own / other - 1).max():.1e} relative")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--structure", help="a cell with a space group, for its Hessian")
    parser.add_argument("--crystal", help="a primitive cell, for force constants of a supercell")
    parser.add_argument("--model", default="sevennet-0")
    parser.add_argument("--trust-checkpoint", action="store_true")
    parser.add_argument("--supercell", default="2x2x2", metavar="AxBxC")
    parser.add_argument("--rows-sampled", type=int, metavar="N", help="default: every row")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    if not (arguments.structure or arguments.crystal):
        parser.error("give --structure, --crystal or both")
    processor = platform.processor() or platform.machine()
    print(f"{arguments.model}, float64, {arguments.threads} threads, {processor}")
    print(f"medians of {arguments.repeats}")
    if arguments.structure:
        compare_planned(arguments)
    if arguments.crystal:
        compare_compact(arguments)


if __name__ == "__main__":
    main()
