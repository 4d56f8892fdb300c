"""What is drawn of the rounds in which a crystal is learnt."""

import math
from collections.abc import Sequence

import numpy as np

from nearsight.arrays import FloatArray
from nearsight.charts.chart import Axis, Chart, Line, Mark, Points
from nearsight.charts.palette import series_colors
from nearsight.records.learning_parts import RoundPart
from nearsight.records.learning_record import LearningRecord
from nearsight.training.active.rounds import REASONS

_ROOM = 1.08
_N_TICKS = 5


def learning_charts(record: LearningRecord) -> dict[str, Chart]:
    """Return errors over the data, its growth, and what was found, by name."""
    rounds = record.rounds
    charts = {
        name: _errors_chart(rounds, name, field, unit, factor)
        for name, field, unit, factor in (
            ("energies", "energy_RMSE_eV_per_atom", "meV/atom", 1000.0),
            ("forces", "force_RMSE_eV_per_A", "eV/Å", 1.0),
        )
    }
    charts["growth"] = _growth_chart(rounds)
    explored = [each for each in rounds if each.explorations]
    if explored:
        charts["disagreement"] = _disagreement_chart(explored)
    if any(one.picked for each in explored for one in each.explorations):
        charts["picked"] = _picked_chart(explored)
    return charts


def _errors_chart(
    rounds: Sequence[RoundPart], name: str, field: str, unit: str, factor: float
) -> Chart:
    """Return the errors of each network over the structures that it had."""
    learnt = [each for each in rounds if each.errors]
    x = np.array([each.n_learnt for each in learnt], dtype=np.float64)
    labels = [f"network {place + 1}" for place in range(len(learnt[0].errors))]
    colors = series_colors(labels)
    marks: list[Mark] = []
    said, highest = [], 0.0
    for place, label in enumerate(labels):
        y = factor * np.array([getattr(each.errors[place], field) for each in learnt])
        highest = max(highest, float(y.max()))
        marks += _with_points(x, y, label, colors[label])
        said.append(f"{label}: {y[0]:.3g} with {x[0]:.0f} structures, {y[-1]:.3g} with {x[-1]:.0f}")
    return Chart(
        f"Errors of {name} over the data",
        Axis("labelled structures", 0.0, _ROOM * float(x.max())),
        Axis(f"RMSE / {unit}", 0.0, _room(highest)),
        tuple(marks),
        f"{'; '.join(said)}.",
    )


def _growth_chart(rounds: Sequence[RoundPart]) -> Chart:
    """Return the structures that each round learnt from, and what it found by reason."""
    x = np.array([each.number for each in rounds], dtype=np.float64)
    series = {
        "labelled structures": [
            each.n_learnt if each.number else each.n_labelled for each in rounds
        ],
        **{f"found by {why}": [each.n_picked_for(why) for each in rounds] for why in REASONS},
    }
    colors = series_colors(series)
    marks: list[Mark] = []
    for label, counts in series.items():
        marks += _with_points(x, np.array(counts, dtype=np.float64), label, colors[label])
    first, last = rounds[0].n_labelled, rounds[-1].n_learnt
    return Chart(
        "Growth of the data",
        _rounds_axis(rounds),
        Axis("structures", 0.0, _room(max(map(max, series.values())))),
        tuple(marks),
        f"{first} labelled structures at first, {last} in round {rounds[-1].number}.",
    )


def _disagreement_chart(explored: Sequence[RoundPart]) -> Chart:
    """Return how far both networks disagreed, beside what was the most that was not learnt."""
    x = np.array([each.number for each in explored], dtype=np.float64)
    largest = np.array(
        [max(one.largest_disagreement_eV_per_A for one in each.explorations) for each in explored]
    )
    threshold = np.array([each.threshold_eV_per_A or 0.0 for each in explored])
    colors = series_colors(["largest", "threshold"])
    values = np.concatenate([largest, threshold])
    known = values[values > 0]
    return Chart(
        "Disagreement of forces in the crystal",
        _rounds_axis(explored),
        Axis(
            "norm of the difference / eV/Å",
            10.0 ** np.floor(np.log10(known.min())),
            10.0 ** np.ceil(np.log10(known.max())),
            "logarithmic",
        ),
        (
            *_with_points(x, largest, "largest", colors["largest"]),
            Line(x, threshold, "threshold", colors["threshold"], dash=1),
        ),
        f"The largest is {largest[0]:.3g} eV/Å in round {x[0]:.0f} and {largest[-1]:.3g} in round "
        f"{x[-1]:.0f}; learnt is what is beyond {threshold[-1]:.3g}.",
    )


def _picked_chart(explored: Sequence[RoundPart]) -> Chart:
    """Return when each fragment was found, and how far networks disagreed about its site."""
    picked = [
        (each.number, pick) for each in explored for one in each.explorations for pick in one.picked
    ]
    colors = series_colors(REASONS)
    marks, counted = [], []
    for reason in REASONS:
        own = [(number, pick) for number, pick in picked if pick.reason == reason]
        counted.append(f"{len(own)} by {reason}")
        if own:
            marks.append(
                Points(
                    np.array([pick.time_ps for _, pick in own]),
                    np.array([pick.disagreement_eV_per_A for _, pick in own]),
                    reason,
                    colors[reason],
                    notes=[f"{pick.site}, round {number}, {reason}" for number, pick in own],
                )
            )
    sites = sorted({pick.site for _, pick in picked})
    return Chart(
        "What was found",
        Axis("time in the dynamics of a round / ps", 0.0, _room(max(p.time_ps for _, p in picked))),
        Axis(
            "disagreement on the site / eV/Å",
            0.0,
            _room(max(pick.disagreement_eV_per_A for _, pick in picked)),
        ),
        tuple(marks),
        f"{', '.join(counted)}, around {', '.join(sites)}.",
    )


def _with_points(x: FloatArray, y: FloatArray, label: str, color: str) -> list[Mark]:
    """Return a curve with its points."""
    return [Line(x, y, label, color), Points(x, y, label, color)]


def _rounds_axis(rounds: Sequence[RoundPart]) -> Axis:
    ticks = max(math.ceil(rounds[-1].number / _N_TICKS), 1)
    return Axis("round", 0.0, float(_N_TICKS * ticks))  # whole numbers


def _room(highest: float) -> float:
    """Return where an axis ends that has room above its highest value."""
    return _ROOM * highest if highest > 0 else 1.0
