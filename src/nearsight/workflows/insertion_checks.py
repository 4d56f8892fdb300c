"""What can be told to be wrong with insertions before the first of them is computed."""

from collections.abc import Sequence

import numpy as np
from ase import Atoms

from nearsight.adsorption.energy_grid import FORCE_FIELD
from nearsight.adsorption.framework import framework_of
from nearsight.adsorption.gases import Gas, gas_of, require_gas
from nearsight.adsorption.sampling import force_field
from nearsight.adsorption.settings import InsertionSettings
from nearsight.errors import ModelError, NearsightError, SettingError
from nearsight.models.contract import HostingModel, Model
from nearsight.models.evaluable import require_calculable
from nearsight.models.registry import has_molecules
from nearsight.models.spec import ModelSpec
from nearsight.structures.molecules import as_framework
from nearsight.workflows.context import AnyModel
from nearsight.workflows.settings import ReadingSettings
from nearsight.workflows.source import Source


def is_framework(path: str, reading: ReadingSettings) -> bool:
    """Tell whether a file can be read and has a crystal that a gas can be put into."""
    try:
        framework_of(Source.of(path, reading).read()[0], 0.0)
    except NearsightError:
        return False
    return True


def require_insertion(asked: InsertionSettings, model: AnyModel) -> None:
    """Check what needs no structure, and not the model itself.

    Raises
    ------
    StructureError
        There is no such gas, or its file has no molecule.
    ModelError
        There is no model of that name, what proposes places is no force field, or pockets are to be
        blocked and UFF cannot be computed here.
    """
    if isinstance(model, str | ModelSpec):
        own = has_molecules(model if isinstance(model, str) else model.name)
    else:
        own = isinstance(model, HostingModel)
    require_gas(asked.gas, own_molecules=own)
    if asked.propose_by is not None:
        force_field(asked.propose_by)
    if asked.block_pockets:
        force_field(FORCE_FIELD)


def require_interaction(
    frames: Sequence[Atoms], gas: Gas, model: Model, settings: InsertionSettings
) -> None:
    """Check that a model, and what proposes places, know a gas and all snapshots of a framework.

    Raises
    ------
    ModelError
        One does not know an element, a type, or a charge that it needs.
    SettingError
        The energies of the model are effective ones at another temperature.
    """
    _require_its_temperature(model, settings.temperatures_K)
    for frame in frames:
        require_calculable(frame, model)
        if isinstance(model, HostingModel):
            _require_hosted(frame, gas, model)
    require_calculable(gas.atoms, model)
    if settings.propose_by is not None:
        proposing = force_field(settings.propose_by)
        guest = gas_of(settings.gas, proposing)
        for frame in frames:
            _require_hosted(frame, guest, proposing)


def _require_hosted(frame: Atoms, gas: Gas, model: HostingModel) -> None:
    """Check that a force field has all that it needs, with no place to compute."""
    try:
        field = model.in_host(as_framework(frame))
        field.energies_eV(gas.atoms, np.zeros((0, len(gas.atoms), 3)))
    except ModelError as error:
        raise ModelError(f"{model.identity.name}: {error}") from error


def _require_its_temperature(model: Model, temperatures_K: Sequence[float]) -> None:
    """Refuse temperatures of which the effective energies of a model are not."""
    own_K = model.capabilities.temperature_K
    others_K = [] if own_K is None else [each for each in temperatures_K if each != own_K]
    if others_K:
        raise SettingError(
            f"the energies of {model.identity.name} are effective ones at {own_K:g} K, and mean "
            f"nothing at {others_K[0]:g} K; leave `temperatures_K` at {own_K:g}, and name the "
            f"model with each other temperature (feynman_hibbs_K={others_K[0]:g}) for a run of "
            f"its own.",
            "temperatures_K",
        )
