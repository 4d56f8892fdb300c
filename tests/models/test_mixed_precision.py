"""Models of mixed precision: which part is in which, and what cannot be mixed."""

import logging

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk

from nearsight.errors import ModelError
from nearsight.models.contract import Model
from nearsight.models.mixed_precision import MixedPrecisionModel
from nearsight.models.registry import load_here, load_model
from nearsight.models.sums import SumModel
from nearsight.testing import check_model

SEEDS = [(0, np.array([1.0, 0, 0])), (1, np.array([0, 0.6, 0.8]))]


def test_rows_are_single_and_all_else_is_double(
    network: Model, network_float32: Model, displaced_quartz: Atoms
) -> None:
    mixed = load_model(network.identity.name, dtype="mixed", device="cpu", trust=True)
    assert isinstance(mixed, MixedPrecisionModel)
    assert mixed.identity.dtype == "mixed"
    assert mixed.identity.forces_dtype == "float64"
    assert mixed.identity.checkpoint_sha256 == network.identity.checkpoint_sha256
    assert mixed.capabilities == network.capabilities
    [found] = mixed.evaluate([displaced_quartz], stress=True)
    [double] = network.evaluate([displaced_quartz], stress=True)
    assert found.energy_eV == double.energy_eV
    np.testing.assert_array_equal(found.forces_eV_per_A, double.forces_eV_per_A)
    np.testing.assert_array_equal(found.stress_eV_per_A3, double.stress_eV_per_A3)
    rows = np.stack(list(mixed.rows(displaced_quartz, SEEDS)))
    np.testing.assert_array_equal(
        rows, np.stack(list(network_float32.rows(displaced_quartz, SEEDS)))
    )
    exact = np.stack(list(network.rows(displaced_quartz, SEEDS)))
    assert 0 < np.abs(rows - exact).max() < 1e-5 * np.abs(exact).max()
    vectors = np.ones((1, *displaced_quartz.positions.shape)) * np.array([0.1, 0.2, 0.3])
    np.testing.assert_array_equal(
        mixed.linearize(displaced_quartz)(vectors), network.linearize(displaced_quartz)(vectors)
    )


def test_what_has_one_precision_is_used_in_that_and_says_so(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.WARNING, "nearsight.models"):
        model = load_model("ase:emt", dtype="mixed")
    assert not isinstance(model, MixedPrecisionModel)
    assert "ase:emt has one precision" in caplog.text
    assert model.evaluate([bulk("Cu")])[0].energy_eV < 1


def test_a_part_of_a_sum_and_what_is_examined_has_one_precision(network: Model) -> None:
    mixed = MixedPrecisionModel(network, lambda: network)
    with pytest.raises(ModelError, match="mix the whole"):
        SumModel([mixed])
    with pytest.raises(ModelError, match="each with its own tolerances"):
        check_model(mixed)


def test_a_process_that_serves_one_model_has_one_precision() -> None:
    with pytest.raises(ModelError, match="choose float64 or float32"):
        load_here("ase:emt", dtype="mixed")
