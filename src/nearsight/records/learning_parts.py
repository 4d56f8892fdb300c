"""What records say of the rounds in which a crystal is learnt."""

from dataclasses import dataclass
from typing import Annotated

from nearsight.records.described import Says


@dataclass(frozen=True, kw_only=True)
class PickedPart:
    """A fragment that was found in an exploration, to be learnt next."""

    site: Annotated[str, Says("The kind of site that it is around, such as Zn0.")]
    reason: Annotated[str, Says("disagreement of two networks, or extrapolation.")]
    time_ps: Annotated[float, Says("When it was found.", "ps")]
    disagreement_eV_per_A: Annotated[
        float, Says("Norm of the difference of both forces on its site.", "eV/Å")
    ]
    overshoot: Annotated[
        float,
        Says(
            "How far symmetry functions of its site left their ranges, over the widths of these "
            "and added up.",
            "1",
        ),
    ]


@dataclass(frozen=True, kw_only=True)
class ExplorationPart:
    """Dynamics of one crystal by what was learnt until then."""

    crystal: Annotated[str, Says("Name of the crystal.")]
    asked_ps: Annotated[float, Says("How long it was to be.", "ps")]
    reached_ps: Annotated[float, Says("How long it was.", "ps")]
    stopped: Annotated[str | None, Says("Why it was shorter; null for a whole run.")]
    n_frames: Annotated[int, Says("Frames that were looked at.", "1")]
    n_frames_beyond: Annotated[int, Says("Those in which an atom extrapolates.", "1")]
    largest_disagreement_eV_per_A: Annotated[
        float, Says("Largest norm of the difference of two forces on an atom.", "eV/Å")
    ]
    picked: Annotated[tuple[PickedPart, ...], Says("What was found, in the order of time.")]


@dataclass(frozen=True, kw_only=True)
class NetworkErrorsPart:
    """Errors of one potential on structures that were kept from it."""

    energy_RMSE_eV_per_atom: Annotated[float, Says("Root mean square over structures.", "eV/atom")]
    force_RMSE_eV_per_A: Annotated[float, Says("Root mean square over components.", "eV/Å")]
    best_epoch: Annotated[
        int, Says("Epoch after which it was best; 0 for a network that has learnt nothing.", "1")
    ]


@dataclass(frozen=True, kw_only=True)
class RoundPart:
    """Learning, exploring with it, and labelling what was found."""

    number: Annotated[
        int, Says("From 1; 0 are the first frames, before which nothing was learnt.", "1")
    ]
    n_learnt: Annotated[
        int, Says("Labelled structures that were learnt from, tests included.", "1")
    ]
    errors: Annotated[tuple[NetworkErrorsPart, ...], Says("Of each potential; none in round 0.")]
    threshold_eV_per_A: Annotated[
        float | None,
        Says("Disagreement beyond which atoms were picked; null without exploring.", "eV/Å"),
    ]
    explorations: Annotated[
        tuple[ExplorationPart, ...], Says("Of each crystal; none where nothing was explored.")
    ]
    n_labelled: Annotated[int, Says("Structures that are learnt from the next round on.", "1")]
    n_refused: Annotated[int, Says("Those that the teacher had no number for.", "1")]
    refusals: Annotated[tuple[str, ...], Says("Why not, each once.")]
    n_too_far: Annotated[
        int, Says("Those with forces that no motion has, which are not learnt.", "1")
    ]

    def n_picked_for(self, reason: str) -> int:
        """Return how many fragments were found for a reason."""
        return sum(each.reason == reason for one in self.explorations for each in one.picked)
