"""Rows of the Hessian as differences of forces, for models that cannot be differentiated.

They are also the second route that checks the analytic rows.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from ase import Atoms
from numpy.typing import NDArray

Forces = Callable[[Sequence[Atoms]], Sequence[NDArray[np.float64]]]
"""Forces in eV/Å, each of shape ``(n_atoms, 3)``, of a batch of structures."""


@dataclass(frozen=True)
class DifferenceScheme:
    """f'(x) ≈ Σ_k weight_k f(x + offset_k h) / h."""

    name: str
    offsets: tuple[int, ...]
    weights: tuple[float, ...]
    float64_step_A: float
    """Step near the best of truncation and rounding for forces in double precision."""
    float32_step_A: float
    """The same in single precision."""

    @property
    def displaced(self) -> tuple[tuple[int, float], ...]:
        """Offsets other than zero with their weights: the force calls of one row."""
        pairs = zip(self.offsets, self.weights, strict=True)
        return tuple((offset, weight) for offset, weight in pairs if offset)

    @property
    def weight_at_rest(self) -> float:
        """The weight of the undisplaced structure."""
        return dict(zip(self.offsets, self.weights, strict=True)).get(0, 0.0)


SCHEMES = {
    scheme.name: scheme
    for scheme in (
        DifferenceScheme("forward-difference", (0, 1), (-1.0, 1.0), 3e-8, 1e-4),
        DifferenceScheme("central-difference", (-1, 1), (-0.5, 0.5), 3e-6, 1e-3),
        DifferenceScheme(
            "fourth-order", (-2, -1, 1, 2), (1 / 12, -2 / 3, 2 / 3, -1 / 12), 1e-4, 3e-3
        ),
    )
}


def difference_rows(
    forces: Forces,
    atoms: Atoms,
    seeds: Sequence[tuple[int, NDArray[np.float64]]],
    scheme: DifferenceScheme,
    step_A: float,
) -> Iterator[NDArray[np.float64]]:
    """Yield H·d for each seed ``(atom, d)`` in order, each of shape ``(n_atoms, 3)`` in eV/Å².

    Parameters
    ----------
    forces
        Forces of a batch of structures.
    atoms
        The structure; it is not changed.
    seeds
        Atom indices with directions of shape ``(3,)``.
    scheme
        Which differences to take.
    step_A
        Displacement h in Å along each direction.
    """
    at_rest = forces([atoms])[0] if scheme.weight_at_rest else np.zeros((len(atoms), 3))
    for atom, direction in seeds:
        slope = scheme.weight_at_rest * at_rest
        for offset, weight in scheme.displaced:
            displaced = atoms.copy()
            displaced.positions[atom] += offset * step_A * direction
            # one at a time, so that differences never take more memory than a force call
            slope = slope + weight * forces([displaced])[0]
        yield -slope / step_A


def difference_products(
    forces: Forces, atoms: Atoms, vectors: NDArray[np.float64], step_A: float
) -> NDArray[np.float64]:
    """Return central differences H·v for vectors of shape ``(n_vectors, n_atoms, 3)``, in eV/Å².

    The step is taken so that no atom moves farther than `step_A` Å.
    """
    products = np.zeros(np.shape(vectors))
    for product, vector in zip(products, vectors, strict=True):
        largest = np.linalg.norm(vector, axis=1).max(initial=0.0)
        if largest == 0.0:
            continue
        step = step_A / largest
        ahead, behind = atoms.copy(), atoms.copy()
        ahead.positions += step * vector
        behind.positions -= step * vector
        product[:] = -(forces([ahead])[0] - forces([behind])[0]) / (2 * step)
    return products
