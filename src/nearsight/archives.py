"""NumPy archives of others: what a file claims is compared with what it holds before it is read."""

import warnings
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

import numpy as np
import psutil

from nearsight.bounded_json import parse_json

_MOST_PACKED = 1100
"""Times, to which DEFLATE packs zeros; what claims more holds something else."""

_SLACK_BYTES = 2**12
_LONGEST_HEADER_BYTES = 2**24
_KINDS = "biufU"
"""Of arrays that are read: truth values, whole numbers, real numbers, and text."""

ELECTRONS = ("charge", "spin")
"""Entries of ``atoms.info`` that are numbers of a structure; see `nearsight.structures.charge`."""

MOLECULE, SITE_TYPE = "molecule", "site_type"
"""Arrays of atoms, kept where a structure has them; see `nearsight.structures.molecules`."""

_HEAVIEST = 118


def read_archive(path: Path) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Return the JSON header and the arrays of an archive.

    Raises
    ------
    ValueError
        The file is no archive, damaged, claims more than it holds or than fits into the memory, or
        has an array of objects or complex numbers.
    """
    try:
        # Opened here, because a damaged archive may leave its own handle open.
        with path.open("rb") as file, zipfile.ZipFile(file) as archive, warnings.catch_warnings():
            warnings.simplefilter("error")
            _require_room(archive)
            found = {
                member.filename.removesuffix(".npy"): _array(archive, member)
                for member in archive.infolist()
            }
    except Exception as error:
        # zipfile, zlib, numpy and its parser of headers raise anything for bytes that are damaged.
        raise ValueError(f"{type(error).__name__}: {error}") from error
    header = found.pop("header", None)
    if header is None or header.dtype.kind != "U" or header.shape != ():
        raise ValueError("it has no header")
    try:
        return dict(parse_json(str(header)).items()), found
    except (ValueError, AttributeError) as error:
        raise ValueError(f"its header is no JSON of an object ({error})") from error


def _require_room(archive: zipfile.ZipFile) -> None:
    members = archive.infolist()
    names = [member.filename for member in members]
    if len(set(names)) != len(names):
        raise ValueError("it has an array twice")
    for member in members:
        if member.file_size > _MOST_PACKED * member.compress_size + _SLACK_BYTES:
            raise ValueError(
                f"“{member.filename}” cannot hold the {member.file_size} bytes it says"
            )
        if member.filename == "header.npy" and member.file_size > _LONGEST_HEADER_BYTES:
            raise ValueError(f"its header has {member.file_size} bytes")
    total = sum(member.file_size for member in members)
    available = psutil.virtual_memory().available
    if total > available:
        raise ValueError(f"it takes {total / 2**30:.1f} GiB, and {available / 2**30:.1f} are free")


def _array(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> np.ndarray:
    with archive.open(member) as file:
        kind, claimed = _claimed(file)
        if kind not in _KINDS:
            raise ValueError(f"“{member.filename}” holds something else than real numbers and text")
        if claimed != member.file_size:
            raise ValueError(
                f"“{member.filename}” claims {claimed} bytes, but has {member.file_size}"
            )
    with archive.open(member) as file:
        array: np.ndarray = np.lib.format.read_array(file, allow_pickle=False)
        file.read()  # to its end, where the checksum is compared
    return array


def _claimed(file: IO[bytes]) -> tuple[str, int]:
    """Return the kind of an array and the bytes that it must have, its header included."""
    version = np.lib.format.read_magic(file)
    readers = {
        (1, 0): np.lib.format.read_array_header_1_0,
        (2, 0): np.lib.format.read_array_header_2_0,
    }
    if version not in readers:
        raise ValueError(f"an array has the format {version}")
    shape, _, dtype = readers[version](file)
    count = 1
    for length in shape:  # whole numbers of any size, which none of NumPy's are
        count *= int(length)
    if any(length < 0 for length in shape):
        raise ValueError(f"an array has the shape {shape}")
    return dtype.kind if dtype.names is None else "V", file.tell() + count * dtype.itemsize


def require_structure(arrays: Mapping[str, np.ndarray]) -> None:
    """Check that the arrays that define a structure are of one.

    Raises
    ------
    ValueError
        They are not; a missing one is a KeyError.
    """
    numbers = arrays["numbers"]
    n_atoms = numbers.size
    if numbers.dtype.kind not in "iu" or numbers.ndim != 1:
        raise ValueError("its atomic numbers are no whole numbers")
    if n_atoms and not (numbers.min() >= 1 and numbers.max() <= _HEAVIEST):
        raise ValueError(
            f"it has the atomic number {numbers[(numbers < 1) | (numbers > _HEAVIEST)][0]}"
        )
    shapes = {
        "masses_amu": (n_atoms,),
        "positions_A": (n_atoms, 3),
        "cell_A": (3, 3),
        "pbc": (3,),
        "initial_charges": (n_atoms,),
    }
    shapes |= {name: () for name in ELECTRONS if name in arrays}
    shapes |= {MOLECULE: (n_atoms,)} if MOLECULE in arrays else {}
    for name, shape in shapes.items():
        require_numbers(arrays, name, shape)
    types = arrays.get(SITE_TYPE)
    if types is not None and (types.dtype.kind != "U" or types.shape != (n_atoms,)):
        raise ValueError(f"“{SITE_TYPE}” is not one name for each atom")
    moments = arrays["initial_magmoms"].shape
    require_numbers(
        arrays, "initial_magmoms", (n_atoms, 3) if moments == (n_atoms, 3) else (n_atoms,)
    )
    if not (arrays["masses_amu"] > 0).all():
        raise ValueError("it has a mass that is not positive")


def require_numbers(
    arrays: Mapping[str, np.ndarray], name: str, shape: tuple[int, ...]
) -> np.ndarray:
    """Return an array that must be of finite real numbers, and of this shape.

    Raises
    ------
    ValueError
        It is not; a missing one is a KeyError.
    """
    array = arrays[name]
    if array.shape != shape or array.dtype.kind not in "biuf":
        raise ValueError(
            f"“{name}” is {'×'.join(map(str, array.shape)) or 'one'} of {array.dtype}, where "
            f"{'×'.join(map(str, shape)) or 'one'} real numbers are due"
        )
    if not np.isfinite(array).all():
        raise ValueError(f"“{name}” has a number that is not finite")
    return array
