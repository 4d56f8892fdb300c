"""The Hessian as a linear operator: its products with vectors, where rows are too many."""

from collections.abc import Sequence
from functools import cached_property

import numpy as np
from ase import Atoms
from scipy.sparse.linalg import LinearOperator

from nearsight.arrays import FloatArray
from nearsight.derivatives.differences import difference_products
from nearsight.errors import MemoryBudgetError, ModelError
from nearsight.hessian.products.strategies import choose_products
from nearsight.hessian.reach import pieces_of, reach_of
from nearsight.memory import PeakMemory, default_memory_budget, is_out_of_memory
from nearsight.models.contract import (
    Model,
    Products,
    fault_of,
    forces_of,
    is_usable,
    require_elements,
)
from nearsight.structures.checking import check_structure, require_no_constraints
from nearsight.structures.pieces import Pieces


class HessianOperator(LinearOperator):  # type: ignore[misc]  # SciPy has no annotations
    """Products of the Hessian of a structure, in eV/Å² times the unit of the vectors.

    A `scipy.sparse.linalg.LinearOperator` of shape ``(3 n_atoms, 3 n_atoms)``, so that what takes
    one of those takes it: ``operator @ vector``, ``eigsh``, ``lobpcg``.

    Parameters
    ----------
    atoms
        The structure; it is not changed.
    model
        The model.
    method
        ``analytic``: one reverse pass through the graph of the forces for each vector.
        ``grouped``: the same for the energies of one group of atoms after the other, each with the
        surroundings that these energies depend on: exact too, in less memory and more time.
        ``differences``: central differences of forces. ``auto``: analytic if the model allows and
        it is predicted to fit into the memory, else in groups, else differences.
    step_A
        How far the atom that moves most is displaced by differences, in Å.
    memory_budget_bytes
        Memory that may be used; by default 80 % of what is free on the model's device.

    Raises
    ------
    StructureError
        The structure cannot be calculated.
    ModelError
        The model does not know an element.
    MethodError
        The method does not go with the model, or the structure has constraints.
    MemoryBudgetError
        No method, or not the one asked for, fits into the memory budget.
    """

    def __init__(
        self,
        atoms: Atoms,
        model: Model,
        method: str = "auto",
        *,
        step_A: float | None = None,
        memory_budget_bytes: int | None = None,
    ) -> None:
        super().__init__(dtype=np.dtype(np.float64), shape=(3 * len(atoms), 3 * len(atoms)))
        check_structure(atoms)
        require_no_constraints(atoms)
        require_elements(atoms, model)
        self.atoms = atoms.copy()
        self.model = model
        device = model.identity.device
        budget = (
            default_memory_budget(device) if memory_budget_bytes is None else memory_budget_bytes
        )
        self.method = choose_products(atoms, model, method, step_A, budget)
        self.n_products = 0
        """Products computed so far."""
        self.peak_memory_bytes = 0
        """Largest memory in use during the first call, on top of what was in use before.

        Vectors are taken one after the other, so that no later call needs more."""

    @cached_property
    def pieces(self) -> Pieces:
        """What pairs hold together: a crystal, or what lies in a box."""
        return pieces_of(self.atoms, reach_of(self.atoms, self.model))

    def products(self, vectors: FloatArray) -> FloatArray:
        """Return H·v for each vector, both ``(n_vectors, n_atoms, 3)``.

        Raises
        ------
        MemoryBudgetError
            Memory ran out.
        ModelError
            A product is not finite.
        """
        try:
            found = self._measured(np.asarray(vectors, dtype=np.float64))
        except (MemoryError, RuntimeError) as error:
            if not is_out_of_memory(error):
                raise
            raise MemoryBudgetError(
                f"memory ran out in a product of {len(self.atoms)} atoms. Use `products` "
                f"grouped with a smaller `memory_bytes`, or differences, `dtype` float32 or a "
                f"smaller cell."
            ) from error
        self.n_products += len(found)
        if not is_usable(found).all():
            raise ModelError(
                f"{self.model.identity.name} gave a product of the Hessian that is "
                f"{fault_of(found)}; look for atoms that are too close, or use `products` "
                f"differences or another model."
            )
        return found

    def difference_error(self, vector: FloatArray) -> float:
        """Return about how far differences are off at most, relative to their largest element.

        It is what twice the step changes for one vector: three times what the forces' higher
        derivatives do to central differences, and about what rounding of the forces does.
        """
        assert self.method.step_A is not None
        one, two = (
            self._differences(vector[np.newaxis], factor * self.method.step_A)
            for factor in (1.0, 2.0)
        )
        self.n_products += 2
        return float(np.abs(two - one).max() / np.abs(one).max())

    def _measured(self, vectors: FloatArray) -> FloatArray:
        if self.n_products:
            return self._products(vectors)
        with PeakMemory(self.model.identity.device) as peak:
            found = self._products(vectors)
        self.peak_memory_bytes = peak.bytes
        return found

    @cached_property
    def _analytic(self) -> Products:
        return self.model.linearize(self.atoms)

    def _products(self, vectors: FloatArray) -> FloatArray:
        if self.method.name == "differences":
            assert self.method.step_A is not None
            return self._differences(vectors, self.method.step_A)
        if self.method.name == "analytic":
            return self._analytic(vectors)
        found = np.zeros(vectors.shape)
        for group in self.method.groups:
            of_group = self.model.linearize(group.cluster, centres=group.centres)
            parts = of_group(vectors[:, group.parents])
            for product, part in zip(found, parts, strict=True):
                np.add.at(product, group.parents, part)
        return found

    def _differences(self, vectors: FloatArray, step_A: float) -> FloatArray:
        def forces(structures: Sequence[Atoms]) -> list[FloatArray]:
            return [forces_of(each) for each in self.model.evaluate(structures)]

        return difference_products(forces, self.atoms, vectors, step_A)

    def _matvec(self, x: FloatArray) -> FloatArray:
        found: FloatArray = self.products(x.reshape(1, -1, 3)).reshape(x.shape)
        return found

    def _matmat(self, X: FloatArray) -> FloatArray:
        found: FloatArray = self.products(X.T.reshape(X.shape[1], -1, 3))
        return found.reshape(X.shape[1], -1).T

    def _adjoint(self) -> "HessianOperator":
        return self
