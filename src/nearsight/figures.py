"""The figures that commands draw."""

import logging
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from nearsight.locality.result import Locality
from nearsight.printable import printable_name
from nearsight.provenance import Provenance
from nearsight.records.results import ElasticResults, HarmonicResults, ProbedResults
from nearsight.storage import write_atomically
from nearsight.structures.selection import structure_stem
from nearsight.vibrations.density_of_states import density_of_states
from nearsight.vibrations.frequency_units import FREQUENCY_UNITS
from nearsight.vibrations.heat_capacity import HeatCapacity
from nearsight.vibrations.mesh_density_of_states import mesh_density_of_states
from nearsight.vibrations.modes import Vibrations
from nearsight.vibrations.settings import Acoustic
from nearsight.vibrations.thermodynamics import thermodynamics

logger = logging.getLogger("nearsight.figures")

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


FloatArray = NDArray[np.float64]

_MOST_IN_LEGEND = 12
_MOST_COLOURS = 10
_WIDE = 9.0
"""Width in inches of a figure with a legend beside it."""
_MOST_POINTS = 30
"""Of temperatures: more points on a curve would hide it."""
_MOST_PIXELS = 60_000
"""Along one side of a figure; PNG files of Matplotlib end at 65,536."""


def heat_capacity_figure(path: str, calculated: Sequence[HarmonicResults | ProbedResults]) -> None:
    """Draw c_v over temperature for each structure, with points at the temperatures asked for.

    Where supercells were grown a second panel shows how c_v moved with them.
    """
    summed = [found for found in calculated if not isinstance(found, ProbedResults)]
    probed = [found for found in calculated if isinstance(found, ProbedResults)]
    grown = [found for found in summed if found.convergence]
    figure = _new_figure(panels=2 if grown else 1)
    panels = figure.subplots(2 if grown else 1, 1, squeeze=False)[:, 0]
    _draw_heat_capacities(panels[0], summed, probed)
    for found in grown:
        assert found.convergence is not None
        name = f"{_text(_label_of(found))}, " if len(grown) > 1 else ""
        found.convergence.plot(panels[1], name)
    if grown:
        _shorten_legend(panels[1])
    _save(figure, path)


def _draw_heat_capacities(
    axes: "Axes", summed: Sequence[HarmonicResults], probed: Sequence[ProbedResults]
) -> None:
    thermals = [thermal for found in summed if (thermal := found.thermodynamics)]
    heats: list[HeatCapacity] = [*thermals, *(found.heat for found in probed)]
    highest = max(float(heat.temperatures_K.max()) for heat in heats)
    grid = np.linspace(0.0, max(400.0, highest), 201)
    for found, thermal in zip(summed, thermals, strict=True):
        acoustic: Acoustic = thermal.acoustic  # type: ignore[assignment]  # checked when it was made
        temperatures = np.union1d(grid, thermal.temperatures_K)
        curve = thermodynamics(found.spectrum, temperatures, acoustic, thermal.scale_factor)
        points = np.searchsorted(temperatures, thermal.temperatures_K).tolist()
        axes.plot(
            temperatures,
            curve.heat_capacity_J_per_g_K,
            marker="o" if len(points) <= _MOST_POINTS else None,
            markersize=3 if len(summed) > _MOST_COLOURS else 6,
            markevery=points,
            label=f"{_text(_label_of(found))} ({_about(found)})",
        )
    for of_probing in probed:
        heat = of_probing.heat
        axes.errorbar(
            heat.temperatures_K,
            heat.heat_capacity_J_per_g_K,
            yerr=heat.error_bar_J_per_g_K,
            fmt="s",
            capsize=3,
            label=f"{_text(_label_of(of_probing))} ({heat.atoms.get_chemical_formula()}, probed)",
        )
    conventions = sorted({heat.acoustic for heat in heats})
    labels = axes.get_legend_handles_labels()[1]
    axes.set(
        xlabel="temperature / K",
        ylabel=r"$c_V$ / J g$^{-1}$ K$^{-1}$",
        xlim=(0.0, grid[-1]),
        ylim=(0.0, None),
        title=f"{_title(labels, heats)}\nacoustic modes at Γ: {', '.join(conventions)}",
    )
    _shorten_legend(axes)


def phonons_figure(path: str, calculated: Sequence[HarmonicResults]) -> None:
    """Draw bands, where there are any, beside the density of states; a row for each structure."""
    with_bands = any(found.bands is not None for found in calculated)
    figure = _new_figure(panels=len(calculated))
    widths = [3, 1] if with_bands else [1]
    panels = figure.subplots(
        len(calculated), len(widths), squeeze=False, sharey="row", width_ratios=widths
    )
    for row, found in zip(panels, calculated, strict=True):
        if found.bands is not None:
            found.bands.plot(row[0], unit=found.presentation.frequency_unit)
        _draw_density(row[-1], found, upright=with_bands)
        title = f"{_text(_label_of(found))} ({_about(found)})"
        row[0].set_title(f"{title}\n{_models([found.hessian.provenance])}")
    _save(figure, path)


def _draw_density(axes: "Axes", found: HarmonicResults, *, upright: bool) -> None:
    """Draw the density of states of a mesh, its frequencies upwards beside bands."""
    unit = FREQUENCY_UNITS[found.presentation.frequency_unit]
    curves: dict[str, FloatArray] = {}
    if found.projected is not None:
        frequencies = found.projected.frequencies_THz
        elements = found.projected.by_element_per_THz
        curves = {"total": found.projected.total_per_THz, **(elements if len(elements) > 1 else {})}
    else:
        assert found.phonons is not None
        density = mesh_density_of_states(found.phonons)
        frequencies, curves = density.frequencies_THz, {"total": density.states_per_THz}
    for name, states in curves.items():
        x, y = unit.of_THz(frequencies), unit.density_of_THz(states)
        axes.plot(
            *((y, x) if upright else (x, y)),
            lw=1,
            label=name,
            color="black" if name == "total" else None,
        )
    if upright:
        axes.set(xlabel=unit.density_axis, xlim=(0.0, None))
        axes.axhline(0.0, color="0.7", lw=0.6, zorder=0)
    else:
        axes.set(xlabel=unit.axis, ylabel=f"{unit.density_axis} and cell", ylim=(0.0, None))
    if len(curves) > 1:
        _shorten_legend(axes)


def density_of_states_figure(path: str, calculated: Sequence[HarmonicResults]) -> None:
    """Draw the vibrational density of states, by element, one panel for each structure."""
    figure = _new_figure(panels=len(calculated))
    panels = figure.subplots(len(calculated), 1, squeeze=False)[:, 0]
    for axes, results in zip(panels, calculated, strict=True):
        density_of_states(results.vibrations).plot(axes, results.presentation.frequency_unit)
        _shorten_legend(axes)
        title = _label(_label_of(results), results.vibrations)
        axes.set_title(f"{title}\n{_models([results.hessian.provenance])}")
    _save(figure, path)


def youngs_modulus_figure(path: str, calculated: Sequence[ElasticResults]) -> None:
    """Draw Young's modulus over the directions in three planes, one panel for each crystal."""
    figure = _new_figure(panels=len(calculated))
    panels = figure.subplots(len(calculated), 1, squeeze=False, subplot_kw={"projection": "polar"})[
        :, 0
    ]
    for axes, results in zip(panels, calculated, strict=True):
        tensor = results.tensor
        tensor.plot(axes)
        name = _text(_label_of(results))
        model = _models([results.generalised.hessian.provenance])
        formula = tensor.atoms.get_chemical_formula()
        axes.set_title(f"{name} ({formula}), {model}\nfrom {tensor.name}")
        title = "Young's modulus / GPa, relaxed ions"
        axes.legend(title=title, loc="upper center", bbox_to_anchor=(0.5, -0.08), ncols=3)
    _save(figure, path)


def locality_figure(path: str, calculated: Sequence[tuple[str, Locality]]) -> None:
    """Draw ‖G'‖ over the radius of fragments, one panel for each structure and method."""
    figure = _new_figure(panels=len(calculated))
    panels = figure.subplots(len(calculated), 1, squeeze=False)[:, 0]
    for axes, (name, found) in zip(panels, calculated, strict=True):
        found.plot(axes)
        _shorten_legend(axes)
        axes.set_title(_text(name))
    _save(figure, path)


def _shorten_legend(axes: "Axes") -> None:
    """Name a dozen curves at most, and give more than ten of them colours in their order.

    Curves are in the order of where they end: the legend has the highest, the lowest, and some
    between, so that one can tell what lies between which.
    """
    handles, labels = axes.get_legend_handles_labels()
    if len(handles) <= _MOST_COLOURS:
        axes.legend()
        return
    from matplotlib import colormaps

    figure = axes.get_figure(root=True)
    assert figure is not None
    figure.set_figwidth(_WIDE)
    order = sorted(range(len(handles)), key=lambda index: -_end_of(handles[index]))
    colours = colormaps["viridis"](np.linspace(0.0, 0.92, len(order)))
    for index, colour in zip(order, colours, strict=True):
        for artist in _parts_of(handles[index]):
            artist.set_color(colour)
    named = np.unique(np.linspace(0, len(order) - 1, _MOST_IN_LEGEND).round().astype(int))
    shown = [order[place] for place in named]
    more = len(order) - len(shown)
    axes.legend(
        [handles[index] for index in shown],
        [labels[index] for index in shown],
        title=f"from high to low, and {more} more between" if more else "from high to low",
        fontsize="x-small",
        title_fontsize="small",
        # Beside so many curves there is no room between them.
        loc="center left",
        bbox_to_anchor=(1.0, 0.5),
    )


def _parts_of(handle: Any) -> list[Any]:
    """Return what is drawn of a curve, or of points with error bars."""
    if not isinstance(handle, tuple):
        return [handle]
    points, caps, bars = handle
    return [points, *caps, *bars]


def _end_of(handle: Any) -> float:
    return float(np.asarray(_parts_of(handle)[0].get_ydata())[-1])


def _title(labels: Sequence[str], heats: Sequence[HeatCapacity]) -> str:
    """Return what is drawn, and by which models."""
    models = _models([heat.provenance for heat in heats])
    return f"{labels[0] if len(labels) == 1 else f'{len(labels)} structures'}, {models}"


def _models(provenances: Iterable[Provenance]) -> str:
    """Return the names of the models behind results, for a title."""
    names = list(dict.fromkeys(provenance.model.name for provenance in provenances))
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return _text(", ".join(names[:3])) + more


def _label_of(results: HarmonicResults | ProbedResults | ElasticResults) -> str:
    """Return what a figure calls a structure, with what must be known about it."""
    unconverged = results.relaxation is not None and not results.relaxation.converged
    return f"{structure_stem(results.name)}{', NOT CONVERGED' if unconverged else ''}"


def _about(entry: HarmonicResults) -> str:
    """Return the formula of a structure, with what makes its heat capacity doubtful."""
    share = entry.phonons.share_imaginary if entry.phonons else 0.0
    imaginary = f", {100 * share:.2g} % imaginary" if share else ""
    if entry.phonons is None and entry.vibrations.n_imaginary:
        imaginary = f", {entry.vibrations.n_imaginary} imaginary"
    return f"{entry.atoms.get_chemical_formula()}{imaginary}"


def _text(name: str) -> str:
    """Return a name so that Matplotlib shows it as it is.

    It takes what stands between dollars for mathematics, and leaves labels with a leading
    underscore out of its legends.
    """
    shown = printable_name(name).replace("$", r"\$")
    return f" {shown}" if shown.startswith("_") else shown


def _label(name: str, modes: Vibrations) -> str:
    imaginary = f", {modes.n_imaginary} imaginary" if modes.n_imaginary else ""
    return f"{_text(name)} ({modes.atoms.get_chemical_formula()}{imaginary})"


def _new_figure(panels: int = 1) -> "Figure":
    from matplotlib.figure import Figure

    return Figure(figsize=(6.4, 4.2 * panels), layout="constrained")


def _save(figure: "Figure", path: str) -> None:
    suffix = Path(path).suffix.lstrip(".").lower()
    dpi = min(150.0, _MOST_PIXELS / figure.get_figheight())
    write_atomically(path, lambda file: figure.savefig(file, format=suffix, dpi=dpi))
    logger.info("wrote %s", path)
