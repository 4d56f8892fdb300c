"""What the tests of several models share."""

from collections.abc import Callable

import numpy as np
import pytest
from ase import Atoms


@pytest.fixture
def calm_cutoffs(monkeypatch: pytest.MonkeyPatch) -> Callable[[Atoms], None]:
    """Return a function: end D3's sums near 12 Å, in the widest gap between the distances there.

    Differences then see no pair that crosses a cutoff, where the energy jumps.
    """

    def between_shells(atoms: Atoms) -> None:
        from nearsight.models.d3 import energy

        i, j = np.triu_indices(len(atoms))
        grid = np.stack(np.meshgrid(*[np.arange(-8, 9)] * 3), axis=-1).reshape(-1, 3)
        images = (grid * atoms.pbc) @ atoms.cell.array
        vectors = atoms.positions[j] - atoms.positions[i]
        distances = np.linalg.norm(vectors[:, None] + images, axis=2).ravel()
        near = np.sort(distances[np.abs(distances - 12.0) < 0.3])
        widest = int(np.argmax(np.diff(near)))
        middle = float(near[widest : widest + 2].mean())
        monkeypatch.setattr(energy, "ENERGY_CUTOFF_A", middle)
        monkeypatch.setattr(energy, "COUNTING_CUTOFF_A", middle)

    return between_shells
