"""What is drawn of where the atoms of a gas are: hexagonal tiles, and the framework's atoms."""

from collections.abc import Sequence
from typing import Final

import numpy as np
from ase import Atoms

from nearsight.adsorption.gcmc.guest_atoms import GuestAtoms
from nearsight.adsorption.projection import (
    axis_seen_along,
    hexagon_area,
    hexagons,
    name_of_axis,
    seen_along,
)
from nearsight.arrays import FloatArray
from nearsight.charts.chart import Axis, Chart, Points, Tiles
from nearsight.charts.palette import element_colors

_TILE_A: Final = 0.75
_CELLS_SEEN: Final = 2.0
_VIEW_A: Final = (20.0, 40.0)
_SAME_PLACE_A: Final = 0.2
"""Atoms that hide each other are drawn once."""
_MOST_PRESSURES: Final = 4


def density_chart(
    atoms: GuestAtoms,
    framework: Atoms,
    axis: str | None = None,
    *,
    size_A: float = _TILE_A,
    view_A: float | None = None,
) -> Chart:
    """Return hexagonal tiles with the density of atoms of a gas behind each.

    Cells are folded onto one, whose pattern is repeated over the view; a tile counts what is in one
    cell along the axis. Atoms of the framework are drawn over it.

    Parameters
    ----------
    atoms
        Where those of one kind were.
    framework
        In the cell as it was given.
    axis
        ``a``, ``b`` or ``c``: the cell vector along which one looks; by default the shortest, along
        which channels of most frameworks go.
    size_A
        Distance of neighbouring tiles.
    view_A
        Edge of the square that is shown; by default two cells, 20 Å at least and 40 Å at most.
    """
    number = axis_seen_along(atoms.cell_A, axis)
    view_A = view_A or _view_A(atoms.cell_A, number)
    seen_A, _ = seen_along(atoms.places_A, atoms.cell_A, number, view_A)
    middles, which = hexagons(seen_A, size_A)
    counts = np.bincount(which, minlength=len(middles))
    cells = atoms.n_configurations * atoms.n_cells
    per_A2 = counts / (cells * hexagon_area(size_A))
    high = float(per_A2.max(initial=0.0)) or 1.0
    tiles = Tiles(
        x=middles[:, 0],
        y=middles[:, 1],
        size=size_A,
        values=per_A2,
        low=0.0,
        high=high,
        quantity=f"{atoms.kind} atoms / Å⁻²",
    )
    half = view_A / 2
    where = f"along {name_of_axis(number)}"
    return Chart(
        f"{atoms.kind} of the gas at {atoms.pressure_Pa / 1e5:.4g} bar, {where}",
        Axis("Å", -half, half),
        Axis("Å", -half, half),
        (tiles, *_framework(framework, number, view_A)),
        f"{len(per_A2)} tiles of {size_A:g} Å with up to {high:.3g} atoms per Å² in one cell "
        f"{where}; {atoms.atoms_per_cell:.4g} atoms in a cell.",
        is_square=True,
    )


def density_charts(
    atoms: Sequence[GuestAtoms], framework: Atoms, axis: str | None = None
) -> tuple[Chart, ...]:
    """Return such charts at four pressures at most, which are spread evenly with both ends."""
    pressures = sorted({each.pressure_Pa for each in atoms})
    spread = np.linspace(0, len(pressures) - 1, min(len(pressures), _MOST_PRESSURES))
    shown = {pressures[place] for place in spread.round().astype(int)}
    return tuple(
        density_chart(each, framework, axis) for each in atoms if each.pressure_Pa in shown
    )


def _view_A(cell_A: FloatArray, axis: int) -> float:
    along = cell_A[axis] / np.linalg.norm(cell_A[axis])
    others = np.delete(cell_A, axis, axis=0)
    flat = others - np.outer(others @ along, along)
    longest = float(np.linalg.norm(flat, axis=1).max())
    return float(np.clip(_CELLS_SEEN * longest, *_VIEW_A))


def _framework(framework: Atoms, axis: int, view_A: float) -> tuple[Points, ...]:
    """Return the atoms of a framework as they are seen, a series each element."""
    seen_A, images = seen_along(framework.positions, framework.cell.array, axis, view_A)
    symbols = np.array(framework.get_chemical_symbols())[images]
    series = []
    for symbol, color in element_colors(symbols.tolist()).items():
        places = seen_A[symbols == symbol]
        _, first = np.unique(np.rint(places / _SAME_PLACE_A), axis=0, return_index=True)
        x, y = places[np.sort(first)].T
        series.append(Points(x, y, label=symbol, color=color, small=True))
    return tuple(series)
