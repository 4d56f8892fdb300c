"""Hessians from the rows of a plan: the same numbers, checked, and kept for the same plan only."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk

from nearsight.errors import CheckpointError, MethodError
from nearsight.hessian.matrix import hessian
from nearsight.hessian.rows.images import images_to_check
from nearsight.hessian.rows.plan import plan
from nearsight.models.contract import Model
from nearsight.structures.supercell import make_supercell

ROUNDING = 1e-10


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the rows go."""
    return tmp_path / "hessian.rows"


def test_hessian_is_the_one_without_symmetry(
    pair_model: Callable[..., Any], any_crystal: Atoms, variant: Callable[[Atoms], Atoms]
) -> None:
    atoms = variant(any_crystal)
    dense = hessian(atoms, pair_model(), "rows", row_symmetry_A=None)
    result = hessian(atoms, pair_model(), "rows")
    np.testing.assert_allclose(
        result.matrix_eV_per_A2, dense.matrix_eV_per_A2, rtol=0, atol=ROUNDING
    )
    assert (dense.rows_needed, dense.symmetry_deviation_eV_per_A2) == (3 * len(atoms), None)
    assert result.rows_computed == result.rows_needed < dense.rows_needed
    assert result.symmetry_deviation_eV_per_A2 < ROUNDING
    assert result.asymmetry_eV_per_A2 < ROUNDING
    assert result.sum_rule_eV_per_A2 < ROUNDING


def test_it_says_which_symmetry_was_used(
    pair_model: Callable[..., Any], alpha_quartz: Atoms
) -> None:
    result = hessian(alpha_quartz, pair_model(), row_symmetry_A=1e-4)
    assert result.symmetry == "space group P3_121 (152) within 0.0001 Å"
    assert (result.space_group, result.row_symmetry_A) == ("P3_121 (152)", 1e-4)
    assert (result.rows_total, result.rows_needed, result.rows_computed) == (27, 5, 5)
    assert result.provenance.settings["symmetry"] == result.symmetry
    dense = hessian(alpha_quartz, pair_model(), row_symmetry_A=None)
    assert dense.symmetry == "no symmetry was asked for"
    assert (dense.space_group, dense.row_symmetry_A) == (None, None)


def test_network_keeps_the_symmetry_that_it_states(
    network: Model, mgo: Atoms, alpha_quartz: Atoms
) -> None:
    quartz = hessian(alpha_quartz, network, "rows")
    assert (quartz.rows_needed, quartz.rows_total) == (5, 27)
    assert np.abs(quartz.matrix_eV_per_A2).max() > 1
    assert quartz.symmetry_deviation_eV_per_A2 < 1e-8
    # Nothing makes the expanded matrix symmetric, or its rows add up to zero, but the physics.
    assert quartz.asymmetry_eV_per_A2 < 1e-8
    assert quartz.sum_rule_eV_per_A2 < 1e-8
    dense = hessian(mgo, network, "rows", row_symmetry_A=None)
    result = hessian(mgo, network, "rows")
    np.testing.assert_allclose(result.matrix_eV_per_A2, dense.matrix_eV_per_A2, rtol=0, atol=1e-8)


def test_single_precision_passes_the_check(
    pair_model: Callable[..., Any], alpha_quartz: Atoms
) -> None:
    result = hessian(alpha_quartz, pair_model("float32"), "rows")
    exact = hessian(alpha_quartz, pair_model(), "rows").matrix_eV_per_A2
    assert 1e-7 < result.symmetry_deviation_eV_per_A2 < 1e-3
    np.testing.assert_allclose(result.matrix_eV_per_A2, exact, rtol=0, atol=1e-3)


def test_differences_with_symmetry_are_those_without(
    pair_model: Callable[..., Any], alpha_quartz: Atoms
) -> None:
    methods = {"forward-difference": 1e-4, "central-difference": 1e-6, "fourth-order": 1e-8}
    exact = hessian(alpha_quartz, pair_model(), "rows").matrix_eV_per_A2
    for method, error in methods.items():
        result = hessian(alpha_quartz, pair_model(), method)
        dense = hessian(alpha_quartz, pair_model(), method, row_symmetry_A=None)
        assert (result.method, result.rows_computed) == (method, 5)
        np.testing.assert_allclose(
            result.matrix_eV_per_A2, dense.matrix_eV_per_A2, rtol=0, atol=error
        )
        np.testing.assert_allclose(result.matrix_eV_per_A2, exact, rtol=0, atol=error)


def test_images_of_differences_are_exact_for_any_step(
    pair_model: Callable[..., Any], alpha_quartz: Atoms
) -> None:
    """Differences are off by what the step truncates, which turns with the direction."""
    wide = hessian(alpha_quartz, pair_model(), "central-difference", step_A=0.05)
    exact = hessian(alpha_quartz, pair_model(), "rows")
    truncated = np.abs(wide.matrix_eV_per_A2 - exact.matrix_eV_per_A2).max()
    assert truncated > 0.01
    assert wide.symmetry_deviation_eV_per_A2 < 1e-10


@pytest.mark.parametrize("method", ["rows", "central-difference"])
def test_model_that_only_claims_to_be_equivariant_is_found_out(
    tilted_model: Callable[..., Any], mgo: Atoms, method: str
) -> None:
    for repeats in ((1, 1, 1), (2, 1, 1), (2, 2, 2)):
        with pytest.raises(MethodError) as caught:
            hessian(make_supercell(mgo, repeats), tilted_model(), method)
        message = str(caught.value)
        assert "space group Fm-3m (225) within 1e-05 Å): pair does not keep this" in message
        assert "eV/Å² from the image of row" in message
        assert "smaller `row_symmetry_A`" in message
        assert "or use no symmetry" in message
        [deviation] = re.findall(r"differs by (\S+) eV/Å²", message)
        assert 0.01 < float(deviation) < 10
    honest = tilted_model(equivariant=False)
    supercell = make_supercell(mgo, (2, 1, 1))
    dense = hessian(supercell, honest, method, row_symmetry_A=None)
    result = hessian(supercell, honest, method)
    assert (result.rows_needed, result.rows_total) == (6, 12)
    np.testing.assert_allclose(result.matrix_eV_per_A2, dense.matrix_eV_per_A2, rtol=0, atol=1e-6)


def test_rotations_alone_are_enough_for_a_model_that_keeps_no_mirror_images(
    handed_model: Callable[..., Any],
) -> None:
    model = handed_model(mirror_equivariant=False)
    for repeats in ((1, 1, 1), (2, 2, 1)):
        atoms = make_supercell(bulk("MgO", "wurtzite", a=3.28, c=5.1), repeats)
        result = hessian(atoms, model, "rows")
        dense = hessian(atoms, model, "rows", row_symmetry_A=None)
        assert result.rows_needed < dense.rows_needed
        assert result.symmetry_deviation_eV_per_A2 < ROUNDING
        np.testing.assert_allclose(
            result.matrix_eV_per_A2, dense.matrix_eV_per_A2, rtol=0, atol=ROUNDING
        )


def test_model_that_only_claims_to_keep_mirror_images_is_found_out(
    handed_model: Callable[..., Any],
) -> None:
    for repeats in ((1, 1, 1), (2, 1, 1), (2, 2, 1), (1, 1, 2)):
        atoms = make_supercell(bulk("MgO", "wurtzite", a=3.28, c=5.1), repeats)
        with pytest.raises(MethodError, match="does not keep this symmetry"):
            hessian(atoms, handed_model(), "rows")


def test_check_never_compares_rows_with_themselves(
    pair_model: Callable[..., Any], handed_model: Callable[..., Any]
) -> None:
    """With inversion only, every other image is the row itself."""
    random = np.random.default_rng(2)
    cell = np.diag([6.0, 5.0, 7.0]) + random.normal(scale=0.3, size=(3, 3))
    for n_pairs in range(4, 13):
        places = random.permutation(np.indices((2, 2, 3)).reshape(3, -1).T)[:n_pairs]
        scaled = (places + random.uniform(0.2, 0.8, size=(n_pairs, 3))) / (4, 2, 3)
        scaled = np.concatenate([scaled, -scaled])
        atoms = Atoms(["C"] * len(scaled), scaled_positions=scaled, cell=cell, pbc=True)
        assert hessian(atoms, pair_model(), "rows").rows_needed == 3 * n_pairs
        with pytest.raises(MethodError, match="does not keep this symmetry"):
            hessian(atoms, handed_model(), "rows")


def test_an_inversion_is_not_all_that_is_checked() -> None:
    """Where there are other mirror images, since it is kept by models that turn with nothing."""
    for repeats in ((1, 1, 1), (2, 1, 1), (2, 2, 2), (3, 3, 3)):
        of_few = plan(make_supercell(bulk("NaCl", "rocksalt", a=5.64, cubic=True), repeats))
        for each in images_to_check(of_few):
            assert np.abs(each.image.rotation + np.eye(3)).max() > 0.5


def test_structure_that_is_only_nearly_symmetric_is_found_out(
    pair_model: Callable[..., Any], alpha_quartz: Atoms
) -> None:
    alpha_quartz.rattle(0.005, seed=3)
    exact = hessian(alpha_quartz, pair_model(), "rows")
    assert (exact.rows_needed, exact.symmetry_deviation_eV_per_A2) == (27, None)
    with pytest.raises(MethodError, match="or the structure has it only nearly"):
        hessian(alpha_quartz, pair_model(), "rows", row_symmetry_A=0.05)


def test_little_noise_within_the_tolerance_costs_little(
    pair_model: Callable[..., Any], alpha_quartz: Atoms
) -> None:
    alpha_quartz.rattle(1e-6, seed=3)
    exact = hessian(alpha_quartz, pair_model(), "rows", row_symmetry_A=None)
    result = hessian(alpha_quartz, pair_model(), "rows", row_symmetry_A=1e-4)
    error = np.abs(result.matrix_eV_per_A2 - exact.matrix_eV_per_A2).max()
    assert result.rows_needed == 5
    assert 1e-7 < error < 1e-3
    assert 1e-7 < result.symmetry_deviation_eV_per_A2 < 1e-3


# Checkpoints


@pytest.mark.parametrize("after", [1, 3, 5])
def test_interrupted_hessian_with_symmetry_goes_on(
    pair_model: Callable[..., Any],
    interrupted: type[Any],
    alpha_quartz: Atoms,
    path: Path,
    after: int,
) -> None:
    whole = hessian(alpha_quartz, pair_model(), "rows")
    with pytest.raises(KeyboardInterrupt):
        # in the last case it is the check of the images that is interrupted
        hessian(alpha_quartz, interrupted(pair_model(), after), "rows", checkpoint=path)
    resumed = hessian(alpha_quartz, pair_model(), "rows", checkpoint=path)
    assert (resumed.rows_computed, resumed.rows_needed) == (5 - after, 5)
    np.testing.assert_array_equal(resumed.matrix_eV_per_A2, whole.matrix_eV_per_A2)
    assert resumed.symmetry_deviation_eV_per_A2 < ROUNDING


def test_rows_for_other_directions_are_refused(
    pair_model: Callable[..., Any], interrupted: type[Any], alpha_quartz: Atoms, path: Path
) -> None:
    with pytest.raises(KeyboardInterrupt):
        hessian(alpha_quartz, interrupted(pair_model(), 3), "rows", checkpoint=path)
    content = path.read_bytes()
    with pytest.raises(CheckpointError, match=r"\(another settings\); delete it, or choose"):
        hessian(alpha_quartz, pair_model(), "rows", row_symmetry_A=None, checkpoint=path)
    assert path.read_bytes() == content


def test_tolerance_that_needs_the_same_rows_may_differ(
    pair_model: Callable[..., Any], interrupted: type[Any], alpha_quartz: Atoms, path: Path
) -> None:
    with pytest.raises(KeyboardInterrupt):
        hessian(alpha_quartz, interrupted(pair_model(), 3), "rows", checkpoint=path)
    model = pair_model()
    resumed = hessian(alpha_quartz, model, "rows", row_symmetry_A=1e-3, checkpoint=path)
    assert (resumed.rows_computed, resumed.row_symmetry_A) == (2, 1e-3)


def test_tolerance_that_needs_other_rows_is_refused(
    pair_model: Callable[..., Any], path: Path
) -> None:
    atoms = bulk("MgO", "rocksalt", a=4.25, cubic=True)
    atoms.positions[0, 0] += 1e-4
    few = hessian(atoms, pair_model(), "rows", row_symmetry_A=1e-3, checkpoint=path)
    assert few.rows_needed == 2
    assert few.space_group == "Fm-3m (225)"
    with pytest.raises(CheckpointError, match=r"\(another settings\)"):
        hessian(atoms, pair_model(), "rows", row_symmetry_A=1e-6, checkpoint=path)
    path.unlink()
    more = hessian(atoms, pair_model(), "rows", row_symmetry_A=1e-6, checkpoint=path)
    assert more.rows_needed > 2
    assert more.space_group == "P4mm (99)"
