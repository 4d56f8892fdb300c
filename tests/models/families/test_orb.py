"""Orb behind the contract, against the calculator of its own package."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from ase import Atoms
from ase.build import bulk, molecule

from nearsight.errors import ModelError
from nearsight.hessian import hessian
from nearsight.models.contract import Model
from nearsight.models.registry import load_model
from nearsight.testing import check_model
from nearsight.testing.structures import examination_structures
from nearsight.vibrations import vibrations

pytest.importorskip("orb_models", reason="the tests of Orb need orb-models")

CONSERVATIVE = "orb-v3-conservative-inf-omat"
DIRECT = "orb-v3-direct-inf-omat"
CHARGED = {"charge": 1, "spin": 2}
PRECISIONS = {"float64": "float64", "float32": "float32-highest"}


def load(path: Path, **settings: Any) -> Model:
    options = "?charge=1&spin=2" if "omol" in path.stem else ""
    return load_model(f"orb:{path}#{path.stem}{options}", device="cpu", **settings)


def own_calculator(path: Path, dtype: str) -> Any:
    """Return the calculator that comes with Orb."""
    from orb_models.forcefield import pretrained
    from orb_models.forcefield.calculator import ORBCalculator

    own = pretrained.ORB_PRETRAINED_MODELS[path.stem](
        weights_path=str(path), device="cpu", precision=PRECISIONS[dtype], compile=False
    )
    return ORBCalculator(own, device="cpu")


@pytest.fixture
def package_precision() -> Any:
    """Set back what the package's own calculator changes for the whole process."""
    before = torch.get_default_dtype(), torch.get_float32_matmul_precision()
    torch.set_default_dtype(torch.float32)
    yield
    torch.set_default_dtype(before[0])
    torch.set_float32_matmul_precision(before[1])


def triclinic() -> Atoms:
    random = np.random.default_rng(4)
    cell = 4.2 * np.eye(3) + random.uniform(-0.8, 0.8, size=(3, 3))
    scaled = [[0, 0, 0], [0.5, 0.5, 0.4], [0.5, 0, 0.5], [0, 0.5, 0]]
    return Atoms("MgOMgO", scaled_positions=scaled, cell=cell, pbc=True)


def molecule_in_a_box() -> Atoms:
    atoms = molecule("H2O")
    atoms.center(vacuum=4.0)
    return atoms


STRUCTURES: dict[str, Callable[[], Atoms]] = {
    "molecule": lambda: molecule("CH3CH2OH"),
    "molecule in a box": molecule_in_a_box,
    "triclinic crystal": triclinic,
    "crystal of more neighbours than are kept": lambda: bulk("C", "diamond", a=3.57),
}


@pytest.mark.usefixtures("package_precision")
@pytest.mark.parametrize(("dtype", "limit"), [("float64", 1e-12), ("float32", 2e-5)])
@pytest.mark.parametrize(
    "architecture",
    [
        CONSERVATIVE,
        DIRECT,
        "orb-v3-conservative-20-mpa",
        "orb-v3-direct-20-mpa",
        "orb-v3-conservative-omol",
        "orb-v3-direct-omol",
    ],
)
def test_energy_forces_and_stress_are_those_of_orb(
    architecture: str, saved_orb: Callable[[str], Path], dtype: str, limit: float
) -> None:
    path = saved_orb(architecture)
    model, calculator = load(path, dtype=dtype), own_calculator(path, dtype)
    for build in STRUCTURES.values():
        atoms = build()
        atoms.rattle(0.05, seed=3)
        if "omol" in architecture:
            atoms.info.update(CHARGED)
        periodic = bool(atoms.pbc.all()) and "omol" not in architecture
        [found] = model.evaluate([atoms], stress=periodic)
        expected = atoms.copy()
        expected.calc = calculator
        energy = expected.get_potential_energy()
        assert found.energy_eV == pytest.approx(energy, abs=limit * len(atoms))
        forces = expected.get_forces()
        np.testing.assert_allclose(found.forces_eV_per_A, forces, rtol=0, atol=limit)
        if periodic:
            stress = expected.get_stress()
            np.testing.assert_allclose(found.stress_eV_per_A3, stress, rtol=0, atol=limit)


@pytest.mark.usefixtures("package_precision")
@pytest.mark.parametrize("architecture", [CONSERVATIVE, DIRECT])
def test_a_linear_molecule_has_the_forces_of_orb(
    architecture: str, saved_orb: Callable[[str], Path]
) -> None:
    path = saved_orb(architecture)
    atoms = molecule("CO2")
    atoms.positions[0, 2] += 0.03
    [found] = load(path).evaluate([atoms])
    atoms.calc = own_calculator(path, "float64")
    np.testing.assert_allclose(found.forces_eV_per_A, atoms.get_forces(), rtol=0, atol=1e-10)


@pytest.mark.usefixtures("package_precision")
def test_version_2_has_the_numbers_of_orb(saved_orb: Callable[[str], Path]) -> None:
    path = saved_orb("orb-v2")
    model = load(path)
    atoms = triclinic() * (2, 2, 2)
    atoms.rattle(0.05, seed=3)  # so that no neighbours are equally far
    [found] = model.evaluate([atoms], stress=True)
    atoms.calc = own_calculator(path, "float64")
    assert found.energy_eV == pytest.approx(atoms.get_potential_energy(), abs=1e-11)
    np.testing.assert_allclose(found.forces_eV_per_A, atoms.get_forces(), rtol=0, atol=1e-12)
    np.testing.assert_allclose(found.stress_eV_per_A3, atoms.get_stress(), rtol=0, atol=1e-12)
    assert model.capabilities.conservative is False
    assert model.capabilities.curvature_smooth is False


@pytest.mark.parametrize("architecture", [CONSERVATIVE, DIRECT])
def test_rows_are_differences_of_the_forces(
    architecture: str, saved_orb: Callable[[str], Path], displaced_water: Atoms
) -> None:
    model = load(saved_orb(architecture))
    analytic = hessian(displaced_water, model, "rows", progress=False)
    differences = hessian(displaced_water, model, "fourth-order", progress=False)
    assert np.abs(analytic.matrix_eV_per_A2).max() > 1e-2
    np.testing.assert_allclose(
        analytic.matrix_eV_per_A2, differences.matrix_eV_per_A2, rtol=0, atol=1e-8
    )
    batched = hessian(displaced_water, model, "batched", progress=False)
    np.testing.assert_allclose(
        analytic.matrix_eV_per_A2, batched.matrix_eV_per_A2, rtol=0, atol=1e-12
    )


def test_the_hessian_of_a_conservative_model_is_symmetric(
    saved_orb: Callable[[str], Path],
) -> None:
    found = hessian(triclinic(), load(saved_orb(CONSERVATIVE)), progress=False)
    assert np.abs(found.matrix_eV_per_A2).max() > 0.1
    assert found.asymmetry_eV_per_A2 < 1e-12
    assert found.sum_rule_eV_per_A2 < 1e-12


def test_the_jacobian_of_a_direct_model_is_not(
    saved_orb: Callable[[str], Path], displaced_water: Atoms
) -> None:
    found = hessian(displaced_water, load(saved_orb(DIRECT)), progress=False)
    assert found.asymmetry_eV_per_A2 > 0.01
    assert found.sum_rule_eV_per_A2 < 1e-12
    # Orb takes the mean off its forces.
    assert found.net_force_change_eV_per_A2 < 1e-12
    assert np.isfinite(vibrations(found).wavenumbers_per_cm).all()


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("architecture", [CONSERVATIVE, DIRECT])
def test_keeps_the_contract(
    architecture: str, dtype: str, saved_orb: Callable[[str], Path]
) -> None:
    structures = {n: atoms for n, atoms in examination_structures().items() if n != "MOF-5"}
    report = check_model(load(saved_orb(architecture), dtype=dtype), structures, progress=False)
    assert report.passed, str(report)
    skipped = {check.name for check in report.checks if not check.applies}
    assert {"forces turn with structure", "size consistency"} <= skipped
    assert not {"rows = differences", "products = rows", "curvature smooth"} & skipped


def test_says_what_it_is(saved_orb: Callable[[str], Path]) -> None:
    model = load(saved_orb(CONSERVATIVE))
    stated = model.capabilities
    assert stated.conservative
    assert (stated.equivariant, stated.size_consistent) == (False, False)
    assert not stated.atomic_energies
    assert (stated.cutoff_A, stated.receptive_field_A) == (6.0, None)
    assert stated.curvature_smooth is None
    assert model.facts.level_of_theory is None
    assert model.identity.checkpoint_sha256 is not None
    assert load(saved_orb("orb-v3-conservative-20-omat")).capabilities.curvature_smooth is False


def test_a_turned_molecule_has_another_energy(
    saved_orb: Callable[[str], Path], displaced_water: Atoms, turn: np.ndarray
) -> None:
    model = load(saved_orb(CONSERVATIVE))
    turned = displaced_water.copy()
    turned.positions = displaced_water.positions @ turn
    one, other = model.evaluate([displaced_water, turned])
    assert abs(one.energy_eV - other.energy_eV) > 1e-3


def test_repulsion_does_not_grow_with_the_structure(saved_orb: Callable[[str], Path]) -> None:
    model = load(saved_orb(CONSERVATIVE))
    network = model._energy._network.model
    dense = bulk("Si", a=3.5)
    for weight in network.heads["energy"].mlp.parameters():
        weight.zero_()
    network.heads["energy"].reference.linear.weight.zero_()
    network.heads["energy"].normalizer.bn.running_mean.zero_()
    once, twice = model.evaluate([dense, dense * (2, 1, 1)])
    assert once.energy_eV > 0.1
    assert twice.energy_eV == pytest.approx(once.energy_eV)


def test_charge_and_spin_decide_the_numbers(
    saved_orb: Callable[[str], Path], displaced_water: Atoms
) -> None:
    path = saved_orb("orb-v3-conservative-omol")
    name = f"orb:{path}#{path.stem}"
    energies = []
    for charge, spin in ((0, 1), (1, 2), (-1, 2), (0, 3)):
        model = load_model(f"{name}?charge={charge}&spin={spin}", device="cpu")
        assert model.identity.options == {"charge": charge, "spin": spin}
        assert model.identity.name == name
        energies.append(model.evaluate([displaced_water])[0].energy_eV)
    assert len(set(np.round(energies, 6))) == 4


def test_a_structure_of_another_charge_is_refused(
    saved_orb: Callable[[str], Path], displaced_water: Atoms
) -> None:
    model = load(saved_orb("orb-v3-direct-omol"))
    displaced_water.info.update(CHARGED)
    model.evaluate([displaced_water])
    displaced_water.info["charge"] = 0
    with pytest.raises(ModelError, match=r"H2O says charge 0 in its info.*loaded with charge=1"):
        model.evaluate([displaced_water])


def test_loading_leaves_the_precision_of_the_process(saved_orb: Callable[[str], Path]) -> None:
    path = saved_orb(CONSERVATIVE)
    before = torch.get_default_dtype(), torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision("high")
    try:
        load(path)
        assert torch.get_default_dtype() == before[0]
        assert torch.get_float32_matmul_precision() == "high"
    finally:
        torch.set_float32_matmul_precision(before[1])
