"""Crystals of many kinds, rows computed one by one, and models that break a promise."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from ase import Atoms
from ase.build import bulk
from ase.io import read
from ase.spacegroup import crystal

from nearsight.models.engines.torch_model import TorchModel
from nearsight.structures.supercell import make_general_supercell

DATA = Path(__file__).parents[1] / "data"


def plain(atoms: Atoms) -> Atoms:
    """Return species, positions and cell only."""
    return Atoms(atoms.numbers, positions=atoms.positions, cell=atoms.cell, pbc=True)


def of_group(group: int, cell: list[float], sites: dict[str, Any], *, primitive: bool) -> Atoms:
    symbols, basis = list(sites), list(sites.values())
    return plain(crystal(symbols, basis, spacegroup=group, cellpar=cell, primitive_cell=primitive))


def anatase(*, primitive: bool) -> Atoms:
    """Body-centred tetragonal, I4_1/amd."""
    sites = {"Si": (0, 0, 0), "O": (0, 0, 0.208)}
    return of_group(141, [3.6, 3.6, 8.9, 90, 90, 90], sites, primitive=primitive)


def magnesite(*, primitive: bool) -> Atoms:
    """Rhombohedral, R-3c."""
    sites = {"Mg": (0, 0, 0), "C": (0, 0, 0.25), "O": (0.2778, 0, 0.25)}
    return of_group(167, [4.63, 4.63, 15.0, 90, 90, 120], sites, primitive=primitive)


def base_centred(*, primitive: bool) -> Atoms:
    """Monoclinic, C2/c, every atom in a general place but one."""
    sites = {"Si": (0.12, 0.15, 0.21), "O": (0, 0.4, 0.25)}
    return of_group(15, [7.0, 5.6, 4.9, 90, 103, 90], sites, primitive=primitive)


CRYSTALS: dict[str, Callable[[], Atoms]] = {
    "rocksalt": lambda: bulk("MgO", "rocksalt", a=4.25),
    "rocksalt, cubic cell": lambda: bulk("MgO", "rocksalt", a=4.25, cubic=True),
    "diamond": lambda: bulk("Si", "diamond", a=5.43),
    "wurtzite": lambda: bulk("MgO", "wurtzite", a=3.28, c=5.1),
    "close packed": lambda: bulk("Mg", "hcp", a=2.9, c=4.9),
    "body-centred": lambda: anatase(primitive=True),
    "body-centred, tetragonal cell": lambda: anatase(primitive=False),
    "rhombohedral": lambda: magnesite(primitive=True),
    "base-centred": lambda: base_centred(primitive=True),
    "base-centred, monoclinic cell": lambda: base_centred(primitive=False),
}


@pytest.fixture(params=CRYSTALS)
def any_crystal(request: pytest.FixtureRequest) -> Atoms:
    """Crystals of every family and centring, in primitive and conventional cells."""
    return CRYSTALS[request.param]()


@pytest.fixture
def mof5() -> Atoms:
    """MOF-5, Fm-3m within 1e-5 Å: 106 atoms."""
    return read(DATA / "crystals" / "mof5_primitive.extxyz")


@pytest.fixture(scope="session")
def elsewhere() -> Callable[..., Atoms]:
    """Return a function: a crystal turned, shifted, wrapped and shuffled by a seed."""

    def change(atoms: Atoms, seed: int) -> Atoms:
        random = np.random.default_rng(seed)
        turn, _ = np.linalg.qr(random.normal(size=(3, 3)))
        turn *= np.sign(np.linalg.det(turn))
        changed = atoms[random.permutation(len(atoms))]
        changed.positions = changed.positions @ turn + random.uniform(-9, 9, size=3)
        changed.cell = changed.cell.array @ turn
        changed.wrap()
        return changed

    return change


VARIANTS: dict[str, Callable[[Atoms], Atoms]] = {
    "as given": lambda atoms: atoms,
    "2x1x1": lambda atoms: make_general_supercell(atoms, (2, 1, 1)),
    "skewed supercell": lambda atoms: make_general_supercell(
        atoms, [[1, 1, 0], [-1, 1, 0], [0, 1, 1]]
    ),
    "left-handed": lambda atoms: Atoms(atoms, cell=atoms.cell.array[[1, 0, 2]]),
}


@pytest.fixture(params=VARIANTS)
def variant(request: pytest.FixtureRequest) -> Callable[[Atoms], Atoms]:
    """Return a function: the same crystal in another cell."""
    return VARIANTS[request.param]


@pytest.fixture(scope="session")
def dense_rows() -> Callable[..., np.ndarray]:
    """Return a function: every row along x, y and z, computed one by one without a plan."""

    def compute(atoms: Atoms, model: Any) -> np.ndarray:
        seeds = [(atom, axis) for atom in range(len(atoms)) for axis in np.eye(3)]
        rows = list(model.rows(atoms, seeds))
        return np.reshape(rows, (len(atoms), 3, len(atoms), 3))

    return compute


@pytest.fixture(scope="session")
def tilted_model(pair_energy: type[Any]) -> Callable[..., TorchModel]:
    """Return a function: the pair potential in a field that makes bonds along one axis stronger.

    It is invariant to translation, but claims to be equivariant unless told otherwise.
    """

    class Tilted(pair_energy):  # type: ignore[misc]
        def energy(self, graph: Any, positions: torch.Tensor, strain: torch.Tensor) -> torch.Tensor:
            vectors = graph.edge_vectors(positions, strain)
            squared = vectors.square().sum(-1)
            along = vectors @ vectors.new_tensor([0.36, 0.48, 0.8])
            stronger = 1 + 0.1 * along.square() / squared
            of_pairs = stronger * self.morse(graph, squared.sqrt()) * self.switch(squared)
            return positions.new_zeros(len(positions)).index_add(0, graph.senders, of_pairs / 2)

    return lambda **stated: TorchModel(Tilted(**stated))


@pytest.fixture(scope="session")
def handed_model(pair_energy: type[Any]) -> Callable[..., TorchModel]:
    """Return a function: the pair potential and a term that a mirror turns into its negative.

    Its forces turn with the structure, but it claims to keep mirror images unless told otherwise.
    """

    class Handed(pair_energy):  # type: ignore[misc]
        def energy(self, graph: Any, positions: torch.Tensor, strain: torch.Tensor) -> torch.Tensor:
            vectors = graph.edge_vectors(positions, strain)
            squared = vectors.square().sum(-1)
            a, b, c = (
                positions.new_zeros(len(positions), 3).index_add(
                    0, graph.senders, (self.switch(squared) * squared**power)[:, None] * vectors
                )
                for power in (0, -1, -2)
            )
            handedness = 50 * (a * torch.linalg.cross(b, c)).sum(-1)
            return super().energy(graph, positions, strain) + handedness

    return lambda **stated: TorchModel(Handed(**stated))


class Interrupted:
    """A model that is interrupted after some rows."""

    def __init__(self, model: Any, after: int) -> None:
        self.model, self.left = model, after
        self.identity, self.capabilities = model.identity, model.capabilities

    def evaluate(self, structures: Sequence[Atoms], **asked: Any) -> Any:
        return self.model.evaluate(structures, **asked)

    def rows(self, atoms: Atoms, seeds: Sequence[Any], *, batch_size: int = 1) -> Iterator[Any]:
        for row in self.model.rows(atoms, seeds, batch_size=batch_size):
            self.left -= 1
            if self.left < 0:
                raise KeyboardInterrupt
            yield row


@pytest.fixture(scope="session")
def interrupted() -> type[Interrupted]:
    """The class of a model that is interrupted after some rows."""
    return Interrupted
