"""What the site says of the command line is there."""

import argparse
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from nearsight.cli.commands import command_parser

DOCS = Path(__file__).parents[1] / "docs"
PAGES = sorted(page for folder in ("start", "explanations") for page in DOCS.glob(f"{folder}/*.md"))


def below(parser: argparse.ArgumentParser) -> Iterator[argparse.ArgumentParser]:
    """Yield a parser, and those of its commands."""
    yield parser
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for each in action.choices.values():
                yield from below(each)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_commands_options_and_choices_exist(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    parser = command_parser()
    (commands,) = (each for each in parser._actions if isinstance(each, argparse._SubParsersAction))
    assert set(re.findall(r"`nearsight ([a-z-]+)|\$ nearsight ([a-z-]+)", text)) <= {
        pair for name in commands.choices for pair in ((name, ""), ("", name))
    }
    choices: dict[str, set[str]] = {"--no-deps": set()}
    for each in below(parser):
        for action in each._actions:
            for option in action.option_strings:
                choices.setdefault(option, set()).update(map(str, action.choices or ()))
    for option, value in re.findall(r"(--[a-z][a-z-]+)(?: ([a-z][a-z-]*)(?=[`\s]))?", text):
        assert option in choices, option
        assert not choices[option] or not value or value in choices[option], (option, value)
