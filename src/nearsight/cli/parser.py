"""A parser of command lines that knows what was probably meant."""

import argparse
import difflib
import re
import sys
from collections.abc import Iterator, Sequence
from typing import Any, NoReturn

from nearsight.printable import printable

_INVALID_CHOICE = re.compile(r"(.*invalid choice: '([^']*)').* \(choose from (.*)\)", re.DOTALL)
_WORD = re.compile(r"[^\s,']+")


class Parser(argparse.ArgumentParser):
    """A parser whose messages a word of the command line cannot colour.

    Of a command, option or choice that does not exist it names the one that is spelt most like it.
    """

    _given: Sequence[str] = ()
    _commands: "argparse._SubParsersAction[Parser] | None" = None

    def add_subparsers(self, **settings: Any) -> "argparse._SubParsersAction[Any]":
        """Add commands, each with a parser of this class."""
        self._commands = super().add_subparsers(**settings)
        return self._commands

    def leaves(self) -> "Iterator[Parser]":
        """Yield the parser of each command that runs something."""
        if self._commands is None:
            yield self
            return
        for parser in self._commands.choices.values():
            yield from parser.leaves()

    def parse_known_args(  # type: ignore[override]  # typeshed's overloads are about namespaces
        self, args: Sequence[str] | None = None, namespace: Any = None
    ) -> tuple[Any, list[str]]:
        """Parse, and complain of what a command does not know with the usage of that command."""
        self._given = sys.argv[1:] if args is None else list(args)
        parsed, unknown = super().parse_known_args(args, namespace)
        if unknown and self._commands is None:
            self.error(f"unrecognized arguments: {' '.join(unknown)}")
        return parsed, unknown

    def error(self, message: str) -> NoReturn:
        """Print usage and message, with what was probably meant, and end the program."""
        super().error(printable(self._with_option(_with_choice(message))))

    def _with_option(self, message: str) -> str:
        """Add the options that were meant, if some are unknown, to a message because of that."""
        if not message.startswith(("unrecognized arguments", "the following arguments are")):
            return message
        known = list(self._option_string_actions)
        given = [each.partition("=")[0] for each in self._given if each.startswith("--")]
        unknown = [each for each in given if not any(name.startswith(each) for name in known)]
        meant = [found for each in unknown if (found := _closest(each, known))]
        return f"{message}. Did you mean {', '.join(meant)}?" if meant else message


def _with_choice(message: str) -> str:
    found = _INVALID_CHOICE.fullmatch(message)
    meant = found and _closest(found[2], _WORD.findall(found[3]))
    if not found or not meant:
        return message
    return f"{found[1]}. Did you mean {meant}? (choose from {found[3]})"


def _closest(word: str, known: Sequence[str]) -> str | None:
    """Return the known word that is spelt most like another; None if none is."""
    close = difflib.get_close_matches(word, known, n=1, cutoff=0.7)
    return close[0] if close else None
