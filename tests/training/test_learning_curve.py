"""The learning curve: what a file holds, and where it goes on."""

from pathlib import Path

import numpy as np
import pytest

from nearsight.errors import StorageError
from nearsight.training.error_measures import ErrorSums
from nearsight.training.learning_curve import EpochErrors, LearningCurve


def epoch(number: int, energy: float = 0.25) -> EpochErrors:
    sums = ErrorSums()
    sums.add("train", "a", energy, np.full((2, 3), 0.125))
    sums.add("test", "b", 0.5, np.ones((3, 3)))
    score = 1.0 / (1 + number) if np.isfinite(energy) else float("nan")
    return EpochErrors(number, 10 * number, 320 * number, 0.1 * number, score, sums.errors())


def test_epochs_come_back_from_where_a_checkpoint_was(tmp_path: Path) -> None:
    file = tmp_path / "curve.jsonl"
    curve = LearningCurve(file)
    curve.begin(None)
    for number in range(3):
        curve.add(epoch(number))
    size = curve.size
    curve.add(epoch(3))  # which no checkpoint knows
    again = LearningCurve(file)
    again.begin(size)
    assert again.epochs == [epoch(0), epoch(1), epoch(2)]
    again.add(epoch(3))
    assert file.read_bytes().count(b"\n") == 4
    with pytest.raises(StorageError, match="has content already"):
        LearningCurve(file).begin(None)


def test_what_is_no_number_is_null_in_the_file(tmp_path: Path) -> None:
    curve = LearningCurve(tmp_path / "c")
    curve.begin(None)
    curve.add(epoch(0, np.nan))
    assert b"NaN" not in (tmp_path / "c").read_bytes()
    again = LearningCurve(tmp_path / "c")
    again.begin(curve.size)
    assert np.isnan(again.epochs[0].score)
    assert np.isnan(again.epochs[0].errors.of("train").energy_RMSE_eV_per_atom)
