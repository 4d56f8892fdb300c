"""Faulty models, and efforts that take no time."""

from collections.abc import Callable
from dataclasses import replace

import pytest

import faulty_pairs
import gases
from nearsight.models.contract import Model
from nearsight.models.engines.ase_model import AseModel


@pytest.fixture
def faulty() -> Callable[..., Model]:
    """Return a function: the model of a class of `faulty_pairs` or `gases`.

    Those of pairs know molecules of H, He, N and O, the others a periodic gas of carbon dioxide.
    """

    def model(name: str) -> Model:
        is_gas = hasattr(gases, name)
        made = AseModel(getattr(gases if is_gas else faulty_pairs, name)(), dtype="float64")
        known = frozenset({6, 8} if is_gas else {1, 2, 7, 8})
        made.capabilities = replace(made.capabilities, elements=known, periodic=is_gas)
        return made

    return model
