"""What phonopy makes of force constants, or has in its files, as ours; and our own in its file."""

import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
from ase import Atoms

from nearsight.announcing import announces
from nearsight.arrays import FloatArray
from nearsight.errors import CheckpointError
from nearsight.fingerprint import file_sha256
from nearsight.hessian.born_charges import BornCharges
from nearsight.hessian.files.phonopy_born import neutral, read_born
from nearsight.hessian.files.phonopy_content import PhonopyContent, read_content
from nearsight.hessian.files.phonopy_fitting import fit_force_constants
from nearsight.hessian.files.phonopy_forces import with_forces_from
from nearsight.hessian.files.phonopy_objects import Order, any_cell_is_fine, find_order
from nearsight.hessian.force_constants import ForceConstants
from nearsight.hessian.origin import ReadFromFile
from nearsight.hessian.reach_of_read import with_pieces
from nearsight.provenance import ModelIdentity, record
from nearsight.remarks import Remark
from nearsight.storage import write_text
from nearsight.structures.supercell import make_general_supercell
from nearsight.structures.tolerances import EXACT_TOLERANCE_A

if TYPE_CHECKING:
    from phonopy import Phonopy
    from phonopy.structure.atoms import PhonopyAtoms


_SAME_A = 1e-3
"""Between places of one atom as a file has it and as it follows from the unit cell."""

_DOUBTFUL_eV_PER_A2 = 0.05
"""From which soft modes mean nothing: it is all of the curvature of an oxygen atom at 30 cm⁻¹."""

_ROUNDS = 20
"""Of subtracting drifts and averaging, each of which leaves a tenth of what the other breaks."""


def with_sum_rules(force_constants: ForceConstants) -> ForceConstants:
    """Return force constants on which the translational sum rule and symmetry are imposed.

    That is Σ_B Φ[A, B] = 0 and Φ[A, α, B, β] = Φ[B, β, A, α], by phonopy's averaging. Analytic ones
    obey both to rounding; differences and single precision do not.

    Raises
    ------
    StructureError
        The structure is not periodic in three directions.
    """
    phonon = force_constants.to_phonopy()
    order = find_order(force_constants.supercell, force_constants.primitive_atoms, phonon)
    phonon.symmetrize_force_constants(level=_ROUNDS, show_drift=False)
    values = phonon.force_constants
    assert values is not None
    return replace(force_constants, values_eV_per_A2=order.from_phonopy(values))


def with_born(
    force_constants: ForceConstants, nac: str | os.PathLike[str] | None
) -> ForceConstants:
    """Return force constants with the charges of a BORN file, in place of those that they have.

    Raises
    ------
    StructureError, CheckpointError
        As for `ForceConstants.to_phonopy`.
    """
    if nac is None:
        return force_constants
    phonon = force_constants.to_phonopy()
    order = find_order(force_constants.supercell, force_constants.primitive_atoms, phonon)
    charges = read_born(nac, phonon)
    before = force_constants.born
    told = () if before is None else before.remarks
    return replace(
        force_constants,
        warnings=(
            *(each for each in force_constants.warnings if each not in told),
            *charges.remarks,
        ),
        born=replace(
            charges,
            charges_e=charges.charges_e[np.argsort(order.own)],
            in_place_of=None if before is None else before.file,
        ),
    )


def write_phonopy(
    path: str | os.PathLike[str],
    force_constants: ForceConstants,
    nac: str | os.PathLike[str] | None = None,
) -> None:
    """Write phonopy's own YAML file, which ``phonopy-load`` and `phonopy.load` read.

    Parameters
    ----------
    path
        The file, which is replaced.
    force_constants
        Force constants of a supercell.
    nac
        A BORN file for the non-analytical correction; None without one.

    Raises
    ------
    StorageError
        The file cannot be written; an older one is intact.

    Examples
    --------
    >>> from ase.build import bulk
    >>> from nearsight.hessian import force_constants, write_phonopy
    >>> from nearsight.models import load_model
    >>> constants = force_constants(bulk("Cu"), load_model("ase:emt"), (2, 2, 2))
    >>> write_phonopy("copper.yaml", constants)
    """
    phonon = force_constants.to_phonopy(nac)
    write_text(path, str(phonon.to_phonopy_yaml(settings={"force_constants": True})))


def read_unit_cell(path: str | os.PathLike[str]) -> Atoms:
    """Read the unit cell in phonopy's YAML.

    Raises
    ------
    CheckpointError
        As for `read_phonopy`.
    """
    return _as_atoms(read_content(Path(path)).unit_cell)


def _as_atoms(cell: "PhonopyAtoms") -> Atoms:
    return Atoms(
        cell.numbers, positions=cell.positions, masses=cell.masses, cell=cell.cell, pbc=True
    )


@announces
def read_phonopy(
    path: str | os.PathLike[str], force_constants: str | os.PathLike[str] | None = None
) -> ForceConstants:
    """Read the force constants in phonopy's YAML, or those that follow from the forces in it.

    They are converted from the units of the calculator that the file names. Born charges in the
    file are kept for the non-analytical term. Nothing is taken from a file that was not named, such
    as a ``FORCE_SETS`` in the current folder.

    Parameters
    ----------
    path
        The YAML.
    force_constants
        A ``FORCE_CONSTANTS``, ``FORCE_SETS`` or ``force_constants.hdf5`` of phonopy for the
        supercell of the YAML, whose own forces and force constants do not count then.

    Raises
    ------
    CheckpointError
        A file is missing or no file of phonopy, they contradict each other or themselves, or there
        are neither force constants nor forces.

    Examples
    --------
    >>> from ase.build import bulk
    >>> from nearsight.hessian import force_constants, read_phonopy, write_phonopy
    >>> from nearsight.models import load_model
    >>> write_phonopy("copper.yaml", force_constants(bulk("Cu"), load_model("ase:emt"), (2, 2, 2)))
    >>> constants = read_phonopy("copper.yaml")
    >>> constants.values_eV_per_A2.shape
    (1, 3, 8, 3)
    """
    file = Path(path)
    if not file.is_file():
        raise CheckpointError(f"{file} does not exist; give the path of a phonopy YAML file.")
    content = read_content(file)
    named = None if force_constants is None else Path(force_constants)
    if named is not None:
        content = with_forces_from(content, named)
    moved = content.displacements
    if content.force_constants_eV_per_A2 is None and (
        moved is None or moved.forces_eV_per_A is None
    ):
        raise CheckpointError(
            f"{file} holds neither force constants nor forces; save it with "
            f"settings={{'force_constants': True}}, or name the file that has them "
            f"(`force_constants`)."
        )
    phonon, doubts = _phonopy(content)
    settings = {"format": "phonopy"}
    if named is not None:
        settings |= {"force_constants": named.name, "force_constants_sha256": file_sha256(named)}
    found = _as_ours(content, phonon, settings)
    of_charges = () if found.born is None else found.born.remarks
    return with_pieces(replace(found, warnings=(*doubts, *_drifts(found), *of_charges)))


def _drifts(found: ForceConstants) -> tuple[Remark, ...]:
    """Return a warning where force constants are far from what those of any energy obey."""
    drift, asymmetry = found.sum_rule_eV_per_A2, found.at_gamma().asymmetry_eV_per_A2
    if max(drift, asymmetry) <= _DOUBTFUL_eV_PER_A2:
        return ()
    said = (
        f"the force constants in the file break the translational sum rule by {drift:.2g} and "
        f"their symmetry at Γ by {asymmetry:.2g} eV/Å²: `sum_rules` imposes both, unless the file "
        f"is damaged."
    )
    return (Remark("sum-rule-violated", said),)


def _as_ours(
    content: PhonopyContent, phonon: "Phonopy", settings: dict[str, str]
) -> ForceConstants:
    unit_cell = _as_atoms(phonon.unitcell)
    matrix = phonon.supercell_matrix.T.astype(np.int64)
    supercell = make_general_supercell(unit_cell, matrix)
    # The first copies of phonopy's primitive atoms are those of the unit cell.
    primitive_atoms = np.array(
        [
            phonon.supercell.u2u_map[phonon.supercell.s2u_map[atom]]
            for atom in phonon.primitive.p2s_map
        ]
    )
    order = find_order(supercell, primitive_atoms, phonon)
    file, values = content.file, phonon.force_constants
    assert values is not None
    identity = ModelIdentity(file.name, "phonopy", file_sha256(file), "float64", "cpu")
    of_file = settings.get("force_constants", file.name)
    given = content.force_constants_eV_per_A2 is not None
    how = "read from" if given else "made by phonopy of the forces in"
    return ForceConstants(
        origin=ReadFromFile(
            method="phonopy",
            reason=f"{how} {of_file}",
            rows_needed=3 * len(primitive_atoms),
            symmetry="as phonopy used it",
            provenance=record(identity, **settings),
        ),
        unit_cell=unit_cell,
        supercell=supercell,
        supercell_matrix=matrix,
        primitive_vectors=phonon.primitive_matrix.T,
        rotations=np.eye(3, dtype=np.int64)[np.newaxis],
        primitive_atoms=primitive_atoms,
        values_eV_per_A2=order.from_phonopy(values),
        born=_born_in_our_order(content, order, phonon),
    )


def _born_in_our_order(
    content: PhonopyContent, order: Order, phonon: "Phonopy"
) -> BornCharges | None:
    if content.born is None:
        return None
    n_charges = len(content.born.charges_e)
    if n_charges != len(order.own):
        raise CheckpointError(
            f"{content.file} has Born charges of {n_charges} atoms, but its primitive cell has "
            f"{len(order.own)}: the charges are of another cell."
        )
    born = neutral(content.born, phonon.primitive, phonon.symmetry.tolerance)
    return replace(born, charges_e=born.charges_e[np.argsort(order.own)])


def _phonopy(content: PhonopyContent) -> tuple["Phonopy", tuple[Remark, ...]]:
    """Return phonopy's object of what its YAML holds, with force constants, and their doubts.

    `phonopy.load` would parse the file again, with a loader that runs what is in it, and read files
    of the current folder for what is missing.
    """
    from phonopy import Phonopy

    doubts: tuple[Remark, ...] = ()
    try:
        with any_cell_is_fine():
            phonon = Phonopy(
                content.unit_cell,
                content.supercell_matrix,
                primitive_matrix=_primitive_matrix(content),
                symprec=content.tolerance_A or EXACT_TOLERANCE_A,
            )
            _require_same_supercell(content, phonon)
            if content.force_constants_eV_per_A2 is not None:
                phonon.force_constants = _of_primitive_cell(content, phonon)
            else:
                doubts = fit_force_constants(content, phonon)
    except CheckpointError:
        raise
    except Exception as error:
        # phonopy and spglib raise anything for cells that are none.
        raise CheckpointError(
            f"{content.file} holds what phonopy makes no force constants of "
            f"({type(error).__name__}: {' '.join(str(error).split())})."
        ) from error
    return phonon, doubts


def _primitive_matrix(content: PhonopyContent) -> FloatArray | Literal["auto", "P"]:
    """Return the matrix of the file, or where it has none, the one that its numbers fit.

    Versions before 4 took the unit cell for primitive then, later ones look for the smallest cell.
    Which it is matters for rows of force constants and charges, of each of its atoms one.
    """
    if content.primitive_matrix is not None:
        return content.primitive_matrix
    constants, born = content.force_constants_eV_per_A2, content.born
    of_atoms = (
        [len(constants)] if constants is not None and len(constants) < content.n_supercell else []
    )
    of_atoms += [] if born is None else [len(born.charges_e)]
    return "P" if len(content.unit_cell) in of_atoms else "auto"


def _of_primitive_cell(content: PhonopyContent, phonon: "Phonopy") -> FloatArray:
    """Return the rows of the atoms that stand for phonopy's primitive cell."""
    values, rows = content.force_constants_eV_per_A2, content.force_constant_rows
    assert values is not None
    expected = p2s_map = phonon.primitive.p2s_map
    if len(values) == len(phonon.supercell):
        values, expected = values[p2s_map], np.arange(len(values))
    if len(values) != len(p2s_map) or (rows is not None and (rows != expected).any()):
        found = len(values) if rows is None else (rows + 1).tolist()
        raise CheckpointError(
            f"{content.file} has a primitive cell of {len(p2s_map)} atoms, for which atoms "
            f"{(p2s_map + 1).tolist()} of the supercell stand, but the force constants in "
            f"{content.forces_file.name} have the rows of {found}: they are of another primitive "
            f"cell."
        )
    return values


def _require_same_supercell(content: PhonopyContent, phonon: "Phonopy") -> None:
    """Check the supercell that the file lists, whose atoms the forces follow, against phonopy's."""
    listed, made = content.supercell, phonon.supercell
    if listed is None:
        return
    if listed.symbols != made.symbols or np.abs(listed.cell - made.cell).max() > _SAME_A:
        raise CheckpointError(
            f"{content.file} contradicts itself: its supercell is not its unit_cell times "
            f"supercell_matrix ({_formula(listed)} and {_formula(made)}, or another lattice)."
        )
    apart = listed.scaled_positions - made.scaled_positions
    off = np.linalg.norm((apart - np.round(apart)) @ made.cell, axis=1)
    if off.max() > _SAME_A:
        raise CheckpointError(
            f"{content.file} contradicts itself: atom {int(off.argmax()) + 1} of its supercell is "
            f"{off.max():.3g} Å from where unit_cell and supercell_matrix put it. Its atoms are in "
            f"another order than phonopy's, or one of the two is damaged."
        )


def _formula(cell: "PhonopyAtoms") -> str:
    return str(Atoms(cell.numbers).get_chemical_formula())
