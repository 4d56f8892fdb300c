"""The commands by which LAMMPS puts molecules in and takes them out."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from nearsight.lammps.library import LammpsError

_COMMAND = re.compile(r"""\bfix\s+(\S+)\s+\S+\s+(gcmc|widom)\s+([^"']*)""")


@dataclass(frozen=True)
class Exchange:
    """A `fix gcmc` or `fix widom` as it is written, with variables in it."""

    fix: str
    """Its name."""
    style: str
    is_molecular: bool
    """Whether it has a template; else single atoms are exchanged."""
    intra_energy: str | None
    """What it says of the energy of one molecule, in the units of LAMMPS."""


def exchanges_in(command: str) -> Iterator[Exchange]:
    """Yield those of a command, which may be within another, as that of an ``if``.

    Raises
    ------
    LammpsError
        One has no `full_energy`: LAMMPS would sample the ideal gas, since only pair styles count
        then, and the model is none.
    """
    for fix, style, rest in _COMMAND.findall(command):
        words = rest.split()
        if "full_energy" not in words:
            raise LammpsError(
                f"fix {fix} {style} does not say full_energy, without which LAMMPS leaves the "
                f"model's energy out of what decides; write full_energy behind it."
            )
        after = dict(pairwise(words))
        yield Exchange(fix, style, "mol" in words, after.get("intra_energy"))
