"""Files of figures, which Matplotlib draws."""

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from nearsight.charts.chart import Chart, overlaid
from nearsight.charts.on_axes import draw, plain_text
from nearsight.errors import MethodError
from nearsight.locality.result import Locality
from nearsight.printable import percent
from nearsight.provenance import Provenance
from nearsight.records.adsorption_results import WidomResults
from nearsight.records.expansion_results import ThermalExpansionResults
from nearsight.records.isotherm_results import IsothermResults
from nearsight.records.results import (
    DynamicsResults,
    ElasticResults,
    HarmonicResults,
    ProbedResults,
)
from nearsight.records.trajectory_results import TrajectoryResults
from nearsight.storage import write_atomically
from nearsight.structures.selection import structure_stem
from nearsight.vibrations.density_of_states import modes_chart
from nearsight.vibrations.frequency_units import FREQUENCY_UNITS
from nearsight.vibrations.heat_capacity import HeatCapacity
from nearsight.vibrations.heat_capacity_chart import heat_capacity_curve
from nearsight.vibrations.mesh_density_of_states import phonons_chart

if TYPE_CHECKING:
    from matplotlib.figure import Figure

logger = logging.getLogger("nearsight.figures")

_LEAST_K = 400.0
"""To which temperature curves are drawn at least."""
_BESIDE = 2
"""Curves of a trajectory beside each other."""
_MOST_PIXELS = 60_000
"""Along one side of a figure; PNG files of Matplotlib end at 65,536."""


def heat_capacity_figure(path: str, calculated: Sequence[HarmonicResults | ProbedResults]) -> None:
    """Draw c_v over temperature for each structure, with points at the temperatures asked for.

    Where supercells were grown a second panel shows how c_v moved with them.
    """
    heats = [_heat_of(each) for each in calculated]
    end = max(_LEAST_K, *(float(heat.temperatures_K.max()) for heat in heats))
    labels = _different([f"{_label_of(each)} ({_about(each)})" for each in calculated])
    curves = [
        _heat_capacity_chart(each, end, label)
        for each, label in zip(calculated, labels, strict=True)
    ]
    models = _models([heat.provenance for heat in heats])
    conventions = ", ".join(sorted({heat.acoustic for heat in heats}))
    what = labels[0] if len(labels) == 1 else f"{len(labels)} structures"
    title = (f"{what}, {models}", f"acoustic modes at Γ: {conventions}")
    panels: list[tuple[Sequence[str], Chart]] = [(title, overlaid(curves))]
    grown = [
        (_label_of(each), each.convergence)
        for each in calculated
        if isinstance(each, HarmonicResults) and each.convergence is not None
    ]
    if grown:
        names = _different([label for label, _ in grown])
        charts = [
            convergence.chart(f"{name}, " if len(grown) > 1 else "")
            for name, (_, convergence) in zip(names, grown, strict=True)
        ]
        panels.append(((), overlaid(charts)))
    _draw_panels(path, panels)


def _heat_capacity_chart(
    results: HarmonicResults | ProbedResults, highest_K: float, label: str
) -> Chart:
    if isinstance(results, ProbedResults):
        chart = results.heat.chart(label)
        return replace(chart, x=replace(chart.x, high=highest_K))
    assert results.thermodynamics is not None
    return heat_capacity_curve(results.spectrum, results.thermodynamics, highest_K, label)


def phonons_figure(path: str, calculated: Sequence[HarmonicResults]) -> None:
    """Draw bands, where there are any, beside the density of states; a row for each structure."""
    with_bands = any(results.bands is not None for results in calculated)
    figure = _new_figure(panels=len(calculated))
    widths = [3, 1] if with_bands else [1]
    panels = figure.subplots(
        len(calculated), len(widths), squeeze=False, sharey="row", width_ratios=widths
    )
    for row, results in zip(panels, calculated, strict=True):
        unit = FREQUENCY_UNITS[results.presentation.frequency_unit]
        assert results.phonons is not None
        elements = None if results.projected is None else results.projected.by_element_per_THz
        draw(phonons_chart(results.phonons, unit, elements), row[-1], upright=with_bands)
        if with_bands:
            row[-1].set(xlabel=unit.density_axis, ylabel="")
        if results.bands is not None:
            draw(results.bands.chart(unit), row[0])
            row[0].set_xlabel("")
        title = f"{_label_of(results)} ({_about(results)})"
        row[0].set_title(_title(title, _models([results.hessian.provenance])))
    _save(figure, path)


def density_of_states_figure(path: str, calculated: Sequence[HarmonicResults]) -> None:
    """Draw the vibrational density of states, by element, one panel for each structure."""
    panels = [
        (
            (f"{_label_of(each)} ({_about(each)})", _models([each.hessian.provenance])),
            modes_chart(each.vibrations, FREQUENCY_UNITS[each.presentation.frequency_unit]),
        )
        for each in calculated
    ]
    _draw_panels(path, panels)


def youngs_modulus_figure(path: str, calculated: Sequence[ElasticResults]) -> None:
    """Draw Young's modulus over the directions in three planes, one panel for each crystal."""
    panels = [
        (
            (
                f"{_label_of(each)} ({each.atoms.get_chemical_formula()}), "
                f"{_models([each.hessian.provenance])}",
                f"from {each.tensor.name}",
            ),
            each.tensor.chart(),
        )
        for each in calculated
    ]
    _draw_panels(path, panels)


def locality_figure(path: str, calculated: Sequence[tuple[str, Locality]]) -> None:
    """Draw ‖G'‖ over r_frag of fragments, one panel for each structure and method."""
    _draw_panels(path, [((name,), locality.chart()) for name, locality in calculated])


def trajectory_figure(path: str, calculated: Sequence[TrajectoryResults]) -> None:
    """Draw the curves of trajectories, two beside each other, each trajectory from a new row."""
    panels: list[tuple[str, Chart] | None] = []
    for results in calculated:
        name = f"{structure_stem(results.name)} ({results.atoms.get_chemical_formula()})"
        panels += [(name, chart) for chart in results.charts().values()]
        panels += [None] * (len(panels) % _BESIDE)
    if not panels:
        raise MethodError(f"there is nothing to draw in {path}: no curve was computed.")
    _draw_grid(path, panels)


def potentials_figure(path: str, charts_of: Mapping[str, Iterable[Chart]]) -> None:
    """Draw what is known of the errors of potentials, two charts beside each other.

    Parameters
    ----------
    path
        The file.
    charts_of
        The charts of each set of data, or of each member of a committee, by its name.
    """
    panels: list[tuple[str, Chart] | None] = []
    for name, charts in charts_of.items():
        panels += [(structure_stem(name), chart) for chart in charts]
        panels += [None] * (len(panels) % _BESIDE)
    _draw_grid(path, panels)


def _draw_grid(path: str, panels: Sequence[tuple[str, Chart] | None]) -> None:
    """Draw charts row by row, nothing in the place of None."""
    n_rows = len(panels) // _BESIDE
    figure = _new_figure(n_rows, beside=_BESIDE)
    for place, panel in enumerate(panels, start=1):
        if panel is not None:
            name, chart = panel
            axes = figure.add_subplot(n_rows, _BESIDE, place)
            draw(chart, axes)
            axes.set_title(_title(name, chart.title))
    _save(figure, path)


def dynamics_figure(path: str, calculated: Sequence[DynamicsResults]) -> None:
    """Draw the temperature, what is conserved, the volume and the pressure over the time."""
    panels: list[tuple[Sequence[str], Chart]] = []
    for each in calculated:
        dynamics = each.dynamics
        about = f"{structure_stem(each.name)} ({dynamics.atoms.get_chemical_formula()})"
        temperature, *others = dynamics.charts()
        panels.append(((f"{about}, {_models([dynamics.provenance])}",), temperature))
        panels += [((), chart) for chart in others]
    _draw_panels(path, panels)


def widom_figure(path: str, calculated: Sequence[WidomResults]) -> None:
    """Draw convergence, weights and a map of each framework, below each other."""
    panels: list[tuple[Sequence[str], Chart]] = []
    for each in calculated:
        name = f"{structure_stem(each.name)}, {each.adsorption.gas.name}"
        panels += [((name, chart.title), chart) for chart in each.charts()]
    _draw_panels(path, panels)


def isotherm_figure(path: str, calculated: Sequence[IsothermResults]) -> None:
    """Draw the isotherm of each framework, molecules over moves, and where the gas is."""
    panels: list[tuple[Sequence[str], Chart]] = []
    for each in calculated:
        name = f"{structure_stem(each.name)}, {each.adsorption.gas.name}"
        charts = (*each.charts(), *each.density_charts())
        panels += [((name, chart.title), chart) for chart in charts]
    _draw_panels(path, panels)


def thermal_expansion_figure(path: str, calculated: Sequence[ThermalExpansionResults]) -> None:
    """Draw what each crystal does at constant pressure over temperature, below each other."""
    panels: list[tuple[Sequence[str], Chart]] = []
    for each in calculated:
        formula = each.atoms.get_chemical_formula()
        name = f"{_label_of(each)} ({formula}), {_models([each.expansion.provenance])}"
        panels += [((name, chart.title), chart) for chart in each.charts()]
    _draw_panels(path, panels)


def _draw_panels(path: str, panels: Sequence[tuple[Sequence[str], Chart]]) -> None:
    """Draw charts below each other, each under the lines of its title."""
    figure = _new_figure(len(panels))
    for place, (title, chart) in enumerate(panels, start=1):
        polar = "polar" if chart.x.scale == "angle" else None
        axes = figure.add_subplot(len(panels), 1, place, projection=polar)
        draw(chart, axes)
        axes.set_title(_title(*title))
    _save(figure, path)


def _title(*lines: str) -> str:
    return "\n".join(map(plain_text, lines))


def _heat_of(results: HarmonicResults | ProbedResults) -> HeatCapacity:
    heat = results.heat if isinstance(results, ProbedResults) else results.thermodynamics
    assert heat is not None
    return heat


def _models(provenances: Iterable[Provenance]) -> str:
    """Return the names of the models behind results, for a title."""
    names = list(dict.fromkeys(provenance.model.name for provenance in provenances))
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return ", ".join(names[:3]) + more


def _label_of(
    results: HarmonicResults | ProbedResults | ElasticResults | ThermalExpansionResults,
) -> str:
    """Return what a figure calls a structure, with what must be known about it."""
    unconverged = results.relaxation is not None and not results.relaxation.converged
    return f"{structure_stem(results.name)}{', NOT CONVERGED' if unconverged else ''}"


def _different(labels: Sequence[str]) -> list[str]:
    """Return labels of which no two are the same: structures of a series need not differ in name.

    A label that was there before gets a number, such as ``(2)``.
    """
    numbers = [labels[: place + 1].count(label) for place, label in enumerate(labels)]
    return [
        label if number == 1 else f"{label} ({number})"
        for label, number in zip(labels, numbers, strict=True)
    ]


def _about(results: HarmonicResults | ProbedResults) -> str:
    """Return the formula of a structure, with what makes its numbers doubtful."""
    formula = str(results.atoms.get_chemical_formula())
    if isinstance(results, ProbedResults):
        return f"{formula}, probed"
    if results.phonons is not None:
        share = results.phonons.share_imaginary
        return f"{formula}, {percent(share)} imaginary" if share else formula
    n_imaginary = results.vibrations.n_imaginary
    return f"{formula}, {n_imaginary} imaginary" if n_imaginary else formula


def _new_figure(panels: int, beside: int = 1) -> "Figure":
    from matplotlib.figure import Figure

    return Figure(figsize=(6.4 * beside, 4.2 * panels), layout="constrained")


def _save(figure: "Figure", path: str) -> None:
    suffix = Path(path).suffix.lstrip(".").lower()
    dpi = min(150.0, _MOST_PIXELS / figure.get_figheight())
    write_atomically(path, lambda file: figure.savefig(file, format=suffix, dpi=dpi))
    logger.info("wrote %s", path)
