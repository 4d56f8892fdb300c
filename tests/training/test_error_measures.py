"""Errors against plain formulas."""

import numpy as np
import pytest

from nearsight.training.error_measures import ErrorSums
from nearsight.training.labelled import ALL


def test_errors_by_set_and_group() -> None:
    random = np.random.default_rng(0)
    sums = ErrorSums()
    added = []
    for number in range(9):
        of_set, group = ("train", "test")[number % 3 == 0], ("a", "b", ALL)[number % 2]
        energy, forces = float(random.normal()), random.normal(size=(4 + number, 3))
        sums.add(of_set, group, energy, forces)
        added.append((of_set, group, energy / len(forces), forces.ravel()))
    by_set = sums.errors()
    for of_set, group, errors in by_set.rows():
        chosen = [each for each in added if each[0] == of_set and group in {ALL, each[1]}]
        energies = np.array([each[2] for each in chosen])
        components = np.concatenate([each[3] for each in chosen])
        assert errors.n_structures == len(chosen)
        assert errors.energy_RMSE_eV_per_atom == pytest.approx(np.sqrt(np.mean(energies**2)))
        assert errors.force_RMSE_eV_per_A == pytest.approx(np.sqrt(np.mean(components**2)))
        assert errors.energy_MAE_eV_per_atom == pytest.approx(np.abs(energies).mean())
        assert errors.force_MAE_eV_per_A == pytest.approx(np.abs(components).mean())
    assert [row[:2] for row in by_set.rows()] == [
        (of_set, group) for of_set in ("train", "test") for group in (ALL, "a", "b")
    ]
    assert by_set.are_finite


def test_what_is_no_number_is_null() -> None:
    sums = ErrorSums()
    sums.add("train", ALL, np.nan, np.ones((2, 3)))
    assert not sums.errors().are_finite
    assert sums.errors().to_json()["train"][ALL]["energy_RMSE_eV_per_atom"] is None
    assert sums.errors().to_json()["train"][ALL]["force_RMSE_eV_per_A"] == 1.0
