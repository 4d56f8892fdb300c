"""``nearsight models show``."""

import argparse

from nearsight.models.families import MODELS, family_named
from nearsight.tables.models import print_environment, print_family, print_model, print_verdict


def run(arguments: argparse.Namespace) -> int:
    """Print what is known of a model, and of its family and its environment."""
    family = family_named(arguments.name)
    model = MODELS.get(arguments.name.lower())
    print(arguments.name.lower() if model is None else model.name)
    if model is not None:
        print_model(model)
    print_family(family)
    print_environment(family)
    if model is not None:
        print_verdict(model)
    return 0
