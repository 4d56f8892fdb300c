# %% [markdown]
# # Is dispersion in the data that MACE-DAC was trained on?
#
# The weights of mace-dac-1 come without a level of theory. GoldDAC (Lim, Park, Walsh and Kim,
# Matter 2025, 102203, doi 10.1016/j.matt.2025.102203; https://github.com/hspark1212/DAC-SIM) has
# energies of metal-organic frameworks with and without CO2 or H2O. Models of PBE that never saw it
# are asked for the energies of the empty frameworks. Where the data are without dispersion, what is
# left scatters about zero; where they have it, it scatters about the energy of D3.
#
#     python studies/dispersion_in_golddac.py VAL.xyz --models sevennet-0 sevennet-l3i5
#
# A metal may be off as a whole, by +U or by another pseudopotential, so that each framework is a
# line of its own.
import argparse
from pathlib import Path

import ase.io
import numpy as np
from ase import Atoms

from nearsight.models import Model, load_model
from records import markdown_table


def main() -> None:
    """Calculate, and write the table."""
    parser = argparse.ArgumentParser(description="Dispersion in the data of MACE-DAC")
    parser.add_argument("data", type=Path, help="val.xyz of GoldDAC")
    parser.add_argument("--models", nargs="+", default=["sevennet-0", "sevennet-l3i5"])
    parser.add_argument("--results", type=Path, default=Path(__file__).parent / "results")
    arguments = parser.parse_args()
    frames = ase.io.read(arguments.data, index=":")
    frameworks = sorted((one for one in frames if "fram" in one.info["name"]), key=len)
    models = {name: load_model(name, dtype="float32", device="cpu") for name in arguments.models}
    d3 = load_model("d3:pbe", dtype="float32", device="cpu")
    rows, columns = [], []
    for atoms in frameworks:
        given = atoms.info["REF_energy"]
        differences = [(given - energy(model, atoms)) / len(atoms) for model in models.values()]
        columns.append([energy(d3, atoms) / len(atoms), *differences])
        numbers = [f"{value:+.4f}" for value in columns[-1]]
        rows.append([atoms.info["group"], atoms.info["metal"], str(len(atoms)), *numbers])
        print(*rows[-1], flush=True)
    medians = [f"{value:+.4f}" for value in np.median(columns, axis=0)]
    rows.append(["median", "", "", *medians])
    header = ["framework", "metal", "atoms", "D3", *(f"data - {name}" for name in models)]
    path = arguments.results / "dispersion_in_golddac.md"
    path.write_text(
        "# Is dispersion in the data that MACE-DAC was trained on?\n\n"
        f"Energies of the {len(frameworks)} empty frameworks of GoldDAC's validation set, eV per "
        "atom: D3(BJ)\nof PBE, and how far the data are above models of PBE that never saw "
        "them.\n\n" + markdown_table(header, rows),
        encoding="utf-8",
    )
    print(f"wrote {path}")


def energy(model: Model, atoms: Atoms) -> float:
    """Return an energy in eV."""
    [evaluation] = model.evaluate([atoms])
    return float(evaluation.energy_eV)


if __name__ == "__main__":
    main()
