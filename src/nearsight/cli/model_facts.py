"""``nearsight models show``."""

import argparse
import textwrap

from nearsight.cli.models import place_of
from nearsight.models.catalogue import MODELS, NamedModel, family_named
from nearsight.models.environments.places import Place
from nearsight.models.environments.state import find
from nearsight.models.families import TORCH, Family
from nearsight.models.verdicts import Verdict, last_verdict
from nearsight.tables.lines import print_line

_ANSWERS = {True: "yes", False: "no", None: "not known"}
_PLACES = {
    "here": "in this environment",
    "own": "in an environment of its own",
    "no": "not installed",
    "half": "half made: its installation was interrupted",
    "old": "made by another version of Nearsight",
}


def run(arguments: argparse.Namespace) -> int:
    """Print what is known of a model, and of its family and its environment."""
    family = family_named(arguments.name)
    model = MODELS.get(arguments.name.lower())
    print(arguments.name.lower() if model is None else model.name)
    if model is not None:
        _print_model(model)
    _print_family(family)
    _print_environment(family)
    if model is not None:
        print_line("checked", _in_words(last_verdict(model.name)))
    return 0


def _print_model(model: NamedModel) -> None:
    print_line("model", model.description)
    print_line("theory", model.level_of_theory or "not known")
    if model.parameters is not None:
        print_line("trained", f"{model.parameters:,} numbers")
    for label, answer in (
        ("smooth", f"curvature over 0.01-0.03 Å: {_ANSWERS[model.curvature_smooth]}"),
        (
            "forces",
            f"gradient of the energy: {_ANSWERS[model.conservative]}; turn with the "
            f"structure: {_ANSWERS[model.equivariant]}",
        ),
        ("rows", "analytic" if model.differentiable else "differences of forces"),
        ("weights", _weights(model)),
        ("licence", f"{model.licence or 'not known'} (weights)"),
        ("cite", model.citation or "not known"),
    ):
        print_line(label, answer)


def _weights(model: NamedModel) -> str:
    if model.inside_package:
        return "inside the package"
    return "downloaded" if model.downloaded else "downloaded when the model is first loaded"


def _print_family(family: Family) -> None:
    print_line("family", f"{family.name}:<{family.target}>")
    print_line("package", f"{family.requires}, licence {family.licence}")
    if family.restriction is not None:
        restriction = family.restriction
        print_line(
            "restricted", f"{restriction.licence}. {restriction.terms}. {restriction.address}"
        )
    if family.framework == "torch" and family.steps:
        print_line("installs", TORCH)
    for step in family.steps:
        alone = "" if step.dependencies else " (without dependencies)"
        print_line("installs", f"{', '.join(step.requirements)}{alone}")


def _print_environment(family: Family) -> None:
    place = place_of(family.name)
    print_line("runs", _PLACES[place])
    _, environment = find(family.name)
    if environment is not None:
        print_line(
            "environment",
            f"Python {environment.python}, Nearsight {environment.nearsight}, "
            f"{len(environment.packages)} packages, {environment.size_MB:.0f} MB, "
            f"{environment.seconds:.0f} s with {environment.installer} on {environment.date[:10]}",
        )
        if environment.torch is not None:
            print_line("torch", f"{environment.torch}: {environment.torch_choice}")
        print(f"  {'':<12}{Place.of(family.name).folder}")
    if place not in {"here", "own"}:
        print_line("install", family.install)


def _in_words(verdict: Verdict | None) -> str:
    if verdict is None:
        return "never here; `nearsight models check` does it"
    said = "passed" if verdict.passed else f"FAILED {'; '.join(verdict.failures)}"
    return textwrap.shorten(
        f"{said}: {verdict.n_passed} of {verdict.n_passed + verdict.n_failed} checks, "
        f"{verdict.model['dtype']} on {verdict.model['device']}, {verdict.date[:10]}, Nearsight "
        f"{verdict.nearsight}",
        600,
    )
