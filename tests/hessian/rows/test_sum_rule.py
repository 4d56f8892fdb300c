"""Rows of one atom that follow from those of all others."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from ase import Atoms
from ase.build import bulk

from nearsight.hessian import plan
from nearsight.hessian.matrix import hessian
from nearsight.hessian.rows.sum_rule import rows_by_sum_rule, rows_left_out
from nearsight.locality.interactions import interactions
from nearsight.models.contract import Model
from nearsight.models.engines.torch_model import TorchModel

ROUNDING = 1e-11


@pytest.fixture
def held_model(pair_energy: type[Any]) -> Callable[[float], TorchModel]:
    """Return a function: the pair potential with every atom on a spring to the origin."""

    class Held(pair_energy):  # type: ignore[misc]
        def __init__(self, spring: float) -> None:
            super().__init__()
            self._spring = spring

        def energy(self, graph: Any, positions: torch.Tensor, strain: torch.Tensor) -> torch.Tensor:
            held = self._spring / 2 * positions.square().sum(-1)
            return super().energy(graph, positions, strain) + held

    return lambda spring: TorchModel(Held(spring))


@pytest.fixture
def anchored_model(pair_energy: type[Any]) -> TorchModel:
    """The pair potential with the first atom alone on a spring to where it is."""

    class Anchored(pair_energy):  # type: ignore[misc]
        def energy(self, graph: Any, positions: torch.Tensor, strain: torch.Tensor) -> torch.Tensor:
            held = (positions - positions.detach())[:1].square().sum(-1)
            energies = super().energy(graph, positions, strain)
            return torch.cat([energies[:1] + held, energies[1:]])

    return TorchModel(Anchored())


class Twisted:
    """A model whose rows are not symmetric, though they keep the sum rule."""

    def __init__(self, model: Any) -> None:
        self.model = model
        self.identity, self.capabilities = model.identity, model.capabilities
        self.evaluate = model.evaluate

    def rows(self, atoms: Atoms, seeds: Any, *, batch_size: int = 1) -> Any:
        for (atom, _), row in zip(
            seeds, self.model.rows(atoms, seeds, batch_size=batch_size), strict=True
        ):
            yield (1 + 0.01 * atom) * row


def test_two_atoms_on_a_spring_are_the_textbook() -> None:
    # H = k e eᵀ of each atom, and its negative between them.
    k, e = 3.0, np.array([0.6, 0.0, 0.8])
    planned = plan(Atoms("H2", positions=[[0, 0, 0], e]))
    left_out = rows_left_out(planned)
    of_pair = np.array([[1, -1], [-1, 1]])
    exact = np.einsum("AB,xy->AxBy", of_pair, k * np.outer(e, e))
    rows = exact.reshape(6, 2, 3)
    assert left_out == [1, 2]
    found = rows_by_sum_rule(planned, left_out, rows[[0, 3, 4, 5]])
    np.testing.assert_allclose(found, rows[left_out], atol=1e-15)


def test_crystals_of_every_kind_are_as_if_every_row_was_computed(
    pair_model: Callable[..., Any], any_crystal: Atoms, dense_rows: Callable[..., np.ndarray]
) -> None:
    model = pair_model()
    result = hessian(any_crystal, model)
    planned = plan(any_crystal, model.capabilities)
    left_out = rows_left_out(planned)
    assert result.rows_by_sum_rule == len(left_out)
    assert result.rows_computed == result.rows_needed - len(left_out)
    exact = dense_rows(any_crystal, model)
    np.testing.assert_allclose(result.matrix_eV_per_A2, exact, rtol=0, atol=ROUNDING)


def test_general_places_need_two_rows_fewer(
    pair_model: Callable[..., Any], mgo: Atoms, displaced_quartz: Atoms, displaced_water: Atoms
) -> None:
    of = {
        "rocksalt": hessian(bulk("MgO", "rocksalt", a=4.25), pair_model()),
        "cubic cell": hessian(mgo * 2, pair_model()),
        "P1": hessian(displaced_quartz, pair_model()),
        "molecule": hessian(displaced_water, pair_model()),
    }
    assert {name: (found.rows_computed, found.rows_by_sum_rule) for name, found in of.items()} == {
        "rocksalt": (2, 0),  # each atom needs one row
        "cubic cell": (2, 0),  # every atom has images
        "P1": (25, 2),
        "molecule": (7, 2),
    }


def test_derived_rows_are_those_of_a_network(network: Model, displaced_water: Atoms) -> None:
    atoms = displaced_water
    found, exact = hessian(atoms, network), hessian(atoms, network, "rows")
    assert (found.rows_by_sum_rule, exact.rows_by_sum_rule) == (2, 0)
    difference = np.abs(found.matrix_eV_per_A2 - exact.matrix_eV_per_A2).max()
    assert difference < 1e-10 * np.abs(exact.matrix_eV_per_A2).max()


@pytest.mark.parametrize("atom", range(9))
def test_any_atom_may_be_left_out(
    pair_model: Callable[..., Any],
    displaced_quartz: Atoms,
    dense_rows: Callable[..., np.ndarray],
    atom: int,
) -> None:
    planned = plan(displaced_quartz)
    exact = dense_rows(displaced_quartz, pair_model())
    left_out = [3 * atom + 1, 3 * atom + 2]
    rows = np.delete(exact.reshape(27, 9, 3), left_out, axis=0)
    found = rows_by_sum_rule(planned, left_out, rows)
    np.testing.assert_allclose(found, exact[atom, 1:], rtol=0, atol=ROUNDING)


@pytest.mark.parametrize("spring", [1.0, 1e-3])
def test_every_row_is_computed_where_moving_everything_changes_forces(
    held_model: Callable[[float], TorchModel],
    displaced_quartz: Atoms,
    dense_rows: Callable[..., np.ndarray],
    spring: float,
) -> None:
    model = held_model(spring)
    result = hessian(displaced_quartz, model)
    assert (result.rows_computed, result.rows_by_sum_rule) == (27, 0)
    assert "measured" in result.reason
    assert result.sum_rule_eV_per_A2 == pytest.approx(spring)
    exact = dense_rows(displaced_quartz, model)
    np.testing.assert_allclose(result.matrix_eV_per_A2, exact, rtol=0, atol=ROUNDING)


def test_every_row_is_computed_where_the_atom_left_out_alone_is_held(
    anchored_model: TorchModel, displaced_quartz: Atoms, dense_rows: Callable[..., np.ndarray]
) -> None:
    assert rows_left_out(plan(displaced_quartz)) == [1, 2]
    result = hessian(displaced_quartz, anchored_model)
    assert (result.rows_computed, result.rows_by_sum_rule) == (27, 0)
    exact = dense_rows(displaced_quartz, anchored_model)
    np.testing.assert_allclose(result.matrix_eV_per_A2, exact, rtol=0, atol=ROUNDING)


def test_every_row_is_computed_where_the_others_are_not_symmetric(
    pair_model: Callable[..., Any], displaced_quartz: Atoms
) -> None:
    result = hessian(displaced_quartz, Twisted(pair_model()))
    assert (result.rows_computed, result.rows_by_sum_rule) == (27, 0)
    assert result.sum_rule_eV_per_A2 < ROUNDING < result.asymmetry_eV_per_A2


@pytest.mark.parametrize(
    ("model_options", "method"),
    [
        ({}, "rows"),
        ({}, "batched"),
        ({}, "central-difference"),
        ({"dtype": "float32"}, "auto"),
        ({"conservative": None}, "auto"),
        ({"curvature_smooth": False}, "auto"),
    ],
)
def test_rows_asked_for_and_rows_that_are_not_precise_are_computed(
    pair_model: Callable[..., Any],
    displaced_quartz: Atoms,
    model_options: dict[str, Any],
    method: str,
) -> None:
    result = hessian(displaced_quartz, pair_model(**model_options), method)
    assert (result.rows_computed, result.rows_by_sum_rule) == (27, 0)


def test_rows_of_some_atoms_are_computed(
    pair_model: Callable[..., Any], displaced_water: Atoms
) -> None:
    assert rows_left_out(plan(displaced_water).for_atoms([0, 1])) == []
    found = interactions(displaced_water, pair_model(), [0, 1])
    assert (found.rows_computed, found.rows_by_sum_rule) == (6, 0)
    assert rows_left_out(plan(Atoms("Si"))) == []


@pytest.mark.parametrize("after", [0, 5, 24, 25])
def test_interrupted_rows_go_on(
    pair_model: Callable[..., Any],
    displaced_quartz: Atoms,
    interrupted: type[Any],
    tmp_path: Path,
    after: int,
) -> None:
    whole = hessian(displaced_quartz, pair_model())
    path = tmp_path / "rows"
    model = interrupted(pair_model(), after)
    if after < 25:
        with pytest.raises(KeyboardInterrupt):
            hessian(displaced_quartz, model, checkpoint=path)
    else:
        hessian(displaced_quartz, model, checkpoint=path)
    resumed = hessian(displaced_quartz, pair_model(), checkpoint=path)
    assert (resumed.rows_computed, resumed.rows_by_sum_rule) == (25 - after, 2)
    np.testing.assert_allclose(
        resumed.matrix_eV_per_A2, whole.matrix_eV_per_A2, rtol=0, atol=ROUNDING
    )


def test_rows_already_there_are_kept(
    pair_model: Callable[..., Any], displaced_quartz: Atoms, interrupted: type[Any], tmp_path: Path
) -> None:
    path = tmp_path / "rows"
    assert rows_left_out(plan(displaced_quartz)) == [1, 2]
    with pytest.raises(KeyboardInterrupt):
        hessian(displaced_quartz, interrupted(pair_model(), 2), "rows", checkpoint=path)
    resumed = hessian(displaced_quartz, pair_model(), checkpoint=path)
    assert (resumed.rows_computed, resumed.rows_by_sum_rule) == (24, 1)
