"""Figures of speed: time over the number of atoms for each question, and memory."""

import numpy as np

from nearsight.charts.chart import Axis, Chart, Line, Mark, Points
from nearsight.charts.palette import series_colors
from nearsight.evaluation.examination import Figure
from nearsight.evaluation.speed.result import Speed
from nearsight.evaluation.speed.structures import HELIUM, MOF5
from nearsight.evaluation.speed.timing import ASKED, Asked, Timing

_WORDS: dict[Asked, str] = {
    "energies": "energy",
    "forces": "energy and forces",
    "stress": "forces and stress",
    "rows": "a row of the Hessian",
}


def figures(result: Speed) -> list[Figure]:
    """Return the figures of what there is a result of."""
    found = [
        Figure(f"time-{material}", _times(result, material), result.surroundings.described)
        for material in (HELIUM, MOF5)
        if any(result.series(material, asked) for asked in ASKED)
    ]
    if any(result.series(material, "forces") for material in (HELIUM, MOF5)):
        found.append(Figure("memory", _memory(result), result.surroundings.described))
    return found


def _times(result: Speed, material: str) -> Chart:
    series = {_WORDS[asked]: found for asked in ASKED if (found := result.series(material, asked))}
    values = {name: np.array([each.typical_s for each in found]) for name, found in series.items()}
    said = "; ".join(
        f"{name}: {', '.join(f'{each.typical_s:.2g} s ({each.n_atoms})' for each in found)}"
        for name, found in series.items()
    )
    return _over_atoms(
        f"Time for {material}", "time / s", series, values, f"Median times by atoms: {said}."
    )


def _memory(result: Speed) -> Chart:
    series = {
        material: found
        for material in (HELIUM, MOF5)
        if (found := result.series(material, "forces"))
    }
    values = {
        name: np.array([max(each.memory_bytes, 2**20) / 2**20 for each in found])
        for name, found in series.items()
    }
    return _over_atoms(
        "Memory of energy and forces",
        "memory / MiB",
        series,
        values,
        "Largest memory in use on top of what was in use before; what is below 1 MiB is shown "
        "there.",
    )


def _over_atoms(
    title: str,
    label: str,
    series: dict[str, list[Timing]],
    values: dict[str, np.ndarray],
    said: str,
) -> Chart:
    colors = series_colors(series)
    every = np.concatenate(list(values.values()))
    atoms = np.array([each.n_atoms for found in series.values() for each in found])
    marks: list[Mark] = []
    for name, found in series.items():
        sizes = np.array([float(each.n_atoms) for each in found])
        marks.append(Line(sizes, values[name], name, colors[name]))
        marks.append(Points(sizes, values[name], name, colors[name]))
    return Chart(
        title,
        Axis("atoms", 0.7 * float(atoms.min()), 1.4 * float(atoms.max()), "logarithmic"),
        Axis(label, 0.5 * float(every.min()), 2 * float(every.max()), "logarithmic"),
        tuple(marks),
        said,
    )
