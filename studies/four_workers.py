# %% [markdown]
# # Several models at once, each in a process of its own
#
# Each model is loaded in a worker, in the environment of its family where there is one, a SevenNet
# too that could be loaded here. One script then computes the Hessian of the same structure by each
# of them, one after the other and all at once, each in a thread. The numbers must be the same ones;
# the times say what the processes share.
#
#     python studies/four_workers.py STRUCTURE MODEL[@LABEL]... [--trust-checkpoint]
#
# `OMP_NUM_THREADS=1` keeps each process to one core.
import argparse
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import perf_counter

import numpy as np
import psutil
from hessians_side_by_side import not_shared, whole

from nearsight.hessian import Hessian
from nearsight.models import Model
from nearsight.models.environments import python_of
from nearsight.models.families import MODELS
from nearsight.models.worker import connect
from nearsight.structures import read_structure
from records import markdown_table


def main() -> None:
    """Compute all Hessians one after the other and at once, and write the tables."""
    parser = argparse.ArgumentParser(description="Hessians by several workers at once")
    parser.add_argument("structure", type=Path)
    parser.add_argument("models", nargs="+", metavar="MODEL[@LABEL]")
    parser.add_argument("--trust-checkpoint", action="store_true")
    parser.add_argument("--results", type=Path, default=Path(__file__).parent / "results")
    arguments = parser.parse_args()
    atoms = read_structure(arguments.structure)
    load = os.getloadavg()[0]
    models: dict[str, Model] = {}
    for one in arguments.models:
        name, _, label = one.partition("@")
        models[label or name] = in_worker(name, trust=arguments.trust_checkpoint)
        # Whatever is compiled with the first row is no part of the times.
        list(models[label or name].rows(atoms, [(0, np.eye(3)[0])]))
    start = Clock()
    alone = {label: whole(atoms, model) for label, model in models.items()}
    one_by_one, start = start.passed(), Clock()
    with ThreadPoolExecutor(len(models)) as threads:
        found = list(threads.map(lambda model: whole(atoms, model), models.values()))
    at_once = start.passed()
    together = dict(zip(models, found, strict=True))
    arguments.results.mkdir(exist_ok=True)
    path = arguments.results / "four_workers.md"
    title = f"# {len(models)} workers at once: Hessians of {arguments.structure.stem}"
    text = f"{title}\n\n{conditions(alone, load)}\n{table(alone, together)}\n"
    path.write_text(f"{text}{times(one_by_one, at_once)}", encoding="utf-8")
    print(f"wrote {path}")


def in_worker(name: str, *, trust: bool) -> Model:
    """Return a model in a process of its own: of its family's environment, or of this one."""
    known = MODELS.get(name)
    family = known.family if known else name.partition(":")[0]
    python = python_of(family) or Path(sys.executable)
    return connect(python, name, dtype="float64", device="cpu", trust=trust)


class Clock:
    """Wall time, and the processor time of all processes that this one has started."""

    def __init__(self) -> None:
        self.now = np.array([perf_counter(), processor_time()])

    def passed(self) -> np.ndarray:
        """Return both in seconds since the clock was made."""
        return Clock().now - self.now


def processor_time() -> float:
    """Return what the workers and this process have used so far, in seconds."""
    own = psutil.Process()
    spent = [process.cpu_times() for process in (own, *own.children(recursive=True))]
    return sum(each.user + each.system for each in spent)


def conditions(alone: dict[str, Hessian], load: float) -> str:
    """Return what the times depend on, and what the last column of the table is."""
    threads = os.environ.get("OMP_NUM_THREADS", "unset")
    rows = next(iter(alone.values())).rows_total
    return (
        f"{rows} rows each in double precision, OMP_NUM_THREADS {threads}, on "
        f"{len(os.sched_getaffinity(0))} CPU cores, which had\n"
        f"other work to do, too (load average before: {load:.1f}). The last column is the largest\n"
        "deviation of the Hessian that a model computes while all compute from the one that it\n"
        "computes alone.\n"
    )


def times(one_by_one: np.ndarray, at_once: np.ndarray) -> str:
    """Return wall time and processor time of both ways."""
    (wall, used), (wall_at_once, used_at_once) = one_by_one, at_once
    return (
        f"One after the other they took {wall:.0f} s, at once {wall_at_once:.0f} s "
        f"({wall / wall_at_once:.2f} times as fast);\n"
        f"processor time of all processes: {used:.0f} s and {used_at_once:.0f} s. Where cores "
        "have other work to do,\nmore processes get more of them, so that the second pair says "
        "what working at once costs.\n"
    )


def table(alone: dict[str, Hessian], together: dict[str, Hessian]) -> str:
    """Return one line per model."""
    own, lines = not_shared([found.provenance.versions for found in alone.values()]), []
    for label, found in alone.items():
        change = np.abs(together[label].matrix_eV_per_A2 - found.matrix_eV_per_A2).max()
        versions = found.provenance.versions
        lines.append(
            [
                label,
                found.provenance.model.family,
                ", ".join(f"{name} {versions[name]}" for name in own if name in versions),
                f"{found.seconds:.1f}",
                f"{together[label].seconds:.1f}",
                f"{change:.0e}" if change else "0",
            ]
        )
    header = ["model", "family", "packages that differ", "alone / s", "at once / s"]
    return markdown_table([*header, "at once - alone / eV/Å²"], lines)


if __name__ == "__main__":
    main()
