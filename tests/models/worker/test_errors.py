"""Errors of a model in a worker are those of the model."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from ase import Atoms

from nearsight import errors
from nearsight.errors import MemoryBudgetError, ModelError, NearsightError
from nearsight.hessian.products.operator import HessianOperator
from nearsight.memory import is_out_of_memory
from nearsight.models.worker import WorkerModel

OURS = sorted(
    name
    for name, kind in vars(errors).items()
    if isinstance(kind, type) and issubclass(kind, NearsightError)
)


@pytest.mark.parametrize("kind", OURS)
def test_our_errors_keep_their_class(
    far: Callable[..., WorkerModel], atoms: Atoms, kind: str
) -> None:
    atoms.info["do"] = f"fail:{kind}"
    with pytest.raises(NearsightError, match=r"^as it was told to$") as error:
        far().evaluate([atoms])
    assert type(error.value) is getattr(errors, kind)


@pytest.mark.parametrize("kind", ["ValueError", "RuntimeError", "KeyError", "ZeroDivisionError"])
def test_other_errors_are_named_with_their_place(
    far: Callable[..., WorkerModel], atoms: Atoms, kind: str
) -> None:
    atoms.info["do"] = f"fail:{kind}"
    with pytest.raises(
        ModelError, match=rf"far failed with {kind}: .*told to.*far_model\.py:\d+ in fail"
    ):
        far().evaluate([atoms])


def test_errors_come_from_rows_and_products_too(
    far: Callable[..., WorkerModel], atoms: Atoms, seeds: list[Any]
) -> None:
    atoms.info |= {"do": "fail:MethodError", "at": 2}
    model = far("failing")
    rows = model.rows(atoms, seeds)
    assert len([next(rows), next(rows)]) == 2
    with pytest.raises(errors.MethodError):
        next(rows)
    assert list(rows) == []  # as a generator does after an error
    with pytest.raises(errors.MethodError):
        model.linearize(atoms)
    plain = atoms.copy()
    plain.info.clear()
    assert model.evaluate([plain])[0].forces_eV_per_A.shape == (22, 3)


@pytest.mark.parametrize("action", ["fail:MemoryError", "torch memory"])
def test_memory_that_runs_out_is_known_as_that(
    far: Callable[..., WorkerModel], atoms: Atoms, action: str
) -> None:
    atoms.info["do"] = action
    with pytest.raises(MemoryError) as error:
        far().evaluate([atoms])
    assert is_out_of_memory(error.value)


def test_callers_explain_memory_that_runs_out_over_there(
    far: Callable[..., WorkerModel], atoms: Atoms
) -> None:
    operator = HessianOperator(atoms, far(), "analytic")
    operator.atoms.info["do"] = "torch memory"
    with pytest.raises(MemoryBudgetError, match="memory ran out in a product of 22 atoms"):
        operator.products(np.ones((1, 22, 3)))


def test_energies_that_are_no_numbers_are_refused(
    far: Callable[..., WorkerModel], atoms: Atoms, seeds: list[Any]
) -> None:
    atoms.info["do"] = "nan"
    with pytest.raises(ModelError, match="far gave the energy nan"):
        far().evaluate([atoms])
    [row] = far().rows(atoms, seeds[:1])
    assert np.isnan(row).all()  # the callers of rows and products look themselves


def test_model_that_cannot_be_loaded(far: Callable[..., WorkerModel]) -> None:
    with pytest.raises(ModelError, match=r"^there is no such checkpoint\.$"):
        far("missing")


def test_what_packages_print_does_not_reach_the_user(
    far: Callable[..., WorkerModel], atoms: Atoms, capfd: pytest.CaptureFixture[str]
) -> None:
    atoms.info["do"] = "say:hello"
    far().evaluate([atoms])
    assert capfd.readouterr() == ("", "")
