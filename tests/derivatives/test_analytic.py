"""Rows and products by reverse-mode differentiation, against formulas and against differences."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from ase import Atoms
from ase.stress import full_3x3_to_voigt_6_stress

from nearsight.derivatives.analytic import (
    EnergyFunction,
    gradient,
    hessian_rows,
    linearize,
    linearize_with_strain,
)

UNSTRAINED = torch.zeros((1, 3, 3), dtype=torch.float64)
FOURTH_ORDER = ((-2, 1 / 12), (-1, -2 / 3), (1, 2 / 3), (2, -1 / 12))


def tensor(array: Any) -> torch.Tensor:
    return torch.as_tensor(np.asarray(array), dtype=torch.float64)


def all_seeds(n_atoms: int) -> list[tuple[int, torch.Tensor]]:
    unit = torch.eye(3, dtype=torch.float64)
    return [(atom, unit[direction]) for atom in range(n_atoms) for direction in range(3)]


def numpy_seeds(n_atoms: int) -> list[tuple[int, np.ndarray]]:
    return [(atom, direction.numpy()) for atom, direction in all_seeds(n_atoms)]


def strain_matrix(voigt: np.ndarray) -> np.ndarray:
    """Return the symmetric ε of xx, yy, zz, 2 yz, 2 xz, 2 xy."""
    xx, yy, zz, yz, xz, xy = voigt * np.array([1, 1, 1, 0.5, 0.5, 0.5])
    return np.array([[xx, xy, xz], [xy, yy, yz], [xz, yz, zz]])


def spring(constant: float, length: float) -> EnergyFunction:
    """Two atoms joined by one spring."""

    def energy(positions: torch.Tensor, strain: torch.Tensor) -> torch.Tensor:
        vector = positions[1] - positions[0]
        distance = (vector + vector @ strain[0]).norm()
        return (constant / 2 * (distance - length) ** 2)[None]

    return energy


def inverse_power(exponent: int) -> EnergyFunction:
    """A cluster with the energy Σ r⁻ⁿ, a homogeneous function of degree -n."""

    def energy(positions: torch.Tensor, strain: torch.Tensor) -> torch.Tensor:
        first, second = torch.triu_indices(len(positions), len(positions), offset=1)
        vectors = positions[first] - positions[second]
        return (vectors + vectors @ strain[0]).norm(dim=-1) ** -exponent

    return energy


@pytest.fixture
def cluster() -> torch.Tensor:
    """Five atoms at random places of a lattice, never close to each other."""
    random = np.random.default_rng(2)
    return tensor(np.array(list(np.ndindex(2, 2, 2)))[:5] * 1.5 + random.normal(0, 0.1, (5, 3)))


@pytest.mark.parametrize("length", [1.0, 1.7], ids=["stretched", "compressed"])
def test_spring_has_its_textbook_hessian(length: float) -> None:
    constant, bond = 12.5, np.array([0.6, -0.9, 0.7])
    distance = np.linalg.norm(bond)
    along = np.outer(bond, bond) / distance**2
    block = constant * (along + (1 - length / distance) * (np.eye(3) - along))
    expected = np.block([[block, -block], [-block, block]])
    positions = tensor([np.zeros(3), bond])
    rows = hessian_rows(spring(constant, length), positions, UNSTRAINED, all_seeds(2), 1)
    np.testing.assert_allclose(torch.stack(list(rows)).reshape(6, 6), expected, atol=1e-13)
    # The strain moves the bond only: ∂²E/∂ε² follows from the same block.
    basis = np.stack([strain_matrix(unit) @ bond for unit in np.eye(6)])
    vectors = tensor(np.hstack([np.zeros((6, 6)), np.eye(6)]))
    multiply = linearize_with_strain(spring(constant, length), positions)
    products = torch.stack([multiply(vector) for vector in vectors])
    np.testing.assert_allclose(products[:, 6:], basis @ block @ basis.T, atol=1e-13)


def test_quadratic_form_gives_back_its_matrix() -> None:
    random = np.random.default_rng(0)
    matrix = random.normal(size=(12, 12))
    matrix = matrix + matrix.T

    def energy(positions: torch.Tensor, strain: torch.Tensor) -> torch.Tensor:
        flat = positions.reshape(-1)
        return (flat @ tensor(matrix) @ flat / 2)[None]

    positions = tensor(random.normal(size=(4, 3)))
    direction = random.normal(size=3)
    vectors = random.normal(size=(2, 4, 3))
    [row] = hessian_rows(energy, positions, UNSTRAINED, [(2, tensor(direction))], 1)
    np.testing.assert_allclose(row.reshape(-1), direction @ matrix[6:9], atol=1e-12)
    multiply = linearize(energy, positions, UNSTRAINED)
    products = torch.stack([multiply(vector) for vector in tensor(vectors)])
    np.testing.assert_allclose(products.reshape(2, 12), vectors.reshape(2, 12) @ matrix, atol=1e-12)


def test_homogeneous_energy_obeys_eulers_theorem(cluster: torch.Tensor) -> None:
    exponent = 6
    energy = inverse_power(exponent)
    total = float(energy(cluster, UNSTRAINED).sum())
    first = gradient(energy, cluster, UNSTRAINED, by_strain=True)
    assert first.strain is not None
    assert float(first.strain[0].trace()) == pytest.approx(-exponent * total, rel=1e-12)
    assert float((first.positions * cluster).sum()) == pytest.approx(-exponent * total, rel=1e-12)
    dilation = torch.cat([torch.zeros(15), torch.tensor([1.0, 1, 1, 0, 0, 0])]).double()
    product = linearize_with_strain(energy, cluster)(dilation)
    second = exponent * (exponent + 1) * total
    assert float(product @ dilation) == pytest.approx(second, rel=1e-12)
    product = linearize(energy, cluster, UNSTRAINED)(cluster)
    assert float((product * cluster).sum()) == pytest.approx(second, rel=1e-12)


@pytest.mark.parametrize("batch_size", [2, 3, 5, 100])
def test_batched_rows_equal_single_rows(
    pair_model: Callable[..., Any], displaced_quartz: Atoms, batch_size: int
) -> None:
    model = pair_model()
    random = np.random.default_rng(1)
    seeds = [(int(atom), random.normal(size=3)) for atom in random.permutation(9)]
    single = np.stack(list(model.rows(displaced_quartz, seeds)))
    batched = np.stack(list(model.rows(displaced_quartz, seeds, batch_size=batch_size)))
    assert np.abs(single).max() > 1.0
    np.testing.assert_allclose(batched, single, rtol=0, atol=1e-12)


def test_products_are_sums_of_rows(pair_model: Callable[..., Any], displaced_quartz: Atoms) -> None:
    model = pair_model()
    vectors = np.random.default_rng(3).normal(size=(4, 9, 3))
    rows = np.stack(list(model.rows(displaced_quartz, numpy_seeds(9)))).reshape(27, 27)
    np.testing.assert_allclose(rows, rows.T, rtol=0, atol=1e-12)
    products = model.linearize(displaced_quartz)(vectors).reshape(4, 27)
    np.testing.assert_allclose(products, vectors.reshape(4, 27) @ rows, rtol=0, atol=1e-11)


def test_products_with_strain_contain_the_plain_ones(
    pair_model: Callable[..., Any], displaced_quartz: Atoms
) -> None:
    model = pair_model()
    matrix = model.linearize(displaced_quartz, strain=True)(np.eye(33))
    np.testing.assert_allclose(matrix, matrix.T, rtol=0, atol=1e-10)
    rows = np.stack(list(model.rows(displaced_quartz, numpy_seeds(9)))).reshape(27, 27)
    np.testing.assert_allclose(matrix[:27, :27], rows, rtol=0, atol=1e-11)
    # Moving the crystal as a whole changes neither forces nor stress.
    translations = np.tile(np.eye(3), 9)
    np.testing.assert_allclose(translations @ matrix[:27], 0, rtol=0, atol=1e-11)
    assert np.abs(matrix[:27, 27:]).max() > 0.1
    assert np.abs(matrix[27:, 27:]).max() > 10


def generalised_slope(
    model: Any, atoms: Atoms, displacement: np.ndarray, strain: np.ndarray
) -> np.ndarray:
    """Return ∂E/∂(u, ε) in r = (1 + ε)(r⁰ + u) from forces and stress of the deformed crystal."""
    deformation = np.eye(3) + strain_matrix(strain)
    deformed = atoms.copy()
    deformed.positions = (atoms.positions + displacement) @ deformation
    deformed.set_cell(atoms.cell.array @ deformation)
    [evaluation] = model.evaluate([deformed], stress=True)
    xx, yy, zz, yz, xz, xy = evaluation.stress_eV_per_A3 * deformed.get_volume()
    virial = np.array([[xx, xy, xz], [xy, yy, yz], [xz, yz, zz]])
    by_strain = np.linalg.inv(deformation) @ virial
    by_displacement = -evaluation.forces_eV_per_A @ deformation
    symmetric = (by_strain + by_strain.T) / 2
    return np.concatenate([by_displacement.ravel(), full_3x3_to_voigt_6_stress(symmetric)])


def test_products_with_strain_are_differences_of_forces_and_stress(
    pair_model: Callable[..., Any], displaced_quartz: Atoms
) -> None:
    model = pair_model()
    random = np.random.default_rng(8)
    vectors = random.normal(scale=0.3, size=(3, 33))
    vectors[0, :27], vectors[1, 27:] = 0, 0  # strain alone, displacements alone, both
    step = 1e-3
    expected = [
        sum(
            weight
            * generalised_slope(
                model,
                displaced_quartz,
                offset * step * vector[:27].reshape(9, 3),
                offset * step * vector[27:],
            )
            for offset, weight in FOURTH_ORDER
        )
        / step
        for vector in vectors
    ]
    products = model.linearize(displaced_quartz, strain=True)(vectors)
    assert np.abs(products).max() > 1
    np.testing.assert_allclose(products, expected, rtol=0, atol=1e-6)


def constant(positions: torch.Tensor, strain: torch.Tensor) -> torch.Tensor:
    return torch.ones(len(positions), dtype=torch.float64)


def uniform_field(positions: torch.Tensor, strain: torch.Tensor) -> torch.Tensor:
    return positions @ tensor([1.0, 2.0, 3.0])


@pytest.mark.parametrize("energy", [constant, uniform_field])
@pytest.mark.parametrize("batch_size", [1, 3])
def test_energies_without_curvature_give_zeros(energy: EnergyFunction, batch_size: int) -> None:
    positions = tensor(np.arange(6).reshape(2, 3))
    rows = list(hessian_rows(energy, positions, UNSTRAINED, all_seeds(2), batch_size))
    assert torch.equal(torch.stack(rows), torch.zeros((6, 2, 3), dtype=torch.float64))
    product = linearize(energy, positions, UNSTRAINED)(torch.ones_like(positions))
    assert torch.equal(product, torch.zeros_like(positions))
    product = linearize_with_strain(energy, positions)(torch.ones(12).double())
    assert torch.equal(product, torch.zeros(12, dtype=torch.float64))


@pytest.mark.parametrize("batch_size", [1, 2])
def test_isolated_atoms_feel_nothing(pair_model: Callable[..., Any], batch_size: int) -> None:
    model = pair_model()
    for atoms in (Atoms("C"), Atoms("CO", positions=[(0, 0, 0), (9, 0, 0)])):
        rows = list(model.rows(atoms, numpy_seeds(len(atoms)), batch_size=batch_size))
        assert len(rows) == 3 * len(atoms)
        assert np.abs(rows).max() == 0.0
        assert np.abs(model.linearize(atoms)(np.ones((1, len(atoms), 3)))).max() == 0.0
        vectors = np.ones((1, 3 * len(atoms) + 6))
        assert np.abs(model.linearize(atoms, strain=True)(vectors)).max() == 0.0


@pytest.mark.parametrize("batch_size", [1, 4])
def test_rows_come_one_by_one_and_only_those_asked_for(
    pair_model: Callable[..., Any], displaced_water: Atoms, batch_size: int
) -> None:
    model = pair_model()
    assert list(model.rows(displaced_water, [], batch_size=batch_size)) == []
    everything = list(model.rows(displaced_water, numpy_seeds(3)))
    chosen = [numpy_seeds(3)[index] for index in (7, 0, 7)]
    found = list(model.rows(displaced_water, chosen, batch_size=batch_size))
    np.testing.assert_allclose(found, [everything[i] for i in (7, 0, 7)], rtol=0, atol=1e-12)


def test_derivatives_that_are_not_asked_for_are_none(cluster: torch.Tensor) -> None:
    energy = inverse_power(6)
    whole = gradient(energy, cluster, UNSTRAINED, by_strain=True)
    plain = gradient(energy, cluster, UNSTRAINED, by_positions=False)
    stress = gradient(energy, cluster, UNSTRAINED, by_positions=False, by_strain=True)
    assert plain.positions is plain.strain is stress.positions is None
    assert not plain.energies.requires_grad
    torch.testing.assert_close(plain.energies, whole.energies, rtol=0, atol=0)
    torch.testing.assert_close(stress.strain, whole.strain, rtol=1e-14, atol=0)
