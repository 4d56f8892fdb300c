"""Lennard-Jones atoms for LAMMPS' own `pair_style lj/cut` and for a model."""

from collections.abc import Mapping, Sequence

import numpy as np
from ase.calculators.calculator import Calculator, all_changes
from ase.data import atomic_numbers

from nearsight.models.engines.ase_model import AseModel
from nearsight.structures.pairs import pairs_of

Parameters = Mapping[str, tuple[float, float]]
"""ε in eV and σ in Å of each element; others are mixed by Lorentz and Berthelot."""


class LennardJones(Calculator):
    """Lennard-Jones, cut and shifted, of atoms whose parameters depend on the element."""

    implemented_properties = ("energy", "forces", "stress")

    def __init__(self, parameters: Parameters, cutoff_A: float) -> None:
        super().__init__()
        self.cutoff_A = cutoff_A
        self.table = np.zeros((2, 120))
        for symbol, values in parameters.items():
            self.table[:, atomic_numbers[symbol]] = values

    def calculate(self, atoms=None, properties=None, system_changes=all_changes) -> None:
        super().calculate(atoms, properties, system_changes)
        pairs = pairs_of(atoms, self.cutoff_A)
        epsilons, sigmas = self.table[:, atoms.numbers]
        epsilon = np.sqrt(epsilons[pairs.first] * epsilons[pairs.second])
        sigma = (sigmas[pairs.first] + sigmas[pairs.second]) / 2
        vectors = pairs.vectors_A()
        squared = (vectors**2).sum(axis=1)
        sixth, shift = (sigma**2 / squared) ** 3, (sigma / self.cutoff_A) ** 6
        energies = 4 * epsilon * (sixth**2 - sixth - shift**2 + shift)
        slopes = 24 * epsilon * (2 * sixth**2 - sixth) / squared  # -dE/dr / r
        pulls = slopes[:, None] * vectors
        n_atoms = len(atoms)
        along = [np.bincount(pairs.first, -each, minlength=n_atoms) for each in pulls.T]
        forces = np.transpose(along)
        self.results = {"energy": float(energies.sum() / 2), "forces": forces}
        if atoms.pbc.all():
            stress = -(vectors.T @ pulls) / 2 / atoms.get_volume()
            self.results["stress"] = stress.ravel()[[0, 4, 8, 5, 2, 1]]


def lennard_jones(parameters: Parameters, cutoff_A: float) -> AseModel:
    """Return it as a model."""
    return AseModel(LennardJones(parameters, cutoff_A), "lennard-jones", dtype="float64")


def pair_commands(
    elements: Sequence[str], parameters: Parameters, cutoff_A: float, energy_eV: float
) -> str:
    """Return the commands of LAMMPS for the same, with one unit of energy in eV."""
    lines = [f"pair_style lj/cut {cutoff_A}", "pair_modify mix arithmetic shift yes"]
    for number, symbol in enumerate(elements, start=1):
        epsilon_eV, sigma_A = parameters[symbol]
        lines.append(f"pair_coeff {number} {number} {epsilon_eV / energy_eV:.17g} {sigma_A:.17g}")
    return "\n".join(lines)
