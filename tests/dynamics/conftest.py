"""Structures and models that move quickly."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from ase import Atoms
from ase.build import bulk
from ase.calculators.emt import EMT

from nearsight.models.contract import Model
from nearsight.models.engines.ase_model import AseModel
from nearsight.progress import Advance


class Interrupting:
    """Progress that is interrupted, as by Ctrl-C, when so many steps are done."""

    def __init__(self, step: int) -> None:
        self.step = step

    @contextmanager
    def task(self, description: str, total: int | None, done: int = 0) -> Iterator[Advance]:
        def advance(now: int, note: str) -> None:
            if now == self.step:
                raise KeyboardInterrupt

        yield advance


@pytest.fixture(scope="session")
def interrupting() -> type[Interrupting]:
    return Interrupting


@pytest.fixture(scope="session")
def emt() -> Model:
    return AseModel(EMT(), "emt")


@pytest.fixture
def copper() -> Atoms:
    return bulk("Cu", cubic=True) * (2, 2, 2)


@pytest.fixture(params=["without pairs", "with pairs"])
def model(request: pytest.FixtureRequest, emt: Model) -> Model:
    """A calculator that finds its own neighbours, and a model that takes pairs."""
    if request.param == "without pairs":
        return emt
    made: Model = request.getfixturevalue("pair_model")(elements=None)
    return made
