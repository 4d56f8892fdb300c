"""``nearsight models list``."""

import argparse
from collections.abc import Mapping
from typing import Any

from nearsight.cli.outputs import require_output_files
from nearsight.models.catalogue import MODELS, NamedModel
from nearsight.models.environments.state import State, find
from nearsight.models.families import FAMILIES
from nearsight.models.spec import DEFAULT_MODEL
from nearsight.models.verdicts import last_verdict
from nearsight.runs.json_file import JsonOutput
from nearsight.tables.lines import WIDTH

_STATES = {
    State.ABSENT: "no",
    State.PARTIAL: "half",
    State.COMPLETE: "own",
    State.OTHER_VERSION: "old",
}


def run(arguments: argparse.Namespace) -> int:
    """List the models that have a name and the families that take a target."""
    require_output_files(arguments)
    places = {name: place_of(name) for name in FAMILIES}
    if arguments.json is not None:
        output = JsonOutput(arguments.json, many=True)
        for model in MODELS.values():
            output.add(_record(model, places))
        output.finish()
    if arguments.json != "-":
        _print_models(places)
        _print_families(places)
    return 0


def place_of(family: str) -> str:
    """Return where a family runs: ``here``, in its ``own`` environment, or why it does not."""
    return "here" if FAMILIES[family].obstacle is None else _STATES[find(family)[0]]


def _record(model: NamedModel, places: Mapping[str, str]) -> dict[str, Any]:
    verdict = last_verdict(model.name)
    installed = places[model.family] in {"here", "own"}
    return {
        "name": model.name,
        "family": model.family,
        "training_data": model.training_data,
        "level_of_theory": model.level_of_theory,
        "cutoff_A": model.cutoff_A,
        "layers": model.layers,
        "parameters": model.parameters,
        "licence": model.licence,
        "differentiable": model.differentiable,
        "conservative": model.conservative,
        "equivariant": model.equivariant,
        "curvature_smooth": model.curvature_smooth,
        "installed": installed,
        "weights_here": installed if model.inside_package else model.downloaded,
        "conformance": None if verdict is None else verdict.to_json(),
    }


def _print_models(places: Mapping[str, str]) -> None:
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


def _print_families(places: Mapping[str, str]) -> None:
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


def _level(model: NamedModel) -> str:
    return (model.level_of_theory or "?").partition(" (")[0]


def _length(value: float | None) -> str:
    return "?" if value is None else f"{value:g} Å"


def _millions(count: int | None) -> str:
    return "?" if count is None else f"{count / 1e6:.2f} M"


def _cut(text: str | None, width: int) -> str:
    text = text or "?"
    return text if len(text) <= width else f"{text[: width - 1]}…"
