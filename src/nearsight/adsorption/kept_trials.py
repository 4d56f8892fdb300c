"""Trials that are kept while a sampling goes on."""

import os
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path

from nearsight.adsorption.placements import Placements
from nearsight.adsorption.trials import Trials
from nearsight.errors import CheckpointError
from nearsight.hessian.checkpoint_file import Arrays, CheckpointFile, Header
from nearsight.result_archives import load_archive

_KIND = "insertions"
_PARTS = {
    "structure": "it is of another framework",
    "model": "it used another model, checkpoint or option",
    "settings": "it is of another gas, or used other settings",
}


class KeptTrials:
    """The file of one sampling; without a path nothing is read or written.

    Parameters
    ----------
    path
        The file, or None.
    fingerprint
        Digests of the framework, the model and the settings.
    versions
        Of the packages behind the model.
    """

    def __init__(
        self,
        path: str | os.PathLike[str] | None,
        fingerprint: Mapping[str, str],
        versions: Mapping[str, str],
    ) -> None:
        self._file = CheckpointFile(
            path=None if path is None else Path(path),
            kind=_KIND,
            work="sampling",
            reasons=_PARTS,
            fingerprint=fingerprint,
            versions=versions,
        )

    @property
    def path(self) -> Path | None:
        """The file, or None."""
        return self._file.path

    def resume(self) -> Trials | None:
        """Return the trials in the file, or None if there is none.

        Raises
        ------
        CheckpointError
            The file is damaged, or belongs to another sampling or to other versions.
        """
        return self._file.resume(_trials)

    def write(self, trials: Trials) -> None:
        """Write all trials; an interruption leaves the former ones.

        Raises
        ------
        StorageError
            The file cannot be written; the older one is intact.
        """
        arrays = {each.name: getattr(trials.placements, each.name) for each in fields(Placements)}
        arrays |= {each.name: getattr(trials, each.name) for each in fields(Trials)[1:]}
        self._file.write({}, arrays)


def trials_at(path: str | os.PathLike[str]) -> int | None:
    """Return how many trials are in a file; None if it has none."""
    try:
        return len(load_archive(path, _KIND)[1]["energies_eV"])
    except (CheckpointError, KeyError):
        return None


def _trials(_: Header, arrays: Arrays) -> Trials:
    placements = Placements(*(arrays[each.name] for each in fields(Placements)))
    others = (arrays[each.name] for each in fields(Trials)[1:])
    return Trials(placements, *others)
