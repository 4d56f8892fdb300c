"""What all steps of one calculation share."""

import logging
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from ase import Atoms

from nearsight.models.contract import Model
from nearsight.models.evaluable import require_calculable
from nearsight.models.spec import ModelSpec
from nearsight.progress import Progress
from nearsight.provenance import Setting
from nearsight.remarks import Remark
from nearsight.resources import Resources
from nearsight.workflows.given import require_model, require_places
from nearsight.workflows.source import Source
from nearsight.workflows.unfinished import Unfinished

logger = logging.getLogger("nearsight.workflows")

AnyModel = Model | ModelSpec | str


@dataclass(frozen=True)
class Context:
    """The model, and where and how it works for one structure."""

    source: Source
    atoms: Atoms
    """The structure as it was read or given."""
    remarks: tuple[Remark, ...]
    """What has to be known about it."""
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
            It cannot be loaded, or does not know an element of the structure.
        """
        model = load(self.given, self.resources)
        require_calculable(self.atoms, model)
        return model

    @property
    def name(self) -> str:
        """What the structure is called."""
        return self.source.name

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
    source: Source,
    model: AnyModel | None,
    unfinished: Unfinished | None,
    resources: Resources | None,
    progress: Progress | bool | None,
) -> Context:
    """Read a structure and return what all steps of its calculation share.

    Raises
    ------
    StructureError
        There is none that a calculation can start from.
    ModelError, SettingError
        Something is given that is no model, or not what it is given as.
    """
    model = ModelSpec() if model is None else model
    require_model(model)
    require_places(unfinished, resources)
    atoms, remarks = source.read()
    logger.info("%s: %s, %d atoms", source.name, atoms.get_chemical_formula(), len(atoms))
    resources = resources or Resources()
    resources.limit_threads()
    return Context(
        source,
        atoms,
        remarks,
        model,
        unfinished or Unfinished(None),
        resources,
        progress,
    )
