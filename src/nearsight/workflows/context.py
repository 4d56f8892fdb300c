"""What all steps of one calculation share."""

import logging
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from ase import Atoms

from nearsight.models.contract import Model
from nearsight.models.spec import ModelSpec
from nearsight.progress import Progress
from nearsight.provenance import Setting
from nearsight.resources import Resources
from nearsight.workflows.unfinished import Unfinished

logger = logging.getLogger("nearsight.workflows")

AnyModel = Model | ModelSpec | str


@dataclass(frozen=True)
class Context:
    """The model, and where and how it works for one structure."""

    name: str
    """What the structure is called."""
    given: AnyModel
    """The model as it was given."""
    unfinished: Unfinished
    resources: Resources
    progress: Progress | bool | None

    @cached_property
    def model(self) -> Model:
        """The model, loaded when it is first asked for: what needs none is checked before.

        Raises
        ------
        ModelError
            It cannot be loaded.
        """
        return load(self.given, self.resources)

    def log(self, atoms: Atoms) -> None:
        """Log what the structure is, before anything is computed of it."""
        logger.info("%s: %s, %d atoms", self.name, atoms.get_chemical_formula(), len(atoms))

    @property
    def memory_bytes(self) -> int | None:
        """Memory that may be used; None for most of what is free."""
        return self.resources.memory_bytes

    def file(self, atoms: Atoms, kind: str, **settings: Setting) -> Path | None:
        """Return where a piece of work is kept; None if nothing is."""
        return self.unfinished.file(self.name, atoms, self.model, kind, **settings)


def load(model: AnyModel, resources: Resources) -> Model:
    """Return the model that is given, named or specified.

    Raises
    ------
    ModelError
        It cannot be loaded.
    """
    if isinstance(model, str):
        model = ModelSpec(name=model)
    return model.load(resources) if isinstance(model, ModelSpec) else model


def name_of(model: AnyModel) -> str:
    """Return what a model is called, without loading it."""
    if isinstance(model, str):
        return model
    return model.name if isinstance(model, ModelSpec) else model.identity.name


def begin(
    name: str,
    model: AnyModel | None,
    unfinished: Unfinished | None,
    resources: Resources | None,
    progress: Progress | bool | None,
) -> Context:
    """Return what all steps of a calculation share."""
    resources = resources or Resources()
    resources.limit_threads()
    return Context(
        name,
        ModelSpec() if model is None else model,
        unfinished or Unfinished(None),
        resources,
        progress,
    )
