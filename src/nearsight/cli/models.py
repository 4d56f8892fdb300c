"""``nearsight models list``."""

import argparse

from nearsight.models.registry import DEFAULT_MODEL, FAMILIES, MODELS


def run(arguments: argparse.Namespace) -> int:  # noqa: ARG001  # every command is called alike
    """Print the models that have a name, and the families that take a target."""
    for model in MODELS.values():
        state = "" if model.installed else f"  [{FAMILIES[model.family].install}]"
        default = " (default)" if model.name == DEFAULT_MODEL else ""
        print(f"{model.name:<16} {model.description}{default}{state}")
    for name, family in FAMILIES.items():
        print(f"{name + ':...':<16} {family.target}")
    return 0
