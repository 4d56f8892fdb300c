"""What a campaign takes for a structure beside the calculation itself.

    python benchmarks/campaign_overhead.py [--n 2000] [--profile]

The workflow computes nothing: its record is that of one structure. Times are for each job: on the
clock, of the processor in the process that writes, and of the processor in the worker, for one warm
process of this machine and for one worker of dask.
"""

import argparse
import cProfile
import json
import os
import pstats
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from time import monotonic, perf_counter, process_time, sleep
from typing import Any

import numpy as np
import psutil
from ase import Atoms
from ase.build import bulk

from nearsight.campaigns import (
    Input,
    Question,
    Specification,
    Store,
    on_scheduler,
    on_this_machine,
    register,
    run_campaign,
)
from nearsight.campaigns.run import Start
from nearsight.models import load_model
from nearsight.models.spec import ModelSpec
from nearsight.records import EnergyRecord
from nearsight.resources import Resources
from nearsight.workflows import EnergySettings, energy

NAME = "campaign_overhead"
"""Of this module where workers import it."""


@cache
def record() -> EnergyRecord:
    """Return the one record."""
    return energy(bulk("Cu").repeat(2), load_model("ase:emt"))


def nothing(*_: Any, **__: Any) -> EnergyRecord:
    """Compute nothing."""
    return record()


def numbers(_: Any) -> dict[str, Any]:
    """Return the main numbers of nothing."""
    return {"energy_eV_per_atom": 0.0}


def question() -> Question:
    """Return the question whose answer costs nothing."""
    return Question("nothing", f"{NAME}:nothing", EnergySettings, f"{NAME}:numbers")


def structures(n: int) -> Iterator[Input]:
    """Yield different structures of 8 atoms."""
    for seed in range(n):
        atoms: Atoms = bulk("Cu").repeat(2)
        atoms.positions += np.random.default_rng(seed).normal(scale=0.05, size=(8, 3))
        yield Input(f"{seed}.cif", atoms)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--n", type=int, default=2000)
    parser.add_argument("--profile", action="store_true", help="of the process that writes")
    arguments = parser.parse_args()
    register(question())
    sys.path.insert(0, str(Path(__file__).parent))
    resources = Resources(cores=1, memory_bytes=2**30)
    print(f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores, {arguments.n} jobs")
    measure("one process", on_this_machine(1, resources), arguments)
    with tempfile.TemporaryDirectory() as folder, scheduler(Path(folder)) as address:
        measure("one worker of dask", on_scheduler(address), arguments)


def measure(label: str, start: Start, arguments: argparse.Namespace) -> None:
    """Run a campaign and print what each of its jobs took."""
    asked = Specification({"nothing": EnergySettings()}, (ModelSpec("ase:emt"),))
    with tempfile.TemporaryDirectory() as folder:
        store = Store.create(Path(folder) / "run.db", asked)
        list(store.add(structures(arguments.n)))
        profile = cProfile.Profile()
        workers: dict[int, float] = {}
        begun: list[tuple[float, float]] = []

        def watch(view: Any) -> None:
            for working in view.working:  # what is the start of a worker is no part of its jobs
                if not begun:
                    begun.append((perf_counter(), process_time()))
                workers.setdefault(working.pid, of_processor(working.pid))
            if view.done == view.total:
                workers.update({pid: of_processor(pid) - at for pid, at in workers.items()})

        if arguments.profile:
            profile.enable()
        run_campaign(store, start, watch=watch)
        profile.disable()
    [(clock, processor)] = begun
    each = 1e3 / arguments.n
    print(
        f"{label}: {each * (perf_counter() - clock):.1f} ms, of the processor "
        f"{each * (process_time() - processor):.1f} ms here and "
        f"{each * sum(workers.values()):.1f} ms in the worker"
    )
    if arguments.profile:
        pstats.Stats(profile).sort_stats("tottime").print_stats(25)


def of_processor(pid: int) -> float:
    """Return the processor time of a process so far, in s."""
    times = psutil.Process(pid).cpu_times()
    return float(times.user + times.system)


@contextmanager
def scheduler(folder: Path) -> Iterator[str]:
    """Start a scheduler with one worker, and yield its address."""
    file = folder / "scheduler.json"
    own = ["--scheduler-file", str(file), "--no-dashboard"]
    paths = os.pathsep.join([str(Path(__file__).parent), os.environ.get("PYTHONPATH", "")])
    commands = (
        ["scheduler", *own, "--port", "0"],
        ["worker", *own, "--nthreads", "1", "--no-nanny", "--local-directory", str(folder)],
    )
    processes = [
        subprocess.Popen(
            [sys.executable, "-m", f"distributed.cli.dask_{command[0]}", *command[1:]],
            env={**os.environ, "PYTHONPATH": paths},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        for command in commands
    ]
    try:
        end = monotonic() + 60.0
        while not file.exists() and monotonic() < end:
            sleep(0.1)
        yield str(json.loads(file.read_text(encoding="utf-8"))["address"])
    finally:
        for process in processes:
            process.kill()
            process.wait()


if __name__ == "__main__":
    main()
