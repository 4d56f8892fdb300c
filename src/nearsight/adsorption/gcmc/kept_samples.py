"""A run that is kept while it goes on."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np

from nearsight.adsorption.gcmc.chains import Counts
from nearsight.adsorption.gcmc.guests import Configuration
from nearsight.adsorption.gcmc.learning import Learnt, Sums
from nearsight.adsorption.gcmc.moves import StepSizes
from nearsight.adsorption.gcmc.samples import KeptConfiguration, Sampled, Samples
from nearsight.adsorption.gcmc.two_levels import CompositeCounts
from nearsight.errors import CheckpointError
from nearsight.hessian.checkpoint_file import Arrays, CheckpointFile, Header
from nearsight.result_archives import load_archive

_KIND = "gcmc"
_PARTS = {
    "structure": "it is of another framework",
    "model": "it used another model, checkpoint or option",
    "settings": "it is of another gas, or used other settings",
}
_NUMBERS = ("n_blocks", "steps", "scale", "per_molecule_eV", "drift_eV")


class KeptSamples:
    """The file of one run; without a path nothing is read or written.

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

    def resume(self) -> Sampled | None:
        """Return the run in the file, or None if there is none.

        Raises
        ------
        CheckpointError
            The file is damaged, or belongs to another run or to other versions.
        """
        return self._file.resume(_sampled)

    def write(self, sampled: Sampled) -> None:
        """Write a run; an interruption leaves the former one.

        Raises
        ------
        StorageError
            The file cannot be written; the older one is intact.
        """
        header: dict[str, Any] = {name: getattr(sampled, name) for name in _NUMBERS}
        arrays = {
            **_named("size", sampled.sizes),
            **_named("equilibration", sampled.equilibration),
            **_named("production", sampled.production),
            **_named("count", sampled.counts),
            **({} if sampled.composites is None else _named("composite", sampled.composites)),
            **({} if sampled.learnt is None else arrays_of(sampled.learnt)),
            **_packed("now", sampled.configurations),
            **_packed("kept", [each.configuration for each in sampled.kept]),
            "kept_samples": np.array([each.sample for each in sampled.kept], dtype=np.int64),
            "kept_chains": np.array([each.chain for each in sampled.kept], dtype=np.int64),
        }
        header["two_levels"] = sampled.composites is not None
        header["trained"] = sampled.learnt is not None
        self._file.write(header, arrays)


def blocks_at(path: str | os.PathLike[str]) -> int | None:
    """Return how many blocks are in a file; None if it has none."""
    try:
        return int(load_archive(path, _KIND)[0]["n_blocks"])
    except (CheckpointError, KeyError):
        return None


def _sampled(header: Header, arrays: Arrays) -> Sampled:
    kept = zip(
        arrays["kept_samples"].tolist(),
        arrays["kept_chains"].tolist(),
        _unpacked("kept", arrays),
        strict=True,
    )
    return Sampled(
        **{name: header[name] for name in _NUMBERS},
        configurations=_unpacked("now", arrays),
        sizes=StepSizes(**_of(StepSizes, "size", arrays)),
        equilibration=Samples(**_of(Samples, "equilibration", arrays)),
        production=Samples(**_of(Samples, "production", arrays)),
        kept=tuple(KeptConfiguration(*each) for each in kept),
        counts=Counts(**_of(Counts, "count", arrays)),
        composites=(
            CompositeCounts(**_of(CompositeCounts, "composite", arrays))
            if header["two_levels"]
            else None
        ),
        learnt=learnt_in(arrays) if header["trained"] else None,
    )


def arrays_of(learnt: Learnt) -> dict[str, np.ndarray]:
    """Return what was learnt as the arrays of an archive."""
    others = {"coefficients_eV": learnt.coefficients_eV, "lowest_eV": learnt.lowest_eV}
    return {**_named("sums", learnt.sums), **others}


def learnt_in(arrays: Arrays) -> Learnt:
    """Return what was learnt from the arrays of an archive."""
    sums = Sums(**_of(Sums, "sums", arrays))
    return Learnt(arrays["coefficients_eV"], arrays["lowest_eV"], sums)


def _named(prefix: str, value: object) -> dict[str, np.ndarray]:
    return {f"{prefix}_{name}": array for name, array in vars(value).items()}


def _of(kind: type, prefix: str, arrays: Arrays) -> dict[str, Any]:
    return {each.name: arrays[f"{prefix}_{each.name}"] for each in fields(kind)}


def _packed(prefix: str, configurations: Sequence[Configuration]) -> dict[str, np.ndarray]:
    """Return configurations one behind the other, and how many molecules each has."""
    return {
        f"{prefix}_n_molecules": np.array([len(each) for each in configurations], dtype=np.int64),
        f"{prefix}_centres_A": np.concatenate(
            [np.empty((0, 3)), *(each.centres_A for each in configurations)]
        ),
        f"{prefix}_quaternions": np.concatenate(
            [np.empty((0, 4)), *(each.quaternions for each in configurations)]
        ),
    }


def _unpacked(prefix: str, arrays: Arrays) -> tuple[Configuration, ...]:
    ends = np.cumsum(arrays[f"{prefix}_n_molecules"])
    centres = np.split(arrays[f"{prefix}_centres_A"], ends[:-1])
    quaternions = np.split(arrays[f"{prefix}_quaternions"], ends[:-1])
    both = zip(centres, quaternions, strict=True) if len(ends) else ()
    return tuple(Configuration(*each) for each in both)
