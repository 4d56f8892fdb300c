"""Derivatives by strain against those of the energy alone."""

from collections.abc import Callable

import numpy as np
import pytest
from ase import Atoms

from nearsight.derivatives.differences import SCHEMES
from nearsight.derivatives.strain_differences import strain_differences
from nearsight.models.engines.torch_model import TorchModel
from nearsight.structures.strain import strain_matrix, strained

STEP = 1e-3


def second_difference(
    energy: Callable[[np.ndarray], float], first: np.ndarray, second: np.ndarray
) -> float:
    """Return the mixed second derivative of an energy of displacements and strain."""
    corners = [a * b * energy(STEP * (a * first + b * second)) for a in (1, -1) for b in (1, -1)]
    return sum(corners) / (4 * STEP**2)


def test_they_are_second_derivatives_of_the_energy(
    displaced_quartz: Atoms, pair_model: Callable[..., TorchModel]
) -> None:
    model = pair_model()

    def energy(variables: np.ndarray) -> float:
        moved = displaced_quartz.copy()
        moved.positions += variables[:-6].reshape(-1, 3)
        [found] = model.evaluate([strained(moved, strain_matrix(variables[-6:]))])
        return found.energy_eV

    def first_derivatives(atoms: Atoms) -> tuple[np.ndarray, np.ndarray]:
        [found] = model.evaluate([atoms], stress=True)
        assert found.stress_eV_per_A3 is not None
        return found.forces_eV_per_A, found.stress_eV_per_A3

    coupling, strain = strain_differences(
        first_derivatives, displaced_quartz, SCHEMES["central-difference"], 1e-5
    )
    unit = np.eye(3 * len(displaced_quartz) + 6)
    for row in range(6):
        for column in range(6):
            wanted = second_difference(energy, unit[-6 + row], unit[-6 + column])
            assert strain[row, column] == pytest.approx(wanted, abs=2e-4 * np.abs(strain).max())
    for index, component in [(0, 0), (4, 3), (11, 5), (20, 1), (25, 4)]:
        wanted = second_difference(energy, unit[index], unit[-6 + component])
        found = coupling.reshape(-1, 6)[index, component]
        assert found == pytest.approx(wanted, abs=2e-4 * np.abs(coupling).max())


def test_the_structure_stays_as_it_is(mgo: Atoms, pair_model: Callable[..., TorchModel]) -> None:
    before = mgo.copy()
    model = pair_model()
    seen = []

    def first_derivatives(atoms: Atoms) -> tuple[np.ndarray, np.ndarray]:
        [found] = model.evaluate([atoms], stress=True)
        assert found.stress_eV_per_A3 is not None
        seen.append(atoms)
        return found.forces_eV_per_A, found.stress_eV_per_A3

    strain_differences(first_derivatives, mgo, SCHEMES["forward-difference"], 1e-6)
    assert mgo == before
    assert len(seen) == 7  # at rest once, and once for each strain
