"""Saved relaxations come back as they were."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ase import Atoms

from nearsight.errors import CheckpointError
from nearsight.relaxation import RelaxationSettings
from nearsight.relaxation.relax import relax
from nearsight.relaxation.result import Relaxation


@pytest.mark.parametrize("tolerance", [None, 1e-3])
def test_round_trip(
    emt: Any, rattled_copper: Atoms, tmp_path: Path, tolerance: float | None
) -> None:
    result = relax(rattled_copper, emt, RelaxationSettings(max_steps=3, symmetrize_A=tolerance))
    result.save(tmp_path / "relaxation.npz")
    loaded = Relaxation.load(tmp_path / "relaxation.npz")
    assert loaded.atoms == result.atoms
    np.testing.assert_array_equal(loaded.atoms.get_masses(), result.atoms.get_masses())
    for name in set(vars(result)) - {"atoms"}:
        assert getattr(loaded, name) == getattr(result, name), name


def test_other_files_are_refused(tmp_path: Path) -> None:
    (tmp_path / "other").write_text("x")
    with pytest.raises(CheckpointError):
        Relaxation.load(tmp_path / "other")
