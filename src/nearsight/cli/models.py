"""``nearsight models list``."""

import argparse

from nearsight.models.registry import DEFAULT_MODEL, FAMILIES, MODELS, Family


def run(arguments: argparse.Namespace) -> int:  # noqa: ARG001  # every command is called alike
    """Print the models that have a name, and the families that take a target."""
    for model in MODELS.values():
        default = " (default)" if model.name == DEFAULT_MODEL else ""
        state = _missing(FAMILIES[model.family])
        print(f"{model.name:<16} {model.description}{default}{state}")
    for name, family in FAMILIES.items():
        print(f"{name + ':...':<16} {family.target}{_missing(family)}")
    print(f"{'...+d3':<16} any of these with D3(BJ); +d3:pbe names the functional")
    return 0


def _missing(family: Family) -> str:
    if family.obstacle is None:
        return ""
    # Installed here, it would replace what the other family needs.
    place = "in another environment: " if family.excluded else ""
    return f"  [{place}{family.install}]"
