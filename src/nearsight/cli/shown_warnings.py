"""Warnings in the words of the command line."""

from collections.abc import Iterable

from nearsight.cli.wording import in_options
from nearsight.tables import text


def print_warnings(warnings: Iterable[str]) -> None:
    """Print what must be known before the numbers are used."""
    text.print_warnings(map(in_options, warnings))
