"""The verb `read_hessian`: which program wrote a file, and its Hessian as ours."""

import os
import re
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from ase import Atoms
from ase.data import atomic_masses

from nearsight.announcing import announces
from nearsight.errors import CheckpointError, MethodError, StructureError
from nearsight.fingerprint import file_sha256
from nearsight.hessian.files.ase_vibrations import is_ase_vibrations, read_ase_vibrations
from nearsight.hessian.files.content import Content, damaged
from nearsight.hessian.files.fhi_aims import is_fhi_aims, only_numbers, read_fhi_aims
from nearsight.hessian.files.gaussian_checkpoint import (
    is_gaussian_checkpoint,
    read_gaussian_checkpoint,
)
from nearsight.hessian.files.gaussian_log import (
    has_gaussian_hessian,
    is_gaussian_log,
    read_gaussian_log,
)
from nearsight.hessian.files.orca import is_orca, read_orca
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

_TITLE_OF_ORCA = "* O   R   C   A *"
_OF_ORCA = re.compile("^VIBRATIONAL FREQUENCIES", re.MULTILINE)
_OF_GAUSSIAN = re.compile(r"^ Frequencies --|^ #.*\bfreq", re.MULTILINE | re.IGNORECASE)

_HEAD_BYTES = 2**16
"""At the beginning of a file, in which it shows what it is."""


@dataclass(frozen=True)
class _Format:
    family: str
    recognises: Callable[[Path, str], bool]
    read: Callable[[Path, str], Content]


_FORMATS = {
    "orca": _Format("orca", lambda _, text: is_orca(text), read_orca),
    "gaussian-fchk": _Format(
        "gaussian", lambda _, text: is_gaussian_checkpoint(text), read_gaussian_checkpoint
    ),
    "gaussian-log": _Format("gaussian", lambda _, text: is_gaussian_log(text), read_gaussian_log),
    "ase": _Format("ase", lambda _, text: is_ase_vibrations(text), read_ase_vibrations),
    "fhi-aims": _Format("fhi-aims", is_fhi_aims, read_fhi_aims),
}

FORMATS = ("nearsight", *_FORMATS)
"""What `read_hessian` reads."""


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
    """
    file = Path(path)
    if not file.is_file():
        raise CheckpointError(f"{file} does not exist; give the path of a Hessian.")
    if format not in (None, *FORMATS):
        raise MethodError(f"{format!r} is no format of a Hessian; known are {', '.join(FORMATS)}.")
    if format == "nearsight" or (format is None and zipfile.is_zipfile(file)):
        found = Hessian.load(file)
        return found if atoms is None else replace(found, atoms=_given(file, atoms, found.atoms))
    text = _text(file)
    name = format or _recognise(file, text)
    content = _content(file, text, name)
    if atoms is not None:
        content = replace(
            content, atoms=_given(file, atoms, content.atoms), notes=(), files_beside={}
        )
    atoms = _require_whole(file, content)
    return with_pieces(_hessian(file, name, content, atoms))


def is_hessian_of_other_program(path: str | os.PathLike[str]) -> bool:
    """Tell whether a file holds the Hessian of another program, whatever else it holds.

    An output of Gaussian does if there are force constants in it; otherwise it is a structure only.

    Parameters
    ----------
    path
        The file.
    """
    file = Path(path)
    try:
        if not file.is_file():
            return False
        with file.open("rb") as stream:
            head = stream.read(_HEAD_BYTES).decode("utf-8-sig", "replace").replace("\r\n", "\n")
    except OSError:  # for whoever reads it to say
        return False
    names = [name for name, known in _FORMATS.items() if known.recognises(file, head)]
    if "gaussian-log" in names or head.lstrip().startswith("{"):  # not to be told by a beginning
        text = _text(file)
        return has_gaussian_hessian(text) if "gaussian-log" in names else is_ase_vibrations(text)
    return bool(names)


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
    text = _text(file)
    name = _recognise(file, text)
    if name == "gaussian-log":  # whose Hessian may be refused although its structure is sound
        return read_structure(file)
    content = _content(file, text, name)
    if content.atoms is None:
        raise StructureError(f"{file} holds a Hessian without the structure to which it belongs.")
    check_structure(content.atoms)
    return content.atoms


def remarks_on_frequencies(path: str | os.PathLike[str]) -> tuple[Remark, ...]:
    """Return a remark about an output of frequencies that serves as a structure only.

    Whoever gives it may think of the Hessian of the program, which it does not hold.

    Parameters
    ----------
    path
        The file.
    """
    file = Path(path)
    if not file.is_file():
        return ()
    with file.open("rb") as stream:
        head = stream.read(_HEAD_BYTES).decode("utf-8", "replace")
    programs = {
        "Gaussian": (is_gaussian_log(head), _OF_GAUSSIAN, "in the .fchk"),
        "ORCA": (_TITLE_OF_ORCA in head, _OF_ORCA, "in the .hess"),
    }
    for program, (is_output, frequencies, where) in programs.items():
        if is_output and frequencies.search(_text(file)):
            said = (
                f"{file.name} is an output of {program} of a calculation of frequencies, but holds "
                f"no force constants: only its structure is taken. {program} keeps its Hessian "
                f"{where} of the same calculation."
            )
            return (Remark("frequencies-only", said),)
    return ()


def _content(file: Path, text: str, name: str) -> Content:
    try:
        return _FORMATS[name].read(file, text)
    except (ValueError, TypeError, LookupError, ArithmeticError, RecursionError) as error:
        # What no reader has foreseen is damage, too: the text is all that they work on.
        raise damaged(
            file, f"it seems to be of the format {name}, but {type(error).__name__}: {error}"
        ) from error


def _text(file: Path) -> str:
    return file.read_text(encoding="utf-8-sig", errors="replace").replace("\r\n", "\n")


def _recognise(file: Path, text: str) -> str:
    for name, known in _FORMATS.items():
        if known.recognises(file, text):
            return name
    if file.name == "hessian.aims":
        raise CheckpointError(
            f"{file} is FHI-aims's estimate of second derivatives, with which it relaxes; a "
            f"Hessian is in the hessian.NAME.dat of its script for vibrations."
        )
    if only_numbers(text):
        raise CheckpointError(
            f"{file} holds numbers without a word on their unit. If it is FHI-aims's Hessian, say "
            f"format='fhi-aims', or put the masses.NAME.dat of the same run beside it."
        )
    raise CheckpointError(
        f"{file} is no Hessian of a known format; known are {', '.join(FORMATS)}."
    )


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
    identity = ModelIdentity(file.name, _FORMATS[name].family, file_sha256(file), "float64", "cpu")
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
