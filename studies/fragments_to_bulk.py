# %% [markdown]
# # Do fragments teach the forces of a crystal?
#
# A potential of Behler and Parrinello is trained on fragments of MOF-5 alone (M. Herbold and
# J. Behler, Phys. Chem. Chem. Phys. 2023, 25, 12979). Its forces in the periodic crystal, with
# atoms off their places, are compared with those of the method that labelled the fragments, here
# GFN1-xTB.
#
#     python studies/fragments_to_bulk.py FRAGMENTS.extxyz FOLDER [--seeds 0 1 2]
#
# FOLDER keeps a trained potential for each seed; an interrupted training goes on.
import argparse
from pathlib import Path

import numpy as np

from nearsight.models import Model, load_model
from nearsight.models.contract import forces_of
from nearsight.testing.structures import mof5
from nearsight.training import NetworkSettings, StoppingSettings
from nearsight.workflows import TrainSettings, train
from records import markdown_table

RATTLED_A = (0.0, 0.03, 0.05)


def main() -> None:
    """Train, compare, and write the table."""
    parser = argparse.ArgumentParser(description="From fragments to the crystal")
    parser.add_argument("fragments", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--results", type=Path, default=Path(__file__).parent / "results")
    arguments = parser.parse_args()
    reference = load_model("gfn1-xtb")
    rows = []
    for amplitude_A in RATTLED_A:
        atoms = mof5()
        if amplitude_A:
            atoms.rattle(amplitude_A, seed=7)
        [true] = reference.evaluate([atoms])
        expected = forces_of(true)
        errors, extrapolating = [], []
        for seed in arguments.seeds:
            [own] = trained(arguments, seed).evaluate([atoms])
            errors.append(float(np.sqrt(np.mean((forces_of(own) - expected) ** 2))))
            extrapolating.append(int(np.count_nonzero(own.extrapolations)))
        rows.append(
            [
                f"{amplitude_A:g}",
                f"{np.sqrt(np.mean(expected**2)):.3f}",
                ", ".join(f"{error:.3f}" for error in errors),
                ", ".join(map(str, extrapolating)),
            ]
        )
    head = ["rattled by / Å", "RMS of GFN1 forces / eV/Å", "RMSE / eV/Å", "atoms that extrapolate"]
    path = arguments.results / "fragments_to_bulk.md"
    arguments.results.mkdir(exist_ok=True)
    path.write_text(
        f"# Forces of MOF-5 by potentials trained on its fragments\n\n106 atoms of the periodic "
        f"crystal; {len(arguments.seeds)} potentials of {arguments.epochs} epochs, trained on "
        f"`{arguments.fragments.name}` with the defaults, seeds "
        f"{', '.join(map(str, arguments.seeds))}.\n\n{markdown_table(head, rows)}",
        encoding="utf-8",
    )
    print(f"wrote {path}")


def trained(arguments: argparse.Namespace, seed: int) -> Model:
    """Return the potential of a seed, trained if it is not there yet."""
    folder = arguments.folder / f"seed_{seed}"
    if not (folder / "best" / "input.nn").exists():
        settings = TrainSettings(
            network=NetworkSettings(seed=seed), stopping=StoppingSettings(epochs=arguments.epochs)
        )
        train([arguments.fragments], settings, out=folder)
    return load_model(f"hdnnp:{folder / 'best'}")


if __name__ == "__main__":
    main()
