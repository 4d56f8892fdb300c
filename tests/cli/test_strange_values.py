"""Every option of every command, with values that nobody means: an error or a result, no defect."""

import argparse
import io
import json
import random
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import pytest

from nearsight.cli.commands import command_parser
from nearsight.cli.main import main

NUMBERS = (
    *("nan", "inf", "-inf", "0", "-0.0", "-1", "1e300", "-1e300", "1e-300", "1e999", "1e-999"),
    *("5e-324", "0.1", "3", "7.5", "1e6", "1e9", "999999999999", "18446744073709551616"),
    *("9" * 40, "1_0", "0x10", "1,5", "²", "", " ", "many", "1e", "--", "3 3 3", "\x1b[31m"),
)
WORDS = ("", " ", "nan", "-", "--", "x" * 300, "\x1b]0;owned\x07", "a\nb", "\udcff", "../..", ".")
N_CASES = 60

# What makes a command quick: these are given besides, unless they are what is tried.
QUICK = {
    "energy": ("nitrogen.xyz", "--model", "ase:emt"),
    "relax": ("primitive.xyz", "--model", "ase:emt"),
    "thermochemistry": ("nitrogen.xyz", "--no-relax", "--model", "ase:emt"),
    "heat-capacity": ("primitive.xyz", "--no-relax", "--model", "ase:emt", "--mesh", "2", "2", "2"),
    "phonons": ("primitive.xyz", "--no-relax", "--model", "ase:emt", "--mesh", "2", "2", "2"),
    "hessian": ("primitive.xyz", "--no-relax", "--model", "ase:emt"),
    "vibrations": ("primitive.xyz", "--no-relax", "--model", "ase:emt"),
    "elastic": ("primitive.xyz", "--no-relax", "--model", "ase:emt"),
    "locality": ("nitrogen.xyz", "--model", "ase:emt"),
    "fragment": ("nitrogen.xyz", "--radius", "3", "--out", "fragments"),
    "report": ("primitive.hessian.npz", "--output", "r.html"),
    "models list": (),
    "models show": ("sevennet-0",),
    "models compare": ("nitrogen.xyz", "--models", "ase:emt"),
    "hdnnp convert": ("nitrogen.xyz", "out.data", "--to-units", "angstrom,eV"),
}


def commands(
    parser: argparse.ArgumentParser, name: tuple[str, ...] = ()
) -> Iterator[tuple[str, argparse.ArgumentParser]]:
    """Yield each command that does something, with its options."""
    inner = [each for each in parser._actions if isinstance(each, argparse._SubParsersAction)]
    if not inner:
        yield " ".join(name), parser
    for action in inner:
        for word, child in action.choices.items():
            yield from commands(child, (*name, word))


def cases() -> list[tuple[str, ...]]:
    """Return a command line for each option that takes a value and each strange value of it."""
    found = []
    for name, parser in commands(command_parser()):
        for action in parser._actions:
            if name not in QUICK or not action.option_strings or action.nargs == 0:
                continue
            values = WORDS if action.type is None else NUMBERS
            option = action.option_strings[0]
            rest = without(QUICK[name], option)
            n_values = action.nargs if isinstance(action.nargs, int) else 1
            found.extend((*name.split(), *rest, option, *[value] * n_values) for value in values)
    return found


def without(given: tuple[str, ...], option: str) -> tuple[str, ...]:
    """Leave out an option with its values."""
    if option not in given:
        return given
    start = given.index(option)
    after = [i for i in range(start + 1, len(given)) if given[i].startswith("--")]
    return given[:start] + (given[after[0] :] if after else ())


def outcome(command: tuple[str, ...]) -> str:
    """Run a command, and return what it printed to standard error."""
    out, errors = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(errors):
        try:
            status = main(list(command))
        except SystemExit as ended:
            status = ended.code if isinstance(ended.code, int) else 1
    said = errors.getvalue()
    if command[:2] == ("models", "compare"):
        said += out.getvalue()  # a model that fails has a line in the table
    assert "Traceback" not in said, (command, said)
    assert "\x1b" not in out.getvalue() + said, (command, said)
    if status:
        assert "nearsight" in said or "FAILED" in said, command
    return said


def test_every_option_is_tried() -> None:
    tried = {" ".join(case[:2]) for case in cases()}
    assert len(cases()) > 1000
    assert {"heat-capacity primitive.xyz", "models list", "models compare"} <= tried


@pytest.mark.parametrize("seed", [1])
def test_strange_values_end_in_no_defect(phonon_folder: Path, seed: int) -> None:
    assert main(["hessian", *QUICK["hessian"]]) == 0
    chosen = random.Random(seed).sample(cases(), N_CASES)
    for command in chosen:
        outcome(command)


@pytest.mark.parametrize("temperature", ["nan", "inf", "-1", "-0.0", "0", "1e-300", "1e300"])
def test_temperatures(temperature: str, phonon_folder: Path) -> None:
    command = ("heat-capacity", *QUICK["heat-capacity"], "--json", "r.json")
    said = outcome((*command, f"--temperature={temperature}"))
    if temperature in {"nan", "inf", "-1"}:
        assert "temperature" in said
        assert not (phonon_folder / "r.json").exists()
        return
    (row,) = json.loads((phonon_folder / "r.json").read_text())["heat_capacity"]
    # Classical at any high temperature; on a mesh the acoustic modes at Γ are so above 0 K.
    expected = {"1e300": 24.943, "1e-300": 24.943 / 8}.get(temperature, 0.0)
    assert row["J_per_molatom_K"] == pytest.approx(expected, rel=1e-3, abs=0.0)
