"""The figures that commands draw."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from nearsight.cli.batch import require_writable
from nearsight.errors import MethodError
from nearsight.storage import write_atomically
from nearsight.vibrations.density_of_states import density_of_states
from nearsight.vibrations.modes import Vibrations
from nearsight.vibrations.spectrum import Acoustic
from nearsight.vibrations.thermodynamics import thermodynamics

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_SUFFIXES = (".png", ".pdf", ".svg")


def require_figure_file(path: str | None, inputs: Sequence[str]) -> None:
    """Check before anything is computed that a figure can be written to `path`.

    Raises
    ------
    MethodError
        The suffix names no format of figures.
    StorageError
        The folder is not there or may not be written, or `path` is one of the `inputs`.
    """
    if path is None:
        return
    if Path(path).suffix.lower() not in _SUFFIXES:
        raise MethodError(f"cannot draw {path}; choose a name that ends in {', '.join(_SUFFIXES)}.")
    require_writable(path, inputs)


def heat_capacity_figure(
    path: str,
    calculated: Sequence[tuple[str, Vibrations]],
    temperatures_K: Sequence[float],
    acoustic: Acoustic,
    scale_factor: float,
) -> None:
    """Draw c_v over temperature for each structure, with points at the temperatures asked for."""
    figure = _new_figure()
    axes = figure.add_subplot()
    grid = np.linspace(0.0, max(400.0, *temperatures_K), 201)
    for name, modes in calculated:
        curve = thermodynamics(modes, grid, acoustic, scale_factor)
        points = thermodynamics(modes, temperatures_K, acoustic, scale_factor)
        (line,) = axes.plot(grid, curve.heat_capacity_J_per_g_K, label=_label(name, modes))
        axes.plot(
            points.temperatures_K, points.heat_capacity_J_per_g_K, "o", color=line.get_color()
        )
    axes.set(
        xlabel="temperature / K",
        ylabel=r"$c_V$ / J g$^{-1}$ K$^{-1}$",
        xlim=(0.0, grid[-1]),
        ylim=(0.0, None),
        title=f"acoustic modes: {acoustic}",
    )
    axes.legend()
    _save(figure, path)


def density_of_states_figure(path: str, calculated: Sequence[tuple[str, Vibrations]]) -> None:
    """Draw the vibrational density of states, by element, one panel for each structure."""
    figure = _new_figure(panels=len(calculated))
    panels = figure.subplots(len(calculated), 1, squeeze=False)[:, 0]
    for axes, (name, modes) in zip(panels, calculated, strict=True):
        density_of_states(modes).plot(axes)
        axes.set_title(_label(name, modes))
    _save(figure, path)


def _label(name: str, modes: Vibrations) -> str:
    imaginary = f", {modes.n_imaginary} imaginary" if modes.n_imaginary else ""
    return f"{name} ({modes.atoms.get_chemical_formula()}{imaginary})"


def _new_figure(panels: int = 1) -> "Figure":
    from matplotlib.figure import Figure

    return Figure(figsize=(6.4, 4.2 * panels), layout="constrained")


def _save(figure: "Figure", path: str) -> None:
    suffix = Path(path).suffix.lstrip(".").lower()
    write_atomically(path, lambda file: figure.savefig(file, format=suffix, dpi=150))
