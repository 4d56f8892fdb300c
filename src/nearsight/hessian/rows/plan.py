"""Which rows of a Hessian are needed: the rest follows by translation and space group.

A row is the force change that one atom makes when it moves in one direction. Moving an atom in one
general direction and looking at the result from every operation of its site tells what it does in
up to three independent directions, so that few rows determine all of them. This is what phonopy
does for displacements (K. Parlinski, Z. Q. Li, Y. Kawazoe, Phys. Rev. Lett. 1997, 78, 4063,
doi:10.1103/PhysRevLett.78.4063), here for rows of any kind.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from ase import Atoms
from numpy.typing import ArrayLike

from nearsight.arrays import FloatArray, IntArray
from nearsight.errors import MethodError, StructureError
from nearsight.hessian.rows.directions import spread_directions
from nearsight.memory import require_room
from nearsight.models.contract import Capabilities, Seed
from nearsight.notebooks import ShownInNotebooks
from nearsight.structures.cell_symmetry import CellSymmetry, find_cell_symmetry
from nearsight.structures.operations import OperationKind
from nearsight.structures.symmetry import space_group
from nearsight.structures.tolerances import EXACT_TOLERANCE_A

_BYTES_PER_ATOM = 2000  # lists for spglib and what it makes of them; measured for 64,000 atoms


@dataclass(frozen=True)
class Image:
    """An operation that carries a site onto an atom, or onto itself."""

    rotation: FloatArray
    """Cartesian, r → R r, shape ``(3, 3)``."""
    permutation: IntArray
    """Where each atom goes, shape ``(n_atoms,)``."""

    def of_row(self, row: FloatArray) -> FloatArray:
        """Return the row of the image along the turned direction, shape ``(..., n_atoms, 3)``."""
        image = np.empty_like(row)
        image[..., self.permutation, :] = row @ self.rotation.T
        return image

    def of_block(self, block: FloatArray) -> FloatArray:
        """Return the three rows of the image from those of the site, ``(3, n_atoms, 3)``."""
        return self.of_row(np.tensordot(self.rotation, block, axes=1))


@dataclass(frozen=True)
class Site:
    """One atom from which all equivalent atoms follow, and the directions it needs."""

    atom: int
    symbol: str
    equivalent_atoms: tuple[int, ...]
    """Every atom that follows from this one, itself included."""
    n_operations: int
    """Order of the site symmetry."""
    directions: FloatArray
    """Unit vectors, shape ``(1 to 3, 3)``."""
    smallest_singular_value: float
    """Of the directions spread by the site's operations, 1 for three at right angles.

    The error of the expanded rows is at most that of the computed ones divided by it.
    """

    def summary(self) -> dict[str, Any]:
        """Return the site as JSON values."""
        return {
            "atom": self.atom,
            "symbol": self.symbol,
            "n_equivalent": len(self.equivalent_atoms),
            "site_symmetry_order": self.n_operations,
            "directions": self.directions.tolist(),
            "smallest_singular_value": self.smallest_singular_value,
        }


@dataclass(frozen=True)
class Plan(ShownInNotebooks):
    """The smallest set of rows that determines a Hessian, and how it does."""

    n_atoms: int
    sites: tuple[Site, ...]
    space_group: str | None
    """Symbol and number; None where no space group is used."""
    tolerance_A: float | None
    """How far an atom may be from where the symmetry wants it; None without symmetry."""
    reason: str
    """Why this much symmetry is used."""
    symmetry: CellSymmetry | None = field(repr=False)
    """None where every atom stands for itself."""

    def __repr__(self) -> str:
        return f"<Plan: {self}>"

    def __str__(self) -> str:
        """Return the plan in a line."""
        return f"{self.rows_total} rows, {self.rows_needed} needed ({self.reason})"

    @property
    def rows_total(self) -> int:
        """Number of rows of the Hessian."""
        return 3 * self.n_atoms

    @property
    def rows_needed(self) -> int:
        """Number of rows to compute."""
        return len(self.seeds)

    @property
    def uses_symmetry(self) -> bool:
        """Whether any row follows from others."""
        return self.rows_needed < 3 * sum(len(site.equivalent_atoms) for site in self.sites)

    @property
    def seeds(self) -> list[Seed]:
        """The rows to compute, as pairs of atom and direction."""
        return [(site.atom, direction) for site in self.sites for direction in site.directions]

    @property
    def primitive_atoms(self) -> IntArray:
        """One atom for each atom of the primitive cell: the first copy of it, ascending."""
        if self.symmetry is None:
            return np.arange(self.n_atoms)
        return np.sort(self.symmetry.first_of_class)

    def expand(self, rows: ArrayLike) -> FloatArray:
        """Return the Hessian, shape ``(n_atoms, 3, n_atoms, 3)`` in eV/Å².

        Parameters
        ----------
        rows
            The rows of `seeds` in their order, shape ``(rows_needed, n_atoms, 3)`` in eV/Å².
        """
        return self.expand_for(rows, np.arange(self.n_atoms))

    def for_atoms(self, atoms: Sequence[int]) -> "Plan":
        """Return the plan for the rows of some atoms only, to be used with `expand_for`."""
        wanted = set(atoms)
        kept = tuple(site for site in self.sites if wanted.intersection(site.equivalent_atoms))
        return replace(self, sites=kept)

    def image_of_seed(self, index: int, choice: int) -> tuple[Seed, Image]:
        """Return a row that is an image of row `index`, with the operation between them.

        Parameters
        ----------
        index
            Index in `seeds`.
        choice
            Which of the images; any whole number names one.
        """
        owners = [site for site in self.sites for _ in site.directions]
        site, direction = owners[index], self.seeds[index][1]
        rotations = self._n_rotations()
        target = site.equivalent_atoms[choice // rotations % len(site.equivalent_atoms)]
        images = self._images(site.atom, target)
        image = images[choice % rotations % len(images)]
        return (target, image.rotation @ direction), image

    def summary(self) -> dict[str, Any]:
        """Return the plan as JSON values."""
        return {
            "rows_total": self.rows_total,
            "rows_needed": self.rows_needed,
            "space_group": self.space_group,
            "tolerance_A": self.tolerance_A,
            "reason": self.reason,
            "sites": [site.summary() for site in self.sites],
        }

    def expand_for(self, rows: ArrayLike, atoms: IntArray) -> FloatArray:
        """Return the rows of some atoms, shape ``(len(atoms), 3, n_atoms, 3)``, in eV/Å²."""
        computed = np.asarray(rows, dtype=np.float64)
        wanted = (self.rows_needed, self.n_atoms, 3)
        if computed.shape != wanted:
            raise MethodError(f"the plan needs rows of shape {wanted}, not {computed.shape}.")
        position = {int(atom): index for index, atom in enumerate(atoms)}
        expanded = np.empty((len(atoms), 3, self.n_atoms, 3))
        start = 0
        for site in self.sites:
            stop = start + len(site.directions)
            block = self._site_block(site, computed[start:stop])
            for atom in site.equivalent_atoms:
                if atom in position:
                    image = self._images(site.atom, atom, first_only=True)[0]
                    expanded[position[atom]] = image.of_block(block)
            start = stop
        return expanded

    def _site_block(self, site: Site, rows: FloatArray) -> FloatArray:
        """Return the three rows of a site from those along its directions, by least squares."""
        normal = np.zeros((3, 3))
        right = np.zeros((3, self.n_atoms, 3))
        for image in self._images(site.atom, site.atom):
            turned = site.directions @ image.rotation.T
            normal += turned.T @ turned
            right += np.tensordot(turned.T, image.of_row(rows), axes=1)
        return np.tensordot(np.linalg.inv(normal), right, axes=1)

    def _n_rotations(self) -> int:
        return 1 if self.symmetry is None else len(self.symmetry.rotations)

    def _images(self, atom: int, target: int, *, first_only: bool = False) -> list[Image]:
        """Return the operations that carry `atom` onto `target`, or only one of them."""
        if self.symmetry is None:
            return [Image(np.eye(3), np.arange(self.n_atoms))]
        found = []
        classes = self.symmetry.classes
        for rotation, matrix in enumerate(self.symmetry.rotations):
            if self.symmetry.images(rotation)[classes[atom]] != classes[target]:
                continue
            translation = self.symmetry.translation(rotation, atom, target)
            found.append(Image(matrix, self.symmetry.permutation(rotation, translation)))
            if first_only:
                break
        return found


def plan(
    atoms: Atoms,
    capabilities: Capabilities | None = None,
    *,
    tolerance_A: float | None = EXACT_TOLERANCE_A,
    translations: CellSymmetry | None = None,
) -> Plan:
    """Return which rows of the Hessian of `atoms` are needed.

    Parameters
    ----------
    atoms
        The structure. Supercells are recognised: only the atoms of a primitive cell need rows.
    capabilities
        Those of the model: rotations are used only if it is equivariant, mirror images only if it
        keeps those too. None for a model that does both.
    tolerance_A
        How far in Å an atom may be from where the symmetry wants it, or None to look for none.
    translations
        Translations that are known without a search, such as those of a supercell; they are used
        where none are looked for.

    Returns
    -------
    Plan
        Without symmetry three rows for each atom: for molecules, chains and layers, for which
        none is looked for.

    Raises
    ------
    StructureError
        The tolerance is not positive, or no consistent space group is found at it.
    MemoryBudgetError
        The search for it in so many atoms does not fit into the memory.

    Examples
    --------
    >>> from ase.build import bulk
    >>> from nearsight.hessian import plan
    >>> needed = plan(bulk("NaCl", "rocksalt", a=5.64, cubic=True))
    >>> print(f"{needed.rows_needed} of {needed.rows_total} rows, by {needed.space_group}")
    2 of 24 rows, by Fm-3m (225)
    """
    if tolerance_A is None:
        return _given_only(atoms, translations, "no symmetry was asked for")
    if not 0.0 < tolerance_A < np.inf:
        raise StructureError(f"`row_symmetry_A` is a positive length in Å, not {tolerance_A}.")
    if not atoms.pbc.all():
        reason = "a space group needs a structure periodic in three directions"
        return _given_only(atoms, translations, reason)
    require_room(
        _BYTES_PER_ATOM * len(atoms),
        f"The space group of {len(atoms)} atoms",
        "Take a smaller cell, or look for no symmetry (`row_symmetry_A` none).",
    )
    kept = operations_kept(capabilities)
    symmetry = find_cell_symmetry(atoms, tolerance_A, kept)
    group = None
    reason = "translations only, because the model is not known to be equivariant"
    if kept != "translations":
        found = space_group(atoms, tolerance_A)
        group = f"{found.symbol} ({found.number})"
        reason = f"space group {group} within {tolerance_A:g} Å"
    if kept == "proper" and (np.linalg.det(symmetry.operations.rotations) < 0).any():
        reason += " without its mirror images, which the model is not known to keep"
    return Plan(
        n_atoms=len(atoms),
        sites=tuple(_sites(atoms, symmetry)),
        space_group=group,
        tolerance_A=tolerance_A,
        reason=reason,
        symmetry=symmetry,
    )


def operations_kept(capabilities: Capabilities | None) -> OperationKind:
    """Return which operations of a crystal leave what a model says as it is; None keeps all."""
    if capabilities is None:
        return "all"
    if not capabilities.equivariant:
        return "translations"
    return "all" if capabilities.mirror_equivariant else "proper"


def _given_only(atoms: Atoms, translations: CellSymmetry | None, reason: str) -> Plan:
    if translations is not None:
        sites = tuple(_sites(atoms, translations))
        return Plan(len(atoms), sites, None, None, f"translations only: {reason}", translations)
    sites = tuple(
        Site(atom, symbol, (atom,), 1, np.eye(3), 1.0)
        for atom, symbol in enumerate(atoms.get_chemical_symbols())
    )
    return Plan(len(atoms), sites, None, None, reason, None)


def _sites(atoms: Atoms, symmetry: CellSymmetry) -> list[Site]:
    """Return one site for each orbit of atoms, in the order of their first atoms."""
    images = np.array([symmetry.images(rotation) for rotation in range(len(symmetry.rotations))])
    sites = []
    seen: set[int] = set()
    for atom in np.sort(symmetry.first_of_class):
        own = int(symmetry.classes[atom])
        if own in seen:
            continue
        orbit = np.unique(images[:, own])
        seen.update(orbit.tolist())
        at_site = symmetry.rotations[images[:, own] == own]
        directions, smallest = spread_directions(at_site)
        equivalent = np.flatnonzero(np.isin(symmetry.classes, orbit))
        sites.append(
            Site(
                atom=int(atom),
                symbol=str(atoms.symbols[int(atom)]),
                equivalent_atoms=tuple(equivalent.tolist()),
                n_operations=len(at_site),
                directions=directions,
                smallest_singular_value=smallest,
            )
        )
    return sites
