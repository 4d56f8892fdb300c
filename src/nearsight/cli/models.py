"""``nearsight models list``."""

import argparse
from collections.abc import Mapping
from typing import Any

from nearsight.cli.outputs import require_output_files
from nearsight.models.environments.weights import weights_here
from nearsight.models.families import FAMILIES, MODELS
from nearsight.models.named_model import NamedModel
from nearsight.models.verdicts import last_verdict
from nearsight.runs.json_file import JsonOutput
from nearsight.tables.models import place_of, print_families, print_models


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
        print_models(places)
        print_families(places)
    return 0


def _record(model: NamedModel, places: Mapping[str, str]) -> dict[str, Any]:
    verdict = last_verdict(model.name)
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
        "installed": places[model.family] in {"here", "own"},
        "weights_here": weights_here(model, places[model.family]),
        "conformance": None if verdict is None else verdict.to_json(),
    }
