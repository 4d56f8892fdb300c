"""Models that answer in microseconds, for what takes many thousand steps.

They stand behind the contract of a model directly: around a calculator of ASE a step would take
several times as long, whatever the potential.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from ase import Atoms
from ase.calculators.emt import EMT, beta

from nearsight.models.contract import Capabilities, Evaluation
from nearsight.models.facts import Facts
from nearsight.provenance import ModelIdentity
from nearsight.structures.pairs import pairs_of


class QuickModel:
    """A function of one structure as a model, which finds what it needs by itself."""

    def __init__(self, name: str, answer: Callable[[Atoms], Evaluation]) -> None:
        self.identity = ModelIdentity(name, "test", None, "float64", "cpu")
        self.capabilities = Capabilities(
            cutoff_A=None,
            receptive_field_A=None,
            elements=None,
            conservative=True,
            equivariant=None,
            atomic_energies=False,
            size_consistent=None,
            differentiable=False,
            curvature_smooth=None,
        )
        self.facts = Facts()
        self._answer = answer

    def evaluate(self, structures: Sequence[Atoms], **_: Any) -> list[Evaluation]:
        return [self._answer(atoms) for atoms in structures]

    def rows(self, *_: Any, **__: Any) -> Any:
        raise NotImplementedError

    def linearize(self, *_: Any, **__: Any) -> Any:
        raise NotImplementedError


def harmonic(stiffness_eV_per_A2: np.ndarray, rest_A: np.ndarray) -> QuickModel:
    """Return E = ½ Σ_ij K_ij u_i · u_j of displacements u, K of shape ``(n_atoms, n_atoms)``."""

    def answer(atoms: Atoms) -> Evaluation:
        moved = atoms.positions - rest_A
        pull = stiffness_eV_per_A2 @ moved
        return Evaluation(0.5 * float(np.vdot(moved, pull)), -pull, None, None)

    return QuickModel("harmonic", answer)


def springs(atoms: Atoms, stiffness_eV_per_A2: float = 1.0, cutoff_A: float = 3.0) -> QuickModel:
    """Return springs between the atoms that are neighbours in `atoms`, whatever becomes of them.

    The potential is harmonic in the displacements u: E = ½ Σ_pairs k |u_i - u_j|², so that every
    mode but the three translations has k T / 2 of potential energy, exactly.
    """
    pairs = pairs_of(atoms, cutoff_A)
    laplacian = np.zeros((len(atoms), len(atoms)))
    np.add.at(laplacian, (pairs.first, pairs.first), stiffness_eV_per_A2)
    np.add.at(laplacian, (pairs.first, pairs.second), -stiffness_eV_per_A2)
    return harmonic(laplacian, atoms.positions.copy())


def morse_bonds(atoms: Atoms, cutoff_A: float) -> QuickModel:
    """Return Morse potentials between the atoms that are neighbours in `atoms`, at rest there.

    Smooth and anharmonic, under any strain; about as stiff as copper. The neighbours stay the same.
    """
    depth_eV, decay_per_A = 0.4, 1.5
    pairs = pairs_of(atoms, cutoff_A)
    lengths_A = np.linalg.norm(pairs.vectors_A(), axis=1)
    images = np.rint(pairs.shifts_A @ np.linalg.pinv(atoms.cell.array))
    of_atoms = np.zeros((len(atoms), len(pairs.first)))
    of_atoms[pairs.first, np.arange(len(pairs.first))] = 1.0

    def answer(moved: Atoms) -> Evaluation:
        positions, cell = moved.positions, moved.cell.array
        vectors = positions[pairs.second] - positions[pairs.first] + images @ cell
        distances = np.sqrt(np.einsum("pi,pi->p", vectors, vectors))
        near = np.exp(-decay_per_A * (distances - lengths_A))
        slopes = 2 * depth_eV * decay_per_A * (near - near**2)
        pulls = (slopes / distances)[:, np.newaxis] * vectors
        stress = None
        if moved.pbc.all():
            volume_A3 = abs(np.linalg.det(cell))
            stress = (vectors.T @ pulls / (2 * volume_A3)).ravel()[[0, 4, 8, 5, 2, 1]]
        # Each pair is there from both sides.
        energy_eV = depth_eV / 2 * float(np.sum(near**2 - 2 * near))
        return Evaluation(energy_eV, of_atoms @ pulls, stress, None)

    return QuickModel("morse bonds", answer)


def emt_of_crystal(atoms: Atoms) -> QuickModel:
    """Return ASE's EMT for atoms that stay near their places: all pairs at once, found once.

    K. W. Jacobsen, P. Stoltze, J. K. Nørskov, Surf. Sci. 366, 394 (1996).
    """
    emt = EMT()
    emt.initialize(atoms)
    of = {name: values[emt.ia2iz] for name, values in emt.par.items()}
    pairs = pairs_of(atoms, emt.rc_list + 1.0)
    images = np.rint(pairs.shifts_A @ np.linalg.inv(atoms.cell.array))

    def answer(moved: Atoms) -> Evaluation:
        positions, cell, n_atoms = moved.positions, moved.cell.array, len(moved)
        vectors = positions[pairs.second] - positions[pairs.first] + images @ cell
        distances = np.sqrt(np.einsum("pi,pi->p", vectors, vectors))
        near = distances < emt.rc_list
        one, other = pairs.first[near], pairs.second[near]
        vectors, distances = vectors[near], distances[near]
        switch, slope = emt._calc_theta(distances)
        density = dict(zip("so", emt._calc_dsigma1(one, other, distances, switch), strict=True))
        overlap = dict(zip("so", emt._calc_dsigma2(one, other, distances, switch), strict=True))

        sigma = np.bincount(one, density["s"], n_atoms)
        beyond = of["lambda"] * -np.log(sigma * of["inv12gamma1"]) / (beta * of["eta2"])
        cohesive = of["E0"] * np.exp(-beyond)
        repulsive = 6 * of["V0"] * np.exp(-of["kappa"] / of["lambda"] * beyond)
        of_density = (of["lambda"] * beyond * cohesive + of["kappa"] * repulsive) / (
            beta * of["eta2"] * sigma
        )
        paired = {
            "s": of["neghalfv0overgamma2"][one] * overlap["s"],
            "o": of["neghalfv0overgamma2"][other] * overlap["o"],
        }
        slopes = (
            paired["s"] * (slope - of["kappa"][other] / beta)
            + paired["o"] * (slope - of["kappa"][one] / beta)
            + of_density[one] * density["s"] * (slope - of["eta2"][other])
            + of_density[other] * density["o"] * (slope - of["eta2"][one])
        )
        pulls = (slopes / distances)[:, np.newaxis] * vectors
        forces = np.transpose([np.bincount(one, each, n_atoms) for each in pulls.T])
        stress = (vectors.T @ pulls / (2 * abs(np.linalg.det(cell)))).ravel()[[0, 4, 8, 5, 2, 1]]
        energies = (1 + beyond) * cohesive + repulsive - of["E0"]
        energy_eV = float(energies.sum() + 0.5 * (paired["s"] + paired["o"]).sum())
        return Evaluation(energy_eV, forces, stress, None)

    return QuickModel("emt", answer)
