"""Which rows a plan needs, and that all others follow from them."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk, graphene, molecule

from nearsight.errors import MethodError, StructureError
from nearsight.hessian.rows.plan import Plan, plan
from nearsight.structures.supercell import make_general_supercell, make_supercell

ROUNDING = 1e-10  # of second derivatives of some 10 eV/Å²


def computed_rows(planned: Plan, atoms: Atoms, model: Any) -> np.ndarray:
    return np.array(list(model.rows(atoms, planned.seeds)))


def assert_exact(planned: Plan, atoms: Atoms, model: Any, dense: np.ndarray) -> None:
    rows = computed_rows(planned, atoms, model)
    assert np.abs(dense).max() > 1
    np.testing.assert_allclose(planned.expand(rows), dense, rtol=0, atol=ROUNDING)
    compact = planned.expand_for(rows, planned.primitive_atoms)
    np.testing.assert_allclose(compact, dense[planned.primitive_atoms], rtol=0, atol=ROUNDING)


# MOF-5


def test_mof5_needs_ten_of_its_318_rows(mof5: Atoms) -> None:
    planned = plan(mof5)
    assert str(planned) == "318 rows, 10 needed (space group Fm-3m (225) within 1e-05 Å)"
    orbits = [
        (site.symbol, len(site.equivalent_atoms), len(site.directions)) for site in planned.sites
    ]
    assert sorted(orbits) == [
        *[("C", 12, 1), ("C", 12, 1), ("C", 24, 2), ("H", 24, 2)],
        *[("O", 2, 1), ("O", 24, 2), ("Zn", 8, 1)],
    ]


@pytest.mark.parametrize("seed", range(5))
def test_mof5_needs_ten_rows_however_it_is_written(
    mof5: Atoms, elsewhere: Callable[..., Atoms], seed: int
) -> None:
    planned = plan(elsewhere(mof5, seed))
    assert (planned.rows_needed, planned.space_group) == (10, "Fm-3m (225)")


def test_smaller_tolerance_sees_less_symmetry_in_mof5(mof5: Atoms) -> None:
    planned = plan(mof5, tolerance_A=1e-6)
    assert (planned.rows_needed, planned.space_group) == (33, "R-3m (166)")
    assert planned.tolerance_A == 1e-6


def test_supercell_of_mof5_needs_more_rows_only_where_it_is_less_symmetric(mof5: Atoms) -> None:
    cubic, stretched = (plan(make_supercell(mof5, repeats)) for repeats in ((2, 2, 2), (2, 1, 1)))
    assert (cubic.rows_total, cubic.rows_needed) == (8 * 318, 10)
    assert (stretched.rows_total, stretched.rows_needed) == (2 * 318, 33)
    assert cubic.space_group == stretched.space_group == "Fm-3m (225)"


def test_mof5_needs_fifteen_rows_of_a_model_without_mirror_images(
    mof5: Atoms, pair_model: Callable[..., Any]
) -> None:
    planned = plan(mof5, pair_model(mirror_equivariant=None).capabilities)
    assert planned.rows_needed == 15  # in F432 the 24 O, C and H have no site symmetry left
    assert planned.reason.endswith(
        "without its mirror images, which the model is not known to keep"
    )


# Counting by hand


def test_known_crystals_need_the_rows_counted_by_hand(alpha_quartz: Atoms) -> None:
    conventional = bulk("MgO", "rocksalt", a=4.25, cubic=True)
    # Cubic sites need one direction; in quartz Si lies on a twofold axis, O in a general place.
    for atoms, needed in (
        (conventional, 2),
        (make_supercell(conventional, (2, 2, 2)), 2),
        (bulk("Si", "diamond", a=5.43), 1),
        (bulk("Si", "diamond", a=5.43, cubic=True), 1),
        (bulk("Mg", "hcp", a=3.2, c=5.2), 1),
        (bulk("MgO", "wurtzite", a=3.28, c=5.1), 2),
        (alpha_quartz, 5),
        (make_supercell(alpha_quartz, (1, 1, 3)), 5),
    ):
        planned = plan(atoms)
        assert (planned.rows_total, planned.rows_needed) == (3 * len(atoms), needed)


def test_crystal_without_symmetry_needs_every_row(displaced_quartz: Atoms) -> None:
    planned = plan(displaced_quartz)
    assert str(planned) == "27 rows, 27 needed (space group P1 (1) within 1e-05 Å)"
    assert [atom for atom, _ in planned.seeds] == np.repeat(np.arange(9), 3).tolist()
    np.testing.assert_array_equal([d for _, d in planned.seeds], np.tile(np.eye(3), (9, 1)))
    assert planned.primitive_atoms.tolist() == list(range(9))
    # and its supercell no more than that
    supercell = plan(make_supercell(displaced_quartz, (2, 1, 2)))
    assert (supercell.rows_total, supercell.rows_needed) == (108, 27)
    np.testing.assert_array_equal(supercell.primitive_atoms, np.arange(9))


def test_symmetry_that_is_broken_further_needs_more_rows(
    pair_model: Callable[..., Any], dense_rows: Callable[..., np.ndarray]
) -> None:
    atoms = bulk("MgO", "rocksalt", a=4.25, cubic=True)
    needed = [plan(atoms).rows_needed]
    for direction in ((0.1, 0, 0), (0, 0.1, 0), (0, 0, 0.03)):
        atoms.positions[0] += direction
        planned = plan(atoms)
        needed.append(planned.rows_needed)
        assert_exact(planned, atoms, pair_model(), dense_rows(atoms, pair_model()))
    # on an axis, on a diagonal of a face, in a mirror plane
    assert needed == sorted(set(needed))
    assert needed[-1] < planned.rows_total == 24


# Which symmetry is used


@pytest.mark.parametrize("atoms", [molecule("H2O"), graphene(a=2.46)])
def test_molecules_and_layers_need_every_row(atoms: Atoms) -> None:
    n_rows = 3 * len(atoms)
    reason = "a space group needs a structure periodic in three directions"
    planned = plan(atoms)
    assert str(planned) == f"{n_rows} rows, {n_rows} needed ({reason})"
    assert (planned.space_group, planned.tolerance_A, planned.symmetry) == (None, None, None)
    rows = np.random.default_rng(3).normal(size=(n_rows, len(atoms), 3))
    np.testing.assert_array_equal(planned.expand(rows).reshape(rows.shape), rows)


def test_chains_need_every_row() -> None:
    chain = Atoms("C2", positions=[(0, 0, 0), (0, 0, 1.3)], cell=[9, 9, 2.6], pbc=(0, 0, 1))
    assert plan(chain).rows_needed == 6


def test_no_symmetry_can_be_asked_for(mgo: Atoms) -> None:
    planned = plan(mgo, tolerance_A=None)
    assert str(planned) == "6 rows, 6 needed (no symmetry was asked for)"


@pytest.mark.parametrize("equivariant", [False, None])
def test_model_that_is_not_known_to_be_equivariant_gets_translations_only(
    tilted_model: Callable[..., Any],
    dense_rows: Callable[..., np.ndarray],
    equivariant: bool | None,
) -> None:
    atoms = bulk("MgO", "rocksalt", a=4.25, cubic=True)
    model = tilted_model(equivariant=equivariant)
    planned = plan(atoms, model.capabilities)
    reason = "translations only, because the model is not known to be equivariant"
    assert str(planned) == f"24 rows, 6 needed ({reason})"
    assert planned.space_group is None
    assert_exact(planned, atoms, model, dense_rows(atoms, model))


@pytest.mark.parametrize("mirror_equivariant", [False, None])
def test_model_that_is_not_known_to_keep_mirror_images_gets_rotations_only(
    handed_model: Callable[..., Any],
    dense_rows: Callable[..., np.ndarray],
    alpha_quartz: Atoms,
    mirror_equivariant: bool | None,
) -> None:
    wurtzite = bulk("MgO", "wurtzite", a=3.28, c=5.1)
    model = handed_model(mirror_equivariant=mirror_equivariant)
    # Of 6mm at an axis 3m stays, or 3; the vertical planes are lost, not the axes.
    planned = plan(wurtzite, model.capabilities)
    assert (planned.space_group, planned.rows_needed) == ("P6_3mc (186)", 2)
    assert [site.n_operations for site in planned.sites] == [3, 3]
    assert "without its mirror images" in planned.reason
    assert_exact(planned, wurtzite, model, dense_rows(wurtzite, model))
    # What has no mirror images has none to lose.
    assert plan(alpha_quartz, model.capabilities).reason == plan(alpha_quartz).reason


def test_equivariance_that_is_stated_is_taken_for_true(
    tilted_model: Callable[..., Any],
    handed_model: Callable[..., Any],
    dense_rows: Callable[..., np.ndarray],
) -> None:
    """The plan itself checks nothing: a model that is not equivariant gets wrong rows."""
    for atoms, model in (
        (bulk("MgO", "rocksalt", a=4.25, cubic=True), tilted_model()),
        (bulk("MgO", "wurtzite", a=3.28, c=5.1), handed_model()),
    ):
        planned = plan(atoms, model.capabilities)
        assert planned.rows_needed == plan(atoms).rows_needed == 2
        expanded = planned.expand(computed_rows(planned, atoms, model))
        assert np.abs(expanded - dense_rows(atoms, model)).max() > 0.1


@pytest.mark.parametrize("tolerance", [0.0, -0.01, float("nan"), float("inf")])
def test_tolerance_is_a_positive_length(alpha_quartz: Atoms, tolerance: float) -> None:
    for atoms in (alpha_quartz, molecule("H2O")):
        with pytest.raises(StructureError, match=f"positive length in Å, not {tolerance}"):
            plan(atoms, tolerance_A=tolerance)


# Rows from rows


def test_all_rows_follow_from_those_needed(
    pair_model: Callable[..., Any],
    dense_rows: Callable[..., np.ndarray],
    any_crystal: Atoms,
    variant: Callable[[Atoms], Atoms],
) -> None:
    atoms = variant(any_crystal)
    planned = plan(atoms)
    assert planned.rows_needed < planned.rows_total / 2
    assert_exact(planned, atoms, pair_model(), dense_rows(atoms, pair_model()))


@pytest.mark.parametrize("seed", range(3))
def test_all_rows_follow_wherever_the_crystal_is(
    pair_model: Callable[..., Any],
    dense_rows: Callable[..., np.ndarray],
    elsewhere: Callable[..., Atoms],
    alpha_quartz: Atoms,
    seed: int,
) -> None:
    skewed = make_general_supercell(alpha_quartz, [[1, 1, 0], [0, 1, 0], [0, 0, 2]])
    atoms = elsewhere(skewed, seed)
    planned = plan(atoms)
    assert planned.rows_needed < planned.rows_total / 2
    assert_exact(planned, atoms, pair_model(), dense_rows(atoms, pair_model()))


def test_images_of_computed_rows_are_rows(
    pair_model: Callable[..., Any],
    dense_rows: Callable[..., np.ndarray],
    any_crystal: Atoms,
    variant: Callable[[Atoms], Atoms],
) -> None:
    atoms = variant(any_crystal)
    planned = plan(atoms)
    rows = computed_rows(planned, atoms, pair_model())
    dense = dense_rows(atoms, pair_model())
    random = np.random.default_rng(6)
    seen = set()
    for choice in random.integers(2**32, size=60):
        index = int(random.integers(planned.rows_needed))
        (target, direction), image = planned.image_of_seed(index, int(choice))
        expected = np.tensordot(direction, dense[target], axes=1)
        np.testing.assert_allclose(image.of_row(rows[index]), expected, rtol=0, atol=ROUNDING)
        assert image.permutation[planned.seeds[index][0]] == target
        seen.add((index, target, *np.round(direction, 6)))
    assert len(seen) > 10


def test_directions_of_a_site_are_as_good_as_stated(alpha_quartz: Atoms, mof5: Atoms) -> None:
    for atoms in (alpha_quartz, mof5, make_supercell(mof5, (2, 1, 1))):
        planned = plan(atoms)
        assert planned.symmetry is not None
        n_rotations, first = len(planned.symmetry.rotations), 0
        for site in planned.sites:
            n_directions = len(site.directions)
            # the images on the site itself come first, each as often as any other
            images = [
                planned.image_of_seed(first + which, choice)[0]
                for which in range(n_directions)
                for choice in range(n_rotations)
            ]
            assert {target for target, _ in images} == {site.atom}
            smallest = np.linalg.svd([direction for _, direction in images], compute_uv=False)[-1]
            assert smallest / np.sqrt(n_rotations) == pytest.approx(
                site.smallest_singular_value, abs=1e-6
            )
            first += n_directions


# The value


def test_rows_of_another_shape_are_refused(alpha_quartz: Atoms) -> None:
    planned = plan(alpha_quartz)
    for shape in ((4, 9, 3), (5, 8, 3), (27, 9, 3), (5, 27)):
        with pytest.raises(MethodError, match=r"rows of shape \(5, 9, 3\), not"):
            planned.expand(np.zeros(shape))


def test_summary_lists_sites_and_totals(alpha_quartz: Atoms) -> None:
    summary = plan(alpha_quartz, tolerance_A=1e-4).summary()
    assert {name: summary[name] for name in summary if name != "sites"} == {
        "rows_total": 27,
        "rows_needed": 5,
        "space_group": "P3_121 (152)",
        "tolerance_A": 1e-4,
        "reason": "space group P3_121 (152) within 0.0001 Å",
    }
    silicon, oxygen = summary["sites"]
    assert (silicon["symbol"], silicon["atom"], silicon["n_equivalent"]) == ("Si", 0, 3)
    assert (oxygen["symbol"], oxygen["atom"], oxygen["n_equivalent"]) == ("O", 3, 6)
    assert [site["site_symmetry_order"] for site in summary["sites"]] == [2, 1]
    assert np.shape(silicon["directions"]) == (2, 3)
    assert oxygen["directions"] == np.eye(3).tolist()
    assert oxygen["smallest_singular_value"] == 1.0


def test_a_plan_for_some_atoms_has_their_rows_only(mgo, pair_model):
    crystal = make_supercell(mgo, (3, 3, 3))
    whole = plan(crystal)
    part = whole.for_atoms([7])
    assert (whole.rows_needed, part.rows_needed) == (2, 1)
    assert 7 in part.sites[0].equivalent_atoms
    assert part.uses_symmetry
    assert not plan(crystal, tolerance_A=None).for_atoms([7]).uses_symmetry
