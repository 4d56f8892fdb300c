"""Why there are no more rounds."""

from collections.abc import Sequence

from nearsight.training.active.rounds import Round
from nearsight.training.active.settings import RoundsSettings


def limit_reached(rounds: Sequence[Round], settings: RoundsSettings) -> str | None:
    """Return which limit lets the next round learn only, as a sentence goes on after “stopped”.

    Parameters
    ----------
    rounds
        All rounds by now, that of first frames included.
    settings
        The limits.
    """
    if len(rounds) > settings.rounds:
        return f"after {settings.rounds} rounds, as asked for"
    n_labels = sum(each.n_asked for each in rounds)
    if settings.most_labels is not None and n_labels >= settings.most_labels:
        return f"after {n_labels} labels, {settings.most_labels} being the most"
    return None


def nothing_to_go_on_with(latest: Round) -> str | None:
    """Return why a round that was to explore is the last one; None where another one follows.

    That nothing was found means that all is learnt only where each crystal has moved to the end.

    Parameters
    ----------
    latest
        The round.
    """
    if latest.unlearnt:
        which = ", ".join(map(str, latest.unlearnt))
        return f"since in round {latest.number} nothing was learnt by network {which}"
    if not latest.n_picked:
        broken = [each.crystal for each in latest.explorations if each.stopped is not None]
        if broken:
            return f"since {', '.join(broken)} did not hold, with nothing to learn before that"
        return "since nothing new was found"
    if not latest.n_labelled and latest.n_asked == latest.n_picked:
        return "since nothing that was found has a label"
    return None
