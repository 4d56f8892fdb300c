"""Settings: checked against their annotations, and made of what files say."""

from dataclasses import FrozenInstanceError, dataclass
from typing import Annotated

import numpy as np
import pytest

from nearsight.errors import MethodError, SettingError
from nearsight.settings import POSITIVE, Help, OneOf, Range, Settings, describe


@dataclass(frozen=True, kw_only=True)
class Descent(Settings):
    fmax_eV_per_A: Annotated[float, Help("the threshold", "F"), POSITIVE] = 0.005
    optimizer: Annotated[str | None, OneOf(("BFGS", "newton"))] = None
    max_steps: Annotated[int, Range(least=0)] = 10


@dataclass(frozen=True, kw_only=True)
class Whole(Settings):
    descent: Descent = Descent()
    temperatures_K: Annotated[tuple[float, ...], Range(least=0)] = (300.0,)
    mesh: Annotated[tuple[int, int, int] | float | None, POSITIVE] = None
    relax: bool = True


def test_values_take_the_type_of_their_setting() -> None:
    settings = Whole(temperatures_K=[100, np.float32(200.0)], mesh=[np.int64(2), 3, 4])
    assert settings.temperatures_K == (100.0, 200.0)
    assert [type(value) for value in settings.temperatures_K] == [float, float]
    assert settings.mesh == (2, 3, 4)
    assert [type(value) for value in settings.mesh] == [int, int, int]
    assert type(Whole(mesh=30).mesh) is float


def test_settings_stay_as_they_are() -> None:
    with pytest.raises(FrozenInstanceError):
        Descent().max_steps = 3


@pytest.mark.parametrize(
    ("values", "setting", "said"),
    [
        ({"fmax_eV_per_A": 0.0}, "fmax_eV_per_A", "is positive, not 0"),
        ({"fmax_eV_per_A": float("nan")}, "fmax_eV_per_A", "is a number, not nan"),
        ({"fmax_eV_per_A": "0.1"}, "fmax_eV_per_A", "is a number, not '0.1'"),
        ({"max_steps": -1}, "max_steps", "is 0 or more, not -1"),
        ({"max_steps": 2.0}, "max_steps", "is a whole number, not 2.0"),
        ({"max_steps": True}, "max_steps", "is a whole number, not True"),
        ({"optimizer": "newtn"}, "optimizer", "did you mean newton?"),
        ({"optimizer": 3}, "optimizer", "is a text or left out, not 3"),
    ],
)
def test_what_is_not_possible_is_named(values: dict, setting: str, said: str) -> None:
    with pytest.raises(SettingError, match=f"`{setting}`") as caught:
        Descent(**values)
    assert said in str(caught.value)
    assert caught.value.setting == setting
    assert isinstance(caught.value, MethodError)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"temperatures_K": [300.0, -1.0]}, "is 0 or more, not -1"),
        ({"temperatures_K": 300.0}, "is a list of numbers, not 300.0"),
        ({"mesh": [2, 2]}, "is a list of 3 whole numbers or a number or left out, not [2, 2]"),
        ({"relax": 1}, "is true or false, not 1"),
        ({"relaks": True}, "did you mean `relax`"),
    ],
)
def test_a_file_says_what_is_possible_only(values: dict, said: str) -> None:
    with pytest.raises(SettingError) as caught:
        Whole.from_mapping(values)
    assert said in str(caught.value)


def test_a_setting_in_a_group_is_named_with_it() -> None:
    with pytest.raises(SettingError, match="did you mean `max_steps`") as caught:
        Whole.from_mapping({"descent": {"max_step": 3}})
    assert caught.value.setting == "descent.max_step"


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"max_steps": 3}, "`max_steps` is in a group of settings: `descent.max_steps`"),
        ({"max_step": 3}, "there is no setting `max_step`; did you mean `descent.max_steps`?"),
        ({"fmax": 0.1}, "did you mean `descent.fmax_eV_per_A`?"),
        ({"colour": 3}, "there is no setting `colour`; known are descent, "),
        ({"descent": "BFGS"}, "a table, not 'BFGS'; it may have fmax_eV_per_A, optimizer, max_"),
    ],
)
def test_what_is_in_another_place_is_found_there(values: dict, said: str) -> None:
    with pytest.raises(SettingError) as caught:
        Whole.from_mapping(values)
    assert said in str(caught.value)


def test_a_group_is_a_value_of_its_class() -> None:
    with pytest.raises(SettingError, match=r"`descent` is Descent\(\.\.\.\), not {'max_steps': 3}"):
        Whole(descent={"max_steps": 3})  # type: ignore[arg-type]


def test_settings_survive_a_file() -> None:
    settings = Whole(descent=Descent(optimizer="BFGS"), mesh=(2, 2, 1), relax=False)
    assert Whole.from_mapping(settings.to_json()) == settings


def test_annotations_describe_a_setting() -> None:
    about = {each.name: each for each in describe(Descent)}
    assert about["fmax_eV_per_A"].help == Help("the threshold", "F")
    assert about["fmax_eV_per_A"].default == 0.005
    assert about["optimizer"].choices == ("BFGS", "newton")
