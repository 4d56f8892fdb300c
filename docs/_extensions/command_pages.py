"""A page for each command: what ``--help`` says of it."""

import argparse
from collections.abc import Iterator, Mapping

from markdown import contents, plain

from nearsight.cli.commands import command_parser


def pages() -> Mapping[str, str]:
    """Return the pages, by name."""
    parsers = dict(_commands(command_parser()))
    texts = {_file(name): _page(name, parser) for name, parser in parsers.items()}
    texts["index"] = (
        "# Commands\n\nEach is made of the settings of its workflow, which "
        "[files](../settings/index.md) can say, too. All know `--help`.\n\n"
        + contents(_file(name) for name in parsers)
    )
    return texts


def _file(name: str) -> str:
    return name.replace(" ", "-")


def _commands(
    parser: argparse.ArgumentParser, name: str = "nearsight"
) -> Iterator[tuple[str, argparse.ArgumentParser]]:
    """Yield the parsers of all that can be run, by what is typed."""
    deeper = [each for each in parser._actions if isinstance(each, argparse._SubParsersAction)]
    if not deeper:
        yield name, parser
    for action in deeper:
        for word, below in action.choices.items():
            yield from _commands(below, f"{name} {word}")


def _page(name: str, parser: argparse.ArgumentParser) -> str:
    text = f"# {name}\n\n{plain(parser.description or '')}\n\n"
    usage = parser.format_usage().removeprefix("usage: ")
    text += f"```text\n{usage}```\n\n"
    for group in parser._action_groups:
        actions = [each for each in group._group_actions if each.help != argparse.SUPPRESS]
        if actions:
            text += f"## {(group.title or 'options').capitalize()}\n\n"
            text += "\n".join(map(_entry, actions)) + "\n"
    return text


def _entry(action: argparse.Action) -> str:
    """Return what is typed, and what it means."""
    value = (
        ""
        if action.nargs == 0
        else argparse.HelpFormatter("")._format_args(
            action, str(action.metavar or (action.dest or "").upper())
        )
    )
    if isinstance(action.choices, Mapping | list | tuple) and not action.metavar:
        value = "{" + ",".join(map(str, action.choices)) + "}"
    typed = [f"`{option} {value}`".replace(" `", "`") for option in action.option_strings]
    said = (action.help or "").replace("%%", "%")
    return f"{', '.join(typed) or f'`{value}`'}\n: {plain(said)}\n"
