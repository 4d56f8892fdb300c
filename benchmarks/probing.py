"""A heat capacity from products against the rows that it replaces, for growing solids.

    python benchmarks/probing.py STRUCTURE [--model sevennet-0] [--trust-checkpoint]
        [--supercells 2x2x2 3x3x3 4x4x4] [--rows 6] [--own-up-to 200] [--threads 2]

For each supercell: probing as it is (one run); Nearsight's analytic rows and, for a MACE of at most
`--own-up-to` atoms, mace's own `get_hessian`; phonopy with symmetry and central differences, given
the forces of the same model. Rows and displacements are measured on a few and scaled to all, which
is marked with a tilde: each of them costs the same. All of it on the CPU in float64, for the heat
capacity at 300 K.

Each measurement is a process of its own: it loads the model, makes one force call, and then
measures wall time and memory on top of that. At the end stand the exponents of time and memory over
the number of atoms, and the size from which probing is faster than each of the others.
"""

import argparse
import multiprocessing
import platform
import resource
from collections.abc import Callable
from dataclasses import dataclass
from time import perf_counter

import numpy as np
import psutil
from ase import Atoms

from nearsight.allocation import allocate_for_speed
from nearsight.hessian import HessianOperator
from nearsight.hessian.files.phonopy_objects import phonopy_atoms
from nearsight.memory import Measured, is_out_of_memory, measure
from nearsight.models import Model, load_model
from nearsight.structures import make_supercell, read_structure
from nearsight.vibrations import probe_heat_capacity

PROBING = "nearsight, probing"
ROWS = "nearsight, every row"
PHONOPY = "phonopy, symmetry, central differences"
MACE = "mace get_hessian"
TEMPERATURE_K = 300.0


@dataclass(frozen=True)
class Task:
    """What a process of its own measures."""

    contender: str
    model: str
    atoms: Atoms
    n_sampled: int
    threads: int
    trust: bool


@dataclass(frozen=True)
class Done:
    """What a contender did."""

    work: str
    share: float = 1.0
    """The part of its time that was taken."""
    predicted_memory_bytes: int | None = None


# --- the contenders ---


def _probing(task: Task, model: Model) -> Callable[[], Done]:
    hessian = HessianOperator(task.atoms, model)

    def run() -> Done:
        found = probe_heat_capacity(hessian, TEMPERATURE_K, progress=False)
        work = f"{found.n_products} {hessian.method.name} products, {found.n_colours} colours"
        return Done(work, predicted_memory_bytes=hessian.method.predicted_memory_bytes)

    return run


def _rows(task: Task, model: Model) -> Callable[[], Done]:
    total = 3 * len(task.atoms)
    chosen = np.random.default_rng(0).choice(total, task.n_sampled, replace=False)
    seeds = [(int(row) // 3, np.eye(3)[row % 3]) for row in chosen]

    def run() -> Done:
        start = perf_counter()
        times = [perf_counter() - start for _ in model.rows(task.atoms, seeds)]
        # The first one comes with the graph of all of them.
        each = (times[-1] - times[0]) / (len(times) - 1)
        seconds = times[0] + (total - 1) * each
        return Done(f"{len(seeds)} of {total} rows", times[-1] / seconds)

    return run


def _phonopy(task: Task, model: Model) -> Callable[[], Done]:
    from phonopy import Phonopy

    phonon = Phonopy(phonopy_atoms(task.atoms), np.eye(3, dtype=int), primitive_matrix="auto")
    phonon.generate_displacements(distance=0.01, is_plusminus=True)
    cells = phonon.supercells_with_displacements or []
    sampled = cells[: task.n_sampled]

    def run() -> Done:
        for cell in sampled:
            model.evaluate([Atoms(cell.numbers, cell.positions, cell=cell.cell, pbc=True)])
        return Done(f"{len(sampled)} of {len(cells)} force calls", len(sampled) / len(cells))

    return run


def _mace_own(task: Task, _: Model) -> Callable[[], Done]:
    from mace.calculators import MACECalculator

    path = task.model.removeprefix("mace:")
    calculator = MACECalculator(model_paths=path, device="cpu", default_dtype="float64")
    calculator.get_hessian(atoms=task.atoms[:2])  # TorchScript compiles during the first one

    def run() -> Done:
        calculator.get_hessian(atoms=task.atoms)
        return Done(f"{3 * len(task.atoms)} rows")

    return run


CONTENDERS = {PROBING: _probing, ROWS: _rows, PHONOPY: _phonopy, MACE: _mace_own}


# --- measuring ---


def run_task(task: Task) -> Measured[Done]:
    """Load, warm up, measure; runs in a process of its own."""
    # As the command line of Nearsight does; here it serves every contender.
    allocate_for_speed()
    # What wants more memory than there is fails by itself, in place of being killed.
    memory = psutil.virtual_memory().total
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    import torch

    torch.set_num_threads(task.threads)
    model = load_model(task.model, device="cpu", trust=task.trust)
    model.evaluate([task.atoms])
    try:
        return measure(CONTENDERS[task.contender](task, model), "cpu")
    except (MemoryError, RuntimeError) as error:
        if not is_out_of_memory(error):
            raise
        return Measured(Done(f"needs more than {memory / 1e9:.0f} GB"), np.nan, 0)


def measure_size(atoms: Atoms, arguments: argparse.Namespace) -> dict[str, tuple[float, float]]:
    """Print a line for each contender, and return seconds and bytes of all its work."""
    names = [PROBING, ROWS, PHONOPY]
    if arguments.model.startswith("mace:") and len(atoms) <= arguments.own_up_to:
        names.append(MACE)
    print(f"\n{len(atoms)} atoms")
    spawn = multiprocessing.get_context("spawn")
    found: dict[str, tuple[float, float]] = {}
    for name in names:
        settings = (arguments.rows, arguments.threads, arguments.trust_checkpoint)
        with spawn.Pool(1) as pool:
            measured = pool.apply(run_task, (Task(name, arguments.model, atoms, *settings),))
        done = measured.result
        if np.isnan(measured.seconds):
            print(f"{name:<39}{done.work}")
            continue
        seconds = measured.seconds / done.share
        found[name] = seconds, float(measured.peak_memory_bytes)
        mark = "~" if done.share < 1 else ""
        predicted = ""
        if done.predicted_memory_bytes is not None:
            predicted = f" ({done.predicted_memory_bytes / 1e6:.0f} predicted)"
        ratio = f"{seconds / found[PROBING][0]:8.2f}"
        memory = f"{measured.peak_memory_bytes / 1e6:8.0f} MB{predicted}"
        time = f"{mark + format(seconds, '.1f'):>10} s"
        print(f"{name:<39}{done.work:<38}{time}{ratio}{memory}", flush=True)
    return found


def exponent(sizes: np.ndarray, values: np.ndarray) -> float:
    """Return p of values ∝ sizes^p, by least squares in the logarithms."""
    return float(np.polyfit(np.log(sizes), np.log(values), 1)[0])


def main() -> None:
    """Measure every supercell and print exponents and crossovers."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("structure")
    parser.add_argument("--model", default="sevennet-0")
    parser.add_argument("--trust-checkpoint", action="store_true")
    parser.add_argument("--supercells", nargs="+", default=["2x2x2", "3x3x3", "4x4x4"])
    parser.add_argument("--rows", type=int, default=6, help="rows and displacements sampled")
    parser.add_argument("--own-up-to", type=int, default=200, help="atoms for mace's get_hessian")
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    atoms = read_structure(arguments.structure)
    print(f"{arguments.model}, float64, {arguments.threads} threads, {platform.processor()}")
    found = {}
    for text in arguments.supercells:
        supercell = make_supercell(atoms, [int(part) for part in text.split("x")])
        found[len(supercell)] = measure_size(supercell, arguments)
    if len(found) > 1:
        show_scaling(found)


def show_scaling(found: dict[int, dict[str, tuple[float, float]]]) -> None:
    """Print exponents, and from which size on probing is faster."""
    sizes = np.array(list(found))
    print()
    for name in (PROBING, ROWS, PHONOPY):
        seconds, memory = np.array([of[name] for of in found.values()]).T
        print(
            f"{name:<39}time ∝ atoms^{exponent(sizes, seconds):.2f}, "
            f"memory ∝ atoms^{exponent(sizes, memory):.2f}"
        )
        if name != PROBING:
            own = np.array([of[PROBING][0] for of in found.values()])
            # where straight lines through the logarithms cross
            slope, offset = np.polyfit(np.log(sizes), np.log(seconds / own), 1)
            print(f"{'':<39}probing is faster from {np.exp(-offset / slope):.0f} atoms on")


if __name__ == "__main__":
    main()
