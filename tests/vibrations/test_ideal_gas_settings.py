import pytest

from nearsight.errors import SettingError
from nearsight.vibrations.ideal_gas_settings import IdealGasSettings


def test_standard_conditions_are_the_default():
    settings = IdealGasSettings()
    assert (settings.temperatures_K, settings.pressure_bar) == ((298.15,), 1.0)
    assert (settings.symmetry_number, settings.spin, settings.charge) == (None, None, None)


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"temperatures_K": [300, 0]}, "`temperatures_K` is positive, not 0"),
        ({"temperatures_K": []}, "`temperatures_K` is empty"),
        ({"pressure_bar": -1.0}, "`pressure_bar` is positive, not -1"),
        ({"symmetry_number": 0}, "`symmetry_number` is 1 or more, not 0"),
        ({"symmetry_number": 1.5}, "`symmetry_number` is a whole number or left out, not 1.5"),
        ({"spin": 0.3}, "`spin` is a multiple of one half, not 0.3"),
        ({"spin": -0.5}, "`spin` is 0 or more, not -0.5"),
    ],
)
def test_what_cannot_be_is_refused(setting, message):
    with pytest.raises(SettingError, match=message):
        IdealGasSettings(**setting)
