"""What a command does without options is what its workflow and the verbs do without arguments."""

import argparse
import inspect
from collections.abc import Callable
from typing import Any

import pytest

from nearsight.cli.commands import command_parser
from nearsight.cli.request import requested
from nearsight.hessian.force_constants import force_constants
from nearsight.hessian.matrix import hessian
from nearsight.hessian.products.operator import HessianOperator
from nearsight.hessian.settings import RowSettings
from nearsight.hessian.strain import generalised_hessian
from nearsight.locality.compute import locality
from nearsight.locality.settings import ConvergenceSettings
from nearsight.models.registry import load_model
from nearsight.models.spec import ModelSpec
from nearsight.relaxation.settings import RelaxationSettings
from nearsight.resources import Resources
from nearsight.settings import Settings
from nearsight.vibrations.phonon_mesh import phonon_mesh
from nearsight.vibrations.probing import probe_heat_capacity
from nearsight.vibrations.settings import (
    DEFAULT_MESH_LENGTH_A,
    DEFAULT_RADIUS_A,
    ThermodynamicSettings,
)
from nearsight.vibrations.thermodynamics import thermodynamics
from nearsight.workflows.settings import ElasticSettings
from nearsight.workflows.settings_of_workflows import OF_WORKFLOWS

ROWS = {name: name for name in ("method", "step_A", "row_symmetry_A")}
OF_VERBS: list[tuple[Callable[..., Any], Settings, dict[str, str]]] = [
    (load_model, ModelSpec(), {"name": "name", "dtype": "dtype", "device": "device"}),
    (hessian, RowSettings(), ROWS),
    (force_constants, RowSettings(), ROWS),
    (generalised_hessian, RowSettings(), ROWS),
    (
        thermodynamics,
        ThermodynamicSettings(),
        {"acoustic": "acoustic", "scale_factor": "scale_factor"},
    ),
    (
        locality,
        ConvergenceSettings(),
        {
            "reference_radius_A": "reference_radius_A",
            "threshold_eV_per_A2": "threshold_eV_per_A2",
        },
    ),
]


NEEDED = {
    "train": ("--out", "folder"),
    "learn": ("--out", "folder", "--teacher", ModelSpec().name),
    "synthesize": ("--output", "data.extxyz"),
}
"""What a command cannot do without."""


def parsed(command: str, *given: str) -> argparse.Namespace:
    needed = NEEDED.get(command, ())
    return command_parser().parse_args([command, "crystal.cif", *needed, *given])


def default(verb: Callable[..., Any], name: str) -> Any:
    return inspect.signature(verb).parameters[name].default


@pytest.mark.parametrize("command", OF_WORKFLOWS)
def test_a_command_without_options_has_the_settings_of_its_workflow(command: str) -> None:
    settings = OF_WORKFLOWS[command]()
    request = requested(parsed(command), settings)
    assert request.settings == settings
    assert (request.model, request.resources) == (ModelSpec(), Resources())
    assert request.model_named == (command == "learn")


@pytest.mark.parametrize(("verb", "settings", "names"), OF_VERBS)
def test_verbs_have_the_defaults_of_settings(
    verb: Callable[..., Any], settings: Settings, names: dict[str, str]
) -> None:
    for setting, parameter in names.items():
        assert default(verb, parameter) == getattr(settings, setting), setting


def test_what_is_left_open_is_decided_alike() -> None:
    """Settings that are None stand for numbers that the verbs have in their signatures."""
    assert default(phonon_mesh, "mesh") == DEFAULT_MESH_LENGTH_A
    assert default(probe_heat_capacity, "radius_A") == DEFAULT_RADIUS_A
    assert default(probe_heat_capacity, "acoustic") == "exclude"
    assert default(HessianOperator, "method") == "auto"


def test_elastic_constants_begin_at_a_tighter_relaxation() -> None:
    """The one default that a workflow has of its own, said in its help."""
    tight = ElasticSettings().relaxation.fmax_eV_per_A
    assert tight == 1e-4 < RelaxationSettings().fmax_eV_per_A
