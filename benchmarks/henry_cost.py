"""What a Henry coefficient within 5 % costs, factor by factor, against insertions one at a time.

    python benchmarks/henry_cost.py [--trials 6] [--repeats 3] STRUCTURE RECORD

The peer puts CO2 anywhere, with overlaps, and asks SevenNet's own ASE calculator for the energy of
each place by itself. Here energies are alone, in batches with the pairs of the framework kept;
overlaps cost no call; and places are chosen by what the first insertions taught. Seconds per energy
are measured alternately, of the same places, in single precision as the calculator has it, which
agree; numbers of insertions are those of RECORD, of `studies/co2_in_mg_mof_74.py`, where those of
the peer are extrapolated from the variance of weighted insertions.
"""

import argparse
import json
from pathlib import Path
from statistics import median
from time import process_time

import numpy as np
from ase import Atoms

from nearsight.adsorption.framework import framework_of, needed_width_A
from nearsight.adsorption.gases import gas_of
from nearsight.adsorption.interaction import Interaction
from nearsight.adsorption.overlaps import Overlaps
from nearsight.adsorption.placements import uniform_placements
from nearsight.models import load_model
from nearsight.structures import read_structure

MODEL = "sevennet-0"
ERROR = 0.05
OVERLAP_SHARE = 0.9
N_FOR_OVERLAPS = 20_000


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("structure")
    parser.add_argument("record", type=Path)
    parser.add_argument("--trials", type=int, default=6)
    parser.add_argument("--repeats", type=int, default=3)
    arguments = parser.parse_args()
    model = load_model(MODEL, dtype="float32", device="cpu")
    gas = gas_of("CO2", model)
    framework = framework_of(read_structure(arguments.structure), needed_width_A(gas, model))
    interaction = Interaction(framework, gas, model)
    overlaps = Overlaps(framework.atoms, gas.atoms.numbers, OVERLAP_SHARE)
    rng = np.random.default_rng(0)
    sites_A = uniform_placements(framework.cell.cell.array, N_FOR_OVERLAPS, rng).sites_A(
        gas.sites_A
    )
    overlapping = overlaps.of(sites_A)
    places = sites_A[~overlapping][: arguments.trials]
    theirs, ours = seconds_per_energy(interaction, places, arguments.repeats)
    record = json.loads(arguments.record.read_text(encoding="utf-8"))
    n_uniform = record["variance_uniform"] / ERROR**2
    n_calls = record["record"]["insertion"]["n_calls"]
    n_free = n_uniform * (1 - overlapping.mean())
    print(f"CO2 in {framework.atoms.get_chemical_formula()}, {len(framework.atoms)} atoms")
    print(f"seconds per energy     {theirs:.3f} -> {ours:.3f}: {theirs / ours:.1f}")
    print(f"overlaps free, calls   {n_uniform:.3g} -> {n_free:.3g}: {n_uniform / n_free:.2f}")
    print(f"places chosen, calls   {n_free:.3g} -> {n_calls:d}: {n_free / n_calls:.0f}")
    before, after = n_uniform * theirs, n_calls * ours
    print(f"all, seconds           {before:.3g} -> {after:.3g}: {before / after:.0f}")


def seconds_per_energy(
    interaction: Interaction, places: np.ndarray, repeats: int
) -> tuple[float, float]:
    """Return the medians of both, which have the same energies."""
    theirs, ours = [], []
    for _ in range(repeats):
        start = process_time()
        one_by_one = by_calculator(interaction, places)
        theirs.append((process_time() - start) / len(places))
        start = process_time()
        at_once = interaction.energies_eV(places)
        ours.append((process_time() - start) / len(places))
    np.testing.assert_allclose(
        one_by_one - one_by_one[0], at_once - at_once[0], rtol=1e-3, atol=2e-3
    )
    return median(theirs), median(ours)


def by_calculator(interaction: Interaction, places: np.ndarray) -> np.ndarray:
    """Return the energies in eV of framework and molecule by SevenNet's own calculator."""
    from sevenn.calculator import SevenNetCalculator

    calculator = SevenNetCalculator("7net-0", device="cpu")
    energies = []
    for sites_A in places:
        atoms: Atoms = interaction.with_guest(sites_A)
        atoms.calc = calculator
        energies.append(atoms.get_potential_energy())
    return np.array(energies)


if __name__ == "__main__":
    main()
