"""Models as text: those that there are, and all that is known of one."""

import textwrap
from collections.abc import Mapping

from nearsight.models.environments.places import Place
from nearsight.models.environments.state import State, find
from nearsight.models.families import FAMILIES, MODELS, steps_of, third_parties
from nearsight.models.family import TORCH, Family
from nearsight.models.named_model import NamedModel
from nearsight.models.spec import DEFAULT_MODEL
from nearsight.models.verdicts import Verdict, last_verdict
from nearsight.tables.lines import WIDTH, print_line
from nearsight.testing.report import Check

_STATES = {
    State.ABSENT: "no",
    State.PARTIAL: "half",
    State.COMPLETE: "own",
    State.OTHER_VERSION: "old",
}
_ANSWERS = {True: "yes", False: "no", None: "not known"}
_PLACES = {
    "here": "in this environment",
    "own": "in an environment of its own",
    "no": "not installed",
    "half": "half made: its installation was interrupted",
    "old": "made by another version of Nearsight",
}


def place_of(family: str) -> str:
    """Return where a family runs: ``here``, in its ``own`` environment, or why it does not."""
    return "here" if FAMILIES[family].obstacle is None else _STATES[find(family)[0]]


def print_models(places: Mapping[str, str]) -> None:
    """Print every model that has a name, and where it runs."""
    name_width = max(map(len, MODELS))
    data_width = WIDTH - name_width - 42
    print(
        f"{'model':<{name_width}}  {'trained on':<{data_width}}  level    cutoff layers "
        f"numbers where"
    )
    for model in MODELS.values():
        print(
            f"{model.name:<{name_width}}  {_cut(model.training_data, data_width):<{data_width}}  "
            f"{_cut(_level(model), 8):<8} {_length(model.cutoff_A):>6} {model.layers or '?':>6} "
            f"{_millions(model.parameters):>7} {places[model.family]}".rstrip()
        )
    print(f"\n{DEFAULT_MODEL} is the default. Numbers: how many were trained.")


def print_families(places: Mapping[str, str]) -> None:
    """Print every family, and what its places mean."""
    print()
    width = max(map(len, FAMILIES)) + 4
    for name, family in FAMILIES.items():
        print(f"{name + ':...':<{width}}  {family.target:<{WIDTH - width - 9}} {places[name]:>5}")
    print(f"{'...+d3':<{width}}  any of these with D3(BJ); +d3:pbe names the functional")
    print("\nhere: in this environment; own: in one of its own")
    if "no" in places.values():
        print("no: not installed; nearsight models install NAME makes an environment for it")
    if {"half", "old"} & set(places.values()):
        print(
            "half: its installation was interrupted; old: made by another Nearsight;\n"
            "      nearsight models install NAME makes it anew"
        )
    for broken in third_parties().broken:
        print(f"\n{textwrap.fill(f'{broken}.', WIDTH, subsequent_indent='  ')}")


def _level(model: NamedModel) -> str:
    return (model.level_of_theory or "?").partition(" (")[0]


def _length(value: float | None) -> str:
    return "?" if value is None else f"{value:g} Å"


def _millions(count: int | None) -> str:
    return "?" if count is None else f"{count / 1e6:.2f} M"


def _cut(text: str | None, width: int) -> str:
    text = text or "?"
    return text if len(text) <= width else f"{text[: width - 1]}…"


def print_model(model: NamedModel) -> None:
    """Print what is known of a model."""
    print_line("model", model.description)
    print_line("theory", model.level_of_theory or "not known")
    if model.energy_scale is not None:
        print_line("energies", model.energy_scale)
    if model.neighbour_limit is not None:
        print_line("sees", f"the nearest {model.neighbour_limit} neighbours of an atom")
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
    if model.wheel is not None:
        return f"inside {model.wheel.requirement}, which is installed with the family"
    return "downloaded" if model.downloaded else "downloaded when the model is first loaded"


def print_family(family: Family) -> None:
    """Print what a family needs, and under which licence."""
    print_line("family", f"{family.name}:<{family.target}>")
    print_line("package", f"{family.requires}, licence {family.licence}")
    if family.restriction is not None:
        restriction = family.restriction
        print_line(
            "restricted", f"{restriction.licence}. {restriction.terms}. {restriction.address}"
        )
    if family.framework == "torch" and family.steps:
        print_line("installs", TORCH)
    for step in steps_of(family):
        alone = "" if step.dependencies else " (without dependencies)"
        print_line("installs", f"{', '.join(step.requirements)}{alone}")


def print_environment(family: Family) -> None:
    """Print where a family runs."""
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


def print_verdict(model: NamedModel) -> None:
    """Print how the last examination of a model ended."""
    print_line("checked", _in_words(last_verdict(model.name)))


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


def print_check(check: Check) -> None:
    """Print how one check of a model ended."""
    verdict = ("ok" if check.passed else "FAILED") if check.applies else "-"
    numbers = (
        f"{check.measured:9.2e} <= {check.tolerance:7.1e} {check.unit}"
        if check.applies
        else "not applicable"
    )
    print(f"{verdict:>6}  {check.name:<30} {check.structure:<8} {numbers}"[:WIDTH])
    if not (check.applies and check.passed):
        for line in textwrap.wrap(check.detail, WIDTH - 8):
            print(f"{'':8}{line}")
