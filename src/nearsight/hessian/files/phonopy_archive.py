"""Archives of the phonon database of Kyoto university: phonopy's own files of one crystal."""

import os
import tarfile
import tempfile
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from nearsight.arrays import FloatArray
from nearsight.errors import CheckpointError
from nearsight.hessian.files.phonopy_objects import any_cell_is_fine
from nearsight.hessian.files.phonopy_results import read_phonopy
from nearsight.hessian.force_constants import ForceConstants

if TYPE_CHECKING:
    from phonopy import Phonopy

ARCHIVES = (".tar.lzma", ".tar.xz", ".tar.gz")
"""Of their names."""
_NEEDED = ("POSCAR-unitcell", "phonopy.conf", "FORCE_SETS")
_BORN = "BORN"
_PRIMITIVE = "PRIMITIVE_AXES"
_LARGEST_BYTES = 1 << 30


def read_phonopy_archive(path: str | os.PathLike[str]) -> ForceConstants:
    """Read the force constants that follow from the forces in an archive, with its Born charges.

    phonopy makes them, and symmetrises them.

    Raises
    ------
    CheckpointError
        As of `phonopy_of_archive`.
    """
    phonon = phonopy_of_archive(path)
    with tempfile.TemporaryDirectory() as name:
        whole = Path(name) / f"{Path(path).name}.yaml"
        with any_cell_is_fine():
            phonon.save(whole, settings={"force_constants": True, "force_sets": False})
        return read_phonopy(whole)


def phonopy_of_archive(path: str | os.PathLike[str], *, force_constants: bool = True) -> "Phonopy":
    """Return phonopy's object of an archive.

    It has ``POSCAR-unitcell``, ``phonopy.conf``, ``FORCE_SETS`` and perhaps ``BORN``, in whatever
    folder.

    Parameters
    ----------
    path
        The archive.
    force_constants
        Whether to make them of the forces.

    Raises
    ------
    CheckpointError
        It cannot be read, lacks one of the files, or holds what phonopy makes nothing of.
    """
    file = Path(path)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        try:
            _unpack(file, folder)
        except (OSError, EOFError, tarfile.TarError) as error:
            raise CheckpointError(f"{file} cannot be unpacked: {error}.") from None
        missing = [each for each in _NEEDED if not (folder / each).is_file()]
        if missing:
            raise CheckpointError(f"{file} lacks {', '.join(missing)}.")
        try:
            return _load(folder, force_constants=force_constants)
        except CheckpointError:
            raise
        except Exception as error:  # phonopy raises anything for files that are none
            raise CheckpointError(
                f"{file} holds what phonopy makes no force constants of "
                f"({type(error).__name__}: {' '.join(str(error).split())})."
            ) from error


def _unpack(file: Path, folder: Path) -> None:
    """Write the files that are needed, by their own names, whatever paths the archive has."""
    with tarfile.open(file, "r:*") as archive:
        for member in archive:
            name = Path(member.name).name
            content = archive.extractfile(member) if name in {*_NEEDED, _BORN} else None
            if content is not None and member.size <= _LARGEST_BYTES:
                (folder / name).write_bytes(content.read())


def _load(folder: Path, *, force_constants: bool) -> "Phonopy":
    import phonopy

    settings = _read_settings(folder / "phonopy.conf")
    has_charges = (folder / _BORN).is_file()
    with any_cell_is_fine():
        found: Phonopy = phonopy.load(
            unitcell_filename=folder / "POSCAR-unitcell",
            supercell_matrix=settings["DIM"].astype(int),
            primitive_matrix=settings[_PRIMITIVE],
            force_sets_filename=folder / "FORCE_SETS",
            born_filename=folder / _BORN if has_charges else None,
            is_nac=has_charges,
            produce_fc=force_constants,
            log_level=0,
        )
    return found


def _read_settings(path: Path) -> dict[str, FloatArray]:
    """Return the matrices of the supercell and of the primitive cell, whose vectors are columns.

    phonopy takes either spelling of the latter, and keys in small letters.
    """
    found: dict[str, FloatArray] = {_PRIMITIVE: np.eye(3)}
    for line in path.read_text(encoding="utf-8").splitlines():
        written, _, value = line.partition("#")[0].partition("=")
        key = written.strip().upper().replace("PRIMITIVE_AXIS", _PRIMITIVE)
        if key not in {"DIM", _PRIMITIVE}:
            continue
        numbers = [float(Fraction(part)) for part in value.split()]
        if len(numbers) not in {3, 9}:
            raise CheckpointError(f"{path.name} has {len(numbers)} numbers for {key}.")
        found[key] = np.diag(numbers) if len(numbers) == 3 else np.reshape(numbers, (3, 3))
    if "DIM" not in found:
        raise CheckpointError(f"{path.name} has no line DIM with the supercell.")
    return found
