"""The ways to compute products of a Hessian with vectors, each of which does it."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import numpy as np
from ase import Atoms

from nearsight.arrays import FloatArray
from nearsight.derivatives.differences import difference_products
from nearsight.hessian.products.groups import Group
from nearsight.models.contract import Model, Products
from nearsight.provenance import Setting


@dataclass(frozen=True)
class ProductMethod:
    """How products are computed, and why: what results keep of the way in which they were."""

    name: str
    """``analytic``, ``grouped`` or ``differences``."""
    reason: str
    predicted_memory_bytes: int
    """What the computation is expected to take at its peak, from a measurement on few atoms."""
    step_A: float | None = None
    """Displacement of the atom that moves most; None for analytic products."""

    def settings(self) -> dict[str, Setting]:
        """Return what decides the numbers beyond rounding."""
        if self.step_A is None:
            return {"products": "analytic"}
        return {"products": "differences", "step_A": self.step_A}


@dataclass(frozen=True)
class AnalyticProducts:
    """One reverse pass for each vector, through one graph of the forces that is kept."""

    atoms: Atoms
    model: Model
    reason: str
    predicted_memory_bytes: int

    fewest_at_once: ClassVar[int] = 1
    """How many vectors a call should have at least, for what all of them share."""

    @property
    def method(self) -> ProductMethod:
        """How products are computed, as results keep it."""
        return ProductMethod("analytic", self.reason, self.predicted_memory_bytes)

    def __call__(self, vectors: FloatArray) -> FloatArray:
        """Return H·v for each vector, both ``(n_vectors, n_atoms, 3)``."""
        return self._of_all(vectors)

    @cached_property
    def _of_all(self) -> Products:
        return self.model.linearize(self.atoms)


@dataclass(frozen=True)
class GroupedProducts:
    """The same for the energies of one group of atoms after the other, whose graphs are not kept.

    Graphs of groups are built in every call, and each costs about as much as a product.
    """

    atoms: Atoms
    model: Model
    groups: tuple[Group, ...]
    reason: str
    predicted_memory_bytes: int

    fewest_at_once: ClassVar[int] = 12

    @property
    def method(self) -> ProductMethod:
        """How products are computed, as results keep it."""
        return ProductMethod("grouped", self.reason, self.predicted_memory_bytes)

    def __call__(self, vectors: FloatArray) -> FloatArray:
        """Return H·v for each vector, both ``(n_vectors, n_atoms, 3)``."""
        products = np.zeros(vectors.shape)
        for group in self.groups:
            of_group = self.model.linearize(group.cluster, centres=group.centres)
            parts = of_group(vectors[:, group.parents])
            for product, part in zip(products, parts, strict=True):
                np.add.at(product, group.parents, part)
        return products


@dataclass(frozen=True)
class DifferenceProducts:
    """Central differences of the forces, two force calls for each vector."""

    atoms: Atoms
    model: Model
    step_A: float
    """How far the atom that moves most is displaced."""
    reason: str
    predicted_memory_bytes: int

    fewest_at_once: ClassVar[int] = 1

    @property
    def method(self) -> ProductMethod:
        """How products are computed, as results keep it."""
        needed = self.predicted_memory_bytes
        return ProductMethod("differences", self.reason, needed, step_A=self.step_A)

    def __call__(self, vectors: FloatArray) -> FloatArray:
        """Return H·v for each vector, both ``(n_vectors, n_atoms, 3)``."""
        return self._over(self.step_A, vectors)

    def error(self, vector: FloatArray) -> float:
        """Return about how far a product is off at most, relative to its largest element.

        It is what twice the step changes: three times what the forces' higher derivatives do to
        central differences, and about what rounding of the forces does. It takes two products.
        """
        one, two = (self._over(factor * self.step_A, vector[np.newaxis]) for factor in (1.0, 2.0))
        return float(np.abs(two - one).max() / np.abs(one).max())

    def _over(self, step_A: float, vectors: FloatArray) -> FloatArray:
        def forces(structures: Sequence[Atoms]) -> list[FloatArray]:
            return [each.forces_eV_per_A for each in self.model.evaluate(structures)]

        return difference_products(forces, self.atoms, vectors, step_A)


ProductStrategy = AnalyticProducts | GroupedProducts | DifferenceProducts
"""One way to compute products."""
