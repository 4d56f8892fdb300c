"""Relaxations that begin in single precision and end in double."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk

from nearsight.models.mixed_precision import MixedPrecisionModel
from nearsight.relaxation import RelaxationSettings
from nearsight.relaxation.precision import NEAR_EV_PER_A
from nearsight.relaxation.relax import relax


class Watched:
    """A model that keeps the largest force of each structure, and may be interrupted."""

    def __init__(self, model: Any, shift_eV: float = 0.0) -> None:
        self._model, self._shift_eV = model, shift_eV
        self.identity, self.capabilities, self.facts = (
            model.identity,
            model.capabilities,
            model.facts,
        )
        self.largest_eV_per_A: list[float] = []
        self.n_calls = 0
        self.fail_at: int | None = None

    def evaluate(self, structures: Any, **asked: Any) -> Any:
        if self.n_calls == self.fail_at:
            raise KeyboardInterrupt
        self.n_calls += 1
        found = self._model.evaluate(structures, **asked)
        for each in found:
            if each.forces_eV_per_A is not None:
                norms = np.linalg.norm(each.forces_eV_per_A, axis=1)
                self.largest_eV_per_A.append(float(norms.max()))
        return [replace(each, energy_eV=each.energy_eV + self._shift_eV) for each in found]

    def linearize(self, *arguments: Any, **settings: Any) -> Any:
        return self._model.linearize(*arguments, **settings)


@pytest.fixture
def double(pair_model: Callable[..., Any]) -> Watched:
    return Watched(pair_model("float64"))


@pytest.fixture(params=[0.0, -5e-4, 5e-4], ids=["", "lower", "higher"])
def single(pair_model: Callable[..., Any], request: pytest.FixtureRequest) -> Watched:
    """Energies of free atoms that were rounded shift all energies by a constant."""
    return Watched(pair_model("float32"), request.param)


@pytest.fixture
def strained() -> Atoms:
    """Magnesium oxide with forces of some eV/Å."""
    atoms: Atoms = bulk("MgO", "rocksalt", a=4.25, cubic=True)
    atoms.rattle(0.1, seed=3)
    return atoms


@pytest.mark.parametrize("fmax_eV_per_A", [1e-4, 0.05])
@pytest.mark.parametrize("optimizer", ["newton", "BFGS"])
def test_it_ends_where_double_precision_does(
    double: Watched, single: Watched, strained: Atoms, optimizer: str, fmax_eV_per_A: float
) -> None:
    settings = RelaxationSettings(fmax_eV_per_A=fmax_eV_per_A, optimizer=optimizer, cell="fixed")
    exact = relax(strained, double, settings)
    in_double = len(double.largest_eV_per_A)
    double.largest_eV_per_A.clear()
    found = relax(strained, MixedPrecisionModel(double, lambda: single), settings)
    assert exact.converged
    assert found.converged
    assert found.provenance.model.dtype == "mixed"
    # What is left is quadratic, of springs of some 10 eV/Å².
    left = len(strained) * fmax_eV_per_A**2 / 10
    assert found.energy_after_eV == pytest.approx(exact.energy_after_eV, abs=left)
    near = max(NEAR_EV_PER_A, 2 * fmax_eV_per_A)
    far = single.largest_eV_per_A[:-1]
    assert len(far) >= 3
    assert all(each > near for each in far)  # the one that is near is computed again in double
    assert single.largest_eV_per_A[-1] <= near
    assert len(double.largest_eV_per_A) < in_double


def test_an_interrupted_one_ends_as_the_unbroken_one_to_the_bit(
    double: Watched, single: Watched, strained: Atoms, tmp_path: Path
) -> None:
    settings = RelaxationSettings(fmax_eV_per_A=1e-5)
    model = MixedPrecisionModel(double, lambda: single)
    whole = relax(strained, model, settings)
    n_single, n_double = single.n_calls, double.n_calls
    assert n_double > 8
    interrupted = ((single, n_single // 2), (double, 6), (double, n_double - 3))
    for number, (watched, at) in enumerate(interrupted):
        path = tmp_path / f"{number}.npz"
        for each in (single, double):
            each.n_calls, each.fail_at = 0, None
        watched.fail_at = at
        with pytest.raises(KeyboardInterrupt):
            relax(strained, model, settings, checkpoint=path)
        watched.fail_at = None
        resumed = relax(strained, model, settings, checkpoint=path)
        assert resumed.n_steps == whole.n_steps
        assert resumed.energy_after_eV == whole.energy_after_eV
        np.testing.assert_array_equal(resumed.atoms.positions, whole.atoms.positions)
        np.testing.assert_array_equal(resumed.atoms.cell.array, whole.atoms.cell.array)
