# %% [markdown]
# # What are atoms and molecules worth by PBE?
#
# Energies of isolated atoms and of small molecules as they are in ASE's set G2, by the method of
# `pbe_diatomics.py`. The examination `exactness` compares atomization and reactions with them.
#
#     python studies/pbe_molecules.py FOLDER
#
# FOLDER keeps a record for each.
import argparse
from pathlib import Path

import pyscf
from ase.build import molecule
from pbe_diatomics import (
    BASIS,
    FUNCTIONAL,
    GRID_LEVEL,
    OF_ATOMS,
    TOLERANCE_HARTREE,
    of_second_order,
    self_consistent,
    written,
)

import nearsight
from nearsight.storage import write_text
from nearsight.units import HARTREE_IN_EV
from records import Record, collect, without_errors

ATOMS = ("H", "C", "N", "O")
MOLECULES = {"H2": 1, "N2": 1, "O2": 3, "CO": 1, "CO2": 1, "H2O": 1, "CH4": 1, "NH3": 1}
"""Formulas with multiplicities."""
FILE = Path(__file__).parents[1] / "src/nearsight/evaluation/exactness/pbe.json"


def main() -> None:
    """Compute what is missing, and write the file of the package."""
    parser = argparse.ArgumentParser(description="Atoms and molecules by PBE")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--file", type=Path, default=FILE)
    arguments = parser.parse_args()
    settings = {
        "functional": FUNCTIONAL,
        "basis": BASIS,
        "grid_level": GRID_LEVEL,
        "tolerance_hartree": TOLERANCE_HARTREE,
    }
    names = (*ATOMS, *MOLECULES)
    for n_done in range(len(ATOMS) + 1, len(names) + 1):
        records = without_errors(collect(arguments.folder, names[:n_done], calculate, settings))
        write_text(arguments.file, written(content(settings, records)))


def content(settings: Record, records: dict[str, Record]) -> Record:
    """Return what the file of the package holds."""
    energies = {name: record["energy_eV"] for name, record in records.items()}
    return {
        "what": "Energies in eV of isolated atoms and of the molecules of ase.build.molecule, by "
        "unrestricted Kohn-Sham.",
        "source": "studies/pbe_molecules.py",
        "pyscf": pyscf.__version__,
        "nearsight": nearsight.__version__,
        **settings,
        "atoms_eV": {name: energies[name] for name in ATOMS},
        "molecules_eV": {name: energies[name] for name in MOLECULES if name in energies},
    }


def calculate(name: str) -> Record:
    """Return the energy of an atom or a molecule."""
    if name in ATOMS:
        found = self_consistent([(name, (0.0, 0.0, 0.0))], OF_ATOMS[name])
    else:
        atoms = molecule(name)
        places = zip(atoms.get_chemical_symbols(), atoms.positions.tolist(), strict=True)
        found = self_consistent(list(places), MOLECULES[name])
    if not found.converged:
        found = of_second_order(found)
    if not found.converged:
        raise RuntimeError(f"{name} did not converge")
    print(name, found.e_tot, flush=True)
    return {"energy_eV": float(found.e_tot * HARTREE_IN_EV)}


if __name__ == "__main__":
    main()
