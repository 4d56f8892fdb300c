"""What a command does without options is what its verbs do without arguments."""

import argparse
import inspect
from collections.abc import Callable
from typing import Any

import pytest

from nearsight.cli import options
from nearsight.cli.main import command_parser
from nearsight.hessian.compute import hessian
from nearsight.hessian.force_constants import DEFAULT_LENGTH_A, force_constants
from nearsight.hessian.generalised import generalised_hessian
from nearsight.hessian.operator import HessianOperator
from nearsight.locality.compute import locality
from nearsight.models.registry import load_model
from nearsight.relaxation.relax import relax
from nearsight.relaxation.settings import RelaxationSettings
from nearsight.vibrations.band_structure import band_structure
from nearsight.vibrations.phonon_mesh import phonon_mesh
from nearsight.vibrations.probing import probe_heat_capacity
from nearsight.vibrations.thermodynamics import thermodynamics

ROWS = {
    "method": "method",
    "step": "step_A",
    "symmetry_tolerance": "symmetry_tolerance_A",
    "memory_budget_bytes": "memory_budget_bytes",
}
SHARED: list[tuple[Callable[..., Any], dict[str, str]]] = [
    (load_model, {"dtype": "dtype", "device": "device", "trust_checkpoint": "trust"}),
    (
        RelaxationSettings,
        {
            "fmax": "fmax_eV_per_A",
            "max_steps": "max_steps",
            "optimizer": "optimizer",
            "symmetrize": "symmetrize_A",
        },
    ),
    (relax, {"memory_budget_bytes": "memory_budget_bytes"}),
    (hessian, ROWS),
]
PHONONS: list[tuple[Callable[..., Any], dict[str, str]]] = [
    *SHARED,
    (force_constants, {**ROWS, "supercell": "supercell", "length": "length_A"}),
    (phonon_mesh, {"nac": "nac"}),
    (thermodynamics, {"acoustic": "acoustic", "scale_factor": "scale_factor"}),
]
VERBS = {
    "heat-capacity": [
        *PHONONS,
        (
            probe_heat_capacity,
            {"scale_factor": "scale_factor", "lanczos_steps": "n_steps", "lowest_modes": "lowest"},
        ),
        (HessianOperator, {"memory_budget_bytes": "memory_budget_bytes"}),
    ],
    "phonons": [*PHONONS, (band_structure, {"nac": "nac"})],
    "hessian": SHARED,
    "vibrations": SHARED,
    "elastic": [(generalised_hessian, ROWS)],
    "locality": [
        (
            locality,
            {
                "method": "method",
                "step": "step_A",
                "reference_radius": "reference_radius_A",
                "threshold": "threshold_eV_per_A2",
            },
        )
    ],
}


def parsed(command: str, *given: str) -> argparse.Namespace:
    return command_parser().parse_args([command, "crystal.cif", *given])


def default(verb: Callable[..., Any], name: str) -> Any:
    return inspect.signature(verb).parameters[name].default


@pytest.mark.parametrize("command", VERBS)
def test_a_command_without_options_gives_verbs_their_defaults(command: str) -> None:
    arguments = parsed(command)
    for verb, names in VERBS[command]:
        for option, parameter in names.items():
            expected = default(verb, parameter)
            found = getattr(arguments, option)
            assert found == expected, f"--{option} is {found}, {verb.__name__} has {expected}"


def test_what_is_left_open_is_decided_alike() -> None:
    """Options that are None stand for numbers that the verbs have in their signatures."""
    arguments = parsed("heat-capacity")
    for left_open in ("model", "mesh", "length", "probing_radius", "products", "acoustic"):
        assert getattr(arguments, left_open) is None
    assert default(load_model, "name") == options.DEFAULT_MODEL
    assert default(phonon_mesh, "mesh") == options.DEFAULT_MESH_LENGTH_A
    assert default(probe_heat_capacity, "radius_A") == options.DEFAULT_RADIUS_A
    assert default(probe_heat_capacity, "acoustic") == "exclude"
    assert default(HessianOperator, "method") == "auto"
    assert default(RelaxationSettings, "cell") == "free"
    assert not arguments.fixed_cell
    assert options.DEFAULT_LENGTH_A == DEFAULT_LENGTH_A


def test_elastic_constants_begin_at_a_tighter_relaxation() -> None:
    """The one default that a command has of its own, said in its help."""
    assert parsed("elastic").fmax == 1e-4 < default(RelaxationSettings, "fmax_eV_per_A")
