"""Hessians by Nearsight against mace's own, ASE's and phonopy's differences, with one model.

    python benchmarks/hessian_vs_peers.py STRUCTURE --model mace:FILE --trust-checkpoint
        [--supercells 1x1x1 2x1x1] [--repeats 3] [--threads 2] [--rows 12]

Each measurement is a process of its own: it loads the model, makes one force call (and one row
before Nearsight's rows are measured), and then measures wall time and memory on top of that.
Contenders take turns, and medians are printed with their ratios to Nearsight's analytic rows. ASE
drives the same model through `ModelCalculator`, phonopy is given its forces; mace's `get_hessian`
and ASE's differences also run on mace's own calculator. No contender uses symmetry, which phonopy
would use by default.
With `--rows` Nearsight's rows and all differences are measured on that many rows and scaled to all,
which is marked with a tilde: each of their rows costs the same.
"""

import argparse
import multiprocessing
import platform
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median
from typing import Any

import numpy as np
from ase import Atoms

from nearsight.allocation import allocate_for_speed
from nearsight.derivatives.differences import SCHEMES
from nearsight.hessian.rows.kinds import Differences
from nearsight.memory import Measured, measure
from nearsight.models import Model, load_model
from nearsight.models.calculator import ModelCalculator
from nearsight.structures import make_supercell, read_structure

ROWS = "nearsight rows"
_N_FORCE_CALLS = 10


@dataclass(frozen=True)
class Task:
    """What a process of its own measures."""

    contender: str
    model: str
    trust: bool
    atoms: Atoms
    rows: int
    """How many rows to compute; mace's own computes all of them."""
    threads: int


@dataclass(frozen=True)
class Contender:
    """A way to a Hessian."""

    name: str
    work: Callable[[Task, Model], Callable[[], object]]
    """Gets everything ready and returns what is to be measured."""
    by_rows: bool
    """Whether a part of the rows costs a part of the whole."""
    mace_only: bool = False


# --- the contenders ---


def _seeds(task: Task) -> list[tuple[int, np.ndarray]]:
    return [(row // 3, np.eye(3)[row % 3]) for row in range(task.rows)]


def _rows(task: Task, model: Model) -> Callable[[], object]:
    return lambda: list(model.rows(task.atoms, _seeds(task)))


def _differences(scheme: str) -> Callable[[Task, Model], Callable[[], object]]:
    def work(task: Task, model: Model) -> Callable[[], object]:
        differences = Differences(SCHEMES[scheme], 0.01)
        return lambda: list(differences.rows(task.atoms, model, _seeds(task)))

    return work


def _ase(calculator: Callable[[Task, Model], Any]) -> Callable[[Task, Model], Callable[[], object]]:
    def work(task: Task, model: Model) -> Callable[[], object]:
        from ase.vibrations import Vibrations

        atoms = task.atoms.copy()
        atoms.calc = calculator(task, model)
        atoms.get_forces()
        folder = tempfile.TemporaryDirectory()
        moved = list(range(task.rows // 3))
        vibrations = Vibrations(atoms, indices=moved, name=f"{folder.name}/vib")

        def run() -> object:
            with folder:
                vibrations.run()
                return vibrations.get_vibrations()

        return run

    return work


def _phonopy(task: Task, model: Model) -> Callable[[], object]:
    from phonopy import Phonopy
    from phonopy.structure.atoms import PhonopyAtoms

    atoms = task.atoms
    cell = PhonopyAtoms(numbers=atoms.numbers, cell=atoms.cell.array, positions=atoms.positions)

    def run() -> object:
        phonon = Phonopy(cell, np.eye(3, dtype=int), primitive_matrix=np.eye(3), is_symmetry=False)
        phonon.generate_displacements(distance=0.01, is_plusminus=True, is_diagonal=False)
        forces = []
        for displaced in phonon.supercells_with_displacements[: 2 * task.rows]:
            moved = Atoms(displaced.numbers, displaced.positions, cell=displaced.cell, pbc=True)
            forces.append(model.evaluate([moved])[0].forces_eV_per_A)
        if task.rows == 3 * len(atoms):
            phonon.forces = forces
            phonon.produce_force_constants()
        return forces

    return run


def _mace_calculator(task: Task, _: Model) -> Any:
    from mace.calculators import MACECalculator

    path = task.model.partition(":")[2]
    return MACECalculator(model_paths=path, device="cpu", default_dtype="float64")


def _mace_own(task: Task, model: Model) -> Callable[[], object]:
    calculator = _mace_calculator(task, model)
    calculator.get_forces(task.atoms)
    calculator.get_hessian(atoms=task.atoms[:2])  # TorchScript compiles during the first one
    return lambda: calculator.get_hessian(atoms=task.atoms)


def _model_calculator(_: Task, model: Model) -> Any:
    return ModelCalculator(model)


CONTENDERS = {
    contender.name: contender
    for contender in (
        Contender(ROWS, _rows, by_rows=True),
        Contender("nearsight forward differences", _differences("forward-difference"), True),
        Contender("nearsight central differences", _differences("central-difference"), True),
        Contender("nearsight fourth-order differences", _differences("fourth-order"), True),
        Contender("ase.vibrations", _ase(_model_calculator), by_rows=True),
        Contender("phonopy", _phonopy, by_rows=True),
        Contender("mace get_hessian", _mace_own, by_rows=False, mace_only=True),
        Contender("ase.vibrations, mace's own", _ase(_mace_calculator), True, mace_only=True),
    )
}
FORCE_CALL = "force call"


# --- measuring ---


def run_task(task: Task) -> Measured[None]:
    """Load, warm up, measure; runs in a process of its own."""
    # As the command line of Nearsight does; here it serves every contender.
    allocate_for_speed()
    import torch

    torch.set_num_threads(task.threads)
    model = load_model(task.model, device="cpu", trust=task.trust)
    model.evaluate([task.atoms])
    if task.contender == FORCE_CALL:
        # The first calls of a process are slower: memory is new, compilers are at work.
        for _ in range(_N_FORCE_CALLS):
            model.evaluate([task.atoms])
        found = measure(
            lambda: [model.evaluate([task.atoms]) for _ in range(_N_FORCE_CALLS)], "cpu"
        )
        return Measured(None, found.seconds / _N_FORCE_CALLS, found.peak_memory_bytes)
    contender = CONTENDERS[task.contender]
    if contender.name == ROWS:
        list(model.rows(task.atoms, _seeds(task)[:1]))
    found = measure(contender.work(task, model), "cpu")
    share = task.rows / (3 * len(task.atoms)) if contender.by_rows else 1.0
    return Measured(None, found.seconds / share, found.peak_memory_bytes)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("structure")
    parser.add_argument("--model", required=True)
    parser.add_argument("--trust-checkpoint", action="store_true")
    parser.add_argument("--supercells", nargs="+", default=["1x1x1"], metavar="AxBxC")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rows", type=int, help="rows to measure, a multiple of 3; default: all")
    parser.add_argument("--skip", nargs="*", default=[], choices=CONTENDERS)
    arguments = parser.parse_args()
    processor = platform.processor() or platform.machine()
    print(f"{arguments.model}, float64, {arguments.threads} threads, {processor}")
    print(f"medians of {arguments.repeats}")
    for supercell in arguments.supercells:
        repeats = [int(part) for part in supercell.split("x")]
        atoms = make_supercell(read_structure(arguments.structure), repeats)
        show(atoms, measure_all(atoms, arguments), arguments.rows)


def measure_all(atoms: Atoms, arguments: argparse.Namespace) -> dict[str, Measured[None]]:
    """Return the median of every contender."""
    is_mace = arguments.model.startswith("mace:")  # a file, which mace's calculator can load too
    names = [FORCE_CALL] + [
        name
        for name, contender in CONTENDERS.items()
        if name not in arguments.skip and (is_mace or not contender.mace_only)
    ]
    rows = min(arguments.rows or 3 * len(atoms), 3 * len(atoms))
    found: dict[str, list[Measured[None]]] = {name: [] for name in names}
    spawn = multiprocessing.get_context("spawn")
    for _ in range(arguments.repeats):
        for name in names:
            task = Task(
                name, arguments.model, arguments.trust_checkpoint, atoms, rows, arguments.threads
            )
            with spawn.Pool(1) as pool:
                found[name].append(pool.apply(run_task, (task,)))
    return {
        name: Measured(
            None,
            median(each.seconds for each in of),
            int(median(each.peak_memory_bytes for each in of)),
        )
        for name, of in found.items()
    }


def show(atoms: Atoms, found: dict[str, Measured[None]], rows: int | None) -> None:
    """Print one table."""
    force_call, own = found[FORCE_CALL], found[ROWS]
    n_rows = 3 * len(atoms)
    sampled = rows is not None and rows < n_rows
    print(f"\n{len(atoms)} atoms, {n_rows} rows; a force call takes {force_call.seconds:.3f} s")
    print(f"a row costs {own.seconds / n_rows / force_call.seconds:.2f} force calls")
    print(f"{'':<36}{'time / s':>10}{'ratio':>8}{'memory / MB':>13}{'ratio':>8}")
    for name, each in found.items():
        if name == FORCE_CALL:
            continue
        mark = "~" if sampled and CONTENDERS[name].by_rows else ""
        print(
            f"{name:<36}{mark + format(each.seconds, '.2f'):>10}{each.seconds / own.seconds:8.2f}"
            f"{each.peak_memory_bytes / 1e6:13.0f}"
            f"{each.peak_memory_bytes / max(own.peak_memory_bytes, 1):8.2f}"
        )


if __name__ == "__main__":
    main()
