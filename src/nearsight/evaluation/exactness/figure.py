"""Figures of what is exact: reach of the forces, curvature along paths, energies beside PBE."""

import numpy as np

from nearsight.charts.chart import Axis, Chart, Limit, Line, Points
from nearsight.charts.palette import series_colors
from nearsight.evaluation.exactness.reference import (
    atomization_eV,
    reaction_eV,
    reference_energies,
)
from nearsight.evaluation.exactness.result import Exactness
from nearsight.evaluation.examination import Figure
from nearsight.locality.ranges import NEGLIGIBLE_EV_PER_A2

_FAINTEST_EV_PER_A2 = 1e-6


def figures(result: Exactness) -> list[Figure]:
    """Return the figures of what there is a result of."""
    found = []
    if result.reaches:
        found.append(Figure("reach", _reach(result)))
    if result.paths:
        found.append(Figure("curvature", _curvature(result)))
    if result.energies is not None and result.energies.molecules_eV:
        found.append(Figure("energies", _energies(result)))
    return found


def _reach(result: Exactness) -> Chart:
    colors = series_colors(result.reaches)
    farthest = max(max(each.distances_A) for each in result.reaches.values())
    highest = max(max(each.norms_eV_per_A2) for each in result.reaches.values())
    return Chart(
        "How far forces reach",
        Axis("distance / Å", 0.0, 1.05 * farthest),
        Axis("‖h_AB‖ / eV/Å²", _FAINTEST_EV_PER_A2, max(100.0, 2 * highest), "logarithmic"),
        (
            *(
                Points(
                    np.array(each.distances_A),
                    np.maximum(each.norms_eV_per_A2, _FAINTEST_EV_PER_A2),
                    f"{each.site} in {name}",
                    colors[name],
                    small=True,
                )
                for name, each in result.reaches.items()
            ),
            Limit(NEGLIGIBLE_EV_PER_A2, "what counts as felt", text_at="high"),
        ),
        f"Frobenius norm of the block of the Hessian for each other atom; "
        f"{result.force_reach.value:.1f} Å is the farthest of {NEGLIGIBLE_EV_PER_A2:g} eV/Å² or "
        f"more. What is below {_FAINTEST_EV_PER_A2:g} eV/Å² is shown there.",
    )


def _curvature(result: Exactness) -> Chart:
    colors = series_colors(result.paths)
    values = np.concatenate([each.curvatures_eV_per_A2 for each in result.paths.values()])
    room = 0.05 * float(np.ptp(values)) + 0.1
    reach_A = max(max(each.displacements_A) for each in result.paths.values())
    return Chart(
        "Curvature along a path",
        Axis("mean displacement of the atoms / Å", -reach_A, reach_A),
        Axis("curvature / eV/Å²", float(values.min()) - room, float(values.max()) + room),
        tuple(
            Line(
                np.array(each.displacements_A),
                np.array(each.curvatures_eV_per_A2),
                name,
                colors[name],
            )
            for name, each in result.paths.items()
        ),
        f"The largest jump is {result.curvature_jump.value:.3g} eV/Å².",
    )


def _energies(result: Exactness) -> Chart:
    assert result.energies is not None
    reference = reference_energies()
    series = {
        "atomization, per atom": (
            atomization_eV(reference.atoms_eV, reference.molecules_eV),
            atomization_eV(result.energies.atoms_eV, result.energies.molecules_eV),
        ),
        "reactions": (
            reaction_eV(reference.molecules_eV),
            reaction_eV(result.energies.molecules_eV),
        ),
    }
    colors = series_colors(series)
    marks = tuple(
        Points(
            np.array([expected[name] for name in found]),
            np.array([found[name] - expected[name] for name in found]),
            label,
            colors[label],
            notes=list(found),
        )
        for label, (expected, found) in series.items()
        if found
    )
    x, y = (np.concatenate([getattr(mark, axis) for mark in marks]) for axis in "xy")
    room_x, room_y = 0.1 * float(np.ptp(x)) + 0.1, 0.1 * float(np.ptp(y)) + 0.05
    return Chart(
        "Energies of molecules beside PBE",
        Axis("energy by PBE / eV", float(x.min()) - room_x, float(x.max()) + room_x),
        Axis(
            "model less PBE / eV",
            min(0.0, float(y.min())) - room_y,
            max(0.0, float(y.max())) + room_y,
        ),
        (Limit(0.0), *marks),
        "Errors of atomization energies per atom, and of energies of reactions between molecules.",
    )
