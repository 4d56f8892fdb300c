"""Relaxed crystals of a pair potential, and of springs whose constants are known."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from ase import Atoms
from ase.build import bulk, fcc100

from nearsight.hessian import GeneralisedHessian, generalised_hessian
from nearsight.models.engines.torch_model import TorchModel
from nearsight.relaxation import RelaxationSettings, relax
from nearsight.structures import make_supercell
from nearsight.structures.strain import strain_matrix, strained
from nearsight.units import EV_PER_A3_IN_GPA


@pytest.fixture(scope="session")
def pair(pair_model: Callable[..., TorchModel]) -> TorchModel:
    """The pair potential in double precision."""
    return pair_model()


@pytest.fixture(scope="session")
def relaxed(pair: TorchModel) -> Callable[..., Atoms]:
    """Return a function: a crystal at the minimum of the pair potential."""

    def at_minimum(
        atoms: Atoms, *, cell: bool = True, fmax: float = 1e-8, optimizer: str | None = None
    ) -> Atoms:
        found = relax(
            atoms,
            pair,
            RelaxationSettings(
                cell="free" if cell else "fixed", fmax_eV_per_A=fmax, optimizer=optimizer
            ),
            progress=False,
        )
        assert found.converged
        return found.atoms

    return at_minimum


@pytest.fixture(scope="session")
def fcc(relaxed: Callable[..., Atoms]) -> Atoms:
    """One atom of face-centred cubic magnesium."""
    return relaxed(bulk("Mg", "fcc", a=4.0))


@pytest.fixture(scope="session")
def alloy(relaxed: Callable[..., Atoms]) -> Atoms:
    """A close-packed alloy of four atoms, which move when it is strained."""
    atoms = make_supercell(bulk("Mg", "hcp", a=2.66, c=4.34), [2, 1, 1])
    atoms.symbols[0] = "C"
    atoms.rattle(0.02, seed=3)
    return relaxed(atoms)


@pytest.fixture(scope="session")
def unstable(relaxed: Callable[..., Atoms]) -> Atoms:
    """Zincblende, held by central forces between neighbours: it has no strength against shear."""
    return relaxed(bulk("MgO", "zincblende", a=4.4), fmax=1e-6)


@pytest.fixture
def layer() -> Atoms:
    """Three layers of magnesium's atoms with a vacuum, periodic in all directions."""
    atoms = fcc100("Mg", (1, 1, 3), a=3.75, vacuum=8.0)
    atoms.info.clear()
    atoms.pbc = True
    return atoms


@pytest.fixture(scope="session")
def springs(pair_energy: type[Any]) -> Callable[[float], TorchModel]:
    """Return a function: springs, in eV/Å², between atoms less than 4 Å apart, at rest at 3 Å."""

    class Springs(pair_energy):  # type: ignore[misc]
        def __init__(self, constant: float) -> None:
            super().__init__(name="springs")
            self.constant = constant

        def morse(self, graph: Any, distances: torch.Tensor) -> torch.Tensor:
            return self.constant / 2 * (distances - 3.0) ** 2

        def switch(self, squared: torch.Tensor) -> torch.Tensor:
            return torch.ones_like(squared)

    return lambda constant: TorchModel(Springs(constant))


@pytest.fixture(scope="session")
def derivatives(pair: TorchModel) -> Callable[..., GeneralisedHessian]:
    """Return a function: second derivatives of the pair potential by positions and strain."""
    return lambda atoms: generalised_hessian(atoms, pair, progress=False)


@pytest.fixture(scope="session")
def stiffness_from_stresses(
    pair: TorchModel, relaxed: Callable[..., Atoms]
) -> Callable[[Atoms], np.ndarray]:
    """Return a function: the Cauchy stress in GPa over finite strains, with the atoms relaxed."""

    def stress(atoms: Atoms, component: int, size: float) -> np.ndarray:
        crystal = strained(atoms, strain_matrix(size * np.eye(6)[component]))
        [found] = pair.evaluate([relaxed(crystal, cell=False)], stress=True)
        return found.stress_eV_per_A3

    def compute(atoms: Atoms) -> np.ndarray:
        columns = [
            (stress(atoms, component, 1e-4) - stress(atoms, component, -1e-4)) / 2e-4
            for component in range(6)
        ]
        return EV_PER_A3_IN_GPA * np.transpose(columns)

    return compute
