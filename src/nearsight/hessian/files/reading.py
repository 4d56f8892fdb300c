"""The verb `read_hessian`: which program wrote a file, and its Hessian as ours."""

import os
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
from ase import Atoms
from ase.data import atomic_masses

from nearsight.announcing import announces
from nearsight.errors import CheckpointError, MethodError, StructureError
from nearsight.fingerprint import file_sha256
from nearsight.hessian.files.content import Content, damaged
from nearsight.hessian.files.recognising import FORMATS, PROGRAMS, recognise, text_of
from nearsight.hessian.matrix import Hessian
from nearsight.hessian.origin import ReadFromFile
from nearsight.hessian.reach_of_read import with_pieces
from nearsight.provenance import ModelIdentity, record
from nearsight.remarks import Remark
from nearsight.structures.checking import check_structure
from nearsight.structures.reading import read_structure

_SAME_PLACE_A = 0.01
"""How far atoms that are given may be from those in the file: by rounding, not by turning."""

_ISOTOPES = 0.15
_ISOTOPES_AMU = 2.5
"""How far the mass of an isotope may be from the mean of its element: tritium's is by 2.0."""


@announces
def read_hessian(
    path: str | os.PathLike[str],
    atoms: Atoms | None = None,
    format: str | None = None,  # noqa: A002 - as `ase.io.read` has it
) -> Hessian:
    """Read the Hessian in a file of another program, or in what `Hessian.save` wrote.

    Read are ORCA's ``.hess``, Gaussian's formatted checkpoints and outputs, the JSON of ASE's
    `ase.vibrations.VibrationsData`, and FHI-aims's ``hessian.NAME.dat`` with ``masses.NAME.dat``
    and ``geometry.in`` beside it. A file is recognised by what is in it.

    Parameters
    ----------
    path
        The file.
    atoms
        The structure, where the file has none; otherwise its masses are taken instead of those in
        the file. Same order and same orientation.
    format
        One of `FORMATS`; None recognises it.

    Returns
    -------
    Hessian
        With the matrix as it stands in the file, in eV/Å², ``method`` ``"read"`` and the program
        as the family of its provenance.

    Raises
    ------
    CheckpointError
        The file is missing, cut off, of no format that is known, not symmetric, or of another
        number of atoms than its structure.
    StructureError
        There is no structure, it has rows of some atoms only, or `atoms` is another structure.
    MethodError
        There is no such format.

    Examples
    --------
    >>> from ase.build import molecule
    >>> from nearsight.hessian import hessian, read_hessian
    >>> from nearsight.models import load_model
    >>> hessian(molecule("N2"), load_model("ase:emt")).save("nitrogen.npz")
    >>> read_hessian("nitrogen.npz").matrix_eV_per_A2.shape
    (2, 3, 2, 3)
    """
    file = Path(path)
    if not file.is_file():
        raise CheckpointError(f"{file} does not exist; give the path of a Hessian.")
    if format not in (None, *FORMATS):
        raise MethodError(f"{format!r} is no format of a Hessian; known are {', '.join(FORMATS)}.")
    if format == "nearsight" or (format is None and zipfile.is_zipfile(file)):
        found = Hessian.load(file)
        return found if atoms is None else replace(found, atoms=_given(file, atoms, found.atoms))
    text = text_of(file)
    name = format or recognise(file, text)
    content = _content(file, text, name)
    if atoms is not None:
        content = replace(
            content, atoms=_given(file, atoms, content.atoms), notes=(), files_beside={}
        )
    atoms = _require_whole(file, content)
    return with_pieces(_hessian(file, name, content, atoms))


def read_structure_of_hessian(path: str | os.PathLike[str]) -> Atoms:
    """Return the structure in a file that holds the Hessian of another program as well.

    Parameters
    ----------
    path
        The file.

    Raises
    ------
    CheckpointError
        The file is cut off, or of no format that is known.
    StructureError
        It has no structure, or one that cannot be.
    """
    file = Path(path)
    text = text_of(file)
    name = recognise(file, text)
    if name == "gaussian-log":  # whose Hessian may be refused although its structure is sound
        return read_structure(file)
    content = _content(file, text, name)
    if content.atoms is None:
        raise StructureError(f"{file} holds a Hessian without the structure to which it belongs.")
    check_structure(content.atoms)
    return content.atoms


def _content(file: Path, text: str, name: str) -> Content:
    try:
        return PROGRAMS[name].read(file, text)
    except (ValueError, TypeError, LookupError, ArithmeticError, RecursionError) as error:
        # What no reader has foreseen is damage, too: the text is all that they work on.
        raise damaged(
            file, f"it seems to be of the format {name}, but {type(error).__name__}: {error}"
        ) from error


def _given(file: Path, atoms: Atoms, own: Atoms | None) -> Atoms:
    """Return the structure that was given, checked against the one in the file."""
    given: Atoms = atoms.copy()
    if own is None:
        return given
    if atoms.get_chemical_symbols() != own.get_chemical_symbols():
        raise StructureError(
            f"{file} is of {own.get_chemical_formula('reduce')}, the given structure of "
            f"{atoms.get_chemical_formula('reduce')}; give the same atoms in the same order."
        )
    apart = float(np.abs(atoms.positions - own.positions).max())
    if apart > _SAME_PLACE_A:
        raise StructureError(
            f"an atom of the given structure is {apart:.3g} Å from where {file} has it; give it "
            f"in the same orientation, or leave it out."
        )
    return given


def _require_whole(file: Path, content: Content) -> Atoms:
    """Return the structure, once the matrix is known to be of all its atoms, and symmetric."""
    atoms, matrix = content.atoms, content.matrix_eV_per_A2
    if atoms is None:
        raise StructureError(
            f"{file} comes without the structure to which it belongs: give that as `atoms`"
            + (
                ", or put its geometry.in beside it."
                if content.program == "FHI-aims"
                else ", or compute another Hessian of what is there (`recompute`)."
            )
        )
    if len(matrix) != 3 * len(atoms):
        raise CheckpointError(
            f"{file} has {len(matrix)} rows, but {len(atoms)} atoms have {3 * len(atoms)}: the "
            f"matrix and the structure do not belong together, or atoms were held fixed."
        )
    check_structure(atoms)
    masses = atoms.get_masses()
    if not (np.isfinite(masses).all() and (masses > 0).all()):
        raise CheckpointError(f"{file} has masses that are not positive: {masses.tolist()[:5]}.")
    _require_symmetry(file, content)
    _require_rows_of_all(file, content)
    return atoms


def _require_symmetry(file: Path, content: Content) -> None:
    matrix = content.matrix_eV_per_A2
    asymmetry = float(np.abs(matrix - matrix.T).max())
    # Rounding of the conversion comes on top of that of the print.
    allowed = content.asymmetry_allowed_eV_per_A2 + 1e-12 * float(np.abs(matrix).max())
    if not asymmetry <= allowed:
        first, second = np.unravel_index(np.argmax(np.abs(matrix - matrix.T)), matrix.shape)
        raise CheckpointError(
            f"{file} is not symmetric: elements ({first + 1}, {second + 1}) and "
            f"({second + 1}, {first + 1}) differ by {asymmetry:.3g} eV/Å², and {allowed:.1g} would "
            f"be explained by how {content.program} computes and prints them. The file is damaged, "
            f"or holds something else than second derivatives."
        )


def _require_rows_of_all(file: Path, content: Content) -> None:
    """Check that no atom has rows of zeros, as those have that were held fixed.

    An atom alone has no other rows.
    """
    blocks = np.abs(content.matrix_eV_per_A2).reshape(len(content.matrix_eV_per_A2) // 3, -1)
    still = np.flatnonzero(blocks.max(axis=1) == 0)
    if len(still) and len(blocks) > 1:
        named = ", ".join(str(atom + 1) for atom in still[:5])
        raise StructureError(
            f"{file} is a partial Hessian: the rows of {len(still)} of its {len(blocks)} atoms "
            f"({named}{', …' if len(still) > 5 else ''}) are zero, as of atoms that were held "
            f"fixed (Partial_Hess, frozen atoms, constraints). Compute all rows with "
            f"{content.program}, or with a model."
        )


def _odd_masses(atoms: Atoms) -> tuple[Remark, ...]:
    """Return a note about masses that no isotope of their element has."""
    masses, usual = atoms.get_masses(), atomic_masses[atoms.numbers]
    odd = np.flatnonzero(np.abs(masses - usual) > np.maximum(_ISOTOPES_AMU, _ISOTOPES * usual))
    if not len(odd):
        return ()
    first = int(odd[0])
    said = (
        f"{len(odd)} atoms have masses that no isotope of theirs has; the first is atom "
        f"{first + 1}, {atoms[first].symbol}, with {masses[first]:.4g} amu."
    )
    return (Remark("odd-masses", said),)


def _hessian(file: Path, name: str, content: Content, atoms: Atoms) -> Hessian:
    n_atoms = len(atoms)
    settings = {"format": name}
    for kind, path in content.files_beside.items():
        settings |= {f"{kind}_file": path.name, f"{kind}_sha256": file_sha256(path)}
    identity = ModelIdentity(file.name, PROGRAMS[name].family, file_sha256(file), "float64", "cpu")
    return Hessian(
        origin=ReadFromFile(
            method="read",
            reason=f"computed by {content.program}, read from {file.name}",
            rows_needed=3 * n_atoms,
            symmetry="what the program used is not known",
            provenance=record(identity, **settings),
        ),
        atoms=atoms,
        matrix_eV_per_A2=content.matrix_eV_per_A2.reshape(n_atoms, 3, n_atoms, 3),
        warnings=(*content.notes, *_odd_masses(atoms)),
    )
