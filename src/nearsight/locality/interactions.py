"""How strongly a site interacts with every other atom: Frobenius norms of Hessian blocks.

M. Herbold, J. Behler, J. Chem. Phys. 2022, 156, 114106, doi:10.1063/5.0082952.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from ase import Atoms

from nearsight.arrays import FloatArray, IntArray
from nearsight.charts.chart import Chart
from nearsight.charts.on_axes import draw
from nearsight.errors import StructureError
from nearsight.hessian.force_constants import ForceConstants
from nearsight.hessian.matrix import Hessian, bare
from nearsight.hessian.origin import HasOrigin, Origin, origin_from_header, origin_header
from nearsight.hessian.rows.plan import plan
from nearsight.hessian.rows.run import compute_planned_rows
from nearsight.locality.norms_chart import norms_chart
from nearsight.locality.ranges import NEGLIGIBLE_EV_PER_A2, PairRange, pair_ranges
from nearsight.models.contract import Model
from nearsight.progress import Progress
from nearsight.result_archives import (
    atoms_from_arrays,
    atoms_to_arrays,
    load_archive,
    rebuilds,
    save_archive,
)
from nearsight.structures.cell_symmetry import symmetry_of_supercell
from nearsight.structures.checking import check_structure
from nearsight.structures.supercell import make_general_supercell, supercell_matrix
from nearsight.structures.tolerances import EXACT_TOLERANCE_A

if TYPE_CHECKING:
    from nearsight.charts.on_axes import Axes


@dataclass(frozen=True, kw_only=True)
class Interactions(HasOrigin):
    """The blocks h_AB of the Hessian that belong to some sites A, with all atoms B.

    In a supercell every image of an atom within it is an atom of its own; interactions with images
    beyond it are added to the nearest.
    """

    origin: Origin
    """How the blocks came about: computed here, or read from a file."""
    atoms: Atoms
    """The atoms B: a molecule, a cell, or a supercell whose first atoms are the unit cell."""
    sites: IntArray
    """Indices of the sites A in `atoms`, shape ``(n_sites,)``."""
    blocks_eV_per_A2: FloatArray
    """h_AB = ∂²E/∂A_α∂B_β, shape ``(n_sites, 3, n_atoms, 3)``."""

    @cached_property
    def norms_eV_per_A2(self) -> FloatArray:
        """‖h_AB‖, the Frobenius norm of each block, shape ``(n_sites, n_atoms)``."""
        norms: FloatArray = np.linalg.norm(self.blocks_eV_per_A2, axis=(1, 3))
        return norms

    @cached_property
    def distances_A(self) -> FloatArray:
        """Distance from A to the nearest image of B, shape ``(n_sites, n_atoms)``."""
        from ase.geometry import get_distances

        positions = self.atoms.positions
        _, lengths = get_distances(
            positions[self.sites], positions, self.atoms.cell.complete(), self.atoms.pbc
        )
        return np.asarray(lengths, dtype=np.float64)

    def ranges(self, negligible_eV_per_A2: float = NEGLIGIBLE_EV_PER_A2) -> list[PairRange]:
        """Return how far each pair of elements interacts, those that the sites belong to.

        Parameters
        ----------
        negligible_eV_per_A2
            Interactions below it do not count.
        """
        symbols = np.array(self.atoms.get_chemical_symbols())
        others = np.ones(self.norms_eV_per_A2.shape, dtype=bool)
        others[np.arange(len(self.sites)), self.sites] = False
        site, atom = np.nonzero(others)
        return pair_ranges(
            symbols[self.sites][site].tolist(),
            symbols[atom].tolist(),
            self.norms_eV_per_A2[others],
            self.distances_A[others],
            negligible_eV_per_A2,
        )

    def decay(self, site: int, width_A: float = 1.0) -> tuple[FloatArray, FloatArray]:
        """Return the largest ‖h_AB‖ within each shell of distances around a site.

        Parameters
        ----------
        site
            Place in `sites`.
        width_A
            Thickness of the shells in Å.

        Returns
        -------
        tuple
            Middle of each shell that holds atoms in Å, and the largest norm in it in eV/Å².
        """
        others = np.arange(len(self.atoms)) != self.sites[site]
        shells = (self.distances_A[site, others] // width_A).astype(np.int64)
        occupied = np.unique(shells)
        norms = self.norms_eV_per_A2[site, others]
        largest = np.array([norms[shells == shell].max() for shell in occupied])
        return (occupied + 0.5) * width_A, largest

    def plot(self, axes: "Axes", label: str = "") -> None:
        """Draw ‖h_AB‖ over distance on logarithmic `axes`, a colour for each site."""
        draw(self.chart(label), axes)

    def chart(self, label: str = "") -> Chart:
        """Return ‖h_AB‖ over distance, a series for each site; `label` begins their names."""
        series = {}
        for place, site in enumerate(self.sites.tolist()):
            others = np.arange(len(self.atoms)) != site
            name = f"{label}{self.atoms.symbols[site]}{site}"
            series[name] = (self.distances_A[place, others], self.norms_eV_per_A2[place, others])
        return norms_chart(series, {})

    def save(self, path: str | os.PathLike[str]) -> None:
        """Save to `path`; an older file there stays intact if that fails.

        Raises
        ------
        StorageError
            The file cannot be written.
        """
        arrays = {"sites": self.sites, "blocks_eV_per_A2": self.blocks_eV_per_A2}
        save_archive(
            path,
            "interactions",
            origin_header(self.origin),
            {**atoms_to_arrays(self.atoms), **arrays},
        )

    @classmethod
    @rebuilds("interactions")
    def load(cls, path: str | os.PathLike[str]) -> "Interactions":
        """Load what `save` wrote.

        Raises
        ------
        CheckpointError
            The file is missing, damaged, or something else.
        """
        header, arrays = load_archive(path, "interactions")
        return cls(
            origin=origin_from_header(header),
            atoms=atoms_from_arrays(arrays),
            sites=arrays["sites"],
            blocks_eV_per_A2=arrays["blocks_eV_per_A2"],
        )


def interactions(
    atoms: Atoms,
    model: Model,
    sites: Sequence[int] | None = None,
    *,
    supercell: Sequence[int] | IntArray = (1, 1, 1),
    method: str = "auto",
    step_A: float | None = None,
    row_symmetry_A: float | None = EXACT_TOLERANCE_A,
    memory_budget_bytes: int | None = None,
    checkpoint: str | os.PathLike[str] | None = None,
    progress: Progress | bool | None = None,
) -> Interactions:
    """Compute how strongly some sites interact with all atoms; only their rows are computed.

    Parameters
    ----------
    atoms
        A molecule, or the unit cell of a crystal, at which the second derivatives are taken.
    model
        The model or reference method.
    sites
        Indices of atoms in `atoms`; by default one of each kind that is equivalent by symmetry.
    supercell
        Three repeats, or nine integers, of a crystal: interactions beyond it are folded back.
    method, step_A, row_symmetry_A, memory_budget_bytes, checkpoint, progress
        As for `nearsight.hessian.hessian`.

    Raises
    ------
    StructureError
        The structure cannot be calculated, a site is none of its atoms, or a molecule was to be
        repeated.
    ModelError, MethodError, MemoryBudgetError, CheckpointError, StorageError
        As for `nearsight.hessian.hessian`.

    Examples
    --------
    >>> from ase.build import molecule
    >>> from nearsight.locality import interactions
    >>> from nearsight.models import load_model
    >>> found = interactions(molecule("CO2"), load_model("ase:emt"), sites=[0])
    >>> for distance, norm in zip(found.distances_A[0], found.norms_eV_per_A2[0]):
    ...     print(f"{distance:.2f} Å: {norm:.1f} eV/Å²")
    ...
    0.00 Å: 25.5 eV/Å²
    1.18 Å: 12.8 eV/Å²
    1.18 Å: 12.8 eV/Å²
    """
    check_structure(atoms)
    if sites is not None:
        require_sites(atoms, sites)
    unit_cell = bare(atoms)
    matrix = supercell_matrix(supercell)
    repeated = make_general_supercell(unit_cell, matrix)
    translations = None
    if unit_cell.pbc.any():
        translations = symmetry_of_supercell(unit_cell, repeated, matrix)
    planned = plan(
        repeated, model.capabilities, tolerance_A=row_symmetry_A, translations=translations
    )
    wanted = [site.atom for site in planned.sites] if sites is None else list(sites)
    planned = planned.for_atoms(wanted)
    computed = compute_planned_rows(
        repeated,
        model,
        planned,
        method,
        step_A=step_A,
        memory_budget_bytes=memory_budget_bytes,
        rows_kept=3 * len(wanted),
        checkpoint=checkpoint,
        progress=progress,
    )
    chosen = np.array(wanted, dtype=np.int64)
    return Interactions(
        origin=computed.origin,
        atoms=repeated,
        sites=chosen,
        blocks_eV_per_A2=planned.expand_for(computed.rows_eV_per_A2, chosen),
    )


def interactions_of(
    second_derivatives: Hessian | ForceConstants, sites: Sequence[int] | None = None
) -> Interactions:
    """Return the interactions that a Hessian or the force constants of a crystal hold.

    Parameters
    ----------
    second_derivatives
        A Hessian, computed or read; or force constants, whose supercell keeps images apart.
    sites
        Indices of atoms; by default all of a Hessian, and those of the primitive cell of force
        constants.

    Raises
    ------
    StructureError
        A site is none of these atoms.

    Examples
    --------
    >>> from ase.build import molecule
    >>> from nearsight.hessian import hessian
    >>> from nearsight.locality import interactions_of
    >>> from nearsight.models import load_model
    >>> found = interactions_of(hessian(molecule("CO2"), load_model("ase:emt")), sites=[0])
    >>> found.blocks_eV_per_A2.shape
    (1, 3, 3, 3)
    """
    if isinstance(second_derivatives, ForceConstants):
        atoms = second_derivatives.supercell
        rows = second_derivatives.values_eV_per_A2
        there = second_derivatives.primitive_atoms
    else:
        atoms = second_derivatives.atoms
        rows = second_derivatives.matrix_eV_per_A2
        there = np.arange(len(atoms))
    if sites is not None:
        require_sites(atoms, sites)
        missing = sorted(set(map(int, sites)).difference(there.tolist()))
        if missing:
            raise StructureError(
                f"the force constants hold the rows of atoms {there.tolist()} only, not of "
                f"{missing}; choose among the former, or compute the interactions of the site."
            )
    wanted = there if sites is None else np.asarray(sites, dtype=np.int64)
    place = {int(atom): index for index, atom in enumerate(there)}
    return Interactions(
        origin=second_derivatives.origin,
        atoms=atoms,
        sites=wanted,
        blocks_eV_per_A2=rows[[place[int(site)] for site in wanted]],
    )


def require_sites(atoms: Atoms, sites: Sequence[int]) -> None:
    """Check that every site is an atom of `atoms`.

    Raises
    ------
    StructureError
        One is not, or there is none.
    """
    if len(sites) == 0:
        raise StructureError("give at least one site: the index of an atom, counted from 0.")
    wrong = [site for site in sites if not 0 <= site < len(atoms)]
    if wrong:
        raise StructureError(
            f"there is no atom {wrong[0]} in {atoms.get_chemical_formula()}: sites are indices "
            f"from 0 to {len(atoms) - 1}."
        )
