"""Calculation options in the names of models."""

import pytest

from nearsight.errors import ModelError
from nearsight.models.options_in_names import (
    join_options,
    require_options,
    split_options,
    whole_number,
)
from nearsight.models.registry import load_model


@pytest.mark.parametrize(
    ("name", "bare", "options"),
    [
        ("sevennet-0", "sevennet-0", {}),
        ("some-omol?charge=-1&spin=2", "some-omol", {"charge": "-1", "spin": "2"}),
        ("uma:/a path/x.pt?task=omat", "uma:/a path/x.pt", {"task": "omat"}),
        ("mace:why?.model?head=pbe", "mace:why?.model", {"head": "pbe"}),
    ],
)
def test_options_are_split_off(name: str, bare: str, options: dict[str, str]) -> None:
    assert split_options(name) == (bare, options)


@pytest.mark.parametrize(
    "name", ["x?", "x?charge", "x?charge=", "x?charge=1&", "x?=1", "?charge=1"]
)
def test_what_are_no_options_is_refused(name: str) -> None:
    with pytest.raises(ModelError, match=r"options are expected, such as .*\?charge=0&spin=1"):
        split_options(name)


def test_an_option_is_given_once() -> None:
    with pytest.raises(ModelError, match="has the option spin twice"):
        split_options("x?spin=1&charge=0&spin=2")


def test_unknown_options_are_named() -> None:
    require_options("x", {"charge": "1"}, ("charge", "spin"))
    with pytest.raises(ModelError, match="x has no option task: its options are charge, spin"):
        require_options("x", {"task": "omat", "spin": "1"}, ("spin", "charge"))


def test_a_model_without_options_says_so() -> None:
    with pytest.raises(ModelError, match=r"chgnet-0\.3\.0 has no option charge: it has none"):
        load_model("chgnet-0.3.0?charge=1")


@pytest.mark.parametrize(("written", "value"), [("2", 2), ("-1", -1), ("+1", 1)])
def test_whole_numbers(written: str, value: int) -> None:
    assert whole_number("x", {"charge": written}, "charge") == value


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, r"x needs the option charge, as in x\?charge=1"),
        ({"charge": "1.5"}, "charge=1.5 of x is no whole number"),
        ({"charge": "one"}, "charge=one of x is no whole number"),
    ],
)
def test_what_is_no_whole_number_is_refused(options: dict[str, str], message: str) -> None:
    with pytest.raises(ModelError, match=message):
        whole_number("x", options, "charge")


def test_a_name_is_joined_as_it_was_split() -> None:
    for name in ("orb-v3?charge=-1&spin=2", "fairchem:a?b.pt?task=omat", "plain"):
        assert join_options(*split_options(name)) == name
