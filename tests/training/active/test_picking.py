"""What is learnt next: which atoms of which frames, how many, and why."""

import numpy as np
import pytest

from nearsight.training.active.judging import Judged
from nearsight.training.active.picking import Pick, pick
from nearsight.training.active.rounds import DISAGREEMENT, EXTRAPOLATION
from nearsight.training.active.settings import PickingSettings

THRESHOLD = 1.0
KINDS = np.array([0, 0, 2, 2])


def judged(disagreement: list[float], overshoot: list[float] | None = None) -> Judged:
    return Judged(np.array(disagreement), np.array(overshoot or [0.0] * len(disagreement)))


def picked(frames: list[Judged], **settings: float) -> list[Pick]:
    times_fs = [100.0 * number for number in range(len(frames))]
    return pick(frames, times_fs, KINDS, THRESHOLD, settings=PickingSettings(**settings))


def test_what_is_trusted_is_not_picked() -> None:
    assert picked([judged([0.9, 1.0, 0.1, 0.0], [0.0, 0.01, 0.0, 0.005])]) == []


def test_extrapolation_comes_first_and_is_the_reason() -> None:
    frame = judged([3.0, 0.0, 0.5, 2.0], [0.0, 0.0, 0.2, 0.4])
    picks = picked([frame])
    assert [(each.atom, each.reason) for each in picks] == [(3, EXTRAPOLATION), (0, DISAGREEMENT)]
    assert picks[0].overshoot == 0.4
    assert picks[0].disagreement_eV_per_A == 2.0
    assert [each.kind for each in picks] == [2, 0]


def test_one_kind_is_picked_from_moments_that_are_apart() -> None:
    frames = [judged([2.0, 3.0, 0.0, 0.0])] * 5
    assert [(each.frame, each.atom) for each in picked(frames, apart_fs=200.0)] == [
        (0, 1),
        (2, 1),
        (4, 1),
    ]
    assert len(picked(frames, apart_fs=0.0)) == 10


@pytest.mark.parametrize(("limits", "n"), [({"most_picked": 3}, 3), ({"most_of_a_kind": 2}, 6)])
def test_there_are_no_more_than_asked_for(limits: dict[str, int], n: int) -> None:
    frames = [judged([2.0, 3.0, 5.0, 0.0], [0.0, 0.0, 0.0, 1.0])] * 6
    picks = picked(frames, apart_fs=100.0, **limits)  # kind 2 for one reason, then for the other
    assert len(picks) == n
    assert [each.time_fs for each in picks] == sorted(each.time_fs for each in picks)


def test_one_moment_gives_no_more_than_its_share() -> None:
    """Also where each atom is a kind of its own, as in a crystal without symmetry."""
    frame = judged([2.0, 3.0, 5.0, 4.0])
    picks = pick(
        [frame] * 3,
        [0.0, 100.0, 200.0],
        np.arange(4),
        THRESHOLD,
        settings=PickingSettings(most_of_a_frame=3, most_picked=8, apart_fs=150.0),
    )
    assert [(each.frame, each.atom) for each in picks] == [
        *((0, 2), (0, 3), (0, 1)),
        *((1, 0),),
        *((2, 2), (2, 3), (2, 1)),
    ]


def test_what_a_fragment_of_the_same_frame_holds_is_learnt_with_it() -> None:
    frames = [judged([4.0, 3.0, 2.0, 1.5])]
    neighbours = {0: [0, 2], 1: [1], 3: [3]}
    picks = pick(
        frames,
        [0.0],
        np.arange(4),
        THRESHOLD,
        settings=PickingSettings(),
        covered=lambda _frame, atom: neighbours[atom],
    )
    assert [each.atom for each in picks] == [0, 1, 3]
