"""MACE behind the contract, against the calculator of its own package."""

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import ase.io
import numpy as np
import pytest
import torch
from ase import Atoms
from ase.build import bulk, molecule

from nearsight.cli.main import main
from nearsight.errors import ModelError
from nearsight.models.contract import Model
from nearsight.models.families import FAMILIES
from nearsight.models.registry import load_model
from nearsight.testing import check_model
from nearsight.testing.structures import examination_structures

pytestmark = pytest.mark.skipif(
    FAMILIES["mace"].obstacle is not None, reason="the tests of MACE need mace-torch"
)


def own_calculator(path: Path, dtype: str, **settings: Any) -> Any:
    """Return the calculator that comes with MACE."""
    from nearsight.models.families.mace.importing import safe_loading_kept

    with safe_loading_kept():
        from mace.calculators import MACECalculator
    model = torch.load(path, weights_only=False)
    return MACECalculator(models=[model], device="cpu", default_dtype=dtype, **settings)


def load(path: Path, **settings: Any) -> Any:
    return load_model(f"mace:{path}", device="cpu", trust=True, **settings)


def triclinic() -> Atoms:
    random = np.random.default_rng(4)
    cell = 4.2 * np.eye(3) + random.uniform(-0.8, 0.8, size=(3, 3))
    scaled = [[0, 0, 0], [0.5, 0.5, 0.4], [0.5, 0, 0.5], [0, 0.5, 0]]
    return Atoms("MgOMgO", scaled_positions=scaled, cell=cell, pbc=True)


def slab() -> Atoms:
    atoms = bulk("MgO", "rocksalt", a=4.25, cubic=True)
    atoms.center(vacuum=6.0, axis=2)
    atoms.pbc = (True, True, False)
    return atoms


STRUCTURES: dict[str, Callable[[], Atoms]] = {
    "molecule": lambda: molecule("CH3CH2OH"),
    "triclinic crystal": triclinic,
    "slab": slab,
    "cell smaller than the cutoff": lambda: bulk("MgO", "rocksalt", a=4.25),
}


@pytest.mark.parametrize("build", STRUCTURES.values(), ids=STRUCTURES.keys())
def test_energy_forces_and_stress_are_those_of_mace(
    build: Callable[[], Atoms], tiny_mace_path: Path
) -> None:
    atoms = build()
    atoms.rattle(0.05, seed=3)
    periodic = bool(atoms.pbc.all())
    [found] = load(tiny_mace_path).evaluate([atoms], stress=periodic)
    expected = atoms.copy()
    expected.calc = own_calculator(tiny_mace_path, "float64")
    assert found.energy_eV == pytest.approx(expected.get_potential_energy(), abs=1e-12 * len(atoms))
    largest = np.abs(expected.get_forces()).max()
    assert largest > 0.1
    rounding = 1e-12 * max(largest, 1.0)  # sums are taken in another order
    np.testing.assert_allclose(found.forces_eV_per_A, expected.get_forces(), rtol=0, atol=rounding)
    np.testing.assert_allclose(
        found.atomic_energies_eV, expected.calc.results["energies"], rtol=0, atol=1e-12
    )
    if periodic:
        stress = expected.get_stress()
        assert np.abs(stress).max() > 1e-2
        np.testing.assert_allclose(found.stress_eV_per_A3, stress, rtol=0, atol=1e-13)


@pytest.mark.parametrize("build", STRUCTURES.values(), ids=STRUCTURES.keys())
def test_single_precision_is_as_near_to_double_precision_as_that_of_mace(
    build: Callable[[], Atoms], tiny_mace_path: Path
) -> None:
    atoms = build()
    atoms.rattle(0.05, seed=3)
    # In single precision MACE's own numbers depend on where the origin is; ours is here.
    atoms.positions -= atoms.positions.mean(axis=0)
    [found] = load(tiny_mace_path, dtype="float32").evaluate([atoms])
    exact, theirs = (
        own_calculator(tiny_mace_path, dtype).get_forces(atoms) for dtype in ("float64", "float32")
    )
    errors = [np.abs(each - exact).max() for each in (found.forces_eV_per_A, theirs)]
    assert errors[0] < 2 * max(errors[1], 1e-6 * np.abs(exact).max())


@pytest.mark.parametrize("build", STRUCTURES.values(), ids=STRUCTURES.keys())
def test_rows_are_those_of_mace(
    build: Callable[[], Atoms], tiny_mace: Model, tiny_mace_path: Path
) -> None:
    atoms = build()
    atoms.rattle(0.05, seed=3)
    n = len(atoms)
    expected = own_calculator(tiny_mace_path, "float64").get_hessian(atoms).reshape(n, 3, n, 3)
    seeds = [(atom, axis) for atom in range(n) for axis in np.eye(3)]
    for batch_size in (1, 4):
        rows = np.stack(list(tiny_mace.rows(atoms, seeds, batch_size=batch_size)))
        assert np.abs(rows).max() > 1
        np.testing.assert_allclose(rows.reshape(n, 3, n, 3), expected, rtol=0, atol=1e-11)


def test_plain_mace_with_repulsion_and_without_scale(
    saved_mace: Callable[..., Path], tmp_path: Path
) -> None:
    from nearsight.models.families.mace.importing import MACE

    path = saved_mace(MACE, tmp_path / "plain.model", pair_repulsion=True)
    atoms = triclinic()
    expected = atoms.copy()
    expected.calc = own_calculator(path, "float64")
    [found] = load(path).evaluate([atoms], stress=True)
    assert found.energy_eV == pytest.approx(expected.get_potential_energy(), abs=1e-12)
    assert np.abs(found.forces_eV_per_A).max() > 1e-3
    np.testing.assert_allclose(found.forces_eV_per_A, expected.get_forces(), atol=1e-13)
    np.testing.assert_allclose(found.stress_eV_per_A3, expected.get_stress(), atol=1e-13)


def test_other_building_blocks_are_followed(
    saved_mace: Callable[..., Path], tmp_path: Path
) -> None:
    from mace.modules import interaction_classes

    from nearsight.models.families.mace.importing import ScaleShiftMACE

    changes = {
        "interaction_cls": interaction_classes["RealAgnosticResidualNonLinearInteractionBlock"],
        "interaction_cls_first": interaction_classes["RealAgnosticDensityInteractionBlock"],
        "correlation": 3,
        "distance_transform": "Agnesi",
        "pair_repulsion": True,
        "atomic_inter_scale": 5.0,
        "num_interactions": 3,
    }
    path = saved_mace(ScaleShiftMACE, tmp_path / "other.model", **changes)
    model = load(path)
    assert model.capabilities.receptive_field_A == pytest.approx(9.0)
    atoms = molecule("CH3CH2OH")
    atoms.rattle(0.05, seed=3)
    calculator = own_calculator(path, "float64")
    expected = calculator.get_hessian(atoms).reshape(9, 3, 27)[4]
    rows = np.stack(list(model.rows(atoms, [(4, axis) for axis in np.eye(3)])))
    assert np.abs(rows).max() > 1
    np.testing.assert_allclose(rows.reshape(3, 27), expected, rtol=0, atol=1e-11)


@pytest.mark.parametrize("correlation", [1, 3, 4])  # the last is left to MACE
def test_contractions_of_each_order_are_those_of_mace(
    saved_mace: Callable[..., Path], tmp_path: Path, correlation: int
) -> None:
    from nearsight.models.families.mace.importing import ScaleShiftMACE

    irreps = import_module("e3nn.o3").Irreps  # which can be imported behind MACE only
    path = saved_mace(
        ScaleShiftMACE,
        tmp_path / "order.model",
        correlation=correlation,
        hidden_irreps=irreps("4x0e + 4x1o + 4x2e"),
    )
    atoms = molecule("CH3OH")
    atoms.rattle(0.05, seed=3)
    expected = own_calculator(path, "float64").get_hessian(atoms).reshape(6, 3, 18)[1]
    assert np.abs(expected).max() > 0.1
    seeds = [(1, axis) for axis in np.eye(3)]
    for batch_size in (1, 3):
        rows = np.stack(list(load(path).rows(atoms, seeds, batch_size=batch_size)))
        np.testing.assert_allclose(rows.reshape(3, 18), expected, rtol=0, atol=1e-11)


def test_keeps_the_contract(tiny_mace: Model) -> None:
    structures = {n: atoms for n, atoms in examination_structures().items() if n != "MOF-5"}
    report = check_model(tiny_mace, structures)
    assert report.passed, str(report)
    skipped = {(check.name, check.structure) for check in report.checks if not check.applies}
    assert skipped == {
        ("stress = dE/dε / V", "CO2"),
        ("supercell extensivity", "CO2"),
        ("forces mirrored with structure", "CO2"),  # three atoms lie in a plane
    }


def test_supercell_and_batch_repeat_the_cell(tiny_mace: Model) -> None:
    cell = triclinic()
    cell.rattle(0.05, seed=3)
    supercell = cell * (2, 1, 2)
    single, molecular = tiny_mace.evaluate([cell])[0], tiny_mace.evaluate([molecule("H2O")])[0]
    first, second, third = tiny_mace.evaluate([supercell, molecule("H2O"), cell])
    assert first.energy_eV == pytest.approx(4 * single.energy_eV, abs=1e-11)
    np.testing.assert_allclose(
        first.forces_eV_per_A, np.tile(single.forces_eV_per_A, (4, 1)), rtol=0, atol=1e-11
    )
    assert second.energy_eV == pytest.approx(molecular.energy_eV, abs=1e-12)
    np.testing.assert_allclose(third.forces_eV_per_A, single.forces_eV_per_A, rtol=0, atol=1e-12)
    seeds = [(2, np.array([0.0, 0.6, 0.8]))]
    [row], [large] = tiny_mace.rows(cell, seeds), tiny_mace.rows(supercell, seeds)
    np.testing.assert_allclose(large.reshape(4, 4, 3).sum(axis=0), row, rtol=0, atol=1e-11)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_atoms_without_neighbours_are_free_atoms(tiny_mace_path: Path, dtype: str) -> None:
    model = load(tiny_mace_path, dtype=dtype)
    free, water = Atoms("O"), molecule("H2O")
    apart = Atoms("OC", [(0, 0, 0), (9, 9, 9)], cell=[18.0] * 3, pbc=True)
    assert model.evaluate([]) == []
    alone, beside, again = model.evaluate([free, water, free])
    # the atom of the conftest, -3 eV, with the shift of 0.1 eV
    assert alone.energy_eV == again.energy_eV == pytest.approx(-2.9, abs=1e-6)
    [expected] = model.evaluate([water])
    limit = 1e-12 if dtype == "float64" else 1e-5
    np.testing.assert_allclose(beside.forces_eV_per_A, expected.forces_eV_per_A, rtol=0, atol=limit)
    [two] = model.evaluate([apart], stress=True)
    assert two.energy_eV == pytest.approx(-4.8, abs=1e-6)
    assert not two.forces_eV_per_A.any()
    assert not two.stress_eV_per_A3.any()
    rows = model.rows(apart, [(0, np.eye(3)[0]), (1, np.eye(3)[1])], batch_size=2)
    assert not np.stack(list(rows)).any()
    assert not model.linearize(free, strain=True)(np.ones((1, 9))).any()


def test_says_what_it_is(tiny_mace: Model, tiny_mace_path: Path) -> None:
    assert tiny_mace.identity.name == f"mace:{tiny_mace_path}"
    assert (tiny_mace.identity.family, tiny_mace.identity.options) == ("mace", {})
    stated = tiny_mace.capabilities
    assert stated.elements == frozenset({1, 6, 8, 12, 14})
    assert (stated.cutoff_A, stated.receptive_field_A) == (3.0, 6.0)
    assert stated.curvature_smooth is None
    assert tiny_mace.facts.licence is None


def test_a_file_relaxes_and_gives_a_heat_capacity(
    tiny_mace_path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ase.io.write(tmp_path / "mgo.cif", bulk("MgO", "rocksalt", a=4.1))
    model = ["--model", f"mace:{tiny_mace_path}", "--trust-checkpoint"]
    assert main(["heat-capacity", str(tmp_path / "mgo.cif"), *model, "--spectrum", "dense"]) == 0
    output = capsys.readouterr().out
    assert "converged after" in output
    assert "3 real" in output
    assert "0 imaginary" in output


@pytest.fixture(scope="module")
def two_heads(saved_mace: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model with two heads, none of which is the default."""
    from nearsight.models.families.mace.importing import ScaleShiftMACE

    return saved_mace(
        ScaleShiftMACE,
        tmp_path_factory.mktemp("heads") / "two.model",
        heads=["pbe", "r2scan"],
        atomic_energies=np.array([[-1.0, -2.0, -3.0, -4.0, -5.0], [-2.0, -4.0, -6.0, -8.0, -9.0]]),
        atomic_inter_scale=[50.0, 40.0],
        atomic_inter_shift=[0.1, 0.2],
    )


def test_each_head_is_a_model_of_its_own(two_heads: Path) -> None:
    atoms = molecule("CH3CH2OH")
    atoms.rattle(0.05, seed=3)
    energies = []
    for head in ("pbe", "r2scan"):
        model = load_model(f"mace:{two_heads}#{head}", device="cpu", trust=True)
        assert model.identity.options == {"head": head}
        [found] = model.evaluate([atoms])
        atoms.calc = own_calculator(two_heads, "float64", head=head)
        assert found.energy_eV == pytest.approx(atoms.get_potential_energy(), abs=1e-11)
        np.testing.assert_allclose(found.forces_eV_per_A, atoms.get_forces(), rtol=0, atol=1e-12)
        energies.append(found.energy_eV)
    assert abs(energies[0] - energies[1]) > 1


def test_a_head_must_be_chosen_and_be_there(two_heads: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"several heads .* one of pbe, r2scan as in mace:.*#pbe"):
        load(two_heads)
    with pytest.raises(ModelError, match="has no head 'PBE'; choose one of pbe, r2scan"):
        load_model(f"mace:{two_heads}#PBE", device="cpu", trust=True)
    named = tmp_path / "odd#name.model"
    model = torch.load(two_heads, weights_only=False)
    model.heads = ["pt_head", "Default"]
    torch.save(model, named)
    assert load(named).identity.options == {"head": "Default"}
