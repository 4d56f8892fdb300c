"""The radius of fragments and the cutoff: by a record of locality, or as asked for."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from ase import Atoms

from nearsight.cli.commands import command_parser
from nearsight.cli.request import requested
from nearsight.errors import SettingError
from nearsight.training import FunctionSettings
from nearsight.workflows import LearnSettings, RoundsSettings, learn
from nearsight.workflows.learn_checks import require_elements, with_radius

LOCALITY: Any = SimpleNamespace(cutoff_A=3.25, formula="C2H4")


def crystal(symbols: str) -> Any:
    return SimpleNamespace(name="given.cif", atoms=Atoms(symbols))


def test_a_record_of_other_elements_is_refused() -> None:
    require_elements([crystal("C4H8"), crystal("CH2")], LOCALITY)
    require_elements([crystal("ZnO")], None)
    with pytest.raises(SettingError, match=r"is of C2H4, and given\.cif has O, Zn too; give one"):
        require_elements([crystal("C2H4"), crystal("CO2Zn")], LOCALITY)


def test_radius_and_cutoff_are_half_of_the_range() -> None:
    settings = with_radius(LearnSettings(), LOCALITY)
    assert settings.rounds.fragment_radius_A == settings.functions.cutoff_A == 3.25
    assert with_radius(settings, LOCALITY) == settings
    alone = with_radius(LearnSettings(), None)
    assert alone.rounds.fragment_radius_A == alone.functions.cutoff_A == 4.359


def test_radius_and_cutoff_are_the_same_where_one_is_given() -> None:
    for settings in (
        LearnSettings(rounds=RoundsSettings(fragment_radius_A=3.0)),
        LearnSettings(functions=FunctionSettings(cutoff_A=3.0)),
    ):
        complete = with_radius(settings, None)
        assert complete.rounds.fragment_radius_A == complete.functions.cutoff_A == 3.0
    wide = replace(complete, rounds=RoundsSettings(fragment_radius_A=6.0))
    assert with_radius(wide, None) == wide


def test_a_cutoff_beyond_the_fragments_is_refused() -> None:
    settings = LearnSettings(
        functions=FunctionSettings(cutoff_A=4.0), rounds=RoundsSettings(fragment_radius_A=3.9)
    )
    with pytest.raises(SettingError, match=r"`cutoff_A` is 4 Å, and fragments of 3\.9 Å hold no"):
        with_radius(settings, None)


@pytest.mark.parametrize(
    "settings",
    [
        LearnSettings(rounds=RoundsSettings(fragment_radius_A=4.359)),
        LearnSettings(functions=FunctionSettings(cutoff_A=4.0)),
        LearnSettings(functions=FunctionSettings(cutoff_A=4.359)),  # the default, but given
    ],
)
def test_two_answers_are_refused(settings: LearnSettings, tmp_path: Path) -> None:
    """Before anything is read or written."""
    with pytest.raises(SettingError, match=r"half of the range of forces in the .* is 3\.25"):
        learn(["no.cif"], "gfn1-xtb", settings, out=tmp_path / "out", locality=LOCALITY)
    assert not (tmp_path / "out").exists()


def test_an_option_that_says_the_default_is_given() -> None:
    command = ["learn", "no.cif", "--teacher", "gfn1-xtb", "--out", "out"]
    for options, refused in (([], False), (["--cutoff", "4.359"], True)):
        arguments = command_parser().parse_args([*command, *options])
        settings = requested(arguments, LearnSettings()).settings
        if refused:
            with pytest.raises(SettingError, match=r"`cutoff_A` is 4\.359 Å"):
                with_radius(settings, LOCALITY)
        else:
            assert with_radius(settings, LOCALITY).functions.cutoff_A == 3.25
