"""The relaxed structures of a run, in one file or in a folder."""

import logging
from collections.abc import Sequence
from pathlib import Path

from ase import Atoms

from nearsight.errors import NearsightError
from nearsight.records import Record
from nearsight.runs.named_files import require_different_stems
from nearsight.runs.told import LOGGED, Told
from nearsight.structures.writing import (
    names_folder,
    require_folder,
    require_writable_structure_format,
    write_structures,
)
from nearsight.workflows.settings import ReadingSettings
from nearsight.workflows.source import Source

logger = logging.getLogger("nearsight.runs")


class StructureOutput:
    """Writes each relaxed structure into a folder at once, or all into one file at the end.

    Parameters
    ----------
    target
        A file or a folder; None writes nothing.
    sources
        The files of the structures, none of which is overwritten.
    told
        Where it is told what the format does not hold.
    reading
        How the structures are read, which are written for a trial.

    Raises
    ------
    StructureError, StorageError
        Structures cannot be written there.
    """

    def __init__(
        self,
        target: str | None,
        sources: Sequence[str],
        told: Told = LOGGED,
        reading: ReadingSettings | None = None,
    ) -> None:
        self._target = target
        self._sources = sources
        self._one_file = target is not None and not names_folder(target)
        self._structures: list[Atoms] = []
        self._n_written = 0
        if target is None:
            return
        if not self._one_file:
            require_different_stems(sources)
            require_folder(Path(target))
            return
        read = (_as_it_is(source, reading or ReadingSettings()) for source in sources)
        structures = [atoms for atoms in read if atoms is not None]
        for remark in require_writable_structure_format(target, structures, inputs=sources):
            told.say(remark)

    def add(self, source: str, record: Record | None) -> None:
        """Add the structure of a record; nothing of one without any.

        Raises
        ------
        StructureError, StorageError
            It cannot be written.
        """
        atoms = _relaxed_atoms(record)
        if self._target is None or atoms is None:
            return
        if self._one_file:
            self._structures.append(atoms)
            return
        self._n_written += len(write_structures(self._target, [atoms], sources=[source]))

    def finish(self) -> None:
        """Write what belongs into one file.

        Raises
        ------
        StructureError, StorageError
            It cannot be written.
        """
        if self._target is not None and self._structures:
            self._n_written += len(self._structures)
            write_structures(self._target, self._structures, sources=self._sources)
        if self._n_written:
            logger.info("wrote %s: %d structures", self._target, self._n_written)


def _as_it_is(source: str, reading: ReadingSettings) -> Atoms | None:
    """Return the structure of a file; None if it cannot be read, which its turn will say."""
    try:
        return Source.of(source, reading).read()[0]
    except NearsightError:
        return None


def _relaxed_atoms(record: Record | None) -> Atoms | None:
    """Return the relaxed structure, which a supercell may have been made of."""
    results = getattr(record, "results", None)
    results = getattr(results, "modes", results)  # those of an ideal gas have their modes
    relaxation = getattr(results, "relaxation", None)
    atoms: Atoms | None = getattr(relaxation, "atoms", None)
    return atoms
