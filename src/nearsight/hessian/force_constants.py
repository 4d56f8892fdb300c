"""Force constants of a crystal: what the atoms of one primitive cell feel in a supercell."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from ase import Atoms

from nearsight.announcing import announces
from nearsight.archives import require_numbers
from nearsight.arrays import FloatArray, IntArray
from nearsight.errors import MethodError, StructureError
from nearsight.hessian.born_charges import BornCharges
from nearsight.hessian.files.phonopy_born import read_born
from nearsight.hessian.files.phonopy_objects import any_cell_is_fine, find_order, phonopy_atoms
from nearsight.hessian.matrix import Hessian, bare
from nearsight.hessian.origin import HasOrigin, Origin, origin_from_header, origin_header
from nearsight.hessian.primitive import primitive_cell
from nearsight.hessian.reach import ASSUMED_REACH_A, pieces_of, reach_of, remarks_about_pieces
from nearsight.hessian.rows.budget import require_room_for_rows
from nearsight.hessian.rows.plan import plan
from nearsight.hessian.rows.run import compute_planned_rows
from nearsight.hessian.settings import DEFAULT_LENGTH_A
from nearsight.models.contract import Model
from nearsight.notebooks import ShownInNotebooks
from nearsight.progress import Progress
from nearsight.remarks import Remark, remarks_from_json, remarks_to_json
from nearsight.result_archives import (
    atoms_from_arrays,
    atoms_to_arrays,
    load_archive,
    rebuilds,
    save_archive,
)
from nearsight.structures.cell_symmetry import symmetry_of_supercell
from nearsight.structures.checking import (
    check_structure,
    require_no_constraints,
    require_room_to_check,
)
from nearsight.structures.naming import count_warnings, name_structure, paragraph
from nearsight.structures.pieces import Pieces
from nearsight.structures.reduced_cell import reduced_basis
from nearsight.structures.supercell import (
    distances_in_supercell,
    make_general_supercell,
    name_supercell,
    supercell_for_length,
    supercell_matrix,
)
from nearsight.structures.tolerances import EXACT_TOLERANCE_A

if TYPE_CHECKING:
    from phonopy import Phonopy


_ON_BOUNDARY_A = 1e-3


@dataclass(frozen=True, kw_only=True)
class ForceConstants(HasOrigin, ShownInNotebooks):
    """Compact force constants Φ[A, α, B, β] of a supercell, A in one primitive cell.

    They are folded into the supercell: interactions with images of B are added up.
    """

    origin: Origin
    """How the force constants came about: computed here, or read from a file."""
    unit_cell: Atoms
    """The structure that was repeated."""
    supercell: Atoms
    """Its first atoms are those of `unit_cell`."""
    supercell_matrix: IntArray
    """Supercell vectors (rows) in units of the vectors of `unit_cell`, shape ``(3, 3)``."""
    primitive_vectors: FloatArray
    """Vectors (rows) of a primitive cell in units of those of `unit_cell`, shape ``(3, 3)``.

    Those of `unit_cell` itself where it is primitive and not skewed, else reduced ones; q-points
    and meshes refer to them."""
    rotations: IntArray
    """Rotations W of the dynamical matrices, in the basis of the primitive vectors.

    Shape ``(n, 3, 3)``, q → q W⁻¹: those by which the force constants were made."""
    primitive_atoms: IntArray
    """Which atoms of `supercell` stand for the primitive cell, shape ``(n_primitive,)``."""
    values_eV_per_A2: FloatArray
    """Shape ``(n_primitive, 3, n_supercell, 3)``."""
    warnings: tuple[Remark, ...] = ()
    """What must be known about the structure before the force constants are used."""
    reach_A: float | None = ASSUMED_REACH_A
    """Distance beyond which no pair holds a part of the structure, as `reach_of` finds it."""
    born: BornCharges | None = None
    """Charges for the non-analytical term, of the atoms of `primitive_atoms`; None without it."""

    def __repr__(self) -> str:
        of = f"{name_structure(self.unit_cell)} by {self.provenance.model.name}"
        repeats = name_supercell(self.supercell_matrix)
        supercell = f"supercell {repeats}, {len(self.supercell)} atoms"
        rows = f"{self.rows_needed} of {3 * len(self.supercell)} rows needed, {self.method}"
        rule = f"sum rule {self.sum_rule_eV_per_A2:.1e} eV/Å²"
        return paragraph(self, of, supercell, rows, rule, count_warnings(self.warnings))

    @property
    def primitive_cell(self) -> Atoms:
        """The primitive cell, its atoms in the order of `primitive_atoms`."""
        primitive = self.supercell[self.primitive_atoms]
        primitive.cell = self.primitive_vectors @ self.unit_cell.cell.array
        return primitive

    @cached_property
    def pieces(self) -> Pieces:
        """What pairs hold together, in the primitive cell."""
        return pieces_of(self.primitive_cell, self.reach_A)

    @cached_property
    def sum_rule_eV_per_A2(self) -> float:
        """Largest ``|Σ_B Φ[A, α, B, β]|``; zero because moving everything changes no force."""
        return float(np.abs(self.values_eV_per_A2.sum(axis=2)).max())

    @cached_property
    def boundary_eV_per_A2(self) -> float | None:
        """Largest Frobenius norm of a block that reaches the boundary of the supercell.

        It belongs to pairs at least as far apart as the radius of the sphere inscribed in the
        Wigner-Seitz cell of the supercell. Interactions beyond are cut off or folded back, so that
        frequencies between the q-points of the supercell can be trusted only if it is small. None
        for a single atom, whose images cannot be told from itself, and zero where no pair holds
        the atoms to their images.
        """
        if self.pieces.molecular:
            return 0.0
        distances, radius = distances_in_supercell(self.supercell, self.primitive_atoms)
        norms = np.linalg.norm(self.values_eV_per_A2, axis=(1, 3))
        others = distances > _ON_BOUNDARY_A
        if not others.any():
            return None
        limit = min(radius, float(distances.max())) - _ON_BOUNDARY_A
        return float(norms[others & (distances >= limit)].max())

    def at_gamma(self) -> Hessian:
        """Return the Hessian of the primitive cell, in which all its copies move alike."""
        classes = self.class_of_atom()
        n_primitive = len(self.primitive_atoms)
        matrix = np.zeros((n_primitive, 3, n_primitive, 3))
        for own in range(n_primitive):
            matrix[:, :, own] = self.values_eV_per_A2[:, :, classes == own].sum(axis=2)
        return Hessian(
            origin=self.origin,
            atoms=self.primitive_cell,
            matrix_eV_per_A2=matrix,
            warnings=self.warnings,
            reach_A=self.reach_A,
        )

    def class_of_atom(self) -> IntArray:
        """Return the index in `primitive_atoms` of which each atom of the supercell is a copy."""
        inverse = np.linalg.inv(self.primitive_vectors @ self.unit_cell.cell.complete().array)
        positions = self.supercell.positions
        apart = positions[:, np.newaxis] - positions[self.primitive_atoms][np.newaxis]
        scaled = apart @ inverse
        copies = np.where(self.unit_cell.pbc, np.round(scaled), 0.0)
        off = np.linalg.norm((scaled - copies) @ np.linalg.inv(inverse), axis=2)
        classes: IntArray = np.argmin(off, axis=1)
        return classes

    def save(self, path: str | os.PathLike[str]) -> None:
        """Save to `path`; an older file there stays intact if that fails.

        Raises
        ------
        StorageError
            The file cannot be written.
        """
        header = {
            **origin_header(self.origin),
            "warnings": remarks_to_json(self.warnings),
            "reach_A": self.reach_A,
        }
        arrays = {
            **atoms_to_arrays(self.unit_cell),
            "supercell_matrix": self.supercell_matrix,
            "primitive_vectors": self.primitive_vectors,
            "rotations": self.rotations,
            "primitive_atoms": self.primitive_atoms,
            "values_eV_per_A2": self.values_eV_per_A2,
        }
        if self.born is not None:
            header["born"], of_charges = self.born.archived()
            arrays |= of_charges
        save_archive(path, "force constants", header, arrays)

    @classmethod
    @rebuilds("force constants")
    def load(cls, path: str | os.PathLike[str]) -> "ForceConstants":
        """Load what `save` wrote.

        Raises
        ------
        CheckpointError
            The file is missing, damaged, or something else.
        """
        header, arrays = load_archive(path, "force constants")
        unit_cell = atoms_from_arrays(arrays)
        matrix = supercell_matrix(require_numbers(arrays, "supercell_matrix", (3, 3)))
        n_supercell = len(unit_cell) * round(float(np.linalg.det(matrix)))
        primitive_atoms = arrays["primitive_atoms"]
        n_primitive = primitive_atoms.size
        # Before the supercell is built, which a matrix can make of any size.
        values = require_numbers(arrays, "values_eV_per_A2", (n_primitive, 3, n_supercell, 3))
        require_numbers(arrays, "primitive_atoms", (n_primitive,))
        if n_primitive and not 0 <= primitive_atoms.min() <= primitive_atoms.max() < n_supercell:
            raise ValueError("“primitive_atoms” are none of the supercell")
        return cls(
            origin=origin_from_header(header),
            unit_cell=unit_cell,
            supercell=make_general_supercell(unit_cell, matrix),
            supercell_matrix=matrix,
            primitive_vectors=require_numbers(arrays, "primitive_vectors", (3, 3)),
            rotations=require_numbers(arrays, "rotations", (len(arrays["rotations"]), 3, 3)),
            primitive_atoms=primitive_atoms,
            values_eV_per_A2=values,
            warnings=remarks_from_json(header["warnings"]),
            reach_A=header["reach_A"],
            born=BornCharges.from_archived(header["born"], arrays) if "born" in header else None,
        )

    def to_phonopy(self, nac: str | os.PathLike[str] | None = None) -> "Phonopy":
        """Return phonopy's `Phonopy` with these force constants.

        Its unit cell is the reduced one where that of the force constants is skewed: phonopy looks
        for atoms in all images that a skewed cell has around its supercell, which may be millions.
        The atoms, their order and their Cartesian coordinates stay as they are.

        Parameters
        ----------
        nac
            A BORN file of phonopy with Born charges and dielectric constant, for the non-analytical
            term correction, in place of `born`.

        Raises
        ------
        StructureError
            The structure is not periodic in three directions, or the BORN file is for another cell.
        CheckpointError
            The BORN file cannot be read.
        """
        from phonopy import Phonopy

        of_cell = self.unit_cell
        if not of_cell.pbc.all():
            raise StructureError(
                f"{of_cell.get_chemical_formula()} is not periodic in three directions, as phonopy "
                f"wants it; use the normal modes of its Hessian, or give it a cell vector through "
                f"the vacuum and pbc=True."
            )
        basis = reduced_basis(of_cell)
        in_basis = np.round(np.linalg.inv(basis)).astype(np.int64)
        reduced = of_cell.copy()
        reduced.cell = basis @ of_cell.cell.array
        with any_cell_is_fine():
            phonon = Phonopy(
                phonopy_atoms(reduced),
                # phonopy's matrices have vectors as columns
                supercell_matrix=(self.supercell_matrix @ in_basis).T,
                primitive_matrix=(self.primitive_vectors @ in_basis).T,
                symprec=self.row_symmetry_A or EXACT_TOLERANCE_A,
                is_symmetry=self.space_group is not None,
            )
        order = find_order(self.supercell, self.primitive_atoms, phonon)
        phonon.force_constants = order.to_phonopy(self.values_eV_per_A2)
        if nac is not None:
            phonon.nac_params = read_born(nac, phonon).in_order(np.arange(len(phonon.primitive)))
        elif self.born is not None:
            phonon.nac_params = self.born.in_order(order.own)
        return phonon

    def summary(self) -> dict[str, Any]:
        """Return the ``force_constants`` object of the JSON output."""
        return {
            **self.origin.summary(),
            "rows_total": 3 * len(self.supercell),
            "supercell_matrix": self.supercell_matrix.tolist(),
            "n_atoms_supercell": len(self.supercell),
            "n_atoms_primitive": len(self.primitive_atoms),
            "sum_rule_eV_per_A2": self.sum_rule_eV_per_A2,
            "boundary_eV_per_A2": self.boundary_eV_per_A2,
            "born_charges": self.born.summary() if self.born else None,
        }


@announces
def force_constants(
    atoms: Atoms,
    model: Model,
    supercell: Sequence[int] | IntArray | None = None,
    *,
    length_A: float | None = None,
    method: str = "auto",
    step_A: float | None = None,
    row_symmetry_A: float | None = EXACT_TOLERANCE_A,
    memory_budget_bytes: int | None = None,
    checkpoint: str | os.PathLike[str] | None = None,
    progress: Progress | bool | None = None,
) -> ForceConstants:
    """Compute the force constants of a crystal in a supercell.

    Only the rows of one primitive cell are computed, and of those only the ones that the space
    group leaves (`nearsight.hessian.rows.plan`).

    Parameters
    ----------
    atoms
        The unit cell, usually relaxed with the same model; it is not changed.
    model
        The model.
    supercell
        Three repeats, or a matrix of nine integers whose rows are the supercell vectors.
    length_A
        In place of `supercell`: the width in Å that the supercell must at least have; by default
        8 Å. What is repeated is the reduced cell, so that it does not matter which is given.
    method, step_A, memory_budget_bytes, checkpoint, progress
        As for `nearsight.hessian.hessian`.
    row_symmetry_A
        How far in Å an atom may be from where the space group wants it; None to use only the
        translations of the supercell.

    Raises
    ------
    StructureError
        The structure cannot be calculated, is no crystal, chain or layer, or the supercell is none
        of it.
    ModelError, MethodError, MemoryBudgetError, CheckpointError, StorageError
        As for `nearsight.hessian.hessian`.

    Examples
    --------
    >>> from ase.build import bulk
    >>> from nearsight.hessian import force_constants
    >>> from nearsight.models import load_model
    >>> constants = force_constants(bulk("Cu"), load_model("ase:emt"), (3, 3, 3))
    >>> constants.values_eV_per_A2.shape
    (1, 3, 27, 3)
    >>> print(f"at the boundary {constants.boundary_eV_per_A2:.3f} eV/Å²")
    at the boundary 0.019 eV/Å²
    """
    check_structure(atoms)
    require_no_constraints(atoms)
    matrix = _chosen_supercell(atoms, supercell, length_A)
    unit_cell = bare(atoms)
    repeated = make_general_supercell(unit_cell, matrix)
    require_room_to_check(len(repeated))
    require_room_for_rows(3, len(repeated), memory_budget_bytes)  # of at least one atom
    translations = symmetry_of_supercell(unit_cell, repeated, matrix)
    planned = plan(
        repeated, model.capabilities, tolerance_A=row_symmetry_A, translations=translations
    )
    assert planned.symmetry is not None
    primitive = primitive_cell(unit_cell, repeated, planned.symmetry, matrix)
    reach = reach_of(unit_cell, model)
    computed = compute_planned_rows(
        repeated,
        model,
        planned,
        method,
        step_A=step_A,
        memory_budget_bytes=memory_budget_bytes,
        rows_kept=3 * len(primitive.atoms),
        checkpoint=checkpoint,
        progress=progress,
    )
    return ForceConstants(
        origin=computed.origin,
        unit_cell=unit_cell,
        supercell=repeated,
        supercell_matrix=matrix,
        primitive_vectors=primitive.vectors,
        rotations=primitive.rotations,
        primitive_atoms=primitive.atoms,
        values_eV_per_A2=planned.expand_for(computed.rows_eV_per_A2, primitive.atoms),
        warnings=(*computed.notes, *remarks_about_pieces(pieces_of(unit_cell, reach))),
        reach_A=reach,
    )


def _chosen_supercell(
    atoms: Atoms, supercell: Sequence[int] | IntArray | None, length_A: float | None
) -> IntArray:
    if supercell is not None and length_A is not None:
        raise MethodError("give either `supercell` or `length_A`, not both.")
    if not atoms.pbc.any():
        raise StructureError(
            f"{atoms.get_chemical_formula()} is a molecule, which has no force constants of a "
            f"supercell; compute its Hessian."
        )
    if supercell is not None:
        return supercell_matrix(supercell)
    return supercell_for_length(atoms, DEFAULT_LENGTH_A if length_A is None else length_A)
