"""What a command has of one structure: a Hessian or force constants, and where they are from."""

import argparse
from dataclasses import dataclass
from typing import Any

from ase import Atoms

from nearsight.hessian.force_constants import ForceConstants
from nearsight.hessian.phonopy_io import with_born
from nearsight.hessian.phonopy_results import with_sum_rules
from nearsight.hessian.result import Hessian
from nearsight.relaxation.result import Relaxation
from nearsight.structures.selection import structure_stem


@dataclass(frozen=True)
class Calculated:
    """One structure with its relaxation and Hessian."""

    path: str
    relaxation: Relaxation | None
    """None if the structure was not relaxed, or its Hessian was read from a file."""
    hessian: Hessian
    """Of the cell; with force constants that of the primitive cell at Γ."""
    settings: dict[str, Any]
    force_constants: ForceConstants | None = None
    """Those of a supercell, where phonons over the Brillouin zone were asked for."""

    @property
    def atoms(self) -> Atoms:
        """The cell to which results refer."""
        return self.force_constants.unit_cell if self.force_constants else self.hessian.atoms

    @property
    def formula(self) -> str:
        """Chemical formula of the cell, in Hill order."""
        return str(self.atoms.get_chemical_formula())

    @property
    def label(self) -> str:
        """What a figure calls the structure, with what must be known about it."""
        return label_of(self.path, self.relaxation)


def label_of(path: str, relaxation: Relaxation | None) -> str:
    """Return what a figure calls a structure, with what must be known about it."""
    unconverged = relaxation is not None and not relaxation.converged
    return f"{structure_stem(path)}{', NOT CONVERGED' if unconverged else ''}"


def with_constants(
    path: str,
    relaxation: Relaxation | None,
    found: ForceConstants,
    settings: dict[str, Any],
    arguments: argparse.Namespace,
) -> Calculated:
    """Return what was calculated of force constants, with what the options still ask for."""
    found = with_born(found, arguments.nac)
    if arguments.sum_rules:
        found = with_sum_rules(found)
        settings = {**settings, "sum_rules": True}
    return Calculated(path, relaxation, found.at_gamma(), settings, found)
