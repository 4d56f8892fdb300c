"""The fewest directions from which a point group makes all of space: against group theory."""

from collections.abc import Iterator

import numpy as np
import pytest

from nearsight.hessian.rows.directions import spread_directions

HEXAGONAL = np.array([[1.0, 0.0, 0.0], [-0.5, np.sqrt(0.75), 0.0], [0.0, 0.0, 1.0]])

# How often one irreducible representation over the reals occurs among x, y and z: three times the
# same in 1 and -1; x and y alike, or two of three odd, with one axis or plane; never more than once
# in every other point group.
SEVERAL = {"1": 3, "-1": 3, "2": 2, "m": 2, "2/m": 2}


def point_groups() -> Iterator[tuple[str, np.ndarray]]:
    """Every crystallographic point group once, as Cartesian rotations."""
    import spglib

    seen = set()
    for hall_number in range(1, 531):
        kind = spglib.get_spacegroup_type(hall_number)
        if kind.pointgroup_international in seen:
            continue
        seen.add(kind.pointgroup_international)
        found = spglib.get_symmetry_from_database(hall_number)["rotations"]
        rotations = np.unique(found.reshape(-1, 9), axis=0).reshape(-1, 3, 3)
        basis = HEXAGONAL.T if 143 <= kind.number <= 194 else np.eye(3)
        yield kind.pointgroup_international, basis @ rotations @ np.linalg.inv(basis)


@pytest.fixture(scope="module")
def groups() -> dict[str, np.ndarray]:
    """The 32 crystallographic point groups."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("spglib.error.OLD_ERROR_HANDLING", False)
        found = dict(point_groups())
    assert len(found) == 32
    for rotations in found.values():
        turned_back = rotations @ np.swapaxes(rotations, 1, 2)
        np.testing.assert_allclose(turned_back, turned_back * np.eye(3), atol=1e-12)
    return found


def stacked(rotations: np.ndarray, directions: np.ndarray) -> np.ndarray:
    return np.concatenate([directions @ rotation.T for rotation in rotations])


def test_number_of_directions_is_that_of_group_theory(groups: dict[str, np.ndarray]) -> None:
    found = {name: len(spread_directions(rotations)[0]) for name, rotations in groups.items()}
    assert found == {name: SEVERAL.get(name, 1) for name in groups}


def test_fewer_directions_would_not_span_space(groups: dict[str, np.ndarray]) -> None:
    random = np.random.default_rng(3)
    for name, count in SEVERAL.items():
        for _ in range(20):
            fewer = random.normal(size=(count - 1, 3))
            assert np.linalg.matrix_rank(stacked(groups[name], fewer)) < 3


def test_singular_value_is_that_of_the_stacked_images(groups: dict[str, np.ndarray]) -> None:
    for name, rotations in groups.items():
        directions, smallest = spread_directions(rotations)
        np.testing.assert_allclose(np.linalg.norm(directions, axis=1), 1.0, rtol=0, atol=1e-12)
        singular = np.linalg.svd(stacked(rotations, directions), compute_uv=False)
        assert smallest == pytest.approx(singular.min() / np.sqrt(len(rotations)), abs=1e-9)
        # Three equal singular values are the best that directions can have together.
        best = np.sqrt(len(directions) / 3)
        assert 0.95 * best < smallest <= best + 1e-12, name


def test_cubic_groups_have_no_bad_direction(groups: dict[str, np.ndarray]) -> None:
    for name in ("23", "m-3", "432", "-43m", "m-3m"):
        assert spread_directions(groups[name])[1] == pytest.approx(np.sqrt(1 / 3), abs=1e-9)


def test_no_symmetry_needs_the_three_axes(groups: dict[str, np.ndarray]) -> None:
    for name in ("1", "-1"):
        directions, smallest = spread_directions(groups[name])
        np.testing.assert_array_equal(directions, np.eye(3))
        assert smallest == 1.0


def test_orientation_changes_neither_number_nor_much_of_the_quality(
    groups: dict[str, np.ndarray], turn: np.ndarray
) -> None:
    for name, rotations in groups.items():
        before, after = spread_directions(rotations), spread_directions(turn.T @ rotations @ turn)
        assert len(after[0]) == len(before[0])
        assert after[1] > 0.9 * np.sqrt(len(after[0]) / 3), name


def test_rounding_of_the_rotations_does_not_change_the_directions(
    groups: dict[str, np.ndarray],
) -> None:
    random = np.random.default_rng(4)
    for rotations in groups.values():
        noise = 1e-12 * random.normal(size=rotations.shape)
        np.testing.assert_array_equal(
            spread_directions(rotations + noise)[0], spread_directions(rotations)[0]
        )


def test_singular_value_bounds_how_errors_grow(groups: dict[str, np.ndarray]) -> None:
    random = np.random.default_rng(5)
    for rotations in groups.values():
        directions, smallest = spread_directions(rotations)
        for _ in range(10):
            error = random.normal(size=(len(directions), 3))
            of_images = stacked(rotations, error)  # the error of a row turns with the row
            grown = np.linalg.pinv(stacked(rotations, directions)) @ of_images
            assert np.linalg.norm(grown) <= np.linalg.norm(error) / smallest + 1e-12
