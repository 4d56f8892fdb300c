"""Figures of porous solids: heat capacities, a run, interaction energies."""

import numpy as np

from nearsight.adsorption.offset import KINDS
from nearsight.charts.chart import Axis, Chart, Limit, Line, Mark, Points
from nearsight.charts.palette import series_colors
from nearsight.evaluation.examination import Figure
from nearsight.evaluation.porous.parts import GasInteractions
from nearsight.evaluation.porous.result import PorousSolids


def figures(result: PorousSolids) -> list[Figure]:
    """Return the figures of what there is a result of."""
    found = []
    if result.solids:
        found.append(Figure("heat", _heat(result)))
    if result.moving:
        found.append(Figure("volume", _volume(result)))
    found += [
        Figure(gas, _interactions(gas, each)) for gas, each in result.gases.items() if each.kinds
    ]
    return found


def _heat(result: PorousSolids) -> Chart:
    names = list(result.solids)
    reference = np.array([result.solids[name].reference_J_per_g_K for name in names])
    values = np.array([result.solids[name].heat_capacity_J_per_g_K for name in names])
    errors = 100 * (values / reference - 1)
    reach = max(5.0, 1.2 * float(np.abs(errors).max()))
    room = 0.05 * float(np.ptp(reference)) + 0.02
    notes = [f"{name}: {error:+.1f} %" for name, error in zip(names, errors, strict=True)]
    return Chart(
        "Heat capacity at 300 K, without acoustic modes",
        Axis("reference / J/(g K)", float(reference.min()) - room, float(reference.max()) + room),
        Axis("model less reference / %", -reach, reach),
        (Limit(0.0), Points(reference, errors, notes=notes)),
        f"{len(names)} relaxed solids, modes at Γ of their cells.",
    )


def _volume(result: PorousSolids) -> Chart:
    colors = series_colors(result.moving)
    marks: list[Mark] = [Limit(0.0)]
    for name, each in result.moving.items():
        change = 100 * (np.array(each.volumes_A3) / each.start_volume_A3 - 1)
        marks.append(Line(np.array(each.times_ps), change, name, colors[name]))
    values = np.concatenate([mark.y for mark in marks if isinstance(mark, Line)])
    room = 0.1 * float(np.ptp(values)) + 0.2
    longest = max(each.times_ps[-1] for each in result.moving.values())
    return Chart(
        "Volume in a run at 300 K and 1 bar",
        Axis("time / ps", 0.0, longest),
        Axis("change of the volume / %", float(values.min()) - room, float(values.max()) + room),
        tuple(marks),
        "Beside the volume of the structure as it was given; the cell is free.",
    )


def _interactions(gas: str, found: GasInteractions) -> Chart:
    colors = series_colors(KINDS)
    kinds = [kind for kind in KINDS if kind in found.kinds]
    references = 1000 * np.array(found.references_eV)
    errors = 1000 * np.array(found.errors_eV)
    of_kind = {kind: np.array(found.kinds) == kind for kind in kinds}
    room_x, room_y = 0.05 * float(np.ptp(references)) + 10, 0.1 * float(np.ptp(errors)) + 10
    return Chart(
        f"Interaction energies of {gas}",
        Axis("reference / meV", float(references.min()) - room_x, float(references.max()) + room_x),
        Axis(
            "model less reference / meV",
            min(0.0, float(errors.min())) - room_y,
            max(0.0, float(errors.max())) + room_y,
        ),
        (
            Limit(0.0),
            *(
                Points(references[chosen], errors[chosen], kind, colors[kind])
                for kind, chosen in of_kind.items()
            ),
        ),
        "With frameworks of GoldDAC. What all places have in common is an error of the molecule "
        "alone: the offset.",
    )
