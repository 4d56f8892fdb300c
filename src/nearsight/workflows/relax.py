"""From a structure to the next minimum of a model."""

from dataclasses import dataclass
from typing import Any

from ase import Atoms

from nearsight.announcing import announces
from nearsight.errors import SettingError
from nearsight.models.contract import require_elements
from nearsight.progress import Progress
from nearsight.relaxation.result import Relaxation
from nearsight.remarks import Remark
from nearsight.resources import Resources
from nearsight.workflows.context import AnyModel, begin
from nearsight.workflows.prepare import history, relaxed
from nearsight.workflows.settings import RelaxSettings
from nearsight.workflows.source import Source, Structure
from nearsight.workflows.unfinished import Unfinished

_DEFAULT = RelaxSettings()


@dataclass(frozen=True)
class RelaxResults:
    """One relaxed structure."""

    name: str
    """What the structure is called, such as the path of its file."""
    relaxation: Relaxation
    settings: dict[str, Any]
    """What was asked for, by name."""
    structure_warnings: tuple[Remark, ...] = ()
    """What was remarked about the structure."""

    @property
    def atoms(self) -> Atoms:
        """The relaxed structure."""
        return self.relaxation.atoms

    @property
    def warnings(self) -> tuple[Remark, ...]:
        """What must be known before the numbers are used."""
        return (*self.structure_warnings, *self.relaxation.warnings)


@announces
def relax(
    structure: Structure,
    model: AnyModel | None = None,
    settings: RelaxSettings = _DEFAULT,
    *,
    unfinished: Unfinished | None = None,
    resources: Resources | None = None,
    progress: Progress | bool | None = None,
) -> RelaxResults:
    """Relax a structure, and return where it ended and how.

    Parameters
    ----------
    structure, model, unfinished, resources, progress
        As for `nearsight.workflows.heat_capacity`.
    settings
        How everything is computed.

    Raises
    ------
    NearsightError
        Something is wrong with the structure, the model, the settings, or the machine.
    """
    if not settings.relaxation.relax:
        raise SettingError("`relax` is false: nothing would be done; leave it out.", "relax")
    source = Source.of(structure, settings.reading)
    context = begin(source, model, unfinished, resources, progress)
    require_elements(context.atoms, context.model)
    relaxation, _ = relaxed(context, settings.relaxation)
    asked = history(context, settings.relaxation, relaxation.optimizer)
    return RelaxResults(source.name, relaxation, asked, context.remarks)
