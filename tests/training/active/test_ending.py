"""When there are no more rounds, and what is said of it."""

from dataclasses import replace

import pytest

from nearsight.training.active.ending import limit_reached, nothing_to_go_on_with
from nearsight.training.active.rounds import Errors, Exploration, Picked, Round
from nearsight.training.active.settings import RoundsSettings

FIRST = Round(0, 0, (), None, (), 40, 3, ("the charges did not converge.",), 0)
WHOLE = Exploration("chain.cif", 2.0, 2.0, None, 200, 0, 0.4, ())
BROKEN = replace(WHOLE, crystal="broken.cif", reached_ps=0.003, stopped="a bond broke", n_frames=1)
FOUND = replace(WHOLE, picked=(Picked("C0", "extrapolation", 0.05, 0.2, 0.4),) * 3)
ERRORS = (Errors(1e-3, 0.1, 20), Errors(1e-3, 0.2, 19))


def explored(*explorations: Exploration, n_labelled: int = 0, n_refused: int = 0) -> Round:
    return Round(1, 40, ERRORS, 0.6, explorations, n_labelled, n_refused, (), 0)


@pytest.mark.parametrize(
    ("latest", "said"),
    [
        (explored(WHOLE, WHOLE), "since nothing new was found"),
        (explored(FOUND, WHOLE, n_labelled=3), None),
        (explored(FOUND, BROKEN, n_labelled=3), None),
        (
            explored(WHOLE, BROKEN),
            "since broken.cif did not hold, with nothing to learn before that",
        ),
        (explored(FOUND, n_refused=3), "since nothing that was found has a label"),
        (
            replace(explored(), errors=(ERRORS[0], replace(ERRORS[1], best_epoch=0))),
            "since in round 1 nothing was learnt by network 2",
        ),
    ],
)
def test_only_whole_runs_without_anything_new_are_the_end(latest: Round, said: str | None) -> None:
    assert nothing_to_go_on_with(latest) == said


def test_a_round_of_which_not_all_was_asked_for_is_not_empty() -> None:
    """The only label that the limit left was refused: with a higher limit there is more to ask."""
    assert nothing_to_go_on_with(explored(FOUND, n_refused=1)) is None


def test_limits_count_what_the_teacher_was_asked_for() -> None:
    rounds = [FIRST, explored(FOUND, n_labelled=1, n_refused=2)]
    assert limit_reached(rounds, RoundsSettings(most_labels=44)) is None  # 3 fragments are no label
    assert limit_reached(rounds, RoundsSettings(most_labels=43)) == (
        "after 43 labels, 43 being the most"
    )
    assert limit_reached(rounds, RoundsSettings(rounds=1)) == "after 1 rounds, as asked for"
    assert limit_reached(rounds, RoundsSettings(rounds=2)) is None
