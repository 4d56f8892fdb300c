"""``--follow-imaginary``: out of saddle points."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import ase.io
import numpy as np
import pytest
from ase.build import bulk

from json_warnings import messages
from nearsight.hessian.products.operator import HessianOperator

Run = Callable[..., int]


@pytest.fixture
def hop(folder: Path) -> str:
    """An atom half way into a vacancy."""
    atoms = bulk("Al", "fcc", a=4.0, cubic=True).repeat((2, 2, 1))
    neighbour = 1 + int(np.argmin(atoms.get_distances(0, range(1, len(atoms)), mic=True)))
    atoms.positions[neighbour] -= atoms.get_distance(0, neighbour, mic=True, vector=True) / 2
    del atoms[0]
    ase.io.write(folder / "hop.xyz", atoms)
    return "hop.xyz"


def test_the_structure_ends_at_a_minimum(nearsight: Run, hop: str) -> None:
    options = ("--fixed-cell", "--spectrum", "dense", "--json", "r.json")
    assert nearsight("heat-capacity", hop, *options) == 0
    held = json.loads(Path("r.json").read_text())
    assert held["modes"]["n_imaginary"] > 0
    assert nearsight("heat-capacity", hop, *options, "--follow-imaginary") == 0
    found = json.loads(Path("r.json").read_text())
    assert found["modes"]["n_imaginary"] == 0
    assert found["settings"]["follow_imaginary"] is True
    assert any("followed imaginary modes" in warning for warning in messages(found))
    assert not Path(".nearsight").exists()


def test_the_hessian_of_a_minimum_is_computed_once(
    nearsight: Run, structures_evaluated: list[int]
) -> None:
    found, numbers = [], []
    for options in ((), ("--follow-imaginary",)):
        structures_evaluated.clear()
        assert nearsight("vibrations", "copper.cif", *options, "--json", "r.json") == 0
        found.append(json.loads(Path("r.json").read_text()))
        numbers.append(sum(structures_evaluated))
    plain, following = found
    assert numbers[0] == numbers[1]
    assert following["modes"] == plain["modes"]
    assert following["hessian"]["rows_computed"] == following["hessian"]["rows_total"]
    assert not Path(".nearsight").exists()


def test_elastic_constants_take_the_hessian_in_which_modes_were_looked_for(
    nearsight: Run, structures_evaluated: list[int]
) -> None:
    found, numbers = [], []
    for options in ((), ("--follow-imaginary",)):
        structures_evaluated.clear()
        assert nearsight("elastic", "copper.cif", *options, "--json", "r.json") == 0
        found.append(json.loads(Path("r.json").read_text()))
        numbers.append(sum(structures_evaluated))
    plain, following = found
    assert numbers[0] == numbers[1]
    assert following["elasticity"] == plain["elasticity"]
    assert following["hessian"]["rows_computed"] == following["hessian"]["rows_total"]
    assert not Path(".nearsight").exists()


def test_the_hessian_of_a_supercell_is_not_that_of_its_cell(nearsight: Run) -> None:
    options = ("--supercell", "1", "1", "2", "--follow-imaginary", "--json", "r.json")
    assert nearsight("vibrations", "copper.cif", *options) == 0
    found = json.loads(Path("r.json").read_text())
    assert len(found["modes"]["wavenumbers_per_cm"]) == 3 * 8


ROWS = ("--spectrum", "dense")
PRODUCTS = ("--spectrum", "mesh", "--supercell", "1", "1", "1")


@pytest.mark.parametrize(("spectrum", "kept"), [(ROWS, "*.rows"), (PRODUCTS, "*.modes-0")])
def test_an_interruption_goes_on_in_the_round_where_it_was(
    nearsight: Run,
    hop: str,
    interrupt_after: Callable[[int], None],
    spectrum: Sequence[str],
    kept: str,
) -> None:
    options = ("--fixed-cell", *spectrum, "--follow-imaginary", "--json", "r.json")
    assert nearsight("heat-capacity", hop, *options) == 0
    whole = json.loads(Path("r.json").read_text())
    interrupt_after(whole["relaxation"]["steps"] + 60)
    assert nearsight("heat-capacity", hop, *options) == 130
    assert list(Path(".nearsight").glob(kept))
    assert nearsight("heat-capacity", hop, *options) == 0
    again = json.loads(Path("r.json").read_text())
    # An optimizer that starts anew ends elsewhere within the threshold of the force.
    assert again["heat_capacity"][0]["J_per_g_K"] == pytest.approx(
        whole["heat_capacity"][0]["J_per_g_K"], rel=1e-4
    )
    assert not Path(".nearsight").exists()


@pytest.mark.parametrize("command", ["heat-capacity", "elastic"])
@pytest.mark.parametrize(
    "how",
    [
        ("--follow-imaginary",),
        ("--symmetrize", "0.1"),
        ("--fixed-cell",),
        ("--optimizer", "BFGS"),
    ],
)
def test_what_says_how_to_relax_is_refused_where_nothing_is_relaxed(
    nearsight: Run,
    command: str,
    how: tuple[str, ...],
    structures_evaluated: list[int],
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert nearsight(command, "copper.cif", "--no-relax", *how) == 1
    errors = capsys.readouterr().err
    option = "--cell" if how[0] == "--fixed-cell" else how[0]
    said = " ".join(errors.split())
    assert f"{option} is about a relaxation, but --no-relax was given" in said
    assert not structures_evaluated


def test_the_memory_that_may_be_used_holds_for_the_search_for_modes(
    nearsight: Run, hop: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    budgets = []

    class Watched(HessianOperator):
        def __init__(self, *arguments: Any, **options: Any) -> None:
            budgets.append(options["memory_budget_bytes"])
            super().__init__(*arguments, **options)

    monkeypatch.setattr("nearsight.vibrations.minimum.HessianOperator", Watched)
    options = ("--fixed-cell", *PRODUCTS, "--follow-imaginary", "--memory", "1")
    assert nearsight("heat-capacity", hop, *options) == 0
    assert set(budgets) == {2**30}
