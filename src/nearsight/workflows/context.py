"""What all steps of one calculation share."""

from dataclasses import dataclass
from pathlib import Path

from ase import Atoms

from nearsight.models.contract import Model
from nearsight.models.spec import ModelSpec
from nearsight.progress import Progress
from nearsight.provenance import Setting
from nearsight.resources import Resources
from nearsight.workflows.unfinished import Unfinished

AnyModel = Model | ModelSpec | str


@dataclass(frozen=True)
class Context:
    """The model, and where and how it works for one structure."""

    name: str
    """What the structure is called."""
    model: Model
    unfinished: Unfinished
    memory_bytes: int | None
    progress: Progress | bool | None

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
    """Load the model and return what all steps of a calculation share.

    Raises
    ------
    ModelError
        The model cannot be loaded.
    """
    resources = resources or Resources()
    resources.limit_threads()
    return Context(
        name,
        load(ModelSpec() if model is None else model, resources),
        unfinished or Unfinished(None),
        resources.memory_bytes,
        progress,
    )
