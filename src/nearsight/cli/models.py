"""``nearsight models list``."""

import argparse

from nearsight.models.registry import DEFAULT_MODEL, FAMILIES, MODELS, Family


def run(arguments: argparse.Namespace) -> int:  # noqa: ARG001  # every command is called alike
    """Print the models that have a name, the families that take a target, and what is missing."""
    for model in MODELS.values():
        default = " (default)" if model.name == DEFAULT_MODEL else ""
        print(f"{model.name:<16} {model.description}{default}{_mark(FAMILIES[model.family])}")
    for name, family in FAMILIES.items():
        print(f"{name + ':...':<16} {family.target}{_mark(family)}")
    print(f"{'...+d3':<16} any of these with D3(BJ); +d3:pbe names the functional")
    for name, family in FAMILIES.items():
        if family.obstacle is not None:
            # Installed here, it would replace what the other family needs.
            place = ", in another environment" if family.excluded else ""
            print(f"* {name}{place}: {family.install}")
    return 0


def _mark(family: Family) -> str:
    return "" if family.obstacle is None else " *"
