"""What a model is, and what it answers."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from ase import Atoms

from nearsight.errors import ModelError
from nearsight.models.contract import Evaluation, Model, forces_of

ATOMS = Atoms("COH", positions=np.eye(3))
FINITE = Evaluation(-1.0, np.zeros((3, 3)), np.zeros(6), None)


def test_what_lacks_a_verb_is_no_model(pair_model: Callable[..., Any]) -> None:
    assert isinstance(pair_model(), Model)
    assert not isinstance(object(), Model)


def test_forces_that_were_not_asked_for_are_not_there() -> None:
    assert forces_of(FINITE) is FINITE.forces_eV_per_A
    alone = replace(FINITE, forces_eV_per_A=None)
    with pytest.raises(ModelError, match="no forces; ask the model for them"):
        forces_of(alone)
