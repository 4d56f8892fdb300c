"""Figures of two equal atoms: all in one, how they depend on direction, and each beside PBE."""

import numpy as np

from nearsight.charts.chart import INK, Axis, Chart, Line, Mark, Points
from nearsight.charts.palette import element_colors
from nearsight.evaluation.diatomics.result import Diatomics, View
from nearsight.evaluation.examination import Figure

_MOST_SINGLE = 24
_HIGHEST_EV, _LOWEST_EV = 10.0, -20.0
_FAINTEST_MEV = 1e-3
_DISTANCE = "distance / Å"


def figures(result: Diatomics) -> list[Figure]:
    """Return the figures of a result: at most 24 elements have one of their own."""
    views = [View(name, curve) for name, curve in result.curves.items()]
    if not views:
        return []
    # Those with a reference first, then those of which there is something to be seen.
    ordered = sorted(views, key=lambda view: (view.reference is None, -view.hole_eV))
    return [
        Figure("curves", _together(views)),
        Figure("directions", _anisotropy(views)),
        *(Figure(f"curve-{view.name}", _single(view)) for view in ordered[:_MOST_SINGLE]),
    ]


def _together(views: list[View]) -> Chart:
    colors = element_colors(view.name for view in views)
    lowest = min(float(view.energies.min()) for view in views)
    axis = Axis("energy / eV", max(_LOWEST_EV, 1.1 * lowest - 1.0), _HIGHEST_EV)
    return Chart(
        "Energy of two equal atoms",
        Axis(_DISTANCE, 0.5, 6.0),
        axis,
        tuple(line for view in views for line in _shown(view, view.name, colors[view.name], axis)),
        f"Energy over distance for {', '.join(view.name for view in views)}, relative to the "
        f"farthest distance.",
    )


def _shown(view: View, label: str, color: str, axis: Axis, width: float = 1.5) -> list[Line]:
    """Return the parts of a curve that are within the figure, as one series."""
    inside = (view.energies >= axis.low) & (view.energies <= axis.high)
    ends = np.flatnonzero(np.diff(inside)) + 1
    parts = np.split(np.arange(len(inside)), ends)
    return [
        Line(view.distances[part], view.energies[part], label, color, width=width)
        for part in parts
        if len(part) > 1 and inside[part[0]]
    ]


def _anisotropy(views: list[View]) -> Chart:
    colors = element_colors(view.name for view in views)
    spreads = {view.name: 1000 * np.array(view.curve.spreads_eV) for view in views}
    highest = max(10 * _FAINTEST_MEV, 2 * max(float(each.max()) for each in spreads.values()))
    return Chart(
        "How much the energy depends on direction",
        Axis(_DISTANCE, 0.5, 6.0),
        Axis("deviation / meV", _FAINTEST_MEV, highest, "logarithmic"),
        tuple(
            Line(
                np.array(view.curve.axes_A),
                np.maximum(spreads[view.name], _FAINTEST_MEV),
                view.name,
                colors[view.name],
            )
            for view in views
        ),
        f"Standard deviation over directions. What is below {_FAINTEST_MEV:g} meV is shown there.",
    )


def _single(view: View) -> Chart:
    reference = view.reference
    energies = view.energies if reference is None else reference.energies_eV
    low = min(float(energies.min()), float(view.energies[view.energies > _LOWEST_EV].min()))
    bottom = max(_LOWEST_EV, 1.2 * low - 0.2)
    axis = Axis("energy / eV", bottom, min(_HIGHEST_EV, max(2.0, -1.5 * bottom)))
    marks: list[Mark] = [*_shown(view, "model", "#3f6fd1", axis, 2.0)]
    if reference is not None:
        inside = (reference.energies_eV >= axis.low) & (reference.energies_eV <= axis.high)
        points = reference.distances_A[inside], reference.energies_eV[inside]
        marks.append(Points(*points, "PBE", INK, small=True))
    return Chart(
        f"{view.name}–{view.name}", Axis(_DISTANCE, 0.5, 6.0), axis, tuple(marks), _said(view)
    )


def _said(view: View) -> str:
    bonds = [
        f"{name} has its minimum at {found[0]:.2f} Å, {found[1]:.2f} eV deep"
        if found is not None
        else f"{name} has no bond"
        for name, found in (("the model", view.bond), ("PBE", view.reference_bond))
        if name == "the model" or view.reference is not None
    ]
    locked = " The atoms attract each other where they should repel." if view.is_locked else ""
    return f"{'; '.join(bonds)}.{locked}"
