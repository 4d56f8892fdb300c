"""Probing vectors."""

import numpy as np
import pytest
from ase.build import bulk
from numpy.testing import assert_allclose

from nearsight.vibrations.colouring import colour_atoms
from nearsight.vibrations.probes import probing_vectors, random_triads


@pytest.fixture(scope="module")
def solid():
    return bulk("MgO", "rocksalt", a=3.75, cubic=True).repeat((2, 2, 1))


def test_triads_are_orthonormal_and_turned_evenly():
    triads = random_triads(20000, seed=1)
    assert_allclose(triads @ triads.swapaxes(1, 2), np.tile(np.eye(3), (20000, 1, 1)), atol=1e-12)
    # Each element of an evenly turned triad has the mean 0, the square 1/3, the fourth power 1/5.
    scatter = 5 / np.sqrt(20000)
    assert_allclose(triads.mean(axis=0), 0.0, atol=scatter)
    assert_allclose((triads**2).mean(axis=0), 1 / 3, atol=scatter)
    assert_allclose((triads**4).mean(axis=0), 1 / 5, atol=scatter)
    assert np.linalg.det(triads).mean() == pytest.approx(0.0, abs=scatter)


def test_probing_vectors_add_up_to_every_direction_of_every_atom(solid):
    colours = colour_atoms(solid, 1.8)
    vectors = probing_vectors(colours, random_triads(len(solid), seed=2))
    assert len(vectors) == 3 * (colours.max() + 1)
    # The blocks of Z Zᵀ of each atom are the unit matrix.
    blocks = vectors.reshape(-1, len(solid), 3)
    assert_allclose(
        np.einsum("vaj,vak->ajk", blocks, blocks),
        np.tile(np.eye(3), (len(solid), 1, 1)),
        atol=1e-12,
    )
    for index, vector in enumerate(blocks):
        assert set(np.flatnonzero(vector.any(axis=1))) == set(np.flatnonzero(colours == index // 3))
