# %% [markdown]
# # Does the energy stay, and how fast is it?
#
# Alpha-quartz (cell of L. Levien, C. T. Prewitt, D. J. Weidner, Am. Mineral. 1980, 65, 920) moves
# freely at the energy that 300 K give it. What is conserved should neither rise nor fall; its drift
# in eV per atom and ps, how far the energy swings about its line, and the speed are the result.
#
#     python studies/motion_of_quartz.py RECORDS [--model NAME] [--time 20] [--repeat 1 2]
#
# One record for each size; an interrupted run goes on from its checkpoint in the same folder.
import argparse
import os
import platform
from functools import partial
from pathlib import Path

import numpy as np
from ase import Atoms
from ase.spacegroup import crystal

from nearsight.dynamics import DynamicsSettings, OutputSettings
from nearsight.models import load_model
from nearsight.workflows import MolecularDynamicsSettings, keep_unfinished, molecular_dynamics
from records import Record, collect, markdown_table

TIMESTEP_fs = 2.0
SAMPLE_fs = 20.0
TEMPERATURE_K = 300.0


def main() -> None:
    """Move all sizes, and write the table."""
    parser = argparse.ArgumentParser(description="Motion of quartz at constant energy")
    parser.add_argument("records", type=Path)
    parser.add_argument("--model", default="sevennet-0")
    parser.add_argument("--dtype", default="float64")
    parser.add_argument("--time", type=float, default=20.0, metavar="PS")
    parser.add_argument("--repeat", type=int, nargs="+", default=[1], metavar="N")
    parser.add_argument("--results", type=Path, default=Path(__file__).parent / "results")
    arguments = parser.parse_args()
    settings = {
        "model": arguments.model,
        "time_ps": arguments.time,
        "timestep_fs": TIMESTEP_fs,
        "temperature_K": TEMPERATURE_K,
    }
    names = [f"{repeat}_{arguments.dtype}" for repeat in arguments.repeat]
    run = partial(moved, arguments=arguments)
    records = collect(arguments.records, names, run, settings)
    arguments.results.mkdir(exist_ok=True)
    path = arguments.results / "motion_of_quartz.md"
    path.write_text(text(records, settings), encoding="utf-8")
    print(f"wrote {path}")


def quartz() -> Atoms:
    """Return the hexagonal cell of nine atoms."""
    basis = [(0.4697, 0, 1 / 3), (0.4135, 0.2669, 1 / 3 - 0.1191)]
    cell = [4.916, 4.916, 5.4054, 90, 90, 120]
    atoms = crystal(("Si", "O"), basis, spacegroup=152, cellpar=cell)
    return Atoms(atoms.numbers, positions=atoms.positions, cell=atoms.cell, pbc=True)


def moved(name: str, arguments: argparse.Namespace) -> Record:
    """Return what became of the energy, and how long it took."""
    repeat, _, dtype = name.partition("_")
    settings = MolecularDynamicsSettings(
        dynamics=DynamicsSettings(
            ensemble="nve",
            time_ps=arguments.time,
            timestep_fs=TIMESTEP_fs,
            temperature_K=TEMPERATURE_K,
        ),
        output=OutputSettings(every_fs=SAMPLE_fs),
    )
    with keep_unfinished(arguments.records / f"{name}.unfinished") as unfinished:
        record = molecular_dynamics(
            quartz() * ((int(repeat),) * 3),
            load_model(arguments.model, dtype=dtype),
            settings,
            unfinished=unfinished,
            progress=True,
        )
    dynamics = record.results.dynamics
    times_ps = np.array([each.time_fs for each in dynamics.samples]) / 1000
    conserved_eV = np.array([each.conserved_eV for each in dynamics.samples])
    line_eV = np.polyval(np.polyfit(times_ps, conserved_eV, 1), times_ps)
    kinetic_eV = np.array([each.kinetic_energy_eV for each in dynamics.samples])
    n_atoms = len(dynamics.atoms)
    return {
        "atoms": n_atoms,
        "dtype": dtype,
        "time_ps": float(times_ps[-1]),
        "temperature_K": record.dynamics.temperature_K,
        "drift_eV_per_atom_ps": dynamics.drift_eV_per_atom_ps,
        "swing_eV_per_atom": float(np.std(conserved_eV - line_eV)) / n_atoms,
        "kinetic_swing_eV_per_atom": float(np.std(kinetic_eV)) / n_atoms,
        "ns_per_day": dynamics.ns_per_day,
        "resumed_step": dynamics.resumed_step,
        "threads": os.environ.get("OMP_NUM_THREADS", "all"),
    }


def text(records: dict[str, Record], settings: Record) -> str:
    """Return the table, with what it was made by."""
    columns = {
        "atoms": lambda one: str(one["atoms"]),
        "dtype": lambda one: one["dtype"],
        "mean T / K": lambda one: f"{one['temperature_K']:.0f}",
        "drift / eV/(atom ps)": lambda one: f"{one['drift_eV_per_atom_ps']:.1e}",
        "swing about its line / eV/atom": lambda one: f"{one['swing_eV_per_atom']:.1e}",
        "that of the kinetic energy / eV/atom": lambda one: (
            f"{one['kinetic_swing_eV_per_atom']:.1e}"
        ),
        "ns/day": lambda one: f"{one['ns_per_day']:.2f}",
        "threads": lambda one: one["threads"],
    }
    done = [one for one in records.values() if "error" not in one]
    rows = [[value(one) for value in columns.values()] for one in done]
    head = (
        f"# Alpha-quartz, {settings['time_ps']:g} ps at constant energy, {settings['model']}\n\n"
        f"Steps of {settings['timestep_fs']:g} fs from the crystal at rest with velocities of "
        f"{settings['temperature_K']:g} K; {processor()}. Times are those of a machine that had "
        f"other work beside.\n\n"
    )
    return f"{head}{markdown_table(list(columns), rows)}\n"


def processor() -> str:
    """Return what the processor calls itself."""
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return f"{names[0]}, {os.cpu_count()} cores" if names else platform.machine()


if __name__ == "__main__":
    main()
