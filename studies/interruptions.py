# %% [markdown]
# # What is left of a calculation that is interrupted
#
# One command is killed (SIGKILL), ended (SIGTERM) or interrupted (Ctrl-C, SIGINT) at moments that
# are drawn at random over what it takes; in every other case what resumes it is, too. Then it runs
# to its end. Its numbers are compared with those of a run that nothing interrupted, the exit
# statuses with those promised, and the folder with what that run leaves in it.
#
#     python studies/interruptions.py [--moments N] [--network N]
#
# The cheap model is a pair potential whose forces depend on the structure alone, to the last bit:
# rows, products and relaxations must then be equal to the last bit, too.
# Processes are forked from one that has done everything once, since importing takes longer than the
# calculation does.
import argparse
import contextlib
import json
import os
import random
import signal
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import ase.io
import numpy as np
from ase import Atoms
from ase.build import bulk
from ase.calculators.calculator import Calculator, all_changes

import nearsight.relaxation.checkpoint
from nearsight.cli.main import main as nearsight_main
from nearsight.storage import write_text
from nearsight.structures.neighbours import neighbour_pairs
from records import markdown_table

SIGNALS = {"SIGKILL": signal.SIGKILL, "SIGTERM": signal.SIGTERM, "Ctrl-C": signal.SIGINT}
PROMISED = {"SIGKILL": {-9}, "SIGTERM": {143}, "Ctrl-C": {130}}
CHEAP = "ase:interruptions:Morse"


class Morse(Calculator):
    """A Morse potential of copper, whose numbers depend on the structure alone."""

    implemented_properties = ("energy", "forces")
    depth_eV, stiffness_per_A, distance_A, cutoff_A = 0.35, 1.36, 2.87, 5.5

    def calculate(
        self,
        atoms: Atoms | None = None,
        properties: Any = ("energy",),
        system_changes: Any = tuple(all_changes),
    ) -> None:
        """Compute energy and forces."""
        super().calculate(atoms, properties, system_changes)
        first, second, shifts = neighbour_pairs(self.atoms, self.cutoff_A)
        vectors = self.atoms.positions[second] + shifts - self.atoms.positions[first]
        lengths = np.linalg.norm(vectors, axis=1)
        decay = np.exp(-self.stiffness_per_A * (lengths - self.distance_A))
        morse = self.depth_eV * (decay**2 - 2 * decay)
        slope = -2 * self.stiffness_per_A * self.depth_eV * (decay**2 - decay)
        left = 1 - (lengths / self.cutoff_A) ** 2  # of a switch that has all derivatives
        switch = np.exp(1 - 1 / left)
        slope = (slope - morse * 2 * lengths / (self.cutoff_A * left) ** 2) * switch
        forces = np.zeros((len(self.atoms), 3))
        np.add.at(forces, first, (slope / lengths)[:, np.newaxis] * vectors)
        self.results = {"energy": float((morse * switch).sum() / 2), "forces": forces}


@dataclass(frozen=True)
class Work:
    """One command, and what of its JSON must be the same."""

    name: str
    atoms: Atoms
    options: tuple[str, ...]
    model: str = CHEAP

    def arguments(self) -> list[str]:
        """Return the command line."""
        files = ["structure.xyz", "--json", "result.json"]
        return ["heat-capacity", *files, "--model", self.model, *self.options]


@dataclass(frozen=True)
class Unbroken:
    """What a work gives that nothing interrupts, and how long it takes."""

    numbers: dict[str, Any]
    duration_s: float


@dataclass
class Tally:
    """What came of one work and one signal."""

    moments: int = 0
    interruptions: int = 0
    same: int = 0
    deviation: float = 0.0
    """Largest relative deviation of a heat capacity."""
    wavenumber_per_cm: float = 0.0
    """Largest deviation of a wavenumber."""
    litter: list[str] = field(default_factory=list)
    statuses: dict[int, int] = field(default_factory=dict)
    untold: int = 0
    """Ends by a signal that can be caught, without a word on standard error."""
    wrong: list[str] = field(default_factory=list)


def works(network: int) -> list[Work]:
    """Return relaxation, rows and probing with the cheap model, and rows with a network."""
    noise = np.random.default_rng(0)

    def copper(repeats: tuple[int, int, int], scale_A: float) -> Atoms:
        atoms: Atoms = bulk("Cu", "fcc", a=3.65, cubic=True).repeat(repeats)
        atoms.positions += noise.normal(scale=scale_A, size=atoms.positions.shape)
        return atoms

    dense, tight = ("--spectrum", "dense"), ("--fixed-cell", "--fmax", "1e-4")
    found = [
        Work("relaxation", copper((2, 2, 2), 0.15), (*dense, *tight, "--optimizer", "BFGS")),
        Work("rows", copper((2, 2, 2), 0.01), (*dense, "--no-relax", "--no-symmetry")),
        Work(
            "probing",
            copper((2, 2, 2), 0.01),
            ("--spectrum", "probing", "--no-relax", "--probing-radius", "3"),
        ),
    ]
    if network:
        oxide = bulk("MgO", "rocksalt", a=4.22, cubic=True)
        oxide.positions += noise.normal(scale=0.02, size=oxide.positions.shape)
        found += [
            Work("rows, SevenNet-0", oxide, (*dense, "--no-relax", "--no-symmetry"), "sevennet-0"),
            Work("relaxation, SevenNet-0", oxide, (*dense, "--fmax", "1e-3"), "sevennet-0"),
        ]
    return found


def start(work: Work, folder: Path) -> int:
    """Start the command in `folder`, and return the number of its process."""
    sys.stdout.flush()
    pid = os.fork()
    if pid:
        return pid
    status = 99
    try:
        # What is started in the background of a shell is born with Ctrl-C ignored.
        signal.signal(signal.SIGINT, signal.default_int_handler)
        os.chdir(folder)
        for number, name in ((1, "output.txt"), (2, "errors.txt")):
            descriptor = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
            os.dup2(descriptor, number)
        status = nearsight_main(work.arguments())
        sys.stdout.flush()
        sys.stderr.flush()
    finally:
        os._exit(status)


def end(pid: int) -> int:
    """Wait for a process, and return its exit status, or less than 0 for a signal."""
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def interrupt(pid: int, number: signal.Signals, delay_s: float) -> int:
    """Send a signal after some time, and return the exit status."""
    time.sleep(delay_s)
    os.kill(pid, number)  # a process that has ended is still there to be waited for
    return end(pid)


def numbers(folder: Path) -> dict[str, Any]:
    """Return what must be the same of a result."""
    record = json.loads((folder / "result.json").read_text(encoding="utf-8"))
    return {
        "heat": heat_capacities(record),
        "modes": (record.get("modes") or {}).get("wavenumbers_per_cm"),
    }


def heat_capacities(record: dict[str, Any]) -> list[float]:
    """Return the heat capacities in a result, in J/(g K)."""
    return [each["J_per_g_K"] for each in record["heat_capacity"]]


def examine(work: Work, whole: Unbroken, name: str, moments: int, seed: int) -> Tally:
    """Interrupt a command at random moments, resume it, and compare."""
    draw = random.Random(f"{seed} {work.name} {name}")
    tally = Tally()
    with tempfile.TemporaryDirectory() as scratch:
        for _ in range(moments):
            folder = Path(tempfile.mkdtemp(dir=scratch))
            ase.io.write(folder / "structure.xyz", work.atoms)
            before = {path.name for path in folder.iterdir()}
            for _ in range(draw.choice((1, 2))):
                pid = start(work, folder)
                status = interrupt(pid, SIGNALS[name], draw.uniform(0.02, 1.0) * whole.duration_s)
                note_status(tally, status, name, folder)
            status = end(start(work, folder))
            if status != 0:
                tally.wrong.append(f"resumed: {status} {errors(folder)[-300:]}")
                continue
            compare(tally, numbers(folder), whole.numbers)
            left = {path.name for path in folder.iterdir()} - before
            tally.litter += sorted(left - {"result.json", "output.txt", "errors.txt"})
            tally.moments += 1
    return tally


def run_unbroken(work: Work, scratch: Path) -> Unbroken:
    """Run a command that nothing interrupts."""
    folder = Path(tempfile.mkdtemp(dir=scratch))
    ase.io.write(folder / "structure.xyz", work.atoms)
    with contextlib.chdir(folder), contextlib.redirect_stdout(sys.stderr):
        nearsight_main(work.arguments())  # here, so that nothing is left to be imported
    began = time.perf_counter()
    if end(start(work, folder)) != 0:
        sys.exit(f"{work.name} fails without an interruption: {errors(folder)}")
    return Unbroken(numbers(folder), time.perf_counter() - began)


def note_status(tally: Tally, status: int, name: str, folder: Path) -> None:
    """Count an exit status; it is that of the signal, or 0 where the command was done before."""
    tally.statuses[status] = tally.statuses.get(status, 0) + 1
    tally.interruptions += status != 0
    if status not in PROMISED[name] | {0}:
        tally.wrong.append(f"status {status}: {errors(folder)[-300:]}")
    if status not in {0, -9} and "nearsight: " not in errors(folder):
        tally.untold += 1
    if "Traceback" in errors(folder):
        tally.wrong.append(errors(folder)[-300:])


def errors(folder: Path) -> str:
    """Return what a command said on standard error."""
    return (folder / "errors.txt").read_text(encoding="utf-8")


def compare(tally: Tally, found: dict[str, Any], unbroken: dict[str, Any]) -> None:
    """Count what is the same to the last bit, and measure what is not."""
    tally.same += found == unbroken
    heat, expected = np.array(found["heat"]), np.array(unbroken["heat"])
    tally.deviation = max(tally.deviation, float(np.abs(heat / expected - 1).max()))
    if unbroken["modes"] is not None:
        off = np.abs(np.array(found["modes"]) - unbroken["modes"]).max()
        tally.wavenumber_per_cm = max(tally.wavenumber_per_cm, float(off))


def row(work: Work, name: str, tally: Tally) -> list[str]:
    """Return a row of the table."""
    statuses = ", ".join(f"{status}: {n}" for status, n in sorted(tally.statuses.items()))
    return [
        work.name,
        name,
        str(tally.moments),
        statuses,
        f"{tally.same} of {tally.moments}",
        f"{tally.deviation:.1e}",
        f"{tally.wavenumber_per_cm:.1e}",
        str(tally.untold),
        ", ".join(tally.litter) or "none",
        str(len(tally.wrong)),
    ]


HEADER = [
    "work",
    "signal",
    "moments",
    "exit statuses of what was interrupted",
    "equal to the last bit",
    "largest deviation of c_v",
    "of a wavenumber / 1/cm",
    "ended without a word",
    "litter",
    "anything else wrong",
]


def main() -> None:
    """Interrupt everything at random moments, and write the table."""
    parser = argparse.ArgumentParser(description="Interrupted calculations")
    parser.add_argument("--moments", type=int, default=20, help="of each work and signal")
    parser.add_argument("--network", type=int, default=2, help="the same, with SevenNet-0")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--results", type=Path, default=Path(__file__).parent / "results")
    arguments = parser.parse_args()
    # A relaxation of seconds then keeps as many geometries as one of minutes does.
    nearsight.relaxation.checkpoint.INTERVAL_S = 0.05
    rows, wrong = [], []
    for work in works(arguments.network):
        moments = arguments.moments if work.model == CHEAP else arguments.network
        with tempfile.TemporaryDirectory() as scratch:
            whole = run_unbroken(work, Path(scratch))
        for name in SIGNALS:
            tally = examine(work, whole, name, moments, arguments.seed)
            rows.append(row(work, name, tally))
            wrong += [f"{work.name}, {name}: {each}" for each in tally.wrong]
            print(" | ".join(rows[-1]), flush=True)
    arguments.results.mkdir(exist_ok=True)
    text = (
        "# What is left of a calculation that is interrupted\n\n"
        f"Moments drawn with the seed {arguments.seed} over the time of the command; in half of "
        "the cases the run\nthat resumes it is interrupted once more. Exit statuses below 0 are "
        "deaths by that signal, and 0 is\nthat of a command that was done before it came.\n\n"
        f"{markdown_table(HEADER, rows)}\n"
    )
    path = arguments.results / "interruptions.md"
    write_text(path, text)
    print(f"wrote {path}")
    for each in wrong:
        print(each, file=sys.stderr)


if __name__ == "__main__":
    main()
