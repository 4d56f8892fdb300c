"""Which atoms of a trajectory are learnt next, and why."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from nearsight.arrays import IntArray
from nearsight.training.active.judging import Judged
from nearsight.training.active.rounds import DISAGREEMENT, EXTRAPOLATION
from nearsight.training.active.settings import PickingSettings


@dataclass(frozen=True)
class Pick:
    """One atom of one frame that is to be learnt."""

    frame: int
    """Counted from 0."""
    time_fs: float
    atom: int
    kind: int
    """The first atom of its kind of site."""
    reason: str
    """One of `nearsight.training.active.rounds.REASONS`."""
    disagreement_eV_per_A: float
    overshoot: float


def pick(
    judged: Sequence[Judged],
    times_fs: Sequence[float],
    kinds: IntArray,
    threshold_eV_per_A: float,
    *,
    settings: PickingSettings,
    covered: Callable[[int, int], Sequence[int] | IntArray] = lambda _frame, atom: [atom],
) -> list[Pick]:
    """Return what is learnt next, by time: of each frame the worst atoms first.

    Early frames come before later ones, since a run that has once left what was learnt goes where
    no motion of the crystal goes. An atom that extrapolates is picked for that, whether or not
    potentials disagree. Atoms whose surroundings are in a fragment that was just picked in the
    same frame are learnt with it.

    Parameters
    ----------
    judged
        Of each frame.
    times_fs
        Of the frames.
    kinds
        Of each atom, shape ``(n_atoms,)``.
    threshold_eV_per_A
        Disagreement that is learnt.
    settings
        How many, and how far apart.
    covered
        Returns atoms whose surroundings are in the fragment around an atom of a frame.
    """
    picks: list[Pick] = []
    of_a_kind: Counter[tuple[int, str]] = Counter()
    latest_fs: dict[int, float] = {}
    for frame, (each, time_fs) in enumerate(zip(judged, times_fs, strict=True)):
        known: set[int] = set()
        most = min(settings.most_picked, len(picks) + settings.most_of_a_frame)
        for atom, reason in _flagged(each, threshold_eV_per_A, settings.overshoot):
            kind = int(kinds[atom])
            too_soon = time_fs - latest_fs.get(kind, -np.inf) < settings.apart_fs
            if atom in known or too_soon or of_a_kind[kind, reason] >= settings.most_of_a_kind:
                continue
            picks.append(
                Pick(
                    frame,
                    float(time_fs),
                    atom,
                    kind,
                    reason,
                    float(each.disagreement_eV_per_A[atom]),
                    float(each.overshoot[atom]),
                )
            )
            of_a_kind[kind, reason] += 1
            latest_fs[kind] = time_fs
            if len(picks) >= most:
                break
            known.update(int(one) for one in covered(frame, atom))
        if len(picks) >= settings.most_picked:
            break
    return picks


def _flagged(judged: Judged, threshold: float, overshoot: float) -> Iterator[tuple[int, str]]:
    """Yield atoms that are not to be trusted, those that extrapolate farthest first."""
    beyond = judged.overshoot > overshoot
    for atom in np.argsort(-judged.overshoot, kind="stable"):
        if beyond[atom]:
            yield int(atom), EXTRAPOLATION
    disagree = (judged.disagreement_eV_per_A > threshold) & ~beyond
    for atom in np.argsort(-judged.disagreement_eV_per_A, kind="stable"):
        if disagree[atom]:
            yield int(atom), DISAGREEMENT
