"""A sound model of carbon dioxide as a gas, and the same with one fault each.

Other processes import them by name.
"""

from typing import Any, ClassVar

import numpy as np
from ase.calculators.calculator import Calculator, all_changes

STIFFNESS_EV_PER_A2, ACROSS_EV_PER_A2 = 20.0, 5.0
BOND_A, ACROSS_A = 1.08, 2.64
"""Springs softer than real bonds, so that a run can be short, and longer across than two bonds, so
that molecules are straight and resist bending."""
WALL_EV, REACH_A = 0.4, 4.0


class SoundGas(Calculator):
    """Molecules C, O, O of springs, whose carbon atoms repel each other softly."""

    implemented_properties: ClassVar[list[str]] = ["energy", "forces"]

    def calculate(
        self, atoms: Any = None, properties: Any = None, system_changes: Any = all_changes
    ) -> None:
        super().calculate(atoms, properties or ["energy"], system_changes)
        positions = self.atoms.positions.reshape(-1, 3, 3)
        energy, forces = self._walls(positions[:, 0])
        for first, second, stiffness, length in (
            (0, 1, STIFFNESS_EV_PER_A2, BOND_A),
            (0, 2, STIFFNESS_EV_PER_A2, BOND_A),
            (1, 2, ACROSS_EV_PER_A2, ACROSS_A),
        ):
            vectors = positions[:, second] - positions[:, first]
            lengths = np.linalg.norm(vectors, axis=1)
            energy += 0.5 * stiffness * float(((lengths - length) ** 2).sum())
            pull = (stiffness * (lengths - length) / lengths)[:, np.newaxis] * vectors
            forces[:, first] += pull
            forces[:, second] -= pull
        self.results = {"energy": energy, "forces": self.told(forces, positions).reshape(-1, 3)}

    def _walls(self, carbon: np.ndarray) -> tuple[float, np.ndarray]:
        edge = self.atoms.cell[0, 0]
        vectors = carbon[:, np.newaxis] - carbon
        vectors -= edge * np.round(vectors / edge)
        inside = np.maximum(1 - (vectors**2).sum(axis=2) / REACH_A**2, 0.0)
        np.fill_diagonal(inside, 0.0)
        forces = np.zeros((len(carbon), 3, 3))
        slopes = WALL_EV * 6 * inside**2 / REACH_A**2
        forces[:, 0] = (slopes[:, :, np.newaxis] * vectors).sum(axis=1)
        return WALL_EV * float((inside**3).sum()) / 2, forces

    def told(self, forces: np.ndarray, positions: np.ndarray) -> np.ndarray:
        return forces


class StirredGas(SoundGas):
    """Forces with a part that turns each molecule around, which no energy has."""

    def told(self, forces: np.ndarray, positions: np.ndarray) -> np.ndarray:
        arms = positions - positions[:, :1]
        stirred = 0.02 * np.cross([0.0, 0.0, 1.0], arms)
        return forces + stirred - stirred.mean(axis=1, keepdims=True)


class ThrownGas(SoundGas):
    """Forces that are noise: they heat what a thermostat cools."""

    _random = np.random.default_rng(4)

    def told(self, forces: np.ndarray, positions: np.ndarray) -> np.ndarray:
        return forces + self._random.normal(scale=3.0, size=forces.shape)


class BreakingGas(SoundGas):
    """Bonds that are none."""

    def told(self, forces: np.ndarray, positions: np.ndarray) -> np.ndarray:
        return forces + 200.0 * (positions - positions.mean(axis=1, keepdims=True)) * [
            [[0], [1], [1]]
        ]
