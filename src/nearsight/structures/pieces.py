"""What pairs of atoms hold together: a crystal, or layers, chains and molecules in a box."""

from dataclasses import dataclass, field

import numpy as np
from ase import Atoms

from nearsight.arrays import FloatArray, IntArray
from nearsight.errors import StructureError
from nearsight.structures.integer_lattices import spanning_rows
from nearsight.structures.neighbours import neighbour_pairs
from nearsight.structures.reduced_cell import periodic_cell

CONTACT_A = 4.0
"""Atoms of one molecule, and molecules that touch, have pairs closer than this."""

_ROUNDING = 1 + 1e-9
_BOND = 1.3
"""Of the sum of covalent radii: atoms that are closer are bonded."""
_APART = 1.25
"""How much farther away images must be than the longest pair that holds a molecule together."""

_KINDS = ("molecule", "chain", "layer", "crystal")


@dataclass(frozen=True)
class Pieces:
    """The parts of a structure that pairs of atoms connect, images included."""

    of_atom: IntArray = field(repr=False)
    """Which piece each atom belongs to, shape ``(n_atoms,)``."""
    images: IntArray = field(repr=False)
    """The lattice vector to add to each atom so that its piece is whole, shape ``(n_atoms, 3)``."""
    lattices: tuple[IntArray, ...]
    """For each piece the lattice vectors that lead from it to itself, ``(rank, 3)``, which span
    all that do; in units of the cell vectors."""
    n_periodic: int
    """In how many directions the structure is periodic."""

    @property
    def ranks(self) -> tuple[int, ...]:
        """In how many directions each piece goes on: 0 for a molecule, 3 for a framework."""
        return tuple(len(lattice) for lattice in self.lattices)

    @property
    def connected(self) -> bool:
        """Whether there is one piece, which goes on wherever the structure is periodic."""
        return self.ranks == (self.n_periodic,)

    @property
    def molecular(self) -> bool:
        """Whether there are molecules and nothing else."""
        return not any(self.ranks)

    def whole_positions_A(self, atoms: Atoms) -> FloatArray:
        """Return positions at which no piece is cut by the boundary of the cell."""
        positions: FloatArray = atoms.positions + self.images @ periodic_cell(atoms)
        return positions

    def __str__(self) -> str:
        """Return how many pieces there are of which kind."""
        counts = [(kind, self.ranks.count(rank)) for rank, kind in enumerate(_KINDS)]
        named = [f"{n} {kind}s" if n > 1 else f"a {kind}" for kind, n in counts if n]
        return " and ".join(named)


def find_pieces(atoms: Atoms, reach_A: float) -> Pieces:
    """Return the pieces that pairs closer than `reach_A` Å connect.

    A structure that is not periodic is one piece.

    Parameters
    ----------
    atoms
        The structure.
    reach_A
        Atoms closer than that, in Å, hold each other.

    Examples
    --------
    >>> from ase.build import graphene, molecule
    >>> from nearsight.structures import find_pieces
    >>> print(find_pieces(graphene(vacuum=8.0), reach_A=1.6))
    a layer
    >>> box = molecule("H2O", vacuum=5.0, pbc=True)
    >>> print(find_pieces(box, reach_A=1.2))
    a molecule
    """
    n_periodic = int(np.count_nonzero(atoms.pbc))
    whole = np.zeros((len(atoms), 3), dtype=np.int64)
    if n_periodic == 0:
        return Pieces(np.zeros(len(atoms), dtype=np.int64), whole, (whole[:0],), 0)
    i, j, shifts = neighbour_pairs(atoms, reach_A)
    steps = np.round(shifts @ np.linalg.inv(periodic_cell(atoms))).astype(np.int64)
    return pieces_of_pairs(atoms, i, j, steps)


def pieces_of_pairs(atoms: Atoms, i: IntArray, j: IntArray, steps: IntArray) -> Pieces:
    """Return the pieces that pairs of atoms connect.

    Parameters
    ----------
    atoms
        The structure.
    i, j
        Atoms of each pair, shape ``(n_pairs,)``; every pair in both directions.
    steps
        Lattice vectors that are added to the second, shape ``(n_pairs, 3)``, whole numbers.
    """
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import breadth_first_order, connected_components

    n_periodic = int(np.count_nonzero(atoms.pbc))
    whole = np.zeros((len(atoms), 3), dtype=np.int64)
    graph = coo_matrix((np.ones(len(i)), (i, j)), shape=(len(atoms), len(atoms))).tocsr()
    n_pieces, of_atom = connected_components(graph, directed=False)
    keys = i * len(atoms) + j
    by_key = np.argsort(keys, kind="stable")
    for piece in range(n_pieces):
        first = int(np.argmax(of_atom == piece))
        order, before = breadth_first_order(graph, first, directed=False)
        parents = before[order[1:]].astype(np.int64)
        taken = by_key[np.searchsorted(keys[by_key], parents * len(atoms) + order[1:])]
        for atom, parent, step in zip(order[1:], parents, steps[taken], strict=True):
            whole[atom] = whole[parent] + step
    # What a pair adds to the way that the tree has found already leads to an image of the piece.
    closing = whole[i] + steps - whole[j]
    lattices = tuple(_span(closing[of_atom[i] == piece]) for piece in range(n_pieces))
    return Pieces(of_atom.astype(np.int64), whole, lattices, n_periodic)


def whole_molecule(atoms: Atoms) -> Atoms:
    """Return the molecule in a periodic box as a molecule without one, whole.

    Parameters
    ----------
    atoms
        One molecule, which may reach across the boundary of its box; it stays as it is. One that
        is not periodic loses nothing but its cell.

    Returns
    -------
    Atoms
        Same atoms in the same order, not periodic and without a cell.

    Raises
    ------
    StructureError
        Pairs closer than 4 Å do not connect the atoms to one molecule, or there are bonds to its
        images, or pairs as close as those that hold it together.

    Examples
    --------
    >>> from ase.build import molecule
    >>> from nearsight.structures import whole_molecule
    >>> water = molecule("H2O", vacuum=3.0, pbc=True)
    >>> water.translate([0, 0, -3.3])
    >>> water.wrap()
    >>> for atoms in (water, whole_molecule(water)):
    ...     print(f"O-H {atoms.get_distance(0, 1):.2f} Å")
    ...
    O-H 6.05 Å
    O-H 0.97 Å
    """
    molecule: Atoms = atoms.copy()
    if atoms.pbc.any():
        pieces = find_pieces(atoms, CONTACT_A)
        if len(pieces.lattices) > 1:
            raise StructureError(
                f"The box of {atoms.get_chemical_formula()} holds {pieces}, more than "
                f"{CONTACT_A:g} Å apart, where one molecule is expected; put each into a file of "
                f"its own."
            )
        pieces = _held_by_shortest_pairs(atoms)
        molecule.positions = pieces.whole_positions_A(atoms)
    molecule.pbc = False
    molecule.cell = np.zeros((3, 3))
    return molecule


def _held_by_shortest_pairs(atoms: Atoms) -> Pieces:
    """Return the one piece of a molecule, from pairs of which none is longer than need be."""
    from ase.data import covalent_radii
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import minimum_spanning_tree

    i, j, shifts = neighbour_pairs(atoms, CONTACT_A)
    lengths = np.linalg.norm(atoms.positions[j] + shifts - atoms.positions[i], axis=1)
    shortest = np.lexsort((lengths, j, i))
    _, first = np.unique(np.stack([i, j])[:, shortest], axis=1, return_index=True)
    kept = shortest[first][i[shortest[first]] != j[shortest[first]]]
    graph = coo_matrix((lengths[kept], (i[kept], j[kept])), shape=(len(atoms), len(atoms)))
    longest = float(minimum_spanning_tree(graph.tocsr()).data.max(initial=0.0))
    pieces = find_pieces(atoms, (longest or 1.0) * _ROUNDING)  # an atom has no pair of its own
    steps = np.round(shifts @ np.linalg.inv(periodic_cell(atoms))).astype(np.int64)
    to_images = (pieces.images[i] + steps != pieces.images[j]).any(axis=1)
    bonds = _BOND * (covalent_radii[atoms.numbers[i]] + covalent_radii[atoms.numbers[j]])
    near = to_images & (lengths < np.maximum(_APART * longest, bonds))
    if not pieces.molecular or near.any():
        nearest = float(lengths[to_images].min(initial=CONTACT_A))
        raise StructureError(
            f"{atoms.get_chemical_formula()} is no molecule in a box: its images are "
            f"{nearest:.2f} Å away, as near as bonds or as the pairs that hold it together "
            f"({longest:.2f} Å at most). It goes on through them; calculate it as the crystal, "
            f"chain or layer that it is."
        )
    return pieces


def _span(vectors: IntArray) -> IntArray:
    """Return rows that generate the same lattice as integer vectors."""
    rows = spanning_rows(np.unique(vectors, axis=0).tolist())
    return np.array(rows, dtype=np.int64).reshape(-1, 3)
