"""Faulty models, and efforts that take no time."""

from collections.abc import Callable
from dataclasses import replace

import pytest

import faulty_pairs
from nearsight.models.contract import Model
from nearsight.models.engines.ase_model import AseModel


@pytest.fixture
def faulty() -> Callable[..., Model]:
    """Return a function: the model of a class of `faulty_pairs`, which knows H, N and O."""

    def model(name: str) -> Model:
        made = AseModel(getattr(faulty_pairs, name)(), dtype="float64")
        known = frozenset({1, 7, 8})
        made.capabilities = replace(made.capabilities, elements=known, periodic=False)
        return made

    return model
