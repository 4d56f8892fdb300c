"""What came of one round, as a value and as a file."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from nearsight.errors import CheckpointError
from nearsight.storage import write_text


@dataclass(frozen=True)
class Exploration:
    """Dynamics of one crystal by what was learnt until then."""

    crystal: str
    asked_ps: float
    reached_ps: float
    """Shorter than asked for where atoms flew apart or a bond broke."""
    stopped: str | None
    """Why it was shorter; None for a whole run."""
    n_frames: int
    n_frames_beyond: int
    """Those in which an atom extrapolates."""
    largest_disagreement_eV_per_A: float
    """In all frames."""
    n_picked: Mapping[str, int]
    """Fragments that are learnt next, by reason."""
    of_kinds: Mapping[str, int]
    """The same by kind of site, such as ``Zn0``."""


@dataclass(frozen=True)
class Errors:
    """Of one potential on structures that were kept from it."""

    energy_RMSE_eV_per_atom: float
    force_RMSE_eV_per_A: float
    """Of a component."""


@dataclass(frozen=True)
class Round:
    """Learning, exploring with it, and labelling what was found."""

    number: int
    """From 1; 0 are the first frames, which nothing was learnt before."""
    n_learnt: int
    """Labelled structures that were learnt from, tests included."""
    errors: tuple[Errors, ...]
    """Of each potential."""
    threshold_eV_per_A: float | None
    """Disagreement beyond which atoms were picked."""
    explorations: tuple[Exploration, ...]
    n_labelled: int
    """Structures that are learnt from the next round on."""
    n_refused: int
    """Those that the teacher had no number for."""
    refusals: tuple[str, ...]
    """Why not, each once."""
    n_too_far: int
    """Those with forces larger than `largest_force_eV_per_A`, which are not learnt."""

    @property
    def n_picked(self) -> int:
        """Fragments that were found."""
        return sum(sum(each.n_picked.values()) for each in self.explorations)

    def write(self, path: Path) -> None:
        """Write it; with this file a round is done.

        Raises
        ------
        StorageError
            It cannot be written.
        """
        write_text(path, json.dumps(asdict(self), indent=1))

    @classmethod
    def read(cls, path: Path) -> "Round | None":
        """Return the round of a file; None if there is none.

        Raises
        ------
        CheckpointError
            The file has something else.
        """
        if not path.exists():
            return None
        try:
            values = json.loads(path.read_text(encoding="utf-8"))
            return cls(
                **{
                    **values,
                    "errors": tuple(Errors(**each) for each in values["errors"]),
                    "explorations": tuple(_exploration(each) for each in values["explorations"]),
                    "refusals": tuple(values["refusals"]),
                }
            )
        except (ValueError, KeyError, TypeError) as error:
            raise CheckpointError(
                f"{path} is not what a round left; delete its folder to make it anew."
            ) from error


def _exploration(values: Mapping[str, Any]) -> Exploration:
    return Exploration(**{each.name: values[each.name] for each in fields(Exploration)})
