"""What can be told to be wrong with an isotherm before anything is computed."""

from ase import Atoms

from nearsight.adsorption.fugacity import BulkGas, CriticalPoint, bulk_gas
from nearsight.adsorption.gases import Gas
from nearsight.adsorption.known_offsets import known_offset
from nearsight.errors import MethodError, ModelError, SettingError
from nearsight.models.contract import HostingModel, Model
from nearsight.models.evaluable import require_calculable
from nearsight.models.registry import has_molecules, load_model
from nearsight.workflows.adsorption_settings import IsothermSettings
from nearsight.workflows.context import AnyModel
from nearsight.workflows.insertion_checks import require_insertion

_BAR_PA = 1e5


def require_isotherm(settings: IsothermSettings, model: AnyModel) -> None:
    """Check what needs no structure, and not the model itself.

    Raises
    ------
    SettingError
        There is no pressure, or the gas has no fugacity there.
    StructureError, ModelError
        As `require_insertion`; or there is no model of the name of the cheap level.
    """
    require_insertion(settings.insertion, model)
    for temperature_K in settings.insertion.temperatures_K:
        gases_outside(settings, temperature_K)
    name = settings.exchange.proposing
    if name is not None and has_molecules(name):
        load_model(name, device="cpu")


def require_cheap(cheap: Model, model: Model, framework: Atoms, gas: Gas) -> None:
    """Check that a cheap level can compute what moves lead to, and is not the model itself.

    Parameters
    ----------
    cheap, model
        Both levels.
    framework
        One cell.
    gas
        The molecule as the cheap level has it.

    Raises
    ------
    ModelError
        It does not know an element, computes no crystals, or proposes by the same numbers.
    """
    name = cheap.identity.name
    if cheap.identity.deciding() == model.identity.deciding():
        raise ModelError(
            f"{name} is the model itself, which costs as much for each move as for a proposal; "
            f"leave `cheap` out, or give a smaller model, a force field, or `cheap_dtype` float32."
        )
    if not cheap.capabilities.periodic:
        raise ModelError(
            f"{name} computes molecules only, and `cheap` moves them in a crystal; give a force "
            f"field, such as forcefield:trappe+uff."
        )
    require_calculable(framework, cheap)
    if not isinstance(cheap, HostingModel):  # whose sites may be of no element
        require_calculable(gas.atoms, cheap)


def removed_offset_eV(settings: IsothermSettings, model: Model, gas: Gas) -> float:
    """Return what is to be taken off the energy of each molecule in eV, 0 if nothing is.

    Raises
    ------
    SettingError
        The offset of the model is to be removed, and nobody knows it.
    """
    if not settings.exchange.remove_offset:
        return 0.0
    known = known_offset(model.identity.name, gas.name)
    if known is not None:
        return known.offset_eV
    why = "nobody has compared its interaction energies with a reference"
    if model.capabilities.pairwise:
        why = "a sum over pairs has none"
    raise SettingError(
        f"the offset of {model.identity.name} for {gas.name} is not known: {why}; leave "
        f"`remove_offset` out.",
        "exchange.remove_offset",
    )


def gases_outside(settings: IsothermSettings, temperature_K: float) -> list[BulkGas]:
    """Return the gas at each pressure and one temperature, by pressure.

    Raises
    ------
    SettingError
        There is no pressure, the gas condenses there, or its equation of state is not known.
    """
    exchange, gas = settings.exchange, settings.insertion.gas
    if not exchange.pressures_bar:
        raise SettingError(
            "`pressures_bar` has none; give at least one, such as 1 bar.", "pressures_bar"
        )
    point = None
    if exchange.critical_point:
        critical_K, critical_bar, acentric_factor = exchange.critical_point
        point = CriticalPoint(critical_K, critical_bar * _BAR_PA, acentric_factor)
    try:
        return [
            bulk_gas(gas, temperature_K, bar * _BAR_PA, exchange.equation, point)
            for bar in sorted(exchange.pressures_bar)
        ]
    except MethodError as error:
        raise SettingError(
            f"{error} The ideal gas is the `equation` ideal.", "exchange.equation"
        ) from error
