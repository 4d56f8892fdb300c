"""Models and structures that the tests of many packages share."""

from collections.abc import Callable, Sequence
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from ase import Atoms
from ase.build import bulk, molecule
from ase.data import covalent_radii
from ase.spacegroup import crystal

from nearsight.models.contract import Capabilities, Model
from nearsight.models.graph import NeighborGraph, neighbor_graph
from nearsight.models.registry import load_model
from nearsight.models.torch_model import TorchModel
from nearsight.provenance import ModelIdentity

# The structures are small: more threads gain nothing, and wait for each other on a busy machine.
torch.set_num_threads(1)

PAIR_CUTOFF_A = 4.0
TINY_CUTOFF_A = 3.0


class PairEnergy:
    """A Morse potential whose cutoff function has every derivative, and all of them vanish."""

    def __init__(self, dtype: str = "float64", *, name: str = "pair", **capabilities: Any) -> None:
        self._dtype = getattr(torch, dtype)
        self.identity = ModelIdentity(name, "test", None, dtype, "cpu")
        stated = Capabilities(
            cutoff_A=PAIR_CUTOFF_A,
            receptive_field_A=PAIR_CUTOFF_A,
            elements=frozenset({1, 6, 8, 12, 14}),
            conservative=True,
            equivariant=True,
            atomic_energies=True,
            size_consistent=True,
            differentiable=True,
            curvature_smooth=True,
        )
        self.capabilities = replace(stated, **capabilities)

    def prepare(self, structures: Sequence[Atoms]) -> NeighborGraph:
        return neighbor_graph(structures, PAIR_CUTOFF_A, self._dtype, "cpu")

    def energy(
        self, graph: NeighborGraph, positions: torch.Tensor, strain: torch.Tensor
    ) -> torch.Tensor:
        squared = graph.edge_vectors(positions, strain).square().sum(-1)
        of_pairs = self.morse(graph, squared.sqrt()) * self.switch(squared)
        of_atoms = positions.new_zeros(len(positions)).index_add(0, graph.senders, of_pairs / 2)
        if self.capabilities.atomic_energies:
            return of_atoms
        totals = positions.new_zeros(graph.n_structures)
        return totals.index_add(0, graph.structure_of_atom, of_atoms)

    def morse(self, graph: NeighborGraph, distances: torch.Tensor) -> torch.Tensor:
        first, second = graph.numbers[graph.senders], graph.numbers[graph.receivers]
        radii = torch.as_tensor(covalent_radii).to(distances)
        depth = 0.4 + 0.02 * (first + second).to(distances)
        decay = torch.exp(-1.5 * (distances - radii[first] - radii[second]))
        return depth * (decay**2 - 2 * decay)

    def switch(self, squared: torch.Tensor) -> torch.Tensor:
        return torch.exp(1 - 1 / (1 - squared / PAIR_CUTOFF_A**2))


@pytest.fixture(scope="session")
def pair_energy() -> type[PairEnergy]:
    """The class behind `pair_model`, for tests that change something in it."""
    return PairEnergy


@pytest.fixture(scope="session")
def pair_model() -> Callable[..., TorchModel]:
    """Return a function: the pair potential in a precision and with the capabilities it states."""
    return lambda dtype="float64", **stated: TorchModel(PairEnergy(dtype, **stated))


@pytest.fixture(scope="session")
def sevennet_0() -> Model:
    """SevenNet-0 in double precision."""
    return load_model("sevennet-0", dtype="float64", device="cpu")


@pytest.fixture(scope="session")
def sevennet_0_float32() -> Model:
    """SevenNet-0 in single precision."""
    return load_model("sevennet-0", dtype="float32", device="cpu")


@pytest.fixture(scope="session")
def sevennet_l3i5() -> Model:
    """SevenNet-l3i5 in double precision."""
    return load_model("sevennet-l3i5", dtype="float64", device="cpu")


@pytest.fixture(scope="session")
def tiny_sevennet_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SevenNet checkpoint of two layers with random weights for H, C, O, Mg and Si."""
    import sevenn
    from sevenn import _const
    from sevenn.model_build import build_E3_equivariant_model

    numbers = [1, 6, 8, 12, 14]
    config = deepcopy(_const.DEFAULT_E3_EQUIVARIANT_MODEL_CONFIG)
    config.update(
        version=sevenn.__version__,
        cutoff=TINY_CUTOFF_A,
        channel=4,
        lmax=2,
        num_convolution_layer=2,
        weight_nn_hidden_neurons=[8],
        radial_basis={"radial_basis_name": "bessel", "bessel_basis_num": 4},
        conv_denominator=3.0,
        shift=[-1.0, -2.0, -3.0, -4.0, -5.0],
        scale=2.0,
        dtype="single",
        _number_of_species=len(numbers),
        _type_map={number: index for index, number in enumerate(numbers)},
        chemical_species=["H", "C", "O", "Mg", "Si"],
    )
    with torch.random.fork_rng():
        torch.manual_seed(4)
        model = build_E3_equivariant_model(deepcopy(config))
    content = {
        "config": config,
        "epoch": 0,
        "model_state_dict": model.state_dict(),
        "optimizer_state_dict": {},
        "scheduler_state_dict": {},
        "hash": "none",
        "time": "2026-01-01 00:00",
    }
    path = tmp_path_factory.mktemp("sevennet") / "tiny.pth"
    torch.save(content, path)
    return path


@pytest.fixture(scope="session")
def tiny_sevennet(tiny_sevennet_path: Path) -> Model:
    """The random SevenNet in double precision."""
    return load_model(f"sevennet:{tiny_sevennet_path}", device="cpu", trust=True)


@pytest.fixture
def mgo() -> Atoms:
    """Two atoms of rocksalt magnesium oxide at its PBE lattice constant."""
    return bulk("MgO", "rocksalt", a=4.25)


@pytest.fixture
def alpha_quartz() -> Atoms:
    """Nine atoms of alpha-quartz, P3_121."""
    basis = [(0.4697, 0, 1 / 3), (0.4135, 0.2669, 0.2144)]
    cell = [4.9134, 4.9134, 5.4052, 90, 90, 120]
    atoms = crystal(("Si", "O"), basis, spacegroup=152, cellpar=cell)
    return Atoms(atoms.numbers, positions=atoms.positions, cell=atoms.cell, pbc=True)


@pytest.fixture
def displaced_quartz(alpha_quartz: Atoms) -> Atoms:
    """Alpha-quartz with every atom off its place, so that nothing vanishes by symmetry."""
    alpha_quartz.rattle(0.05, seed=11)
    return alpha_quartz


@pytest.fixture
def displaced_water() -> Atoms:
    """A water molecule with every atom off its place."""
    atoms = molecule("H2O")
    atoms.rattle(0.05, seed=5)
    return atoms


@pytest.fixture
def turn() -> np.ndarray:
    """A rotation about a general axis, for rows of vectors: ``positions @ turn``."""
    q, _ = np.linalg.qr(np.random.default_rng(11).normal(size=(3, 3)))
    return q * np.sign(np.linalg.det(q))
