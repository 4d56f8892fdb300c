"""Figures of phonons: distributions of errors, two routes side by side, and bands."""

from collections import Counter
from collections.abc import Callable, Sequence

import numpy as np

from nearsight.charts.chart import INK, Axis, Chart, Limit, Line, Mark, Points
from nearsight.charts.palette import series_colors
from nearsight.evaluation.examination import Figure
from nearsight.evaluation.phonons.parts import Bands, CrystalPhonons, PhononValues
from nearsight.evaluation.phonons.result import Geometry, Phonons

_MOST_BANDS = 12
_MODEL = "#3f6fd1"
_GEOMETRIES: dict[Geometry, str] = {"as_given": "as given", "relaxed": "relaxed"}
_QUANTITIES: dict[str, Callable[[PhononValues], float]] = {
    "highest frequency / THz": lambda each: each.highest_THz,
    "free energy / kJ/mol": lambda each: each.free_energy_kJ_per_mol,
    "entropy / J/(mol K)": lambda each: each.entropy_J_per_mol_K,
    "heat capacity / J/(mol K)": lambda each: each.heat_capacity_J_per_mol_K,
}
_FAINTEST = 1e-9


def figures(result: Phonons) -> list[Figure]:
    """Return the figures of a result: at most 12 crystals have their bands shown."""
    if not result.crystals:
        return []
    errors = [_errors(result, title) for title in _QUANTITIES] if result.has_references else []
    found = [Figure("frequencies", _frequencies(result))]
    if errors:
        found.append(Figure("errors", errors[0]))
        found += [Figure(f"errors-{n}", chart) for n, chart in enumerate(errors[1:], start=1)]
    if any(each.routes is not None for each in result.crystals.values()):
        found.append(Figure("routes", _routes(result)))
    ordered = sorted(result.crystals.items(), key=lambda item: -_off(item[1]))
    shown = [(name, each) for name, each in ordered if each.bands is not None]
    return [*found, *(Figure(f"bands-{n}", _bands(n, each)) for n, each in shown[:_MOST_BANDS])]


def _off(crystal: CrystalPhonons) -> float:
    if crystal.reference is None:
        return 0.0
    return abs(crystal.as_given.highest_THz - crystal.reference.highest_THz)


def _frequencies(result: Phonons) -> Chart:
    """Return the lowest and highest frequency of each crystal."""
    names = list(result.crystals)
    colors = series_colors(_GEOMETRIES.values())
    marks: list[Mark] = [Limit(0.0)]
    for shift, (geometry, label) in zip((-0.1, 0.1), _GEOMETRIES.items(), strict=True):
        known = {
            place: values
            for place, each in enumerate(result.crystals.values())
            if (values := getattr(each, geometry)) is not None
        }
        at = np.array(list(known), dtype=np.float64) + shift
        for end in ("highest_THz", "lowest_THz"):
            found = np.array([getattr(each, end) for each in known.values()])
            of_place = zip(known, found, strict=True)
            notes = [f"{names[place]}, {label}: {value:.2f} THz" for place, value in of_place]
            if known:
                marks.append(Points(at, found, label, colors[label], notes=notes))
    marks += _reference_points(result, names)
    ends = np.concatenate([mark.y for mark in marks if isinstance(mark, Points)])
    return Chart(
        "Lowest and highest frequencies",
        Axis("crystal", -0.6, len(names) - 0.4, names=_named(names)),
        Axis("frequency / THz", min(0.0, 1.1 * float(ends.min())) - 0.5, 1.05 * float(ends.max())),
        tuple(marks),
        "Of each crystal on the mesh of q-points; imaginary frequencies are negative."
        f"{_numbers(names)}{_not_examined(result)}",
    )


def _reference_points(result: Phonons, names: Sequence[str]) -> list[Points]:
    known = [
        (place, each.reference)
        for place, each in enumerate(result.crystals[name] for name in names)
        if each.reference is not None
    ]
    if not known:
        return []
    places = np.array([float(place) for place, _ in known])
    return [
        Points(places, np.array([getattr(one, end) for _, one in known]), "reference", INK)
        for end in ("highest_THz", "lowest_THz")
    ]


def _named(names: Sequence[str]) -> dict[float, str]:
    """Return what stands below each crystal: its name, or a number where there are many."""
    short = _fit(names)
    return {float(n): name if short else str(n + 1) for n, name in enumerate(names)}


def _fit(names: Sequence[str]) -> bool:
    return len(names) <= 8 and all(len(name) <= 6 for name in names)


def _numbers(names: Sequence[str]) -> str:
    """Return which crystal has which number, where names do not fit."""
    if _fit(names):
        return ""
    return f" {', '.join(f'{n}: {name}' for n, name in enumerate(names, start=1))}."


def _not_examined(result: Phonons) -> str:
    """Return how many crystals of the folder are left out, for which reasons."""
    counts = Counter(why.partition(":")[0] for why in result.left_out.values())
    if not counts:
        return ""
    return f" Not examined: {', '.join(f'{n} ({why})' for why, n in counts.items())}."


def _errors(result: Phonons, title: str) -> Chart:
    """Return the sorted errors of one quantity: as many of a hundred are below as stand beside."""
    colors = series_colors(_GEOMETRIES.values())
    marks: list[Mark] = [Limit(0.0, along="x")]
    reach = 0.0
    for geometry, label in _GEOMETRIES.items():
        errors = result.errors(geometry, _QUANTITIES[title])
        if not errors:
            continue
        ordered = sorted(errors.items(), key=lambda item: item[1])
        values = np.array([error for _, error in ordered])
        shares = 100 * (np.arange(len(values)) + 0.5) / len(values)
        notes = [f"{name}: {error:+.3g}" for name, error in ordered]
        marks.append(Points(values, shares, label, colors[label], notes=notes))
        reach = max(reach, float(np.abs(values).max()))
    quantity, _, unit = title.partition(" / ")
    return Chart(
        f"Errors of the {quantity}",
        Axis(f"model less reference / {unit}", -1.1 * reach - 0.01, 1.1 * reach + 0.01),
        Axis("crystals below / %", 0.0, 100.0),
        tuple(marks),
        "One point for each crystal of which on both sides less than a thousandth of the modes of "
        "the mesh are imaginary, in the order of their errors.",
    )


def _routes(result: Phonons) -> Chart:
    known = {
        n: routes for n, each in result.crystals.items() if (routes := each.routes) is not None
    }
    names = list(known)
    values = np.array([routes.rows_difference for routes in known.values()])
    return Chart(
        "Differences at 0.01 Å against exact rows",
        Axis("crystal", -0.6, len(names) - 0.4, names=_named(names)),
        Axis(
            "relative difference of force constants",
            0.3 * max(_FAINTEST, float(values.min())),
            max(1.0, 3 * float(values.max())),
            "logarithmic",
        ),
        (
            Limit(0.01, "differences as good as exact", text_at="high"),
            Points(
                np.arange(len(names), dtype=np.float64),
                np.maximum(values, _FAINTEST),
                color=_MODEL,
                notes=[f"{n}: {value:.2g}" for n, value in zip(names, values, strict=True)],
            ),
        ),
        "What is far above belongs to the method and not to the model's potential: its analytic "
        "curvature is another one than that of its forces.",
    )


def _bands(name: str, crystal: CrystalPhonons) -> Chart:
    assert crystal.bands is not None
    marks: list[Mark] = []
    if crystal.reference_bands is not None:
        marks += _lines(crystal.reference_bands, "reference", INK, dash=1)
    marks += _lines(crystal.bands, "model", _MODEL)
    ends = np.concatenate([mark.y for mark in marks if isinstance(mark, Line)])
    low, high = float(ends.min()), float(ends.max())
    labels = _labels(crystal.bands)
    return Chart(
        f"Phonon bands of {name}",
        Axis("path in the Brillouin zone", min(labels), max(labels), names=labels),
        Axis("frequency / THz", 1.05 * low if low < -0.01 * high else 0.0, 1.04 * high),
        tuple(marks),
        f"{crystal.formula} as given, {crystal.n_atoms} atoms in the supercell: from "
        f"{low:.2f} to {high:.2f} THz; imaginary frequencies are negative.",
    )


def _lines(bands: Bands, label: str, color: str, dash: int = 0) -> list[Line]:
    return [
        Line(np.array(ways), branch, label, color, dash=dash, width=1.2)
        for ways, frequencies in zip(bands.ways_per_A, bands.frequencies_THz, strict=True)
        for branch in np.array(frequencies).T
    ]


def _labels(bands: Bands) -> dict[float, str]:
    labels: dict[float, str] = {}
    for (start, end), ways in zip(bands.labels, bands.ways_per_A, strict=True):
        before = labels.get(ways[0], start)
        labels[ways[0]] = before if before == start else f"{before}|{start}"
        labels[ways[-1]] = end
    return labels
