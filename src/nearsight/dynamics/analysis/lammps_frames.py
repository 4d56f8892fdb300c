"""Frames of a text dump of LAMMPS, columns in any order.

The format: https://docs.lammps.org/dump.html, and https://docs.lammps.org/Howto_triclinic.html for
the bounds of skewed boxes.
"""

from collections.abc import Iterator, Mapping

import numpy as np
from ase.data import atomic_numbers

from nearsight.arrays import FloatArray, IntArray
from nearsight.dynamics.analysis.frame_lines import Frame, FrameLines, numbers_of, table
from nearsight.dynamics.analysis.settings import UNITS
from nearsight.errors import MethodError

_FS_IN_TIME_UNIT = dict(zip(UNITS, (1000.0, 1.0), strict=True))


def lammps_frames(
    lines: FrameLines, elements: Mapping[int, str] | None, units: str | None
) -> Iterator[Frame]:
    """Yield the frames of a dump, atoms in the order of their ids.

    Parameters
    ----------
    lines
        The file.
    elements
        The element of each type, where there is no column ``element``.
    units
        The style of units that velocities have, one of `UNITS`; None if the file says it itself, or
        nobody knows it.

    Raises
    ------
    CutError
        The last frame is cut.
    ValueError
        A frame is damaged, or has no ids or positions.
    MethodError
        Elements are not known, or units are others.
    """
    while (line := lines.first()) is not None:
        parts: dict[str, list[str]] = {}
        while not line.startswith("ITEM: ATOMS"):
            if not line.startswith("ITEM: "):
                raise ValueError(f"line {lines.number}, {line.strip()!r:.40}, is no ITEM of a dump")
            name = line[6:].strip()
            parts[name] = lines.block(3 if name.startswith("BOX BOUNDS") else 1)
            line = lines.next()
        units = _style(parts, units)
        for name in ("TIMESTEP", "NUMBER OF ATOMS"):
            if name not in parts:
                raise ValueError(f"a frame has no ITEM: {name}")
        columns = line.split()[2:]
        n_atoms = int(parts["NUMBER OF ATOMS"][0])
        if n_atoms < 1:
            raise ValueError(f"{n_atoms} is no number of atoms")
        words = table(lines.block(n_atoms), len(columns))
        yield _frame(parts, {name: words[:, i] for i, name in enumerate(columns)}, elements, units)


def _style(parts: Mapping[str, list[str]], units: str | None) -> str | None:
    """Return the style of units, which a file says in its first frame only."""
    if "UNITS" not in parts:
        return units
    style = parts["UNITS"][0].strip()
    if style not in _FS_IN_TIME_UNIT:
        raise MethodError(
            f"units are {style}, where lengths are no Å; known are {', '.join(UNITS)}"
        )
    if units not in {None, style}:
        raise MethodError(f"units are {style}, not {units} as given")
    return style


def _frame(
    parts: Mapping[str, list[str]],
    columns: Mapping[str, np.ndarray],
    elements: Mapping[int, str] | None,
    units: str | None,
) -> Frame:
    if "id" not in columns:
        raise ValueError("there is no column id, without which atoms cannot be followed")
    order = np.argsort(columns["id"].astype(np.int64), kind="stable")
    columns = {name: values[order] for name, values in columns.items()}
    cell, origin, pbc = _box(parts)
    positions, unwrapped = _positions(columns, cell, origin)
    velocities = _vectors(columns, ("vx", "vy", "vz"))
    left_out: tuple[str, ...] = ()
    if velocities is not None:
        if units is None:
            velocities, left_out = None, ("velocities, since the style of units is not known",)
        else:
            velocities = velocities / _FS_IN_TIME_UNIT[units]
    return Frame(
        numbers=_atomic_numbers(columns, elements),
        positions_A=positions,
        cell_A=cell,
        pbc=pbc,
        masses_amu=numbers_of(columns["mass"]) if "mass" in columns else None,
        step=int(parts["TIMESTEP"][0]),
        velocities_A_per_fs=velocities,
        unwrapped=unwrapped,
        left_out=left_out,
    )


def _box(parts: Mapping[str, list[str]]) -> tuple[FloatArray, FloatArray, np.ndarray]:
    """Return cell, origin and periodicity."""
    [name] = [name for name in parts if name.startswith("BOX BOUNDS")] or [""]
    if not name:
        raise ValueError("a frame has no ITEM: BOX BOUNDS")
    flags = name.split()[2:]
    if len(flags) not in {3, 5, 6}:
        raise ValueError(f"{name!r:.60} does not say which boundaries are periodic")
    pbc = np.array([flag == "pp" for flag in flags[-3:]])
    general = flags[:2] == ["abc", "origin"]
    skewed = len(flags) > 3
    values = numbers_of(table(parts[name], 4 if general else 3 if skewed else 2))
    if general:
        return values[:, :3], values[:, 3], pbc
    low, high = values[:, 0].copy(), values[:, 1].copy()
    xy, xz, yz = values[:, 2] if skewed else np.zeros(3)
    # Of a skewed box the file has the bounds of the box around it.
    low[0] -= min(0.0, xy, xz, xy + xz)
    high[0] -= max(0.0, xy, xz, xy + xz)
    low[1] -= min(0.0, yz)
    high[1] -= max(0.0, yz)
    cell = np.diag(high - low)
    cell[1, 0], cell[2, 0], cell[2, 1] = xy, xz, yz
    return cell, low, pbc


def _positions(
    columns: Mapping[str, np.ndarray], cell: FloatArray, origin: FloatArray
) -> tuple[FloatArray, bool]:
    """Return positions in Å, and whether they are unwrapped."""
    for names, scaled, unwrapped in (
        (("xu", "yu", "zu"), False, True),
        (("xsu", "ysu", "zsu"), True, True),
        (("x", "y", "z"), False, False),
        (("xs", "ys", "zs"), True, False),
    ):
        found = _vectors(columns, names)
        if found is None:
            continue
        positions = found @ cell + origin if scaled else found
        images = None if unwrapped else _vectors(columns, ("ix", "iy", "iz"))
        if images is not None:
            positions = positions + images @ cell
        return positions, unwrapped or images is not None
    raise ValueError("there are no columns of positions (xu yu zu, xsu ysu zsu, x y z or xs ys zs)")


def _vectors(columns: Mapping[str, np.ndarray], names: tuple[str, ...]) -> FloatArray | None:
    if not all(name in columns for name in names):
        return None
    return numbers_of(np.stack([columns[name] for name in names], axis=1))


def _atomic_numbers(
    columns: Mapping[str, np.ndarray], elements: Mapping[int, str] | None
) -> IntArray:
    if elements is None and "element" not in columns:
        raise MethodError("there is no column element: say which element each type is (`elements`)")
    if elements is not None:
        if "type" not in columns:
            raise MethodError("there is no column type, which the elements are given for")
        types = columns["type"].astype(np.int64).tolist()
        for kind in sorted(set(types)):
            if kind not in elements:
                raise MethodError(f"the element of type {kind} is not given (`elements`)")
        names = [elements[kind] for kind in types]
    else:
        names = [str(name) for name in columns["element"]]
    for name in set(names):
        if name not in atomic_numbers or name == "X":
            raise MethodError(f"{name!r:.20} is no element; say which each type is (`elements`)")
    return np.array([atomic_numbers[name] for name in names], dtype=np.int64)
