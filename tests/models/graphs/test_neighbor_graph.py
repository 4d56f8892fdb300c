"""Neighbour graphs against ASE's own neighbour list, and what strain does to them."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch
from ase import Atoms
from ase.build import fcc111, graphene, molecule
from ase.neighborlist import primitive_neighbor_list

from nearsight.models.graphs.neighbor_graph import NeighborGraph, neighbor_graph
from nearsight.structures.pairs import pairs_of

Build = Callable[[], Atoms]


def triclinic(seed: int, pbc: tuple[bool, bool, bool] = (True, True, True)) -> Build:
    def build() -> Atoms:
        random = np.random.default_rng(seed)
        cell = random.uniform(3, 6) * np.eye(3) + random.uniform(-1.5, 1.5, size=(3, 3))
        scaled = random.uniform(-1.5, 2.5, size=(6, 3))  # inside the cell and outside of it
        return Atoms("COSiHMgO", scaled_positions=scaled, cell=cell, pbc=pbc)

    return build


def tiny_cell() -> Atoms:
    return Atoms("C", cell=[[1.5, 0, 0], [0.7, 1.4, 0], [0.2, 0.3, 1.6]], pbc=True)


def sheet() -> Atoms:
    atoms = graphene(size=(2, 1, 1))
    atoms.cell[2] = 0
    return atoms


STRUCTURES: dict[str, tuple[Build, float]] = {
    "triclinic 1": (triclinic(1), 5.0),
    "triclinic 2": (triclinic(2), 3.3),
    "many images of one atom": (tiny_cell, 6.0),
    "slab with two of three periods": (triclinic(3, (True, True, False)), 5.0),
    "wire": (triclinic(4, (False, True, False)), 5.0),
    "sheet without a third vector": (sheet, 4.0),
    "surface": (lambda: fcc111("Al", (2, 2, 3), vacuum=4.0), 5.0),
    "molecule without a cell": (lambda: molecule("C6H6"), 4.0),
    "molecule in a box": (lambda: Atoms(molecule("C6H6"), cell=[3, 3, 3]), 4.0),
    "nothing within the cutoff": (lambda: Atoms("CO", positions=[(0, 0, 0), (9, 0, 0)]), 5.0),
    "one atom": (lambda: Atoms("C"), 5.0),
}


def graph_of(structures: list[Atoms], cutoff_A: float) -> NeighborGraph:
    return neighbor_graph(structures, [pairs_of(atoms, cutoff_A) for atoms in structures])


def as_table(i: np.ndarray, j: np.ndarray, vectors: np.ndarray) -> np.ndarray:
    """Return one row per pair, in an order that depends on nothing else."""
    table = np.column_stack([i, j, np.round(vectors, 9) + 0.0])
    return table[np.lexsort(table.T)]


@pytest.mark.parametrize(("build", "cutoff_A"), STRUCTURES.values(), ids=STRUCTURES.keys())
def test_pairs_are_those_of_ase(build: Build, cutoff_A: float) -> None:
    atoms = build()
    graph = graph_of([atoms], cutoff_A)
    i, j, vectors = primitive_neighbor_list(
        "ijD", atoms.pbc, atoms.cell.complete(), atoms.positions, cutoff_A
    )
    found = graph.edge_vectors(graph.positions, graph.unstrained()).numpy()
    np.testing.assert_allclose(
        as_table(graph.senders.numpy(), graph.receivers.numpy(), found),
        as_table(i, j, vectors.reshape(-1, 3)),
        atol=1e-8,
    )
    assert (np.linalg.norm(found, axis=1) < cutoff_A).all()
    # Every pair is there in both directions.
    back = as_table(graph.receivers.numpy(), graph.senders.numpy(), -found)
    there = as_table(graph.senders.numpy(), graph.receivers.numpy(), found)
    np.testing.assert_allclose(back, there, atol=1e-8)


def test_number_of_neighbours_of_simple_cubic() -> None:
    atoms = Atoms("C", cell=[2, 2, 2], pbc=True)
    shells = {1.9: 0, 2.1: 6, 2.9: 18, 3.5: 26, 4.1: 32}
    for cutoff_A, neighbours in shells.items():
        assert len(graph_of([atoms], cutoff_A).senders) == neighbours


@pytest.mark.parametrize("order", [[0, 1, 2], [2, 0, 1]])
def test_batch_is_the_disjoint_union(order: list[int]) -> None:
    every = [triclinic(1)(), molecule("H2O"), tiny_cell()]
    structures = [every[index] for index in order]
    graph = graph_of(structures, 4.0)
    assert graph.atoms_per_structure == tuple(len(atoms) for atoms in structures)
    first = 0
    for index, atoms in enumerate(structures):
        alone = graph_of([atoms], 4.0)
        mine = graph.structure_of_atom[graph.senders] == index
        assert torch.equal(graph.structure_of_atom[graph.receivers] == index, mine)
        assert torch.equal(graph.senders[mine] - first, alone.senders)
        assert torch.equal(graph.receivers[mine] - first, alone.receivers)
        assert torch.equal(graph.shifts[mine], alone.shifts)
        assert graph.numbers[first : first + len(atoms)].tolist() == atoms.numbers.tolist()
        first += len(atoms)


def test_strain_stretches_each_structure_by_its_own() -> None:
    structures = [triclinic(1)(), triclinic(2)()]
    random = np.random.default_rng(0).normal(scale=0.02, size=(2, 3, 3))
    strain = (random + random.transpose(0, 2, 1)) / 2
    graph = graph_of(structures, 3.0)
    found = graph.edge_vectors(graph.positions, torch.as_tensor(strain)).numpy()
    start = 0
    for atoms, deformation in zip(structures, np.eye(3) + strain, strict=True):
        # The edges of the undeformed crystal, in the crystal that was deformed as a whole.
        deformed = atoms.copy()
        deformed.set_cell(atoms.cell.array @ deformation, scale_atoms=True)
        alone = graph_of([atoms], 3.0)
        images = alone.shifts.numpy() @ np.linalg.inv(atoms.cell.array)
        i, j = alone.senders.numpy(), alone.receivers.numpy()
        expected = deformed.positions[j] - deformed.positions[i] + images @ deformed.cell.array
        stop = start + len(expected)
        np.testing.assert_allclose(found[start:stop], expected, atol=1e-12)
        one = alone.edge_vectors(alone.positions, torch.as_tensor(deformation - np.eye(3))[None])
        np.testing.assert_allclose(one, expected, atol=1e-12)
        start = stop
    assert start == len(found)


def test_single_precision_is_that_of_the_model() -> None:
    graph = graph_of([triclinic(1)()], 4.0).to(torch.float32, "cpu")
    assert graph.positions.dtype == graph.shifts.dtype == torch.float32
    assert graph.senders.dtype == graph.numbers.dtype == torch.int64


def test_origin_costs_no_precision(random_crystal_shifted: tuple[Atoms, Atoms]) -> None:
    """In single precision, positions far from the origin would lose the digits of a step."""
    near, far = random_crystal_shifted
    lengths = []
    for atoms in (near, far):
        graph = graph_of([atoms], 4.0).to(torch.float32, "cpu")
        vectors = graph.edge_vectors(graph.positions, graph.unstrained())
        lengths.append(torch.linalg.norm(vectors, dim=1).sort().values)
    assert torch.abs(lengths[0] - lengths[1]).max() < 2e-6


@pytest.fixture
def random_crystal_shifted() -> tuple[Atoms, Atoms]:
    """The same crystal near the origin and 400 Å away from it."""
    random = np.random.default_rng(4)
    near = Atoms("Si5", positions=random.uniform(0, 5, (5, 3)), cell=[5.1, 5.3, 5.7], pbc=True)
    far = near.copy()
    far.positions += 400.0
    return near, far


def test_cell_of_a_molecule_may_be_anything() -> None:
    positions = [(0.0, 0.0, 0.0), (0.0, 0.0, 1.1)]
    flat = Atoms("CO", positions=positions, cell=[[10, 0, 0], [10, 0, 0], [0, 0, 10]])
    graph = graph_of([flat], 4.0)
    assert graph.senders.tolist() == [0, 1]
    assert graph.shifts.abs().max() == 0.0


def test_positions_are_around_the_point_that_the_pairs_name() -> None:
    atoms = triclinic(1)()
    pairs = pairs_of(atoms, 4.0)
    centre = np.array([1.0, -2.0, 3.0])
    graph = neighbor_graph([atoms], [replace(pairs, centre_A=centre)])
    np.testing.assert_array_equal(graph.positions, atoms.positions - centre)
    np.testing.assert_allclose(
        graph.edge_vectors(graph.positions, graph.unstrained()), pairs.vectors_A(), atol=1e-13
    )


def test_cells_and_periods_are_those_of_each_structure() -> None:
    structures = [triclinic(3, (True, True, False))(), molecule("C6H6")]
    graph = graph_of(structures, 4.0)
    np.testing.assert_array_equal(graph.cells, [atoms.cell.array for atoms in structures])
    assert graph.periodic.tolist() == [[True, True, False], 3 * [False]]


def test_chosen_pairs_stay_what_they_are() -> None:
    graph = graph_of([triclinic(1)(), triclinic(2)()], 4.0)
    vectors = graph.edge_vectors(graph.positions, graph.unstrained())
    near = vectors.norm(dim=1) < 3.0
    assert 0 < near.sum() < len(near)
    for chosen in (near, torch.nonzero(near).squeeze(-1)):
        kept = graph.with_edges(chosen)
        found = kept.edge_vectors(kept.positions, kept.unstrained())
        torch.testing.assert_close(found, vectors[near], rtol=0, atol=0)
        assert kept.atoms_per_structure == graph.atoms_per_structure
