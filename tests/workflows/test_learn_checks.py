"""The radius of fragments: by a record of locality, or as asked for."""

from types import SimpleNamespace
from typing import Any

import pytest

from nearsight.errors import SettingError
from nearsight.training import FunctionSettings
from nearsight.training.active.settings import RoundsSettings
from nearsight.workflows.learn_checks import with_radius
from nearsight.workflows.learn_settings import LearnSettings

LOCALITY: Any = SimpleNamespace(cutoff_A=3.25)


def test_radius_and_cutoff_are_half_of_the_range() -> None:
    settings = with_radius(LearnSettings(), LOCALITY)
    assert settings.rounds.fragment_radius_A == settings.functions.cutoff_A == 3.25
    assert with_radius(settings, LOCALITY) == settings
    assert with_radius(LearnSettings(), None).rounds.fragment_radius_A == 4.359


@pytest.mark.parametrize(
    "settings",
    [
        LearnSettings(rounds=RoundsSettings(fragment_radius_A=4.359)),
        LearnSettings(functions=FunctionSettings(cutoff_A=4.0)),
    ],
)
def test_two_answers_are_refused(settings: LearnSettings) -> None:
    with pytest.raises(SettingError, match=r"half of the range in the record of locality is 3\.25"):
        with_radius(settings, LOCALITY)
