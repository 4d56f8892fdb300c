"""What came of one round, as a value and as a file."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from nearsight.errors import CheckpointError
from nearsight.remarks import Remark, remarks_from_json, remarks_to_json
from nearsight.storage import write_text

DISAGREEMENT, EXTRAPOLATION = "disagreement", "extrapolation"
REASONS = (DISAGREEMENT, EXTRAPOLATION)
"""Why a fragment is learnt."""


@dataclass(frozen=True)
class Picked:
    """A fragment that is learnt next."""

    site: str
    """The kind of site that it is around, such as ``Zn0``."""
    reason: str
    """One of `REASONS`."""
    time_ps: float
    """When it was found."""
    disagreement_eV_per_A: float
    """Of the force on its site."""
    overshoot: float
    """Of the symmetry functions of its site; see `nearsight.training.active.judging.Judged`."""


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
    picked: tuple[Picked, ...]
    """In the order of time."""


@dataclass(frozen=True)
class Errors:
    """Of one potential on structures that were kept from it."""

    energy_RMSE_eV_per_atom: float
    force_RMSE_eV_per_A: float
    """Of a component."""
    best_epoch: int
    """Epoch of the training after which it was best; 0 if it has learnt nothing."""


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
    warnings: tuple[Remark, ...] = ()
    """What is to be known of the data and of both trainings."""

    @property
    def unlearnt(self) -> tuple[int, ...]:
        """Which networks have learnt nothing, counted from 1."""
        return tuple(
            place for place, each in enumerate(self.errors, start=1) if each.best_epoch == 0
        )

    @property
    def n_asked(self) -> int:
        """Structures that the teacher was asked for.

        Frames that fragments were not moved to in round 0 are none of them.
        """
        others = self.n_refused + self.n_too_far if self.number else 0
        return self.n_labelled + others

    @property
    def n_picked(self) -> int:
        """Fragments that were found."""
        return sum(len(each.picked) for each in self.explorations)

    def n_picked_for(self, reason: str) -> int:
        """Return how many fragments were found for a reason."""
        return sum(each.reason == reason for one in self.explorations for each in one.picked)

    def write(self, path: Path) -> None:
        """Write it; with this file a round is done.

        Raises
        ------
        StorageError
            It cannot be written.
        """
        values = {**asdict(self), "warnings": remarks_to_json(self.warnings)}
        write_text(path, json.dumps(values, indent=1))

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
                    "warnings": remarks_from_json(values["warnings"]),
                }
            )
        except (ValueError, KeyError, TypeError) as error:
            raise CheckpointError(
                f"{path} is not what a round left; delete its folder and those of all later "
                f"rounds, which follow from it, and they are made anew."
            ) from error


def _exploration(values: Mapping[str, Any]) -> Exploration:
    picked = tuple(Picked(**each) for each in values["picked"])
    return Exploration(**{**values, "picked": picked})
