"""Forces that are predicted directly: a small field that is no gradient."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from ase import Atoms

from nearsight.errors import MethodError, MissingPropertyError, ModelError
from nearsight.hessian import HessianOperator, hessian
from nearsight.hessian.strain import generalised_hessian
from nearsight.models.contract import Capabilities, Model
from nearsight.models.engines.direct_forces import DirectForceModel, DirectPrediction
from nearsight.models.graphs.neighbor_graph import NeighborGraph
from nearsight.provenance import ModelIdentity
from nearsight.structures.pairs import pairs_of
from nearsight.testing import check_model
from nearsight.vibrations import vibrations

CUTOFF_A = 4.0


class PushedPairs:
    """Pairs repel each other, the heavier atom less than the lighter one: no reaction to action."""

    def __init__(self, *, net_force: bool = True, stress: bool = True, **stated: Any) -> None:
        self.net_force = net_force
        self.stress = stress
        self.cutoff_A = CUTOFF_A
        self.identity = ModelIdentity("pushed pairs", "test", None, "float64", "cpu")
        capabilities = Capabilities(
            cutoff_A=CUTOFF_A,
            receptive_field_A=CUTOFF_A,
            elements=frozenset({1, 8, 12, 14}),
            conservative=False,
            equivariant=True,
            mirror_equivariant=True,
            atomic_energies=False,
            size_consistent=True,
            differentiable=True,
            curvature_smooth=None,
        )
        self.capabilities = replace(capabilities, **stated)

    def complete(self, graph: NeighborGraph) -> NeighborGraph:
        return graph

    def predict(self, graph: NeighborGraph, positions: torch.Tensor) -> DirectPrediction:
        vectors = graph.edge_vectors(positions, graph.unstrained())
        squared = vectors.square().sum(-1, keepdim=True) / CUTOFF_A**2
        strength = torch.exp(1 - 1 / (1 - squared)) / graph.numbers[graph.senders][:, None]
        forces = torch.zeros_like(positions).index_add(0, graph.senders, -5 * strength * vectors)
        owners, n = graph.structure_of_atom, graph.n_structures
        sizes = torch.tensor(graph.atoms_per_structure)
        sums = positions.new_zeros((n, 3)).index_add(0, owners, forces)
        if not self.net_force:
            forces = forces - (sums / sizes[:, None])[owners]
        of_atoms = positions.new_zeros(len(positions))
        of_atoms = of_atoms.index_add(0, graph.senders, strength.squeeze(-1))
        energies = positions.new_zeros(n).index_add(0, owners, of_atoms)
        stresses = energies[:, None] * torch.arange(1.0, 7.0) if self.stress else None
        return DirectPrediction(energies, forces, stresses)


@pytest.fixture
def model() -> DirectForceModel:
    return DirectForceModel(PushedPairs())


def test_is_a_model(model: DirectForceModel) -> None:
    assert isinstance(model, Model)
    assert model.capabilities.conservative is False


def test_batches_give_what_single_structures_give(
    model: DirectForceModel, displaced_quartz: Atoms, mgo: Atoms
) -> None:
    structures = [displaced_quartz, mgo, mgo * (2, 1, 1)]
    for found, atoms in zip(model.evaluate(structures, stress=True), structures, strict=True):
        [alone] = model.evaluate([atoms], stress=True)
        assert found.energy_eV == pytest.approx(alone.energy_eV, abs=1e-12)
        assert found.atomic_energies_eV is None
        for name in ("forces_eV_per_A", "stress_eV_per_A3"):
            np.testing.assert_allclose(getattr(found, name), getattr(alone, name), atol=1e-12)
    assert model.evaluate([]) == []


def test_stress_is_as_predicted_and_only_where_there_is_one(
    model: DirectForceModel, mgo: Atoms, displaced_water: Atoms
) -> None:
    [found] = model.evaluate([mgo], stress=True)
    np.testing.assert_allclose(found.stress_eV_per_A3, found.energy_eV * np.arange(1, 7))
    assert model.evaluate([mgo])[0].stress_eV_per_A3 is None
    with pytest.raises(ModelError, match="not periodic in three directions"):
        model.evaluate([displaced_water], stress=True)
    with pytest.raises(MissingPropertyError, match="pushed pairs predicts no stress"):
        DirectForceModel(PushedPairs(stress=False)).evaluate([mgo], stress=True)


def test_unknown_elements_are_refused(model: DirectForceModel) -> None:
    with pytest.raises(ModelError, match="does not know Cl"):
        model.evaluate([Atoms("HCl", positions=[(0, 0, 0), (0, 0, 1.3)])])
    with pytest.raises(ModelError, match="does not know Cl"):
        next(model.rows(Atoms("HCl", positions=[(0, 0, 0), (0, 0, 1.3)]), [(0, np.eye(3)[0])]))


@pytest.mark.parametrize("batch_size", [1, 4])
def test_a_row_is_what_one_atom_feels_when_others_move(
    model: DirectForceModel, displaced_quartz: Atoms, batch_size: int
) -> None:
    step, n = 1e-4, len(displaced_quartz)
    jacobian = np.empty((n, 3, n, 3))
    for index in np.ndindex(n, 3):
        pair = [displaced_quartz.copy() for _ in range(2)]
        for atoms, sign in zip(pair, (1, -1), strict=True):
            atoms.positions[index] += sign * step
        ahead, behind = (found.forces_eV_per_A for found in model.evaluate(pair))
        jacobian[:, :, *index] = -(ahead - behind) / (2 * step)
    way = np.array([0.6, 0.0, -0.8])
    seeds = [(4, way), (0, np.eye(3)[1]), (8, way), (2, way), (3, way)]
    rows = list(model.rows(displaced_quartz, seeds, batch_size=batch_size))
    for row, (atom, direction) in zip(rows, seeds, strict=True):
        expected = np.tensordot(direction, jacobian[atom], axes=1)
        np.testing.assert_allclose(row, expected, atol=1e-5)
        columns = np.tensordot(jacobian[:, :, atom], direction, axes=1)
        assert np.abs(row - columns).max() > 0.1


def test_products_add_rows_up(model: DirectForceModel, displaced_quartz: Atoms) -> None:
    seeds = [(atom, axis) for atom in range(9) for axis in np.eye(3)]
    rows = np.stack(list(model.rows(displaced_quartz, seeds)))
    vectors = np.random.default_rng(3).normal(size=(2, 9, 3))
    expected = np.einsum("vs,sai->vai", vectors.reshape(2, -1), rows)
    found = model.linearize(displaced_quartz)(vectors)
    np.testing.assert_allclose(found, expected, atol=1e-12)


def test_an_atom_alone_feels_nothing(model: DirectForceModel) -> None:
    alone = Atoms("Si")
    [row] = model.rows(alone, [(0, np.eye(3)[0])])
    np.testing.assert_array_equal(row, np.zeros((1, 3)))


@pytest.mark.parametrize("net_force", [True, False])
def test_the_hessian_is_the_raw_jacobian_by_every_method(
    displaced_quartz: Atoms, *, net_force: bool
) -> None:
    model = DirectForceModel(PushedPairs(net_force=net_force))
    analytic = hessian(displaced_quartz, model, progress=False)
    assert analytic.method in {"rows", "batched"}
    assert analytic.asymmetry_eV_per_A2 > 0.1
    assert analytic.sum_rule_eV_per_A2 < 1e-12
    if net_force:
        assert analytic.net_force_change_eV_per_A2 > 0.1
    else:
        assert analytic.net_force_change_eV_per_A2 < 1e-12
    differences = hessian(displaced_quartz, model, "fourth-order", progress=False)
    np.testing.assert_allclose(differences.matrix_eV_per_A2, analytic.matrix_eV_per_A2, atol=1e-7)


def test_symmetry_expands_rows_and_columns_alike(
    model: DirectForceModel, alpha_quartz: Atoms
) -> None:
    for method in ("rows", "fourth-order"):
        reduced = hessian(alpha_quartz, model, method, progress=False)
        whole = hessian(alpha_quartz, model, method, row_symmetry_A=None, progress=False)
        assert reduced.rows_needed < whole.rows_needed
        np.testing.assert_allclose(reduced.matrix_eV_per_A2, whole.matrix_eV_per_A2, atol=1e-6)


def test_vibrations_take_the_symmetric_part(
    model: DirectForceModel, displaced_quartz: Atoms
) -> None:
    found = hessian(displaced_quartz, model, progress=False)
    symmetric = replace(
        found, matrix_eV_per_A2=found.symmetric().reshape(found.matrix_eV_per_A2.shape)
    )
    np.testing.assert_allclose(
        vibrations(found).wavenumbers_per_cm, vibrations(symmetric).wavenumbers_per_cm, atol=1e-6
    )


def test_what_needs_an_energy_is_refused(model: DirectForceModel, alpha_quartz: Atoms) -> None:
    with pytest.raises(MethodError, match="no gradient of an energy"):
        HessianOperator(alpha_quartz, model)
    with pytest.raises(MethodError, match="no second derivatives by strain"):
        generalised_hessian(alpha_quartz, model, progress=False)
    with pytest.raises(ModelError, match="no second derivatives by strain"):
        model.linearize(alpha_quartz, strain=True)
    with pytest.raises(ModelError, match="the energies of some atoms only"):
        model.linearize(alpha_quartz, centres=np.array([0]))


def test_keeps_the_contract(model: DirectForceModel, mgo: Atoms, displaced_water: Atoms) -> None:
    report = check_model(model, {"MgO": mgo, "water": displaced_water}, progress=False)
    assert report.passed, str(report)
    skipped = {check.name for check in report.checks if not check.applies}
    assert {"forces = -dE/dr", "stress = dE/dε / V"} <= skipped
    assert "rows = differences" not in skipped


def test_only_what_is_asked_for_is_given(model: DirectForceModel, displaced_quartz: Atoms) -> None:
    [alone] = model.evaluate([displaced_quartz], forces=False)
    [stress] = model.evaluate([displaced_quartz], forces=False, stress=True)
    [whole] = model.evaluate([displaced_quartz], stress=True)
    assert alone.energy_eV == stress.energy_eV == whole.energy_eV
    assert alone.forces_eV_per_A is alone.stress_eV_per_A3 is stress.forces_eV_per_A is None
    np.testing.assert_array_equal(stress.stress_eV_per_A3, whole.stress_eV_per_A3)


def test_given_pairs_change_nothing(model: DirectForceModel, displaced_quartz: Atoms) -> None:
    pairs = [pairs_of(displaced_quartz, CUTOFF_A + 1)]
    [given], [found] = (model.evaluate([displaced_quartz], pairs=one) for one in (pairs, None))
    assert given.energy_eV == pytest.approx(found.energy_eV, abs=1e-13)
    np.testing.assert_allclose(given.forces_eV_per_A, found.forces_eV_per_A, rtol=0, atol=1e-13)
