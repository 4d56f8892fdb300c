"""Exported metatomic models behind the contract, against metatomic's own calculator."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk, molecule

from nearsight.derivatives.differences import SCHEMES
from nearsight.hessian.rows.kinds import Differences
from nearsight.models.contract import Model
from nearsight.models.registry import load_model
from nearsight.testing import check_model

pytest.importorskip(
    "metatomic", reason="metatomic is not installed (nearsight models install metatomic)"
)
pytest.importorskip("metatrain", reason="the tests of metatomic need metatrain for a PET")

# Exporting compiles to TorchScript, and so do the helpers of metatomic's own calculator.
pytestmark = pytest.mark.filterwarnings("ignore:.torch.jit.* is deprecated:DeprecationWarning")

DTYPES = ("float64", "float32")


@pytest.fixture(scope="module")
def saved_pet(
    random_pet: Callable[..., Any], tmp_path_factory: pytest.TempPathFactory
) -> Callable[..., Path]:
    """Return a function: export a random PET to a file."""

    def save(dtype: str = "float64", **changes: Any) -> Path:
        path = tmp_path_factory.mktemp("pet") / f"{dtype}.pt"
        random_pet(dtype, **changes).export().save(path)
        return path

    return save


@pytest.fixture(scope="module")
def path(saved_pet: Callable[..., Path]) -> Path:
    """An exported PET in double precision."""
    return saved_pet()


@pytest.fixture(scope="module")
def model(path: Path) -> Model:
    """The model in that file."""
    return load(path)


def load(path: Path, **settings: Any) -> Any:
    return load_model(f"metatomic:{path}", device="cpu", trust=True, **settings)


def own_calculator(path: Path) -> Any:
    """Return the calculator of metatomic, with its own lists of neighbours."""
    from metatomic_ase import MetatomicCalculator

    return MetatomicCalculator(path, device="cpu")


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
    "cell smaller than the cutoff": lambda: bulk("MgO", "rocksalt", a=4.25) * (2, 1, 1),
}


def assert_agree(model: Model, atoms: Atoms, calculator: Any, limit: float) -> None:
    expected = atoms.copy()
    expected.calc = calculator
    periodic = bool(atoms.pbc.all())
    [found] = model.evaluate([atoms], stress=periodic)
    energy, forces = expected.get_potential_energy(), expected.get_forces()
    assert np.abs(forces).max() > 0.1
    assert found.energy_eV == pytest.approx(energy, abs=limit * len(atoms))
    np.testing.assert_allclose(found.forces_eV_per_A, forces, rtol=0, atol=limit)
    if found.atomic_energies_eV is not None:
        energies = expected.get_potential_energies()
        np.testing.assert_allclose(found.atomic_energies_eV, energies, rtol=0, atol=limit)
    if periodic:
        stress = expected.get_stress()
        np.testing.assert_allclose(found.stress_eV_per_A3, stress, rtol=0, atol=limit)


@pytest.mark.parametrize("build", STRUCTURES.values(), ids=STRUCTURES.keys())
def test_energy_forces_and_stress_are_those_of_metatomic(
    build: Callable[[], Atoms], path: Path, model: Model
) -> None:
    atoms = build()
    atoms.rattle(0.05, seed=3)
    calculator = own_calculator(path)
    assert_agree(model, atoms, calculator, 1e-12)
    assert_agree(load(path, dtype="float32"), atoms, calculator, 5e-5)


def test_a_model_of_single_precision_is_also_a_double_one(saved_pet: Callable[..., Path]) -> None:
    path = saved_pet("float32")
    atoms = triclinic()
    for dtype in DTYPES:
        assert_agree(load(path, dtype=dtype), atoms, own_calculator(path), 5e-5)
    seed = (0, np.array([1.0, 0.0, 0.0]))
    scheme = Differences(SCHEMES["fourth-order"], 1e-4)
    [row], [differences] = load(path).rows(atoms, [seed]), scheme.rows(atoms, load(path), [seed])
    np.testing.assert_allclose(row, differences, rtol=0, atol=1e-6)  # nothing is rounded within


def test_analytic_rows_are_the_derivatives_of_the_forces(model: Model) -> None:
    seeds = [(0, np.array([0.6, 0.0, 0.8])), (3, np.array([0.0, 1.0, 0.0]))]
    scheme = Differences(SCHEMES["fourth-order"], 1e-4)
    for build in STRUCTURES.values():
        atoms = build()
        atoms.rattle(0.05, seed=20)
        analytic = np.stack(list(model.rows(atoms, seeds)))
        differences = np.stack(list(scheme.rows(atoms, model, seeds)))
        np.testing.assert_allclose(analytic, differences, rtol=0, atol=1e-7)
        batched = np.stack(list(model.rows(atoms, seeds, batch_size=2)))
        np.testing.assert_allclose(batched, analytic, rtol=0, atol=1e-12)


def test_atoms_without_neighbours_keep_to_themselves(model: Model) -> None:
    free, water = Atoms("O"), molecule("H2O")
    apart = Atoms("OC", [(0, 0, 0), (9, 9, 9)], cell=[18.0] * 3, pbc=True)
    assert model.evaluate([]) == []
    alone, beside, again = model.evaluate([free, water, free])
    assert alone.energy_eV == again.energy_eV
    [expected] = model.evaluate([water])
    np.testing.assert_allclose(beside.forces_eV_per_A, expected.forces_eV_per_A, rtol=0, atol=1e-12)
    [two] = model.evaluate([apart], stress=True)
    assert two.atomic_energies_eV is not None
    assert two.atomic_energies_eV[0] == pytest.approx(alone.energy_eV, abs=1e-12)
    assert not two.forces_eV_per_A.any()


def test_pet_does_not_turn_with_a_structure_and_says_so(
    model: Model, displaced_water: Atoms, turn: np.ndarray
) -> None:
    stated = model.capabilities
    assert (stated.equivariant, stated.mirror_equivariant) == (False, False)
    assert (stated.conservative, stated.differentiable, stated.size_consistent) == (True,) * 3
    assert (stated.cutoff_A, stated.receptive_field_A) == (3.0, 6.0)
    assert stated.elements == frozenset({1, 6, 8, 12, 14})
    turned = displaced_water.copy()
    turned.positions = turned.positions @ turn
    one, other = (found.energy_eV for found in model.evaluate([displaced_water, turned]))
    assert abs(one - other) > 1e-4


def test_an_adaptive_cutoff_looks_one_cutoff_further(saved_pet: Callable[..., Path]) -> None:
    model = load(saved_pet(num_neighbors_adaptive=3))
    assert model.capabilities.receptive_field_A == 9.0
    chain = Atoms("MgO" * 6, [(1.4 * i, 0.2 * (i % 3), 0.1 * (i % 2)) for i in range(12)])
    directions = np.zeros((12, 12, 3))
    directions[range(12), range(12)] = [0.6, 0.0, 0.8]
    products = model.linearize(chain, centres=np.array([0]))(directions)
    moves = np.abs(products).max(axis=(1, 2))
    distances = np.linalg.norm(chain.positions - chain.positions[0], axis=1)
    assert not moves[distances > 9.0].any()
    assert moves[(distances > 3.0) & (distances < 6.0)].any()


def test_long_range_parts_have_no_receptive_field(saved_pet: Callable[..., Path]) -> None:
    from nearsight.models.families.metatomic import load as metatomic

    class Stated:
        interaction_range = 6.0
        length_unit = "angstrom"
        atomic_types = (1, 8)
        outputs = {"energy": type("Output", (), {"sample_kind": "atom"})}  # noqa: RUF012

    class Request:
        def engine_cutoff(self, unit: str) -> float:
            return 3.0

    class Model:
        module = type("Module", (), {"original_name": "PET", "long_range": True})

        def capabilities(self) -> Any:
            return Stated

        def requested_neighbor_lists(self) -> list[Any]:
            return [Request()]

    stated = metatomic._capabilities(Model(), "energy")
    assert (stated.receptive_field_A, stated.size_consistent) == (None, None)


@pytest.mark.parametrize("dtype", DTYPES)
def test_contract_is_kept(path: Path, dtype: str, mgo: Atoms) -> None:
    # Stretched, so that no shell of neighbours lies on the cutoff of 3 Å: rocksalt has one there.
    mgo.set_cell(mgo.cell * 1.02, scale_atoms=True)
    report = check_model(
        load(path, dtype=dtype), {"MgO": mgo, "CO2": molecule("CO2")}, progress=False
    )
    assert not report.failures, str(report)
    assert sum(check.applies for check in report.checks) >= 20
