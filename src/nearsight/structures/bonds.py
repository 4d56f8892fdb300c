"""Bonds from distances: covalent ones, and those of metals."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from ase import Atoms
from ase.data import covalent_radii

from nearsight.arrays import BoolArray, FloatArray, IntArray
from nearsight.errors import StructureError
from nearsight.structures.checking import check_structure
from nearsight.structures.metals import METALS
from nearsight.structures.neighbours import neighbour_pairs

Image = tuple[int, int, int]

COVALENT_MARGIN_A = 0.3
"""Two nonmetals are bonded up to this beyond the sum of their covalent radii.

Radii: B. Cordero et al., Dalton Trans. 2008, 2832, doi:10.1039/b801115j, as ASE has them.
"""
COORDINATION_MARGIN_A = 0.4
"""The same for a metal and a nonmetal; carbon is allowed `METAL_CARBON_MARGIN_A` only."""
METAL_CARBON_MARGIN_A = 0.2
"""Short, since carbon atoms of ligands are near the metal without a bond."""
METAL_METAL_FACTOR = 1.25
"""Two metals are bonded up to this times the sum of their covalent radii."""

# Of the sum of covalent radii. The shortest bond in a structure that makes sense is that of
# hydrogen as X-rays see it (C-H 0.93 Å: 0.87); triple bonds have 0.77.
_OVERLAP_FACTOR = 0.65


@dataclass(frozen=True)
class Bonds:
    """The bonds of a structure, each once; periodic images are told apart."""

    atoms: Atoms
    first: IntArray
    """Shape ``(n_bonds,)``."""
    second: IntArray
    images: IntArray
    """Lattice vector that is added to the second atom, shape ``(n_bonds, 3)``, whole numbers."""
    lengths_A: FloatArray
    of_metal: BoolArray
    """Whether a metal is among the two atoms, shape ``(n_bonds,)``."""

    def __len__(self) -> int:
        return len(self.first)

    @cached_property
    def covalent(self) -> list[list[tuple[int, Image, int]]]:
        """For each atom its covalent bonds: the other atom, its image, the number of the bond."""
        return self._around(~self.of_metal)

    @cached_property
    def metallic(self) -> list[list[tuple[int, Image, int]]]:
        """The same for bonds that have a metal at one end or both."""
        return self._around(self.of_metal)

    def _around(self, chosen: BoolArray) -> list[list[tuple[int, Image, int]]]:
        around: list[list[tuple[int, Image, int]]] = [[] for _ in range(len(self.atoms))]
        for bond in np.flatnonzero(chosen).tolist():
            i, j, image = int(self.first[bond]), int(self.second[bond]), as_image(self.images[bond])
            around[i].append((j, image, bond))
            around[j].append((i, minus(image), bond))
        return around

    def each(self) -> Iterator[tuple[int, int, int, Image]]:
        """Yield number, first atom, second atom and image of each bond."""
        for bond in range(len(self)):
            i, j = int(self.first[bond]), int(self.second[bond])
            yield bond, i, j, as_image(self.images[bond])


def as_image(values: IntArray) -> Image:
    """Return three whole numbers as a tuple."""
    a, b, c = values.tolist()
    return a, b, c


def plus(one: Image, other: Image) -> Image:
    """Return the sum of two lattice vectors."""
    return one[0] + other[0], one[1] + other[1], one[2] + other[2]


def minus(one: Image) -> Image:
    """Return the opposite lattice vector."""
    return -one[0], -one[1], -one[2]


def find_bonds(atoms: Atoms) -> Bonds:
    """Find the bonds of a structure from its distances.

    A hydrogen atom is bonded to a metal only where it has no covalent bond (a hydride), a carbon
    atom only where no oxygen, nitrogen or sulfur atom bonded to it binds the same metal. Hydrogen
    atoms of different molecules that meet within the sum of their radii count as bonded.

    Raises
    ------
    StructureError
        `check_structure` refuses it, or two nonmetals are closer than any bond is, as the
        alternatives of a disordered structure are.
    """
    check_structure(atoms)
    metal = np.isin(atoms.numbers, list(METALS))
    limits = _limits(atoms.numbers, metal)
    elements, kind = np.unique(atoms.numbers, return_inverse=True)
    largest = max(limits[a, b] for a in elements for b in elements)
    i, j, shifts = neighbour_pairs(atoms, largest + 1e-6)
    images = whole_numbers(atoms, shifts)
    lengths = np.linalg.norm(atoms.positions[j] + shifts - atoms.positions[i], axis=1)
    once = (i < j) | ((i == j) & _is_positive(images))
    close = once & (lengths <= limits[elements[kind[i]], elements[kind[j]]])
    i, j, images, lengths = i[close], j[close], images[close], lengths[close]
    of_metal = metal[i] | metal[j]
    _require_no_overlap(atoms, i[~of_metal], j[~of_metal], lengths[~of_metal])
    bound = np.zeros(len(atoms), dtype=bool)
    bound[i[~of_metal]] = bound[j[~of_metal]] = True
    hydrogen = (atoms.numbers == 1) & bound
    kept = ~(of_metal & (hydrogen[i] | hydrogen[j]))
    order = np.flatnonzero(kept)[np.lexsort((*images[kept].T, j[kept], i[kept]))]
    found = Bonds(atoms, i[order], j[order], images[order], lengths[order], of_metal[order])
    chelated = {
        bond for bond, *_ in found.each() if found.of_metal[bond] and _is_chelated(found, bond)
    }
    rest = [bond for bond in range(len(found)) if bond not in chelated]
    return Bonds(
        atoms,
        found.first[rest],
        found.second[rest],
        found.images[rest],
        found.lengths_A[rest],
        found.of_metal[rest],
    )


def _is_chelated(bonds: Bonds, bond: int) -> bool:
    """Whether a metal is near a carbon atom only because it binds what the carbon is bonded to."""
    i, j, image = int(bonds.first[bond]), int(bonds.second[bond]), as_image(bonds.images[bond])
    numbers = bonds.atoms.numbers
    carbon, place = (i, (j, image)) if numbers[i] == 6 else (j, (i, minus(image)))
    if numbers[carbon] != 6:
        return False
    return any(
        numbers[other] in {7, 8, 16}
        and any((metal, plus(at, step)) == place for metal, step, _ in bonds.metallic[other])
        for other, at, _ in bonds.covalent[carbon]
    )


def _limits(numbers: IntArray, metal: BoolArray) -> FloatArray:
    """Return the longest bond for each pair of atomic numbers."""
    size = int(numbers.max()) + 1
    is_metal = np.zeros(size, dtype=bool)
    is_metal[numbers[metal]] = True
    sums = covalent_radii[:size, np.newaxis] + covalent_radii[np.newaxis, :size]
    one, both = is_metal[:, np.newaxis] ^ is_metal, is_metal[:, np.newaxis] & is_metal
    limits: FloatArray = np.where(one, sums + COORDINATION_MARGIN_A, sums + COVALENT_MARGIN_A)
    if size > 6:
        with_carbon = np.zeros((size, size), dtype=bool)
        with_carbon[6, :] = with_carbon[:, 6] = True
        limits = np.where(one & with_carbon, sums + METAL_CARBON_MARGIN_A, limits)
    return np.where(both, METAL_METAL_FACTOR * sums, limits)


def whole_numbers(atoms: Atoms, shifts: FloatArray) -> IntArray:
    """Return lattice vectors in Å as whole numbers of cell vectors, both of shape ``(n, 3)``."""
    images = np.zeros((len(shifts), 3), dtype=np.int64)
    periodic = np.flatnonzero(atoms.pbc)
    if len(periodic):
        inverse = np.linalg.pinv(atoms.cell.array[periodic])
        images[:, periodic] = np.rint(shifts @ inverse).astype(np.int64)
    return images


def _is_positive(images: IntArray) -> BoolArray:
    """Whether the first entry that is not zero is positive."""
    a, b, c = images.T
    positive: BoolArray = (a > 0) | ((a == 0) & ((b > 0) | ((b == 0) & (c > 0))))
    return positive


def _require_no_overlap(atoms: Atoms, i: IntArray, j: IntArray, lengths_A: FloatArray) -> None:
    shortest = _OVERLAP_FACTOR * (
        covalent_radii[atoms.numbers[i]] + covalent_radii[atoms.numbers[j]]
    )
    wrong = np.flatnonzero(lengths_A < shortest)
    if len(wrong) == 0:
        return
    one, a, b = int(wrong[0]), int(i[wrong[0]]), int(j[wrong[0]])
    raise StructureError(
        f"Atoms {a} ({atoms[a].symbol}) and {b} ({atoms[b].symbol}) are {lengths_A[one]:.3f} Å "
        f"apart, shorter than any bond between them; {len(wrong)} such pairs. Keep one of the "
        f"alternatives of a disordered structure."
    )
