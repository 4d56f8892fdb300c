# %% [markdown]
# # Every family side by side
#
# Models of packages that cannot share an environment, each loaded by `load_model` from one Python:
# here where its package is here, else in a process in the environment that `nearsight models
# install` made for its family. For each model speed in both precisions, rows against differences of
# forces, the asymmetry of a whole Hessian, what it claims and whether it keeps it.
#
#     python studies/families.py MODEL[@LABEL]... --structure FILE [--supercell 2 2 1]
#         --records FOLDER [--trust-checkpoint] [--remark TEXT]
#
# Speeds are per second of CPU time, of all processes and threads that take part: they do not depend
# on what else the machine does, as long as memory and caches are not short. Models with random
# weights come from `benchmarks/random_models`.
import argparse
import gc
import os
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import cycle, islice, product
from pathlib import Path
from statistics import median
from time import perf_counter

import numpy as np
import psutil
from ase import Atoms

from nearsight.derivatives.differences import SCHEMES
from nearsight.errors import ModelError
from nearsight.hessian import hessian
from nearsight.hessian.rows.kinds import Differences
from nearsight.models import Model, load_model
from nearsight.models.contract import Seed
from nearsight.models.environments.state import Environment, State, find
from nearsight.models.families import FAMILIES, MODELS
from nearsight.models.family import Family
from nearsight.structures import make_supercell, read_structure
from nearsight.testing import check_model
from records import Record, collect, file_name, markdown_table

MEASURED_ATOMS = 2
"""Atoms whose rows are compared with differences."""
SHORTEST_S = 0.5
"""CPU time of one measurement, far above the 10 ms in which systems count it."""
REPEATS = 5
LONG_S = 5.0
"""CPU time of a call after which three of them must do."""


# %% [markdown]
# ## One model
def examine(name: str, cell: Atoms, atoms: Atoms, *, trust: bool) -> Record:
    """Return everything that is measured of one model, by name."""
    start, others = perf_counter(), processes()
    model = load_model(name, dtype="float64", device="cpu", trust=trust)
    load_s, elsewhere = perf_counter() - start, processes() > others
    kept = check_model(model, progress=False)
    print(kept, flush=True)
    verdicts = Counter(
        ("passed" if check.passed else "failed") if check.applies else "not applicable"
        for check in kept.checks
    )
    [found] = model.evaluate([atoms])
    stated = model.capabilities
    # Analytic rows also where differences would be chosen, as the curvature is not smooth.
    method = "rows" if stated.differentiable else "auto"
    matrix = hessian(cell, model, method, row_symmetry_A=None, progress=False)
    return {
        "name": Path(name).name,
        "published": model.identity.name in MODELS,
        "elsewhere": elsewhere,
        "load_s": load_s,
        "largest_force_eV_per_A": float(np.abs(found.forces_eV_per_A).max()),
        "conservative": stated.conservative,
        "equivariant": stated.equivariant,
        "curvature_smooth": stated.curvature_smooth,
        "largest_element_eV_per_A2": float(np.abs(matrix.matrix_eV_per_A2).max()),
        "asymmetry_eV_per_A2": matrix.asymmetry_eV_per_A2,
        "deviation_eV_per_A2": deviation(model, atoms),
        "verdicts": dict(verdicts),
        "failures": sorted({f"{check.name} ({check.structure})" for check in kept.failures}),
        "float64": speed(model, atoms),
        "float32": in_single_precision(name, model, atoms, trust=trust),
        "versions": dict(matrix.provenance.versions),
    }


def in_single_precision(name: str, double: Model, atoms: Atoms, *, trust: bool) -> Record | None:
    """Return the speed in single precision and its error; None for a model that has none."""
    try:
        single = load_model(name, dtype="float32", device="cpu", trust=trust)
    except ModelError as error:
        print(f"{name}: {error}", flush=True)
        return None
    rows = [np.stack(list(model.rows(atoms, seeds()))) for model in (double, single)]
    return speed(single, atoms) | {"error_eV_per_A2": float(np.abs(rows[0] - rows[1]).max())}


def seeds() -> list[Seed]:
    """Return the rows of the first atoms."""
    return list(product(range(MEASURED_ATOMS), np.eye(3)))


def deviation(model: Model, atoms: Atoms) -> float | None:
    """Return the largest deviation of analytic rows from differences; None where they are such.

    Where forces are no gradient, rows and differences are those of the transposed Jacobian and of
    the Jacobian: what they share is the block of the atoms that are moved.
    """
    if not model.capabilities.differentiable:
        return None
    scheme = SCHEMES["fourth-order"]
    rows = np.stack(list(model.rows(atoms, seeds())))
    differences = np.stack(
        list(Differences(scheme, scheme.float64_step_A).rows(atoms, model, seeds()))
    )
    if model.capabilities.conservative is False:
        size = 3 * MEASURED_ATOMS
        rows = rows[:, :MEASURED_ATOMS].reshape(size, size).T
        differences = differences[:, :MEASURED_ATOMS].reshape(size, size)
    return float(np.abs(rows - differences).max())


# %% [markdown]
# ## Speed
def speed(model: Model, atoms: Atoms) -> Record:
    """Return force calls and rows per second of CPU time."""
    return {
        "forces_per_s": rate(lambda: model.evaluate([atoms])),
        "rows_per_s": rate(endless_rows(model, atoms).__next__),
    }


def endless_rows(model: Model, atoms: Atoms) -> Iterator[object]:
    """Yield rows, more than are ever timed."""
    every = product(range(len(atoms)), np.eye(3))
    return iter(model.rows(atoms, list(islice(cycle(every), 100_000))))


def rate(call: Callable[[], object]) -> float:
    """Return the median number of calls per second of CPU time."""
    for _ in range(3):  # some compile, and the first row makes the graph of all
        if cpu_time_s(call, 1) > LONG_S:
            break
    n_calls = 1
    while (taken := cpu_time_s(call, n_calls)) < SHORTEST_S:
        n_calls = max(n_calls + 1, round(1.2 * n_calls * SHORTEST_S / max(taken, 0.05)))
    repeats = 3 if taken > LONG_S else REPEATS
    return n_calls / median([taken, *(cpu_time_s(call, n_calls) for _ in range(repeats - 1))])


def cpu_time_s(call: Callable[[], object], n_calls: int) -> float:
    """Return the CPU time that calls take in this process and in those that it has started."""
    before = {each: spent_s(each) for each in (psutil.Process(), *processes())}
    for _ in range(n_calls):
        call()
    # A process that has ended meanwhile, of a model that nobody holds any more, had no part in it.
    return sum(max(spent_s(each) - spent, 0.0) for each, spent in before.items())


def spent_s(process: psutil.Process) -> float:
    """Return the CPU time that a process has taken; zero if it is not there any more."""
    try:
        return float(sum(process.cpu_times()[:2]))
    except psutil.NoSuchProcess:
        return 0.0


def processes() -> set[psutil.Process]:
    """Return the processes that this one has started and that run."""
    return set(psutil.Process().children(recursive=True))


# %% [markdown]
# ## All of them
def main() -> None:
    """Examine what is missing, and write the tables."""
    parser = argparse.ArgumentParser(description="Every family side by side")
    parser.add_argument("models", nargs="+", metavar="MODEL[@LABEL]")
    parser.add_argument("--structure", type=Path, required=True)
    parser.add_argument("--supercell", type=int, nargs=3, default=(1, 1, 1))
    parser.add_argument("--trust-checkpoint", action="store_true")
    parser.add_argument("--remark", default="", help="what a reader must know of this run")
    parser.add_argument("--records", type=Path, required=True)
    parser.add_argument("--results", type=Path, default=Path(__file__).parent / "results")
    arguments = parser.parse_args()
    names = {}
    for given in arguments.models:
        name, _, label = given.partition("@")
        names[file_name(label or Path(name).name)] = (label or Path(name).name, name)
    cell = read_structure(arguments.structure)
    atoms = make_supercell(cell, arguments.supercell)
    settings = {
        "structure": arguments.structure.stem,
        "supercell": list(arguments.supercell),
        "threads": os.environ.get("OMP_NUM_THREADS", "not set"),
    }

    def one(case: str) -> Record:
        gc.collect()  # the process of the model before ends when nobody refers to it
        label, name = names[case]
        return {"label": label} | examine(name, cell, atoms, trust=arguments.trust_checkpoint)

    records = collect(arguments.records, names, one, settings)
    arguments.results.mkdir(exist_ok=True)
    path = arguments.results / "families.md"
    where = f"{settings['structure']}, {len(cell)} atoms; speeds and rows: {len(atoms)} atoms"
    path.write_text(report(records, where, arguments.remark), encoding="utf-8")
    print(f"wrote {path}")


def report(records: dict[str, Record], where: str, remark: str) -> str:
    """Return the committed tables."""
    return (
        f"# Every family side by side\n\n{remark}\n\n"
        f"## Models\n\n"
        f"Of {where}.\n\n"
        "- Speeds: medians per second of CPU time, of the model's own process and of this one.\n"
        "- Rows of some atoms, in eV/Å²: analytic ones in float64 against fourth-order\n"
        "  differences of forces (no number: they are differences), and float32 against float64.\n"
        "- Asymmetry and largest element, in eV/Å²: of the whole analytic Hessian of the cell.\n"
        "- Conservative, equivariant, smooth curvature: what the model claims.\n"
        "- Conformance: what `nearsight.testing.check_model` finds in float64: how many checks\n"
        "  passed, failed and do not apply, and which failed.\n\n"
        f"{table_of_models(records)}\n"
        f"## Environments\n\nWhat `environment.json` of each says.\n\n{table_of_environments()}"
    )


def table_of_models(records: dict[str, Record]) -> str:
    """Return one line per model; of one that failed the reason."""
    header = ["model", "weights", "process", "load / s", "forces/s f64, f32", "rows/s f64, f32"]
    header += ["largest force / eV/Å", "largest element", "rows - differences", "f32 - f64"]
    header += ["asymmetry", "conservative", "equivariant", "smooth", "conformance"]
    lines = []
    for case, record in records.items():
        if "error" in record:
            lines.append([case, record["error"], *[""] * (len(header) - 2)])
            continue
        single = record["float32"] or {}
        counts = [record["verdicts"].get(key, 0) for key in ("passed", "failed", "not applicable")]
        lines.append(
            [
                record["label"],
                "published" if record["published"] else "a file",
                "own" if record["elsewhere"] else "this",
                f"{record['load_s']:.1f}",
                *(
                    f"{record['float64'][key]:.3g}, {number(single.get(key), '.3g')}"
                    for key in ("forces_per_s", "rows_per_s")
                ),
                f"{record['largest_force_eV_per_A']:.2g}",
                f"{record['largest_element_eV_per_A2']:.3g}",
                number(record["deviation_eV_per_A2"], ".0e"),
                number(single.get("error_eV_per_A2"), ".0e"),
                f"{record['asymmetry_eV_per_A2']:.0e}",
                *(
                    claim(record[key])
                    for key in ("conservative", "equivariant", "curvature_smooth")
                ),
                "; ".join(["/".join(map(str, counts)), *record["failures"]]),
            ]
        )
    return markdown_table(header, lines)


def number(value: float | None, form: str) -> str:
    """Return a number, or a dash where there is none."""
    return "-" if value is None else format(value, form)


def claim(value: bool | None) -> str:
    """Return what a model says of itself."""
    return {True: "yes", False: "no", None: "not stated"}[value]


def table_of_environments() -> str:
    """Return one line per family whose environment is here."""
    found = {family: find(name) for name, family in FAMILIES.items()}
    lines = [
        described(family, environment)
        for family, (state, environment) in found.items()
        if state is State.COMPLETE and environment is not None
    ]
    header = ["command", "packages", "Python", "PyTorch", "MB", "s", "installer", "licence"]
    return markdown_table(header, lines)


def described(family: Family, environment: Environment) -> list[str]:
    """Return the line of one environment."""
    asked = {named(wanted) for wanted in family.steps[-1].requirements}
    packages = [each for each in environment.packages if named(each) in asked]
    return [
        f"`nearsight models install {family.name}`",
        ", ".join(packages),
        environment.python,
        environment.torch or "none",
        f"{environment.size_MB:.0f}",
        f"{environment.seconds:.0f}",
        environment.installer,
        family.licence,
    ]


def named(requirement: str) -> str:
    """Return the name of a package without its version, as pip compares names."""
    name = requirement.replace(">", "=").replace("<", "=").partition("=")[0]
    return name.strip().lower().replace("_", "-")


if __name__ == "__main__":
    main()
