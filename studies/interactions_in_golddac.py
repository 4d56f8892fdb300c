# %% [markdown]
# # Which models may be asked about adsorption?
#
# GoldDAC (Lim, Park, Walsh and Kim, Matter 2025, 102203, doi 10.1016/j.matt.2025.102203;
# https://github.com/hspark1212/DAC-SIM) has energies by PBE with dispersion of frameworks with one
# CO2 or H2O: where it is repelled (R), at the minimum (E), and farther away (P). The interaction
# energy is that of both, less those of the framework and of the molecule alone. What a model says
# of it is compared, as it is and with its offset, the median error at weak attraction, taken off.
#
#     python studies/interactions_in_golddac.py VAL.xyz RECORDS --models sevennet-0 chgnet-0.3.0
#
# Energies of D3 are computed once for each functional and added. One record per model in RECORDS.
# `mace-dac-1` was trained on the other part of this data, and this part chose its weights.
import argparse
from functools import partial
from pathlib import Path

import numpy as np
from ase import Atoms

from nearsight.adsorption.golddac import (
    interaction_errors,
    read_golddac,
    reference_energies_eV,
)
from nearsight.adsorption.offset import factor_of_offset, quartiles
from nearsight.models import load_model
from nearsight.models.batches import in_batches
from nearsight.models.contract import Evaluation
from records import Record, collect, file_name, markdown_table

KINDS = {"R": "repulsive", "E": "equilibrium", "P": "weak"}
TEMPERATURE_K = 298.0
SMALL_EV, ENOUGH_EV = 0.026, 0.06
"""An offset of k_B T makes a Henry coefficient wrong by a factor of e; half of the sites may be off
by 6 kJ/mol, an eighth of what binds CO2 to magnesium, beyond which not even the order of sites is
known."""
FUNCTIONALS = {"chgnet-r2scan": "d3:r2scan"}
NO_DISPERSION = {"mace-dac-1"}
"""Trained on energies with dispersion, so that D3 would count twice."""


def main() -> None:
    """Compute all models, and write the table."""
    parser = argparse.ArgumentParser(description="Interaction energies in GoldDAC")
    parser.add_argument("data", type=Path, help="val.xyz of GoldDAC, or a part of it")
    parser.add_argument("records", type=Path)
    parser.add_argument("--models", nargs="+", default=["sevennet-0"])
    parser.add_argument("--trust-checkpoint", action="store_true")
    parser.add_argument("--results", type=Path, default=Path(__file__).parent / "results")
    arguments = parser.parse_args()
    frames = read_golddac(arguments.data)
    corrections = {name: FUNCTIONALS.get(name, "d3:pbe") for name in arguments.models}
    needed = [*arguments.models, *dict.fromkeys(corrections.values())]
    names = {file_name(name): name for name in needed}
    work = partial(energies, names, frames, trust=arguments.trust_checkpoint)
    records = collect(arguments.records, names, work, {"frames": len(frames)})
    failed = [names[key] for key, record in records.items() if "error" in record]
    if failed:
        print(f"no energies by {', '.join(failed)}")
    reference = reference_energies_eV(frames)
    rows = []
    for model in arguments.models:
        alone = records[file_name(model)].get("energies_eV")
        d3 = records[file_name(corrections[model])].get("energies_eV")
        if alone is None:
            continue
        rows += rows_of(model, alone, reference)
        if model not in NO_DISPERSION and d3 is not None:
            both = {name: alone[name] + d3[name] for name in alone}
            rows += rows_of(f"{model}+d3", both, reference)
    arguments.results.mkdir(exist_ok=True)
    path = arguments.results / "interactions_in_golddac.md"
    path.write_text(text(rows, len(frames)), encoding="utf-8")
    print(f"wrote {path}")


def energies(names: dict[str, str], frames: dict[str, Atoms], key: str, *, trust: bool) -> Record:
    """Return the energy in eV of each frame by one model."""
    model = load_model(names[key], dtype="float32", device="cpu", trust=trust)
    answers = in_batches(model, list(frames.values()), forces=False)
    energies_eV = {}
    for name, answer in zip(frames, answers, strict=True):
        if not isinstance(answer, Evaluation):
            raise answer
        energies_eV[name] = answer.energy_eV
    return {"energies_eV": energies_eV}


def rows_of(
    model: str, energies_eV: dict[str, float], reference_eV: dict[str, float]
) -> list[list[str]]:
    """Return a line of the table for each gas."""
    rows = []
    for gas in ("CO2", "H2O"):
        errors = interaction_errors(gas, energies_eV, reference_eV)
        offset_eV = errors.offset_eV
        rest = errors.errors_eV - offset_eV
        near = np.abs(rest[np.array(errors.kinds) != "repulsive"])
        rows.append(
            [
                model,
                gas,
                *(cell(errors.of(kind)) for kind in KINDS.values()),
                f"{offset_eV:+.3f}",
                f"{factor_of_offset(offset_eV, TEMPERATURE_K):.2g}",
                f"{np.median(near):.3f}",
                f"{np.quantile(near, 0.9):.3f}",
                verdict_of(offset_eV, float(np.median(near))),
            ]
        )
    return rows


def verdict_of(offset_eV: float, left_eV: float) -> str:
    """Return whether a model may be asked about adsorption of the gas."""
    if left_eV > ENOUGH_EV:
        return "no"
    return "as it is" if abs(offset_eV) <= SMALL_EV else "with the offset taken off"


def cell(errors_eV: np.ndarray) -> str:
    """Return the median with the quartiles."""
    low, middle, high = quartiles(errors_eV)
    return f"{middle:+.3f} ({low:+.3f} to {high:+.3f})"


def text(rows: list[list[str]], n_frames: int) -> str:
    """Return the page."""
    head = [
        "model",
        "gas",
        "repulsive, below 2 eV / eV",
        "equilibrium / eV",
        "weak / eV",
        "offset / eV",
        f"K_H too large by, {TEMPERATURE_K:g} K",
        "left without it, median / eV",
        "nine of ten below / eV",
        "for adsorption",
    ]
    return (
        f"# Errors of interaction energies in GoldDAC\n\n{n_frames} frames; medians with "
        f"quartiles, model minus reference, single precision. What is left is of equilibrium and "
        f"weak attraction, with the offset taken off. A model may be asked about adsorption as it "
        f"is where its offset is {SMALL_EV:g} eV at most, and at all where half of what is left is "
        f"below {ENOUGH_EV:g} eV; these limits are ours, set after the numbers were seen. "
        f"mace-dac-1 was trained on the other part of this data, and this part chose its weights; "
        f"its training has dispersion, so that D3 would count twice.\n\n"
        f"{markdown_table(head, rows)}"
    )


if __name__ == "__main__":
    main()
