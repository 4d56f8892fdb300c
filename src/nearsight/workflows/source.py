"""What a workflow starts from: a structure in memory, a file of one, or finished work in a file."""

import os
from dataclasses import dataclass
from pathlib import Path

from ase import Atoms

from nearsight.errors import StructureError
from nearsight.hessian.files import is_hessian_of_other_program, remarks_on_frequencies
from nearsight.hessian.files.phonopy_yaml import is_phonopy_file
from nearsight.remarks import Remark
from nearsight.structures.checking import check_structure
from nearsight.structures.pieces import whole_molecule
from nearsight.structures.reading import read_structure, take_notes
from nearsight.workflows.settings import ReadingSettings

Structure = Atoms | str | os.PathLike[str]
"""A structure, or the path of a file; of one with several structures ``FILE@2`` is the second."""


@dataclass(frozen=True)
class Source:
    """A structure, and what it is called."""

    name: str
    """The path of the file as it was given, or the chemical formula."""
    given: Atoms | None
    """The structure, where it was given itself."""
    reading: ReadingSettings
    with_motion: bool = False
    """Whether velocities and constraints are part of it."""

    @classmethod
    def of(
        cls, structure: Structure, reading: ReadingSettings, *, with_motion: bool = False
    ) -> "Source":
        """Return the source for a structure or a path.

        Raises
        ------
        StructureError
            It is neither.
        """
        if isinstance(structure, Atoms):
            return cls(str(structure.get_chemical_formula()), structure, reading, with_motion)
        if isinstance(structure, str | os.PathLike):
            return cls(os.fspath(structure), None, reading, with_motion)
        raise StructureError(
            f"a structure is an ase.Atoms or the path of a file, not {structure!r:.60}; several "
            f"are calculated one by one."
        )

    @property
    def is_finished(self) -> bool:
        """Whether the Hessian or the force constants are to be taken from the file."""
        return self.given is None and not self.reading.recompute and holds_hessian(self.name)

    def read(self) -> tuple[Atoms, tuple[Remark, ...]]:
        """Return the structure, checked, and what has to be known about it.

        A file with a Hessian has the structure to which that belongs.

        Raises
        ------
        StructureError
            There is none that a calculation can start from.
        """
        atoms = self._atoms()
        check_structure(atoms)
        if self.reading.molecule:
            atoms = whole_molecule(atoms)
        about_file = self.given is None and not self.reading.recompute
        remarks = remarks_on_frequencies(self.name) if about_file else ()
        return atoms, (*take_notes(atoms), *remarks)

    def _atoms(self) -> Atoms:
        if self.given is not None:
            given: Atoms = self.given.copy()
            return given
        if holds_hessian(self.name):
            return _structure_of_hessian(self.name)
        return read_structure(
            self.name,
            accept_contradictions=self.reading.accept_contradictions,
            with_motion=self.with_motion,
        )


def holds_hessian(path: str) -> bool:
    """Tell whether a file holds a Hessian or force constants."""
    return Path(path).suffix == ".npz" or is_phonopy_file(path) or is_hessian_of_other_program(path)


def _structure_of_hessian(path: str) -> Atoms:
    # Only here: a command with structures alone does not wait for what reads Hessians.
    from nearsight.hessian.files import read_hessian, read_structure_of_hessian
    from nearsight.hessian.files.phonopy_results import read_unit_cell

    if is_phonopy_file(path):
        return read_unit_cell(path)
    if Path(path).suffix == ".npz":
        return read_hessian(path).atoms
    return read_structure_of_hessian(path)
