"""What a model takes of the memory for a structure, from what it takes for parts of one."""

from collections.abc import Callable
from functools import cached_property, partial

import numpy as np
from ase import Atoms

from nearsight.memory import METER, Meter
from nearsight.models.contract import Model
from nearsight.structures.molecules import MOLECULE, SINGLE, SITE_TYPE, molecules_of
from nearsight.structures.neighbours import neighbour_pairs

UNMEASURED_ATOMS = 200
"""A structure of so many atoms is no larger than the parts that a prediction computes."""

_CHARGES = "initial_charges"

_PARTS = ((UNMEASURED_ATOMS, 8), (50, 32))
"""Memory is measured on two parts of so many atoms, or of that fraction of a large structure; one
that is smaller than both is measured itself."""


class MemoryPrediction:
    """Peak memory, linear in the pairs of atoms within the cutoff, measured on parts of two sizes.

    The smaller part says what is taken whatever the size. Of methods that compute electrons it is
    measured on the structure itself.

    Parameters
    ----------
    atoms
        The structure that the parts are of; what else is predicted should resemble it.
    model
        The model that is measured.
    meter
        What measures it.
    """

    def __init__(self, atoms: Atoms, model: Model, meter: Meter = METER) -> None:
        self.atoms = atoms
        self.model = model
        self._meter = meter
        sizes = [max(least, len(atoms) // fraction) for least, fraction in _PARTS]
        several = len(atoms) > min(sizes)
        if model.capabilities.of_electrons:
            self._parts = [atoms]
        else:
            self._parts = [_compact_part(atoms, n) for n in (sizes if several else sizes[:1])]
        self.model.evaluate(self._parts[:1])  # what is built once must not be counted

    def of_product(self, atoms: Atoms) -> int:
        """Return the peak of an analytic product in bytes."""
        return self._product_bytes(self._size(atoms))

    def of_force_call(self, atoms: Atoms) -> int:
        """Return the peak of a force call in bytes."""
        return self.of_evaluation(atoms, forces=True, stress=False)

    def of_evaluation(self, atoms: Atoms, *, forces: bool, stress: bool) -> int:
        """Return the peak of an evaluation in bytes; the parts have no stress, but its forces."""
        with_forces = forces or stress

        def evaluate(part: Atoms) -> object:
            return self.model.evaluate([part], forces=with_forces)

        return self._measure(evaluate)(self._size(atoms))

    @cached_property
    def _product_bytes(self) -> Callable[[int], int]:
        def multiply(part: Atoms) -> object:
            vectors = np.random.default_rng(0).normal(size=(1, len(part), 3))
            return self.model.linearize(part)(vectors)

        return self._measure(multiply)

    def _measure(self, work: Callable[[Atoms], object]) -> Callable[[int], int]:
        """Return the bytes that `work` takes as a function of the size."""
        device = self.model.identity.device
        large, *smaller = (
            (self._size(part), self._meter.measure(partial(work, part), device).peak_memory_bytes)
            for part in self._parts
        )
        if not smaller:
            return lambda size: int(large[1] * size / large[0])
        [small] = smaller
        slope = max(large[1] - small[1], 0) / (large[0] - small[0])
        always = max(large[1] - slope * large[0], 0.0)
        return lambda size: int(always + slope * size)

    def _size(self, atoms: Atoms) -> int:
        cutoff = self.model.capabilities.cutoff_A
        if cutoff is None:
            return len(atoms)
        return len(atoms) + len(neighbour_pairs(atoms, cutoff)[0])


def _compact_part(atoms: Atoms, n_atoms: int) -> Atoms:
    """Return the atoms nearest to the first one, or all of a small structure.

    Molecules are whole, and atoms have the charges and types that they had: force fields compute
    nothing without these.
    """
    if len(atoms) <= n_atoms:
        return atoms
    vectors = atoms.get_distances(0, np.arange(len(atoms)), mic=True, vector=True)
    nearest = np.argsort(np.linalg.norm(vectors, axis=1))[:n_atoms]
    molecules = molecules_of(atoms)
    cut = np.isin(molecules, molecules[nearest]) & (molecules > SINGLE)
    chosen = np.concatenate([nearest, np.setdiff1d(np.flatnonzero(cut), nearest)])
    part = Atoms(numbers=atoms.numbers[chosen], positions=vectors[chosen])
    for name in (_CHARGES, MOLECULE, SITE_TYPE):
        if atoms.has(name):
            part.set_array(name, atoms.arrays[name][chosen])
    return part
