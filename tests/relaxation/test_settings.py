import pytest

from nearsight.errors import SettingError
from nearsight.relaxation.settings import CELLS, OPTIMIZERS, RelaxationSettings
from nearsight.settings import describe


def test_settings_survive_a_file():
    settings = RelaxationSettings(
        fmax_eV_per_A=1e-4, cell="lengths", pressure_GPa=2, symmetrize_A=0.01, optimizer="FIRE"
    )
    assert RelaxationSettings.from_mapping(settings.to_json()) == settings
    assert isinstance(settings.pressure_GPa, float)
    assert RelaxationSettings.from_mapping({}) == RelaxationSettings()


def test_every_setting_says_what_it_is():
    described = {about.name: about for about in describe(RelaxationSettings)}
    assert all(about.help is not None for about in described.values())
    assert described["cell"].choices == CELLS
    assert described["optimizer"].choices == OPTIMIZERS


@pytest.mark.parametrize(
    ("values", "setting"),
    [
        ({"fmax_eV_per_A": 0}, "fmax_eV_per_A"),
        ({"fmax_eV_per_A": float("nan")}, "fmax_eV_per_A"),
        ({"max_steps": -1}, "max_steps"),
        ({"max_steps": 2.5}, "max_steps"),
        ({"optimizer": "newtons"}, "optimizer"),
        ({"cell": True}, "cell"),
        ({"cell": "volume"}, "cell"),
        ({"pressure_GPa": float("inf")}, "pressure_GPa"),
        ({"symmetrize_A": -0.1}, "symmetrize_A"),
    ],
)
def test_impossible_values_are_refused_by_name(values, setting):
    with pytest.raises(SettingError, match=f"`{setting}`") as error:
        RelaxationSettings(**values)
    assert error.value.setting == setting


@pytest.mark.parametrize(
    "asked",
    [
        {"follow_imaginary": True},
        {"symmetrize_A": 0.01},
        {"cell": "fixed"},
        {"cell": "isotropic"},
        {"pressure_GPa": -1.0},
        {"optimizer": "FIRE"},
    ],
)
def test_what_is_asked_of_a_relaxation_contradicts_none(asked):
    [name] = asked
    with pytest.raises(SettingError, match=rf"`{name}`.*`relax` is false"):
        RelaxationSettings(relax=False, **asked)
    assert not RelaxationSettings(relax=False).relax


def test_pressure_contradicts_a_fixed_cell():
    with pytest.raises(SettingError, match=r"`pressure_GPa` is 1, but `cell` is fixed"):
        RelaxationSettings(pressure_GPa=1, cell="fixed")
    with pytest.raises(SettingError, match=r"`pressure_GPa` is 1, but `cell` is shape"):
        RelaxationSettings(pressure_GPa=1, cell="shape")
    for cell in CELLS:
        if cell not in {"fixed", "shape"}:
            assert RelaxationSettings(pressure_GPa=-2, cell=cell).pressure_GPa == -2.0


@pytest.mark.parametrize("pressure_GPa", [1e4, -1e4, 1e300])
def test_a_pressure_that_no_model_knows_is_refused(pressure_GPa: float) -> None:
    with pytest.raises(SettingError, match="beyond 1000 GPa"):
        RelaxationSettings(pressure_GPa=pressure_GPa)
