"""What can be told to be wrong with an isotherm before anything is computed."""

from nearsight.adsorption.fugacity import BulkGas, bulk_gas
from nearsight.adsorption.gcmc.exchange import cheap_level
from nearsight.errors import MethodError, SettingError
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
    for temperature_K in settings.insertion.temperatures_K:
        gases_outside(settings, temperature_K)
    if settings.exchange.cheap is not None:
        cheap_level(settings.exchange.cheap)


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
    try:
        return [
            bulk_gas(gas, temperature_K, bar * _BAR_PA, exchange.equation)
            for bar in sorted(exchange.pressures_bar)
        ]
    except MethodError as error:
        raise SettingError(
            f"{error} The ideal gas is the `equation` ideal.", "exchange.equation"
        ) from error
