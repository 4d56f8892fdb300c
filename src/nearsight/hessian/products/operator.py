"""The Hessian as a linear operator: its products with vectors, where rows are too many."""

from functools import cached_property

import numpy as np
from ase import Atoms
from scipy.sparse.linalg import LinearOperator

from nearsight.arrays import FloatArray
from nearsight.errors import ModelError
from nearsight.hessian.products.choice import choose_products
from nearsight.hessian.products.strategies import DifferenceProducts
from nearsight.hessian.reach import pieces_of, reach_of
from nearsight.memory import METER, Meter, default_memory_budget, refusing_out_of_memory
from nearsight.models.contract import Model
from nearsight.models.evaluable import require_calculable
from nearsight.models.soundness import fault_of, is_usable
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
    meter
        What measures the memory by which is decided.

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

    Examples
    --------
    >>> from ase.build import bulk
    >>> from nearsight.hessian import HessianOperator
    >>> from nearsight.models import load_model
    >>> operator = HessianOperator(bulk("Cu"), load_model("ase:emt"))
    >>> product = operator @ [1.0, 0.0, 0.0]
    >>> print(f"{abs(product).max():.2f} eV/Å²: nothing pulls back what is moved as a whole")
    0.00 eV/Å²: nothing pulls back what is moved as a whole
    """

    def __init__(
        self,
        atoms: Atoms,
        model: Model,
        method: str = "auto",
        *,
        step_A: float | None = None,
        memory_budget_bytes: int | None = None,
        meter: Meter = METER,
    ) -> None:
        super().__init__(dtype=np.dtype(np.float64), shape=(3 * len(atoms), 3 * len(atoms)))
        check_structure(atoms)
        require_no_constraints(atoms)
        require_calculable(atoms, model)
        self.atoms = atoms.copy()
        self.model = model
        device = model.identity.device
        budget = (
            default_memory_budget(device) if memory_budget_bytes is None else memory_budget_bytes
        )
        self._meter = meter
        self._multiply = choose_products(self.atoms, model, method, step_A, budget, meter=meter)
        self.method = self._multiply.method
        """How products are computed, and why."""
        self.fewest_at_once = self._multiply.fewest_at_once
        """How many vectors one call should have at least, for what they share."""
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
        with refusing_out_of_memory(
            lambda: f"in a product of {len(self.atoms)} atoms",
            "Use `products` grouped with a smaller `memory_bytes`, or differences, `dtype` float32 "
            "or a smaller cell.",
        ):
            products = self._measured(np.asarray(vectors, dtype=np.float64))
        self.n_products += len(products)
        if not is_usable(products).all():
            raise ModelError(
                f"{self.model.identity.name} gave a product of the Hessian that is "
                f"{fault_of(products)}; look for atoms that are too close, or use `products` "
                f"differences or another model."
            )
        return products

    def difference_error(self, vector: FloatArray) -> float | None:
        """Return about how far products are off at most, relative to their largest element.

        It is what twice the step of differences changes; None where products are exact.
        """
        if not isinstance(self._multiply, DifferenceProducts):
            return None
        self.n_products += 2
        return self._multiply.error(vector)

    def _measured(self, vectors: FloatArray) -> FloatArray:
        if self.n_products:
            return self._multiply(vectors)
        with self._meter.peak_memory(self.model.identity.device) as peak:
            products = self._multiply(vectors)
        self.peak_memory_bytes = peak.bytes
        return products

    def _matvec(self, x: FloatArray) -> FloatArray:
        return self.products(x.reshape(1, -1, 3)).reshape(x.shape)

    def _matmat(self, X: FloatArray) -> FloatArray:
        return self.products(X.T.reshape(X.shape[1], -1, 3)).reshape(X.shape[1], -1).T

    def _adjoint(self) -> "HessianOperator":
        return self
