"""Energies of NIST's reference configurations, to the digits that are published.

NIST Standard Reference Simulation Website, doi 10.18434/T4M88Q; tests/data/nist/SOURCE.md.
"""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from ase import Atoms

pytest.importorskip("torch", reason="force fields need PyTorch")

import torch

from nearsight.models.families.forcefield.energy import screened
from nearsight.models.families.forcefield.ewald import (
    COULOMB_EV_A,
    Charges,
    Splitting,
    reciprocal_energy,
    structure_factors,
    wave_indices,
    weights_eV,
)
from nearsight.models.families.forcefield.model import ForceFieldModel
from nearsight.models.families.forcefield.parameters import (
    ForceField,
    LennardJones,
    SiteType,
    Treatment,
)
from nearsight.models.registry import load_model
from nearsight.provenance import ModelIdentity
from nearsight.structures.pairs import pairs_of
from nearsight.units import BOLTZMANN_EV_PER_K

DATA = Path(__file__).parents[3] / "data" / "nist"
CONSTANTS = 2e-6
"""Relative; NIST's constants of nature are those of 2010."""


def configuration(name: str, symbols: str) -> Atoms:
    lines = (DATA / name).read_text().splitlines()
    lengths = [float(word) for word in lines[1].split()[1:]]
    cell = np.diag(lengths[:3])
    if len(lengths) == 6:
        cell[1, 0], cell[2, 0], cell[2, 1] = lengths[3:]
    n_atoms = int(lines[0])
    places = [[float(word) for word in line.split()[1:4]] for line in lines[2 : 2 + n_atoms]]
    atoms = Atoms(symbols, places, cell=cell, pbc=True)
    if symbols.startswith("OHH"):
        atoms.set_array("molecule", np.arange(n_atoms) // 3 + 1)
    return atoms


def reduced(**treatment: object) -> ForceFieldModel:
    types = {"Ar": SiteType(LennardJones(1.0, 1.0))}
    force_field = ForceField(types, treatment=Treatment(coulomb=False, **treatment))  # type: ignore[arg-type]
    return ForceFieldModel(force_field, ModelIdentity("nist", "forcefield", None, "float64", "cpu"))


def spce(**treatment: object) -> ForceFieldModel:
    file = load_model("forcefield:spce")
    assert isinstance(file, ForceFieldModel)
    own = replace(file.force_field, treatment=Treatment(cutoff_A=10.0, **treatment))  # type: ignore[arg-type]
    return ForceFieldModel(own, file.identity)


def energy(of: ForceFieldModel, atoms: Atoms) -> float:
    return of.evaluate([atoms], forces=False)[0].energy_eV


@pytest.mark.parametrize(
    ("cutoff_A", "pairs", "tail", "virial"),
    [(3.0, -16.790321304625856, -0.5451660014945706, -46.249), (4.0, -17.060, -0.23008, -47.869)],
)
def test_lennard_jones_fluid(cutoff_A: float, pairs: float, tail: float, virial: float) -> None:
    atoms = configuration("lj_sample_config_periodic4.xyz", "Ar30")
    [cut] = reduced(cutoff_A=cutoff_A).evaluate([atoms], stress=True)
    digits = 1e-13 if cutoff_A == 3.0 else 3e-5
    assert cut.energy_eV == pytest.approx(pairs, rel=digits)
    with_tail = energy(reduced(cutoff_A=cutoff_A, tail=True), atoms)
    assert with_tail - cut.energy_eV == pytest.approx(tail, rel=2e-5)
    assert cut.stress_eV_per_A3 is not None
    trace = cut.stress_eV_per_A3[:3].sum() * atoms.get_volume()
    assert -trace == pytest.approx(virial, rel=2e-5)


def test_lennard_jones_fluid_with_shifted_forces() -> None:
    atoms = configuration("lj_sample_config_periodic4.xyz", "Ar30")
    found = energy(reduced(cutoff_A=3.0, truncation="force-shifted"), atoms)
    assert found == pytest.approx(-15.001, abs=5e-4)


def test_lennard_jones_fluid_in_a_triclinic_cell() -> None:
    atoms = configuration("lj_triclinic_sample_config_periodic3.xyz", "Ar300")
    cut = energy(reduced(cutoff_A=3.0), atoms)
    assert cut == pytest.approx(-505.78567945268367, rel=1e-13)
    tail = energy(reduced(cutoff_A=3.0, tail=True), atoms) - cut
    assert tail == pytest.approx(-29.37186430697248, rel=1e-12)


@pytest.mark.parametrize(
    ("name", "n", "alpha_per_A", "longest_per_A", "published"),
    [
        # k² < 27 (2π/L)², in the units of the table
        (
            "spce_sample_config_periodic1.xyz",
            100,
            5.6 / 20,
            np.sqrt(26.5) * 2 * np.pi / 20,
            {"dispersion": 99538.7, "tail": -823.715, "real": -558889.0, "waves": 6270.09}
            | {"self": -2.84469e6, "intra": 2.80999e6},
        ),
        # 7 waves along the height of the cell
        (
            "spce_triclinic_sample_periodic1.xyz",
            400,
            0.285,
            7 * 2 * np.pi / 28.97777478867205,
            {"dispersion": 111992.0, "tail": -4109.19, "real": -727219.0, "waves": 44677.0}
            | {"self and intra": -146595.0},
        ),
    ],
)
def test_every_term_of_water(
    name: str, n: int, alpha_per_A: float, longest_per_A: float, published: dict[str, float]
) -> None:
    atoms = configuration(name, "OHH" * n)
    splitting = Splitting(alpha_per_A, longest_per_A)
    found = {term: value / BOLTZMANN_EV_PER_K for term, value in terms_eV(atoms, splitting).items()}
    uncharged = energy(spce(coulomb=False), atoms)
    found["dispersion"] = uncharged / BOLTZMANN_EV_PER_K
    found["tail"] = (energy(spce(coulomb=False, tail=True), atoms) - uncharged) / BOLTZMANN_EV_PER_K
    for term, value in published.items():
        assert found[term] == pytest.approx(value, rel=5e-6), term


def terms_eV(atoms: Atoms, splitting: Splitting) -> dict[str, float]:
    """Return the terms of Ewald's method, each by itself, from the parts that the model has."""
    charges = np.where(atoms.numbers == 8, -0.8476, 0.4238)
    pairs = pairs_of(atoms, 10.0)
    molecules = atoms.arrays["molecule"]
    apart = molecules[pairs.first] != molecules[pairs.second]
    products = torch.as_tensor(charges[pairs.first] * charges[pairs.second])
    squared = torch.as_tensor((pairs.vectors_A() ** 2).sum(axis=1))
    real = screened(squared[apart], products[apart], splitting).sum() / 2
    # erf = 1 - erfc: molecules are small, all their pairs are among those within the cutoff
    inside = COULOMB_EV_A * products[~apart] / squared[~apart].sqrt()
    inside = inside - screened(squared[~apart], products[~apart], splitting)
    indices = wave_indices(atoms.cell.array, splitting.k_max_per_A)
    waves, cell = torch.as_tensor(indices, dtype=torch.float64), torch.as_tensor(atoms.cell.array)
    fractions = torch.as_tensor(atoms.get_scaled_positions())
    sites = Charges(fractions, torch.as_tensor(charges), torch.zeros(len(atoms), dtype=torch.bool))
    factors = structure_factors(fractions, sites.charges, waves).abs()
    of_waves = (weights_eV(waves, cell, splitting)[0] * factors**2).sum()
    both = reciprocal_energy(sites, cell, waves, splitting)
    itself, intra = float(both - of_waves), -float(inside.sum()) / 2
    return {
        "real": float(real),
        "waves": float(of_waves),
        "self": itself,
        "intra": intra,
        "self and intra": itself + intra,
    }


def test_water_as_a_model_has_all_waves() -> None:
    """NIST's sum of waves ends so early that its total is 1 K below the converged one."""
    atoms = configuration("spce_sample_config_periodic1.xyz", "OHH" * 100)
    found = energy(spce(tail=True), atoms) / BOLTZMANN_EV_PER_K
    assert found == pytest.approx(-488604.0, rel=CONSTANTS * 3)
    finer = energy(spce(tail=True, accuracy=1e-12), atoms) / BOLTZMANN_EV_PER_K
    assert found == pytest.approx(finer, abs=0.01)
