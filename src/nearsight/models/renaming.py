"""A model under another name."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
from ase import Atoms
from numpy.typing import NDArray

from nearsight.models.contract import Capabilities, Evaluation, Model, Products, Seed
from nearsight.models.facts import Facts
from nearsight.provenance import ModelIdentity
from nearsight.structures.pairs import Pairs


class RenamedModel:
    """The same model, called by the name that the user gave.

    Parameters
    ----------
    model
        The model.
    name
        What its identity says instead of its own name.
    """

    def __init__(self, model: Model, name: str) -> None:
        self._model = model
        self._name = name

    @property
    def identity(self) -> ModelIdentity:
        """The model's identity under the other name."""
        return replace(self._model.identity, name=self._name)

    @property
    def capabilities(self) -> Capabilities:
        """What may be asked of the model."""
        return self._model.capabilities

    @property
    def facts(self) -> Facts:
        """What is to be said of the model."""
        return self._model.facts

    def evaluate(
        self,
        structures: Sequence[Atoms],
        *,
        forces: bool = True,
        stress: bool = False,
        pairs: Sequence[Pairs] | None = None,
    ) -> list[Evaluation]:
        """Return energies, forces and stresses; see `Model.evaluate`."""
        return self._model.evaluate(structures, forces=forces, stress=stress, pairs=pairs)

    def rows(
        self, atoms: Atoms, seeds: Sequence[Seed], *, batch_size: int = 1
    ) -> Iterator[NDArray[np.float64]]:
        """Yield rows; see `Model.rows`."""
        return self._model.rows(atoms, seeds, batch_size=batch_size)

    def linearize(
        self,
        atoms: Atoms,
        *,
        strain: bool = False,
        centres: NDArray[np.int64] | None = None,
    ) -> Products:
        """Return the function of products; see `Model.linearize`."""
        return self._model.linearize(atoms, strain=strain, centres=centres)
