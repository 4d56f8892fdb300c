"""``nearsight completion``: what a shell runs to complete commands, options, models and files."""

import argparse
import shlex
from typing import Any

import shtab

from nearsight.cli.commands import command_parser
from nearsight.cli.parser import Parser
from nearsight.models.families import MODELS

_FILES = frozenset(
    (
        "CRYSTAL",
        "DATA",
        "DIR|FILE",
        "FILE",
        "FRAMEWORK",
        "IN",
        "OUT",
        "SCRIPT",
        "STRUCTURE",
        "STRUCTURES",
    )
)
_FOLDERS = frozenset(("DIR", "FOLDER"))
_OF_MODELS = "_nearsight_models"


def run(arguments: argparse.Namespace) -> int:
    """Print the script of `arguments.shell`; return the exit status."""
    parser = command_parser()
    assert isinstance(parser, Parser)
    for command in parser.leaves():
        for action in command._actions:
            _complete(action)
    # shtab's scripts are static, so that nothing of Python runs while somebody types.
    print(shtab.complete(parser, arguments.shell))
    return 0


def _complete(action: argparse.Action) -> None:
    """Say of an argument, where shtab asks for it, what may follow beside its choices."""
    if action.metavar in _FILES:
        action.complete = shtab.FILE  # type: ignore[attr-defined]
    elif action.metavar in _FOLDERS:
        action.complete = shtab.DIRECTORY  # type: ignore[attr-defined]
    elif action.metavar == "MODEL" or "--model" in action.option_strings:
        action.complete = _models()  # type: ignore[attr-defined]


def _models() -> dict[str, Any]:
    """Return the models that have a name, as shtab takes them; a path may be typed as well."""
    names = shlex.join(MODELS)
    function = f'{_OF_MODELS}() {{ compgen -W "{names}" -- "$1"; }}'
    return {"bash": _OF_MODELS, "zsh": f"({names})", "preamble": {"bash": function}}
