"""Models with known minima, and one that fails when it is told to."""

from collections.abc import Callable, Sequence

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk
from ase.calculators.calculator import Calculator
from ase.calculators.emt import EMT
from ase.calculators.lj import LennardJones
from ase.spacegroup import crystal

from nearsight.models.contract import (
    Capabilities,
    Evaluation,
)
from nearsight.models.facts import Facts
from nearsight.models.soundness import require_sound
from nearsight.provenance import ModelIdentity
from nearsight.structures.pairs import Pairs


class CalculatorModel:
    """An ASE calculator behind `Model.evaluate`, counting calls and failing on demand."""

    def __init__(
        self,
        calculator: Calculator,
        name: str = "emt",
        elements: frozenset[int] | None = None,
    ) -> None:
        self.calculator = calculator
        self.identity = ModelIdentity(name, "test", None, "float64", "cpu")
        self.capabilities = Capabilities(
            cutoff_A=None,
            receptive_field_A=None,
            elements=elements,
            conservative=True,
            equivariant=True,
            atomic_energies=False,
            size_consistent=True,
            differentiable=False,
            curvature_smooth=None,
        )
        self.facts = Facts()
        self.n_calls = 0
        self.forces_asked: list[bool] = []
        self.stress_asked: list[bool] = []
        self.fail_at: int | None = None
        self.failure: Callable[[Evaluation], Evaluation] | BaseException | None = None

    def evaluate(
        self,
        structures: Sequence[Atoms],
        *,
        forces: bool = True,
        stress: bool = False,
        pairs: Sequence[Pairs] | None = None,
    ) -> list[Evaluation]:
        return [self._evaluate(atoms, forces, stress) for atoms in structures]

    def _evaluate(self, atoms: Atoms, forces: bool, stress: bool) -> Evaluation:
        self.n_calls += 1
        self.forces_asked.append(forces)
        self.stress_asked.append(stress)
        failing = self.fail_at is not None and self.n_calls >= self.fail_at
        if failing and isinstance(self.failure, BaseException):
            raise self.failure
        probe = atoms.copy()
        probe.calc = self.calculator
        evaluation = Evaluation(
            energy_eV=probe.get_potential_energy(),
            forces_eV_per_A=probe.get_forces() if forces else None,
            stress_eV_per_A3=probe.get_stress() if stress else None,
            atomic_energies_eV=None,
        )
        if failing and callable(self.failure):
            evaluation = self.failure(evaluation)
        require_sound(evaluation, atoms, self.identity.name)
        return evaluation

    def rows(self, *args: object, **kwargs: object) -> None:
        raise NotImplementedError

    def linearize(self, *args: object, **kwargs: object) -> None:
        raise NotImplementedError


@pytest.fixture
def make_model() -> Callable[..., CalculatorModel]:
    """Build a model from an ASE calculator; EMT by default."""
    return lambda calculator=None, **kwargs: CalculatorModel(calculator or EMT(), **kwargs)


@pytest.fixture
def emt(make_model: Callable[..., CalculatorModel]) -> CalculatorModel:
    """Effective medium theory: copper, gold and their like."""
    return make_model()


@pytest.fixture
def lennard_jones(make_model: Callable[..., CalculatorModel]) -> CalculatorModel:
    """Lennard-Jones argon, σ = 3.4 Å and ε = 0.0104 eV, its cutoff beyond any cluster here."""
    return make_model(LennardJones(sigma=3.4, epsilon=0.0104, rc=50.0, ro=40.0, smooth=True))


@pytest.fixture
def rattled_copper() -> Atoms:
    """Four copper atoms, pulled apart, sheared and rattled."""
    atoms = bulk("Cu", "fcc", a=3.7, cubic=True)
    strain = np.array([[0.0, 0.01, 0.0], [0.01, 0.0, 0.0], [0.0, 0.0, 0.02]])
    atoms.set_cell(atoms.cell.array @ (np.eye(3) + strain), scale_atoms=True)
    atoms.rattle(0.05, seed=1)
    return atoms


@pytest.fixture
def copper_gold() -> Atoms:
    """Tetragonal CuAu I, P4/mmm (123), 2x1x1, rattled by 1 mÅ."""
    atoms = crystal(
        ("Cu", "Au"),
        [(0, 0, 0), (0.5, 0.5, 0.5)],
        spacegroup=123,
        cellpar=[2.8, 2.8, 3.6] + [90] * 3,
    ) * (2, 1, 1)
    atoms.rattle(1e-3, seed=8)
    return atoms
