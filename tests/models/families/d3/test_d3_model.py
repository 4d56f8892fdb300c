"""D3(BJ) as a model: what it states, the conformance kit, and the verb on top of it."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk, molecule

pytest.importorskip("torch_dftd", reason="the parameters of D3 are in torch-dftd")

from nearsight.errors import ModelError
from nearsight.fingerprint import fingerprint
from nearsight.hessian import hessian
from nearsight.models.contract import Model
from nearsight.models.registry import load_model
from nearsight.provenance import ModelIdentity
from nearsight.testing import check_model
from nearsight.testing.structures import displaced

JUMPS = {"forces = -dE/dr", "stress = dE/dε / V", "rows = differences"}
"""What differences over less than 1e-3 Å measure, where they see pairs cross the cutoff."""


@pytest.fixture(scope="module")
def d3() -> Model:
    return load_model("d3:pbe")


def test_it_states_what_decides_its_numbers(d3: Model) -> None:
    identity = d3.identity
    assert (identity.name, identity.family, identity.device) == ("d3:pbe", "d3", "cpu")
    assert identity.options["functional"] == "pbe"
    assert identity.options["damping"] == "bj"
    assert identity.options["cutoff_A"] == pytest.approx(50.27, abs=0.01)
    assert identity.options["coordination_cutoff_A"] == pytest.approx(21.17, abs=0.01)
    assert ModelIdentity.from_json(identity.to_json()) == identity
    other = load_model("d3:revPBE").identity
    assert other.name == "d3:revpbe"
    settings = {"rows": "analytic"}
    atoms = molecule("H2O")
    assert fingerprint(atoms, identity, settings) != fingerprint(atoms, other, settings)


def test_it_runs_on_the_cpu_only() -> None:
    assert load_model("d3:pbe", device="auto").identity.device == "cpu"
    with pytest.raises(ModelError, match=r"'cuda' cannot be chosen for d3:pbe: .* on the CPU"):
        load_model("d3:pbe", device="cuda")


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_it_keeps_the_contract_for_molecules(dtype: str) -> None:
    report = check_model(
        load_model("d3:pbe", dtype=dtype),
        {"C2H6": molecule("C2H6"), "CO2": molecule("CO2")},
        progress=False,
    )
    assert report.passed, str(report)


def test_it_keeps_the_contract_for_a_crystal_where_no_pair_crosses_the_cutoff(
    d3: Model, mgo: Atoms, calm_cutoffs: Callable[[Atoms], None]
) -> None:
    calm_cutoffs(displaced(mgo))  # as the kit displaces it
    report = check_model(d3, {"MgO": mgo}, progress=False)
    assert report.passed, str(report)


@pytest.mark.parametrize("structure", [bulk("MgO", "rocksalt", a=4.25), bulk("Si", a=5.469)])
def test_at_its_own_cutoffs_only_small_differences_see_the_jumps(
    d3: Model, structure: Atoms
) -> None:
    report = check_model(d3, {"crystal": structure}, progress=False)
    assert {check.name for check in report.failures} <= JUMPS
    assert all(check.measured < 5e-5 for check in report.failures)


def test_the_verb_takes_analytic_rows_and_keeps_them_on_disk(
    d3: Model, displaced_quartz: Atoms, tmp_path: Path
) -> None:
    result = hessian(displaced_quartz, d3, progress=False)
    assert result.method in ("rows", "batched")
    assert result.asymmetry_eV_per_A2 < 1e-14
    path = tmp_path / "d3.npz"
    result.save(path)
    again = type(result).load(path)
    assert again.provenance == result.provenance
    assert again.provenance.model.options["functional"] == "pbe"
    assert "torch-dftd" in again.provenance.versions


def test_curvature_of_a_crystal_is_that_of_differences_at_vibrational_steps(
    d3: Model, displaced_quartz: Atoms
) -> None:
    analytic = hessian(displaced_quartz, d3, "rows", progress=False).matrix_eV_per_A2
    differences = hessian(
        displaced_quartz, d3, "central-difference", step_A=0.01, progress=False
    ).matrix_eV_per_A2
    assert np.abs(analytic - differences).max() < 1e-3 * np.abs(analytic).max()
