"""What is near a block, and which images two places may have near, beside going through all."""

import numpy as np
import pytest
from ase import Atoms

from nearsight.structures.blocks import Blocks, box_of

CELLS = {
    "cubic": 9.0 * np.eye(3),
    "oblique": np.array([[7.0, 0.0, 0.0], [3.0, 6.5, 0.0], [-2.0, 2.5, 8.0]]),
    "far from reduced": np.array([[7.0, 0.0, 0.0], [17.0, 6.5, 0.0], [-2.0, 22.0, 8.0]]),
    "narrow": np.array([[3.0, 0.0, 0.0], [0.0, 11.0, 0.0], [1.0, 0.0, 12.0]]),
}


def shortest_A(vectors_A: np.ndarray, cell_A: np.ndarray, n: int = 4) -> np.ndarray:
    """Return all images of vectors, shape ``(n_vectors, n_images, 3)``."""
    images = (np.array(list(np.ndindex(*(3 * (2 * n + 1,))))) - n) @ cell_A
    return vectors_A[:, np.newaxis] + images


@pytest.mark.parametrize("cell_A", CELLS.values(), ids=CELLS)
def test_all_atoms_within_reach_of_a_place_are_near_its_block(cell_A: np.ndarray) -> None:
    rng = np.random.default_rng(0)
    host = Atoms("He6", positions=rng.uniform(-1, 2, (6, 3)) @ cell_A, cell=cell_A, pbc=True)
    reach_A = 5.0
    blocks = Blocks(host, reach_A)
    starts, atoms, positions = blocks.all_near()
    for place in rng.random((40, 3)):
        i, j, k = (place * blocks.counts).astype(int)
        index = np.ravel_multi_index((i, j, k), tuple(blocks.counts))
        near = slice(starts[index], starts[index + 1])
        there = place @ blocks.cell_A
        distances = np.linalg.norm(positions[near] - there, axis=1)
        listed = np.bincount(atoms[near][distances < reach_A], minlength=6)
        apart = host.positions - there
        apart -= np.floor(apart @ blocks.to_fractions) @ blocks.cell_A
        everywhere = shortest_A(apart, blocks.cell_A)
        expected = (np.linalg.norm(everywhere, axis=2) < reach_A).sum(axis=1)
        np.testing.assert_array_equal(listed, expected)


@pytest.mark.parametrize("reach_A", [2.0, 4.4, 9.0])
@pytest.mark.parametrize("cell_A", CELLS.values(), ids=CELLS)
def test_rounded_differences_with_the_images_are_all_within_reach(
    cell_A: np.ndarray, reach_A: float
) -> None:
    box = box_of(cell_A, reach_A)
    differences = np.random.default_rng(1).uniform(-2, 2, (200, 3)) @ cell_A
    fractions = differences @ box.to_fractions
    rounded = differences - np.floor(fractions + 0.5) @ box.vectors
    found = np.linalg.norm(rounded[:, np.newaxis] + box.images, axis=2) < reach_A
    everywhere = np.linalg.norm(shortest_A(rounded, box.vectors), axis=2) < reach_A
    np.testing.assert_array_equal(found.sum(axis=1), everywhere.sum(axis=1))
    assert not box.images[0].any()


def test_a_wide_cell_needs_no_image_but_the_nearest() -> None:
    assert len(box_of(9.0 * np.eye(3), 4.4).images) == 1
    assert len(box_of(9.0 * np.eye(3), 4.6).images) == 27
