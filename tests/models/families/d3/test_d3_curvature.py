"""Second derivatives of D3(BJ): against torch-dftd's, against differences, under symmetries."""

from collections.abc import Callable, Iterator

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk, graphene, molecule
from ase.stress import full_3x3_to_voigt_6_stress
from scipy.spatial.transform import Rotation

pytest.importorskip("torch_dftd", reason="the parameters of D3 are in torch-dftd")

import torch
from torch_dftd.dftd3_xc_params import get_dftd3_default_params
from torch_dftd.functions.edge_extraction import calc_edge_index
from torch_dftd.nn.dftd3_module import DFTD3Module

from nearsight.derivatives.analytic import EnergyFunction, linearize_with_strain
from nearsight.hessian.rows.kinds import SCHEMES, Differences
from nearsight.models.families.d3.curvature import Curvature
from nearsight.models.families.d3.energy import dispersion
from nearsight.models.families.d3.load import D3Model
from nearsight.models.families.d3.parameters import read_damping, read_reference


def crystal() -> Atoms:
    """Return SiC, displaced and sheared, so that no component vanishes by symmetry."""
    atoms = bulk("SiC", "zincblende", a=4.5)
    atoms.set_cell(atoms.cell @ np.array([[1.05, 0.1, 0], [0, 1, -0.1], [0, 0, 0.95]]), True)
    atoms.rattle(0.1, seed=2)
    return atoms


def slab() -> Atoms:
    atoms = graphene(size=(1, 2, 1), vacuum=6.0)
    atoms.rattle(0.1, seed=2)
    return atoms


def molecules() -> Atoms:
    """Return methanol at a dioxygen molecule: coordination numbers that are far from integers."""
    atoms = molecule("CH3OH") + Atoms("O2", [(2.0, 0.3, 0.9), (3.0, 0.8, 0.6)])
    atoms.rattle(0.1, seed=2)
    return atoms


@pytest.fixture(scope="module")
def d3() -> D3Model:
    return D3Model(read_damping("pbe"))


def torch_dftd_energy(atoms: Atoms) -> tuple[EnergyFunction, torch.Tensor]:
    """Return torch-dftd's energy of positions and strain for the pairs of `atoms`."""
    module = DFTD3Module(get_dftd3_default_params("bj", "pbe"), dtype=torch.float64)
    module.bidirectional = True
    positions = torch.tensor(atoms.positions)
    cell = torch.tensor(atoms.cell.array) if atoms.pbc.any() else None
    pbc = torch.tensor(atoms.pbc)
    edges, shifts = calc_edge_index(positions, cell, pbc, bidirectional=True)
    shifts = shifts if cell is None else shifts @ cell

    def energy(moved: torch.Tensor, strain: torch.Tensor) -> torch.Tensor:
        deformation = torch.eye(3, dtype=moved.dtype) + strain[0]
        result: torch.Tensor = module.calc_energy_batch(
            Z=torch.tensor(atoms.numbers),
            pos=moved @ deformation,
            edge_index=edges,
            cell=cell,
            pbc=pbc,
            shift_pos=shifts @ deformation,
            damping="bj",
        )
        return result

    return energy, positions


@pytest.mark.parametrize("structure", [crystal, slab, molecules])
def test_the_examples_feel_their_coordination_numbers(structure: Callable[[], Atoms]) -> None:
    """Otherwise the tests below would not see the half of the formulas that has dC6/dn in it."""
    sums = dispersion(structure(), read_damping("pbe"), read_reference(), order=2)
    assert np.abs(sums.slopes_eV).max() > 1e-3
    assert np.abs(sums.c6.ab).max() > 0.1


@pytest.mark.parametrize("structure", [crystal, slab, molecules])
def test_products_are_those_of_double_backward(d3: D3Model, structure: Callable[[], Atoms]) -> None:
    atoms = structure()
    vectors = np.random.default_rng(6).normal(size=(2, 3 * len(atoms) + 6))
    vectors[0, :-6] = 0.0
    energy, positions = torch_dftd_energy(atoms)
    multiply = linearize_with_strain(energy, positions)
    expected = np.stack([multiply(torch.tensor(vector)).numpy() for vector in vectors])
    found = d3.linearize(atoms, strain=True)(vectors)
    assert np.abs(expected).max() > 0.1
    # torch-dftd's second derivatives by strain are themselves symmetric to some 1e-11 only
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-10 * np.abs(expected).max())


@pytest.mark.parametrize("structure", [crystal, slab, molecules])
def test_rows_are_differences_of_forces(
    d3: D3Model, structure: Callable[[], Atoms], calm_cutoffs: Callable[[Atoms], None]
) -> None:
    atoms = structure()
    if atoms.pbc.any():
        calm_cutoffs(atoms)
    seeds = [(0, np.array([0.6, 0.0, 0.8])), (len(atoms) - 1, np.array([0.0, 1.0, 0.0]))]
    rows = np.stack(list(d3.rows(atoms, seeds)))
    differences = Differences(SCHEMES["fourth-order"], 2e-4).rows(atoms, d3, seeds)
    deviation = np.abs(rows - np.stack(list(differences))).max()
    assert deviation < 2e-9 * np.abs(rows).max()


def test_strain_products_are_differences_of_forces_and_stress(
    d3: D3Model, calm_cutoffs: Callable[[Atoms], None]
) -> None:
    atoms = crystal()
    calm_cutoffs(atoms)
    vectors = np.eye(3 * len(atoms) + 6)[[1, 5, 6, 8, 9, 11]]
    products = d3.linearize(atoms, strain=True)(vectors)
    h = 1e-4

    def slope(vector: np.ndarray, step: float) -> np.ndarray:
        """Return the derivatives of the energy by displacements and strain, at a step."""
        u, voigt = step * vector[:-6].reshape(-1, 3), step * vector[-6:]
        xx, yy, zz, yz, xz, xy = voigt * [1, 1, 1, 0.5, 0.5, 0.5]
        deformation = np.eye(3) + np.array([[xx, xy, xz], [xy, yy, yz], [xz, yz, zz]])
        moved = atoms.copy()
        moved.set_cell(atoms.cell.array @ deformation)
        moved.positions = (atoms.positions + u) @ deformation
        sums = dispersion(moved, read_damping("pbe"), read_reference())
        by_u = sums.gradient_eV_per_A() @ deformation
        # the virial is the derivative by a strain on top of this one
        by_strain = sums.virial_eV() @ np.linalg.inv(deformation)
        by_strain = (by_strain + by_strain.T) / 2
        return np.concatenate([by_u.ravel(), full_3x3_to_voigt_6_stress(by_strain)])

    weights = ((-2, 1 / 12), (-1, -2 / 3), (1, 2 / 3), (2, -1 / 12))
    for vector, product in zip(vectors, products, strict=True):
        expected = sum(weight * slope(vector, k * h) for k, weight in weights) / h
        np.testing.assert_allclose(product, expected, rtol=0, atol=1e-8)


def full_matrix(d3: D3Model, atoms: Atoms) -> np.ndarray:
    seeds = [(atom, way) for atom in range(len(atoms)) for way in np.eye(3)]
    rows = np.stack(list(d3.rows(atoms, seeds, batch_size=4)))
    return rows.reshape(len(atoms), 3, len(atoms), 3)


@pytest.mark.parametrize("structure", [crystal, slab, molecules])
def test_the_matrix_is_symmetric_and_rows_sum_to_zero(
    d3: D3Model, structure: Callable[[], Atoms]
) -> None:
    matrix = full_matrix(d3, structure())
    largest = np.abs(matrix).max()
    assert np.abs(matrix - matrix.transpose(2, 3, 0, 1)).max() < 1e-14 * max(largest, 1.0)
    assert np.abs(matrix.sum(axis=2)).max() < 1e-13 * max(largest, 1.0)


def test_turning_a_molecule_turns_its_forces(d3: D3Model) -> None:
    """H·(ω × r) = ω × g, whatever the axis ω: the Hessian along a rotation turns the gradient."""
    atoms = molecules()
    axis = np.array([0.3, -0.5, 0.8])
    product = d3.linearize(atoms)(np.cross(axis, atoms.positions)[None])[0]
    gradient = -d3.evaluate([atoms])[0].forces_eV_per_A
    np.testing.assert_allclose(product, np.cross(axis, gradient), rtol=0, atol=1e-14)


def test_the_matrix_turns_with_the_structure(d3: D3Model) -> None:
    atoms = crystal()
    turn = Rotation.random(rng=np.random.default_rng(8)).as_matrix()
    turned = atoms.copy()
    turned.set_cell(atoms.cell.array @ turn.T)
    turned.positions = atoms.positions @ turn.T
    expected = np.einsum("ik,akbl,jl->aibj", turn, full_matrix(d3, atoms), turn)
    np.testing.assert_allclose(full_matrix(d3, turned), expected, rtol=0, atol=1e-13)


def test_the_matrix_follows_the_order_of_atoms(d3: D3Model) -> None:
    atoms = molecules()
    order = np.random.default_rng(4).permutation(len(atoms))
    expected = full_matrix(d3, atoms)[order][:, :, order]
    np.testing.assert_allclose(full_matrix(d3, atoms[order]), expected, rtol=0, atol=1e-14)


def test_rows_of_a_supercell_fold_to_those_of_the_cell(d3: D3Model) -> None:
    atoms = crystal()
    cell = full_matrix(d3, atoms)
    large = full_matrix(d3, atoms * (2, 1, 2))
    folded = large[: len(atoms)].reshape(len(atoms), 3, 4, len(atoms), 3).sum(axis=2)
    np.testing.assert_allclose(folded, cell, rtol=0, atol=1e-13)


def test_products_are_rows_and_batches_are_single_rows(d3: D3Model) -> None:
    atoms = molecules()
    seeds = [(atom, np.array([0.6, 0.8, 0.0])) for atom in range(len(atoms))]
    alone = np.stack(list(d3.rows(atoms, seeds)))
    np.testing.assert_allclose(
        np.stack(list(d3.rows(atoms, seeds, batch_size=3))), alone, rtol=0, atol=1e-15
    )
    vectors = np.zeros((len(atoms), len(atoms), 3))
    for vector, (atom, way) in zip(vectors, seeds, strict=True):
        vector[atom] = way
    np.testing.assert_allclose(d3.linearize(atoms)(vectors), alone, rtol=0, atol=1e-15)


@pytest.mark.parametrize("strain", [False, True])
def test_one_atom_has_no_curvature_and_no_vectors_no_products(d3: D3Model, strain: bool) -> None:
    atoms = Atoms("Ar")
    assert not next(iter(d3.rows(atoms, [(0, np.array([0.6, 0.0, 0.8]))]))).any()
    shape = (9,) if strain else (1, 3)
    assert not d3.linearize(atoms, strain=strain)(np.ones((2, *shape))).any()
    assert list(d3.rows(atoms, [])) == []
    assert d3.linearize(atoms, strain=strain)(np.zeros((0, *shape))).shape == (0, *shape)


def test_rows_come_one_by_one_after_the_sums(d3: D3Model, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []
    accumulate = dispersion
    monkeypatch.setattr(
        "nearsight.models.families.d3.load.dispersion",
        lambda *args, **options: calls.append(1) or accumulate(*args, **options),
    )
    rows: Iterator[np.ndarray] = d3.rows(crystal(), [(0, way) for way in np.eye(3)])
    assert not calls
    assert next(rows).shape == (2, 3)
    assert len(list(rows)) == 2
    assert len(calls) == 1


def test_second_derivatives_need_sums_of_second_order() -> None:
    sums = dispersion(crystal(), read_damping("pbe"), read_reference())
    with pytest.raises(ValueError, match="order 2"):
        Curvature(sums)
