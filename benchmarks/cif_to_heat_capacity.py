"""From a structure file to a heat capacity: whole commands, beside what a user would do today.

    python benchmarks/cif_to_heat_capacity.py CIF... --out RUNS.jsonl [--repeats 3]
        [--dtypes float64 mixed] [--unrelaxed]

Today's way is SevenNet's own ASE calculator, BFGS in a Fréchet cell filter to 0.005 eV/Å, and
phonopy's displacements of 0.01 Å in the cell itself. With `--unrelaxed` structures are taken as
they are on both sides, in the same supercell, of at least 8 Å, and with a mesh of 100 Å, as is
usual for crystals of few atoms.

Every run is a process of its own on one core, in turns; what it took is appended to RUNS.jsonl as
soon as it ends, and not run again. Printed are medians of processor seconds, ratios to today's way,
the largest memory, and the seconds of force constants.
"""

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from math import ceil
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

from ase import Atoms
from ase.io import read

TODAY = "today"
TEMPERATURE_K, FMAX_EV_PER_A, MAX_STEPS = 300.0, 0.005, 1000
DISPLACEMENT_A, SUPERCELL_A, MESH_A = 0.01, 8.0, 100.0


@dataclass(frozen=True)
class Run:
    """What one command took."""

    structure: str
    way: str
    """``today``, or the precision of ours."""
    relaxed: bool
    seconds: float
    """Of the processor, from the start of the process to its end."""
    peak_bytes: int
    force_constants_s: float
    """By the clock: rows, or forces of displaced structures and what is made of them."""
    heat_capacity_J_per_g_K: float


def main() -> None:
    """Run what is missing, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("structures", type=Path, nargs="+")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--dtypes", nargs="+", default=["float64", "mixed"])
    parser.add_argument("--unrelaxed", action="store_true")
    parser.add_argument("--today", type=Path, help=argparse.SUPPRESS)  # this file runs itself
    arguments = parser.parse_args()
    if arguments.today is not None:
        found = todays_way(arguments.structures[0], relaxed=not arguments.unrelaxed)
        arguments.today.write_text(json.dumps(found))
        return
    relaxed = not arguments.unrelaxed
    runs = [Run(**json.loads(line)) for line in _lines(arguments.out)]
    runs = [each for each in runs if each.relaxed is relaxed]
    ways = [TODAY, *arguments.dtypes]
    for repeat in range(arguments.repeats):
        for structure in arguments.structures:
            for way in ways:
                done = [
                    each for each in runs if (each.structure, each.way) == (structure.stem, way)
                ]
                if len(done) <= repeat:
                    runs.append(run(structure, way, relaxed=relaxed))
                    with arguments.out.open("a") as file:
                        file.write(f"{json.dumps(asdict(runs[-1]))}\n")
    print(table(runs, [each.stem for each in arguments.structures], ways))


def _lines(path: Path) -> list[str]:
    return path.read_text().splitlines() if path.exists() else []


def run(structure: Path, way: str, *, relaxed: bool) -> Run:
    """Run one command to its end, and return what it took."""
    with TemporaryDirectory() as name:
        answer = Path(name) / "answer.json"
        if way == TODAY:
            command = [sys.executable, __file__, str(structure), "--out", "unused"]
            command += ["--today", str(answer)]
            command += [] if relaxed else ["--unrelaxed"]
        else:
            command = [sys.executable, "-m", "nearsight", "heat-capacity", str(structure)]
            command += ["--dtype", way, "--cores", "1", "-q", "--json", str(answer)]
            command += ["--fmax", str(FMAX_EV_PER_A), "--spectrum", "dense"]
            if not relaxed:
                command += ["--no-relax", "--spectrum", "mesh"]
                command += ["--supercell", *map(str, repeats(read(structure)))]
        process = subprocess.Popen(
            command,
            env=os.environ | {"OMP_NUM_THREADS": "1"},
            stdout=subprocess.DEVNULL,
        )
        _, status, usage = os.wait4(process.pid, 0)
        if status:
            raise RuntimeError(f"{' '.join(command)} failed")
        found = json.loads(answer.read_text())
    parts = found if way == TODAY else _parts(found)
    return Run(
        structure=structure.stem,
        way=way,
        relaxed=relaxed,
        seconds=usage.ru_utime + usage.ru_stime,
        peak_bytes=1024 * usage.ru_maxrss,
        **parts,
    )


def _parts(record: dict[str, Any]) -> dict[str, float]:
    """Return times and the heat capacity of one of our records."""
    return {
        "force_constants_s": record["hessian"]["seconds"],
        "heat_capacity_J_per_g_K": record["heat_capacity"][0]["J_per_g_K"],
    }


def repeats(atoms: Atoms) -> list[int]:
    """Return how often a crystal of few atoms is repeated along each axis."""
    return [ceil(SUPERCELL_A / length) for length in atoms.cell.lengths()]


def todays_way(structure: Path, *, relaxed: bool) -> dict[str, float]:
    """Compute a heat capacity with SevenNet's calculator, ASE and phonopy."""
    import numpy as np
    from ase.filters import FrechetCellFilter
    from ase.optimize import BFGS
    from phonopy import Phonopy
    from phonopy.structure.atoms import PhonopyAtoms
    from sevenn.calculator import SevenNetCalculator

    atoms = read(structure)
    atoms.calc = SevenNetCalculator("7net-0", device="cpu")
    if relaxed:
        BFGS(FrechetCellFilter(atoms), logfile=None).run(fmax=FMAX_EV_PER_A, steps=MAX_STEPS)
    start = perf_counter()
    cell = PhonopyAtoms(
        numbers=atoms.numbers, cell=atoms.cell.array, scaled_positions=atoms.get_scaled_positions()
    )
    wide = (1, 1, 1) if relaxed else repeats(atoms)
    phonons = Phonopy(cell, np.diag(wide))
    phonons.generate_displacements(distance=DISPLACEMENT_A)
    forces = []
    for supercell in phonons.supercells_with_displacements:
        displaced = type(atoms)(
            numbers=supercell.numbers,
            cell=supercell.cell,
            scaled_positions=supercell.scaled_positions,
            pbc=True,
            calculator=atoms.calc,
        )
        forces.append(displaced.get_forces())
    phonons.forces = forces
    phonons.produce_force_constants()
    seconds = perf_counter() - start
    phonons.run_mesh([1, 1, 1] if relaxed else MESH_A)
    phonons.run_thermal_properties(temperatures=[TEMPERATURE_K], cutoff_frequency=1e-2)
    per_mol = float(phonons.get_thermal_properties_dict()["heat_capacity"][0])
    return {
        "force_constants_s": seconds,
        "heat_capacity_J_per_g_K": per_mol / float(phonons.primitive.masses.sum()),
    }


def table(runs: Sequence[Run], structures: Sequence[str], ways: Sequence[str]) -> str:
    """Return medians, and ratios to today's way, as a table in Markdown."""
    header = [
        "",
        "way",
        "processor s",
        "of today's",
        "peak GB",
        "force constants, wall s",
        "c_v",
    ]
    rows = [header, ["---"] * len(header)]
    ratios: dict[str, list[float]] = {}
    for structure in structures:
        for way, mine, today in _of(runs, structure, ways):
            ratios.setdefault(way, []).append(mine.seconds / today.seconds)
            rows.append(
                [
                    structure,
                    way,
                    f"{mine.seconds:.1f}",
                    f"{ratios[way][-1]:.2f}",
                    f"{mine.peak_bytes / 1e9:.2f}",
                    f"{mine.force_constants_s:.1f}",
                    f"{mine.heat_capacity_J_per_g_K:.5f}",
                ]
            )
    lines = [f"| {' | '.join(row)} |" for row in rows]
    said = [
        f"{way}: {median(found):.2f} of today's way in the median, {min(found):.2f} to "
        f"{max(found):.2f}"
        for way, found in ratios.items()
        if way != TODAY
    ]
    return "\n".join([*lines, "", *said])


def _of(runs: Sequence[Run], structure: str, ways: Sequence[str]) -> Iterator[tuple[str, Run, Run]]:
    """Yield each way with its median run, and with that of today's way."""
    medians = {}
    for way in ways:
        found = [each for each in runs if (each.structure, each.way) == (structure, way)]
        medians[way] = sorted(found, key=lambda each: each.seconds)[(len(found) - 1) // 2]
    for way in ways:
        yield way, medians[way], medians[TODAY]


if __name__ == "__main__":
    main()
