"""Structures into files of the formats that ASE writes, checked to come back as they were."""

import os
import warnings
from collections.abc import Iterable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from ase import Atoms

from nearsight.announcing import quietly
from nearsight.errors import NearsightError, StorageError, StructureError
from nearsight.remarks import Remark
from nearsight.storage import require_writable, write_bytes
from nearsight.structures.reading import read_structure
from nearsight.structures.round_trip import (
    CHARGES,
    beside_species,
    compare_with_written,
    not_held,
)
from nearsight.structures.selection import split_selection, structure_stem

_USUAL = ".cif, .extxyz, .xyz, .traj, .json, .db or POSCAR"
_PACKED = frozenset({".gz", ".bz2", ".xz"})


def require_writable_structure_format(
    path: str | os.PathLike[str],
    structures: Sequence[Atoms] = (),
    *,
    inputs: Iterable[str | os.PathLike[str]] = (),
) -> tuple[Remark, ...]:
    """Check, before anything is computed, that structures can be written to a file.

    Parameters
    ----------
    path
        The file, whose name says the format, as for `ase.io.write`.
    structures
        Those that are to be relaxed, say: each is written for a trial and read again.
    inputs
        Files that are read, with or without a choice such as ``FILE@2``.

    Returns
    -------
    tuple of Remark
        What the format does not hold of these structures, or rounds.

    Raises
    ------
    StructureError
        ASE knows no such format, does not write it or read it again, or it cannot hold one of the
        structures, or more than one.
    StorageError
        No file can be written there, or it would take the place of an input.

    Examples
    --------
    >>> from ase.build import molecule
    >>> from nearsight.structures import require_writable_structure_format
    >>> require_writable_structure_format("water.extxyz", [molecule("H2O")])
    ()
    """
    name = _format_of(path, len(structures))
    require_writable(path)
    _require_no_input(path, inputs)
    remarks = [remark for atoms in structures for remark in _trial(Path(path), name, atoms)]
    if len(structures) > 1:
        _require_all_back(Path(path), name, structures)
    return tuple(dict.fromkeys(remarks))


def require_writable_structures(
    target: str | os.PathLike[str],
    structures: Sequence[Atoms],
    *,
    sources: Sequence[str | os.PathLike[str]] = (),
) -> tuple[Remark, ...]:
    """Check, before anything is computed, what `write_structures` will be asked for.

    Parameters
    ----------
    target, structures, sources
        As for `write_structures`; structures as they are before they are relaxed, say.

    Returns
    -------
    tuple of Remark
        What the formats do not hold of these structures, or round.

    Raises
    ------
    StructureError, StorageError
        See `write_structures`.

    Examples
    --------
    >>> from ase.build import molecule
    >>> from nearsight.structures import require_writable_structures
    >>> require_writable_structures("water.extxyz", [molecule("H2O")])
    ()
    """
    if not structures:
        raise StructureError("There are no structures to write.")
    if not names_folder(target):
        return require_writable_structure_format(target, structures, inputs=sources)
    files = structure_files(target, structures, sources)
    there = require_folder(Path(target))
    remarks: list[Remark] = []
    for file, atoms in zip(files, structures, strict=True):
        name = _format_of(file, 1)
        if there:
            require_writable(file)
            _require_no_input(file, sources)
        remarks += _trial(file, name, atoms)
    return tuple(dict.fromkeys(remarks))


def write_structures(
    target: str | os.PathLike[str],
    structures: Sequence[Atoms],
    *,
    sources: Sequence[str | os.PathLike[str]] = (),
) -> tuple[Path, ...]:
    """Write structures to one file, or each to a file of its own in a folder.

    A file is written whole or not at all. Energies, forces and stresses of a
    `SinglePointCalculator`, and what ``info`` says of charge, spin and the like, are in it where
    the format has a place for them.

    Parameters
    ----------
    target
        A file, whose name says the format, or a folder (see `names_folder`), which is made.
    structures
        What is written; all of it into one file if `target` is one.
    sources
        Files from which the structures were: those that are named after them in a folder, see
        `structure_file`, and that keep their places.

    Returns
    -------
    tuple of Path
        The files.

    Raises
    ------
    StructureError
        See `require_writable_structure_format`; or there is nothing to write.
    StorageError
        A file cannot be written, two would be one, or one would take the place of a source.

    Examples
    --------
    >>> from ase.build import molecule
    >>> from nearsight.structures import write_structures
    >>> files = write_structures("gases.extxyz", [molecule("CO2"), molecule("N2")])
    >>> [file.name for file in files]
    ['gases.extxyz']
    """
    require_writable_structures(target, structures, sources=sources)
    if not names_folder(target):
        _write(Path(target), structures)
        return (Path(target),)
    files = structure_files(target, structures, sources)
    try:
        Path(target).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageError(f"cannot make {Path(target)}: {error.strerror or error}.") from error
    for file, atoms in zip(files, structures, strict=True):
        _write(file, [atoms])
    return files


def names_folder(target: str | os.PathLike[str]) -> bool:
    """Tell whether a name is that of a folder: it is one, ends with a slash, or has no suffix.

    ``POSCAR`` and the like, which ASE knows, are files.
    """
    from ase.io.formats import ioformats

    text = os.fspath(target)
    if os.path.isdir(text) or text.endswith(("/", os.sep)):
        return True
    path = Path(text)
    known = any(each.match_name(path.name) for each in ioformats.values())
    return not path.suffix and not known


def structure_files(
    folder: str | os.PathLike[str],
    structures: Sequence[Atoms],
    sources: Sequence[str | os.PathLike[str]],
) -> tuple[Path, ...]:
    """Return where structures are written in a folder: ``STEM.relaxed.cif`` or ``.extxyz``.

    A CIF is for what is periodic in three directions and has neither isotopes nor initial magnetic
    moments, which it would not hold.

    Raises
    ------
    StorageError
        Two would have one name.
    """
    files: dict[Path, str | os.PathLike[str]] = {}
    for atoms, source in zip(structures, sources, strict=True):
        held = atoms.pbc.all() and not set(beside_species(atoms)) - {CHARGES}
        suffix = ".cif" if held else ".extxyz"
        file = Path(folder, f"{structure_stem(source)}.relaxed{suffix}")
        if file in files:
            raise StorageError(
                f"{files[file]} and {source} would both be written to {file}; write them to two "
                f"folders."
            )
        files[file] = source
    return tuple(files)


def _format_of(path: str | os.PathLike[str], n_structures: int) -> str:
    """Return ASE's name of the format that the name of a file says."""
    from ase.io.formats import filetype, ioformats

    file = Path(path)
    if file.suffix.lower() in _PACKED:
        raise StructureError(f"{file}: structures are written unpacked; leave out {file.suffix}.")
    name = filetype(str(file.absolute()), read=False)
    known = ioformats.get(name)
    if known is None or not (known.can_write and known.can_read):
        does = "knows no such format" if known is None else "does not write and read that format"
        raise StructureError(
            f"{file}: ASE {does}, so that no structure can be kept in it; choose a name that ends "
            f"in {_USUAL} (`ase info --formats` lists all)."
        )
    if known.single and n_structures > 1:
        raise StructureError(
            f"{file}: a file of this format holds one structure, not {n_structures}; write to a "
            f"folder, or to .extxyz, .traj or .db."
        )
    return str(name)


def require_folder(folder: Path) -> bool:
    """Tell whether a folder is there; if not, check that it can be made."""
    if folder.is_dir():
        return True
    above = folder
    while not os.path.lexists(above):
        above = above.parent
    if not above.is_dir() or not os.access(above, os.W_OK):
        raise StorageError(
            f"the folder {folder} cannot be made: {above} is no folder that may be written."
        )
    return False


def _require_no_input(
    path: str | os.PathLike[str], inputs: Iterable[str | os.PathLike[str]]
) -> None:
    place = os.path.realpath(path)
    for each in inputs:
        file, _ = split_selection(each)
        same = os.path.exists(place) and os.path.exists(file) and os.path.samefile(place, file)
        if same or os.path.realpath(file) == place:
            raise StorageError(
                f"{Path(path)} would take the place of {file}, which is read; choose another name."
            )


def _trial(path: Path, name: str, atoms: Atoms) -> list[Remark]:
    """Write a structure for a trial, and return what does not come back."""
    with TemporaryDirectory(prefix="nearsight-") as folder:
        file = _written(Path(folder), path.name, name, [atoms])
        try:
            with quietly(), warnings.catch_warnings():
                warnings.simplefilter("ignore")
                again = read_structure(file)
        except NearsightError as error:
            raise not_held(path, atoms, f"what is written cannot be read again ({error})") from (
                error
            )
    return compare_with_written(path, atoms, again)


def _require_all_back(path: Path, name: str, structures: Sequence[Atoms]) -> None:
    """Write structures into one file for a trial, and check that they come back.

    Each has come back alone by now. Read again are the first, the last, and the first of other
    elements: every one of them takes reading the file as far as there.
    """
    elements = [set(atoms.numbers) for atoms in structures]
    others = (place for place, own in enumerate(elements) if own != elements[0])
    places = sorted({0, next(others, 0), len(structures) - 1})
    with TemporaryDirectory(prefix="nearsight-") as folder:
        file = _written(Path(folder), path.name, name, structures)
        try:
            with quietly(), warnings.catch_warnings():
                warnings.simplefilter("ignore")
                again = [read_structure(f"{file}@{place + 1}") for place in places]
        except NearsightError as error:
            raise not_held(
                path, structures[0], f"several cannot be read again from one file ({error})"
            ) from error
    for place, other in zip(places, again, strict=True):
        compare_with_written(path, structures[place], other)


def _write(path: Path, structures: Sequence[Atoms]) -> None:
    name = _format_of(path, len(structures))
    with TemporaryDirectory(prefix="nearsight-") as folder:
        content = _written(Path(folder), path.name, name, structures).read_bytes()
    write_bytes(path, content)


def _written(folder: Path, file_name: str, name: str, structures: Sequence[Atoms]) -> Path:
    """Let ASE write a file into an empty folder."""
    from ase.io import write

    file = folder / file_name
    images = [_without_notes(atoms) for atoms in structures]
    columns = _charges_of_cif(images) if name == "cif" else {}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            write(file, images if len(images) > 1 else images[0], format=name, **columns)
    except Exception as error:
        # Each writer of ASE raises what it stumbles over.
        reason = str(error) or type(error).__name__
        raise not_held(Path(file_name), images[0], f"ASE cannot write it ({reason})") from error
    if [entry.name for entry in os.scandir(folder) if not _is_lock(entry)] != [file_name]:
        raise not_held(Path(file_name), images[0], "ASE writes it to several files")
    return file


def _charges_of_cif(images: Sequence[Atoms]) -> dict[str, Any]:
    """Return what ASE's writer is to add: the column of partial charges, where there are any."""
    charges = [atoms.get_initial_charges() for atoms in images]
    if not any(np.any(each) for each in charges):
        return {}
    digits = [[f"{charge:.12g}" for charge in each] for each in charges]
    return {"loop_keys": {"atom_site_charge": digits}}


def _is_lock(entry: "os.DirEntry[str]") -> bool:
    """Tell whether a file is only there to keep others from a database."""
    return entry.name.endswith(".lock")


def _without_notes(atoms: Atoms) -> Atoms:
    """Return a copy whose ``info`` has only what formats have a place for: numbers and words."""
    copy: Atoms = atoms.copy()
    copy.info = {
        key: value
        for key, value in atoms.info.items()
        if isinstance(value, bool | int | float | str | np.number)
    }
    copy.calc = atoms.calc
    return copy
