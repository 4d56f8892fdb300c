"""The figures that commands draw."""

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from nearsight.locality.result import Locality
from nearsight.printable import printable_name
from nearsight.records.results import ElasticResults, HarmonicResults, ProbedResults
from nearsight.storage import write_atomically
from nearsight.structures.selection import structure_stem
from nearsight.vibrations.density_of_states import density_of_states
from nearsight.vibrations.heat_capacity import HeatCapacity
from nearsight.vibrations.mesh_density_of_states import mesh_density_of_states
from nearsight.vibrations.modes import Vibrations
from nearsight.vibrations.phonon_mesh import PhononMesh
from nearsight.vibrations.settings import Acoustic
from nearsight.vibrations.thermodynamics import thermodynamics

logger = logging.getLogger("nearsight.cli")

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


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
        curve = thermodynamics(found.spectrum, grid, acoustic, thermal.scale_factor)
        label = f"{_text(_label_of(found))} ({_about(found)})"
        (line,) = axes.plot(grid, curve.heat_capacity_J_per_g_K, label=label)
        axes.plot(
            thermal.temperatures_K, thermal.heat_capacity_J_per_g_K, "o", color=line.get_color()
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
    axes.set(
        xlabel="temperature / K",
        ylabel=r"$c_V$ / J g$^{-1}$ K$^{-1}$",
        xlim=(0.0, grid[-1]),
        ylim=(0.0, None),
        title=f"acoustic modes at Γ: {', '.join(conventions)}",
    )
    axes.legend()


def phonons_figure(path: str, calculated: Sequence[HarmonicResults]) -> None:
    """Draw bands, where there are any, beside the density of states; a row for each structure."""
    with_bands = any(found.bands is not None for found in calculated)
    figure = _new_figure(panels=len(calculated))
    widths = [3, 1] if with_bands else [1]
    panels = figure.subplots(
        len(calculated), len(widths), squeeze=False, sharey="row", width_ratios=widths
    )
    for row, found in zip(panels, calculated, strict=True):
        assert found.phonons is not None
        if found.bands is not None:
            found.bands.plot(row[0])
        _draw_density(row[-1], found.phonons, upright=with_bands)
        row[0].set_title(f"{_text(_label_of(found))} ({_about(found)})")
    _save(figure, path)


def _draw_density(axes: "Axes", phonons: PhononMesh, *, upright: bool) -> None:
    """Draw the density of states of a mesh, its frequencies upwards beside bands."""
    density = mesh_density_of_states(phonons)
    if upright:
        axes.plot(density.states_per_THz, density.frequencies_THz, color="black", lw=1)
        axes.set_xlabel("states per THz")
        axes.set_xlim(0.0, None)
    else:
        density.plot(axes)


def density_of_states_figure(path: str, calculated: Sequence[HarmonicResults]) -> None:
    """Draw the vibrational density of states, by element, one panel for each structure."""
    figure = _new_figure(panels=len(calculated))
    panels = figure.subplots(len(calculated), 1, squeeze=False)[:, 0]
    for axes, results in zip(panels, calculated, strict=True):
        density_of_states(results.vibrations).plot(axes)
        axes.set_title(_label(_label_of(results), results.vibrations))
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
        axes.set_title(f"{name} ({tensor.atoms.get_chemical_formula()})\nfrom {tensor.name}")
        title = "Young's modulus / GPa, relaxed ions"
        axes.legend(title=title, loc="upper center", bbox_to_anchor=(0.5, -0.08), ncols=3)
    _save(figure, path)


def locality_figure(path: str, calculated: Sequence[tuple[str, Locality]]) -> None:
    """Draw ‖G'‖ over the radius of fragments, one panel for each structure and method."""
    figure = _new_figure(panels=len(calculated))
    panels = figure.subplots(len(calculated), 1, squeeze=False)[:, 0]
    for axes, (name, found) in zip(panels, calculated, strict=True):
        found.plot(axes)
        axes.set_title(_text(name))
    _save(figure, path)


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
    write_atomically(path, lambda file: figure.savefig(file, format=suffix, dpi=150))
    logger.info("wrote %s", path)
