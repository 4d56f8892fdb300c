"""Two models of one name: what rounding and noise explain, and what they do not."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ase import Atoms

from nearsight.errors import CheckpointError
from nearsight.hessian.matrix import hessian
from nearsight.hessian.same_model import Kept, differing_versions, precision_of, require_same_model
from nearsight.models.contract import Evaluation


class Altered:
    """A model whose answers are altered, and which can be interrupted after some calls."""

    def __init__(self, model: Any, alter: Callable[[Evaluation], Evaluation], calls: int) -> None:
        self.model, self.alter, self.left = model, alter, calls
        self.identity, self.capabilities = model.identity, model.capabilities

    def evaluate(self, structures: Sequence[Atoms], *, stress: bool = False) -> Any:
        self.left -= 1
        if self.left < 0:
            raise KeyboardInterrupt
        return [self.alter(each) for each in self.model.evaluate(structures, stress=stress)]

    def rows(self, atoms: Atoms, seeds: Sequence[Any], *, batch_size: int = 1) -> Iterator[Any]:
        return self.model.rows(atoms, seeds, batch_size=batch_size)


def noisy(sigma_eV_per_A: float, seed: int) -> Callable[[Evaluation], Evaluation]:
    random = np.random.default_rng(seed)

    def alter(each: Evaluation) -> Evaluation:
        noise = random.normal(scale=sigma_eV_per_A, size=each.forces_eV_per_A.shape)
        energy = each.energy_eV + random.normal(scale=sigma_eV_per_A)
        return replace(each, energy_eV=energy, forces_eV_per_A=each.forces_eV_per_A + noise)

    return alter


@pytest.fixture
def begin(
    pair_model: Callable[..., Any], displaced_quartz: Atoms, tmp_path: Path
) -> Callable[..., Callable[..., Any]]:
    """Return a function that interrupts a Hessian by differences and returns how it goes on."""

    def run(alter: Callable[[Evaluation], Evaluation]) -> Callable[..., Any]:
        def compute(alter: Callable[[Evaluation], Evaluation], calls: int = 1000) -> Any:
            model: Any = Altered(pair_model(), alter, calls)
            path = tmp_path / "rows"
            settings: dict[str, Any] = {"step_A": 0.01, "checkpoint": path}
            return hessian(displaced_quartz, model, "central-difference", **settings)

        with pytest.raises(KeyboardInterrupt):
            compute(alter, 1 + 2 * 5)
        return compute

    return run


def same(each: Evaluation) -> Evaluation:
    return each


def test_noise_of_a_model_makes_no_other_model(begin: Callable[..., Callable[..., Any]]) -> None:
    # As of a calculation that is converged to some threshold, from another start each time.
    assert begin(noisy(1e-4, 0))(noisy(1e-4, 1)).rows_computed == 22


def test_noise_is_not_taken_for_granted(begin: Callable[..., Callable[..., Any]]) -> None:
    with pytest.raises(CheckpointError, match="another model"):
        begin(noisy(1e-4, 0))(same)


def test_a_parameter_that_a_row_does_not_feel_is_found_out(
    begin: Callable[..., Callable[..., Any]],
) -> None:
    compute = begin(same)
    with pytest.raises(CheckpointError, match=r"the energy differs by 1e-06 eV"):
        compute(lambda each: replace(each, energy_eV=each.energy_eV + 1e-6))

    def pushed(each: Evaluation) -> Evaluation:
        forces = each.forces_eV_per_A.copy()
        forces[-1, 2] += 1e-6  # the same in displaced structures, so that no row is another one
        return replace(each, forces_eV_per_A=forces)

    with pytest.raises(CheckpointError, match=r"a force differs by 1e-06 eV/Å"):
        compute(pushed)
    assert compute(same).rows_computed == 22


@pytest.mark.parametrize("method", ["rows", "central-difference"])
def test_half_a_thousandth_is_found_out_in_single_precision(
    pair_model: Callable[..., Any], displaced_quartz: Atoms, tmp_path: Path, method: str
) -> None:
    model, path = pair_model("float32"), tmp_path / "rows"
    hessian(displaced_quartz, model, method, checkpoint=path)

    def larger(each: Evaluation) -> Evaluation:
        forces = 1.0005 * each.forces_eV_per_A
        return replace(each, energy_eV=1.0005 * each.energy_eV, forces_eV_per_A=forces)

    other: Any = Altered(model, larger, 1000)
    with pytest.raises(CheckpointError, match="another model"):
        hessian(displaced_quartz, other, method, checkpoint=path)
    assert hessian(displaced_quartz, model, method, checkpoint=path).rows_computed == 0


def test_a_model_that_does_not_say_how_precise_it_is_shows_it() -> None:
    energy, forces = -1 / 3, np.full((2, 3), 1 / 7)
    double = Evaluation(energy, forces, None, None)
    single = Evaluation(
        float(np.float32(energy)), forces.astype(np.float32).astype(float), None, None
    )
    assert precision_of("unknown", double) == precision_of("float64", single)
    assert precision_of("unknown", single) == precision_of("float32", double)
    assert precision_of("unknown", single) != precision_of("unknown", double)


def test_the_worst_is_named_and_nan_is_never_the_same() -> None:
    kept = [
        Kept("the energy", np.array(1.0), 1e-3, "eV"),
        Kept("row 4", np.array([1.0, 2.0]), 1e-3, "eV/Å²"),
    ]
    with pytest.raises(CheckpointError, match=r"FILE belongs .* this M, .*: row 4 differs by 0\.5"):
        require_same_model(kept, lambda: [np.array(1.1), np.array([1.0, 2.5])], "FILE", "M")
    for wrong in (np.array([np.nan, 2.0]), np.array([1.0])):
        with pytest.raises(CheckpointError, match="row 4 differs by inf"):
            require_same_model(kept, lambda wrong=wrong: [np.array(1.0), wrong], "FILE", "M")


def test_differing_versions_are_named() -> None:
    before, now = {"torch": "2.12", "sevenn": "0.13", "e3nn": "0.5"}, {"torch": "2.13"}
    assert differing_versions(before, before) is None
    assert differing_versions(before, now) == (
        "e3nn 0.5, now (none); sevenn 0.13, now (none); torch 2.12, now 2.13"
    )
