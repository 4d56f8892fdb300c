"""Steps of dynamics that a potential of Behler and Parrinello does, against one evaluation by n2p2.

    python benchmarks/hdnnp_dynamics.py POTENTIAL [--n2p2 NNP_PREDICT] [--repeats 5]

POTENTIAL is a folder of n2p2's files in eV and Å, such as training and `nearsight learn` write,
that knows H, C, O and Zn. MOF-5 moves at constant energy from 300 K on: its primitive cell of 106
atoms, and 64 of them. Printed is processor time of one thread for a step, of an evaluation of
energy and forces alone, and, where the program is given, of `nnp-predict` for the same structure,
without what it takes to start, which it takes for a structure of two atoms: medians, one after the
other.
"""

import argparse
import os
import platform
import resource
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path
from statistics import median
from time import process_time

import numpy as np
from ase import Atoms

from nearsight.dynamics import DynamicsSettings, OutputSettings, run_dynamics
from nearsight.hdnnp.files.input_data import write_input_data
from nearsight.hdnnp.frames import Frame
from nearsight.hdnnp.potential import PotentialUnits
from nearsight.models import Model, load_model
from nearsight.testing.structures import mof5

CELLS = {(1, 1, 1): 400, (4, 4, 4): 20}
"""Repetitions of the primitive cell, and steps of one run."""
UNITS = PotentialUnits("angstrom", "eV")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("potential", type=Path)
    parser.add_argument("--n2p2", type=Path, help="the program nnp-predict")
    parser.add_argument("--repeats", type=int, default=5)
    arguments = parser.parse_args()
    model = load_model(f"hdnnp:{arguments.potential}", device="cpu")
    print(f"{platform.processor() or platform.machine()}, one thread, {arguments.potential}")
    for repetitions, n_steps in CELLS.items():
        atoms = mof5() * repetitions
        run(atoms, model, 1)  # kernels are compiled
        ways: dict[str, Callable[[], float]] = {
            "step": lambda atoms=atoms, n=n_steps: run(atoms, model, n) / n,
            "evaluation": lambda atoms=atoms: evaluation(atoms, model),
        }
        if arguments.n2p2 is not None:
            ways["nnp-predict"] = lambda atoms=atoms: predict(arguments, atoms)
        times = {name: [] for name in ways}
        for _ in range(arguments.repeats):
            for name, measure in ways.items():
                times[name].append(measure())
        found = {name: median(each) for name, each in times.items()}
        print(
            f"{len(atoms)} atoms: "
            + ", ".join(f"{name} {1000 * each:.1f} ms" for name, each in found.items())
            + f"; {1 / found['step']:.1f} steps/s"
        )
        if "nnp-predict" in found:
            print(f"  evaluation over nnp-predict {found['evaluation'] / found['nnp-predict']:.2f}")


def run(atoms: Atoms, model: Model, n_steps: int) -> float:
    """Return processor time of a run at constant energy."""
    settings = DynamicsSettings(ensemble="nve", time_ps=0.0005 * n_steps, temperature_K=300.0)
    start = process_time()
    run_dynamics(atoms, model, settings, OutputSettings(every_fs=0.5 * n_steps), progress=False)
    return process_time() - start


def evaluation(atoms: Atoms, model: Model) -> float:
    """Return processor time for energy and forces of one structure, neighbours included."""
    start = process_time()
    model.evaluate([atoms])
    return process_time() - start


def predict(arguments: argparse.Namespace, atoms: Atoms) -> float:
    """Return processor time of n2p2 for one structure, less that for two atoms."""
    pair = Atoms("C2", [[0, 0, 0], [0, 0, 1.4]])
    return predicted(arguments, atoms) - predicted(arguments, pair)


def predicted(arguments: argparse.Namespace, atoms: Atoms) -> float:
    """Return processor time of the whole program for one structure."""
    with tempfile.TemporaryDirectory() as folder:
        for file in arguments.potential.iterdir():
            shutil.copy(file, folder)
        nothing = Frame(atoms, 0.0, np.zeros((len(atoms), 3)))
        write_input_data([nothing], Path(folder) / "input.data", UNITS)
        library = str(arguments.n2p2.parents[1] / "lib")
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(
            [str(arguments.n2p2.resolve()), "0"],
            cwd=folder,
            env={**os.environ, "LD_LIBRARY_PATH": library},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,  # of extrapolations
            check=True,
        )
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


if __name__ == "__main__":
    main()
