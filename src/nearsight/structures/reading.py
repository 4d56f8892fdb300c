"""Structure files: whatever ASE reads, and a plain word about whatever it does not."""

import os
import warnings
from collections.abc import Mapping
from pathlib import Path

from ase import Atoms

from nearsight.errors import StructureError

NOTES_KEY = "reading_notes"
"""Key of ``atoms.info`` under which `read_structure` leaves a list of remarks, if there are any."""

_KEPT_ARRAYS = ("numbers", "positions", "masses", "initial_charges", "initial_magmoms")

# What ASE's readers warn about although atoms are missing or misplaced afterwards.
_FATAL_WARNINGS = ("Wrong number", "Badly formed number", "are equivalent")

_OCCUPANCY_ROUNDING = 1e-6


def read_structure(path: str | os.PathLike[str]) -> Atoms:
    """Read a structure from a file of any format that ASE knows.

    The format follows from the name and the content. Of a file with several structures, such as a
    trajectory, the last one is read, as `ase.io.read` does. Only what defines a structure is kept:
    species, masses, positions in Å, cell, periodicity, initial charges and magnetic moments. What
    the reader remarked, and what was left out, is listed in ``atoms.info["reading_notes"]``;
    ``atoms.info`` holds nothing else.

    Returns
    -------
    ase.Atoms
        Periodic in all directions when the format says so (CIF, POSCAR); a molecule for plain XYZ.

    Raises
    ------
    StructureError
        There is no such file, it is a directory, empty, not readable, of an unknown format,
        without atoms, or has sites that are not fully occupied by one element.
    """
    file = Path(path)
    _require_content(file)
    found, remarks = _read_quietly(file)
    if len(found) == 0:
        raise StructureError(f"{file} contains no atoms; check that it is a structure file.")
    _require_full_occupancy(found, file)
    atoms = Atoms(cell=found.cell, pbc=found.pbc)
    atoms.arrays = {name: found.arrays[name] for name in _KEPT_ARRAYS if name in found.arrays}
    notes = [*remarks, *_left_out(found)]
    if notes:
        atoms.info[NOTES_KEY] = notes
    return atoms


def _require_content(file: Path) -> None:
    if file.is_dir():
        raise StructureError(f"{file} is a directory; give the path of a structure file in it.")
    try:
        size = file.stat().st_size
    except FileNotFoundError as error:
        raise StructureError(f"{file} does not exist; check the path for a typo.") from error
    except OSError as error:
        raise StructureError(f"{file} cannot be opened: {error.strerror or error}.") from error
    if size == 0:
        raise StructureError(f"{file} is empty; write or download the structure again.")


def _read_quietly(file: Path) -> tuple[Atoms, list[str]]:
    """Return what ASE reads and what it remarked about the file."""
    import ase.io
    from ase.io.formats import UnknownFileTypeError

    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            # The absolute path, and no splitting at "@", keep ASE from taking a name such as
            # "mysql.cif" for a database or "a@2.cif" for an image number.
            atoms = ase.io.read(file.absolute(), do_not_split_by_at_sign=True)
    except PermissionError as error:
        raise StructureError(f"{file} may not be read; check its permissions.") from error
    except (UnknownFileTypeError, ModuleNotFoundError) as error:
        raise StructureError(
            f"{file} is of no format that ASE knows; use CIF, POSCAR or extended XYZ "
            f"with the usual file name (`ase info --formats` lists all)."
        ) from error
    except MemoryError:
        raise
    except Exception as error:
        # ASE has about a hundred parsers, and on a broken file each raises what it stumbled over.
        reason = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
        raise StructureError(
            f"{file} cannot be read ({reason}); it is damaged, or its name promises another "
            f"format than its content has."
        ) from error
    if not isinstance(atoms, Atoms):
        raise StructureError(f"{file} holds no structure; give a file with atoms.")
    return atoms, _remarks(caught, file)


def _remarks(caught: list[warnings.WarningMessage], file: Path) -> list[str]:
    """Return ASE's warnings about the file as sentences; the fatal ones become errors."""
    # Only plain UserWarnings are about the file. The other categories (deprecations) tell ASE's
    # developers about their own code and would mean nothing to the reader of a structure.
    messages = [str(warning.message) for warning in caught if warning.category is UserWarning]
    for message in messages:
        if any(sign in message for sign in _FATAL_WARNINGS):
            raise StructureError(
                f"{file} cannot be read without losing or misplacing atoms ({message.strip()}); "
                f"correct that entry."
            )
    return list(dict.fromkeys(message.strip() for message in messages))


def _require_full_occupancy(atoms: Atoms, file: Path) -> None:
    occupancies = atoms.info.get("occupancy")
    if not isinstance(occupancies, Mapping):
        return
    partial = [
        f"site {site} ({', '.join(f'{symbol} {share}' for symbol, share in shares.items())})"
        for site, shares in occupancies.items()
        if len(shares) > 1 or not all(_is_full(share) for share in shares.values())
    ]
    if partial:
        listed = ", ".join(partial[:5]) + (", ..." if len(partial) > 5 else "")
        raise StructureError(
            f"{file} has {len(partial)} partially occupied or shared sites, counted from 0: "
            f"{listed}. Choose one ordered arrangement of the atoms and set every occupancy to 1."
        )


def _is_full(share: object) -> bool:
    # In a CIF "." and "?" stand for the default, and the default occupancy is 1.
    if isinstance(share, str):
        return share in {".", "?"}
    return isinstance(share, int | float) and abs(share - 1.0) <= _OCCUPANCY_ROUNDING


def _left_out(found: Atoms) -> list[str]:
    notes = []
    if found.constraints:
        notes.append("The constraints in the file were left out: every atom is free to move.")
    options = [f"{key}={found.info[key]}" for key in ("charge", "spin") if key in found.info]
    if options:
        notes.append(
            f"The file says {' and '.join(options)}, which was left out: no model here takes it."
        )
    return notes
