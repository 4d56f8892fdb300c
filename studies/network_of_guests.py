# %% [markdown]
# # A network of guests in a framework
#
# A potential of Behler and Parrinello that has learnt from a costly model what CO2 does in a rigid
# framework, to make moves for that model in an isotherm. Configurations come from a force field, at
# several pressures and also hot, so that there are molecules at walls and beside each other; the
# model gives their energies and forces.
#
#     python studies/network_of_guests.py MG_MOF_74.cif OUT --model sevennet-0
#     nearsight isotherm MG_MOF_74.cif --model sevennet-0 --cheap hdnnp:OUT/potential ...
#
# Labelled configurations are in OUT/labelled.extxyz; an interrupted run goes on behind the last.
import argparse
from pathlib import Path

import numpy as np
from ase import Atoms
from ase.calculators.singlepoint import SinglePointCalculator
from ase.io import read, write

from nearsight.adsorption.framework import framework_of, with_guests
from nearsight.adsorption.gases import gas_of
from nearsight.adsorption.gcmc.settings import ExchangeSettings
from nearsight.adsorption.settings import InsertionSettings
from nearsight.models import load_model
from nearsight.structures import read_structure
from nearsight.structures.molecules import as_framework
from nearsight.training.settings import FunctionSettings, PriorSettings, StoppingSettings
from nearsight.workflows import IsothermSettings, TrainSettings, isotherm, train

TEMPERATURES_K = (298.0, 900.0)
PRESSURES_BAR = (0.003, 0.03, 0.3, 3.0, 30.0)


def main() -> None:
    """Label what is missing, and train."""
    parser = argparse.ArgumentParser(description="a network of guests in a framework")
    parser.add_argument("structure", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--model", default="sevennet-0")
    parser.add_argument("--gas", default="CO2")
    parser.add_argument("--proposed-by", default="forcefield:mercado-mg-mof-74")
    parser.add_argument("--configurations", type=int, default=300)
    parser.add_argument("--width", type=float, default=6.0, help="of the cell in Å at least")
    parser.add_argument("--cutoff", type=float, default=6.0, help="of the network in Å")
    parser.add_argument("--epochs", type=int, default=30)
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    path = arguments.out / "labelled.extxyz"
    n_labelled = len(read(path, ":")) if path.exists() else 0
    if n_labelled < arguments.configurations:
        label(configurations(arguments)[n_labelled:], arguments.model, path)
    settings = TrainSettings(
        functions=FunctionSettings(cutoff_A=arguments.cutoff),
        prior=PriorSettings(prior="repulsion"),
        stopping=StoppingSettings(epochs=arguments.epochs),
    )
    record = train(path, settings, out=arguments.out / "potential", progress=True)
    print(record)


def configurations(arguments: argparse.Namespace) -> list[Atoms]:
    """Return the framework with molecules where a force field has them, in random order."""
    model = load_model(arguments.proposed_by, device="cpu")
    gas = gas_of(arguments.gas, model)
    settings = IsothermSettings(
        insertion=InsertionSettings(
            gas=arguments.gas,
            temperatures_K=TEMPERATURES_K,
            insertions=2000,
            learning=512,
            least_width_A=arguments.width,
        ),
        exchange=ExchangeSettings(
            pressures_bar=PRESSURES_BAR,
            equation="ideal",
            chains=2,
            equilibration_blocks=12,
            production_blocks=12,
        ),
    )
    record = isotherm(arguments.structure, model, settings, progress=True)
    assert record.results is not None
    host = as_framework(framework_of(read_structure(arguments.structure), arguments.width).atoms)
    kept = [
        with_guests(host, gas, each.configuration.sites_A(gas.sites_A))
        for one in record.results.isotherms
        for each in one.sampled.kept
    ]
    order = np.random.default_rng(0).permutation(len(kept))
    return [host, *(kept[index] for index in order[: arguments.configurations - 1])]


def label(structures: list[Atoms], name: str, path: Path) -> None:
    """Write energies and forces of structures by a model, behind those that are in the file."""
    model = load_model(name, dtype="float32", device="cpu")
    for number, atoms in enumerate(structures, start=1):
        [answer] = model.evaluate([atoms])
        labelled = Atoms(atoms.numbers, atoms.positions, cell=atoms.cell, pbc=atoms.pbc)
        labelled.calc = SinglePointCalculator(
            labelled, energy=answer.energy_eV, forces=answer.forces_eV_per_A
        )
        write(path, labelled, append=True)
        print(f"{number} of {len(structures)}", flush=True)


if __name__ == "__main__":
    main()
