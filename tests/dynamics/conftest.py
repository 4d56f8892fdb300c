"""Structures and models that move quickly."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk
from ase.calculators.calculator import Calculator
from ase.calculators.emt import EMT

from nearsight.models.contract import Model
from nearsight.models.engines.ase_model import AseModel
from nearsight.progress import Advance
from nearsight.structures.pairs import pairs_of


class Interrupting:
    """Progress that is interrupted, as by Ctrl-C, when so many steps are done."""

    def __init__(self, step: int) -> None:
        self.step = step

    @contextmanager
    def task(self, description: str, total: int | None, done: int = 0) -> Iterator[Advance]:
        def advance(now: int, note: str) -> None:
            if now == self.step:
                raise KeyboardInterrupt

        yield advance


@pytest.fixture(scope="session")
def interrupting() -> type[Interrupting]:
    return Interrupting


@pytest.fixture(scope="session")
def emt() -> Model:
    return AseModel(EMT(), "emt")


@pytest.fixture
def copper() -> Atoms:
    return bulk("Cu", cubic=True) * (2, 2, 2)


class Springs(Calculator):
    """Springs between the atoms that are neighbours in a perfect crystal, whatever becomes of them.

    The potential is harmonic in the displacements u: E = ½ Σ_pairs k |u_i - u_j|², so that every
    mode but the three translations has k T / 2 of potential energy, exactly.
    """

    implemented_properties = ("energy", "forces")

    def __init__(self, atoms: Atoms, stiffness_eV_per_A2: float, cutoff_A: float) -> None:
        super().__init__()
        self.rest = atoms.positions.copy()
        pairs = pairs_of(atoms, cutoff_A)
        n_atoms = len(atoms)
        laplacian = np.zeros((n_atoms, n_atoms))
        np.add.at(laplacian, (pairs.first, pairs.first), stiffness_eV_per_A2)
        np.add.at(laplacian, (pairs.first, pairs.second), -stiffness_eV_per_A2)
        self.laplacian = laplacian

    def calculate(self, atoms=None, properties=("energy",), system_changes=()) -> None:
        super().calculate(atoms, properties, system_changes)
        moved = self.atoms.positions - self.rest
        pull = self.laplacian @ moved
        self.results = {"energy": 0.5 * float((moved * pull).sum()), "forces": -pull}


@pytest.fixture(scope="session")
def springs() -> Callable[[Atoms], Model]:
    """Return a function: a harmonic model of a crystal, with springs to the nearest neighbours."""
    return lambda atoms: AseModel(Springs(atoms, 1.0, 3.0), "springs")


@pytest.fixture(params=["without pairs", "with pairs"])
def model(request: pytest.FixtureRequest, emt: Model) -> Model:
    """A calculator that finds its own neighbours, and a model that takes pairs."""
    if request.param == "without pairs":
        return emt
    made: Model = request.getfixturevalue("pair_model")(elements=None)
    return made
