"""Messages of the library are for scripts, files of settings and the command line alike."""

import argparse
import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from nearsight.cli.commands import command_parser
from nearsight.cli.wording import in_options

ROOT = Path(__file__).parent.parent / "src" / "nearsight"
OPTION = re.compile(r"(?<![\w-])--[a-z][a-z-]+")
OF_OTHER_PROGRAMS = {
    "structures/ase_files.py": "ase info --formats",
    "structures/writing.py": "ase info --formats",
    "models/families/nequip/compiled.py": "nequip-compile",
    "models/named_model.py": "pip install --no-deps",
}
COMMAND = re.compile(
    r"[`“]nearsight "
    r"(heat-capacity|phonons|vibrations|hessian|elastic|locality|relax|report|fragment)\b"
)


def messages(file: Path) -> Iterator[str]:
    """Yield the sentences in the strings of a file that are not documentation."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    parts = {
        id(part)
        for node in ast.walk(tree)
        if isinstance(node, ast.JoinedStr)
        for part in node.values
    }
    told = {
        id(node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            text = "".join(
                str(v.value) if isinstance(v, ast.Constant) else "…" for v in node.values
            )
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            text = "" if id(node) in parts | told else node.value
        else:
            continue
        if " " in text:
            yield text


FILES = sorted(
    file for file in ROOT.rglob("*.py") if file.relative_to(ROOT).parts[0] not in {"cli"}
)


NO_SETTINGS = {
    "Masses",
    "atoms",
    "auto",
    "centres",
    "element",
    "end",
    "forces",
    "geometry",
    "indices",
    "mace_cueq_to_e3nn",
    "map",
    "model",
    "n",
    "python",
    "pairs",
    "relax_to_minimum",
    "submit",
    "thermochemistry",
    "write_fragment",
}


def test_names_in_backticks_are_settings_with_an_option() -> None:
    parser = options_of(command_parser())
    for file in FILES:
        for text in messages(file):
            for name in re.findall(r"`(\w+)`", text):
                if name not in NO_SETTINGS:
                    assert in_options(f"`{name}`") in parser, text


def options_of(parser: argparse.ArgumentParser) -> set[str]:
    options: set[str] = set()
    for action in parser._actions:
        options |= set(action.option_strings)
        if isinstance(action, argparse._SubParsersAction):
            options |= set().union(*map(options_of, action.choices.values()))
    return options


@pytest.mark.parametrize(
    ("message", "shown"),
    [
        ("Use a larger `memory_bytes`.", "Use a larger --memory."),
        ("Relax with a smaller `fmax_eV_per_A`.", "Relax with a smaller --fmax."),
        (
            "Use `method` fourth-order, `dtype` float32",
            "Use --method fourth-order, --dtype float32",
        ),
        ("look for no symmetry (`row_symmetry_A` none)", "look for no symmetry (--no-symmetry)"),
        ("a larger one (`length_A`)", "a larger one (--length)"),
        ("load it with `trust`.", "load it with --trust-checkpoint."),
        ("accept it (`accept_licence`).", "accept it (--accept-licence)."),
        ("`relax_to_minimum` does, `nearsight models list` too", None),
    ],
)
def test_the_command_line_names_its_options(message: str, shown: str | None) -> None:
    assert in_options(message) == (shown or message)


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(ROOT)))
def test_messages_name_settings_and_neither_options_nor_commands(file: Path) -> None:
    others = OF_OTHER_PROGRAMS.get(file.relative_to(ROOT).as_posix())
    for text in messages(file):
        if others is None or others not in text:
            assert not OPTION.search(text), text
        assert not COMMAND.search(text), text
        assert "in Python" not in text or "up in Python" in text, text
