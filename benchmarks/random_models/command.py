"""What the scripts of this folder share: the elements that their models know, and their command."""

import argparse
from collections.abc import Callable, Mapping
from pathlib import Path

ELEMENTS = ("H", "C", "N", "O", "Mg", "Si", "Co", "Ni", "Zn", "Eu")
NUMBERS = (1, 6, 7, 8, 12, 14, 27, 28, 30, 63)

Save = Callable[[Path], None]
"""Builds a model with seeded weights, and saves it to a file."""


def save_model(description: str, kinds: Mapping[str, Save]) -> None:
    """Save the kind of model that the command line asks for; the first one by default."""
    parser = argparse.ArgumentParser(description=description.splitlines()[0])
    parser.add_argument("file", type=Path)
    parser.add_argument("--kind", choices=kinds, default=next(iter(kinds)))
    arguments = parser.parse_args()
    kinds[arguments.kind](arguments.file)
