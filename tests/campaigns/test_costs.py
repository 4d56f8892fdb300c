"""What structures will cost by what was measured of a model."""

from dataclasses import replace

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk

from nearsight.campaigns.costs import (
    RELAXATION_CALLS,
    ModelCost,
    cost_of_model,
    measured_costs,
)
from nearsight.errors import MethodError

COST = ModelCost(
    model="any",
    dtype="float64",
    device="cpu",
    machine="none",
    loaded_bytes=2**29,
    cutoff_A=3.0,  # the 12 nearest neighbours in copper
    mirror_equivariant=True,
    force_call_s=2.0,
    force_call_s_per_pair=0.5,
    row_in_force_calls=3.0,
    row_bytes=1000.0,
    row_bytes_per_pair=10.0,
)


def test_a_force_call_is_counted_by_pairs() -> None:
    predicted = COST.predict("Cu", bulk("Cu"), "energy")
    assert (predicted.n_atoms, predicted.seconds) == (1, pytest.approx(2.0 + 12 * 0.5))
    assert predicted.memory_bytes == 1000 + 12 * 10
    relaxed = COST.predict("Cu", bulk("Cu"), "relax")
    assert relaxed.seconds == pytest.approx(RELAXATION_CALLS * predicted.seconds)


def test_rows_are_those_that_symmetry_leaves_in_the_supercell() -> None:
    atoms = bulk("Cu")
    relax_s = COST.predict("Cu", atoms, "relax").seconds
    predicted = COST.predict("Cu", atoms, "heat-capacity")
    # One row of copper; its primitive cell, 2.08 Å wide, has to be repeated 4 times for 8 Å.
    n_pairs = 12 * 4**3
    assert predicted.seconds - relax_s == pytest.approx(3.0 * (2.0 + 0.5 * n_pairs))
    assert predicted.memory_bytes == 1000 + 10 * n_pairs


def test_without_symmetry_there_are_three_rows_for_each_atom() -> None:
    atoms = bulk("Cu", cubic=True).repeat(3)
    atoms.rattle(0.05, seed=1)
    relax_s = COST.predict("Cu", atoms, "relax").seconds
    heat_s = COST.predict("Cu", atoms, "heat-capacity").seconds
    row_s = 3.0 * COST.predict("Cu", atoms, "energy").seconds  # the cell is wide enough
    assert heat_s - relax_s == pytest.approx(3 * len(atoms) * row_s)


def test_mirror_images_are_used_by_models_that_keep_them_only() -> None:
    # P-1: its inversion is the only operation.
    cell = [[9.0, 0.4, 0.2], [0.0, 10.0, 0.5], [0.0, 0.0, 11.0]]
    half = np.random.default_rng(0).uniform(0.05, 0.45, (4, 3))
    atoms = Atoms("CuAgAuNi" * 2, scaled_positions=[*half, *-half], cell=cell, pbc=True)
    proper = replace(COST, mirror_equivariant=False)
    rows = [
        (cost.predict("", atoms, "phonons").seconds - cost.predict("", atoms, "relax").seconds)
        / (3.0 * cost.predict("", atoms, "energy").seconds)
        for cost in (COST, proper)
    ]
    assert rows == pytest.approx([12, 24])


def test_what_was_not_measured_is_refused() -> None:
    assert measured_costs()
    first = measured_costs()[0]
    assert cost_of_model(first.model, first.dtype, first.device) is first
    with pytest.raises(MethodError, match=r"what emt costs in float64 on cpu was not measured"):
        cost_of_model("emt", "float64", "cpu")
    with pytest.raises(MethodError, match="what locality costs is known for no model"):
        COST.predict("Cu", bulk("Cu"), "locality")
