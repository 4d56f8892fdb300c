"""``nearsight models remove``."""

import argparse

from nearsight.models.environments import Place, remove
from nearsight.models.families import family_named


def run(arguments: argparse.Namespace) -> int:
    """Remove the environment of a family."""
    family = family_named(arguments.name)
    folder = Place.of(family.name).folder
    remove(family.name)
    print(f"removed {folder}")
    return 0
