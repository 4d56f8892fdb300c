"""Models and structures that the tests of many packages share."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk, molecule
from ase.data import covalent_radii
from ase.spacegroup import crystal

from nearsight.models.contract import Capabilities, Model
from nearsight.models.families import FAMILIES
from nearsight.models.registry import load_model
from nearsight.provenance import ModelIdentity

# An environment of JAX models has no PyTorch.
if find_spec("torch") is not None:
    import torch

    from nearsight.models.engines.torch_model import TorchModel
    from nearsight.models.graphs.neighbor_graph import NeighborGraph

    # The structures are small: more threads gain nothing, and wait for each other when it is busy.
    torch.set_num_threads(1)

CC_A, CH_A = 1.53, 1.09
CCC_ANGLE = np.radians(112.0)
PAIR_CUTOFF_A = 4.0
TINY_CUTOFF_A = 3.0


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--one-of",
        type=int,
        default=1,
        metavar="N",
        help="run the first of every N tests of each file, without those that are marked as slow",
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave tests out by their place in their file, so that each file has some that run.

    Those that are marked as slow are left out wherever they are, and have no place.
    """
    every: int = config.getoption("--one-of")
    if every < 1:
        raise pytest.UsageError("--one-of is a number of tests, and at least 1")
    places: Counter[Path] = Counter()
    run, left_out = [], []
    for item in items:
        if every > 1 and item.get_closest_marker("slow"):
            left_out.append(item)
            continue
        (left_out if places[item.path] % every else run).append(item)
        places[item.path] += 1
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = run


class PairEnergy:
    """A Morse potential whose cutoff function has every derivative, and all of them vanish."""

    def __init__(self, dtype: str = "float64", *, name: str = "pair", **capabilities: Any) -> None:
        self.cutoff_A = PAIR_CUTOFF_A
        self.identity = ModelIdentity(name, "test", None, dtype, "cpu")
        stated = Capabilities(
            cutoff_A=PAIR_CUTOFF_A,
            receptive_field_A=PAIR_CUTOFF_A,
            elements=frozenset({1, 6, 8, 12, 14}),
            conservative=True,
            equivariant=True,
            mirror_equivariant=True,
            atomic_energies=True,
            size_consistent=True,
            differentiable=True,
            curvature_smooth=True,
        )
        self.capabilities = replace(stated, **capabilities)

    def complete(self, graph: NeighborGraph) -> NeighborGraph:
        return graph

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
    pytest.importorskip("torch", reason="the pair potential of the tests needs PyTorch")
    return PairEnergy


@pytest.fixture(scope="session")
def pair_model() -> Callable[..., TorchModel]:
    """Return a function: the pair potential in a precision and with the capabilities it states."""
    pytest.importorskip("torch", reason="the pair potential of the tests needs PyTorch")
    return lambda dtype="float64", *, facts=None, **stated: TorchModel(
        PairEnergy(dtype, **stated), facts
    )


def require(family: str) -> None:
    """Skip the test that asks if this environment cannot load a family; no one can load all."""
    if FAMILIES[family].obstacle is not None:
        pytest.skip(f"{family} needs {FAMILIES[family].requires}, which is not usable here")


@pytest.fixture(scope="session")
def sevennet_0() -> Model:
    """SevenNet-0 in double precision."""
    require("sevennet")
    return load_model("sevennet-0", dtype="float64", device="cpu")


@pytest.fixture(scope="session")
def sevennet_0_float32() -> Model:
    """SevenNet-0 in single precision."""
    require("sevennet")
    return load_model("sevennet-0", dtype="float32", device="cpu")


@pytest.fixture(scope="session")
def sevennet_l3i5() -> Model:
    """SevenNet-l3i5 in double precision."""
    require("sevennet")
    return load_model("sevennet-l3i5", dtype="float64", device="cpu")


@pytest.fixture(scope="session")
def network(request: pytest.FixtureRequest) -> Model:
    """A neural network in double precision: SevenNet-0, or the random MACE where that is not."""
    here = FAMILIES["sevennet"].obstacle is None
    return request.getfixturevalue("sevennet_0" if here else "tiny_mace")


@pytest.fixture(scope="session")
def network_float32(request: pytest.FixtureRequest) -> Model:
    """The same in single precision."""
    here = FAMILIES["sevennet"].obstacle is None
    return request.getfixturevalue("sevennet_0_float32" if here else "tiny_mace_float32")


@pytest.fixture(scope="session")
def tiny_mace_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A saved ScaleShiftMACE of two layers with random weights for H, C, O, Mg and Si."""
    require("mace")
    from nearsight.models.families.mace.importing import ScaleShiftMACE

    return save_tiny_mace(ScaleShiftMACE, tmp_path_factory.mktemp("mace") / "tiny.model")


@pytest.fixture(scope="session")
def tiny_mace(tiny_mace_path: Path) -> Model:
    """The random MACE in double precision."""
    return load_model(f"mace:{tiny_mace_path}", device="cpu", trust=True)


@pytest.fixture(scope="session")
def tiny_mace_float32(tiny_mace_path: Path) -> Model:
    """The random MACE in single precision."""
    return load_model(f"mace:{tiny_mace_path}", dtype="float32", device="cpu", trust=True)


@pytest.fixture(scope="session")
def saved_mace() -> Callable[..., Path]:
    """Return `save_tiny_mace`, for tests that change something in the model."""
    require("mace")
    return save_tiny_mace


def save_tiny_mace(kind: type[Any], path: Path, **changes: Any) -> Path:
    """Save a MACE of two layers with random weights, in single precision as most of them are."""
    from e3nn import o3
    from mace.modules import interaction_classes

    settings: dict[str, Any] = {
        "r_max": TINY_CUTOFF_A,
        "num_bessel": 4,
        "num_polynomial_cutoff": 5,
        "max_ell": 2,
        "interaction_cls": interaction_classes["RealAgnosticResidualInteractionBlock"],
        "interaction_cls_first": interaction_classes["RealAgnosticInteractionBlock"],
        "num_interactions": 2,
        "num_elements": 5,
        "hidden_irreps": o3.Irreps("4x0e + 4x1o"),
        "MLP_irreps": o3.Irreps("4x0e"),
        "atomic_energies": np.array([-1.0, -2.0, -3.0, -4.0, -5.0]),
        "avg_num_neighbors": 3.0,
        "atomic_numbers": [1, 6, 8, 12, 14],
        "correlation": 2,
        "gate": torch.nn.functional.silu,
        "radial_MLP": [8],
        "atomic_inter_scale": 150.0,  # bonds as stiff as real ones
        "atomic_inter_shift": 0.1,
    }
    if kind.__name__ == "MACE":
        del settings["atomic_inter_scale"], settings["atomic_inter_shift"]
    with torch.random.fork_rng():
        torch.manual_seed(6)
        model = kind(**settings | changes)
    torch.save(model, path)
    return path


@pytest.fixture(scope="session")
def tiny_sevennet_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SevenNet checkpoint of two layers with random weights for H, C, O, Mg and Si."""
    require("sevennet")
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


def methylenes(n_carbon: int) -> Atoms:
    """Return a zigzag of CH2 groups along z, the first carbon atom at the origin."""
    rise, swing = CC_A * np.sin(CCC_ANGLE / 2), CC_A * np.cos(CCC_ANGLE / 2)
    chain = Atoms()
    for index in range(n_carbon):
        side = 1 if index % 2 == 0 else -1
        carbon = np.array([0.0, -side * swing / 2, index * rise])
        outwards = np.array([0.0, -side * CH_A * np.cos(np.radians(54.0)), 0.0])
        sideways = np.array([CH_A * np.sin(np.radians(54.0)), 0.0, 0.0])
        places = [carbon, carbon + outwards + sideways, carbon + outwards - sideways]
        chain += Atoms("CH2", positions=places)
    return chain


@pytest.fixture
def alkane() -> Callable[[int], Atoms]:
    """Return a function: an all-trans alkane of so many carbon atoms, a little out of shape."""

    def build(n_carbon: int) -> Atoms:
        longer = methylenes(n_carbon + 2)
        chain = longer[3:-3]
        carbon = longer.positions[longer.numbers == 6]
        for end, beyond in ((carbon[1], carbon[0]), (carbon[-2], carbon[-1])):
            bond = beyond - end
            chain += Atoms("H", positions=[end + CH_A * bond / np.linalg.norm(bond)])
        chain.rattle(0.02, seed=3)
        return chain

    return build


@pytest.fixture
def polyethylene() -> Atoms:
    """One chain in a cell of its own: two CH2 groups, periodic in three directions."""
    chain = methylenes(2)
    chain.cell = [6.0, 6.5, 2 * CC_A * np.sin(CCC_ANGLE / 2)]
    chain.pbc = True
    return chain


@pytest.fixture(scope="session")
def skewed() -> Callable[[Atoms, int], Atoms]:
    """Return a function: a structure in a very skewed cell of the same lattice, by a seed."""

    def skew(atoms: Atoms, seed: int) -> Atoms:
        random = np.random.default_rng(seed)
        axes = random.permutation(np.flatnonzero(atoms.pbc))
        oblique: Atoms = atoms.copy()
        for number in range(1, len(axes)):
            for behind in axes[:number]:
                times = random.choice([-5, -4, 3, 4, 5])
                oblique.cell[axes[number]] += times * oblique.cell.array[behind]
        return oblique

    return skew


@pytest.fixture
def turn() -> np.ndarray:
    """A rotation about a general axis, for rows of vectors: ``positions @ turn``."""
    q, _ = np.linalg.qr(np.random.default_rng(11).normal(size=(3, 3)))
    return q * np.sign(np.linalg.det(q))


@pytest.fixture(autouse=True)
def no_environments(tmp_path_factory: pytest.TempPathFactory, monkeypatch: Any) -> None:
    """Let no test find the user's environments of families, nor the verdicts on models."""
    data = tmp_path_factory.getbasetemp() / "data"
    monkeypatch.setenv("XDG_DATA_HOME", str(data))
    monkeypatch.delenv("NEARSIGHT_ENVIRONMENTS", raising=False)
