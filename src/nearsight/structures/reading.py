"""Structure files: CIFs, whatever else ASE reads, and a plain word about whatever is left out."""

import bz2
import gzip
import logging
import lzma
import os
import zlib
from pathlib import Path

import numpy as np
from ase import Atoms, units

from nearsight.announcing import announce
from nearsight.errors import StructureError
from nearsight.remarks import Remark
from nearsight.structures.ase_files import read_with_ase
from nearsight.structures.charge import CHARGE, SPIN, electrons_of_file
from nearsight.structures.checking import require_atomic_numbers
from nearsight.structures.cif import is_cif, read_cif
from nearsight.structures.molecules import MOLECULE, SITE_TYPE
from nearsight.structures.selection import split_selection

logger = logging.getLogger("nearsight.structures")

NOTES_KEY = "reading_notes"
"""Key of ``atoms.info`` under which `read_structure` leaves a list of remarks, if there are any."""

_KEPT_ARRAYS = (
    "numbers",
    "positions",
    "masses",
    "initial_charges",
    "initial_magmoms",
    MOLECULE,
    SITE_TYPE,
)

_OF_ELECTRONS = frozenset(
    {
        "charge",
        "total_charge",
        "net_charge",
        "spin",
        "total_spin",
        "multiplicity",
        "spin_multiplicity",
        "mult",
    }
)

_DECOMPRESSION = {".gz": gzip.decompress, ".bz2": bz2.decompress, ".xz": lzma.decompress}


VELOCITIES = "velocities_A_per_fs"
"""Column of extended XYZ in which `nearsight.dynamics` writes velocities in Å/fs."""


def read_structure(
    path: str | os.PathLike[str],
    *,
    accept_contradictions: bool = False,
    with_motion: bool = False,
) -> Atoms:
    """Read a structure from a CIF, or from a file of any format that ASE knows.

    The format follows from the name and the content. Of a file with several structures ``FILE@1``
    is the first (ASE counts from 0), and ``FILE@name`` the block of a CIF with that name; without a
    choice the last one is read, which a note says. Only what defines a structure is kept: species,
    masses, positions in Å, cell, periodicity, initial charges (also of a CIF's _atom_site_charge)
    and magnetic moments, molecules and types of sites (`nearsight.structures.molecules`), and the
    charge and the multiplicity of all atoms, as ``charge`` and ``spin`` of ``atoms.info``. What the
    reader remarked, and what was left out, is raised as `NearsightWarning` and listed in
    ``atoms.info["reading_notes"]``; ``atoms.info`` holds nothing else.

    What a CIF says twice is compared: symbols and operations of its space group, the metric of its
    cell, composition, volume, multiplicities and distances.

    Parameters
    ----------
    path
        The file, or a choice in it.
    accept_contradictions
        Go on where a CIF contradicts itself; each contradiction becomes a note.
    with_motion
        Keep what dynamics start from, too: velocities, which a note says, and constraints.

    Returns
    -------
    ase.Atoms
        Periodic in all directions when the format says so (CIF, POSCAR); a molecule for plain XYZ.

    Raises
    ------
    StructureError
        There is no such file, it is a directory, empty, not readable, of an unknown format,
        without atoms, names something that is not one element, has sites that are not fully
        occupied by one element, or contradicts itself.

    Examples
    --------
    >>> from ase.build import bulk
    >>> from nearsight.structures import read_structure
    >>> bulk("NaCl", "rocksalt", a=5.64, cubic=True).write("salt.cif")
    >>> atoms = read_structure("salt.cif")
    >>> print(f"{atoms.get_chemical_formula()}, {atoms.get_volume():.1f} Å³")
    Cl4Na4, 179.4 Å³
    """
    file, choice = split_selection(path)
    _require_content(file)
    try:
        if _is_cif(file):
            cif = read_cif(_content(file), choice)
            found = cif.atoms
            notes = [*cif.notes, *_accepted(cif.contradictions, accept_contradictions)]
            notes += _kept_moments(found)
        else:
            found, remarks = read_with_ase(file, choice)
            notes = [*remarks, *_left_out(found, with_motion=with_motion)]
        _require_atoms(found)
    except StructureError as error:
        raise StructureError(f"{os.fspath(path)}: {error}") from error.__cause__
    atoms = Atoms(cell=found.cell, pbc=found.pbc)
    atoms.arrays = {name: found.arrays[name] for name in _KEPT_ARRAYS if name in found.arrays}
    atoms.info.update(electrons_of_file(found))
    if with_motion:
        notes += _set_in_motion(atoms, found)
    if notes:
        atoms.info[NOTES_KEY] = list(dict.fromkeys(notes))
        announce(notes)
    logger.debug("read %s: %s, %d atoms", os.fspath(path), atoms.get_chemical_formula(), len(atoms))
    return atoms


def take_notes(atoms: Atoms) -> tuple[Remark, ...]:
    """Take the remarks that `read_structure` has left off a structure, and return them."""
    return tuple(atoms.info.pop(NOTES_KEY, ()))


def _require_content(file: Path) -> None:
    if os.path.isdir(file):  # unlike Path.is_dir, false for a name that is too long
        raise StructureError(f"{file} is a directory; give the path of a structure file in it.")
    try:
        size = file.stat().st_size
    except FileNotFoundError as error:
        raise StructureError(f"{file} does not exist; check the path for a typo.") from error
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else None
        raise StructureError(f"{file} cannot be opened: {reason or error}.") from error
    if size == 0:
        raise StructureError(f"{file} is empty; write or download the structure again.")
    try:
        with file.open("rb") as stream:
            stream.read(1)
    except PermissionError as error:
        raise StructureError(f"{file} may not be read; check its permissions.") from error
    except OSError as error:
        raise StructureError(f"{file} cannot be opened: {error.strerror or error}.") from error


def _is_cif(file: Path) -> bool:
    packed = file.suffix.lower() in _DECOMPRESSION
    suffix = Path(file.stem).suffix if packed else file.suffix
    if packed:
        return is_cif(suffix, b"")
    with file.open("rb") as stream:
        return is_cif(suffix, stream.read(65536))


def _content(file: Path) -> bytes:
    content = file.read_bytes()
    decompress = _DECOMPRESSION.get(file.suffix.lower())
    if decompress is None:
        return content
    try:
        return decompress(content)
    except (OSError, EOFError, ValueError, lzma.LZMAError, zlib.error) as error:
        raise StructureError(f"It cannot be decompressed ({error}); download it again.") from error


def _accepted(contradictions: tuple[str, ...], accept: bool) -> list[Remark]:
    """Return notes about contradictions, or refuse them."""
    if contradictions and not accept:
        raise StructureError(
            f"The file contradicts itself: {'; '.join(contradictions)}. Correct it, or accept what "
            f"is read (`accept_contradictions`)."
        )
    return [
        Remark("contradiction", f"The file contradicts itself: {contradiction}.")
        for contradiction in contradictions
    ]


def _require_atoms(found: Atoms) -> None:
    if len(found) == 0:
        raise StructureError("It contains no atoms; check that it is a structure file.")
    require_atomic_numbers(found)
    if not np.isfinite(found.positions).all() or not np.isfinite(found.cell.array).all():
        raise StructureError("A position or a cell vector in it is not finite; correct it.")


def _fixes_something(found: Atoms) -> bool:
    """Tell whether constraints fix anything: some of ASE's readers leave one that does not."""
    from ase.constraints import FixAtoms  # takes as long as everything else that reading needs

    return any(not isinstance(each, FixAtoms) or len(each.index) for each in found.constraints)


def _set_in_motion(atoms: Atoms, found: Atoms) -> list[Remark]:
    """Give a structure the velocities and constraints of its file, and return a note on the former.

    Raises
    ------
    StructureError
        A velocity is not finite.
    """
    if found.has("momenta"):
        momenta = found.get_momenta()
    elif found.has(VELOCITIES):
        momenta = found.arrays[VELOCITIES] * found.get_masses()[:, np.newaxis] / units.fs
    else:
        momenta = np.zeros_like(found.positions)
    if not np.isfinite(momenta).all():
        raise StructureError("A velocity in it is not finite; correct it.")
    if _fixes_something(found):
        atoms.set_constraint(found.constraints)
    if not momenta.any():
        return []
    atoms.set_momenta(momenta)
    return [Remark("velocities-of-file", "The atoms begin with the velocities in the file.")]


def _left_out(found: Atoms, *, with_motion: bool) -> list[Remark]:
    """Return notes on what may change the physics and is not kept, or seldom used."""
    notes = []
    if not with_motion and found.constraints and _fixes_something(found):
        said = "The constraints in the file were left out: every atom is free to move."
        notes.append(Remark("left-out-of-file", said))
    used = electrons_of_file(found)
    unused = [
        f"{key}={value}"
        for key, value in found.info.items()
        if str(key).lower() in _OF_ELECTRONS and key not in used
    ]
    if unused:
        said = (
            f"The file says {' and '.join(unused)}, which was left out: write a charge in e "
            f"as {CHARGE}=-1 and a multiplicity 2S + 1 as {SPIN}=2, with whole numbers."
        )
        notes.append(Remark("left-out-of-file", said))
    return [*notes, *_kept_moments(found)]


def _kept_moments(found: Atoms) -> list[Remark]:
    """Return a note on charges and magnetic moments of atoms, where there are any."""
    kept = [
        what
        for name, what in (("initial_charges", "charges"), ("initial_magmoms", "magnetic moments"))
        if found.has(name) and np.any(found.arrays[name])
    ]
    if not kept:
        return []
    said = (
        f"The file gives atoms initial {' and '.join(kept)}, which were kept; most models do not "
        f"look at them."
    )
    return [Remark("initial-moments", said)]
