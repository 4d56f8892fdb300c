"""Sets of data in whichever format they are, and from one into the other."""

import codecs
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from nearsight.errors import MethodError, StructureError
from nearsight.hdnnp.files.extended_xyz import read_extended_xyz, write_extended_xyz
from nearsight.hdnnp.files.input_data import read_input_data, write_input_data
from nearsight.hdnnp.files.lines import unreadable
from nearsight.hdnnp.frames import Frame
from nearsight.hdnnp.potential import PotentialUnits
from nearsight.hdnnp.units import name_of
from nearsight.progress import Progress, as_progress

INPUT_DATA_SUFFIX = ".data"
XYZ_SUFFIXES = (".extxyz", ".xyz")
_OF_XYZ = PotentialUnits("angstrom", "eV")
_FIRST_BYTES = 1000


@dataclass(frozen=True)
class DataCounts:
    """What a set of data has."""

    n_frames: int = 0
    n_atoms: int = 0
    n_with_energy: int = 0
    n_with_forces: int = 0
    n_periodic: int = 0

    def plus(self, frame: Frame) -> "DataCounts":
        """Return what there is with one more frame."""
        return DataCounts(
            self.n_frames + 1,
            self.n_atoms + len(frame.atoms),
            self.n_with_energy + (frame.energy_eV is not None),
            self.n_with_forces + (frame.forces_eV_per_A is not None),
            self.n_periodic + bool(frame.atoms.pbc.any()),
        )


def read_data(path: str | os.PathLike[str], units: PotentialUnits | None = None) -> Iterator[Frame]:
    """Yield the structures of `input.data` or extended XYZ, which the content tells apart.

    No more than one structure is in memory.

    Parameters
    ----------
    path
        The file.
    units
        Those of `input.data`, where it does not say them; extended XYZ is in Å and eV.

    Raises
    ------
    MethodError
        Other units are named for extended XYZ.
    StructureError
        The file cannot be read; see `read_input_data` and `read_extended_xyz`.
    """
    if is_input_data(path):
        yield from read_input_data(path, units)
    else:
        _require_of_xyz(path, units)
        yield from read_extended_xyz(path)


def is_input_data(path: str | os.PathLike[str]) -> bool:
    """Return whether a file begins as `input.data` does.

    Raises
    ------
    StructureError
        It cannot be read, or is empty.
    """
    file = Path(path)
    try:
        with file.open("rb") as opened:
            words = opened.read(_FIRST_BYTES).removeprefix(codecs.BOM_UTF8).split()
    except OSError as error:
        raise StructureError(unreadable(file, error)) from error
    if not words:
        raise StructureError(f"{file} is empty; name the file that has the structures.")
    return words[0] == b"begin"


def convert_data(
    source: str | os.PathLike[str],
    target: str | os.PathLike[str],
    from_units: PotentialUnits | None = None,
    to_units: PotentialUnits | None = None,
    *,
    progress: Progress | bool | None = None,
) -> DataCounts:
    """Write the structures of one file into another, of the format that its name says.

    Parameters
    ----------
    source
        `input.data` or extended XYZ.
    target
        A name that ends in ``.data``, or in ``.extxyz`` or ``.xyz``.
    from_units, to_units
        Those of an `input.data`. Extended XYZ is in Å and eV; what is read of an `input.data` that
        says its units needs none, and what is written needs one unless both have the same.
    progress
        Where it is told how far it has come; see `Progress`.

    Raises
    ------
    MethodError
        The name ends otherwise, units are missing or those of no such file, or source and target
        are one file.
    StructureError
        The source cannot be read, or the target does not hold what is in it.
    StorageError
        The target cannot be written; what was there is intact.
    """
    suffix = Path(target).suffix.lower()
    counts = DataCounts()
    with as_progress(progress).task("Structure", None) as advance:

        def counted() -> Iterator[Frame]:
            nonlocal counts
            for frame in read_data(source, from_units):
                counts = counts.plus(frame)
                advance(counts.n_frames, "")
                yield frame

        if suffix == INPUT_DATA_SUFFIX:
            units = to_units or from_units
            if units is None:
                raise MethodError(
                    f"{target} is to have some units, which “input.data” does not lay down; name "
                    f"them, angstrom,eV or bohr,hartree (RuNNer's)."
                )
            _require_two(source, target)
            write_input_data(counted(), target, units)
        elif suffix in XYZ_SUFFIXES:
            _require_of_xyz(target, to_units)
            _require_two(source, target)
            write_extended_xyz(counted(), target)
        else:
            raise MethodError(
                f"data are written as {INPUT_DATA_SUFFIX} (n2p2, RuNNer) or "
                f"{' and '.join(XYZ_SUFFIXES)} (extended XYZ), not {target}; name it so."
            )
    return counts


def _require_of_xyz(path: str | os.PathLike[str], units: PotentialUnits | None) -> None:
    if units not in {None, _OF_XYZ}:
        assert units is not None
        raise MethodError(
            f"extended XYZ is in {name_of(_OF_XYZ)}, not {name_of(units)}; name no units "
            f"for {path}."
        )


def _require_two(source: str | os.PathLike[str], target: str | os.PathLike[str]) -> None:
    if os.path.exists(target) and os.path.samefile(source, target):
        raise MethodError(f"{target} is what is read, too; give the result another name.")
