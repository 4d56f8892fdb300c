"""Rows of single precision, and those of double precision by which they are checked."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from ase import Atoms

from nearsight.errors import MethodError
from nearsight.hessian import hessian
from nearsight.hessian.matrix import Hessian
from nearsight.hessian.rows.precision import CHECKED_SHARE, LARGEST_ERROR
from nearsight.models.mixed_precision import MixedPrecisionModel


class Counting:
    """A model that counts the structures whose forces it computes, and its rows."""

    def __init__(self, model: Any, factor: float = 1.0) -> None:
        self._model, self._factor = model, factor
        self.identity, self.capabilities, self.facts = (
            model.identity,
            model.capabilities,
            model.facts,
        )
        self.n_forces = self.n_rows = 0

    def evaluate(self, structures: Any, **asked: Any) -> Any:
        self.n_forces += len(structures)
        return self._model.evaluate(structures, **asked)

    def rows(self, atoms: Atoms, seeds: Any, *, batch_size: int = 1) -> Any:
        for row in self._model.rows(atoms, seeds, batch_size=batch_size):
            self.n_rows += 1
            yield row * self._factor


@pytest.fixture
def double(pair_model: Callable[..., Any]) -> Counting:
    return Counting(pair_model("float64"))


@pytest.fixture
def single(pair_model: Callable[..., Any]) -> Counting:
    return Counting(pair_model("float32"))


def test_rows_are_single_and_a_few_are_checked_by_forces_in_double(
    double: Counting, single: Counting, displaced_quartz: Atoms
) -> None:
    mixed = hessian(displaced_quartz, MixedPrecisionModel(double, lambda: single), method="rows")
    assert (double.n_rows, single.n_rows) == (0, 27)
    assert CHECKED_SHARE * 27 < 2
    assert double.n_forces == 1 + 2 * 4  # two rows, by four forces each
    exact = hessian(displaced_quartz, double, method="rows")
    errors, rows = (
        np.linalg.norm(each.reshape(27, 27), axis=1)
        for each in (
            mixed.matrix_eV_per_A2 - exact.matrix_eV_per_A2,
            exact.matrix_eV_per_A2,
        )
    )
    of_two = max(errors[[0, 26]]) / rows.max()
    assert mixed.precision_error == pytest.approx(of_two, rel=0.05)
    assert 1e-9 < of_two < 1e-6
    assert exact.precision_error is None
    assert mixed.provenance.model.dtype == "mixed"


def test_what_deviates_is_refused_with_both_numbers(
    double: Counting, pair_model: Callable[..., Any], displaced_quartz: Atoms
) -> None:
    off = MixedPrecisionModel(double, lambda: Counting(pair_model("float32"), 1 + 1e-4))
    with pytest.raises(MethodError, match=r"by 8\.6e-05 of the largest row.* 2e-05 can be borne"):
        hessian(displaced_quartz, off)
    borne = MixedPrecisionModel(double, lambda: Counting(pair_model("float32"), 1 + 1e-5))
    error = hessian(displaced_quartz, borne).precision_error
    assert error == pytest.approx(8.6e-6, rel=0.05)  # the larger of two rows is 0.86 of the largest
    assert error < LARGEST_ERROR


def test_differences_are_all_in_double(
    double: Counting, single: Counting, displaced_water: Atoms
) -> None:
    model = MixedPrecisionModel(double, lambda: single)
    found = hessian(displaced_water, model, method="fourth-order")
    expected = hessian(displaced_water, double, method="fourth-order")
    np.testing.assert_array_equal(found.matrix_eV_per_A2, expected.matrix_eV_per_A2)
    assert found.precision_error is None
    assert single.n_rows == 0


def test_a_crystal_of_one_row_is_checked_by_that(
    double: Counting, single: Counting, mgo: Atoms
) -> None:
    found = hessian(mgo, MixedPrecisionModel(double, lambda: single))
    assert found.rows_needed <= 2
    assert found.precision_error is not None
    assert 0 < found.precision_error < 1e-6


def test_an_atom_that_feels_nothing_is_no_error(
    double: Counting, single: Counting, displaced_water: Atoms
) -> None:
    far = Atoms("Mg", positions=[[50.0, 0, 0]]) + displaced_water
    found = hessian(far, MixedPrecisionModel(double, lambda: single))
    assert not found.matrix_eV_per_A2[0].any()
    assert found.precision_error is not None
    assert 0 < found.precision_error < 1e-6
    alone = hessian(far[:1], MixedPrecisionModel(double, lambda: single))
    assert alone.precision_error == 0.0


def test_the_error_is_kept_in_files(
    double: Counting, single: Counting, displaced_water: Atoms, tmp_path: Any
) -> None:
    found = hessian(displaced_water, MixedPrecisionModel(double, lambda: single))
    found.save(tmp_path / "hessian.npz")
    assert Hessian.load(tmp_path / "hessian.npz").precision_error == found.precision_error
    assert found.summary()["precision_error"] == found.precision_error


def test_rows_go_on_from_a_checkpoint(
    double: Counting, single: Counting, displaced_quartz: Atoms, tmp_path: Any
) -> None:
    model = MixedPrecisionModel(double, lambda: single)
    whole = hessian(displaced_quartz, model, method="rows", checkpoint=tmp_path / "rows")
    again = hessian(displaced_quartz, model, method="rows", checkpoint=tmp_path / "rows")
    assert again.rows_computed == 0
    np.testing.assert_array_equal(again.matrix_eV_per_A2, whole.matrix_eV_per_A2)
