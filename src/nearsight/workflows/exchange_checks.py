"""What can be told to be wrong with an isotherm before anything is computed."""

from nearsight.adsorption.fugacity import BulkGas, bulk_gas
from nearsight.adsorption.gases import Gas
from nearsight.adsorption.gcmc.exchange import cheap_level
from nearsight.adsorption.known_offsets import known_offset
from nearsight.errors import MethodError, SettingError
from nearsight.models.contract import Model
from nearsight.workflows.context import AnyModel
from nearsight.workflows.insertion_checks import require_insertion
from nearsight.workflows.settings import IsothermSettings

_BAR_PA = 1e5


def require_isotherm(settings: IsothermSettings, model: AnyModel) -> None:
    """Check what needs no structure, and not the model itself.

    Raises
    ------
    SettingError
        There is no pressure, or the gas has no fugacity there.
    StructureError, ModelError
        As `require_insertion`; or the cheap level is no force field.
    """
    require_insertion(settings.insertion, model)
    gases_outside(settings)
    if settings.exchange.cheap is not None:
        cheap_level(settings.exchange.cheap)


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


def gases_outside(settings: IsothermSettings) -> list[BulkGas]:
    """Return the gas at each pressure, by pressure.

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
    try:
        return [
            bulk_gas(gas, settings.temperature_K, bar * _BAR_PA, exchange.equation)
            for bar in sorted(exchange.pressures_bar)
        ]
    except MethodError as error:
        raise SettingError(
            f"{error} The ideal gas is the `equation` ideal.", "exchange.equation"
        ) from error
