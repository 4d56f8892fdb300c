"""The Hessian as a linear operator: against its rows, in groups, by differences, and refused."""

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk
from ase.constraints import FixAtoms
from numpy.testing import assert_allclose
from scipy.sparse.linalg import eigsh

from nearsight.errors import MemoryBudgetError, MethodError, ModelError
from nearsight.hessian.matrix import hessian
from nearsight.hessian.products.operator import HessianOperator
from nearsight.memory import Measured, Meter
from nearsight.models.engines.torch_model import TorchModel
from nearsight.models.sums import SumModel


@pytest.fixture(scope="module")
def solid():
    atoms = bulk("MgO", "rocksalt", a=3.75, cubic=True).repeat((2, 2, 1))
    atoms.rattle(0.05, seed=1)
    return atoms


@pytest.fixture(scope="module")
def matrix(solid, pair_model):
    found = hessian(solid, pair_model(), row_symmetry_A=None)
    return found.matrix_eV_per_A2.reshape(3 * len(solid), -1)


class MadeUpMemory(Meter):
    """Force calls take 30 kB an atom and products 90 kB: small measurements scatter."""

    def measure(self, work, device):
        result = work()
        if isinstance(result, list):
            return Measured(None, 0.1, 30_000 * len(result[0].forces_eV_per_A))
        return Measured(None, 0.1, 90_000 * result.shape[1])


METER = MadeUpMemory()


def vectors_for(atoms, n_vectors=4):
    return np.random.default_rng(8).normal(size=(n_vectors, len(atoms), 3))


@pytest.mark.parametrize(
    ("method", "tolerance"), [("analytic", 1e-11), ("grouped", 1e-11), ("differences", 1e-3)]
)
def test_products_are_sums_of_rows(solid, matrix, pair_model, method, tolerance):
    operator = HessianOperator(solid, pair_model(), method)
    vectors = vectors_for(solid)
    found = operator.products(vectors)
    expected = (vectors.reshape(4, -1) @ matrix).reshape(found.shape)
    assert_allclose(found, expected, rtol=0, atol=tolerance)
    assert operator.n_products == 4
    assert operator.method.name == method


def test_scipy_takes_the_operator(solid, matrix, pair_model):
    operator = HessianOperator(solid, pair_model())
    assert operator.shape == matrix.shape
    block = vectors_for(solid).reshape(4, -1).T
    assert_allclose(operator @ block, matrix @ block, atol=1e-11)
    assert_allclose(operator @ block[:, 0], matrix @ block[:, 0], atol=1e-11)
    assert_allclose(operator.T @ block[:, 1], matrix @ block[:, 1], atol=1e-11)
    largest = eigsh(operator, 1, which="LA", return_eigenvectors=False, v0=block[:, 0])
    assert largest[0] == pytest.approx(np.linalg.eigvalsh(matrix)[-1], rel=1e-10)


def test_groups_that_are_no_smaller_than_the_structure_are_of_no_use(solid, pair_model):
    model = pair_model()
    whole = HessianOperator(solid, model, meter=METER).method.predicted_memory_bytes
    # Surroundings of 4 Å are larger than this cell: groups of it are no smaller than all of it.
    with pytest.raises(MemoryBudgetError, match=r"groups of the 32 atoms .* do not fit"):
        HessianOperator(solid, model, "grouped", memory_budget_bytes=whole // 100, meter=METER)


def test_large_solids_go_into_groups_by_themselves(pair_model):
    atoms = bulk("MgO", "rocksalt", a=3.75, cubic=True).repeat((20, 1, 1))
    atoms.rattle(0.05, seed=1)
    model = pair_model(cutoff_A=None)  # so that memory is in proportion to atoms, whatever it is
    whole = HessianOperator(atoms, model, "analytic", meter=METER)
    needed = whole.method.predicted_memory_bytes
    slab = atoms.copy()
    slab.pbc = (True, False, False)
    grouped = HessianOperator(slab, model, memory_budget_bytes=int(0.7 * needed), meter=METER)
    assert grouped.method.name == "grouped"
    assert grouped.method.predicted_memory_bytes <= 0.7 * needed
    assert grouped.fewest_at_once > 1  # graphs of groups are built in every call
    assert "predicted to take" in grouped.method.reason
    vectors = vectors_for(atoms, 2)
    plain = HessianOperator(slab, model, "analytic").products(vectors)
    assert_allclose(grouped.products(vectors), plain, rtol=0, atol=1e-11)


def test_automatic_choice_follows_the_model(solid, pair_model):
    assert HessianOperator(solid, pair_model()).method.name == "analytic"
    rough = HessianOperator(solid, pair_model(curvature_smooth=False)).method
    assert (rough.name, rough.step_A) == ("differences", 0.02)
    assert "not its physical one" in rough.reason
    plain = HessianOperator(solid, pair_model(differentiable=False)).method
    assert plain.name == "differences"
    assert "cannot be differentiated twice" in plain.reason


def test_differences_take_over_where_groups_are_of_no_use(solid, pair_model):
    far = pair_model(receptive_field_A=None)
    needed = HessianOperator(solid, far, meter=METER).method.predicted_memory_bytes
    found = HessianOperator(solid, far, memory_budget_bytes=int(0.9 * needed), meter=METER).method
    assert found.name == "differences"
    assert "predicted to take" in found.reason
    assert found.predicted_memory_bytes <= 0.9 * needed


def test_error_of_differences_is_of_their_order(solid, matrix, pair_model):
    operator = HessianOperator(solid, pair_model(), "differences", step_A=0.02)
    [vector] = vectors_for(solid, 1)
    found = operator.products(vector[np.newaxis])[0]
    exact = (vector.ravel() @ matrix).reshape(found.shape)
    error = np.abs(found - exact).max() / np.abs(exact).max()
    assert error > 1e-6
    assert operator.difference_error(vector) == pytest.approx(3 * error, rel=0.05)


def test_bad_input_is_refused(solid, pair_model):
    model = pair_model()
    with pytest.raises(MethodError, match="no `products` 'exact'"):
        HessianOperator(solid, model, "exact")
    with pytest.raises(MethodError, match="`step_A` goes with `products` differences"):
        HessianOperator(solid, model, "analytic", step_A=0.01)
    with pytest.raises(MethodError, match="`step_A` is above 0 and below 1 Å"):
        HessianOperator(solid, model, "differences", step_A=2.0)
    with pytest.raises(
        MethodError, match=r"cannot be differentiated twice\. Use `products` differences"
    ):
        HessianOperator(solid, pair_model(differentiable=False), "grouped")
    with pytest.raises(MethodError, match="no sum of atomic energies"):
        HessianOperator(solid, pair_model(atomic_energies=False), "grouped")
    with pytest.raises(ModelError, match="does not know He"):
        HessianOperator(Atoms("He"), model)
    with pytest.raises(MemoryBudgetError, match="no method can avoid that"):
        HessianOperator(solid, model, memory_budget_bytes=1, meter=METER)
    with pytest.raises(MemoryBudgetError, match="Use `products` grouped"):
        HessianOperator(solid, model, "analytic", memory_budget_bytes=1, meter=METER)
    held = solid.copy()
    held.set_constraint(FixAtoms([0]))
    with pytest.raises(MethodError, match="constraint"):
        HessianOperator(held, model)


def test_sums_of_models_are_divided_into_groups_too(solid, pair_model):
    both = SumModel([pair_model(), pair_model(name="other")])
    vectors = vectors_for(solid, 1)
    alone = HessianOperator(solid, pair_model(), "grouped").products(vectors)
    assert_allclose(
        HessianOperator(solid, both, "grouped").products(vectors), 2 * alone, atol=1e-11
    )


def test_models_without_atomic_energies_say_so(solid, pair_model):
    model = pair_model(atomic_energies=False)
    with pytest.raises(ModelError, match="leave `centres` out"):
        model.linearize(solid, centres=np.array([0]))


def test_products_that_are_not_finite_are_refused(solid, pair_energy):
    class Broken(pair_energy):
        def energy(self, graph, positions, strain):
            energies = super().energy(graph, positions, strain)
            # A kink in the forces: they are finite, and their derivative is not.
            return energies + (positions[:, 0] - positions[:, 0].detach()).abs() ** 1.5

    operator = HessianOperator(solid, TorchModel(Broken()))
    with pytest.raises(ModelError, match="not finite"):
        operator.products(vectors_for(solid, 1))
