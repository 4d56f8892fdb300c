"""NequIP and Allegro behind the contract, against the calculator of their own package."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from ase import Atoms
from ase.build import bulk, molecule

from nearsight.derivatives.differences import SCHEMES
from nearsight.hessian.rows.kinds import Differences
from nearsight.models.contract import Model
from nearsight.models.engines.torch_graphs import graph_of
from nearsight.models.registry import load_model
from nearsight.testing import check_model

pytest.importorskip("nequip", reason="NequIP is not installed (nearsight models install nequip)")

from nearsight.models.families.nequip.compiled import double_precision_by_default

ARCHITECTURES = ("nequip", "allegro")
DTYPES = ("float64", "float32")


@pytest.fixture(scope="module", params=ARCHITECTURES)
def path(request: pytest.FixtureRequest, packaged_nequip: Callable[..., Path]) -> Path:
    """A package of each architecture in double precision."""
    return packaged_nequip(architecture=request.param)


@pytest.fixture(scope="module")
def model(path: Path) -> Model:
    """The model in the package, in double precision."""
    return load(path)


def load(path: Path, **settings: Any) -> Model:
    return load_model(f"nequip:{path}", device="cpu", trust=True, **settings)


def by_nequip(path: Path, atoms: Atoms) -> dict[str, Any]:
    """Return energy, forces, stress and atomic energies by nequip's calculator and graphs."""
    from nequip.integrations.ase import NequIPCalculator
    from nequip.integrations.utils import basic_transforms
    from nequip.model.saved_models import ModelFromPackage

    model = ModelFromPackage(str(path))["sole_model"].eval()
    names = model.type_names
    identical = {name: name for name in names}
    transforms = basic_transforms(model.metadata, float(model.metadata["r_max"]), names, identical)
    calculator = NequIPCalculator(model, "cpu", transforms=transforms)
    with double_precision_by_default():
        calculator.calculate(atoms)
    return calculator.results


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
    "molecule": lambda: molecule("CH3CH2OH", cell=[9.0] * 3),
    "triclinic crystal": triclinic,
    "slab": slab,
    "cell smaller than the cutoff": lambda: bulk("MgO", "rocksalt", a=4.25),
}


def assert_agree(model: Model, atoms: Atoms, expected: dict[str, Any], limit: float) -> None:
    periodic = bool(atoms.pbc.all())
    [found] = model.evaluate([atoms], stress=periodic)
    assert found.energy_eV == pytest.approx(float(expected["energy"]), abs=limit * len(atoms))
    np.testing.assert_allclose(found.forces_eV_per_A, expected["forces"], rtol=0, atol=limit)
    np.testing.assert_allclose(found.atomic_energies_eV, expected["energies"], rtol=0, atol=limit)
    if periodic:
        np.testing.assert_allclose(found.stress_eV_per_A3, expected["stress"], rtol=0, atol=limit)


@pytest.mark.parametrize("build", STRUCTURES.values(), ids=STRUCTURES.keys())
def test_energy_forces_and_stress_are_those_of_nequip(
    build: Callable[[], Atoms], path: Path, model: Model
) -> None:
    atoms = build()
    atoms.rattle(0.05, seed=3)
    expected = by_nequip(path, atoms)
    assert np.abs(expected["forces"]).max() > 1e-2
    assert_agree(model, atoms, expected, 1e-12)
    assert_agree(load(path, dtype="float32"), atoms, expected, 2e-5)


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_a_model_of_single_precision_is_also_a_double_one(
    architecture: str, packaged_nequip: Callable[..., Path]
) -> None:
    path = packaged_nequip("float32", architecture=architecture)
    atoms = triclinic()
    expected = by_nequip(path, atoms)
    for dtype in DTYPES:
        assert_agree(load(path, dtype=dtype), atoms, expected, 2e-5)
    [double] = load(path).evaluate([atoms])
    rounded = double.forces_eV_per_A.astype(np.float32)
    assert np.abs(double.forces_eV_per_A - rounded).max() > 0
    seed = (0, np.array([1.0, 0.0, 0.0]))
    scheme = Differences(SCHEMES["fourth-order"], 1e-3)
    [row], [differences] = load(path).rows(atoms, [seed]), scheme.rows(atoms, load(path), [seed])
    np.testing.assert_allclose(row, differences, rtol=0, atol=1e-6)  # nothing is rounded within


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_each_pair_of_elements_has_its_own_cutoff(
    architecture: str, packaged_nequip: Callable[..., Path]
) -> None:
    shorter = {"H": 1.5, "O": {"Mg": 2.2, "O": 2.5}}
    path = packaged_nequip(architecture=architecture, per_edge_type_cutoff=shorter)
    model = load(path)
    for build in (triclinic, STRUCTURES["molecule"]):
        atoms = build()
        assert_agree(model, atoms, by_nequip(path, atoms), 1e-12)
    assert model.capabilities.cutoff_A == 3.0
    lengths = [2.19, 2.21, 2.9, 3.1]  # Mg sees O up to 3.0 Å, O sees Mg up to 2.2 Å
    structures = [Atoms("MgO", [(0, 0, 0), (length, 0, 0)]) for length in lengths]
    counts = [len(graph_of(model._energy, [one]).senders) for one in structures]
    assert counts == [2, 1, 1, 0]


def test_analytic_rows_are_the_derivatives_of_the_forces(model: Model) -> None:
    seeds = [(0, np.array([0.6, 0.0, 0.8])), (3, np.array([0.0, 1.0, 0.0]))]
    scheme = Differences(SCHEMES["fourth-order"], 1e-4)
    for build in STRUCTURES.values():
        atoms = build() * (2, 1, 1)
        atoms.rattle(0.05, seed=20)
        analytic = np.stack(list(model.rows(atoms, seeds)))
        differences = np.stack(list(scheme.rows(atoms, model, seeds)))
        np.testing.assert_allclose(analytic, differences, rtol=0, atol=1e-7)
        batched = np.stack(list(model.rows(atoms, seeds, batch_size=2)))
        np.testing.assert_allclose(batched, analytic, rtol=0, atol=1e-12)


def test_atoms_without_neighbours_are_free_atoms(model: Model) -> None:
    free, water = Atoms("O"), molecule("H2O")
    apart = Atoms("OC", [(0, 0, 0), (9, 9, 9)], cell=[18.0] * 3, pbc=True)
    assert model.evaluate([]) == []
    alone, beside, again = model.evaluate([free, water, free])
    assert alone.energy_eV == again.energy_eV == pytest.approx(-3.0, abs=1e-12)
    [expected] = model.evaluate([water])
    np.testing.assert_allclose(beside.forces_eV_per_A, expected.forces_eV_per_A, rtol=0, atol=1e-12)
    [two] = model.evaluate([apart], stress=True)
    assert two.energy_eV == pytest.approx(-5.0, abs=1e-12)
    assert not two.forces_eV_per_A.any()


def test_allegro_sees_one_cutoff_and_nequip_one_a_layer(
    packaged_nequip: Callable[..., Path],
) -> None:
    chain = Atoms("MgOMg", [(0, 0, 0), (2.5, 0, 0), (5.0, 0.3, 0)])
    for architecture, field in (("nequip", 6.0), ("allegro", 3.0)):
        model = load(packaged_nequip(architecture=architecture))
        stated = model.capabilities
        assert (stated.cutoff_A, stated.receptive_field_A) == (3.0, field)
        assert stated.elements == frozenset({1, 6, 8, 12, 14})
        assert all((stated.conservative, stated.equivariant, stated.mirror_equivariant))
        assert stated.curvature_smooth is None
        assert model.facts.licence is None
        multiply = model.linearize(chain, centres=np.array([0]))
        moved = np.zeros((1, 3, 3))
        moved[0, 2] = [1.0, 0.0, 0.0]  # the far end, in the energy of the near end
        assert np.any(np.abs(multiply(moved)) > 1e-9) == (field > 5.0)


def test_axial_vectors_tell_mirror_images_apart(
    packaged_nequip: Callable[..., Path], displaced_quartz: Atoms
) -> None:
    path = packaged_nequip(
        irreps_edge_sh="1x0e+1x1e+1x2e",
        type_embed_num_features=4,
        feature_irreps_hidden=["4x0e+4x1e+4x2e", "4x0e+4x1e+4x2e", "4x0e"],
        radial_mlp_depth=[1] * 3,
        radial_mlp_width=[8] * 3,
    )
    model = load(path)
    assert model.capabilities.equivariant is True
    assert model.capabilities.mirror_equivariant is False
    mirrored = displaced_quartz.copy()
    mirrored.set_cell(displaced_quartz.cell.array * [1, 1, -1])
    mirrored.positions = displaced_quartz.positions * [1, 1, -1]
    one, other = (found.energy_eV for found in model.evaluate([displaced_quartz, mirrored]))
    assert abs(one - other) > 1e-9


@pytest.mark.parametrize("dtype", DTYPES)
def test_contract_is_kept(path: Path, dtype: str, mgo: Atoms) -> None:
    # Stretched, so that no shell of neighbours lies on the cutoff of 3 Å: rocksalt has one there.
    mgo.set_cell(mgo.cell * 1.02, scale_atoms=True)
    report = check_model(
        load(path, dtype=dtype), {"MgO": mgo, "CO2": molecule("CO2")}, progress=False
    )
    assert not report.failures, str(report)
    assert sum(check.applies for check in report.checks) >= 24


def test_loading_changes_nothing_in_the_process(path: Path) -> None:
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    before = torch.get_default_dtype()
    load(path)
    assert torch.get_default_dtype() is before
    assert torch.equal(torch.rand(3), expected)
