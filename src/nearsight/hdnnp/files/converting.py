"""Potentials from one program and in one set of units into another."""

import os
from dataclasses import dataclass
from pathlib import Path

from nearsight.errors import MethodError, StorageError
from nearsight.hdnnp.files.reading import PotentialFiles, open_potential
from nearsight.hdnnp.files.writing import files_of_potential, write_potential
from nearsight.hdnnp.potential import Potential, PotentialUnits
from nearsight.hdnnp.units import in_units


@dataclass(frozen=True, eq=False)
class ConvertedPotential:
    """A potential that was read, and what was written of it."""

    source: PotentialFiles
    written: Potential


def convert_potential(
    source: str | os.PathLike[str],
    target: str | os.PathLike[str],
    from_units: PotentialUnits | None = None,
    to_units: PotentialUnits | None = None,
    *,
    replace: bool = False,
) -> ConvertedPotential:
    """Write the potential of one folder into another, as n2p2 and LAMMPS read it.

    Energies and forces stay the same to rounding, to the last digit if the units do. Keywords that
    concern training are not written: numbers of theirs would be in the former units.

    Parameters
    ----------
    source
        A folder of n2p2 or RuNNer.
    target
        The folder of the result; it is made if it is not there. It has no potential yet.
    from_units
        Those of the source, where it does not say them.
    to_units
        Those of the result; by default they stay.
    replace
        The result takes the place of a potential that lies in `target`, of which no file stays.

    Raises
    ------
    MethodError
        Both are one folder, or the potential is none that n2p2's format holds.
    ModelError
        The source cannot be read; see `open_potential`.
    StorageError
        The target cannot be written, or has files of a potential already.
    """
    if Path(target).exists() and os.path.samefile(source, target):
        raise MethodError(f"{target} is what is read, too; name another folder for the result.")
    there = files_of_potential(target)
    if there and not replace:
        raise StorageError(
            f"{target} has a potential already, or files of one ({', '.join(there)}); name another "
            f"folder, or say `replace` to have the result in its place."
        )
    files = open_potential(source, from_units)
    written = in_units(files.potential, to_units or files.potential.units)
    write_potential(written, target)
    return ConvertedPotential(files, written)
