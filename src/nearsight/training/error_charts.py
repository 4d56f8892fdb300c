"""What is drawn of the errors of a potential: labels against predictions, and distributions."""

import numpy as np

from nearsight.arrays import FloatArray
from nearsight.charts.chart import INK, Axis, Chart, Line, Points
from nearsight.charts.palette import element_colors, series_colors
from nearsight.training.committee_errors import CommitteeErrors
from nearsight.training.error_distribution import EDGES_eV_per_A, ErrorDistribution
from nearsight.training.labelled import ALL
from nearsight.training.prediction_errors import Parity, PotentialErrors

SHOWN_POINTS = 800
"""Points of a figure: more take space on a page, and hide each other."""
_MANY = 200
"""Points from which on they are small."""
_MOST_GROUPS = 8
_NEARLY_ALL = 0.99
_LEAST_SHARE = 1e-5
_MARGIN = 0.04


def error_charts(errors: PotentialErrors) -> dict[str, Chart]:
    """Return figures by name, without those for which there are no labels."""
    charts = {
        "energies": _parity(errors.energies, "Energies", "energy", "eV/atom", errors),
        "forces": _parity(errors.forces, "Forces", "component of a force", "eV/Å", errors),
        "elements": _distributions(errors, "element"),
        "groups": _distributions(errors, "group"),
    }
    return {name: chart for name, chart in charts.items() if chart is not None}


def committee_charts(errors: CommitteeErrors) -> dict[str, Chart]:
    """Return the figures of the mean of a committee, and its disagreement against its error."""
    disagreement = _disagreement(errors)
    return {
        **error_charts(errors.mean),
        **({} if disagreement is None else {"disagreement": disagreement}),
    }


def _disagreement(errors: CommitteeErrors) -> Chart | None:
    """Return sizes of errors of forces against disagreements, of atoms that were not learnt."""
    of_set = "test" if "test" in errors.mean.sets else errors.mean.sets[0]
    spreads, sizes = errors.forces.of_set(of_set)
    shown = (spreads > 0) & (sizes > 0)
    if not shown.any():
        return None
    spreads, sizes = spreads[shown], sizes[shown]
    some = np.unique(np.linspace(0, len(spreads) - 1, SHOWN_POINTS).round().astype(int))
    both = np.concatenate([spreads, sizes])
    low = min(10.0 ** np.floor(np.log10(float(both.min()))), float(both.min()))
    high = max(10.0 ** np.ceil(np.log10(float(both.max()))), float(both.max()))
    ends = np.array([low, high])
    larger = float(np.mean(sizes > spreads))
    return Chart(
        f"Forces on atoms: error of the mean against disagreement, {of_set}",
        Axis("disagreement / eV/Å", low, high, "logarithmic"),
        Axis("error / eV/Å", low, high, "logarithmic"),
        (
            Line(ends, ends, color=INK, width=0.8, dash=2),
            Points(spreads[some], sizes[some], "atoms", small=len(some) > _MANY),
        ),
        f"The error is larger than the disagreement for {100 * larger:.0f} % of {len(sizes)} "
        f"atoms; the largest error is {sizes.max():.3g} eV/Å, where members disagree by "
        f"{spreads[sizes.argmax()]:.3g} eV/Å.",
    )


def _parity(
    parity: Parity, title: str, quantity: str, unit: str, errors: PotentialErrors
) -> Chart | None:
    if len(parity.labels) == 0:
        return None
    some = np.unique(np.linspace(0, len(parity.labels) - 1, SHOWN_POINTS).round().astype(int))
    labels, predictions, test = parity.labels[some], parity.predictions[some], parity.test[some]
    low, high = _range(np.concatenate([labels, predictions]))
    ends = np.array([low, high])
    colors = series_colors(errors.sets)
    names = ("train", "test") if test.any() and not test.all() else (errors.sets[-1],)
    marks: list[Line | Points] = [Line(ends, ends, color=INK, width=0.8, dash=2)]
    for name in names:
        own = np.full(len(test), True) if len(names) == 1 else test == (name == "test")
        marks.append(
            Points(labels[own], predictions[own], name, colors.get(name), small=len(some) > _MANY)
        )
    difference = predictions - labels
    worst = int(np.abs(difference).argmax())
    thinned = (
        f", {len(some)} of {len(parity.labels)} points or more"
        if len(some) < len(parity.labels)
        else ""
    )
    return Chart(
        f"{title}: predictions against labels",
        Axis(f"label: {quantity} / {unit}", low, high),
        Axis(f"prediction / {unit}", low, high),
        tuple(marks),
        f"Predictions against labels{thinned}. Labels go from {labels.min():.3g} to "
        f"{labels.max():.3g} {unit}; the point farthest from the diagonal is off by "
        f"{abs(difference[worst]):.3g} {unit}.",
    )


def _range(values: FloatArray) -> tuple[float, float]:
    low, high = float(values.min()), float(values.max())
    margin = _MARGIN * (high - low) or 1.0
    return low - margin, high + margin


def _distributions(errors: PotentialErrors, by: str) -> Chart | None:
    """Return how many components of forces are off by more than so much, one curve for each."""
    of_set = "test" if "test" in errors.sets else errors.sets[0]
    if by == "element":
        parts = {each.element: each.forces for each in errors.elements if each.set == of_set}
        colors = element_colors(parts)
    else:
        largest = sorted(
            (each for each in errors.groups if each.set == of_set and each.group != ALL),
            key=lambda each: -each.forces.RMSE_eV_per_A if each.forces.n else 0.0,
        )
        parts = {each.group: each.forces for each in largest[:_MOST_GROUPS]}
        colors = series_colors(parts)
    parts = {name: part for name, part in parts.items() if part.n}
    if not parts:
        return None
    curves = {name: _curve(part) for name, part in parts.items()}
    ends = np.concatenate([x for x, _ in curves.values()])
    # Powers of ten differ in the last digit by who computes them.
    low = min(10.0 ** np.floor(np.log10(float(ends.min()))), float(ends.min()))
    high = max(10.0 ** np.ceil(np.log10(float(ends.max()))), float(ends.max()))
    least = min(float(y[y > 0].min()) for _, y in curves.values())
    said = "; ".join(
        f"{name}: RMSE {part.RMSE_eV_per_A:.3g}, largest {part.largest_eV_per_A:.3g} eV/Å"
        for name, part in parts.items()
    )
    return Chart(
        f"Errors of forces by {by}, {of_set}",
        Axis("error of a component / eV/Å", float(low), float(high), "logarithmic"),
        Axis("share that is larger", 10.0 ** np.floor(np.log10(least)), 1.0, "logarithmic"),
        tuple(
            Line(x, y, name, colors[name], dash=place % 2 if by == "group" else 0)
            for place, (name, (x, y)) in enumerate(curves.items())
        ),
        f"{said}.",
    )


def _curve(part: ErrorDistribution) -> tuple[FloatArray, FloatArray]:
    """Return where the share of larger errors falls from nearly all to as little as there is."""
    share = part.share_above()
    first = max(int(np.argmax(share < _NEARLY_ALL)) - 1, 0)
    last = max(int(np.flatnonzero(share > 0.0)[-1]), first) if share[0] > 0.0 else first
    shown = slice(first, last + 1)
    return EDGES_eV_per_A[shown], np.maximum(share[shown], _LEAST_SHARE)
