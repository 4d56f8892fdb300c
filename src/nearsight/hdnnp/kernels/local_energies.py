"""Energies of a structure that changes at a few places at a time."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from ase import Atoms
from numpy.typing import ArrayLike

from nearsight.arrays import FloatArray, IntArray
from nearsight.errors import MethodError, StructureError
from nearsight.hdnnp.kernels.cells import (
    Grid,
    Lists,
    Places,
    Surroundings,
    fill,
    keep,
    put,
    surroundings,
    surroundings_after,
    take_out,
)
from nearsight.hdnnp.kernels.compiled_potential import CompiledPotential
from nearsight.hdnnp.kernels.evaluation import (
    NO_GRADIENTS,
    Extrapolations,
    extrapolations_of,
    repel,
)
from nearsight.hdnnp.kernels.network_kernels import energies
from nearsight.hdnnp.kernels.symmetry_kernels import Neighbourhoods, symmetry_functions
from nearsight.structures.pairs import require_finite, require_searchable
from nearsight.structures.reduced_cell import cell_widths_A, periodic_cell, reduced_basis

_FARTHEST_A = 1e9
"""Distances between atoms that are farther from the origin mean nothing."""


@dataclass(frozen=True, eq=False)
class Change:
    """A change of a structure that has not been made, and what it does to the energy."""

    energy_eV: float
    """Of the whole structure after it."""
    difference_eV: float
    """After it less before it: the sum over the atoms whose energies it changes."""
    extrapolations: Extrapolations
    """Of those atoms after it, by their indices after moves and insertions, and before deletions:
    those that stay have the indices that they had."""
    around: Surroundings
    """Those atoms with their neighbours after it, by the same indices."""
    atomic_energies_eV: FloatArray
    """Their energies after it."""
    moved: IntArray
    """Atoms that are elsewhere after it; those that are added have the next indices."""
    positions_A: FloatArray
    """Where `moved` are, shape ``(n_moved, 3)``."""
    added: IntArray
    """Atomic numbers of those that are added."""
    removed: IntArray
    """Atoms that are taken away."""
    version: int
    """Number of changes that had been accepted."""


class LocalEnergies:
    """The energy of a structure, of which changes take only what is within the cutoff of them.

    A change is computed by `move`, `insert` or `delete`, which leave the structure as it is, and
    made by `accept`; one that is rejected needs nothing. Atomic energies are those of the structure
    as it is, whatever changes led to it: nothing adds up.

    Parameters
    ----------
    potential
        See `compile_potential`.
    atoms
        The structure; a later change of it changes nothing here.

    Raises
    ------
    ModelError
        The potential has no network for an element.
    StructureError
        A position or cell vector is not finite, or the cell vectors span no lattice.
    """

    def __init__(self, potential: CompiledPotential, atoms: Atoms) -> None:
        require_searchable(atoms)
        self._potential = potential
        self._grid = _grid(atoms, potential.cutoff_A)
        self._n_atoms = len(atoms)
        self._version = 0
        self._numbers: IntArray = atoms.numbers.astype(np.int64)
        self._places = _places(self._grid, atoms.positions, potential.elements_of(atoms.numbers))
        fill(self._grid, self._places, self._n_atoms)
        everyone = np.arange(self._n_atoms)
        around = surroundings(self._grid, self._places, everyone, potential.length_A)
        self._lists = _lists(self._n_atoms, _most_neighbours(around))
        keep(self._lists, around)
        self._atomic_energies_eV, _ = self._energies(around)

    @property
    def energy_eV(self) -> float:
        """Energy of the structure as it is."""
        return float(self._atomic_energies_eV.sum())

    @property
    def atomic_energies_eV(self) -> FloatArray:
        """Shape ``(n_atoms,)``."""
        return self._atomic_energies_eV.copy()

    @property
    def numbers(self) -> IntArray:
        """Atomic numbers, shape ``(n_atoms,)``."""
        return self._numbers.copy()

    @property
    def positions_A(self) -> FloatArray:
        """Shape ``(n_atoms, 3)``."""
        return self._places.positions_A[: self._n_atoms].copy()

    def move(self, indices: Sequence[int] | IntArray, positions_A: ArrayLike) -> Change:
        """Return what it does to put atoms at other positions, shape ``(n_moved, 3)`` in Å.

        Raises
        ------
        MethodError
            An index is that of no atom, or there twice.
        StructureError
            The positions have another shape or are not finite.
        """
        moved = self._indices(indices)
        return self._change(moved, _positions(positions_A, len(moved)))

    def insert(self, numbers: Sequence[int] | IntArray, positions_A: ArrayLike) -> Change:
        """Return what it does to add atoms, which come behind the others.

        Raises
        ------
        ModelError
            The potential has no network for an element.
        StructureError
            The positions have another shape or are not finite.
        """
        added = np.array(numbers, dtype=np.int64)
        positions = _positions(positions_A, len(added))
        elements = self._potential.elements_of(added)
        n_all = self._n_atoms + len(added)
        if n_all > len(self._places.elements):
            self._make_room(2 * n_all)
        self._places.elements[self._n_atoms : n_all] = elements
        return self._change(np.arange(self._n_atoms, n_all), positions, added=added)

    def delete(self, indices: Sequence[int] | IntArray) -> Change:
        """Return what it does to take atoms away; those behind them then move up.

        Raises
        ------
        MethodError
            An index is that of no atom, or there twice.
        """
        return self._change(_NOBODY, np.empty((0, 3)), removed=self._indices(indices))

    def accept(self, change: Change) -> None:
        """Make a change.

        Raises
        ------
        MethodError
            Another change has been made since this one was computed.
        """
        if change.version != self._version:
            raise MethodError(
                "another change has been accepted since this one was computed; compute it again."
            )
        self._version += 1
        known, n_all = self._n_atoms, self._n_atoms + len(change.added)
        if len(change.added):
            self._numbers = np.append(self._numbers, change.added)
            # Others may have been tried here since.
            self._places.elements[known:n_all] = self._potential.elements_of(change.added)
            grown = np.empty(n_all)
            grown[:known] = self._atomic_energies_eV
            self._atomic_energies_eV = grown
        self._n_atoms = n_all
        put(self._grid, self._places, change.moved, change.positions_A, known)
        if _most_neighbours(change.around) > self._lists.neighbours.shape[1]:
            width = 2 * _most_neighbours(change.around)
            self._lists = _resized(self._lists, len(self._lists.counts), width)
        keep(self._lists, change.around)
        self._atomic_energies_eV[change.around.centres] = change.atomic_energies_eV
        if len(change.removed):
            self._remove(change.removed)

    def _remove(self, removed: IntArray) -> None:
        self._atomic_energies_eV = np.delete(self._atomic_energies_eV, removed)
        self._numbers = np.delete(self._numbers, removed)
        stay = np.delete(np.arange(self._n_atoms), removed)
        take_out(self._lists, stay, self._n_atoms)
        self._n_atoms = len(stay)
        for array in (self._places.positions_A, self._places.elements):
            array[: len(stay)] = array[stay]
        fill(self._grid, self._places, self._n_atoms)

    def _make_room(self, n_atoms: int) -> None:
        """Let arrays hold that many atoms."""
        old = self._places
        self._places = Places(
            positions_A=np.resize(old.positions_A, (n_atoms, 3)),
            elements=np.resize(old.elements, n_atoms),
            bins=np.resize(old.bins, (n_atoms, 3)),
            images=np.resize(old.images, (n_atoms, 3)),
            heads=old.heads,
            nexts=np.resize(old.nexts, n_atoms),
        )
        self._lists = _resized(self._lists, n_atoms, self._lists.neighbours.shape[1])

    def _change(
        self,
        moved: IntArray,
        positions_A: FloatArray,
        *,
        added: IntArray | None = None,
        removed: IntArray | None = None,
    ) -> Change:
        added = _NOBODY if added is None else added
        removed = _NOBODY if removed is None else removed
        around = surroundings_after(
            self._grid,
            self._places,
            self._lists,
            self._n_atoms,
            moved,
            positions_A,
            removed,
            self._potential.length_A,
        )
        after, extrapolations = self._energies(around)
        centres = around.centres
        before = self._atomic_energies_eV
        # Term by term for atoms that stay: atomic energies are large, and change by little.
        stay = centres < self._n_atoms
        difference = (
            (after[stay] - before[centres[stay]]).sum() + after[~stay].sum() - before[removed].sum()
        )
        return Change(
            energy_eV=self.energy_eV + float(difference),
            difference_eV=float(difference),
            extrapolations=extrapolations,
            around=around,
            atomic_energies_eV=after,
            moved=moved,
            positions_A=positions_A,
            added=added,
            removed=removed,
            version=self._version,
        )

    def _energies(self, around: Surroundings) -> tuple[FloatArray, Extrapolations]:
        """Return the energies of atoms with these neighbours, and where they extrapolate."""
        potential = self._potential
        values = np.zeros((len(around.centres), potential.n_inputs))
        hoods = Neighbourhoods(*around)
        symmetry_functions(potential.functions, hoods, values)
        out = np.empty(len(around.centres))
        energies(potential.networks, potential.weights, around.elements, values, out)
        repel(potential, hoods, out, NO_GRADIENTS)
        return out, extrapolations_of(potential, around.elements, values, around.centres)

    def _indices(self, indices: Sequence[int] | IntArray) -> IntArray:
        chosen = np.array(indices, dtype=np.int64).reshape(-1)
        if len(chosen) and (chosen.min() < 0 or chosen.max() >= self._n_atoms):
            raise MethodError(
                f"atoms {chosen.tolist()} are not all there: indices go from 0 to "
                f"{self._n_atoms - 1}."
            )
        if len(set(chosen.tolist())) < len(chosen):
            raise MethodError(f"an atom is there twice in {chosen.tolist()}; name each once.")
        return chosen


_NOBODY: IntArray = np.empty(0, dtype=np.int64)


def _most_neighbours(around: Surroundings) -> int:
    return int(np.diff(around.ranges).max(initial=0))


def _lists(n_atoms: int, width: int) -> Lists:
    return Lists(
        counts=np.zeros(n_atoms, dtype=np.int64),
        neighbours=np.zeros((n_atoms, width), dtype=np.int64),
        vectors=np.zeros((n_atoms, width, 3)),
    )


def _resized(lists: Lists, n_atoms: int, width: int) -> Lists:
    """Return the same lists with more room."""
    resized = _lists(n_atoms, width)
    n_before, before = lists.neighbours.shape
    for new, old in zip(resized, lists, strict=True):
        new[(slice(n_before), slice(before))[: new.ndim]] = old
    return resized


def _positions(positions_A: ArrayLike, n_atoms: int) -> FloatArray:
    positions = np.array(positions_A, dtype=np.float64)
    if positions.shape != (n_atoms, 3):
        raise StructureError(
            f"positions have the shape {positions.shape}, not ({n_atoms}, 3); give one row of x, y "
            f"and z in Å for each atom."
        )
    _require_near(positions)
    return positions


def _require_near(positions_A: FloatArray) -> None:
    require_finite(positions_A, "position")
    farthest_A = np.abs(positions_A).max(initial=0.0)
    if farthest_A > _FARTHEST_A:
        raise StructureError(
            f"an atom is {farthest_A:.1e} Å from the origin, where its distances mean nothing any "
            f"more; carry it back into the cell (atoms.wrap())."
        )


def _grid(atoms: Atoms, cutoff_A: float) -> Grid:
    """Return bins for a structure that are not narrower than the cutoff, if the cell is not."""
    _require_near(atoms.positions)
    periodic = atoms.pbc.copy()
    vectors = reduced_basis(atoms) @ periodic_cell(atoms)
    to_fractions: FloatArray = np.linalg.inv(vectors).astype(np.float64)
    # Vectors along directions that are not periodic are of 1 Å and normal to all others.
    fractions = atoms.positions @ to_fractions
    lengths_A, origins = np.empty(3), np.zeros(3)
    lengths_A[periodic] = cell_widths_A(vectors, periodic)
    if len(atoms) and not periodic.all():
        origins[~periodic] = fractions.min(axis=0)[~periodic]
        lengths_A[~periodic] = np.ptp(fractions, axis=0)[~periodic]
    counts = np.maximum(lengths_A // cutoff_A, 1).astype(np.int64)
    widths_A = np.where(periodic, lengths_A / counts, np.maximum(lengths_A / counts, cutoff_A))
    return Grid(
        vectors_A=vectors,
        to_fractions=to_fractions,
        periodic=periodic,
        origins=origins,
        widths=np.where(periodic, 1.0 / counts, widths_A),
        counts=counts,
        # By rounding a bin may be a little narrower than the cutoff.
        ranges=np.ceil(cutoff_A / widths_A * (1 - 1e-9)).astype(np.int64),
        cutoff_A=cutoff_A,
    )


def _places(grid: Grid, positions_A: FloatArray, elements: IntArray) -> Places:
    return Places(
        positions_A=positions_A.copy(),
        elements=elements,
        bins=np.empty((len(elements), 3), dtype=np.int64),
        images=np.empty((len(elements), 3), dtype=np.int64),
        heads=np.empty(int(np.prod(grid.counts)), dtype=np.int64),
        nexts=np.empty(len(elements), dtype=np.int64),
    )
