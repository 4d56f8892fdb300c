"""Temperatures and pressures as they are written behind options."""

import argparse

import pytest

from nearsight.cli.values import (
    TemperaturesAction,
    femtoseconds,
    picoseconds,
    pressure,
    pressure_with_unit,
    symmetry_number,
    temperatures,
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("300", [300.0]),
        ("298.15", [298.15]),
        ("0:1000:250", [0.0, 250.0, 500.0, 750.0, 1000.0]),
        ("0:100:30", [0.0, 30.0, 60.0, 90.0]),
        ("0.1:0.5:0.1", [0.1, 0.2, 0.3, 0.4, 0.5]),
        ("300:300:10", [300.0]),
        ("100,200,300", [100.0, 200.0, 300.0]),
        ("5,0:20:10,298.15", [5.0, 0.0, 10.0, 20.0, 298.15]),
        ("1e2:3e2:1e2", [100.0, 200.0, 300.0]),
    ],
)
def test_temperatures_are_one_a_list_or_a_range_with_its_end(text, expected):
    assert temperatures(text) == expected


def test_a_range_has_as_many_as_are_allowed():
    assert len(temperatures("0:99999:1")) == 100_000
    assert temperatures("0:1000:0.02")[-1] == 1000.0


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1000:0:50", "ends below its start; write 0:1000:50"),
        ("0:1000:0", "the step of 0:1000:0 is 0; it must be positive"),
        ("0:1000:-50", "must be positive"),
        ("0:1000", "no range of temperatures such as 0:1000:50"),
        ("0:1:2:3", "no range of temperatures"),
        ("0:100000:1", "more than 100000 temperatures"),
        ("0:1000:1e-300", "more than 100000 temperatures"),
        ("0:inf:1", "inf is no temperature"),
        ("nan", "nan is no temperature"),
        ("warm", "warm is no temperature"),
        ("300,", "nothing is no temperature"),
        ("::", "nothing is no temperature"),
        ("1e999", "1e999 is no temperature"),
    ],
)
def test_what_is_no_temperature_is_explained(text, message):
    with pytest.raises(argparse.ArgumentTypeError, match=message):
        temperatures(text)


def test_words_behind_the_option_are_put_together(capsys):
    parser = argparse.ArgumentParser()
    parser.add_argument("--temperature", type=temperatures, nargs="+", action=TemperaturesAction)
    assert parser.parse_args(["--temperature", "0:20:10", "300"]).temperature == [0, 10, 20, 300]
    with pytest.raises(SystemExit):
        parser.parse_args(["--temperature", "0:99999:1", "300"])
    assert "these are 100001; take 100000 at most" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "bar"),
    [
        ("1bar", 1.0),
        ("1", 1.0),
        ("101325Pa", 1.01325),
        ("0.1MPa", 1.0),
        ("1atm", 1.01325),
        ("1e5 Pa", 1.0),
        ("1e5Pa", 1.0),
        ("1000 hPa", 1.0),
        ("760Torr", 1.01325),
        ("100kPa", 1.0),
        ("1000mbar", 1.0),
        ("0.0001GPa", 1.0),
    ],
)
def test_pressures_may_be_in_any_unit(text, bar):
    assert pressure(text) == pytest.approx(bar, rel=1e-12)


@pytest.mark.parametrize(
    "text", ["1mPa", "1psi", "bar", "-1bar", "0Pa", "nanbar", "infbar", "1,5bar"]
)
def test_what_is_no_pressure_is_refused(text):
    with pytest.raises(argparse.ArgumentTypeError):
        pressure(text)


def test_a_symmetry_number_is_found_or_given():
    assert symmetry_number("auto") is None
    assert symmetry_number("12") == 12
    with pytest.raises(argparse.ArgumentTypeError):
        symmetry_number("0")


@pytest.mark.parametrize(
    ("text", "in_fs"), [("0.5fs", 0.5), ("10ps", 1e4), ("1 ns", 1e6), ("1e-3ps", 1.0)]
)
def test_times_have_their_unit(text, in_fs):
    assert femtoseconds(text) == pytest.approx(in_fs, rel=1e-15)
    assert picoseconds(text) == pytest.approx(in_fs / 1000, rel=1e-15)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("10", "10 has no unit; write a number and one of fs, ps, ns, such as 10ps"),
        ("10s", "10s is no time"),
        ("-1ps", "-1 is not a positive number"),
        ("ps", "nothing is not a positive number"),
        ("nanps", "nanps is no time"),
    ],
)
def test_what_is_no_time_is_refused(text, message):
    with pytest.raises(argparse.ArgumentTypeError, match=message):
        femtoseconds(text)


def test_the_pressure_of_dynamics_has_its_unit_and_may_be_a_tension():
    assert pressure_with_unit("0.1MPa") == pytest.approx(1.0)
    assert pressure_with_unit("-1GPa") == -1e4
    with pytest.raises(argparse.ArgumentTypeError, match=r"1 has no unit; .* such as 1bar"):
        pressure_with_unit("1")
